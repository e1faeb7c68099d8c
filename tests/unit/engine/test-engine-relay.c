/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* An engine as the relay of two others: who is let in, how much, how it ends and comes back,
 * and what changes in its files do. All in one process, on loopback.
 */
#include "engine/peerup-engine-paths-private.h"
#include "engine/peerup-engine-private.h"

#include <string.h>

#include "echo.h"
#include "home.h"
#include "trust/peerup-authorized-keys-file.h"

#define TCP_ANY  "/ip4/127.0.0.1/tcp/0"
#define BOTH_ANY "/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.1/udp/0/quic-v1"

typedef struct
{
  Home *home;
  PeerupEngine *engine;
} Device;

static void
device_configure (Device *self, const char *listen, gboolean gating, const char *more)
{
  g_autofree char *text =
    g_strdup_printf ("identity: {key_file: identity.key}\n"
                     "network: {listen_addresses: [%s]}\n"
                     "discovery: {mdns: false}\n"
                     "security: {enable_connection_gating: %s, authorized_keys_file: authorized_keys}\n"
                     "%s",
                     listen, gating ? "true" : "false", more);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (self->home->config, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

/* These are tests of what goes through relays, and on one machine everybody is near. */
static DexFuture *
stay_relayed (PeerupConnection *carrier, gint64 deadline, gpointer data)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "The test wants no direct path");
}

static void
device_run (Device *self, PeerupEngineFlags flags)
{
  g_autoptr (GError) error = NULL;

  self->engine = peerup_engine_new (self->home->config, flags);
  g_assert_true (await_true (peerup_engine_start (self->engine), &error));
  g_assert_no_error (error);
  peerup_engine_paths_set_climb_func (self->engine->paths, stay_relayed, NULL);
}

static void
device_halt (Device *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (await_true (peerup_engine_stop (self->engine, NULL), &error));
  g_assert_no_error (error);
  home_drop_engine (g_steal_pointer (&self->engine));
}

static void
device_clear (Device *self)
{
  if (self->engine != NULL)
    device_halt (self);
  g_clear_pointer (&self->home, home_free);
}

/* With the ports it has now, "A, B"; each with its ID if @whole. */
static char *
device_addresses (Device *self, gboolean whole)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (self->engine);

  for (guint i = 0; addresses[i] != NULL && !whole; i++)
    *strstr (addresses[i], "/p2p/") = '\0';
  return g_strjoinv (", ", addresses);
}

/* Waiting */

static PeerupRelayInfo
relay_of (PeerupEngine *engine)
{
  PeerupRelayInfo info;

  g_assert_cmpuint (peerup_relay_client_get_n_relays (engine->relays), ==, 1);
  peerup_relay_client_get_info (engine->relays, 0, &info);
  return info;
}

static gboolean
is_reserved (gpointer engine)
{
  return relay_of (engine).state == PEERUP_RELAY_RESERVED;
}

static gboolean
is_waiting (gpointer engine)
{
  return relay_of (engine).state == PEERUP_RELAY_WAITING;
}

static PeerupEngineRelayInfo
service_of (PeerupEngine *engine)
{
  PeerupEngineRelayInfo info;

  peerup_engine_relay_get_info (engine->relay, &info);
  return info;
}

static gboolean
serves (gpointer engine)
{
  return service_of (engine).state == PEERUP_ENGINE_RELAY_SERVING;
}

static gboolean
has_no_reservation (gpointer engine)
{
  return service_of (engine).n_reservations == 0;
}

static gboolean
has_one_reservation (gpointer engine)
{
  return service_of (engine).n_reservations == 1;
}

static gboolean
has_no_circuit (gpointer engine)
{
  return service_of (engine).n_circuits == 0;
}

/* A relay, and two devices that know its address and not each other's. */

typedef struct
{
  Device relay, a, b;
  GSocketService *echo;
  guint16 echo_port;
  PeerupForward *forward;
} Fixture;

#define SERVE "relay: {serve: true, drain_time: 30s}\n"

static void
device_use_relay (Device *self, Fixture *fixture, gboolean offer)
{
  g_autofree char *addresses = device_addresses (&fixture->relay, TRUE);
  g_autofree char *more = NULL;

  more = g_strdup_printf ("relay: {addresses: [%s]}\n"
                          "services: {echo: {enabled: %s, local_address: \"127.0.0.1:%u\"}}\n",
                          addresses, offer ? "true" : "false", fixture->echo_port);
  device_configure (self, TCP_ANY, TRUE, more);
  device_run (self, PEERUP_ENGINE_DEFAULT);
}

/* @known: the relay has a and b in its authorized_keys. */
static void
fixture_init (Fixture *self, const char *listen, gboolean gating, gboolean known, const char *more)
{
  *self = (Fixture) { { home_new (), NULL }, { home_new (), NULL }, { home_new (), NULL }, NULL, 0, NULL };
  self->echo = echo_start (&self->echo_port);
  home_authorize (self->a.home, self->b.home);
  home_authorize (self->b.home, self->a.home);
  if (known)
    {
      home_authorize (self->relay.home, self->a.home);
      home_authorize (self->relay.home, self->b.home);
    }
  device_configure (&self->relay, listen, gating, more);
  if (!gating)
    g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "Connection gating is off*");
  device_run (&self->relay, PEERUP_ENGINE_DEFAULT);
  g_test_assert_expected_messages ();
  device_use_relay (&self->a, self, TRUE);
  device_use_relay (&self->b, self, FALSE);
}

static void
fixture_clear (Fixture *self)
{
  if (self->forward != NULL)
    peerup_engine_remove_forward (self->b.engine, self->forward);
  g_clear_object (&self->forward);
  device_clear (&self->b);
  device_clear (&self->a);
  device_clear (&self->relay);
  g_socket_service_stop (self->echo);
  g_socket_listener_close (G_SOCKET_LISTENER (self->echo));
  g_object_unref (self->echo);
}

/* From b to a's service, through the relay and known by nothing else. */
static GIOStream *
fixture_connect (Fixture *self)
{
  g_autofree char *relay = device_addresses (&self->relay, TRUE);
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  *strchrnul (relay, ',') = '\0';
  address = g_strdup_printf ("%s/p2p-circuit/p2p/%s", relay, home_get_id (self->a.home));
  self->forward = peerup_engine_add_forward (self->b.engine, address, "echo", "127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  return echo_connect (self->forward);
}

/* Tests */

static void
test_two_meet (gconstpointer listen)
{
  Fixture fixture;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GPtrArray) connections = NULL;
  PeerupEngineRelayInfo info;

  fixture_init (&fixture, listen, TRUE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture.a.engine);
  stream = fixture_connect (&fixture);
  echo_assert (stream, "through the relay");
  connections =
    peerup_swarm_dup_connections (fixture.b.engine->swarm, peerup_private_key_get_peer_id (fixture.a.home->key));
  g_assert_cmpuint (connections->len, ==, 1);
  g_assert_true (peerup_swarm_is_relayed (connections->pdata[0]));
  /* Both are authorized, so nothing bounds what they do. */
  g_assert_false (peerup_connection_get_info (connections->pdata[0])->limited);
  g_assert_false (relay_of (fixture.a.engine).limited);
  info = service_of (fixture.relay.engine);
  g_assert_cmpint (info.state, ==, PEERUP_ENGINE_RELAY_SERVING);
  g_assert_cmpuint (info.n_circuits, ==, 1);
  g_assert_cmpuint (info.figures.circuits_opened, ==, 1);
  g_assert_cmpuint (info.figures.bytes, >, strlen ("through the relay") * 2);
  g_assert_cmpint (info.since, >, 0);
  fixture_clear (&fixture);
}

/* With gating off everybody may, within the limits, but for those in authorized_keys. */
static void
test_limits_of_strangers (void)
{
  Fixture fixture;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GPtrArray) connections = NULL;

  fixture_init (&fixture, TCP_ANY, FALSE, FALSE,
                SERVE "resources: {session_duration: 77s, session_data_limit: 12345KB, max_circuits: 3}\n");
  spin_while_not (is_reserved, fixture.a.engine);
  g_assert_true (relay_of (fixture.a.engine).limited);
  g_assert_cmpuint (relay_of (fixture.a.engine).limit.duration, ==, 77);
  g_assert_cmpuint (relay_of (fixture.a.engine).limit.data, ==, 12345 * 1024);
  stream = fixture_connect (&fixture);
  echo_assert (stream, "within limits");
  connections =
    peerup_swarm_dup_connections (fixture.b.engine->swarm, peerup_private_key_get_peer_id (fixture.a.home->key));
  g_assert_true (peerup_connection_get_info (connections->pdata[0])->limited);
  g_assert_cmpuint (service_of (fixture.relay.engine).settings.max_circuits, ==, 3);
  fixture_clear (&fixture);
}

static void
test_authorized_without_gating (void)
{
  Fixture fixture;

  fixture_init (&fixture, TCP_ANY, FALSE, TRUE, SERVE "resources: {authorized_session_duration: 2h}\n");
  spin_while_not (is_reserved, fixture.a.engine);
  g_assert_true (relay_of (fixture.a.engine).limited);
  g_assert_cmpuint (relay_of (fixture.a.engine).limit.duration, ==, 7200);
  g_assert_cmpuint (relay_of (fixture.a.engine).limit.data, ==, 0);
  fixture_clear (&fixture);
}

static void
test_stranger_is_refused (void)
{
  Fixture fixture;

  fixture_init (&fixture, TCP_ANY, TRUE, FALSE, SERVE);
  spin_while_not (is_waiting, fixture.a.engine);
  g_assert_error (relay_of (fixture.a.engine).error, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_cmpuint (service_of (fixture.relay.engine).figures.reservations_granted, ==, 0);
  fixture_clear (&fixture);
}

/* Who loses the authorization loses the place, and the circuits that are open. */
static void
test_authorization_ends (void)
{
  Fixture fixture;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, TCP_ANY, TRUE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture.a.engine);
  spin_while_not (is_reserved, fixture.b.engine);
  stream = fixture_connect (&fixture);
  echo_assert (stream, "for now");
  g_assert_true (peerup_authorized_keys_file_remove (fixture.relay.home->authorized_keys,
                                                     peerup_private_key_get_peer_id (fixture.a.home->key), &error));
  g_assert_no_error (error);
  g_assert_true (peerup_engine_trust_reload (fixture.relay.engine->trust, &error));
  spin_while_not (has_no_circuit, fixture.relay.engine);
  spin_while_not (has_one_reservation, fixture.relay.engine);
  fixture_clear (&fixture);
}

/* The same with gating off, where they stay connected and lose what they had beyond the others. */
static void
test_better_limits_end (void)
{
  Fixture fixture;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, TCP_ANY, FALSE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture.a.engine);
  spin_while_not (is_reserved, fixture.b.engine);
  g_assert_false (relay_of (fixture.a.engine).limited);
  stream = fixture_connect (&fixture);
  echo_assert (stream, "for now");
  g_assert_true (peerup_authorized_keys_file_remove (fixture.relay.home->authorized_keys,
                                                     peerup_private_key_get_peer_id (fixture.a.home->key), &error));
  g_assert_no_error (error);
  /* Its file is followed. */
  spin_while_not (has_no_circuit, fixture.relay.engine);
  g_assert_cmpuint (service_of (fixture.relay.engine).n_reservations, ==, 2);
  fixture_clear (&fixture);
}

static void
test_drain (void)
{
  Fixture fixture;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (DexFuture) drained = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, TCP_ANY, TRUE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture.a.engine);
  stream = fixture_connect (&fixture);
  echo_assert (stream, "before");
  drained = peerup_engine_relay_drain (fixture.relay.engine->relay, g_get_monotonic_time () + 60 * G_USEC_PER_SEC);
  g_assert_cmpint (service_of (fixture.relay.engine).state, ==, PEERUP_ENGINE_RELAY_DRAINING);
  /* It hears of it by identify: the connection stays. */
  spin_while_not (is_waiting, fixture.a.engine);
  echo_assert (stream, "while it drains");
  /* What the file says meanwhile does not count. */
  device_configure (&fixture.relay, TCP_ANY, TRUE, SERVE "resources: {max_circuits: 5}\n");
  g_assert_true (g_io_stream_close (stream, NULL, &error));
  peerup_engine_remove_forward (fixture.b.engine, fixture.forward);
  g_clear_object (&fixture.forward);
  peerup_swarm_disconnect (fixture.b.engine->swarm, peerup_private_key_get_peer_id (fixture.a.home->key),
                           PEERUP_CONNECTION_CODE_NONE);
  g_assert_true (await_true (g_steal_pointer (&drained), &error));
  g_assert_cmpint (service_of (fixture.relay.engine).state, ==, PEERUP_ENGINE_RELAY_DRAINED);
  peerup_engine_relay_resume (fixture.relay.engine->relay);
  g_assert_true (serves (fixture.relay.engine));
  /* And of that. */
  spin_while_not (is_reserved, fixture.a.engine);
  fixture_clear (&fixture);
}

static void
test_drain_has_a_deadline (void)
{
  Fixture fixture;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, TCP_ANY, TRUE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture.a.engine);
  stream = fixture_connect (&fixture);
  echo_assert (stream, "before");
  g_assert_true (
    await_true (peerup_engine_relay_drain (fixture.relay.engine->relay, g_get_monotonic_time () + G_USEC_PER_SEC / 10),
                &error));
  g_assert_true (has_no_circuit (fixture.relay.engine));
  fixture_clear (&fixture);
}

/* An engine that ends waits for them too; a second signal does not. */
static gboolean
is_stopping (gpointer engine)
{
  return peerup_engine_get_state (engine) == PEERUP_ENGINE_STOPPING;
}

static void
stop_with_a_circuit (Fixture *fixture, GCancellable *hurry, void (*let_it_end) (Fixture *fixture, GCancellable *hurry))
{
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (DexFuture) stopped = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (fixture, TCP_ANY, TRUE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture->a.engine);
  stream = fixture_connect (fixture);
  echo_assert (stream, "before");
  stopped = peerup_engine_stop (fixture->relay.engine, hurry);
  spin_while_not (is_stopping, fixture->relay.engine);
  spin_while_not (is_waiting, fixture->a.engine);
  echo_assert (stream, "still here");
  g_assert_true (dex_future_is_pending (stopped));
  let_it_end (fixture, hurry);
  g_assert_true (await_true (g_steal_pointer (&stopped), &error));
  g_assert_no_error (error);
  home_drop_engine (g_steal_pointer (&fixture->relay.engine));
  fixture_clear (fixture);
}

static void
end_circuit (Fixture *fixture, GCancellable *hurry)
{
  peerup_swarm_disconnect (fixture->b.engine->swarm, peerup_private_key_get_peer_id (fixture->a.home->key),
                           PEERUP_CONNECTION_CODE_NONE);
}

static void
hurry_up (Fixture *fixture, GCancellable *hurry)
{
  g_cancellable_cancel (hurry);
}

static void
test_stop_waits (void)
{
  Fixture fixture;

  stop_with_a_circuit (&fixture, NULL, end_circuit);
}

static void
test_stop_hurries (void)
{
  g_autoptr (GCancellable) hurry = g_cancellable_new ();
  Fixture fixture;

  stop_with_a_circuit (&fixture, hurry, hurry_up);
}

/* Stopped in good order and started again, as by a service manager: with nothing open it takes no time, and
 * its peers are back at once. */
static void
restart (Fixture *fixture, gint64 pause)
{
  g_autofree char *addresses = device_addresses (&fixture->relay, FALSE);
  gint64 begin = g_get_monotonic_time ();
  gint64 stopped, back;

  device_halt (&fixture->relay);
  stopped = g_get_monotonic_time ();
  spin_while_not (is_waiting, fixture->a.engine);
  device_configure (&fixture->relay, addresses, TRUE, SERVE);
  if (pause > 0)
    await_true (dex_timeout_new_usec (pause), NULL);
  device_run (&fixture->relay, PEERUP_ENGINE_DEFAULT);
  spin_while_not (is_reserved, fixture->a.engine);
  spin_while_not (is_reserved, fixture->b.engine);
  back = g_get_monotonic_time ();
  g_test_message ("stopped in %" G_GINT64_FORMAT " ms, away for %" G_GINT64_FORMAT
                  " ms, everybody back %" G_GINT64_FORMAT " ms after it began",
                  (stopped - begin) / 1000, pause / 1000, (back - begin) / 1000);
  g_assert_cmpint (back - begin - pause, <, 15 * G_USEC_PER_SEC);
}

static void
test_restart (gconstpointer listen)
{
  Fixture fixture;
  g_autoptr (GIOStream) stream = NULL;

  fixture_init (&fixture, listen, TRUE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture.a.engine);
  spin_while_not (is_reserved, fixture.b.engine);
  restart (&fixture, 0);
  stream = fixture_connect (&fixture);
  echo_assert (stream, "as before");
  fixture_clear (&fixture);
}

static void
test_restart_slow (void)
{
  Fixture fixture;

  fixture_init (&fixture, BOTH_ANY, TRUE, TRUE, SERVE);
  spin_while_not (is_reserved, fixture.a.engine);
  spin_while_not (is_reserved, fixture.b.engine);
  restart (&fixture, 3 * G_USEC_PER_SEC / 2);
  fixture_clear (&fixture);
}

/* The file is followed: on, other limits, off. */
static gboolean
has_seven (gpointer engine)
{
  return service_of (engine).settings.max_reservations == 7;
}

static gboolean
is_off (gpointer engine)
{
  return service_of (engine).state == PEERUP_ENGINE_RELAY_OFF;
}

static void
test_changes (void)
{
  Fixture fixture;
  PeerupEngineRelayState state;

  fixture_init (&fixture, TCP_ANY, TRUE, TRUE, "");
  g_assert_true (is_off (fixture.relay.engine));
  spin_while_not (is_waiting, fixture.a.engine);
  device_configure (&fixture.relay, TCP_ANY, TRUE, SERVE);
  spin_while_not (serves, fixture.relay.engine);
  /* By the push that hop is there now. */
  spin_while_not (is_reserved, fixture.a.engine);
  g_object_get (fixture.relay.engine, "relay-state", &state, NULL);
  g_assert_cmpint (state, ==, PEERUP_ENGINE_RELAY_SERVING);
  device_configure (&fixture.relay, TCP_ANY, TRUE, SERVE "resources: {max_reservations: 7}\n");
  spin_while_not (has_seven, fixture.relay.engine);
  g_assert_cmpuint (service_of (fixture.relay.engine).n_reservations, >, 0);
  device_configure (&fixture.relay, TCP_ANY, TRUE, "relay: {serve: false, drain_time: 1s}\n");
  spin_while_not (is_off, fixture.relay.engine);
  spin_while_not (is_waiting, fixture.a.engine);
  g_assert_true (has_no_reservation (fixture.relay.engine));
  fixture_clear (&fixture);
}

static void
test_announced_addresses (void)
{
  Fixture fixture;
  g_autoptr (GPtrArray) told = NULL;
  g_autofree char *expected = NULL;

  fixture_init (&fixture, TCP_ANY, TRUE, TRUE,
                "relay: {serve: true, announce: [/ip4/203.0.113.7/tcp/443, /dns4/relay.example.org/tcp/443]}\n");
  told = peerup_engine_relay_dup_addresses (fixture.relay.engine->relay);
  g_assert_cmpuint (told->len, ==, 2);
  expected = g_strdup_printf ("/ip4/203.0.113.7/tcp/443/p2p/%s", home_get_id (fixture.relay.home));
  g_assert_cmpstr (peerup_multiaddr_get_string (told->pdata[0]), ==, expected);
  fixture_clear (&fixture);
}

/* "peerup relay serve": whatever the file says, and by its own name. */
static void
test_flag (void)
{
  Device relay = { home_new (), NULL }, peer = { home_new (), NULL };
  g_autofree char *addresses = NULL;
  g_autoptr (PeerupPeer) seen = NULL;
  g_autoptr (GError) error = NULL;

  home_authorize (relay.home, peer.home);
  device_configure (&relay, TCP_ANY, TRUE, "");
  device_run (&relay, PEERUP_ENGINE_RELAY);
  g_assert_true (serves (relay.engine));
  device_configure (&peer, TCP_ANY, TRUE, "");
  device_run (&peer, PEERUP_ENGINE_DEFAULT);
  addresses = device_addresses (&relay, TRUE);
  seen = await_object (peerup_engine_connect (peer.engine, addresses), &error);
  g_assert_no_error (error);
  while (peerup_peer_get_agent (seen) == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (peerup_peer_get_agent (seen), "relay-server/"));
  device_clear (&peer);
  device_clear (&relay);
}

/* While somebody else wants it to relay for authorized peers. */
static void
test_for_peers (void)
{
  Fixture fixture;
  PeerupRelaySettings settings;

  fixture_init (&fixture, TCP_ANY, TRUE, TRUE, "");
  peerup_relay_settings_init (&settings);
  settings.max_circuits = 2;
  peerup_engine_relay_set_peer_settings (fixture.relay.engine->relay, &settings);
  g_assert_true (serves (fixture.relay.engine));
  g_assert_true (service_of (fixture.relay.engine).for_peers);
  g_assert_cmpuint (service_of (fixture.relay.engine).settings.max_circuits, ==, 2);
  spin_while_not (is_reserved, fixture.a.engine);
  peerup_engine_relay_set_peer_settings (fixture.relay.engine->relay, NULL);
  g_assert_true (is_off (fixture.relay.engine));
  spin_while_not (is_waiting, fixture.a.engine);
  fixture_clear (&fixture);
}

static void
test_for_peers_refuses_strangers (void)
{
  Fixture fixture;
  PeerupRelaySettings settings;

  fixture_init (&fixture, TCP_ANY, FALSE, FALSE, "");
  peerup_relay_settings_init (&settings);
  peerup_engine_relay_set_peer_settings (fixture.relay.engine->relay, &settings);
  while (!g_error_matches (relay_of (fixture.a.engine).error, PEERUP_ERROR, PEERUP_ERROR_DENIED))
    g_main_context_iteration (NULL, TRUE);
  fixture_clear (&fixture);
}

/* STUN */

static PeerupStunSocket *
stun_of (Device *device, PeerupSocketAddress *address)
{
  g_autoptr (GPtrArray) transports = peerup_swarm_dup_quic_transports (device->engine->swarm);

  g_assert_cmpuint (transports->len, >=, 1);
  peerup_udp_socket_get_address (peerup_quic_transport_get_socket (transports->pdata[0]), address);
  g_assert_cmpuint (peerup_engine_stun_get_n_sockets (device->engine->stun), >=, 1);
  return peerup_engine_stun_get_socket (device->engine->stun, 0);
}

static void
test_stun (void)
{
  Device relay = { home_new (), NULL }, other = { home_new (), NULL };
  PeerupSocketAddress relay_address, own_address;
  PeerupStunSocket *asker;
  g_autoptr (GError) error = NULL;
  g_autoptr (DexFuture) answer = NULL;

  device_configure (&relay, BOTH_ANY, TRUE, SERVE);
  device_run (&relay, PEERUP_ENGINE_DEFAULT);
  device_configure (&other, BOTH_ANY, TRUE, "");
  device_run (&other, PEERUP_ENGINE_DEFAULT);
  stun_of (&relay, &relay_address);
  asker = stun_of (&other, &own_address);
  /* Of a stranger, too: it is no more than an echo. */
  answer = peerup_stun_socket_ask (asker, &relay_address, g_get_monotonic_time () + 30 * G_USEC_PER_SEC);
  g_assert_true (await_true (dex_ref (answer), &error));
  g_assert_no_error (error);
  g_assert_true (peerup_socket_address_equal (
    &((PeerupStunBinding *) g_value_get_boxed (dex_future_get_value (answer, NULL)))->mapped, &own_address));
  g_assert_true (peerup_engine_stun_get_answering (relay.engine->stun));
  g_assert_false (peerup_engine_stun_get_answering (other.engine->stun));
  dex_clear (&answer);
  /* Nobody answers for a device that does not relay. */
  answer = peerup_stun_socket_ask (stun_of (&relay, &relay_address), &own_address,
                                   g_get_monotonic_time () + G_USEC_PER_SEC / 5);
  g_assert_false (await_true (g_steal_pointer (&answer), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  device_clear (&other);
  device_clear (&relay);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/relay/two-meet/tcp", TCP_ANY, test_two_meet);
  g_test_add_data_func ("/engine/relay/two-meet/quic", "/ip4/127.0.0.1/udp/0/quic-v1", test_two_meet);
  g_test_add_func ("/engine/relay/limits-of-strangers", test_limits_of_strangers);
  g_test_add_func ("/engine/relay/authorized-without-gating", test_authorized_without_gating);
  g_test_add_func ("/engine/relay/stranger-is-refused", test_stranger_is_refused);
  g_test_add_func ("/engine/relay/authorization-ends", test_authorization_ends);
  g_test_add_func ("/engine/relay/better-limits-end", test_better_limits_end);
  g_test_add_func ("/engine/relay/drain", test_drain);
  g_test_add_func ("/engine/relay/drain-has-a-deadline", test_drain_has_a_deadline);
  g_test_add_func ("/engine/relay/stop/waits", test_stop_waits);
  g_test_add_func ("/engine/relay/stop/hurries", test_stop_hurries);
  g_test_add_data_func ("/engine/relay/restart/tcp", TCP_ANY, test_restart);
  g_test_add_data_func ("/engine/relay/restart/quic", "/ip4/127.0.0.1/udp/0/quic-v1", test_restart);
  g_test_add_func ("/engine/relay/restart/slow", test_restart_slow);
  g_test_add_func ("/engine/relay/changes", test_changes);
  g_test_add_func ("/engine/relay/announced-addresses", test_announced_addresses);
  g_test_add_func ("/engine/relay/flag", test_flag);
  g_test_add_func ("/engine/relay/for-peers", test_for_peers);
  g_test_add_func ("/engine/relay/for-peers/strangers", test_for_peers_refuses_strangers);
  g_test_add_func ("/engine/relay/stun", test_stun);
  return g_test_run ();
}
