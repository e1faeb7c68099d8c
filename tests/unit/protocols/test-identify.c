/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Identify between two swarms, and against a peer that does everything wrong. */

#include <string.h>

#include "fake-swarm.h"
#include "identity/peerup-envelope-crypto.h"
#include "peerup-config.h"
#include "protocols/peerup-identify.h"
#include "spin.h"

#define LISTEN_A "/ip4/1.2.3.4/tcp/4001"
#define LISTEN_B "/ip4/5.6.7.8/tcp/4002"

typedef struct
{
  PeerupSwarm *near;
  PeerupSwarm *far;
  PeerupIdentify *identify; /* of near */
  PeerupIdentify *other;    /* of far, where the test wants one */
  guint n_identified;
} Fixture;

static void
on_identified (Fixture *f, PeerupConnection *connection, PeerupPeerInfo *info)
{
  g_assert_true (peerup_connection_get_remote_peer (connection) != NULL);
  g_assert_true (peerup_peer_id_equal (info->peer, peerup_swarm_get_peer_id (f->far)));
  f->n_identified++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->near = fake_swarm_new (1);
  f->far = fake_swarm_new (2);
  f->identify = peerup_identify_new (f->near);
  g_signal_connect_swapped (f->identify, "identified", G_CALLBACK (on_identified), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  fake_swarm_part (f->near);
  spin_idle ();
  g_assert_finalize_object (f->identify);
  if (f->other != NULL)
    g_assert_finalize_object (f->other);
  g_assert_finalize_object (f->near);
  g_assert_finalize_object (f->far);
}

static void
wait_until (const guint *count, guint wanted)
{
  gint64 start = g_get_monotonic_time ();

  while (*count < wanted)
    {
      g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
      g_main_context_iteration (NULL, FALSE);
    }
}

static PeerupPeerInfo *
info_of_far (Fixture *f)
{
  return peerup_identify_dup_info (f->identify, peerup_swarm_get_peer_id (f->far));
}

static void
assert_rejected (DexFuture *future, PeerupError code)
{
  g_autoptr (DexFuture) held = future;
  g_autoptr (GError) error = NULL;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (dex_future_get_value (future, &error));
  g_assert_error (error, PEERUP_ERROR, (int) code);
}

static void
test_both_know_each_other (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPeerInfo) info = NULL;
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (DexFuture) waiting = NULL;

  fake_swarm_set_listen_address (f->far, LISTEN_B);
  f->other = peerup_identify_new (f->far);
  fake_swarm_join (f->near, f->far);
  waiting = peerup_identify_wait (f->identify, fake_swarm_get_connection (f->near));
  wait_until (&f->n_identified, 1);
  g_assert_true (dex_future_is_resolved (waiting));

  info = info_of_far (f);
  g_assert_cmpstr (info->agent, ==, PEERUP_AGENT);
  g_assert_cmpstr (info->protocol_version, ==, "");
  g_assert_true (peerup_peer_info_has_protocol (info, PEERUP_IDENTIFY_PROTOCOL));
  g_assert_true (peerup_peer_info_has_protocol (info, PEERUP_IDENTIFY_PUSH_PROTOCOL));
  g_assert_true (info->addresses_signed);
  g_assert_cmpuint (info->addresses->len, ==, 1);
  g_assert_cmpstr (peerup_multiaddr_get_string (info->observed_address), ==, "/ip4/127.0.0.1/tcp/50000");
  addresses = peerup_swarm_dup_addresses (f->near, info->peer);
  g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (addresses, 0)), ==, LISTEN_B);
}

/* The bytes as the rest of the world reads them: whole, then an end. */
static void
test_answer_ends (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupIdentifyMessage) message = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  guint8 buffer[8192];
  gsize length = 0;
  gssize n;

  fake_swarm_join (f->near, f->far);
  stream = fake_swarm_open (f->far, PEERUP_IDENTIFY_PROTOCOL);
  do
    {
      g_main_context_iteration (NULL, FALSE);
      n = peerup_stream_read (stream, buffer + length, sizeof buffer - length, NULL);
      length += MAX (n, 0);
    }
  while (n != 0);
  message = peerup_identify_message_decode (buffer, length, NULL);
  g_assert_nonnull (message->signed_record);
  g_assert_cmpstr (message->agent, ==, PEERUP_AGENT);
}

static void
test_info_goes_with_the_peer (Fixture *f, gconstpointer data)
{
  f->other = peerup_identify_new (f->far);
  fake_swarm_join (f->near, f->far);
  fake_swarm_join (f->near, f->far);
  wait_until (&f->n_identified, 2);
  fake_swarm_part (f->near);
  g_assert_null (info_of_far (f));
}

/* A peer without identify. */
static void
test_not_served (Fixture *f, gconstpointer data)
{
  fake_swarm_join (f->near, f->far);
  assert_rejected (peerup_identify_wait (f->identify, fake_swarm_get_connection (f->near)), PEERUP_ERROR_NEGOTIATION);
  g_assert_null (info_of_far (f));
}

static void
test_closed_before_identified (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupConnection) connection = NULL;
  DexFuture *waiting;

  f->other = peerup_identify_new (f->far);
  fake_swarm_join (f->near, f->far);
  connection = g_object_ref (fake_swarm_get_connection (f->near));
  waiting = peerup_identify_wait (f->identify, connection);
  fake_swarm_part (f->near);
  assert_rejected (waiting, PEERUP_ERROR_CLOSED);
  assert_rejected (peerup_identify_wait (f->identify, connection), PEERUP_ERROR_NOT_FOUND);
  g_assert_cmpuint (f->n_identified, ==, 0);
}

/* A change of ours reaches the other side without its asking, and once for several changes. */
static void
test_push (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPeerInfo) info = NULL;
  g_autoptr (GPtrArray) addresses = NULL;

  f->other = peerup_identify_new (f->far);
  fake_swarm_join (f->near, f->far);
  wait_until (&f->n_identified, 1);
  peerup_swarm_add_protocol (f->far, "/new/1", NULL, NULL, NULL);
  peerup_swarm_add_protocol (f->far, "/new/2", NULL, NULL, NULL);
  fake_swarm_set_listen_address (f->far, LISTEN_B);
  wait_until (&f->n_identified, 2);

  info = info_of_far (f);
  g_assert_true (peerup_peer_info_has_protocol (info, "/new/1"));
  g_assert_true (peerup_peer_info_has_protocol (info, "/new/2"));
  addresses = peerup_swarm_dup_addresses (f->near, info->peer);
  g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (addresses, 0)), ==, LISTEN_B);
  g_assert_cmpuint (fake_swarm_get_n_opened (f->far), ==, 2);
}

/* Tells nothing of what begins with "/secret/", and no address, until @data says so. */
static void
take_secrets_away (PeerupPeerId *peer, GPtrArray *protocols, GPtrArray *addresses, gpointer data)
{
  const gboolean *all = data;

  for (guint i = protocols->len; !*all && i > 0; i--)
    if (g_str_has_prefix (protocols->pdata[i - 1], "/secret/"))
      g_ptr_array_remove_index (protocols, i - 1);
  if (!*all)
    g_ptr_array_set_size (addresses, 0);
}

/* What a peer is not to know stands neither in the message nor in the signed record; when that changes, the peer is
 * told, and others are not. */
static void
test_view (Fixture *f, gconstpointer data)
{
  PeerupSwarm *third = fake_swarm_new (3);
  PeerupIdentify *of_third = peerup_identify_new (third);
  g_autoptr (PeerupPeerInfo) less = NULL;
  g_autoptr (PeerupPeerInfo) more = NULL;
  gboolean all = FALSE;
  guint n_opened;

  fake_swarm_set_listen_address (f->far, LISTEN_B);
  peerup_swarm_add_protocol (f->far, "/secret/1", NULL, NULL, NULL);
  f->other = peerup_identify_new (f->far);
  peerup_identify_set_view (f->other, take_secrets_away, &all);
  fake_swarm_join (f->near, f->far);
  fake_swarm_join (third, f->far);
  wait_until (&f->n_identified, 1);
  spin_idle ();
  less = info_of_far (f);
  g_assert_false (peerup_peer_info_has_protocol (less, "/secret/1"));
  g_assert_true (peerup_peer_info_has_protocol (less, PEERUP_IDENTIFY_PROTOCOL));
  g_assert_cmpuint (less->addresses->len, ==, 0);
  n_opened = fake_swarm_get_n_opened (f->far);
  all = TRUE;
  peerup_identify_push_to (f->other, peerup_swarm_get_peer_id (f->near));
  peerup_identify_push_to (f->other, peerup_swarm_get_peer_id (f->near));
  wait_until (&f->n_identified, 2);
  spin_idle ();
  more = info_of_far (f);
  g_assert_true (peerup_peer_info_has_protocol (more, "/secret/1"));
  g_assert_cmpuint (more->addresses->len, ==, 1);
  g_assert_true (more->addresses_signed);
  g_assert_cmpuint (f->n_identified, <=, 3);
  g_assert_cmpuint (fake_swarm_get_n_opened (f->far), <=, n_opened + 2);
  {
    g_autoptr (PeerupPeerInfo) others = peerup_identify_dup_info (of_third, peerup_swarm_get_peer_id (f->far));

    g_assert_false (peerup_peer_info_has_protocol (others, "/secret/1"));
  }
  fake_swarm_part (f->far);
  spin_idle ();
  g_assert_finalize_object (of_third);
  g_assert_finalize_object (third);
}

/* More changes at once than the other side takes pushes: it is told of the last one all the same. */
static void
test_push_often (Fixture *f, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();
  gboolean told = FALSE;

  f->other = peerup_identify_new (f->far);
  fake_swarm_join (f->near, f->far);
  wait_until (&f->n_identified, 1);
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *protocol = g_strdup_printf ("/new/%u", i);

      peerup_swarm_add_protocol (f->far, protocol, NULL, NULL, NULL);
      peerup_identify_push_to (f->other, peerup_swarm_get_peer_id (f->near));
      spin_idle ();
    }
  while (!told)
    {
      g_autoptr (PeerupPeerInfo) info = info_of_far (f);

      told = peerup_peer_info_has_protocol (info, "/new/29");
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
    }
  g_assert_cmpuint (fake_swarm_get_n_opened (f->far), <=, 10);
}

/* What did not reach a peer that stays connected is told again, and not only with the next change. */
static void
test_push_failed (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPeerInfo) info = NULL;
  guint n_opened;

  f->other = peerup_identify_new (f->far);
  fake_swarm_join (f->near, f->far);
  wait_until (&f->n_identified, 1);
  spin_idle ();
  n_opened = fake_swarm_get_n_opened (f->far);
  fake_swarm_fail (f->far, 1, PEERUP_ERROR_TIMEOUT);
  peerup_swarm_add_protocol (f->far, "/new/1", NULL, NULL, NULL);
  wait_until (&f->n_identified, 2);
  info = info_of_far (f);
  g_assert_true (peerup_peer_info_has_protocol (info, "/new/1"));
  g_assert_cmpuint (fake_swarm_get_n_opened (f->far), ==, n_opened + 2);
}

/* More peers than are pushed to at a time. */
static void
test_push_to_many (Fixture *f, gconstpointer data)
{
  PeerupSwarm *swarms[100];
  PeerupIdentify *identifies[100];
  guint n_told = 0;

  for (guint i = 0; i < G_N_ELEMENTS (swarms); i++)
    {
      swarms[i] = fake_swarm_new (10 + i);
      identifies[i] = peerup_identify_new (swarms[i]);
      fake_swarm_join (swarms[i], f->near);
    }
  g_signal_handlers_disconnect_by_data (f->identify, f);
  spin_idle ();
  peerup_swarm_add_protocol (f->near, "/new/1", NULL, NULL, NULL);
  for (gint64 start = g_get_monotonic_time (); n_told < G_N_ELEMENTS (swarms);)
    {
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
      n_told = 0;
      for (guint i = 0; i < G_N_ELEMENTS (swarms); i++)
        {
          g_autoptr (PeerupPeerInfo) info =
            peerup_identify_dup_info (identifies[i], peerup_swarm_get_peer_id (f->near));

          n_told += info != NULL && peerup_peer_info_has_protocol (info, "/new/1");
        }
    }
  fake_swarm_part (f->near);
  spin_idle ();
  for (guint i = 0; i < G_N_ELEMENTS (swarms); i++)
    {
      g_assert_finalize_object (identifies[i]);
      g_assert_finalize_object (swarms[i]);
    }
}

/* Whole and well-formed, with nothing in it but @agent. */
static GBytes *
short_message (const char *agent)
{
  g_autoptr (PeerupIdentifyMessage) message = peerup_identify_message_new ();

  message->agent = g_strdup (agent);
  return peerup_identify_message_encode (message);
}

static PeerupStream *
push (Fixture *f, GBytes *bytes)
{
  PeerupStream *stream = fake_swarm_open (f->far, PEERUP_IDENTIFY_PUSH_PROTOCOL);

  peerup_stream_write (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  peerup_stream_close_write (stream);
  return stream;
}

/* Section 4 row 13: a push each millisecond. A few are taken, the rest are reset. */
static void
test_row_13_push_flood (Fixture *f, gconstpointer data)
{
  guint n_reset = 0;

  fake_swarm_join (f->near, f->far);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *agent = g_strdup_printf ("flood/%u", i);
      g_autoptr (GBytes) bytes = short_message (agent);
      g_autoptr (PeerupStream) stream = push (f, bytes);

      n_reset += peerup_stream_get_reset_code (stream) == PEERUP_STREAM_CODE_RATE_LIMITED;
      spin_idle ();
    }
  g_assert_cmpuint (f->n_identified, >=, 8);
  g_assert_cmpuint (f->n_identified, <, 50);
  g_assert_cmpuint (f->n_identified + n_reset, ==, 200);
}

/* Section 4 row 12: records of others come to nothing, by push as by identify. */
static void
test_row_12_push_of_another (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupSwarm) third = fake_swarm_new (3);
  g_autoptr (PeerupIdentifyMessage) message = peerup_identify_message_new ();
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupPeerRecord) record = NULL;
  g_autoptr (GPtrArray) known = NULL;
  g_autoptr (PeerupPeerInfo) info = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (PeerupStream) stream = NULL;

  g_ptr_array_add (addresses, peerup_multiaddr_newf (LISTEN_A));
  record = peerup_peer_record_new (peerup_swarm_get_peer_id (third), 1, addresses);
  message->signed_record = peerup_peer_record_seal (peerup_swarm_get_identity (third), record, NULL);
  bytes = peerup_identify_message_encode (message);

  fake_swarm_join (f->near, f->far);
  stream = push (f, bytes);
  wait_until (&f->n_identified, 1);
  info = info_of_far (f);
  g_assert_cmpuint (info->addresses->len, ==, 0);
  known = peerup_swarm_dup_addresses (f->near, peerup_swarm_get_peer_id (third));
  g_assert_cmpuint (known->len, ==, 0);
  g_assert_null (peerup_identify_dup_info (f->identify, peerup_swarm_get_peer_id (third)));
}

/* Bytes that are no message change nothing, and the connection lives. */
static void
test_malformed_push (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) bad = g_bytes_new_static ("\xff\xff\xff\xff\x07garbage", 12);
  g_autoptr (GBytes) good = short_message ("good/1");
  g_autoptr (PeerupPeerInfo) info = NULL;
  g_autoptr (PeerupStream) first = NULL;
  g_autoptr (PeerupStream) second = NULL;

  fake_swarm_join (f->near, f->far);
  first = push (f, bad);
  second = push (f, good);
  wait_until (&f->n_identified, 1);
  info = info_of_far (f);
  g_assert_cmpstr (info->agent, ==, "good/1");
  g_assert_false (peerup_connection_is_closed (fake_swarm_get_connection (f->near)));
}

/* Section 4 row 13: a sender that never stops is cut off at what ten messages can be. */
static void
test_row_13_endless (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *zeros = g_malloc0 (2 * PEERUP_IDENTIFY_BYTES_MAX);
  g_autoptr (PeerupStream) stream = NULL;

  fake_swarm_join (f->near, f->far);
  stream = fake_swarm_open (f->far, PEERUP_IDENTIFY_PUSH_PROTOCOL);
  peerup_stream_write (stream, zeros, 2 * PEERUP_IDENTIFY_BYTES_MAX, NULL);
  spin_idle ();
  g_assert_cmpint (peerup_stream_write (stream, zeros, 1, NULL), ==, -1);
  g_assert_cmpuint (f->n_identified, ==, 0);
}

#define ADD(path, func) g_test_add ("/protocols/identify/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("both-know-each-other", test_both_know_each_other);
  ADD ("answer-ends", test_answer_ends);
  ADD ("info-goes-with-the-peer", test_info_goes_with_the_peer);
  ADD ("not-served", test_not_served);
  ADD ("closed-before-identified", test_closed_before_identified);
  ADD ("push", test_push);
  ADD ("view", test_view);
  ADD ("push-often", test_push_often);
  ADD ("push-failed", test_push_failed);
  ADD ("push-to-many", test_push_to_many);
  ADD ("row-13-push-flood", test_row_13_push_flood);
  ADD ("row-12-push-of-another", test_row_12_push_of_another);
  ADD ("malformed-push", test_malformed_push);
  ADD ("row-13-endless", test_row_13_endless);
  return g_test_run ();
}
