/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Two engines that meet through a third, a relay, and look for a direct path by a way that the test gives: what is
 * adopted, what is left, what is remembered and said. All in one process, on loopback.
 */
#include "engine/peerup-engine-paths-private.h"

#include <string.h>

#include "device.h"
#include "echo.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

typedef struct
{
  Device relay, a, b;
  GSocketService *echo;
  PeerupForward *forward;
  GIOStream *stream; /* from b to a's service, begun through the relay */
} Fixture;

static Fixture *current; /* of the test that runs */

static PeerupPeerId *
id_of (Device *device)
{
  return peerup_private_key_get_peer_id (device->home->key);
}

/* Climbing */

static DexFuture *
climb_in_vain (PeerupConnection *carrier, gint64 deadline, gpointer data)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "The test has no way.");
}

/* By the addresses that b is not told: loopback is nothing that a peer is believed. */
static DexFuture *
climb (PeerupConnection *carrier, gint64 deadline, gpointer data)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (current->a.engine->swarm);

  if (!peerup_connection_get_info (carrier)->outbound)
    return climb_in_vain (carrier, deadline, data);
  peerup_swarm_add_addresses (current->b.engine->swarm, id_of (&current->a), addresses);
  return peerup_swarm_connect_direct (current->b.engine->swarm, id_of (&current->a));
}

/* Devices */

static char *
relay_address (Fixture *self)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (self->relay.engine);

  return g_strdup (addresses[0]);
}

static gboolean
is_reserved (gpointer engine)
{
  PeerupRelayInfo info;

  peerup_relay_client_get_info (((PeerupEngine *) engine)->relays, 0, &info);
  return info.state == PEERUP_RELAY_RESERVED;
}

static Device
start_behind (Fixture *self, Home *home, guint16 echo_port)
{
  g_autofree char *relay = relay_address (self);
  g_autofree char *more = g_strdup_printf ("relay: {addresses: [%s]}\n"
                                           "services: {echo: {enabled: %s, local_address: \"127.0.0.1:%u\"}}\n",
                                           relay, echo_port != 0 ? "true" : "false", echo_port);

  home_configure (home, more);
  return device_start (home, PEERUP_ENGINE_DEFAULT);
}

static void
fixture_init (Fixture *self, PeerupPathClimbFunc func)
{
  Home *relay = home_new (), *a = home_new (), *b = home_new ();
  g_autofree char *address = NULL;
  g_autofree char *way = NULL;
  g_autoptr (GError) error = NULL;
  guint16 port;

  *self = (Fixture) { 0 };
  current = self;
  self->echo = echo_start (&port);
  home_authorize (a, b);
  home_authorize (b, a);
  home_authorize (relay, a);
  home_authorize (relay, b);
  home_configure (relay, "relay: {serve: true}\n");
  self->relay = device_start (relay, PEERUP_ENGINE_DEFAULT);
  self->a = start_behind (self, a, port);
  self->b = start_behind (self, b, 0);
  peerup_engine_paths_set_climb_func (self->a.engine->paths, climb_in_vain, NULL);
  peerup_engine_paths_set_climb_func (self->b.engine->paths, func, NULL);
  spin_while_not (is_reserved, self->a.engine);
  address = relay_address (self);
  way = g_strdup_printf ("%s/p2p-circuit/p2p/%s", address, home_get_id (a));
  self->forward = peerup_engine_add_forward (self->b.engine, way, "echo", "127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  self->stream = echo_connect (self->forward);
  echo_assert (self->stream, "first");
}

static void
fixture_clear (Fixture *self)
{
  g_object_unref (self->stream);
  peerup_engine_remove_forward (self->b.engine, self->forward);
  g_object_unref (self->forward);
  device_stop (&self->b);
  device_stop (&self->a);
  device_stop (&self->relay);
  g_socket_service_stop (self->echo);
  g_socket_listener_close (G_SOCKET_LISTENER (self->echo));
  g_object_unref (self->echo);
}

/* (transfer full): b's best connection to a. */
static PeerupConnection *
dup_best (Fixture *self)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->b.engine->swarm, id_of (&self->a));

  return list->len > 0 ? g_object_ref (list->pdata[0]) : NULL;
}

static PeerupPeer *
peer_of (Fixture *self)
{
  return peerup_peer_list_ensure (self->b.engine->peers, id_of (&self->a));
}

static gboolean
is_direct (gpointer data)
{
  return peerup_peer_get_state (peer_of (data)) == PEERUP_PEER_CONNECTED &&
         g_strcmp0 (peerup_peer_get_path (peer_of (data)), "direct") == 0;
}

static gboolean
is_relayed (gpointer data)
{
  return peerup_peer_get_state (peer_of (data)) == PEERUP_PEER_CONNECTED && peerup_peer_get_relayed (peer_of (data));
}

static gboolean
has_event (Fixture *self, PeerupPathEventType type, const char *path)
{
  GPtrArray *events = peerup_engine_paths_get_events (self->b.engine->paths, id_of (&self->a));

  for (guint i = 0; events != NULL && i < events->len; i++)
    {
      const PeerupPathEvent *event = events->pdata[i];

      if (event->type == type && g_strcmp0 (event->path, path) == 0 && event->text != NULL && event->at > 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_failed (gpointer data)
{
  return has_event (data, PEERUP_PATH_FAILED, NULL);
}

static void
assert_explained (Fixture *self, const char *part)
{
  g_autofree char *text = peerup_engine_paths_explain (self->b.engine->paths, id_of (&self->a));

  if (strstr (text, part) == NULL)
    g_error ("“%s” does not say “%s”", text, part);
}

/* Tests */

static gboolean
has_no_streams (gpointer connection)
{
  return peerup_connection_get_n_streams (connection) == 0;
}

static gboolean
has_one_stream (gpointer connection)
{
  return peerup_connection_get_n_streams (connection) == 1;
}

static void
test_climbs (void)
{
  Fixture fixture;
  g_autoptr (GIOStream) second = NULL;
  g_autoptr (PeerupConnection) direct = NULL;

  fixture_init (&fixture, climb);
  spin_while_not (is_direct, &fixture);
  direct = dup_best (&fixture);
  g_assert_false (peerup_swarm_is_relayed (direct));
  /* Who is there is asked at once, and soon over. */
  spin_while_not (has_no_streams, direct);
  second = echo_connect (fixture.forward);
  echo_assert (second, "by the new path");
  spin_while_not (has_one_stream, direct);
  /* What was begun on the relay is still there. */
  echo_assert (fixture.stream, "by the old one");
  g_assert_true (has_event (&fixture, PEERUP_PATH_OPENED, "relayed"));
  g_assert_true (has_event (&fixture, PEERUP_PATH_SEARCH, NULL));
  g_assert_true (has_event (&fixture, PEERUP_PATH_OPENED, "direct"));
  assert_explained (&fixture, "Directly, to 127.0.0.1");
  g_assert_cmpint (peerup_engine_paths_get_next_search (fixture.b.engine->paths, id_of (&fixture.a)), ==, 0);
  fixture_clear (&fixture);
}

static void
test_fails (void)
{
  Fixture fixture;
  gint64 next, now;

  fixture_init (&fixture, climb_in_vain);
  spin_while_not (has_failed, &fixture);
  now = g_get_monotonic_time ();
  next = peerup_engine_paths_get_next_search (fixture.b.engine->paths, id_of (&fixture.a));
  g_assert_cmpint (next, >, 0);
  g_assert_cmpint (next, <=, now + 36 * SECOND);
  g_assert_true (is_relayed (&fixture));
  assert_explained (&fixture, "The test has no way; a port forwarding");
  fixture_clear (&fixture);
}

static gboolean
is_climbing_again (gpointer data)
{
  GPtrArray *events = peerup_engine_paths_get_events (current->b.engine->paths, id_of (&current->a));
  guint n = 0;

  for (guint i = 0; i < events->len; i++)
    n += ((PeerupPathEvent *) events->pdata[i])->type == PEERUP_PATH_SEARCH;
  return n >= 2;
}

/* Another network: what has failed may work there. */
static void
test_network_changed (void)
{
  Fixture fixture;

  fixture_init (&fixture, climb_in_vain);
  spin_while_not (has_failed, &fixture);
  peerup_engine_paths_set_climb_func (fixture.b.engine->paths, climb, NULL);
  peerup_engine_paths_changed (fixture.b.engine->paths);
  g_assert_true (is_climbing_again (NULL));
  spin_while_not (is_direct, &fixture);
  fixture_clear (&fixture);
}

/* The direct path says no more: new streams have another at once, which is what is shown, until it is heard again. */
static void
test_silent (void)
{
  Fixture fixture;
  g_autoptr (PeerupConnection) direct = NULL;
  g_autoptr (GIOStream) stream = NULL;

  fixture_init (&fixture, climb);
  spin_while_not (is_direct, &fixture);
  direct = dup_best (&fixture);
  peerup_connection_set_silent (direct, TRUE);
  g_assert_true (is_relayed (&fixture));
  g_assert_true (has_event (&fixture, PEERUP_PATH_SILENT, "direct"));
  stream = echo_connect (fixture.forward);
  echo_assert (stream, "by another");
  /* In truth it answers, and whoever watches paths may have seen that already. */
  peerup_connection_set_silent (direct, FALSE);
  g_assert_true (has_event (&fixture, PEERUP_PATH_HEARD, "direct"));
  g_assert_true (is_direct (&fixture));
  fixture_clear (&fixture);
}

/* Nobody is called connected who does not answer. */
static void
test_unanswered (void)
{
  Fixture fixture;
  g_autoptr (PeerupConnection) best = NULL;

  fixture_init (&fixture, climb_in_vain);
  best = dup_best (&fixture);
  peerup_connection_set_silent (best, TRUE);
  g_assert_cmpint (peerup_peer_get_state (peer_of (&fixture)), ==, PEERUP_PEER_CONNECTING);
  assert_explained (&fixture, "Not answering");
  peerup_connection_set_silent (best, FALSE);
  g_assert_cmpint (peerup_peer_get_state (peer_of (&fixture)), ==, PEERUP_PEER_CONNECTED);
  fixture_clear (&fixture);
}

/* New addresses come in from elsewhere: they are tried long before the next search would be due. */
static void
test_learned (void)
{
  g_autoptr (GPtrArray) addresses = NULL;
  Fixture fixture;

  fixture_init (&fixture, climb_in_vain);
  spin_while_not (has_failed, &fixture);
  g_assert_true (is_relayed (&fixture));
  addresses = peerup_swarm_dup_listen_addresses (fixture.a.engine->swarm);
  peerup_swarm_add_addresses (fixture.b.engine->swarm, id_of (&fixture.a), addresses);
  g_assert_cmpint (peerup_engine_paths_get_next_search (fixture.b.engine->paths, id_of (&fixture.a)), >,
                   g_get_monotonic_time () + 10 * SECOND);
  peerup_engine_paths_learned (fixture.b.engine->paths, id_of (&fixture.a));
  g_assert_cmpint (peerup_engine_paths_get_next_search (fixture.b.engine->paths, id_of (&fixture.a)), <=,
                   g_get_monotonic_time () + 5 * SECOND);
  spin_while_not (is_direct, &fixture);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/engine-paths/climbs", test_climbs);
  g_test_add_func ("/engine-paths/fails", test_fails);
  g_test_add_func ("/engine-paths/network-changed", test_network_changed);
  g_test_add_func ("/engine-paths/silent", test_silent);
  g_test_add_func ("/engine-paths/unanswered", test_unanswered);
  g_test_add_func ("/engine-paths/learned", test_learned);
  return g_test_run ();
}
