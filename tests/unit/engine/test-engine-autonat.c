/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Engines that ask servers where they can be reached: what follows from whose word. All ask at the same time, because
 * each waits until its network has settled.
 */
#include "engine/peerup-engine-private.h"

#include "../protocols/internet.h"
#include "../transport/transport-test.h"
#include "device.h"
#include "protocols/peerup-autonat-dial.h"
#include "wire/peerup-autonat-message.h"

#define BOTH "/ip4/" INTERNET_CLIENT "/tcp/0, /ip4/" INTERNET_CLIENT "/udp/0/quic-v1"
#define ONE  "/ip4/" INTERNET_CLIENT "/tcp/0"

static guint
n_servers (Device *self)
{
  return peerup_engine_autonat_get_n_servers (self->engine->autonat);
}

/* To one more server, which says so. */
static void
device_connect (Device *self, const char *address)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);
  guint n = n_servers (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeer) peer = await_object (peerup_engine_connect (self->engine, address), &error);

  g_assert_no_error (error);
  while (n_servers (self) == n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
connect_to_device (Device *self, Device *other)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (other->engine);

  device_connect (self, addresses[0]);
}

/* A relay: on loopback nobody would ask it. */
static Home *
relay_home (void)
{
  Home *home = home_new ();

  home_listen_and (home, "/ip4/" INTERNET_SERVER "/tcp/0", "relay: {serve: true}\n");
  return home;
}

/* Servers that say one thing whatever they are asked */

static DexFuture *
say_no_fiber (gpointer data)
{
  const PeerupAutonatMessage no = { .type = PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE,
                                    .status = PEERUP_AUTONAT_OK,
                                    .dial_status = PEERUP_AUTONAT_DIAL_ERROR };
  g_autoptr (GBytes) bytes = peerup_autonat_message_encode (&no);
  g_autoptr (GBytes) heard =
    peerup_stream_await_message (data, PEERUP_AUTONAT_MESSAGE_MAX, g_get_monotonic_time () + 30 * G_USEC_PER_SEC, NULL);

  if (heard != NULL)
    peerup_stream_await_write_all (data, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                   g_get_monotonic_time () + 30 * G_USEC_PER_SEC, NULL);
  peerup_stream_close (data);
  return dex_future_new_true ();
}

static void
on_request (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, say_no_fiber, stream, g_object_unref));
}

/* One that is no engine: it lies, or is honest with an @autonat of its own. */
typedef struct
{
  Party party;
  PeerupIdentify *identify;
  PeerupAutonat *autonat;
  PeerupMultiaddr *address;
} Server;

static void
server_start (Server *self, guint8 seed, gboolean honest)
{
  g_autoptr (PeerupMultiaddr) bare = NULL;

  party_init (&self->party, seed);
  bare = party_listen (&self->party, "/ip4/" INTERNET_SERVER "/tcp/0");
  self->address = peerup_multiaddr_with_peer_id (bare, party_id (&self->party));
  self->identify = peerup_identify_new (self->party.swarm);
  if (!honest)
    {
      peerup_swarm_add_protocol (self->party.swarm, PEERUP_AUTONAT_DIAL_REQUEST, on_request, NULL, NULL);
      return;
    }
  self->autonat = peerup_autonat_new (self->party.swarm);
  peerup_autonat_set_serving (self->autonat, TRUE);
}

static void
server_stop (Server *self)
{
  g_clear_object (&self->autonat);
  g_clear_object (&self->identify);
  g_clear_pointer (&self->address, peerup_multiaddr_unref);
  party_clear (&self->party);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Server, server_stop)

static void
connect_to_server (Device *self, Server *server)
{
  device_connect (self, peerup_multiaddr_get_string (server->address));
}

/* What came of it */

static guint
n_answers (Device *self)
{
  return peerup_engine_autonat_get_n_answers (self->engine->autonat);
}

static gboolean
has_one_answer (gpointer device)
{
  return n_answers (device) == 1;
}

static gboolean
has_two_answers (gpointer device)
{
  return n_answers (device) == 2;
}

static PeerupEngineAutonatAnswer
answer_of (Device *self, guint index)
{
  PeerupEngineAutonatAnswer answer;

  peerup_engine_autonat_get_answer (self->engine->autonat, index, &answer);
  return answer;
}

static gboolean
is_public (Device *self)
{
  return peerup_engine_peer_relay_is_public (self->engine->peer_relay);
}

static gboolean
is_serving (gpointer device)
{
  return peerup_engine_autonat_is_serving (((Device *) device)->engine->autonat);
}

static void
assert_answer (const PeerupEngineAutonatAnswer *answer, PeerupAutonatVerdict verdict, guint n_reachable,
               guint n_unreachable, gboolean proven)
{
  g_assert_cmpint (answer->verdict, ==, verdict);
  g_assert_cmpuint (answer->n_reachable, ==, n_reachable);
  g_assert_cmpuint (answer->n_unreachable, ==, n_unreachable);
  g_assert_cmpint (answer->proven, ==, proven);
  g_assert_cmpint (answer->asked_at, >, 0);
}

static void
assert_trusted (Device *self)
{
  PeerupEngineAutonatAnswer tcp, quic;

  spin_while_not (has_two_answers, self);
  tcp = answer_of (self, 0);
  quic = answer_of (self, 1);
  assert_answer (&tcp, PEERUP_AUTONAT_REACHABLE, 1, 0, TRUE);
  /* The server was dialed just before: what comes from it over UDP proves nothing. */
  g_assert_true (peerup_multiaddr_find (quic.address, PEERUP_MULTIADDR_UDP, NULL));
  assert_answer (&quic, PEERUP_AUTONAT_REACHABLE, 1, 0, FALSE);
  g_assert_true (is_public (self));
  /* So it relays for its peers, and dials them back. */
  spin_while_not (is_serving, self);
  /* Another network: nothing is known of it. */
  peerup_engine_autonat_changed (self->engine->autonat);
  g_assert_cmpuint (n_answers (self), ==, 0);
}

static void
assert_one (Device *self, PeerupAutonatVerdict verdict, guint n_reachable, guint n_unreachable)
{
  PeerupEngineAutonatAnswer answer;

  spin_while_not (has_one_answer, self);
  answer = answer_of (self, 0);
  assert_answer (&answer, verdict, n_reachable, n_unreachable, FALSE);
  g_assert_false (is_public (self));
  g_assert_false (is_serving (self));
}

static void
test_engine_autonat (void)
{
  g_auto (Device) relay = { 0 };
  g_auto (Server) honest = { 0 };
  g_auto (Server) liar = { 0 };
  g_auto (Server) other_liar = { 0 };
  Home *served = relay_home ();
  Home *trusting_home = home_new ();
  Home *homes[4];
  g_auto (Device) trusting = { 0 };
  g_auto (Device) strange = { 0 };
  g_auto (Device) torn = { 0 };
  g_auto (Device) outvoted = { 0 };
  g_auto (Device) hidden = { 0 };

  server_start (&honest, 1, TRUE);
  server_start (&liar, 2, FALSE);
  server_start (&other_liar, 3, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    {
      homes[i] = home_new ();
      home_listen (homes[i], ONE);
    }
  home_configure (homes[3], "");
  home_listen (trusting_home, BOTH);
  home_authorize (trusting_home, served);
  home_authorize (served, trusting_home);
  /* An authorized peer serves, because it relays. */
  relay = device_start (served, PEERUP_ENGINE_DEFAULT);
  g_assert_true (is_serving (&relay));
  trusting = device_start (trusting_home, PEERUP_ENGINE_DEFAULT);
  connect_to_device (&trusting, &relay);
  /* Only strangers do, whom it dialed by hand: one who is honest; one of each; two liars more than honest ones. */
  strange = device_start (homes[0], PEERUP_ENGINE_DEFAULT);
  connect_to_server (&strange, &honest);
  torn = device_start (homes[1], PEERUP_ENGINE_DEFAULT);
  connect_to_server (&torn, &honest);
  connect_to_server (&torn, &liar);
  outvoted = device_start (homes[2], PEERUP_ENGINE_DEFAULT);
  connect_to_server (&outvoted, &honest);
  connect_to_server (&outvoted, &liar);
  connect_to_server (&outvoted, &other_liar);
  /* It has no address to ask about. */
  hidden = device_start (homes[3], PEERUP_ENGINE_DEFAULT);
  connect_to_server (&hidden, &honest);
  assert_trusted (&trusting);
  assert_one (&strange, PEERUP_AUTONAT_REACHABLE, 1, 0);
  assert_one (&torn, PEERUP_AUTONAT_UNKNOWN, 1, 1);
  assert_one (&outvoted, PEERUP_AUTONAT_UNREACHABLE, 1, 2);
  g_assert_cmpuint (n_answers (&hidden), ==, 0);
}

int
main (int argc, char **argv)
{
  const char *missing = internet_enter ();

  g_test_init (&argc, &argv, NULL);
  dex_init ();
  if (missing != NULL)
    {
      g_print ("1..0 # SKIP %s\n", missing);
      return 0;
    }
  g_test_add_func ("/engine/autonat", test_engine_autonat);
  return g_test_run ();
}
