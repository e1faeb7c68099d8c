/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Discovery, each side against the other and against peers that lie, ask for more than they should, or say nothing. */

#include <string.h>

#include "fake-swarm.h"
#include "protocols/peerup-discovery.h"
#include "spin.h"

typedef struct
{
  PeerupSwarm *near; /* asks */
  PeerupSwarm *far;  /* serves */
  guint n_offers;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->near = fake_swarm_new (1);
  f->far = fake_swarm_new (2);
  fake_swarm_join (f->near, f->far);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  fake_swarm_part (f->near);
  spin_idle ();
  g_assert_finalize_object (f->near);
  g_assert_finalize_object (f->far);
}

static gint64
soon (void)
{
  return g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
}

/* PeerupDiscoveryOffer: two, and who has asked. */
static GPtrArray *
offer (PeerupPeerId *peer, gpointer data)
{
  static const char *const tags[] = { "attic", NULL };
  GPtrArray *services = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_discovery_service_free);
  Fixture *f = data;

  g_assert_true (peerup_peer_id_equal (peer, peerup_swarm_get_peer_id (f->near)));
  f->n_offers++;
  g_ptr_array_add (services, peerup_discovery_service_new ("ssh", "ssh", NULL));
  g_ptr_array_add (services, peerup_discovery_service_new ("films", "jellyfin", tags));
  return services;
}

static DexFuture *
ask (Fixture *f, gint64 deadline)
{
  return peerup_discovery_ask (f->near, fake_swarm_get_connection (f->near), deadline);
}

static void
wait_for (DexFuture *future)
{
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_told (DexFuture *future)
{
  g_autoptr (DexFuture) held = future;
  g_autoptr (GError) error = NULL;
  const GValue *value;
  GPtrArray *services;

  wait_for (future);
  value = dex_future_get_value (future, &error);
  g_assert_no_error (error);
  services = g_value_get_boxed (value);
  g_assert_cmpuint (services->len, ==, 2);
  g_assert_cmpstr (((PeerupDiscoveryService *) services->pdata[0])->name, ==, "films");
  g_assert_cmpstr (((PeerupDiscoveryService *) services->pdata[0])->tags[0], ==, "attic");
  g_assert_cmpstr (((PeerupDiscoveryService *) services->pdata[1])->kind, ==, "ssh");
}

static void
assert_rejected (DexFuture *future, PeerupError code)
{
  g_autoptr (DexFuture) held = future;
  g_autoptr (GError) error = NULL;

  wait_for (future);
  g_assert_null (dex_future_get_value (future, &error));
  g_assert_error (error, PEERUP_ERROR, (int) code);
}

static void
test_ask (Fixture *f, gconstpointer data)
{
  peerup_discovery_serve (f->far, offer, f);
  for (guint i = 0; i < 3; i++)
    assert_told (ask (f, soon ()));
  g_assert_cmpuint (f->n_offers, ==, 3);
  g_assert_cmpuint (fake_swarm_get_n_opened (f->near), ==, 3);
}

static void
test_not_served (Fixture *f, gconstpointer data)
{
  assert_rejected (ask (f, soon ()), PEERUP_ERROR_NEGOTIATION);
}

/* The future of a question may be dropped before its answer. */
static void
test_dropped (Fixture *f, gconstpointer data)
{
  peerup_discovery_serve (f->far, offer, f);
  dex_unref (ask (f, soon ()));
  spin_idle ();
  assert_told (ask (f, soon ()));
}

static void
keep_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_ptr_array_add (data, stream);
}

static void
test_silent_peer (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);

  peerup_swarm_add_protocol (f->far, PEERUP_DISCOVERY_PROTOCOL, keep_stream, kept, NULL);
  assert_rejected (ask (f, g_get_monotonic_time () + 1000), PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (kept->len, ==, 1);
}

/* Answers with the bytes of @data, whatever was asked, and ends. */
static void
answer_bytes (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  peerup_stream_write (stream, g_bytes_get_data (data, NULL), g_bytes_get_size (data), NULL);
  peerup_stream_close (stream);
  g_object_unref (stream);
}

static void
test_wrong_answers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize length;
    PeerupError code;
  } wrong[] = {
    { "", 0, PEERUP_ERROR_CLOSED },
    { "\x05\x08\x01", 3, PEERUP_ERROR_CLOSED },
    { "\x02\x12\x7f", 3, PEERUP_ERROR_MALFORMED },
    { "\x81\x80\x04\x00", 4, PEERUP_ERROR_TOO_LARGE }, /* 65537 bytes, says its length */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (wrong[i].bytes, wrong[i].length);

      peerup_swarm_add_protocol (f->far, PEERUP_DISCOVERY_PROTOCOL, answer_bytes, bytes, NULL);
      assert_rejected (ask (f, soon ()), wrong[i].code);
    }
  peerup_swarm_remove_protocol (f->far, PEERUP_DISCOVERY_PROTOCOL);
}

static void
test_server_wrong_question (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = NULL;

  peerup_discovery_serve (f->far, offer, f);
  stream = fake_swarm_open (f->near, PEERUP_DISCOVERY_PROTOCOL);
  g_assert_cmpint (peerup_stream_write (stream, "\x01\x08", 2, NULL), ==, 2);
  while (!(peerup_stream_poll (stream) & (G_IO_IN | G_IO_ERR)))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (f->n_offers, ==, 0);
}

/* A fifth question beside four is reset, and there is room again when one has ended. */
static void
test_server_streams (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (PeerupStream) again = NULL;
  PeerupStream *last;

  peerup_discovery_serve (f->far, offer, f);
  for (guint i = 0; i <= PEERUP_DISCOVERY_STREAMS_MAX; i++)
    g_ptr_array_add (streams, fake_swarm_open (f->near, PEERUP_DISCOVERY_PROTOCOL));
  last = streams->pdata[PEERUP_DISCOVERY_STREAMS_MAX];
  g_assert_cmpuint (peerup_stream_get_reset_code (last), ==, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  g_assert_cmpuint (peerup_stream_get_reset_code (streams->pdata[0]), ==, 0);
  peerup_stream_close (streams->pdata[0]);
  spin_idle ();
  again = fake_swarm_open (f->near, PEERUP_DISCOVERY_PROTOCOL);
  g_assert_cmpuint (peerup_stream_get_reset_code (again), ==, 0);
}

/* Who asks without end is not answered without end. */
static void
test_server_rate (Fixture *f, gconstpointer data)
{
  guint32 code = 0;

  peerup_discovery_serve (f->far, offer, f);
  for (guint i = 0; i < 100000 && code == 0; i++)
    {
      g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PEERUP_DISCOVERY_PROTOCOL);

      code = peerup_stream_get_reset_code (stream);
      peerup_stream_close (stream);
      spin_idle ();
    }
  g_assert_cmpuint (code, ==, PEERUP_STREAM_CODE_RATE_LIMITED);
}

/* A question that is under way when it is no longer served comes to nothing. */
static void
test_server_end (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = NULL;

  peerup_discovery_serve (f->far, offer, f);
  stream = fake_swarm_open (f->near, PEERUP_DISCOVERY_PROTOCOL);
  spin_idle ();
  peerup_swarm_remove_protocol (f->far, PEERUP_DISCOVERY_PROTOCOL);
  g_assert_cmpint (peerup_stream_write (stream, "\x02\x08\x01", 3, NULL), ==, 3);
  spin_idle ();
  g_assert_cmpuint (f->n_offers, ==, 0);
}

#define ADD(path, func) g_test_add ("/protocols/discovery/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("ask", test_ask);
  ADD ("not-served", test_not_served);
  ADD ("dropped", test_dropped);
  ADD ("silent-peer", test_silent_peer);
  ADD ("wrong-answers", test_wrong_answers);
  ADD ("server/wrong-question", test_server_wrong_question);
  ADD ("server/streams", test_server_streams);
  ADD ("server/rate", test_server_rate);
  ADD ("server/end", test_server_end);
  return g_test_run ();
}
