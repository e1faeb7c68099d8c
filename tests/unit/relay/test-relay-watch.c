/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * When a relay counts as silent, on a connection whose answers the test gives. */

#include "relay/peerup-relay-watch.h"

#include "../transport/transport-test.h"
#include "identity/peerup-private-key.h"

/* Short, because nothing here is faster than the other by luck: the test answers or it does not. */
#define PATIENCE (10 * 1000)
#define DOUBT    (10 * 1000)

typedef struct
{
  PeerupConnection parent_instance;
  DexPromise *pinged; /* of the last ping */
  guint n_pings;
  guint64 received;
} Fake;
typedef PeerupConnectionClass FakeClass;

static GType fake_get_type (void);
G_DEFINE_TYPE (Fake, fake, PEERUP_TYPE_CONNECTION)

static DexFuture *
fake_ping (PeerupConnection *connection)
{
  Fake *self = (Fake *) connection;

  dex_clear (&self->pinged);
  self->pinged = dex_promise_new ();
  self->n_pings++;
  return DEX_FUTURE (dex_ref (self->pinged));
}

static void
fake_get_bytes (PeerupConnection *connection, guint64 *received, guint64 *sent)
{
  *received = ((Fake *) connection)->received;
  *sent = 0;
}

static void
fake_close (PeerupConnection *connection, guint32 code)
{
}

static void
fake_dispose (GObject *object)
{
  dex_clear (&((Fake *) object)->pinged);
  G_OBJECT_CLASS (fake_parent_class)->dispose (object);
}

static void
fake_class_init (FakeClass *klass)
{
  klass->ping = fake_ping;
  klass->get_bytes = fake_get_bytes;
  klass->close = fake_close;
  G_OBJECT_CLASS (klass)->dispose = fake_dispose;
}

static void
fake_init (Fake *self)
{
}

typedef struct
{
  Fake *fake;
  PeerupConnection *connection; /* the same */
  PeerupRelayWatch *watch;
  guint n_changed;
} Fixture;

static void
on_changed (PeerupPeerId *relay, gpointer data)
{
  Fixture *self = data;

  g_assert_true (peerup_peer_id_equal (relay, peerup_connection_get_remote_peer (self->connection)));
  self->n_changed++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  static const guint8 seed[32] = { 1 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  const PeerupConnectionInfo info = {
    .remote_key = peerup_private_key_get_public_key (key),
    .remote_peer = peerup_private_key_get_peer_id (key),
    .transport = "memory",
  };

  self->fake = g_object_new (fake_get_type (), NULL);
  self->connection = PEERUP_CONNECTION (self->fake);
  peerup_connection_init_info (self->connection, &info);
  self->watch = peerup_relay_watch_new (PATIENCE, DOUBT, on_changed, self);
}

/* Nothing holds the connection when its question is answered. */
static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_relay_watch_stop (self->watch);
  peerup_relay_watch_unref (self->watch);
  if (self->fake->pinged != NULL && dex_future_is_pending (DEX_FUTURE (self->fake->pinged)))
    dex_promise_resolve_int64 (self->fake->pinged, 1);
  test_spin ();
  g_assert_finalize_object (self->connection);
}

static void
await_pings (Fixture *self, guint n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (self->fake->n_pings < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
await_changes (Fixture *self, guint n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (self->n_changed < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* Longer than both times together. */
static void
let_time_pass (void)
{
  dex_unref (test_finish (dex_timeout_new_usec (2 * (PATIENCE + DOUBT))));
  test_spin ();
}

static void
answer (Fixture *self)
{
  dex_promise_resolve_int64 (self->fake->pinged, 1000);
  test_spin ();
}

/* The answer came in time: nobody is asked anything. */
static void
test_patience (Fixture *self, gconstpointer data)
{
  peerup_relay_wait_free (peerup_relay_wait_new (self->watch, self->connection));
  let_time_pass ();
  g_assert_cmpuint (self->fake->n_pings, ==, 0);
}

/* It is not the relay that is slow. */
static void
test_answers (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupRelayWait) wait = peerup_relay_wait_new (self->watch, self->connection);

  await_pings (self, 1);
  g_assert_false (peerup_relay_watch_is_silent (self->watch, self->connection));
  answer (self);
  let_time_pass ();
  g_assert_cmpuint (self->n_changed, ==, 0);
  g_assert_cmpuint (self->fake->n_pings, ==, 1);
}

static void
test_silent_and_back (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupRelayWait) wait = peerup_relay_wait_new (self->watch, self->connection);

  await_changes (self, 1);
  g_assert_true (peerup_relay_watch_is_silent (self->watch, self->connection));
  /* However long it takes. */
  let_time_pass ();
  g_assert_true (peerup_relay_watch_is_silent (self->watch, self->connection));
  answer (self);
  g_assert_false (peerup_relay_watch_is_silent (self->watch, self->connection));
  g_assert_cmpuint (self->n_changed, ==, 2);
  /* And again. */
  peerup_relay_wait_give_up (wait);
  await_changes (self, 3);
  g_assert_true (peerup_relay_watch_is_silent (self->watch, self->connection));
}

/* The answer is stuck behind a download: bytes arrive, so somebody is there. */
static void
test_busy (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupRelayWait) wait = peerup_relay_wait_new (self->watch, self->connection);

  await_pings (self, 1);
  self->fake->received += 1;
  let_time_pass ();
  g_assert_cmpuint (self->n_changed, ==, 0);
  g_assert_false (peerup_relay_watch_is_silent (self->watch, self->connection));
}

static void
test_closes (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupRelayWait) wait = peerup_relay_wait_new (self->watch, self->connection);
  g_autoptr (PeerupRelayWait) late = NULL;

  await_changes (self, 1);
  peerup_connection_set_closed (self->connection, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "dead"));
  dex_promise_reject (self->fake->pinged, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "dead"));
  test_spin ();
  g_assert_false (peerup_relay_watch_is_silent (self->watch, self->connection));
  g_assert_cmpuint (self->n_changed, ==, 2);
  /* A connection that is gone is asked no more. */
  late = peerup_relay_wait_new (self->watch, self->connection);
  peerup_relay_wait_give_up (late);
  test_spin ();
  g_assert_cmpuint (self->fake->n_pings, ==, 1);
}

/* A thousand circuits wait for one relay: it is asked once. */
static void
test_thousand_wait (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) waits = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_relay_wait_free);

  for (guint i = 0; i < 1000; i++)
    {
      g_ptr_array_add (waits, peerup_relay_wait_new (self->watch, self->connection));
      peerup_relay_wait_give_up (waits->pdata[i]);
    }
  await_changes (self, 1);
  g_assert_cmpuint (self->fake->n_pings, ==, 1);
}

static void
test_stopped (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupRelayWait) wait = peerup_relay_wait_new (self->watch, self->connection);

  await_pings (self, 1);
  peerup_relay_watch_stop (self->watch);
  let_time_pass ();
  g_assert_cmpuint (self->n_changed, ==, 0);
}

#define ADD(path, func) g_test_add ("/relay-watch/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  ADD ("patience", test_patience);
  ADD ("answers", test_answers);
  ADD ("silent-and-back", test_silent_and_back);
  ADD ("busy", test_busy);
  ADD ("closes", test_closes);
  ADD ("thousand-wait", test_thousand_wait);
  ADD ("stopped", test_stopped);
  return g_test_run ();
}
