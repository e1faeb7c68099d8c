/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Whole pairings between engines of one process, over loopback: what people see of them, what is in the files then, and
 * every way in which one must not come about.
 */
#include <glib/gstdio.h>

#include "pairing-world.h"
#include "transport/peerup-fiber.h"
#include "trust/peerup-grants.h"

static PeerupPeerId *
id_of (Device *device)
{
  return peerup_private_key_get_peer_id (device->home->key);
}

static void
assert_joins (Device *joiner, const char *code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPairingRecord) record = pairing_join (joiner, code, &error);

  g_assert_no_error (error);
  g_assert_nonnull (record);
}

static void
assert_fails (Device *joiner, const char *code, PeerupError expected, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPairingRecord) record = pairing_join (joiner, code, &error);

  g_assert_error (error, PEERUP_ERROR, (int) expected);
  if (strstr (error->message, text) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, text);
  g_assert_null (record);
}

/* Every kind */

/* Both sides have it, in every file, under the names that were told, and the joiner is connected as a paired device. */
static void
test_long_code (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autoptr (GPtrArray) connections = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *joiners = NULL;
  g_autofree char *inviters = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_OPEN);
  g_assert_cmpuint (peerup_invite_get_number (invite), >=, 1);
  record = pairing_join (&joiner, peerup_invite_get_code (invite), &error);
  g_assert_no_error (error);
  g_assert_cmpint (record->state, ==, PEERUP_PAIRING_RECORD_COMPLETE);
  g_assert_cmpstr (record->kind, ==, "code");
  pairing_assert_paired (&inviter, &joiner);
  joiners = pairing_name (&inviter, &joiner);
  inviters = pairing_name (&joiner, &inviter);
  g_assert_cmpstr (joiners, ==, "laptop");
  g_assert_cmpstr (inviters, ==, "desktop");
  g_assert_cmpstr (record->name, ==, "desktop");
  g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_USED);
  g_assert_cmpstr (peerup_invite_get_peer_id (invite), ==, home_get_id (joiner.home));
  g_assert_cmpstr (peerup_invite_get_peer_name (invite), ==, "laptop");
  g_assert_cmpstr (peerup_invite_get_code (invite), ==, "");
  connections = peerup_swarm_dup_connections (joiner.engine->swarm, id_of (&inviter));
  g_assert_cmpuint (connections->len, ==, 1);
  g_assert_cmpuint (pairing_n_files (&joiner, ".pairing"), ==, 0);
  g_assert_cmpuint (pairing_n_files (&inviter, ".pairing"), ==, 1);
  /* Nothing is left for strangers. */
  g_assert_cmpuint (peerup_swarm_get_n_guests (inviter.engine->swarm), ==, 0);
}

static void
test_link (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  g_assert_true (g_str_has_prefix (peerup_invite_get_link (invite), "peerup:join?"));
  assert_joins (&joiner, peerup_invite_get_link (invite));
  pairing_assert_paired (&inviter, &joiner);
}

/* Through a relay of which both are; who is wrong in a word is told so, and three times is too often. */
static void
test_spoken_code (void)
{
  g_auto (Device) relay = { 0 };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autofree char *wrong = NULL;

  pairing_start_relayed (&relay, &inviter, &joiner, TRUE);
  invite = pairing_invite (&inviter, NULL);
  g_assert_cmpuint (peerup_invite_get_n_relays (invite), ==, 1);
  wrong = pairing_wrong_code (peerup_invite_get_spoken (invite));
  assert_fails (&joiner, wrong, PEERUP_ERROR_CRYPTO, "The code is wrong");
  g_assert_cmpuint (peerup_invite_get_guesses (invite), ==, 1);
  assert_joins (&joiner, peerup_invite_get_spoken (invite));
  pairing_assert_paired (&inviter, &joiner);
}

/* The joiner is at no relay: it comes in by the pass, and stays, because the inviter is there. */
static void
test_through_relay (void)
{
  g_auto (Device) relay = { 0 };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autofree char *code = NULL;

  pairing_start_relayed (&relay, &inviter, &joiner, FALSE);
  invite = pairing_invite (&inviter, NULL);
  code = pairing_code_without_addresses (peerup_invite_get_code (invite));
  assert_joins (&joiner, code);
  pairing_assert_paired (&inviter, &joiner);
  config = peerup_config_load (joiner.home->config, NULL, NULL);
  g_assert_cmpuint (peerup_config_get_relay_addresses (config)->len, >=, 1);
}

/* Guests */

static void
test_guest (void)
{
  static const char *const services[] = { "web", NULL };
  const PeerupInviteOptions options = { .services = services, .grant_time = 7 * 24 * 3600 };
  g_auto (Device) inviter = pairing_start_one ("services: {web: {enabled: true, local_address: '127.0.0.1:80'}}\n");
  g_auto (Device) joiner = pairing_start_one ("");
  g_autoptr (PeerupInvite) invite = pairing_invite (&inviter, &options);
  g_autofree char *role = NULL;
  g_autofree char *back = NULL;
  g_autofree char *expires = NULL;
  g_autoptr (GPtrArray) grants = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  assert_joins (&joiner, peerup_invite_get_code (invite));
  pairing_assert_paired (&inviter, &joiner);
  role = pairing_attribute (&inviter, &joiner, "role");
  g_assert_cmpstr (role, ==, "guest");
  /* The grant ends, and what it is for; the inviter may do nothing at all on the guest's device. */
  expires = pairing_attribute (&inviter, &joiner, "expires");
  g_assert_null (expires);
  grants = peerup_engine_trust_dup_grants (inviter.engine->trust);
  g_assert_cmpuint (grants->len, ==, 1);
  g_assert_cmpstr (((PeerupGrant *) grants->pdata[0])->service, ==, "web");
  g_assert_cmpint (ABS (((PeerupGrant *) grants->pdata[0])->until - now - options.grant_time), <, 60);
  back = pairing_attribute (&joiner, &inviter, "role");
  g_assert_cmpstr (back, ==, "guest");
}

static void
test_whole_peer_for_a_time (void)
{
  const PeerupInviteOptions options = { .grant_time = 3600 };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autofree char *expires = NULL;
  g_autofree char *role = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, &options);
  assert_joins (&joiner, peerup_invite_get_code (invite));
  expires = pairing_attribute (&inviter, &joiner, "expires");
  role = pairing_attribute (&inviter, &joiner, "role");
  g_assert_nonnull (expires);
  g_assert_null (role);
}

static void
test_no_such_service (void)
{
  static const char *const services[] = { "nothing", NULL };
  const PeerupInviteOptions options = { .services = services };
  g_auto (Device) inviter = pairing_start_one ("");
  g_autoptr (GError) error = NULL;
  PeerupInvite *invite = await_object (peerup_engine_pairing_invite (inviter.engine->pairing, &options), &error);

  g_assert_null (invite);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

/* What must not come about */

static void
test_wrong_code_three_times (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autofree char *right = NULL;
  g_autofree char *wrong = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  right = g_strdup (peerup_invite_get_code (invite));
  wrong = pairing_wrong_code (right);
  for (guint i = 1; i <= PEERUP_INVITE_GUESSES_MAX; i++)
    {
      assert_fails (&joiner, wrong, PEERUP_ERROR_CRYPTO, "The code is wrong");
      g_assert_cmpuint (peerup_invite_get_guesses (invite), ==, i);
    }
  g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_DEAD);
  assert_fails (&joiner, right, PEERUP_ERROR_GATED, "Ask for a new one");
  pairing_assert_strangers (&inviter, &joiner);
}

/* A code that was used, whoever comes by it again. */
static void
test_replay (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_auto (Device) other = pairing_start_one ("");
  g_autoptr (PeerupInvite) invite = NULL;
  g_autofree char *code = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  code = g_strdup (peerup_invite_get_code (invite));
  assert_joins (&joiner, code);
  assert_fails (&other, code, PEERUP_ERROR_GATED, "Ask for a new one");
  assert_fails (&joiner, code, PEERUP_ERROR_EXISTS, "already paired");
  pairing_assert_strangers (&inviter, &other);
  pairing_assert_paired (&inviter, &joiner);
}

static void
test_expired (void)
{
  const gint64 offsets[][2] = { { PEERUP_INVITE_TTL_DEFAULT, PEERUP_INVITE_TTL_DEFAULT },
                                /* Set forward; and set back to yesterday, while the time goes on. */
                                { PEERUP_INVITE_TTL_DEFAULT, 0 },
                                { -24 * 3600, PEERUP_INVITE_TTL_DEFAULT } };

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    {
      g_auto (Device) inviter = { 0 };
      g_auto (Device) joiner = { 0 };
      g_autoptr (PeerupInvite) invite = NULL;
      g_autofree char *code = NULL;

      pairing_start (&inviter, &joiner);
      invite = pairing_invite (&inviter, NULL);
      code = g_strdup (peerup_invite_get_code (invite));
      pairing_set_clock (&inviter, offsets[i][0], offsets[i][1]);
      assert_fails (&joiner, code, PEERUP_ERROR_GATED, "Ask for a new one");
      g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_EXPIRED);
      pairing_assert_strangers (&inviter, &joiner);
    }
}

/* Set back and forth, a code that is good stays good for its time. */
static void
test_clock_is_set_back (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  pairing_set_clock (&inviter, -24 * 3600, PEERUP_INVITE_TTL_DEFAULT - 60);
  assert_joins (&joiner, peerup_invite_get_code (invite));
}

static void
test_own_code (void)
{
  g_auto (Device) inviter = pairing_start_one ("");
  g_autoptr (PeerupInvite) invite = pairing_invite (&inviter, NULL);

  assert_fails (&inviter, peerup_invite_get_code (invite), PEERUP_ERROR_WRONG_PEER, "this very device");
  assert_fails (&inviter, peerup_invite_get_spoken (invite), PEERUP_ERROR_WRONG_PEER, "this very device");
  g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_OPEN);
}

static void
test_other_network (void)
{
  g_auto (Device) inviter = pairing_start_one ("");
  g_auto (Device) joiner = { 0 };
  Home *home = home_new ();
  g_autoptr (PeerupInvite) invite = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) parts = NULL;

  g_assert_true (g_file_get_contents (home->config, &text, NULL, NULL));
  parts = g_strsplit (text, "mdns: false", 2);
  g_free (text);
  text = g_strconcat (parts[0], "mdns: false, network: crew", parts[1], NULL);
  g_assert_true (g_file_set_contents_full (home->config, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  joiner = device_start (home, PEERUP_ENGINE_DEFAULT);
  invite = pairing_invite (&inviter, NULL);
  assert_fails (&joiner, peerup_invite_get_code (invite), PEERUP_ERROR_CONFIG, "discovery.network");
  pairing_assert_strangers (&inviter, &joiner);
}

static void
test_bad_text (void)
{
  g_auto (Device) joiner = pairing_start_one ("");

  assert_fails (&joiner, "", PEERUP_ERROR_MALFORMED, "");
  assert_fails (&joiner, "hello", PEERUP_ERROR_MALFORMED, "");
  g_assert_cmpuint (pairing_n_files (&joiner, ""), ==, 0);
}

static void
test_nobody_there (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autofree char *code = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  code = g_strdup (peerup_invite_get_code (invite));
  joiner.engine->pairing->join_time = G_USEC_PER_SEC;
  device_stop (&inviter);
  inviter.engine = NULL;
  assert_fails (&joiner, code, PEERUP_ERROR_UNREACHABLE, "does not answer");
  assert_fails (&joiner, "417-otter-violin-maple", PEERUP_ERROR_UNREACHABLE, "417");
  g_assert_cmpuint (pairing_n_half (&joiner), ==, 0);
}

/* Several */

static void
test_two_invites (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) one = { 0 };
  g_auto (Device) other = pairing_start_one ("");
  g_autoptr (PeerupInvite) first = NULL;
  g_autoptr (PeerupInvite) second = NULL;

  pairing_start (&inviter, &one);
  first = pairing_invite (&inviter, NULL);
  second = pairing_invite (&inviter, NULL);
  g_assert_cmpuint (peerup_invite_get_number (first), !=, peerup_invite_get_number (second));
  assert_joins (&other, peerup_invite_get_code (second));
  g_assert_cmpint (peerup_invite_get_state (first), ==, PEERUP_INVITE_OPEN);
  assert_joins (&one, peerup_invite_get_code (first));
  pairing_assert_paired (&inviter, &one);
  pairing_assert_paired (&inviter, &other);
}

/* Two devices that call themselves the same. */
static void
test_namesakes (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) one = { 0 };
  g_auto (Device) other = pairing_start_one ("");
  g_autoptr (PeerupInvite) first = NULL;
  g_autoptr (PeerupInvite) second = NULL;
  g_autofree char *name = NULL;

  pairing_start (&inviter, &one);
  first = pairing_invite (&inviter, NULL);
  second = pairing_invite (&inviter, NULL);
  assert_joins (&one, peerup_invite_get_code (first));
  assert_joins (&other, peerup_invite_get_code (second));
  name = pairing_name (&inviter, &other);
  g_assert_cmpstr (name, ==, "laptop-2");
}

static void
test_bad_names (void)
{
  g_autofree char *long_name = g_strnfill (10 * 1024, 'x');
  const char *const names[] = { "a\nb # c\t: d",
                                "\xe2\x80\xae"
                                "evil",
                                "<b>&amp;",
                                "\xff\xfe",
                                "",
                                long_name };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const PeerupInviteOptions options = { .name = "desktop" };
      const PeerupJoinOptions join = { .name = names[i] };
      g_auto (Device) inviter = { 0 };
      g_auto (Device) joiner = { 0 };
      g_autoptr (PeerupInvite) invite = NULL;
      g_autoptr (PeerupPairingRecord) record = NULL;
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;

      pairing_start (&inviter, &joiner);
      invite = pairing_invite (&inviter, &options);
      record = pairing_join_with (&joiner, peerup_invite_get_code (invite), &join, &error);
      g_assert_no_error (error);
      pairing_assert_paired (&inviter, &joiner);
      g_assert_true (g_file_get_contents (inviter.home->authorized_keys, &text, NULL, NULL));
      g_assert_cmpuint (strlen (text), <, 1024);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_assert_null (strstr (text, "\xe2\x80\xae"));
    }
}

/* A thousand */

#define CROWD         125
#define CROWD_STREAMS 8 /* as many as the gate gives a stranger */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *inviter;
  const PeerupInviteCode *code;
  guint *n_in; /* to whom the inviter has said that they are in */
} Visitor;

/* What a joiner's machine wants, without any file. */
static gboolean
visitor_talk (Visitor *self, PeerupStream *stream, gint64 deadline)
{
  const PeerupPairingInvite invite = { self->code->number, FALSE };
  g_autoptr (PeerupPairingOffer) offer = peerup_pairing_offer_new ("visitor");
  g_autoptr (PeerupPairingMachine) machine =
    peerup_pairing_machine_new_joiner (&invite, self->code->secret, peerup_swarm_get_peer_id (self->swarm),
                                       self->inviter, NULL, offer);

  while (peerup_pairing_send (machine, stream, deadline, NULL) &&
         peerup_pairing_machine_get_state (machine) == PEERUP_PAIRING_RUNNING)
    {
      if (!peerup_pairing_hear (machine, stream, deadline, NULL))
        return FALSE;
      if (peerup_pairing_machine_get_state (machine) == PEERUP_PAIRING_NEEDS_COMMIT)
        ++*self->n_in;
      if (peerup_pairing_machine_get_state (machine) != PEERUP_PAIRING_RUNNING)
        peerup_pairing_machine_go_on (machine);
    }
  return TRUE;
}

static DexFuture *
visitor_fiber (gpointer data)
{
  static const char *const protocols[] = { PEERUP_PAIRING_PROTOCOL, NULL };
  Visitor *self = data;
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream (self->swarm, self->inviter, protocols, deadline), NULL);

  if (stream != NULL && visitor_talk (self, stream, deadline))
    peerup_stream_close (stream);
  return dex_future_new_true ();
}

static PeerupSwarm *
make_visitor (Device *inviter, GPtrArray *addresses)
{
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_generate (NULL);
  PeerupSwarm *swarm = peerup_swarm_new (key, NULL);

  peerup_swarm_add_addresses (swarm, id_of (inviter), addresses);
  return swarm;
}

static gboolean
are_done (gpointer data)
{
  GPtrArray *futures = data;

  for (guint i = 0; i < futures->len; i++)
    if (dex_future_is_pending (futures->pdata[i]))
      return FALSE;
  return TRUE;
}

/* A thousand joiners at once with the one true code, from 125 devices: one of them gets in. */
static void
test_crowd (void)
{
  g_auto (Device) inviter = pairing_start_one ("");
  g_autoptr (PeerupInvite) invite = pairing_invite (&inviter, NULL);
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (peerup_invite_get_code (invite), NULL, NULL);
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (inviter.engine->swarm);
  g_autoptr (GPtrArray) swarms = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  Visitor visitors[CROWD];
  guint n_in = 0;
  guint n_paired = 0;

  for (guint i = 0; i < CROWD; i++)
    {
      g_ptr_array_add (swarms, make_visitor (&inviter, addresses));
      visitors[i] = (Visitor) { swarms->pdata[i], id_of (&inviter), code, &n_in };
    }
  for (guint i = 0; i < CROWD * CROWD_STREAMS; i++)
    g_ptr_array_add (futures, peerup_fiber_spawn (visitor_fiber, &visitors[i % CROWD], NULL));
  spin_while_not (are_done, futures);
  pairing_await_calm (&inviter);
  for (guint i = 0; i < CROWD; i++)
    {
      PeerupPeerId *peer = peerup_swarm_get_peer_id (swarms->pdata[i]);

      n_paired += peerup_engine_trust_sees (inviter.engine->trust, peer, NULL) ? 1 : 0;
      g_assert_true (await_true (peerup_swarm_close (swarms->pdata[i]), NULL));
    }
  g_assert_cmpuint (n_paired, ==, 1);
  g_assert_cmpuint (n_in, ==, 1);
  g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_USED);
  g_assert_cmpuint (peerup_invite_get_guesses (invite), ==, 0);
}

/* Several devices at once, as people have them: the others are told to ask for a new code. */
static void
test_rivals (void)
{
  const PeerupJoinOptions options = { .name = "rival" };
  g_auto (Device) inviter = pairing_start_one ("");
  g_autoptr (PeerupInvite) invite = pairing_invite (&inviter, NULL);
  g_autofree char *code = g_strdup (peerup_invite_get_code (invite));
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  Device joiners[4];
  guint n_paired = 0;

  for (guint i = 0; i < G_N_ELEMENTS (joiners); i++)
    joiners[i] = pairing_start_one ("");
  for (guint i = 0; i < G_N_ELEMENTS (joiners); i++)
    g_ptr_array_add (futures, peerup_engine_pairing_join (joiners[i].engine->pairing, code, &options, NULL, NULL));
  spin_while_not (are_done, futures);
  for (guint i = 0; i < G_N_ELEMENTS (joiners); i++)
    {
      gboolean paired = dex_future_is_resolved (futures->pdata[i]);

      n_paired += paired ? 1 : 0;
      g_assert_cmpint (pairing_has (&inviter, &joiners[i]), ==, paired);
      g_assert_cmpint (pairing_has (&joiners[i], &inviter), ==, paired);
      g_assert_cmpuint (pairing_n_half (&joiners[i]), ==, 0);
      device_stop (&joiners[i]);
    }
  g_assert_cmpuint (n_paired, ==, 1);
}

/* In the middle */

typedef struct
{
  Device *inviter, *joiner;
  guint number;
  guint n_saving, at;
  gboolean cancelled;
} Middle;

/* The first time the inviter has said OFFER, the second time COMMITTED. */
static void
cancel_in_the_middle (const char *state, const char *detail, gpointer data)
{
  Middle *middle = data;

  if (g_str_equal (state, "saving") && ++middle->n_saving == middle->at)
    middle->cancelled = peerup_engine_pairing_cancel (middle->inviter->engine->pairing, middle->number, NULL);
}

static void
test_cancel_in_the_middle (void)
{
  for (guint at = 1; at <= 2; at++)
    {
      const PeerupJoinOptions options = { .name = "laptop" };
      g_auto (Device) inviter = { 0 };
      g_auto (Device) joiner = { 0 };
      g_autoptr (PeerupInvite) invite = NULL;
      g_autoptr (PeerupPairingRecord) record = NULL;
      g_autoptr (GError) error = NULL;
      Middle middle = { &inviter, &joiner, .at = at };

      pairing_start (&inviter, &joiner);
      invite = pairing_invite (&inviter, NULL);
      middle.number = peerup_invite_get_number (invite);
      record =
        pairing_await_record (peerup_engine_pairing_join (joiner.engine->pairing, peerup_invite_get_code (invite),
                                                          &options, cancel_in_the_middle, &middle),
                              &error);
      g_assert_cmpint (middle.cancelled, ==, at == 1);
      if (at == 1)
        {
          g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
          g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_CANCELLED);
          pairing_await_whole (&inviter, &joiner);
          pairing_assert_strangers (&inviter, &joiner);
        }
      else
        {
          g_assert_no_error (error);
          pairing_assert_paired (&inviter, &joiner);
        }
    }
}

static void
remove_in_the_middle (const char *state, const char *detail, gpointer data)
{
  Middle *middle = data;
  g_autoptr (GError) error = NULL;

  if (!g_str_equal (state, "saving") || ++middle->n_saving != 2)
    return;
  g_assert_true (peerup_engine_pairing_undo (middle->inviter->engine->pairing, id_of (middle->joiner), &error));
  g_assert_no_error (error);
  pairing_set_clock (middle->joiner, 300, 300);
}

/* The inviter takes the joiner away when it has just been told that it is in. */
static void
test_remove_in_the_middle (void)
{
  const PeerupJoinOptions options = { .name = "laptop" };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autoptr (GError) error = NULL;
  Middle middle = { &inviter, &joiner };

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  record = pairing_await_record (peerup_engine_pairing_join (joiner.engine->pairing, peerup_invite_get_code (invite),
                                                             &options, remove_in_the_middle, &middle),
                                 &error);
  g_assert_nonnull (error);
  pairing_await_whole (&inviter, &joiner);
  pairing_assert_strangers (&inviter, &joiner);
}

/* By hand */

static void
test_undo (void)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autoptr (GError) error = NULL;

  pairing_start (&inviter, &joiner);
  g_assert_false (peerup_engine_pairing_undo (inviter.engine->pairing, id_of (&joiner), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  invite = pairing_invite (&inviter, NULL);
  assert_joins (&joiner, peerup_invite_get_code (invite));
  g_assert_true (peerup_engine_pairing_undo (inviter.engine->pairing, id_of (&joiner), &error));
  g_assert_no_error (error);
  g_assert_true (peerup_engine_pairing_undo (joiner.engine->pairing, id_of (&inviter), &error));
  g_assert_no_error (error);
  pairing_assert_strangers (&inviter, &joiner);
  g_assert_cmpuint (pairing_n_files (&inviter, ""), ==, 0);
}

/* A peer that the inviter has, and that has lost the inviter, comes by a new code: what it may grows, and does not
 * shrink. */
static void
test_pair_again (void)
{
  static const char *const services[] = { "web", NULL };
  const PeerupInviteOptions guest = { .services = services };
  g_auto (Device) inviter = pairing_start_one ("services: {web: {enabled: true, local_address: '127.0.0.1:80'}}\n");
  g_auto (Device) joiner = pairing_start_one ("");
  g_autoptr (PeerupInvite) first = pairing_invite (&inviter, NULL);
  g_autoptr (PeerupInvite) second = NULL;
  g_autofree char *role = NULL;
  g_autoptr (GError) error = NULL;

  assert_joins (&joiner, peerup_invite_get_code (first));
  second = pairing_invite (&inviter, &guest);
  assert_fails (&joiner, peerup_invite_get_code (second), PEERUP_ERROR_EXISTS, "peerup auth remove");
  g_assert_true (peerup_engine_pairing_undo (joiner.engine->pairing, id_of (&inviter), &error));
  assert_joins (&joiner, peerup_invite_get_code (second));
  pairing_assert_paired (&inviter, &joiner);
  role = pairing_attribute (&inviter, &joiner, "role");
  g_assert_null (role);
}

/* An engine that is stopped while somebody waits for it. */
static void
test_stop_while_joining (void)
{
  const PeerupJoinOptions options = { .name = "laptop", .wait = TRUE };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autoptr (DexFuture) join = NULL;
  g_autoptr (DexFuture) making = NULL;
  g_autoptr (GError) error = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  join = peerup_engine_pairing_join (joiner.engine->pairing, peerup_invite_get_code (invite), &options, NULL, NULL);
  making = peerup_engine_pairing_invite (joiner.engine->pairing, &(PeerupInviteOptions) { 0 });
  pairing_halt (&joiner);
  g_assert_null (pairing_await_record (dex_ref (join), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (await_true (dex_ref (making), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  home_free (joiner.home);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/engine/pairing/long-code", test_long_code);
  g_test_add_func ("/engine/pairing/link", test_link);
  g_test_add_func ("/engine/pairing/spoken-code", test_spoken_code);
  g_test_add_func ("/engine/pairing/through-relay", test_through_relay);
  g_test_add_func ("/engine/pairing/guest", test_guest);
  g_test_add_func ("/engine/pairing/whole-peer-for-a-time", test_whole_peer_for_a_time);
  g_test_add_func ("/engine/pairing/no-such-service", test_no_such_service);
  g_test_add_func ("/engine/pairing/wrong-code-three-times", test_wrong_code_three_times);
  g_test_add_func ("/engine/pairing/replay", test_replay);
  g_test_add_func ("/engine/pairing/expired", test_expired);
  g_test_add_func ("/engine/pairing/clock-is-set-back", test_clock_is_set_back);
  g_test_add_func ("/engine/pairing/own-code", test_own_code);
  g_test_add_func ("/engine/pairing/other-network", test_other_network);
  g_test_add_func ("/engine/pairing/bad-text", test_bad_text);
  g_test_add_func ("/engine/pairing/nobody-there", test_nobody_there);
  g_test_add_func ("/engine/pairing/two-invites", test_two_invites);
  g_test_add_func ("/engine/pairing/namesakes", test_namesakes);
  g_test_add_func ("/engine/pairing/bad-names", test_bad_names);
  g_test_add_func ("/engine/pairing/crowd", test_crowd);
  g_test_add_func ("/engine/pairing/rivals", test_rivals);
  g_test_add_func ("/engine/pairing/cancel-in-the-middle", test_cancel_in_the_middle);
  g_test_add_func ("/engine/pairing/remove-in-the-middle", test_remove_in_the_middle);
  g_test_add_func ("/engine/pairing/undo", test_undo);
  g_test_add_func ("/engine/pairing/pair-again", test_pair_again);
  g_test_add_func ("/engine/pairing/stop-while-joining", test_stop_while_joining);
  return g_test_run ();
}
