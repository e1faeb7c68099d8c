/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What happened to the paths of one peer, in words: a list of events with an end, and the few words that
 * a path is called by. Decides nothing.
 */
#include "engine/peerup-path-history.h"

#include <glib/gi18n-lib.h>

static void
event_free (gpointer data)
{
  PeerupPathEvent *self = data;

  g_free (self->path);
  g_free (self->text);
  g_free (self);
}

GPtrArray *
peerup_path_history_new (void)
{
  return g_ptr_array_new_with_free_func (event_free);
}

void
peerup_path_history_add (GPtrArray *events, PeerupPathEventType type, PeerupConnection *connection, char *text)
{
  PeerupPathEvent *event = g_new0 (PeerupPathEvent, 1);

  event->type = type;
  event->at = g_get_real_time ();
  event->path = connection != NULL ? g_strdup (peerup_path_get_kind (connection)) : NULL;
  event->text = text;
  if (events->len == PEERUP_ENGINE_PATH_EVENTS_MAX)
    g_ptr_array_remove_index (events, 0);
  g_ptr_array_add (events, event);
}

const char *
peerup_path_get_kind (PeerupConnection *connection)
{
  if (peerup_swarm_is_relayed (connection))
    return "relayed";
  return peerup_connection_get_info (connection)->punched ? "punched" : "direct";
}

/* …/p2p/RELAY/p2p-circuit. */
PeerupPeerId *
peerup_path_dup_relay (PeerupConnection *connection)
{
  PeerupMultiaddr *address = peerup_connection_get_info (connection)->remote_address;
  PeerupMultiaddrComponent component;

  if (!peerup_swarm_is_relayed (connection) || address == NULL ||
      !peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P, &component))
    return NULL;
  return peerup_peer_id_new_from_bytes (component.value, component.length, NULL);
}

char *
peerup_path_describe (PeerupConnection *connection)
{
  static const char *const transports[] = { "TCP", "QUIC", "WebSocket", N_ ("WebSocket in TLS") };
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  g_autoptr (PeerupPeerId) relay = peerup_path_dup_relay (connection);
  g_auto (PeerupEndpoint) endpoint = { 0 };

  if (relay != NULL)
    return g_strdup_printf (_ ("relay %s"), peerup_peer_id_get_string (relay));
  if (info->remote_address == NULL)
    return g_strdup (info->transport);
  if (!peerup_endpoint_parse (info->remote_address, &endpoint, NULL))
    return g_strdup (peerup_multiaddr_get_string (info->remote_address));
  return g_strdup_printf (_ ("%s port %u over %s"), endpoint.host, endpoint.port, _ (transports[endpoint.transport]));
}
