/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The watch over a swarm's connections: real ones that answer, and one whose answers the test gives. What is decided
 * when is tested with the doubt; here silence takes the time that it takes. */

#include "swarm/peerup-path-watch.h"

#include "swarm-node.h"
#include "swarm/peerup-swarm-private.h"

#define SILENCE (PEERUP_PATH_WATCH_PATIENCE + PEERUP_PATH_WATCH_DOUBT)

typedef struct
{
  PeerupConnection parent_instance;
  guint n_pings;
} Fake;
typedef PeerupConnectionClass FakeClass;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fake, g_object_unref)

static GType fake_get_type (void);
G_DEFINE_TYPE (Fake, fake, PEERUP_TYPE_CONNECTION)

static DexFuture *
fake_ping (PeerupConnection *connection)
{
  ((Fake *) connection)->n_pings++;
  peerup_connection_note_sent (connection, g_get_monotonic_time ());
  return dex_future_new_infinite ();
}

static void
fake_get_bytes (PeerupConnection *connection, guint64 *received, guint64 *sent)
{
  *received = *sent = 0;
}

static gint64
fake_get_rtt (PeerupConnection *connection)
{
  return -1;
}

static void
fake_close (PeerupConnection *connection, guint32 code)
{
  peerup_connection_set_closed (connection, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "closed"));
}

static void
fake_class_init (FakeClass *klass)
{
  klass->ping = fake_ping;
  klass->get_bytes = fake_get_bytes;
  klass->get_rtt = fake_get_rtt;
  klass->close = fake_close;
}

static void
fake_init (Fake *self)
{
}

/* (transfer full): a connection of @node's to a peer of that seed. */
static Fake *
fake_new (Node *node, guint8 seed, const char *transport, const char *address)
{
  Fake *self = g_object_new (fake_get_type (), NULL);
  guint8 bytes[32];
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (PeerupMultiaddr) remote = peerup_multiaddr_newf ("%s", address);

  memset (bytes, seed, sizeof bytes);
  key = peerup_private_key_new_from_seed (bytes, NULL);
  peerup_connection_init_info (PEERUP_CONNECTION (self), &(PeerupConnectionInfo) {
                                                           .remote_key = peerup_private_key_get_public_key (key),
                                                           .remote_peer = peerup_private_key_get_peer_id (key),
                                                           .remote_address = remote,
                                                           .transport = transport,
                                                           .outbound = TRUE,
                                                         });
  peerup_swarm_add_connection (node->swarm, PEERUP_CONNECTION (self));
  return self;
}

static void
wait_silent (gpointer connection, gboolean silent)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (peerup_connection_is_silent (connection) != silent)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
let_pass (gint64 time)
{
  dex_unref (test_finish (dex_timeout_new_usec (time)));
}

static void
answer (gpointer connection)
{
  peerup_connection_note_answered (connection, g_get_monotonic_time (), FALSE, 0);
}

static void
finish (DexFuture *future)
{
  g_autoptr (DexFuture) ended = test_finish (future);

  g_assert_true (dex_future_is_resolved (ended));
}

/* Real connections answer a probe at once, over either transport, and idle ones are asked too. */
static void
test_probe (gconstpointer data)
{
  g_auto (Node) here = { 0 };
  g_auto (Node) there = { 0 };
  g_autoptr (PeerupPathWatch) watch = NULL;
  g_autoptr (PeerupConnection) connection = NULL;
  gint64 heard, start;

  node_init (&here, 1, NODE_SILENT);
  node_init (&there, 2, GPOINTER_TO_INT (data));
  node_learn (&here, &there);
  watch = peerup_path_watch_new (here.swarm);
  finish (peerup_path_watch_probe_all (watch));
  connection = node_connect (&here, &there);
  let_pass (200 * 1000);
  heard = peerup_path_watch_get_heard_at (watch, connection);
  start = g_get_monotonic_time ();
  finish (peerup_path_watch_probe (watch, node_id (&there)));
  g_test_message ("%" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  g_assert_cmpint (peerup_path_watch_get_heard_at (watch, connection), >=, start);
  g_assert_cmpint (heard, <, start);
  finish (peerup_path_watch_probe_all (watch));
  g_assert_false (peerup_connection_is_silent (connection));
  g_clear_pointer (&watch, peerup_path_watch_free);
}

/* Of several at a time: what is used and unanswered falls silent, and who is reached through that one is asked; what
 * is idle is left alone; who has answered is not silent. */
static void
test_silence (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (PeerupPathWatch) watch = NULL;
  g_autoptr (Fake) used = NULL;
  g_autoptr (Fake) idle = NULL;
  g_autoptr (Fake) answering = NULL;
  g_autoptr (Fake) behind = NULL;
  g_autofree char *circuit = NULL;
  gint64 start;

  node_init (&node, 1, NODE_SILENT);
  used = fake_new (&node, 2, "quic-v1", "/ip4/1.2.3.4/udp/1/quic-v1");
  idle = fake_new (&node, 3, "tcp", "/ip4/1.2.3.4/tcp/1");
  answering = fake_new (&node, 4, "tcp", "/ip4/1.2.3.4/tcp/2");
  circuit = g_strdup_printf ("/ip4/1.2.3.4/tcp/3/p2p/%s/p2p-circuit",
                             peerup_peer_id_get_string (peerup_connection_get_remote_peer (PEERUP_CONNECTION (used))));
  behind = fake_new (&node, 5, PEERUP_TRANSPORT_RELAY, circuit);
  watch = peerup_path_watch_new (node.swarm);
  test_spin ();
  start = g_get_monotonic_time ();
  peerup_connection_note_sent (PEERUP_CONNECTION (used), start);
  peerup_connection_note_sent (PEERUP_CONNECTION (answering), start);
  let_pass (SILENCE / 4);
  answer (answering);
  wait_silent (used, TRUE);
  g_test_message ("silent after %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, SILENCE);
  g_assert_cmpuint (used->n_pings, >, 2);
  g_assert_cmpuint (idle->n_pings, ==, 0);
  g_assert_cmpuint (answering->n_pings, ==, 0);
  test_spin ();
  g_assert_cmpuint (behind->n_pings, ==, 1);
  wait_silent (behind, TRUE);
  /* One that repeats by itself is asked once, however long it takes. */
  g_assert_cmpuint (behind->n_pings, ==, 1);
  answer (used);
  wait_silent (used, FALSE);
  g_assert_true (peerup_connection_is_silent (PEERUP_CONNECTION (behind)));
  g_assert_false (peerup_connection_is_silent (PEERUP_CONNECTION (idle)));
  g_clear_pointer (&watch, peerup_path_watch_free);
}

/* It is told when it is decided, whatever that is: silence, the end of the connection, the end of the watch. */
static void
test_probe_ends (void)
{
  g_auto (Node) node = { 0 };
  PeerupPathWatch *watch;
  g_autoptr (Fake) one = NULL;
  g_autoptr (Fake) other = NULL;
  g_autoptr (DexFuture) probed = NULL;
  gint64 start = g_get_monotonic_time ();

  node_init (&node, 1, NODE_SILENT);
  one = fake_new (&node, 2, "tcp", "/ip4/1.2.3.4/tcp/1");
  watch = peerup_path_watch_new (node.swarm);
  finish (peerup_path_watch_probe_all (watch));
  g_assert_true (peerup_connection_is_silent (PEERUP_CONNECTION (one)));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, PEERUP_PATH_WATCH_DOUBT);
  /* It is silent already. */
  finish (peerup_path_watch_probe_all (watch));
  other = fake_new (&node, 3, "tcp", "/ip4/1.2.3.4/tcp/1");
  probed = peerup_path_watch_probe_all (watch);
  g_assert_true (dex_future_is_pending (probed));
  peerup_connection_close (PEERUP_CONNECTION (other), 0);
  probed = test_finish (probed);
  g_clear_object (&other);
  dex_clear (&probed);
  other = fake_new (&node, 4, "tcp", "/ip4/1.2.3.4/tcp/1");
  probed = peerup_path_watch_probe_all (watch);
  peerup_path_watch_free (watch);
  probed = test_finish (probed);
}

static void
close_it (PeerupConnection *connection, gpointer data)
{
  peerup_connection_close (connection, 0);
}

/* Who is told of the silence may end the connection, and the watch forgets it. */
static void
test_closed_when_told (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (PeerupPathWatch) watch = NULL;
  g_autoptr (Fake) fake = NULL;

  node_init (&node, 1, NODE_SILENT);
  watch = peerup_path_watch_new (node.swarm);
  fake = fake_new (&node, 2, "quic-v1", "/ip4/1.2.3.4/udp/1/quic-v1");
  g_signal_connect (fake, "silent-changed", G_CALLBACK (close_it), NULL);
  finish (peerup_path_watch_probe_all (watch));
  g_assert_true (peerup_connection_is_closed (PEERUP_CONNECTION (fake)));
  g_clear_pointer (&watch, peerup_path_watch_free);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/path-watch/probe/quic", GINT_TO_POINTER (NODE_QUIC), test_probe);
  g_test_add_data_func ("/path-watch/probe/tcp", GINT_TO_POINTER (NODE_TCP), test_probe);
  g_test_add_func ("/path-watch/silence", test_silence);
  g_test_add_func ("/path-watch/probe-ends", test_probe_ends);
  g_test_add_func ("/path-watch/closed-when-told", test_closed_when_told);
  return g_test_run ();
}
