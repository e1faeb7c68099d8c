/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a person is shown of one peer. A view: it holds the peer's connections to read
 * their facts, but opens and closes none. Lives in the engine's list from the first dial
 * or connection on, and may be held longer; it then stays disconnected.
 *
 * The state is written by set_state() alone.
 */
#include "engine/peerup-peer-private.h"

#include "engine/peerup-path-history.h"
#include "transport/peerup-notify.h"

struct _PeerupPeer
{
  GObject parent_instance;

  PeerupPeerId *id;
  char *name;
  char *agent;
  GVariant *services;          /* nullable: not told yet */
  const char *services_source; /* static */
  gint64 services_at;          /* seconds since 1970 */
  gint64 services_told;        /* monotonic µs */
  GPtrArray *connections;
  PeerupPeerState state;
  guint n_dials;
};

G_DEFINE_FINAL_TYPE (PeerupPeer, peerup_peer, G_TYPE_OBJECT)
G_DEFINE_ENUM_TYPE (PeerupPeerState, peerup_peer_state, G_DEFINE_ENUM_VALUE (PEERUP_PEER_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (PEERUP_PEER_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (PEERUP_PEER_CONNECTED, "connected"))

enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_AGENT,
  PROP_SERVICES,
  PROP_STATE,
  PROP_ADDRESS,
  PROP_TRANSPORT,
  PROP_SECURITY,
  PROP_RELAYED,
  PROP_PATH,
  PROP_OUTBOUND,
  PROP_CONNECTED_AT,
  PROP_RTT,
  PROP_BYTES_RECEIVED,
  PROP_BYTES_SENT,
  PROP_N_CONNECTIONS,
  PROP_N_STREAMS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static PeerupConnection *
best_connection (PeerupPeer *self)
{
  return self->connections->len > 0 ? g_ptr_array_index (self->connections, 0) : NULL;
}

static const PeerupConnectionInfo *
best_info (PeerupPeer *self)
{
  PeerupConnection *connection = best_connection (self);

  return connection != NULL ? peerup_connection_get_info (connection) : NULL;
}

PeerupConnection *
peerup_peer_get_best (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  return best_connection (self);
}

PeerupPeerId *
peerup_peer_get_peer_id (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  return self->id;
}

/**
 * peerup_peer_get_id:
 *
 * Who it is.
 *
 * Returns: the peer ID in base58 ("12D3KooW…")
 */
const char *
peerup_peer_get_id (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  return peerup_peer_id_get_string (self->id);
}

/**
 * peerup_peer_get_name:
 *
 * What people call it here.
 *
 * Returns: (nullable): the name the configuration gives the peer
 */
const char *
peerup_peer_get_name (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  return self->name;
}

/**
 * peerup_peer_get_agent:
 *
 * What it runs.
 *
 * Returns: (nullable): program and version as the peer tells them ("peerup/0.1.0"); not proven
 */
const char *
peerup_peer_get_agent (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  return self->agent;
}

/**
 * peerup_peer_get_services:
 *
 * What this device may use there.
 *
 * Returns: (nullable) (transfer none): dictionaries (`aa{sv}`) of name, kind, tags and protocol, as the peer told them
 *   last; %NULL before it did. Not proven
 */
GVariant *
peerup_peer_get_services (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  return self->services;
}

const char *
peerup_peer_get_services_source (PeerupPeer *self)
{
  return self->services_source != NULL ? self->services_source : "";
}

gint64
peerup_peer_get_services_at (PeerupPeer *self)
{
  return self->services_at;
}

gint64
peerup_peer_get_services_age (PeerupPeer *self)
{
  return self->services != NULL ? MAX (g_get_monotonic_time () - self->services_told, 0) : 0;
}

void
peerup_peer_set_services (PeerupPeer *self, GVariant *services, const char *source)
{
  g_autoptr (GVariant) taken = g_variant_ref_sink (services);
  gboolean same =
    self->services != NULL && g_variant_equal (self->services, taken) && g_str_equal (self->services_source, source);

  self->services_at = g_get_real_time () / G_USEC_PER_SEC;
  self->services_told = g_get_monotonic_time ();
  if (same)
    return;
  g_clear_pointer (&self->services, g_variant_unref);
  self->services = g_steal_pointer (&taken);
  self->services_source = source;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SERVICES]);
}

/**
 * peerup_peer_get_state:
 *
 * Whether it is connected.
 *
 * Returns: its state now
 */
PeerupPeerState
peerup_peer_get_state (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), PEERUP_PEER_DISCONNECTED);
  return self->state;
}

/**
 * peerup_peer_get_address:
 *
 * Where it is.
 *
 * Returns: (nullable): the multiaddr of the remote end of the best connection
 */
const char *
peerup_peer_get_address (PeerupPeer *self)
{
  const PeerupConnectionInfo *info;

  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  info = best_info (self);
  return info != NULL && info->remote_address != NULL ? peerup_multiaddr_get_string (info->remote_address) : NULL;
}

/**
 * peerup_peer_get_transport:
 *
 * How it is connected.
 *
 * Returns: (nullable): "quic-v1", "tcp", "websocket" or "relay", of the best connection
 */
const char *
peerup_peer_get_transport (PeerupPeer *self)
{
  const PeerupConnectionInfo *info;

  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  info = best_info (self);
  return info != NULL ? info->transport : NULL;
}

/**
 * peerup_peer_get_security:
 *
 * How the connection is protected.
 *
 * Returns: (nullable): the negotiated security protocol ("/tls/1.0.0", "/noise")
 */
const char *
peerup_peer_get_security (PeerupPeer *self)
{
  const PeerupConnectionInfo *info;

  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  info = best_info (self);
  return info != NULL ? info->security : NULL;
}

/**
 * peerup_peer_get_relayed:
 *
 * Whether others carry what is said.
 *
 * Returns: whether the best connection goes through a relay
 */
gboolean
peerup_peer_get_relayed (PeerupPeer *self)
{
  const PeerupConnectionInfo *info;

  g_return_val_if_fail (PEERUP_IS_PEER (self), FALSE);
  info = best_info (self);
  return info != NULL && (info->limited || g_str_equal (info->transport, "relay"));
}

/**
 * peerup_peer_get_path:
 *
 * What kind of way leads to it.
 *
 * Returns: (nullable): "direct", "punched" (directly, through NATs that both sides had to open) or "relayed", of the
 *   best connection
 */
const char *
peerup_peer_get_path (PeerupPeer *self)
{
  PeerupConnection *connection;

  g_return_val_if_fail (PEERUP_IS_PEER (self), NULL);
  connection = best_connection (self);
  return connection != NULL ? peerup_path_get_kind (connection) : NULL;
}

/**
 * peerup_peer_get_outbound:
 *
 * Who began.
 *
 * Returns: whether the best connection was dialed by this side
 */
gboolean
peerup_peer_get_outbound (PeerupPeer *self)
{
  const PeerupConnectionInfo *info;

  g_return_val_if_fail (PEERUP_IS_PEER (self), FALSE);
  info = best_info (self);
  return info != NULL && info->outbound;
}

/**
 * peerup_peer_get_connected_at:
 *
 * Since when.
 *
 * Returns: seconds since 1970 when the best connection was made, 0 without one
 */
gint64
peerup_peer_get_connected_at (PeerupPeer *self)
{
  PeerupConnection *connection;
  gint64 age;

  g_return_val_if_fail (PEERUP_IS_PEER (self), 0);
  connection = best_connection (self);
  if (connection == NULL)
    return 0;
  age = g_get_monotonic_time () - peerup_connection_get_opened_at (connection);
  return (g_get_real_time () - age) / G_USEC_PER_SEC;
}

/**
 * peerup_peer_get_rtt:
 *
 * How far away it is; read when asked, and never notified.
 *
 * Returns: the smoothed round trip of the best connection in microseconds, -1 while unknown
 */
gint64
peerup_peer_get_rtt (PeerupPeer *self)
{
  PeerupConnectionFigures figures = { .rtt = -1 };
  PeerupConnection *connection;

  g_return_val_if_fail (PEERUP_IS_PEER (self), -1);
  connection = best_connection (self);
  /* The same that the connection's own figures say: over TCP the kernel knows better than pings. */
  if (connection != NULL)
    peerup_connection_get_figures (connection, &figures);
  return figures.rtt;
}

static void
sum_bytes (PeerupPeer *self, guint64 *received, guint64 *sent)
{
  *received = *sent = 0;
  for (guint i = 0; i < self->connections->len; i++)
    {
      guint64 in = 0, out = 0;

      peerup_connection_get_bytes (g_ptr_array_index (self->connections, i), &in, &out);
      *received += in;
      *sent += out;
    }
}

/**
 * peerup_peer_get_bytes_received:
 *
 * What came from it; read when asked, and never notified.
 *
 * Returns: bytes received over the connections that are open now
 */
guint64
peerup_peer_get_bytes_received (PeerupPeer *self)
{
  guint64 received, sent;

  g_return_val_if_fail (PEERUP_IS_PEER (self), 0);
  sum_bytes (self, &received, &sent);
  return received;
}

/**
 * peerup_peer_get_bytes_sent:
 *
 * What went to it; read when asked, and never notified.
 *
 * Returns: bytes sent over the connections that are open now
 */
guint64
peerup_peer_get_bytes_sent (PeerupPeer *self)
{
  guint64 received, sent;

  g_return_val_if_fail (PEERUP_IS_PEER (self), 0);
  sum_bytes (self, &received, &sent);
  return sent;
}

/**
 * peerup_peer_get_n_connections:
 *
 * How many connections there are to it.
 *
 * Returns: the number that are open now
 */
guint
peerup_peer_get_n_connections (PeerupPeer *self)
{
  g_return_val_if_fail (PEERUP_IS_PEER (self), 0);
  return self->connections->len;
}

/**
 * peerup_peer_get_n_streams:
 *
 * How many streams there are on them.
 *
 * Returns: the number that are open now
 */
guint
peerup_peer_get_n_streams (PeerupPeer *self)
{
  guint n = 0;

  g_return_val_if_fail (PEERUP_IS_PEER (self), 0);
  for (guint i = 0; i < self->connections->len; i++)
    n += peerup_connection_get_n_streams (g_ptr_array_index (self->connections, i));
  return n;
}

void
peerup_peer_set_name (PeerupPeer *self, const char *name)
{
  if (g_set_str (&self->name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

void
peerup_peer_set_agent (PeerupPeer *self, const char *agent)
{
  if (g_set_str (&self->agent, agent))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AGENT]);
}

/* Every edge exists: an answer that no longer comes leads from connected to connecting. */
static void
set_state (PeerupPeer *self, PeerupPeerState state)
{
  static const char *const names[] = { "disconnected", "connecting", "connected" };

  if (self->state == state)
    return;
  g_debug ("peer %s: %s -> %s", peerup_peer_get_id (self), names[self->state], names[state]);
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static gboolean
is_heard (PeerupPeer *self)
{
  for (guint i = 0; i < self->connections->len; i++)
    if (!peerup_connection_is_silent (g_ptr_array_index (self->connections, i)))
      return TRUE;
  return FALSE;
}

/* Between two connections a peer is disconnected for a moment, also when a dial is under way. */
static void
update_state (PeerupPeer *self)
{
  if (is_heard (self))
    {
      set_state (self, PEERUP_PEER_CONNECTED);
      return;
    }
  if (self->connections->len > 0)
    {
      set_state (self, PEERUP_PEER_CONNECTING);
      return;
    }
  if (self->state == PEERUP_PEER_CONNECTED)
    set_state (self, PEERUP_PEER_DISCONNECTED);
  set_state (self, self->n_dials > 0 ? PEERUP_PEER_CONNECTING : PEERUP_PEER_DISCONNECTED);
}

void
peerup_peer_begin_dial (PeerupPeer *self)
{
  self->n_dials++;
  update_state (self);
}

void
peerup_peer_end_dial (PeerupPeer *self)
{
  g_assert (self->n_dials > 0);
  self->n_dials--;
  update_state (self);
}

void
peerup_peer_set_connections (PeerupPeer *self, GPtrArray *connections)
{
  static const int path[] = { PROP_ADDRESS, PROP_TRANSPORT, PROP_SECURITY,     PROP_RELAYED,
                              PROP_PATH,    PROP_OUTBOUND,  PROP_CONNECTED_AT, PROP_N_CONNECTIONS };
  g_autoptr (GPtrArray) old = g_steal_pointer (&self->connections);

  self->connections = g_ptr_array_copy (connections, (GCopyFunc) (void *) g_object_ref, NULL);
  g_ptr_array_set_free_func (self->connections, g_object_unref);
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = 0; i < G_N_ELEMENTS (path); i++)
    g_object_notify_by_pspec (G_OBJECT (self), properties[path[i]]);
  update_state (self);
  g_object_thaw_notify (G_OBJECT (self));
}

PeerupPeer *
peerup_peer_new (PeerupPeerId *id)
{
  PeerupPeer *self = g_object_new (PEERUP_TYPE_PEER, NULL);

  self->id = peerup_peer_id_ref (id);
  return self;
}

static void
get_path_property (PeerupPeer *self, guint prop_id, GValue *value)
{
  switch (prop_id)
    {
    case PROP_ADDRESS:
      g_value_set_string (value, peerup_peer_get_address (self));
      break;
    case PROP_TRANSPORT:
      g_value_set_string (value, peerup_peer_get_transport (self));
      break;
    case PROP_SECURITY:
      g_value_set_string (value, peerup_peer_get_security (self));
      break;
    case PROP_RELAYED:
      g_value_set_boolean (value, peerup_peer_get_relayed (self));
      break;
    case PROP_PATH:
      g_value_set_string (value, peerup_peer_get_path (self));
      break;
    case PROP_OUTBOUND:
      g_value_set_boolean (value, peerup_peer_get_outbound (self));
      break;
    case PROP_CONNECTED_AT:
      g_value_set_int64 (value, peerup_peer_get_connected_at (self));
      break;
    case PROP_RTT:
      g_value_set_int64 (value, peerup_peer_get_rtt (self));
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, peerup_peer_get_bytes_received (self));
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, peerup_peer_get_bytes_sent (self));
      break;
    case PROP_N_CONNECTIONS:
      g_value_set_uint (value, peerup_peer_get_n_connections (self));
      break;
    case PROP_N_STREAMS:
      g_value_set_uint (value, peerup_peer_get_n_streams (self));
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
peerup_peer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  PeerupPeer *self = PEERUP_PEER (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, peerup_peer_get_id (self));
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_AGENT:
      g_value_set_string (value, self->agent);
      break;
    case PROP_SERVICES:
      g_value_set_variant (value, self->services);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    default:
      get_path_property (self, prop_id, value);
    }
}

static void
peerup_peer_finalize (GObject *object)
{
  PeerupPeer *self = PEERUP_PEER (object);

  g_clear_pointer (&self->connections, g_ptr_array_unref);
  g_clear_pointer (&self->id, peerup_peer_id_unref);
  g_free (self->name);
  g_free (self->agent);
  g_clear_pointer (&self->services, g_variant_unref);
  G_OBJECT_CLASS (peerup_peer_parent_class)->finalize (object);
}

static void
peerup_peer_class_init (PeerupPeerClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = peerup_peer_finalize;
  peerup_notify_outside_fibers (object_class);
  object_class->get_property = peerup_peer_get_property;

  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_AGENT] = g_param_spec_string ("agent", NULL, NULL, NULL, flags);
  properties[PROP_SERVICES] = g_param_spec_variant ("services", NULL, NULL, G_VARIANT_TYPE ("aa{sv}"), NULL, flags);
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, PEERUP_TYPE_PEER_STATE, PEERUP_PEER_DISCONNECTED, flags);
  properties[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  properties[PROP_TRANSPORT] = g_param_spec_string ("transport", NULL, NULL, NULL, flags);
  properties[PROP_SECURITY] = g_param_spec_string ("security", NULL, NULL, NULL, flags);
  properties[PROP_RELAYED] = g_param_spec_boolean ("relayed", NULL, NULL, FALSE, flags);
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  properties[PROP_OUTBOUND] = g_param_spec_boolean ("outbound", NULL, NULL, FALSE, flags);
  properties[PROP_CONNECTED_AT] = g_param_spec_int64 ("connected-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_RTT] = g_param_spec_int64 ("rtt", NULL, NULL, -1, G_MAXINT64, -1, flags);
  properties[PROP_BYTES_RECEIVED] = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_BYTES_SENT] = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_N_CONNECTIONS] = g_param_spec_uint ("n-connections", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_STREAMS] = g_param_spec_uint ("n-streams", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
peerup_peer_init (PeerupPeer *self)
{
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
}
