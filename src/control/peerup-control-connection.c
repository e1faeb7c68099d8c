/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* From a connection and its streams to the dictionaries of the control interface. What a
 * transport does not know is left out, so that nobody takes a zero for a fact.
 */
#include "control/peerup-control-describe.h"

static void
add_address (GVariantDict *dict, const char *key, PeerupMultiaddr *address)
{
  if (address != NULL)
    g_variant_dict_insert (dict, key, "s", peerup_multiaddr_get_string (address));
}

static void
add_time (GVariantDict *dict, const char *key, gint64 microseconds)
{
  if (microseconds >= 0)
    g_variant_dict_insert (dict, key, "x", microseconds);
}

static void
add_facts (GVariantDict *dict, const PeerupConnectionInfo *info)
{
  gboolean relayed = info->limited || g_str_equal (info->transport, "relay");

  g_variant_dict_insert (dict, "peer_id", "s", peerup_peer_id_get_string (info->remote_peer));
  g_variant_dict_insert (dict, "path", "s", relayed ? "relayed" : "direct");
  g_variant_dict_insert (dict, "transport", "s", info->transport);
  g_variant_dict_insert (dict, "security", "s", info->security);
  g_variant_dict_insert (dict, "muxer", "s", info->muxer);
  g_variant_dict_insert (dict, "outbound", "b", info->outbound);
  g_variant_dict_insert (dict, "limited", "b", info->limited);
  add_address (dict, "local_address", info->local_address);
  add_address (dict, "remote_address", info->remote_address);
}

static void
add_figures (GVariantDict *dict, const PeerupConnectionFigures *figures)
{
  g_variant_dict_insert (dict, "bytes_received", "t", figures->bytes_received);
  g_variant_dict_insert (dict, "bytes_sent", "t", figures->bytes_sent);
  add_time (dict, "rtt_us", figures->rtt);
  add_time (dict, "rtt_min_us", figures->rtt_min);
  add_time (dict, "rtt_variation_us", figures->rtt_variation);
  /* No handshake goes by without a packet, and no packet leaves without a window. */
  if (figures->packets_sent > 0)
    {
      g_variant_dict_insert (dict, "packets_sent", "t", figures->packets_sent);
      g_variant_dict_insert (dict, "packets_lost", "t", figures->packets_lost);
    }
  if (figures->congestion_window > 0)
    {
      g_variant_dict_insert (dict, "congestion_window", "t", figures->congestion_window);
      g_variant_dict_insert (dict, "bytes_in_flight", "t", figures->bytes_in_flight);
    }
  if (figures->delivery_rate > 0)
    g_variant_dict_insert (dict, "delivery_rate", "t", figures->delivery_rate);
  if (figures->path_mtu > 0)
    g_variant_dict_insert (dict, "path_mtu", "u", figures->path_mtu);
}

GVariant *
peerup_control_describe_stream (PeerupStream *stream)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *protocol = peerup_stream_get_protocol (stream);
  PeerupStreamFigures figures;

  peerup_stream_get_figures (stream, &figures);
  g_variant_dict_insert (&dict, "protocol", "s", protocol != NULL ? protocol : "");
  g_variant_dict_insert (&dict, "age_us", "x", g_get_monotonic_time () - figures.opened_at);
  g_variant_dict_insert (&dict, "bytes_received", "t", figures.bytes_received);
  g_variant_dict_insert (&dict, "bytes_sent", "t", figures.bytes_sent);
  if (figures.packets_lost >= 0)
    g_variant_dict_insert (&dict, "packets_lost", "t", (guint64) figures.packets_lost);
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_streams (PeerupConnection *connection)
{
  g_autoptr (GPtrArray) streams = peerup_connection_dup_streams (connection);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < streams->len; i++)
    g_variant_builder_add_value (&builder, peerup_control_describe_stream (g_ptr_array_index (streams, i)));
  return g_variant_builder_end (&builder);
}

GVariant *
peerup_control_describe_connection (PeerupConnection *connection, const char *name)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  PeerupConnectionFigures figures;

  peerup_connection_get_figures (connection, &figures);
  add_facts (&dict, peerup_connection_get_info (connection));
  add_figures (&dict, &figures);
  g_variant_dict_insert (&dict, "name", "s", name != NULL ? name : "");
  g_variant_dict_insert (&dict, "age_us", "x", g_get_monotonic_time () - peerup_connection_get_opened_at (connection));
  g_variant_dict_insert (&dict, "n_streams", "u", peerup_connection_get_n_streams (connection));
  g_variant_dict_insert_value (&dict, "streams", describe_streams (connection));
  return g_variant_dict_end (&dict);
}
