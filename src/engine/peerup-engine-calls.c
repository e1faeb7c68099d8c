/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What one asks of a running engine: connect, ping, make a port of a peer's service.
 */
#include "engine/peerup-engine-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "engine/peerup-arguments.h"
#include "transport/peerup-fiber.h"

static gboolean
check_running (PeerupEngine *self, GError **error)
{
  if (self->state == PEERUP_ENGINE_RUNNING)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the engine does not run"));
  return FALSE;
}

static void
add_peer_relays (PeerupEngine *self, PeerupPeerId *peer, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) ours = self->relays != NULL ? peerup_relay_client_dup_addresses (self->relays) : NULL;
  PeerupMultiaddrComponent relay;
  gsize length;
  const guint8 *bytes = peerup_peer_id_get_bytes (peer, &length);

  for (guint i = 0; ours != NULL && i < ours->len; i++)
    if (peerup_multiaddr_find (ours->pdata[i], PEERUP_MULTIADDR_P2P, &relay) &&
        (relay.length != length || memcmp (relay.value, bytes, length) != 0))
      g_ptr_array_add (addresses, peerup_multiaddr_ref (ours->pdata[i]));
}

/* Where @peer may have a reservation: at a relay of ours, since those who belong together share theirs. The
 * peers that relay for us may relay for it too. */
static void
learn_relayed_addresses (PeerupEngine *self, PeerupPeerId *peer)
{
  GPtrArray *relays = self->config != NULL ? peerup_config_get_relay_addresses (self->config) : NULL;
  g_autoptr (PeerupMultiaddr) circuit = peerup_multiaddr_newf ("/p2p-circuit");
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; relays != NULL && i < relays->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (relays->pdata[i]);

      /* A relay is not reached through itself. */
      if (relay != NULL && !peerup_peer_id_equal (relay, peer))
        g_ptr_array_add (addresses, peerup_multiaddr_concat (relays->pdata[i], circuit));
    }
  add_peer_relays (self, peer, addresses);
  peerup_swarm_add_addresses (self->swarm, peer, addresses);
}

/* @address: as peerup_peer_argument_parse(). */
static PeerupPeerId *
resolve (PeerupEngine *self, const char *peer, PeerupMultiaddr **address, GError **error)
{
  g_autoptr (PeerupPeerId) id = NULL;

  *address = NULL;
  if (!check_running (self, error))
    return NULL;
  id = peerup_peer_argument_parse (peer, self->config, address, error);
  if (id == NULL)
    return NULL;
  if (peerup_peer_id_equal (id, peerup_swarm_get_peer_id (self->swarm)))
    {
      g_clear_pointer (address, peerup_multiaddr_unref);
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("“%s” is this device itself: name another peer"),
                   peer);
      return NULL;
    }
  learn_relayed_addresses (self, id);
  if (*address != NULL)
    {
      g_autoptr (GPtrArray) one = g_ptr_array_new ();

      g_ptr_array_add (one, *address);
      peerup_swarm_add_addresses (self->swarm, id, one);
    }
  return g_steal_pointer (&id);
}

PeerupPeerId *
peerup_engine_resolve (PeerupEngine *self, const char *peer, GError **error)
{
  g_autoptr (PeerupMultiaddr) address = NULL;

  return resolve (self, peer, &address, error);
}

char *
peerup_engine_describe (PeerupEngine *self, PeerupPeerId *peer)
{
  return peerup_peer_describe (self->config, peer);
}

typedef struct
{
  PeerupEngine *engine;
  PeerupPeerId *id;
  PeerupMultiaddr *address;
} Connect;

static void
connect_free (gpointer data)
{
  Connect *connect = data;

  g_object_unref (connect->engine);
  peerup_peer_id_unref (connect->id);
  g_clear_pointer (&connect->address, peerup_multiaddr_unref);
  g_free (connect);
}

static DexFuture *
connect_fiber (gpointer data)
{
  const Connect *connect = data;
  PeerupEngine *self = connect->engine;
  g_autoptr (PeerupPeer) peer = g_object_ref (peerup_peer_list_ensure (self->peers, connect->id));
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  peerup_peer_begin_dial (peer);
  connection = dex_await_object (peerup_swarm_connect (self->swarm, connect->id), &error);
  peerup_peer_end_dial (peer);
  if (connection == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (connect->address != NULL && self->book != NULL)
    peerup_address_book_add (self->book, connect->id, connect->address);
  return dex_future_new_take_object (g_steal_pointer (&peer));
}

static DexFuture *
connect_id (PeerupEngine *self, PeerupPeerId *id, PeerupMultiaddr *address)
{
  Connect *connect = g_new (Connect, 1);

  connect->engine = g_object_ref (self);
  connect->id = peerup_peer_id_ref (id);
  connect->address = address != NULL ? peerup_multiaddr_ref (address) : NULL;
  return peerup_fiber_spawn (connect_fiber, connect, connect_free);
}

/* Whoever is refused must tell the other side's owner which ID to admit. */
typedef struct
{
  char *peer;
  char *own_id;
} Explain;

static void
explain_free (gpointer data)
{
  Explain *explain = data;

  g_free (explain->peer);
  g_free (explain->own_id);
  g_free (explain);
}

static DexFuture *
explain_refusal (DexFuture *future, gpointer data)
{
  const Explain *explain = data;
  g_autoptr (GError) error = NULL;

  dex_future_get_value (future, &error);
  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED))
    return dex_ref (future);
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_GATED,
                                _ ("%s does not admit this device: there, run “peerup auth add %s”"), explain->peer,
                                explain->own_id);
}

static DexFuture *
explained (PeerupEngine *self, const char *peer, DexFuture *future)
{
  Explain *explain;

  if (self->swarm == NULL)
    return future;
  explain = g_new (Explain, 1);
  explain->peer = g_strdup (peer);
  explain->own_id = g_strdup (peerup_peer_id_get_string (peerup_swarm_get_peer_id (self->swarm)));
  return dex_future_catch (future, explain_refusal, explain, explain_free);
}

static DexFuture *
connect_to (PeerupEngine *self, const char *peer)
{
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GError) error = NULL;

  id = resolve (self, peer, &address, &error);
  if (id == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  return connect_id (self, id, address);
}

DexFuture *
peerup_engine_connect (PeerupEngine *self, const char *peer)
{
  return explained (self, peer, connect_to (self, peer));
}

/* Pings that follow each other use one stream; one that comes while another waits, its own. */
static DexFuture *
ping_connected (DexFuture *connected, gpointer data)
{
  PeerupEngine *self = data;
  g_autoptr (PeerupPeer) peer = g_value_dup_object (dex_future_get_value (connected, NULL));
  PeerupPeerId *id = peerup_peer_get_peer_id (peer);
  gint64 deadline = g_get_monotonic_time () + PEERUP_ENGINE_PING_TIMEOUT;
  g_autoptr (DexFuture) future = NULL;
  PeerupPinger *pinger;

  if (self->pingers == NULL)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the engine does not run"));
  pinger = g_hash_table_lookup (self->pingers, id);
  if (pinger == NULL)
    {
      pinger = peerup_pinger_new (self->swarm, id);
      g_hash_table_insert (self->pingers, peerup_peer_id_ref (id), pinger);
    }
  future = peerup_pinger_ping (pinger, deadline);
  if (!dex_future_is_rejected (future))
    return g_steal_pointer (&future);
  return peerup_ping_once (self->swarm, id, deadline);
}

static DexFuture *
time_out (DexFuture *future, gpointer data)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("%s did not answer within %d seconds"),
                                (const char *) data, (int) (PEERUP_ENGINE_PING_TIMEOUT / G_USEC_PER_SEC));
}

DexFuture *
peerup_engine_answer_in_time (DexFuture *answer, const char *peer)
{
  DexFuture *limit =
    dex_future_finally (dex_timeout_new_usec (PEERUP_ENGINE_PING_TIMEOUT), time_out, g_strdup (peer), g_free);

  return dex_future_first (answer, limit, NULL);
}

DexFuture *
peerup_engine_ping (PeerupEngine *self, const char *peer)
{
  DexFuture *answer = dex_future_then (connect_to (self, peer), ping_connected, g_object_ref (self), g_object_unref);

  return explained (self, peer, peerup_engine_answer_in_time (answer, peer));
}

static DexFuture *
on_dial_failed (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;

  dex_future_get_value (future, &error);
  g_message ("Cannot reach %s yet: %s", (const char *) data, error->message);
  return dex_future_new_true ();
}

/* The first connection through the forward shall not wait for the dial; if this fails, the
 * forward tries again by itself. */
static void
dial_ahead (PeerupEngine *self, PeerupPeerId *id, PeerupMultiaddr *address, const char *name)
{
  DexFuture *connected = explained (self, name, connect_id (self, id, address));

  dex_future_disown (dex_future_catch (connected, on_dial_failed, g_strdup (name), g_free));
}

/**
 * peerup_engine_add_forward:
 * @self: an engine that runs
 * @peer: a name, a peer ID, or a multiaddr that ends in `/p2p/ID`
 * @service: the name of a service of that peer
 * @listen: `PORT` (on loopback), or `HOST:PORT` with an IP address or `localhost`; port 0 for any
 * @any_address: whether HOST may be other than loopback, so that other machines can use the port
 *
 * Listens, and begins to connect to the peer, so that the first connection need not wait for it.
 * It is in the engine's list until it is removed or the engine stops.
 *
 * Errors: PEERUP_ERROR_MALFORMED, PEERUP_ERROR_DENIED (an address other than loopback without
 * @any_address), PEERUP_ERROR_EXISTS (the port is in use), PEERUP_ERROR_NOT_FOUND (no such peer).
 *
 * Returns: (transfer full): the forward, listening
 */
PeerupForward *
peerup_engine_add_forward (PeerupEngine *self, const char *peer, const char *service, const char *listen,
                           gboolean any_address, GError **error)
{
  g_autoptr (PeerupForward) forward = NULL;
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupPeerId) id = NULL;
  g_autofree char *host = NULL;
  gboolean loopback;
  const char *name;
  guint port;

  if (!peerup_listen_argument_parse (listen, &host, &port, &loopback, error))
    return NULL;
  if (!loopback && !any_address)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
                   _ ("listening on %s would let other machines use the service: allow it with --bind-any, or use "
                      "127.0.0.1"),
                   host);
      return NULL;
    }
  id = resolve (self, peer, &address, error);
  if (id == NULL)
    return NULL;
  name = peerup_config_name_of_peer (self->config, id);
  forward = peerup_forward_new (self->swarm, id, name, service, host, port, error);
  if (forward == NULL || !peerup_forward_start (forward, error))
    return NULL;
  g_list_store_append (self->forwards, forward);
  dial_ahead (self, id, address, name != NULL ? name : peerup_peer_id_get_string (id));
  return g_steal_pointer (&forward);
}

/**
 * peerup_engine_remove_forward:
 * @self: an engine
 * @forward: one of its forwards
 *
 * Stops listening, and cuts what the forward carries.
 */
void
peerup_engine_remove_forward (PeerupEngine *self, PeerupForward *forward)
{
  guint position;

  peerup_forward_stop (forward);
  if (g_list_store_find (self->forwards, forward, &position))
    g_list_store_remove (self->forwards, position);
}

char *
peerup_engine_forward_address (PeerupForward *forward)
{
  const char *address = peerup_forward_get_address (forward);

  if (address == NULL)
    address = "127.0.0.1";
  return g_strdup_printf (strchr (address, ':') != NULL ? "[%s]:%u" : "%s:%u", address,
                          peerup_forward_get_port (forward));
}
