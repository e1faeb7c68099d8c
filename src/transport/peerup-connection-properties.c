/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The facts and figures of a connection as properties of the object. Nothing is kept here:
 * each is read where it stands when it is asked for. */

#include "transport/peerup-connection-private.h"

enum
{
  PROP_PEER_ID = 1,
  PROP_TRANSPORT,
  PROP_SECURITY,
  PROP_MUXER,
  PROP_LOCAL_ADDRESS,
  PROP_REMOTE_ADDRESS,
  PROP_OUTBOUND,
  PROP_LIMITED,
  PROP_PUNCHED,
  PROP_SILENT,
  PROP_OPENED_AT,
  PROP_N_STREAMS,
  PROP_RTT,
  PROP_RTT_MIN,
  PROP_RTT_VARIATION,
  PROP_BYTES_RECEIVED,
  PROP_BYTES_SENT,
  PROP_PACKETS_SENT,
  PROP_PACKETS_LOST,
  PROP_CONGESTION_WINDOW,
  PROP_BYTES_IN_FLIGHT,
  PROP_DELIVERY_RATE,
  PROP_PATH_MTU,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
get_figure (PeerupConnection *self, guint prop_id, GValue *value)
{
  PeerupConnectionFigures figures;

  peerup_connection_get_figures (self, &figures);
  switch (prop_id)
    {
    case PROP_RTT:
      g_value_set_int64 (value, figures.rtt);
      break;
    case PROP_RTT_MIN:
      g_value_set_int64 (value, figures.rtt_min);
      break;
    case PROP_RTT_VARIATION:
      g_value_set_int64 (value, figures.rtt_variation);
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, figures.bytes_received);
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, figures.bytes_sent);
      break;
    case PROP_PACKETS_SENT:
      g_value_set_uint64 (value, figures.packets_sent);
      break;
    case PROP_PACKETS_LOST:
      g_value_set_uint64 (value, figures.packets_lost);
      break;
    case PROP_CONGESTION_WINDOW:
      g_value_set_uint64 (value, figures.congestion_window);
      break;
    case PROP_BYTES_IN_FLIGHT:
      g_value_set_uint64 (value, figures.bytes_in_flight);
      break;
    case PROP_DELIVERY_RATE:
      g_value_set_uint64 (value, figures.delivery_rate);
      break;
    case PROP_PATH_MTU:
      g_value_set_uint (value, figures.path_mtu);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
set_address (GValue *value, PeerupMultiaddr *address)
{
  g_value_set_string (value, address != NULL ? peerup_multiaddr_get_string (address) : NULL);
}

static void
peerup_connection_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  PeerupConnection *self = PEERUP_CONNECTION (object);
  const PeerupConnectionInfo *info = peerup_connection_get_info (self);

  switch (prop_id)
    {
    case PROP_PEER_ID:
      g_value_set_string (value, peerup_peer_id_get_string (info->remote_peer));
      break;
    case PROP_TRANSPORT:
      g_value_set_static_string (value, info->transport);
      break;
    case PROP_SECURITY:
      g_value_set_static_string (value, info->security);
      break;
    case PROP_MUXER:
      g_value_set_static_string (value, info->muxer);
      break;
    case PROP_LOCAL_ADDRESS:
      set_address (value, info->local_address);
      break;
    case PROP_REMOTE_ADDRESS:
      set_address (value, info->remote_address);
      break;
    case PROP_OUTBOUND:
      g_value_set_boolean (value, info->outbound);
      break;
    case PROP_LIMITED:
      g_value_set_boolean (value, info->limited);
      break;
    case PROP_PUNCHED:
      g_value_set_boolean (value, info->punched);
      break;
    case PROP_SILENT:
      g_value_set_boolean (value, peerup_connection_is_silent (self));
      break;
    case PROP_OPENED_AT:
      g_value_set_int64 (value, peerup_connection_get_opened_at (self));
      break;
    case PROP_N_STREAMS:
      g_value_set_uint (value, peerup_connection_get_n_streams (self));
      break;
    default:
      get_figure (self, prop_id, value);
    }
}

#define FLAGS (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)

static GParamSpec *
string_property (const char *name)
{
  return g_param_spec_string (name, NULL, NULL, NULL, FLAGS);
}

/* Microseconds; -1: not known. */
static GParamSpec *
time_property (const char *name)
{
  return g_param_spec_int64 (name, NULL, NULL, -1, G_MAXINT64, -1, FLAGS);
}

static GParamSpec *
count_property (const char *name)
{
  return g_param_spec_uint64 (name, NULL, NULL, 0, G_MAXUINT64, 0, FLAGS);
}

void
peerup_connection_install_properties (GObjectClass *klass)
{
  klass->get_property = peerup_connection_get_property;
  properties[PROP_PEER_ID] = string_property ("peer-id");
  properties[PROP_TRANSPORT] = string_property ("transport");
  properties[PROP_SECURITY] = string_property ("security");
  properties[PROP_MUXER] = string_property ("muxer");
  properties[PROP_LOCAL_ADDRESS] = string_property ("local-address");
  properties[PROP_REMOTE_ADDRESS] = string_property ("remote-address");
  properties[PROP_OUTBOUND] = g_param_spec_boolean ("outbound", NULL, NULL, FALSE, FLAGS);
  properties[PROP_LIMITED] = g_param_spec_boolean ("limited", NULL, NULL, FALSE, FLAGS);
  properties[PROP_PUNCHED] = g_param_spec_boolean ("punched", NULL, NULL, FALSE, FLAGS);
  properties[PROP_SILENT] = g_param_spec_boolean ("silent", NULL, NULL, FALSE, FLAGS);
  properties[PROP_OPENED_AT] = time_property ("opened-at");
  properties[PROP_N_STREAMS] = g_param_spec_uint ("n-streams", NULL, NULL, 0, G_MAXUINT, 0, FLAGS);
  properties[PROP_RTT] = time_property ("rtt");
  properties[PROP_RTT_MIN] = time_property ("rtt-min");
  properties[PROP_RTT_VARIATION] = time_property ("rtt-variation");
  properties[PROP_BYTES_RECEIVED] = count_property ("bytes-received");
  properties[PROP_BYTES_SENT] = count_property ("bytes-sent");
  properties[PROP_PACKETS_SENT] = count_property ("packets-sent");
  properties[PROP_PACKETS_LOST] = count_property ("packets-lost");
  properties[PROP_CONGESTION_WINDOW] = count_property ("congestion-window");
  properties[PROP_BYTES_IN_FLIGHT] = count_property ("bytes-in-flight");
  properties[PROP_DELIVERY_RATE] = count_property ("delivery-rate");
  properties[PROP_PATH_MTU] = g_param_spec_uint ("path-mtu", NULL, NULL, 0, G_MAXUINT, 0, FLAGS);
  g_object_class_install_properties (klass, N_PROPS, properties);
}
