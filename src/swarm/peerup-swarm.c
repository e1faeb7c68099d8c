/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The swarm's tables: connections by peer, handlers by protocol, and the way of an inbound
 * stream from one to the other. Listening and dialing stand in files of their own. */

#include "swarm/peerup-swarm.h"

#include <glib/gi18n-lib.h>

#include "swarm/peerup-swarm-private.h"
#include "transport/quic/peerup-quic.h"
#include "wire/peerup-error.h"
#include "transport/peerup-fiber.h"

G_DEFINE_FINAL_TYPE (PeerupSwarm, peerup_swarm, G_TYPE_OBJECT)

enum
{
  SIGNAL_CONNECTION_OPENED,
  SIGNAL_CONNECTION_CLOSED,
  SIGNAL_CONNECTION_CHANGED,
  SIGNAL_PROTOCOLS_CHANGED,
  SIGNAL_ADDRESSES_CHANGED,
  SIGNAL_NETWORK_CHANGED,
  SIGNAL_SOCKET_CLOSED,
  SIGNAL_REFUSED,
  SIGNAL_LIMITED,
  SIGNAL_DIALED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  gatomicrefcount ref_count;
  PeerupProtocolFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Handler;

static void
handler_unref (gpointer data)
{
  Handler *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self);
}

/* The gate, at the handshake and for each stream. */

static gboolean
swarm_ask_gate (PeerupSwarm *self, PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, GError **error)
{
  return self->gate == NULL || self->gate (peer, address, outbound, self->gate_data, error);
}

gboolean
peerup_swarm_gate_handshake (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data,
                             GError **error)
{
  PeerupSwarm *self = data;
  g_autoptr (GError) local = NULL;

  if (swarm_ask_gate (self, peer, address, outbound, &local) ||
      (!outbound && peerup_swarm_expects_guest (self, address)))
    return TRUE;
  if (!outbound)
    g_signal_emit (self, signals[SIGNAL_REFUSED], 0, peer, address != NULL ? peerup_multiaddr_get_string (address) : "",
                   local->message);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, local->message);
  return FALSE;
}

static DexFuture *
drop_swarm (DexFuture *future, gpointer data)
{
  return NULL;
}

DexFuture *
peerup_swarm_upgrade (PeerupSwarm *self, PeerupStream *raw, const PeerupUpgradeOptions *options)
{
  PeerupUpgradeOptions full = *options;

  full.identity = self->identity;
  full.certificate = self->certificate;
  full.securities = self->securities;
  full.gate = peerup_swarm_gate_handshake;
  full.gate_data = self;
  /* The gate needs the swarm until the upgrade has ended. */
  return dex_future_finally (peerup_upgrade (raw, &full), drop_swarm, g_object_ref (self), g_object_unref);
}

/* Streams */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupConnection *connection;
  PeerupStream *stream;
} Incoming;

static void
incoming_free (gpointer data)
{
  Incoming *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->connection);
  g_object_unref (self->stream);
  g_free (self);
}

static gboolean
is_protocol_served (const char *protocol, gpointer data)
{
  Incoming *self = data;
  PeerupSwarm *swarm = self->swarm;

  return g_hash_table_contains (swarm->protocols, protocol) &&
         (swarm->view == NULL || swarm->view (swarm, self->connection, protocol, swarm->view_data));
}

static DexFuture *
incoming_fiber (gpointer data)
{
  Incoming *self = data;
  g_autoptr (GError) error = NULL;
  gint64 deadline = g_get_monotonic_time () + PEERUP_SWARM_NEGOTIATE_TIMEOUT;
  const char *protocol = peerup_negotiate_listen (self->stream, is_protocol_served, self, deadline, &error);
  Handler *handler;

  if (protocol == NULL)
    {
      g_debug ("A stream of %s came to nothing: %s",
               peerup_peer_id_get_string (peerup_connection_get_remote_peer (self->connection)), error->message);
      return dex_future_new_for_boolean (FALSE);
    }
  handler = g_hash_table_lookup (self->swarm->protocols, protocol);
  if (handler == NULL)
    {
      peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NEGOTIATION_FAILED);
      return dex_future_new_for_boolean (FALSE);
    }
  g_atomic_ref_count_inc (&handler->ref_count);
  handler->func (self->swarm, self->connection, g_object_ref (self->stream), handler->data);
  handler_unref (handler);
  return dex_future_new_for_boolean (TRUE);
}

/* An outbound connection was our own wish; an inbound peer's right may have ended since. */
static gboolean
swarm_gates (PeerupSwarm *self, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  return swarm_ask_gate (self, info->remote_peer, info->remote_address, info->outbound, NULL);
}

static void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupSwarm *self = data;
  Incoming *incoming;

  if (!swarm_gates (self, connection))
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_GATED);
      return;
    }
  if (!peerup_swarm_admit_stream (self, connection, stream))
    return;
  incoming = g_new0 (Incoming, 1);
  incoming->swarm = g_object_ref (self);
  incoming->connection = g_object_ref (connection);
  incoming->stream = g_object_ref (stream);
  /* Ends by its deadline at the latest; the handler owns the stream then. */
  dex_future_disown (peerup_fiber_run (incoming_fiber, incoming, incoming_free));
}

typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;           /* either: connect first */
  PeerupConnection *connection; /* or on this one */
  char **protocols;
  PeerupSocketStream *early; /* nullable */
  gint64 deadline;
} Open;

static void
open_free (gpointer data)
{
  Open *self = data;

  g_object_unref (self->swarm);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_clear_object (&self->connection);
  g_strfreev (self->protocols);
  g_clear_object (&self->early);
  g_free (self);
}

static PeerupConnection *
open_connect (Open *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  PeerupConnection *connection;

  if (self->connection != NULL)
    return g_object_ref (self->connection);
  connection = dex_await_object (dex_future_first (peerup_swarm_connect (self->swarm, self->peer),
                                                   dex_timeout_new_deadline (self->deadline), NULL),
                                 &local);
  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("%s could not be reached in time"),
                 peerup_peer_id_get_string (self->peer));
  else if (connection == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return connection;
}

/* A peer may take the protocol and refuse the stream right after, and the reset overtake its
 * answer: the code says what it meant. Takes @error. */
static GError *
open_explain_reset (PeerupStream *stream, GError *error)
{
  guint32 code = peerup_stream_get_reset_code (stream);
  PeerupPeerId *peer = peerup_connection_get_remote_peer (peerup_stream_get_connection (stream));

  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET))
    return error;
  if (code == PEERUP_STREAM_CODE_GATED)
    {
      g_error_free (error);
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_DENIED, _ ("%s does not allow it"),
                          peerup_peer_id_get_string (peer));
    }
  if (code == PEERUP_STREAM_CODE_RESOURCE_LIMIT || code == PEERUP_STREAM_CODE_RATE_LIMITED)
    {
      g_error_free (error);
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("%s is at its limit of streams"),
                          peerup_peer_id_get_string (peer));
    }
  return error;
}

/* A place for the stream may be long in coming. */
static PeerupStream *
open_wait_stream (Open *self, PeerupConnection *connection, GError **error)
{
  g_autoptr (GError) local = NULL;
  PeerupStream *stream = dex_await_object (dex_future_first (peerup_connection_open_stream (connection),
                                                             dex_timeout_new_deadline (self->deadline), NULL),
                                           &local);

  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("%s takes no more streams for now"),
                 peerup_peer_id_get_string (peerup_connection_get_remote_peer (connection)));
  else if (stream == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return stream;
}

static const char *
open_negotiate (Open *self, PeerupStream *stream, GError **error)
{
  if (self->early != NULL)
    return peerup_negotiate_dial_early (stream, self->protocols[0], self->early, self->deadline, error);
  return peerup_negotiate_dial (stream, (const char *const *) self->protocols, self->deadline, error);
}

static DexFuture *
open_fiber (gpointer data)
{
  Open *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = open_connect (self, &error);
  g_autoptr (PeerupStream) stream = NULL;

  if (connection == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  stream = open_wait_stream (self, connection, &error);
  if (stream == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (open_negotiate (self, stream, &error) == NULL)
    return dex_future_new_for_error (open_explain_reset (stream, g_steal_pointer (&error)));
  return dex_future_new_take_object (g_steal_pointer (&stream));
}

static DexFuture *
swarm_open (PeerupSwarm *self, PeerupPeerId *peer, PeerupConnection *connection, const char *const *protocols,
            PeerupSocketStream *early, gint64 deadline)
{
  Open *open = g_new0 (Open, 1);

  open->swarm = g_object_ref (self);
  open->peer = peer != NULL ? peerup_peer_id_ref (peer) : NULL;
  g_set_object (&open->connection, connection);
  open->protocols = g_strdupv ((char **) protocols);
  g_set_object (&open->early, early);
  open->deadline = deadline;
  return peerup_fiber_spawn (open_fiber, open, open_free);
}

DexFuture *
peerup_swarm_open_stream (PeerupSwarm *self, PeerupPeerId *peer, const char *const *protocols, gint64 deadline)
{
  return swarm_open (self, peer, NULL, protocols, NULL, deadline);
}

DexFuture *
peerup_swarm_open_stream_early (PeerupSwarm *self, PeerupPeerId *peer, const char *protocol, PeerupSocketStream *early,
                                gint64 deadline)
{
  const char *protocols[] = { protocol, NULL };

  return swarm_open (self, peer, NULL, protocols, early, deadline);
}

DexFuture *
peerup_swarm_open_stream_on (PeerupSwarm *self, PeerupConnection *connection, const char *const *protocols,
                             gint64 deadline)
{
  return swarm_open (self, NULL, connection, protocols, NULL, deadline);
}

/* Connections */

static void
on_closed (PeerupConnection *connection, gpointer data)
{
  PeerupSwarm *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  GPtrArray *list = g_hash_table_lookup (self->connections, peer);
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  g_autoptr (PeerupConnection) held = g_object_ref (connection);

  /* Not every transport knows it from the start. */
  if (info->outbound && info->remote_address != NULL)
    peerup_peerstore_report_rtt (self->peerstore, peer, info->remote_address, peerup_connection_get_rtt (connection));
  g_signal_handlers_disconnect_by_data (connection, self);
  peerup_connection_set_stream_func (connection, NULL, NULL);
  peerup_swarm_release_connection (connection);
  if (list == NULL || !g_ptr_array_remove (list, connection))
    return;
  if (list->len == 0)
    g_hash_table_remove (self->connections, peer);
  g_signal_emit (self, signals[SIGNAL_CONNECTION_CLOSED], 0, connection);
}

static void
on_changed (PeerupConnection *connection, gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_CONNECTION_CHANGED], 0, connection);
}

/* Whoever is told finds it in its new place. */
static void
on_silent_changed (PeerupConnection *connection, gpointer data)
{
  on_changed (connection, data);
  if (!peerup_connection_is_silent (connection))
    peerup_swarm_note_heard (data, connection);
}

void
peerup_swarm_add_connection (PeerupSwarm *self, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  GPtrArray *list;

  if (peerup_connection_is_closed (connection))
    return;
  if (!swarm_gates (self, connection))
    {
      if (!peerup_swarm_take_guest (self, connection))
        peerup_connection_close (connection, PEERUP_CONNECTION_CODE_GATED);
      return;
    }
  if (!peerup_swarm_admit_connection (self, connection))
    {
      peerup_connection_close (connection, PEERUP_CONNECTION_CODE_RESOURCE_LIMIT);
      return;
    }
  list = g_hash_table_lookup (self->connections, info->remote_peer);
  if (list == NULL)
    {
      list = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (self->connections, peerup_peer_id_ref (info->remote_peer), list);
    }
  g_ptr_array_add (list, g_object_ref (connection));
  peerup_swarm_note_opening (self, connection);
  peerup_swarm_count_memory (self, connection);
  peerup_connection_set_keep_alive (connection, self->keep_alive);
  g_signal_connect_object (connection, "closed", G_CALLBACK (on_closed), self, 0);
  g_signal_connect_object (connection, "silent-changed", G_CALLBACK (on_silent_changed), self, 0);
  g_signal_connect_object (connection, "path-changed", G_CALLBACK (on_changed), self, 0);
  g_signal_emit (self, signals[SIGNAL_CONNECTION_OPENED], 0, connection);
  peerup_connection_set_stream_func (connection, on_stream, self);
  if (!info->outbound && !peerup_connection_is_retired (connection))
    peerup_swarm_note_inbound (self, connection);
}

void
peerup_swarm_disconnect (PeerupSwarm *self, PeerupPeerId *peer, guint32 code)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self, peer);

  for (guint i = 0; i < list->len; i++)
    peerup_connection_close (list->pdata[i], code);
}

/* Settings */

void
peerup_swarm_set_gate (PeerupSwarm *self, PeerupGateFunc gate, gpointer data, GDestroyNotify destroy)
{
  if (self->gate_destroy != NULL)
    self->gate_destroy (self->gate_data);
  self->gate = gate;
  self->gate_data = data;
  self->gate_destroy = destroy;
}

void
peerup_swarm_set_securities (PeerupSwarm *self, const char *const *securities)
{
  self->securities = securities;
}

void
peerup_swarm_set_congestion (PeerupSwarm *self, PeerupQuicCongestion congestion)
{
  self->congestion = congestion;
  for (guint i = 0; i < self->quic->len; i++)
    peerup_quic_transport_set_congestion (self->quic->pdata[i], congestion);
}

PeerupQuicCongestion
peerup_swarm_get_congestion (PeerupSwarm *self)
{
  return self->congestion;
}

void
peerup_swarm_set_keep_alive (PeerupSwarm *self, gint64 interval)
{
  g_return_if_fail (interval > 0);
  self->keep_alive = interval;
}

gint64
peerup_swarm_get_keep_alive (PeerupSwarm *self)
{
  return self->keep_alive;
}

void
peerup_swarm_add_protocol (PeerupSwarm *self, const char *protocol, PeerupProtocolFunc func, gpointer data,
                           GDestroyNotify destroy)
{
  Handler *handler = g_new0 (Handler, 1);

  g_atomic_ref_count_init (&handler->ref_count);
  handler->func = func;
  handler->data = data;
  handler->destroy = destroy;
  g_hash_table_replace (self->protocols, g_strdup (protocol), handler);
  g_signal_emit (self, signals[SIGNAL_PROTOCOLS_CHANGED], 0);
}

void
peerup_swarm_remove_protocol (PeerupSwarm *self, const char *protocol)
{
  if (g_hash_table_remove (self->protocols, protocol))
    g_signal_emit (self, signals[SIGNAL_PROTOCOLS_CHANGED], 0);
}

void
peerup_swarm_set_protocol_view (PeerupSwarm *self, PeerupProtocolView view, gpointer data)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));

  self->view = view;
  self->view_data = data;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char **) a, *(char **) b);
}

char **
peerup_swarm_dup_protocols (PeerupSwarm *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->protocols);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}

void
peerup_swarm_add_addresses (PeerupSwarm *self, PeerupPeerId *peer, GPtrArray *addresses)
{
  for (guint i = 0; i < addresses->len; i++)
    peerup_peerstore_add (self->peerstore, peer, addresses->pdata[i]);
  peerup_swarm_note_addresses (self, peer);
}

static gboolean
is_loopback (PeerupMultiaddr *address)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };

  return address != NULL && peerup_endpoint_parse (address, &endpoint, NULL) &&
         peerup_endpoint_get_scope (&endpoint) == PEERUP_SCOPE_LOOPBACK;
}

void
peerup_swarm_add_told_addresses (PeerupSwarm *self, PeerupConnection *connection, GPtrArray *addresses)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  gboolean is_here = is_loopback (info->remote_address);

  for (guint i = 0; i < addresses->len; i++)
    if (is_here || !is_loopback (addresses->pdata[i]))
      peerup_peerstore_add_told (self->peerstore, info->remote_peer, addresses->pdata[i]);
  peerup_swarm_note_addresses (self, info->remote_peer);
}

GPtrArray *
peerup_swarm_dup_addresses (PeerupSwarm *self, PeerupPeerId *peer)
{
  return peerup_peerstore_dup_all (self->peerstore, peer);
}

PeerupPrivateKey *
peerup_swarm_get_identity (PeerupSwarm *self)
{
  return self->identity;
}

PeerupPeerId *
peerup_swarm_get_peer_id (PeerupSwarm *self)
{
  return peerup_private_key_get_peer_id (self->identity);
}

/* Life */

static void
peerup_swarm_dispose (GObject *object)
{
  PeerupSwarm *self = PEERUP_SWARM (object);
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self, NULL);

  self->closed = TRUE;
  peerup_swarm_stop_listening (self);
  peerup_swarm_clear_guests (self);
  for (guint i = 0; i < list->len; i++)
    {
      g_signal_handlers_disconnect_by_data (list->pdata[i], self);
      peerup_connection_set_stream_func (list->pdata[i], NULL, NULL);
      peerup_swarm_release_connection (list->pdata[i]);
      peerup_connection_close (list->pdata[i], PEERUP_CONNECTION_CODE_SHUTDOWN);
    }
  peerup_swarm_stop_quic (self);
  g_clear_pointer (&self->routes, peerup_route_monitor_free);
  peerup_swarm_stop_grace (self);
  g_hash_table_remove_all (self->connections);
  g_hash_table_remove_all (self->protocols);
  peerup_swarm_set_gate (self, NULL, NULL, NULL);
  peerup_swarm_set_protocol_view (self, NULL, NULL);
  G_OBJECT_CLASS (peerup_swarm_parent_class)->dispose (object);
}

static void
peerup_swarm_finalize (GObject *object)
{
  PeerupSwarm *self = PEERUP_SWARM (object);

  /* Dials and upgrades hold the swarm. */
  g_assert (g_hash_table_size (self->dials) == 0 && g_hash_table_size (self->direct_dials) == 0 &&
            g_hash_table_size (self->upgrading) == 0 && self->openings->len == 0);
  g_hash_table_unref (self->dials);
  g_hash_table_unref (self->direct_dials);
  g_ptr_array_unref (self->relayed_addresses);
  g_ptr_array_unref (self->guests);
  g_array_unref (self->guest_kinds);
  g_ptr_array_unref (self->mapped_addresses);
  g_hash_table_unref (self->upgrading);
  g_ptr_array_unref (self->openings);
  g_hash_table_unref (self->opened_at);
  g_ptr_array_unref (self->quic);
  g_ptr_array_unref (self->retired);
  g_ptr_array_unref (self->punched);
  g_hash_table_unref (self->connections);
  g_hash_table_unref (self->protocols);
  peerup_peerstore_free (self->peerstore);
  peerup_limits_unref (self->limits);
  g_free (self->websocket_certificate_file);
  g_free (self->websocket_key_file);
  g_clear_pointer (&self->certificate, peerup_certificate_unref);
  g_clear_pointer (&self->identity, peerup_private_key_unref);
  G_OBJECT_CLASS (peerup_swarm_parent_class)->finalize (object);
}

static void
peerup_swarm_class_init (PeerupSwarmClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_swarm_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_swarm_finalize;

  signals[SIGNAL_CONNECTION_OPENED] = g_signal_new ("connection-opened", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                                    G_TYPE_NONE, 1, PEERUP_TYPE_CONNECTION);
  signals[SIGNAL_CONNECTION_CLOSED] = g_signal_new ("connection-closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                                    G_TYPE_NONE, 1, PEERUP_TYPE_CONNECTION);
  signals[SIGNAL_CONNECTION_CHANGED] = g_signal_new ("connection-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                                     G_TYPE_NONE, 1, PEERUP_TYPE_CONNECTION);
  signals[SIGNAL_PROTOCOLS_CHANGED] =
    g_signal_new ("protocols-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_ADDRESSES_CHANGED] =
    g_signal_new ("addresses-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_NETWORK_CHANGED] =
    g_signal_new ("network-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_SOCKET_CLOSED] =
    g_signal_new ("socket-closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_REFUSED] = g_signal_new ("refused", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                          PEERUP_TYPE_PEER_ID, G_TYPE_STRING, G_TYPE_STRING);
  signals[SIGNAL_LIMITED] =
    g_signal_new ("limited", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_DIALED] = g_signal_new ("dialed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                         PEERUP_TYPE_CONNECTION, G_TYPE_INT64);
}

static void
peerup_swarm_init (PeerupSwarm *self)
{
  self->protocols = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, handler_unref);
  self->connections = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal,
                                             (GDestroyNotify) peerup_peer_id_unref, (GDestroyNotify) g_ptr_array_unref);
  self->dials = g_hash_table_new (peerup_peer_id_hash, peerup_peer_id_equal);
  self->direct_dials = g_hash_table_new (peerup_peer_id_hash, peerup_peer_id_equal);
  self->relayed_addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->guests = peerup_swarm_guests_new ();
  self->guest_kinds = g_array_new (FALSE, FALSE, sizeof (PeerupSwarmGuests));
  self->mapped_addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->upgrading = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->openings = g_ptr_array_new ();
  self->opened_at =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);
  self->quic = g_ptr_array_new_with_free_func (g_object_unref);
  self->retired = g_ptr_array_new_with_free_func (g_object_unref);
  self->punched = peerup_swarm_punched_new ();
  self->keep_alive = PEERUP_QUIC_KEEP_ALIVE;
  self->peerstore = peerup_peerstore_new ();
  self->limits = peerup_swarm_limits_new ();
}

PeerupSwarm *
peerup_swarm_new (PeerupPrivateKey *identity, GError **error)
{
  g_autoptr (PeerupCertificate) certificate = peerup_certificate_new (identity, error);
  PeerupSwarm *self;

  if (certificate == NULL)
    return NULL;
  self = g_object_new (PEERUP_TYPE_SWARM, NULL);
  self->identity = peerup_private_key_ref (identity);
  self->certificate = g_steal_pointer (&certificate);
  peerup_swarm_watch_routes (self);
  return self;
}
