/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The relays of one swarm together: which there are, where they let us be reached, and the two ways
 * through them. Each relay is a link of its own; a circuit that we open needs none, because any
 * relay will do that the other side has a reservation at. */

#include "relay/peerup-relay-client.h"

#include "relay/peerup-relay-exchange.h"
#include "relay/peerup-relay-link.h"

struct _PeerupRelayClient
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  GPtrArray *links; /* of PeerupRelayLink, in the order of the configuration */
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

/* A fiber that nobody waits for any more is not run to its end: it answers through a promise. */
typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  PeerupPeerId *relay;
  PeerupMultiaddr *relay_address; /* with the relay's ID, and maybe nothing else */
  gint64 deadline;
  DexPromise *promise; /* to a PeerupCircuit */
  gulong cancelled_id;
  PeerupStream *stream; /* once it is open */
} Circuit;

static void
circuit_free (gpointer data)
{
  Circuit *self = data;

  g_signal_handler_disconnect (dex_promise_get_cancellable (self->promise), self->cancelled_id);
  dex_unref (self->promise);
  g_object_unref (self->swarm);
  peerup_peer_id_unref (self->peer);
  peerup_peer_id_unref (self->relay);
  peerup_multiaddr_unref (self->relay_address);
  g_clear_object (&self->stream);
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

static DexFuture *
circuit_fiber (gpointer data)
{
  Circuit *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = circuit_connect (self, &error);
  gboolean limited = FALSE;

  if (connection != NULL && !circuit_is_cancelled (self))
    self->stream = peerup_relay_open_stream (connection, self->deadline, &error);
  if (circuit_is_cancelled (self))
    return dex_future_new_true ();
  if (self->stream != NULL && peerup_relay_connect (self->stream, self->peer, self->deadline, &limited, &error))
    dex_promise_resolve_boxed (self->promise, PEERUP_TYPE_CIRCUIT, peerup_circuit_new (self->stream, limited));
  else
    dex_promise_reject (self->promise, g_steal_pointer (&error));
  return dex_future_new_true ();
}

/* PeerupCircuitFunc */
static DexFuture *
open_circuit (PeerupSwarm *swarm, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 deadline, gpointer data)
{
  const char *text = peerup_multiaddr_get_string (address);
  Circuit *circuit = g_new0 (Circuit, 1);
  DexFuture *future;

  g_assert (g_str_has_suffix (text, "/p2p-circuit"));
  circuit->swarm = g_object_ref (swarm);
  circuit->peer = peerup_peer_id_ref (peer);
  circuit->relay_address = peerup_multiaddr_newf ("%.*s", (int) (strlen (text) - strlen ("/p2p-circuit")), text);
  circuit->relay = peerup_multiaddr_dup_peer_id (circuit->relay_address);
  circuit->deadline = deadline;
  circuit->promise = dex_promise_new_cancellable ();
  circuit->cancelled_id =
    g_signal_connect (dex_promise_get_cancellable (circuit->promise), "cancelled", G_CALLBACK (on_cancelled), circuit);
  future = DEX_FUTURE (dex_ref (circuit->promise));
  /* It ends soon when nobody waits any more, and by its deadline at the latest. */
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, circuit_fiber, circuit, circuit_free));
  return future;
}

/* Circuits that come */

static PeerupRelayLink *
client_find (PeerupRelayClient *self, PeerupPeerId *relay)
{
  for (guint i = 0; i < self->links->len; i++)
    if (peerup_peer_id_equal (peerup_relay_link_get_relay (self->links->pdata[i]), relay))
      return self->links->pdata[i];
  return NULL;
}

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

GPtrArray *
peerup_relay_client_dup_addresses (PeerupRelayClient *self)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GPtrArray) links = NULL;

  g_return_val_if_fail (PEERUP_IS_RELAY_CLIENT (self), result);
  links = g_ptr_array_new ();
  g_ptr_array_extend (links, self->links, NULL, NULL);
  g_ptr_array_sort (links, compare_links);
  for (guint i = 0; i < links->len; i++)
    {
      GPtrArray *addresses = peerup_relay_link_get_addresses (links->pdata[i]);

      for (guint j = 0; addresses != NULL && j < addresses->len; j++)
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
    return peerup_relay_link_new (self->swarm, relay, on_link_changed, self);
  return g_ptr_array_steal_index (self->links, index);
}

void
peerup_relay_client_set_relays (PeerupRelayClient *self, GPtrArray *addresses)
{
  g_autoptr (GHashTable) seen = NULL;
  g_autoptr (GPtrArray) links = NULL;

  g_return_if_fail (PEERUP_IS_RELAY_CLIENT (self));
  seen = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  links = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_relay_link_stop);
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (addresses->pdata[i]);
      g_autoptr (GPtrArray) own = relay != NULL ? addresses_of (addresses, relay) : NULL;

      if (relay == NULL || own->len == 0 || !g_hash_table_add (seen, peerup_peer_id_ref (relay)))
        continue;
      g_ptr_array_add (links, client_take_link (self, relay));
      peerup_relay_link_set_addresses (links->pdata[links->len - 1], own);
    }
  /* What is left in the old list is no longer wanted. */
  g_ptr_array_unref (self->links);
  self->links = g_steal_pointer (&links);
  client_announce (self);
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
  g_return_if_fail (PEERUP_IS_RELAY_CLIENT (self));
  g_return_if_fail (index < self->links->len);
  peerup_relay_link_get_info (self->links->pdata[index], info);
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
  g_signal_connect_object (swarm, "addresses-changed", G_CALLBACK (on_addresses_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (swarm, "connection-closed", G_CALLBACK (on_connection_closed), self, G_CONNECT_SWAPPED);
  return self;
}
