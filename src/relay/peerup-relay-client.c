/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The relays of one swarm together: which there are, where they let us be reached, and the two ways
 * through them. Each relay is a link of its own; a circuit that we open needs none, because any
 * relay will do that the other side has a reservation at. */

#include "relay/peerup-relay-client.h"

#include "relay/peerup-relay-exchange.h"
#include "relay/peerup-relay-link.h"
#include "relay/peerup-relay-watch.h"
#include "transport/peerup-fiber.h"

struct _PeerupRelayClient
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  PeerupRelayWatch *watch;
  GPtrArray *configured; /* of PeerupMultiaddr */
  GPtrArray *of_peers;   /* likewise */
  GPtrArray *links;      /* of PeerupRelayLink, in the order of these two */
  guint n_configured;    /* of the links */
  gboolean announcing;
};

G_DEFINE_FINAL_TYPE (PeerupRelayClient, peerup_relay_client, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Circuits that we open */

/* Microseconds until a relay is asked again that was away. */
#define RETURN_STEP (G_USEC_PER_SEC / 4)

/* A fiber that nobody waits for any more is not run to its end: it answers through a promise. */
typedef struct
{
  PeerupSwarm *swarm;
  PeerupRelayWatch *watch;
  PeerupPeerId *peer;
  PeerupPeerId *relay;
  PeerupMultiaddr *relay_address; /* with the relay's ID, and maybe nothing else */
  PeerupRelayLink *link;          /* NULL: it is no relay of ours */
  gint64 deadline;
  DexPromise *promise; /* to a PeerupCircuit */
  gulong cancelled_id;
  PeerupStream *stream;  /* once it is open */
  PeerupRelayWait *wait; /* while the relay's answer is out */
} Circuit;

static void
circuit_free (gpointer data)
{
  Circuit *self = data;

  g_signal_handler_disconnect (dex_promise_get_cancellable (self->promise), self->cancelled_id);
  dex_unref (self->promise);
  g_object_unref (self->swarm);
  peerup_relay_watch_unref (self->watch);
  peerup_peer_id_unref (self->peer);
  peerup_peer_id_unref (self->relay);
  peerup_multiaddr_unref (self->relay_address);
  g_clear_pointer (&self->link, peerup_relay_link_unref);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->wait, peerup_relay_wait_free);
  g_free (self);
}

static gboolean
circuit_is_cancelled (Circuit *self)
{
  return g_cancellable_is_cancelled (dex_promise_get_cancellable (self->promise));
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Circuit *self = data;

  if (self->wait != NULL)
    peerup_relay_wait_give_up (self->wait);
  if (self->stream != NULL)
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
}

static PeerupConnection *
circuit_connect (Circuit *self, GError **error)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  g_ptr_array_add (addresses, self->relay_address);
  peerup_swarm_add_addresses (self->swarm, self->relay, addresses);
  return dex_await_object (dex_future_first (peerup_swarm_connect_direct (self->swarm, self->relay),
                                             dex_timeout_new_deadline (self->deadline), NULL),
                           error);
}

/* The answer to CONNECT, for which the relay is watched. */
static gboolean
circuit_ask (Circuit *self, PeerupConnection *connection, gboolean *limited, GError **error)
{
  gboolean agreed = FALSE;

  self->wait = peerup_relay_wait_new (self->watch, connection);
  self->stream = peerup_relay_open_stream (connection, self->deadline, error);
  if (self->stream != NULL && !circuit_is_cancelled (self))
    agreed = peerup_relay_connect (self->stream, self->peer, self->deadline, limited, error);
  g_clear_pointer (&self->wait, peerup_relay_wait_free);
  return agreed;
}

static gboolean
circuit_try (Circuit *self, gboolean *limited, GError **error)
{
  g_autoptr (PeerupConnection) connection = circuit_connect (self, error);

  return connection != NULL && !circuit_is_cancelled (self) && circuit_ask (self, connection, limited, error);
}

/* Whether it failed because somebody was not there, rather than because somebody said no. */
static gboolean
is_absence (const GError *error)
{
  return g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
}

/* A relay that was away for a moment and the peer that we look for there come back one after the other. */
static gboolean
circuit_wait_for_return (Circuit *self, const GError *error)
{
  if (!is_absence (error) || self->link == NULL || !peerup_relay_link_is_returning (self->link) ||
      g_get_monotonic_time () + RETURN_STEP > self->deadline)
    return FALSE;
  dex_await (dex_timeout_new_usec (RETURN_STEP), NULL);
  return !circuit_is_cancelled (self);
}

static DexFuture *
circuit_fiber (gpointer data)
{
  Circuit *self = data;
  g_autoptr (GError) error = NULL;
  gboolean limited = FALSE;
  gboolean agreed;

  while (!(agreed = circuit_try (self, &limited, &error)) && circuit_wait_for_return (self, error))
    {
      g_clear_error (&error);
      g_clear_object (&self->stream);
    }
  if (circuit_is_cancelled (self))
    return dex_future_new_true ();
  if (agreed)
    dex_promise_resolve_boxed (self->promise, PEERUP_TYPE_CIRCUIT, peerup_circuit_new (self->stream, limited));
  else
    dex_promise_reject (self->promise, g_steal_pointer (&error));
  return dex_future_new_true ();
}

static PeerupRelayLink *
client_find (PeerupRelayClient *self, PeerupPeerId *relay)
{
  for (guint i = 0; i < self->links->len; i++)
    if (peerup_peer_id_equal (peerup_relay_link_get_relay (self->links->pdata[i]), relay))
      return self->links->pdata[i];
  return NULL;
}

/* PeerupCircuitFunc */
static DexFuture *
open_circuit (PeerupSwarm *swarm, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 deadline, gpointer data)
{
  const char *text = peerup_multiaddr_get_string (address);
  PeerupRelayClient *self = data;
  Circuit *circuit = g_new0 (Circuit, 1);
  DexFuture *future;

  g_assert (g_str_has_suffix (text, "/p2p-circuit"));
  circuit->swarm = g_object_ref (swarm);
  circuit->watch = peerup_relay_watch_ref (self->watch);
  circuit->peer = peerup_peer_id_ref (peer);
  circuit->relay_address = peerup_multiaddr_newf ("%.*s", (int) (strlen (text) - strlen ("/p2p-circuit")), text);
  circuit->relay = peerup_multiaddr_dup_peer_id (circuit->relay_address);
  circuit->link = client_find (self, circuit->relay);
  if (circuit->link != NULL)
    peerup_relay_link_ref (circuit->link);
  circuit->deadline = deadline;
  circuit->promise = dex_promise_new_cancellable ();
  circuit->cancelled_id =
    g_signal_connect (dex_promise_get_cancellable (circuit->promise), "cancelled", G_CALLBACK (on_cancelled), circuit);
  future = DEX_FUTURE (dex_ref (circuit->promise));
  /* It ends soon when nobody waits any more, and by its deadline at the latest. */
  dex_future_disown (peerup_fiber_run (circuit_fiber, circuit, circuit_free));
  return future;
}

/* Circuits that come */

static void
on_stop (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupRelayClient *self = data;
  PeerupRelayLink *link = client_find (self, peerup_connection_get_remote_peer (connection));

  if (link != NULL && !peerup_swarm_is_relayed (connection))
    {
      peerup_relay_link_take_circuit (link, connection, stream);
      return;
    }
  peerup_relay_refuse (stream, PEERUP_CIRCUIT_PERMISSION_DENIED);
  g_object_unref (stream);
}

/* Addresses */

/* (nullable) (transfer full): the connection that a circuit through @relay would take. */
static PeerupConnection *
client_dup_connection (PeerupRelayClient *self, PeerupPeerId *relay)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, relay);

  if (list->len == 0 || peerup_swarm_is_relayed (list->pdata[0]) || peerup_connection_is_retired (list->pdata[0]))
    return NULL;
  return g_object_ref (list->pdata[0]);
}

static gboolean
client_is_silent (PeerupRelayClient *self, PeerupPeerId *relay)
{
  g_autoptr (PeerupConnection) connection = client_dup_connection (self, relay);

  return connection != NULL &&
         (peerup_connection_is_silent (connection) || peerup_relay_watch_is_silent (self->watch, connection));
}

/* PeerupRelayStandingFunc */
static void
get_standing (PeerupSwarm *swarm, PeerupPeerId *relay, PeerupRelayStanding *standing, gpointer data)
{
  PeerupRelayClient *self = data;
  g_autoptr (PeerupConnection) connection = client_dup_connection (self, relay);
  PeerupRelayLink *link = client_find (self, relay);
  PeerupRelayInfo info;
  guint index = 0;

  if (connection != NULL)
    {
      standing->warm = !client_is_silent (self, relay);
      standing->rtt = peerup_connection_get_rtt (connection);
    }
  if (link == NULL)
    return;
  peerup_relay_link_get_info (link, &info);
  standing->failures = info.n_failures;
  standing->of_peer = g_ptr_array_find (self->links, link, &index) && index >= self->n_configured;
}

static int
compare_links (gconstpointer a, gconstpointer b)
{
  PeerupRelayInfo x, y;

  peerup_relay_link_get_info (*(PeerupRelayLink **) a, &x);
  peerup_relay_link_get_info (*(PeerupRelayLink **) b, &y);
  if (x.n_failures != y.n_failures)
    return x.n_failures < y.n_failures ? -1 : 1;
  if ((x.rtt < 0) != (y.rtt < 0))
    return x.rtt < 0 ? 1 : -1;
  return (x.rtt > y.rtt) - (x.rtt < y.rtt);
}

/* (transfer container) of PeerupRelayLink: those that we can be reached through, the best first. */
static GPtrArray *
client_rank_links (PeerupRelayClient *self)
{
  GPtrArray *good = g_ptr_array_new ();
  g_autoptr (GPtrArray) silent = g_ptr_array_new ();

  for (guint i = 0; i < self->links->len; i++)
    if (peerup_relay_link_get_addresses (self->links->pdata[i]) != NULL)
      g_ptr_array_add (client_is_silent (self, peerup_relay_link_get_relay (self->links->pdata[i])) ? silent : good,
                       self->links->pdata[i]);
  /* Better than nothing: it may be our own network that is silent. */
  if (good->len == 0)
    g_ptr_array_extend (good, silent, NULL, NULL);
  g_ptr_array_sort (good, compare_links);
  return good;
}

GPtrArray *
peerup_relay_client_dup_addresses (PeerupRelayClient *self)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GPtrArray) links = NULL;

  g_return_val_if_fail (PEERUP_IS_RELAY_CLIENT (self), result);
  links = client_rank_links (self);
  for (guint i = 0; i < links->len; i++)
    {
      GPtrArray *addresses = peerup_relay_link_get_addresses (links->pdata[i]);

      for (guint j = 0; j < addresses->len; j++)
        g_ptr_array_add (result, peerup_multiaddr_ref (addresses->pdata[j]));
    }
  return result;
}

static void
client_announce (PeerupRelayClient *self)
{
  g_autoptr (GPtrArray) addresses = peerup_relay_client_dup_addresses (self);

  self->announcing = TRUE;
  peerup_swarm_set_relayed_addresses (self->swarm, addresses);
  self->announcing = FALSE;
}

static void
on_link_changed (PeerupRelayLink *link, gpointer data)
{
  g_autoptr (PeerupRelayClient) self = g_object_ref (data);

  client_announce (self);
  g_signal_emit (self, signals[CHANGED], 0, peerup_relay_link_get_relay (link));
}

/* PeerupRelayWatchFunc */
static void
on_watch_changed (PeerupPeerId *relay, gpointer data)
{
  PeerupRelayLink *link = client_find (data, relay);

  if (link != NULL)
    on_link_changed (link, data);
}

static void
on_addresses_changed (PeerupRelayClient *self)
{
  if (!self->announcing)
    peerup_relay_client_retry (self);
}

static void
on_connection_closed (PeerupRelayClient *self, PeerupConnection *connection)
{
  PeerupRelayLink *link = client_find (self, peerup_connection_get_remote_peer (connection));

  if (link != NULL)
    peerup_relay_link_lost (link, connection);
}

static void
on_connection_changed (PeerupRelayClient *self, PeerupConnection *connection)
{
  PeerupRelayLink *link = client_find (self, peerup_connection_get_remote_peer (connection));

  if (link != NULL)
    peerup_relay_link_set_silent (link, connection, peerup_connection_is_silent (connection));
}

/* Relays */

void
peerup_relay_client_retry (PeerupRelayClient *self)
{
  g_return_if_fail (PEERUP_IS_RELAY_CLIENT (self));
  for (guint i = 0; i < self->links->len; i++)
    peerup_relay_link_retry (self->links->pdata[i]);
}

void
peerup_relay_client_set_serving (PeerupRelayClient *self, PeerupPeerId *relay, gboolean serving)
{
  PeerupRelayLink *link;

  g_return_if_fail (PEERUP_IS_RELAY_CLIENT (self));
  link = client_find (self, relay);
  if (link != NULL)
    peerup_relay_link_set_serving (link, serving);
}

/* (transfer full) of PeerupMultiaddr: those of @addresses that are of @relay. */
static GPtrArray *
addresses_of (GPtrArray *addresses, PeerupPeerId *relay)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupPeerId) named = peerup_multiaddr_dup_peer_id (addresses->pdata[i]);
      g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (addresses->pdata[i]);

      if (named != NULL && peerup_peer_id_equal (named, relay) && bare != NULL &&
          !peerup_multiaddr_find (bare, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL))
        g_ptr_array_add (result, g_steal_pointer (&bare));
    }
  return result;
}

/* (transfer full): the link of @relay, out of the list or new. */
static PeerupRelayLink *
client_take_link (PeerupRelayClient *self, PeerupPeerId *relay)
{
  PeerupRelayLink *link = client_find (self, relay);
  guint index;

  if (link == NULL || !g_ptr_array_find (self->links, link, &index))
    return peerup_relay_link_new (self->swarm, self->watch, relay, on_link_changed, self);
  return g_ptr_array_steal_index (self->links, index);
}

/* Of @addresses those of relays that are not in @seen yet, into @links. */
static void
client_take_links (PeerupRelayClient *self, GPtrArray *addresses, GHashTable *seen, GPtrArray *links)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (addresses->pdata[i]);
      g_autoptr (GPtrArray) own = relay != NULL ? addresses_of (addresses, relay) : NULL;

      if (relay == NULL || own->len == 0 || !g_hash_table_add (seen, peerup_peer_id_ref (relay)))
        continue;
      g_ptr_array_add (links, client_take_link (self, relay));
      peerup_relay_link_set_addresses (links->pdata[links->len - 1], own);
    }
}

static void
client_update_links (PeerupRelayClient *self)
{
  g_autoptr (GHashTable) seen =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  g_autoptr (GPtrArray) links = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_relay_link_stop);

  client_take_links (self, self->configured, seen, links);
  self->n_configured = links->len;
  client_take_links (self, self->of_peers, seen, links);
  /* What is left in the old list is no longer wanted. */
  g_ptr_array_unref (self->links);
  self->links = g_steal_pointer (&links);
  client_announce (self);
}

static void
copy_addresses (GPtrArray *from, GPtrArray **to)
{
  g_ptr_array_unref (*to);
  *to = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (*to, peerup_multiaddr_ref (from->pdata[i]));
}

void
peerup_relay_client_set_relays (PeerupRelayClient *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_RELAY_CLIENT (self));
  copy_addresses (addresses, &self->configured);
  client_update_links (self);
}

void
peerup_relay_client_set_peer_relays (PeerupRelayClient *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_RELAY_CLIENT (self));
  copy_addresses (addresses, &self->of_peers);
  client_update_links (self);
}

gboolean
peerup_relay_client_uses (PeerupRelayClient *self, PeerupPeerId *peer)
{
  g_return_val_if_fail (PEERUP_IS_RELAY_CLIENT (self), FALSE);
  return client_find (self, peer) != NULL;
}

guint
peerup_relay_client_get_n_relays (PeerupRelayClient *self)
{
  g_return_val_if_fail (PEERUP_IS_RELAY_CLIENT (self), 0);
  return self->links->len;
}

void
peerup_relay_client_get_info (PeerupRelayClient *self, guint index, PeerupRelayInfo *info)
{
  g_autoptr (GPtrArray) ranked = NULL;
  PeerupRelayLink *link;

  g_return_if_fail (PEERUP_IS_RELAY_CLIENT (self));
  g_return_if_fail (index < self->links->len);
  link = self->links->pdata[index];
  ranked = client_rank_links (self);
  peerup_relay_link_get_info (link, info);
  info->of_peer = index >= self->n_configured;
  info->preferred = ranked->len > 0 && ranked->pdata[0] == (gpointer) link;
  info->silent = client_is_silent (self, info->relay);
}

/* Life */

static void
peerup_relay_client_dispose (GObject *object)
{
  PeerupRelayClient *self = PEERUP_RELAY_CLIENT (object);

  if (self->swarm != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->swarm, self);
      peerup_swarm_remove_protocol (self->swarm, PEERUP_CIRCUIT_STOP);
      peerup_swarm_set_circuit_func (self->swarm, NULL, NULL);
      peerup_swarm_set_standing_func (self->swarm, NULL, NULL);
      peerup_relay_watch_stop (self->watch);
      g_ptr_array_set_size (self->links, 0);
      client_announce (self);
    }
  g_clear_object (&self->swarm);
  G_OBJECT_CLASS (peerup_relay_client_parent_class)->dispose (object);
}

static void
peerup_relay_client_finalize (GObject *object)
{
  PeerupRelayClient *self = PEERUP_RELAY_CLIENT (object);

  g_ptr_array_unref (self->links);
  g_ptr_array_unref (self->configured);
  g_ptr_array_unref (self->of_peers);
  peerup_relay_watch_unref (self->watch);
  G_OBJECT_CLASS (peerup_relay_client_parent_class)->finalize (object);
}

static void
peerup_relay_client_class_init (PeerupRelayClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_relay_client_dispose;
  object_class->finalize = peerup_relay_client_finalize;
  signals[CHANGED] = g_signal_new ("changed", PEERUP_TYPE_RELAY_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, PEERUP_TYPE_PEER_ID);
}

static void
peerup_relay_client_init (PeerupRelayClient *self)
{
  self->links = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_relay_link_stop);
  self->configured = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->of_peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->watch = peerup_relay_watch_new (PEERUP_RELAY_WATCH_PATIENCE, PEERUP_RELAY_WATCH_DOUBT, on_watch_changed, self);
}

PeerupRelayClient *
peerup_relay_client_new (PeerupSwarm *swarm)
{
  PeerupRelayClient *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  self = g_object_new (PEERUP_TYPE_RELAY_CLIENT, NULL);
  self->swarm = g_object_ref (swarm);
  peerup_swarm_add_protocol (swarm, PEERUP_CIRCUIT_STOP, on_stop, self, NULL);
  peerup_swarm_set_circuit_func (swarm, open_circuit, self);
  peerup_swarm_set_standing_func (swarm, get_standing, self);
  g_signal_connect_object (swarm, "addresses-changed", G_CALLBACK (on_addresses_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (swarm, "connection-closed", G_CALLBACK (on_connection_closed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (swarm, "connection-changed", G_CALLBACK (on_connection_changed), self, G_CONNECT_SWAPPED);
  return self;
}
