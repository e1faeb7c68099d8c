/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Direct connection upgrade through relay, both roles, for one swarm. The peer that was dialed through a relay asks
 * ("B" in DCUtR.md), the one that dialed answers ("A"), each in a fiber of its own; what they agree on is the moment,
 * and the dialing is the swarm's. What a peer says here is where to send packets: so only addresses of the internet
 * count, few of them, and seldom. The relayed connection is left as it is, whatever comes of it.
 *
 * Roles. B is the server and A the client in all that follows, by the specification and go-libp2p since 0.41. Before,
 * it was the other way round, and since 0.48 B is the client in its third try, for the sake of those. Our B does as the
 * latter. Our A is QUIC's client always, because both may be; over TCP one has to give way, so it is the server in
 * every third try, which suits all of them. */

#include "protocols/peerup-dcutr-private.h"

#include "limits/peerup-rate.h"
#include "nat/peerup-reachability.h"
#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm-simultaneous.h"
#include "transport/peerup-upgrade.h"
#include "transport/peerup-fiber.h"

/* Microseconds after which a try belongs to another upgrade than the one before it. */
#define UPGRADE_GAP (30 * G_USEC_PER_SEC)

struct _PeerupDcutr
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  GPtrArray *addresses;   /* of PeerupMultiaddr: ours */
  GHashTable *links;      /* PeerupConnection -> Link: those whose peers asked us */
  GHashTable *rates;      /* PeerupPeerId -> PeerupRate: how often they did */
  GHashTable *connecting; /* PeerupConnection: those whose peers we are asking */
  gint64 try_timeout;
  gboolean is_laboratory;
};

typedef struct
{
  gboolean talking; /* a stream is open */
  guint n_tries;
  guint n_in_upgrade;
  gint64 tried_at;
  DexFuture *opening; /* what the last try began */
} Link;

/* What a fiber holds. */
typedef struct
{
  PeerupDcutr *self;
  PeerupConnection *connection;
  PeerupStream *stream; /* nullable */
  gint64 deadline;
} Upgrade;

G_DEFINE_FINAL_TYPE (PeerupDcutr, peerup_dcutr, G_TYPE_OBJECT)

static void
upgrade_free (gpointer data)
{
  Upgrade *upgrade = data;

  g_object_unref (upgrade->self);
  g_object_unref (upgrade->connection);
  g_clear_object (&upgrade->stream);
  g_free (upgrade);
}

static Upgrade *
upgrade_new (PeerupDcutr *self, PeerupConnection *connection, PeerupStream *stream, gint64 deadline)
{
  Upgrade *upgrade = g_new0 (Upgrade, 1);

  upgrade->self = g_object_ref (self);
  upgrade->connection = g_object_ref (connection);
  upgrade->stream = stream;
  upgrade->deadline = deadline;
  return upgrade;
}

/* Addresses */

static gboolean
dcutr_may_use (PeerupDcutr *self, PeerupMultiaddr *address)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };

  return peerup_endpoint_parse (address, &endpoint, NULL) && !peerup_endpoint_is_name (&endpoint) &&
         !peerup_endpoint_is_websocket (&endpoint) && (self->is_laboratory || peerup_reachability_is_global (address));
}

/* The first ones that may be told or dialed, each once. */
static GPtrArray *
dcutr_choose (PeerupDcutr *self, GPtrArray *addresses)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < addresses->len && result->len < PEERUP_DCUTR_ADDRESSES_MAX; i++)
    {
      g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (addresses->pdata[i]);

      if (bare != NULL && dcutr_may_use (self, bare) &&
          !g_ptr_array_find_with_equal_func (result, bare, peerup_multiaddr_equal, NULL))
        g_ptr_array_add (result, g_steal_pointer (&bare));
    }
  return result;
}

void
peerup_dcutr_set_addresses (PeerupDcutr *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_DCUTR (self));

  g_ptr_array_unref (self->addresses);
  self->addresses = dcutr_choose (self, addresses);
}

void
peerup_dcutr_set_laboratory (PeerupDcutr *self, gint64 try_timeout)
{
  self->is_laboratory = TRUE;
  self->try_timeout = try_timeout;
}

/* Messages */

static gboolean
upgrade_send (Upgrade *upgrade, PeerupDcutrType type, GPtrArray *addresses, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_dcutr_message_encode (type, addresses);

  return peerup_stream_await_write_all (upgrade->stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        upgrade->deadline, error);
}

static PeerupDcutrMessage *
upgrade_receive (Upgrade *upgrade, PeerupDcutrType type, GError **error)
{
  g_autoptr (GBytes) bytes =
    peerup_stream_await_message (upgrade->stream, PEERUP_DCUTR_MESSAGE_MAX, upgrade->deadline, error);
  g_autoptr (PeerupDcutrMessage) message = NULL;

  if (bytes == NULL)
    return NULL;
  message = peerup_dcutr_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (message == NULL || message->type == type)
    return g_steal_pointer (&message);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The peer sent %s where %s was due",
               message->type == PEERUP_DCUTR_SYNC ? "SYNC" : "CONNECT", type == PEERUP_DCUTR_SYNC ? "SYNC" : "CONNECT");
  return NULL;
}

/* Where the peer says that it is: addresses that may be dialed, one at least. */
static GPtrArray *
upgrade_receive_connect (Upgrade *upgrade, GError **error)
{
  g_autoptr (PeerupDcutrMessage) message = upgrade_receive (upgrade, PEERUP_DCUTR_CONNECT, error);
  g_autoptr (GPtrArray) addresses = NULL;

  if (message == NULL)
    return NULL;
  addresses = dcutr_choose (upgrade->self, message->addresses);
  if (addresses->len > 0)
    return g_steal_pointer (&addresses);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                       "The peer told no address of the internet at which it might be reached");
  return NULL;
}

/* Answering */

static void
link_free (gpointer data)
{
  Link *link = data;

  dex_clear (&link->opening);
  g_free (link);
}

static gboolean
is_unused (gpointer peer, gpointer rate, gpointer now)
{
  return peerup_rate_is_full (rate, *(gint64 *) now);
}

static gboolean
dcutr_take_rate (PeerupDcutr *self, PeerupPeerId *peer, gint64 now)
{
  PeerupRate *rate = g_hash_table_lookup (self->rates, peer);

  if (rate == NULL)
    {
      g_hash_table_foreach_remove (self->rates, is_unused, &now);
      rate = g_new0 (PeerupRate, 1);
      g_hash_table_insert (self->rates, peerup_peer_id_ref (peer), rate);
    }
  return peerup_rate_take (rate, now, PEERUP_DCUTR_TRY_BURST, PEERUP_DCUTR_TRY_INTERVAL);
}

/* The table's entry for a try that may begin; NULL for one that may not. */
static Link *
dcutr_admit (PeerupDcutr *self, PeerupConnection *connection)
{
  gint64 now = g_get_monotonic_time ();
  Link *link = g_hash_table_lookup (self->links, connection);

  if (self->addresses->len == 0 || !peerup_swarm_is_relayed (connection) ||
      !peerup_connection_get_info (connection)->outbound || peerup_connection_is_closed (connection))
    return NULL;
  if (link != NULL && (link->talking || link->n_tries >= PEERUP_DCUTR_TRIES_PER_CONNECTION))
    return NULL;
  if (!dcutr_take_rate (self, peerup_connection_get_remote_peer (connection), now))
    return NULL;
  if (link == NULL)
    {
      link = g_new0 (Link, 1);
      g_hash_table_insert (self->links, g_object_ref (connection), link);
    }
  link->talking = TRUE;
  link->n_tries++;
  link->n_in_upgrade = now - link->tried_at < UPGRADE_GAP ? link->n_in_upgrade + 1 : 1;
  link->tried_at = now;
  return link;
}

/* The peer's addresses once it has said SYNC. */
static GPtrArray *
upgrade_answer (Upgrade *upgrade, GError **error)
{
  g_autoptr (GPtrArray) addresses = upgrade_receive_connect (upgrade, error);
  g_autoptr (PeerupDcutrMessage) sync = NULL;

  if (addresses == NULL || !upgrade_send (upgrade, PEERUP_DCUTR_CONNECT, upgrade->self->addresses, error))
    return NULL;
  sync = upgrade_receive (upgrade, PEERUP_DCUTR_SYNC, error);
  return sync != NULL ? g_steal_pointer (&addresses) : NULL;
}

static DexFuture *
on_opened (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL)
    g_debug ("A direct connection that a peer asked for: %s", error->message);
  return NULL;
}

/* The peer has given up what it asked for before, if that is still under way. */
static void
link_open (Link *link, Upgrade *upgrade, GPtrArray *addresses)
{
  PeerupOpeningRole role =
    link->n_in_upgrade % PEERUP_DCUTR_TRIES == 0 ? PEERUP_OPENING_QUIC_CLIENT : PEERUP_OPENING_CLIENT;
  gint64 deadline = g_get_monotonic_time () + upgrade->self->try_timeout;

  dex_clear (&link->opening);
  link->opening =
    dex_future_finally (peerup_swarm_open_simultaneously (upgrade->self->swarm,
                                                          peerup_connection_get_remote_peer (upgrade->connection),
                                                          addresses, role, deadline),
                        on_opened, NULL, NULL);
}

static DexFuture *
answer_fiber (gpointer data)
{
  Upgrade *upgrade = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = upgrade_answer (upgrade, &error);
  Link *link = upgrade->self->links != NULL ? g_hash_table_lookup (upgrade->self->links, upgrade->connection) : NULL;

  if (addresses != NULL)
    peerup_stream_close (upgrade->stream);
  else
    {
      g_debug ("%s asked for a direct connection in vain: %s",
               peerup_peer_id_get_string (peerup_connection_get_remote_peer (upgrade->connection)), error->message);
      peerup_stream_reset (upgrade->stream, PEERUP_STREAM_CODE_PROTOCOL_VIOLATION);
    }
  /* Gone with its connection otherwise. */
  if (link != NULL)
    {
      link->talking = FALSE;
      if (addresses != NULL)
        link_open (link, upgrade, addresses);
    }
  return dex_future_new_true ();
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupDcutr *self = data;
  gint64 deadline = g_get_monotonic_time () + PEERUP_DCUTR_EXCHANGE_TIMEOUT;

  if (dcutr_admit (self, connection) == NULL)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (stream);
      return;
    }
  /* Let go: it ends by its deadline, and leaves what it comes to in the link. */
  dex_future_disown (peerup_fiber_run (answer_fiber, upgrade_new (self, connection, stream, deadline), upgrade_free));
}

/* A way that is being opened needs the relay no more. */
static void
on_connection_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupDcutr *self = data;
  Link *link = g_hash_table_lookup (self->links, connection);

  if (link == NULL)
    return;
  if (link->opening != NULL)
    dex_future_disown (g_steal_pointer (&link->opening));
  g_hash_table_remove (self->links, connection);
}

/* Asking */

/* CONNECT, CONNECT, SYNC on a fresh stream: the peer's addresses, and in @wait the microseconds until it has read SYNC.
 */
static GPtrArray *
upgrade_exchange (Upgrade *upgrade, gint64 *wait, GError **error)
{
  gint64 asked_at = g_get_monotonic_time ();
  g_autoptr (GPtrArray) addresses = NULL;

  if (!upgrade_send (upgrade, PEERUP_DCUTR_CONNECT, upgrade->self->addresses, error))
    return NULL;
  addresses = upgrade_receive_connect (upgrade, error);
  *wait = (g_get_monotonic_time () - asked_at) / 2;
  if (addresses == NULL || !upgrade_send (upgrade, PEERUP_DCUTR_SYNC, NULL, error))
    return NULL;
  return g_steal_pointer (&addresses);
}

static GPtrArray *
upgrade_ask (Upgrade *upgrade, gint64 *wait, GError **error)
{
  static const char *const protocols[] = { PEERUP_DCUTR_PROTOCOL, NULL };
  GPtrArray *addresses;

  g_clear_object (&upgrade->stream);
  upgrade->stream = dex_await_object (peerup_swarm_open_stream_on (upgrade->self->swarm, upgrade->connection, protocols,
                                                                   upgrade->deadline),
                                      error);
  if (upgrade->stream == NULL)
    return NULL;
  addresses = upgrade_exchange (upgrade, wait, error);
  if (addresses != NULL)
    peerup_stream_close (upgrade->stream);
  else
    peerup_stream_reset (upgrade->stream, PEERUP_STREAM_CODE_NONE);
  return addresses;
}

/* Whether it was given up meanwhile. */
static gboolean
pause_until (gint64 until, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (dex_await (dex_timeout_new_deadline (until), &local) || g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* NULL with UNREACHABLE: it may be tried once more. */
static PeerupConnection *
upgrade_try (Upgrade *upgrade, PeerupOpeningRole role, gint64 deadline, gboolean *again, GError **error)
{
  PeerupDcutr *self = upgrade->self;
  g_autoptr (GPtrArray) addresses = NULL;
  gint64 wait = 0;

  *again = FALSE;
  upgrade->deadline = MIN (deadline, g_get_monotonic_time () + PEERUP_DCUTR_EXCHANGE_TIMEOUT);
  addresses = upgrade_ask (upgrade, &wait, error);
  if (addresses == NULL || !pause_until (g_get_monotonic_time () + wait, error))
    return NULL;
  *again = TRUE;
  return dex_await_object (
    peerup_swarm_open_simultaneously (self->swarm, peerup_connection_get_remote_peer (upgrade->connection), addresses,
                                      role, MIN (deadline, g_get_monotonic_time () + self->try_timeout)),
    error);
}

static DexFuture *
connect_fiber (gpointer data)
{
  Upgrade *upgrade = data;
  gint64 deadline = upgrade->deadline;
  g_autoptr (GError) error = NULL;
  gboolean again = TRUE;

  for (guint i = 1; i <= PEERUP_DCUTR_TRIES && again; i++)
    {
      PeerupOpeningRole role = i < PEERUP_DCUTR_TRIES ? PEERUP_OPENING_SERVER : PEERUP_OPENING_CLIENT;
      PeerupConnection *connection;

      g_clear_error (&error);
      connection = upgrade_try (upgrade, role, deadline, &again, &error);
      if (connection != NULL)
        return dex_future_new_take_object (connection);
      again = again && g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
      if (again && g_get_monotonic_time () >= deadline)
        return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "%s", error->message);
    }
  return dex_future_new_for_error (g_steal_pointer (&error));
}

static void
connect_free (gpointer data)
{
  Upgrade *upgrade = data;

  g_hash_table_remove (upgrade->self->connecting, upgrade->connection);
  upgrade_free (upgrade);
}

static PeerupConnection *
dcutr_dup_direct (PeerupDcutr *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, peer);

  for (guint i = 0; i < list->len; i++)
    if (!peerup_swarm_is_relayed (list->pdata[i]) && !peerup_connection_is_retired (list->pdata[i]) &&
        !peerup_connection_is_silent (list->pdata[i]))
      return g_object_ref (list->pdata[i]);
  return NULL;
}

DexFuture *
peerup_dcutr_connect (PeerupDcutr *self, PeerupConnection *relayed, gint64 deadline)
{
  PeerupConnection *direct;

  g_return_val_if_fail (PEERUP_IS_DCUTR (self), NULL);
  g_return_val_if_fail (PEERUP_IS_CONNECTION (relayed), NULL);

  if (!peerup_swarm_is_relayed (relayed) || peerup_connection_get_info (relayed)->outbound)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                                  "Only the peer that was dialed through a relay asks for a direct connection");
  direct = dcutr_dup_direct (self, peerup_connection_get_remote_peer (relayed));
  if (direct != NULL)
    return dex_future_new_take_object (direct);
  if (self->addresses->len == 0)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                                  "It is not known where this device is seen from outside");
  if (!g_hash_table_add (self->connecting, relayed))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                                  "A direct connection to this peer is being tried already");
  return peerup_fiber_spawn (connect_fiber, upgrade_new (self, relayed, NULL, deadline), connect_free);
}

/* The object */

static void
peerup_dcutr_dispose (GObject *object)
{
  PeerupDcutr *self = PEERUP_DCUTR (object);

  if (self->swarm != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->swarm, self);
      peerup_swarm_remove_protocol (self->swarm, PEERUP_DCUTR_PROTOCOL);
    }
  g_clear_pointer (&self->links, g_hash_table_unref);
  g_clear_pointer (&self->rates, g_hash_table_unref);
  g_clear_object (&self->swarm);
  G_OBJECT_CLASS (peerup_dcutr_parent_class)->dispose (object);
}

static void
peerup_dcutr_finalize (GObject *object)
{
  PeerupDcutr *self = PEERUP_DCUTR (object);

  g_hash_table_unref (self->connecting);
  g_ptr_array_unref (self->addresses);
  G_OBJECT_CLASS (peerup_dcutr_parent_class)->finalize (object);
}

static void
peerup_dcutr_class_init (PeerupDcutrClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_dcutr_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_dcutr_finalize;
}

static void
peerup_dcutr_init (PeerupDcutr *self)
{
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->links = g_hash_table_new_full (NULL, NULL, g_object_unref, link_free);
  self->rates =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);
  self->connecting = g_hash_table_new (NULL, NULL);
  self->try_timeout = PEERUP_DCUTR_TRY_TIMEOUT;
}

PeerupDcutr *
peerup_dcutr_new (PeerupSwarm *swarm)
{
  PeerupDcutr *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);

  self = g_object_new (PEERUP_TYPE_DCUTR, NULL);
  self->swarm = g_object_ref (swarm);
  g_signal_connect (swarm, "connection-closed", G_CALLBACK (on_connection_closed), self);
  peerup_swarm_add_protocol (swarm, PEERUP_DCUTR_PROTOCOL, on_stream, self, NULL);
  return self;
}
