/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The facts behind “peerup doctor” that only the running engine has: its sockets, its
 * dispatches, what it has learned of the network. It judges nothing.
 */
#include "control/peerup-control-describe.h"

static GVariant *
describe_udp_socket (PeerupQuicTransport *transport)
{
  PeerupUdpSocket *socket = peerup_quic_transport_get_socket (transport);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *where = NULL;
  PeerupSocketAddress address;
  PeerupUdpFigures figures;

  peerup_udp_socket_get_address (socket, &address);
  peerup_udp_socket_get_figures (socket, &figures);
  where = peerup_socket_address_to_string (&address);
  g_variant_dict_insert (&dict, "address", "s", where);
  g_variant_dict_insert (&dict, "connections", "u", peerup_quic_transport_get_n_connections (transport));
  g_variant_dict_insert (&dict, "receive_buffer", "t", (guint64) figures.receive_buffer);
  g_variant_dict_insert (&dict, "send_buffer", "t", (guint64) figures.send_buffer);
  g_variant_dict_insert (&dict, "buffer_wanted", "t", (guint64) PEERUP_UDP_BUFFER_WANTED);
  g_variant_dict_insert (&dict, "gro", "b", figures.has_gro);
  g_variant_dict_insert (&dict, "gso", "b", figures.has_gso);
  g_variant_dict_insert (&dict, "ecn", "b", figures.has_ecn);
  g_variant_dict_insert (&dict, "mtu_probe", "b", figures.has_mtu_probe);
  g_variant_dict_insert (&dict, "received", "t", figures.received);
  g_variant_dict_insert (&dict, "sent", "t", figures.sent);
  g_variant_dict_insert (&dict, "dropped", "t", figures.dropped);
  g_variant_dict_insert (&dict, "unsent", "t", figures.unsent);
  g_variant_dict_insert (&dict, "unknown", "t", figures.unknown);
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_udp_sockets (PeerupSwarm *swarm)
{
  g_autoptr (GPtrArray) transports = peerup_swarm_dup_quic_transports (swarm);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < transports->len; i++)
    g_variant_builder_add_value (&builder, describe_udp_socket (g_ptr_array_index (transports, i)));
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_listening (PeerupEngine *engine)
{
  GPtrArray *addresses = peerup_engine_get_configured_addresses (engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; addresses != NULL && i < addresses->len; i++)
    {
      PeerupMultiaddr *address = g_ptr_array_index (addresses, i);
      const char *error = peerup_engine_get_listen_error (engine, address);
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "address", "s", peerup_multiaddr_get_string (address));
      if (error != NULL)
        g_variant_dict_insert (&dict, "error", "s", error);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_problems (PeerupEngine *engine)
{
  g_auto (GStrv) texts = peerup_problems_dup (engine->problems);
  g_auto (GStrv) keys = peerup_problems_dup_keys (engine->problems);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));

  for (guint i = 0; texts[i] != NULL; i++)
    g_variant_builder_add (&builder, "{ss}", keys[i], texts[i]);
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_dispatches (void)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  guint64 buckets[PEERUP_REACTOR_BUCKETS];

  peerup_reactor_get_histogram (reactor, PEERUP_REACTOR_ELAPSED, buckets);
  return g_variant_new_fixed_array (G_VARIANT_TYPE_UINT64, buckets, PEERUP_REACTOR_BUCKETS, sizeof buckets[0]);
}

GVariant *
peerup_control_describe_diagnostics (PeerupEngine *engine)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  if (peerup_engine_get_state (engine) == PEERUP_ENGINE_RUNNING)
    {
      gboolean bbr = peerup_swarm_get_congestion (engine->swarm) == PEERUP_QUIC_BBR;

      g_variant_dict_insert (&dict, "congestion", "s", bbr ? "bbr" : "cubic");
      g_variant_dict_insert (&dict, "udp_blocked", "b", peerup_swarm_is_udp_blocked (engine->swarm));
      g_variant_dict_insert_value (&dict, "problems", describe_problems (engine));
      g_variant_dict_insert_value (&dict, "dispatches", describe_dispatches ());
      g_variant_dict_insert_value (&dict, "listening", describe_listening (engine));
      g_variant_dict_insert_value (&dict, "udp_sockets", describe_udp_sockets (engine->swarm));
    }
  return g_variant_dict_end (&dict);
}
