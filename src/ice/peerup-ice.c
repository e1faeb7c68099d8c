/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * /peerup/ice/1.0.0 on one swarm: who may begin a search, how often, and the searches that are under way, one for a
 * peer. Lives as long as its owner wants; the searches end with it. */

#include "ice/peerup-ice.h"

#include "ice/peerup-ice-private.h"
#include "ice/peerup-ice-reason.h"
#include "ice/peerup-ice-session.h"
#include "wire/peerup-error.h"

/* STUN servers that are looked at. */
#define SERVERS_MAX 8

/* µs without an answer after which a search begins anew where it has another carrier: the network may have changed. */
#define CARRIER_PATIENCE G_USEC_PER_SEC

/* A search with one peer, whoever began it; the session changes when both began one. */
typedef struct
{
  PeerupIce *ice; /* borrowed: it owns this */
  PeerupPeerId *peer;
  PeerupIceSession *session;
  DexPromise *promise; /* to a PeerupConnection */
} Search;

/* A search that a peer began. */
typedef struct
{
  PeerupPeerId *peer;
  gint64 at;
} Begun;

struct _PeerupIce
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  PeerupIceAdmitFunc admit; /* nullable */
  gpointer admit_data;
  PeerupSocketAddress servers[SERVERS_MAX];
  guint n_servers;
  PeerupIceNat nat;
  PeerupIceNetworks networks; /* of a test; none: the real ones */
  GHashTable *searches;       /* PeerupPeerId -> Search */
  GQueue begun;               /* of Begun, oldest first */
};

G_DEFINE_FINAL_TYPE (PeerupIce, peerup_ice, G_TYPE_OBJECT)

static void
search_free (gpointer data)
{
  Search *self = data;

  if (self->session != NULL)
    peerup_ice_session_cancel (self->session);
  if (dex_future_is_pending (DEX_FUTURE (self->promise)))
    dex_promise_reject (self->promise, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "This side is closing"));
  dex_unref (self->promise);
  peerup_peer_id_unref (self->peer);
  g_free (self);
}

static void
begun_free (gpointer data)
{
  Begun *self = data;

  peerup_peer_id_unref (self->peer);
  g_free (self);
}

/* Searches */

static void
on_ended (PeerupIceSession *session, PeerupConnection *connection, const GError *error, gpointer data)
{
  Search *self = data;

  self->session = NULL;
  if (connection != NULL)
    dex_promise_resolve_object (self->promise, g_object_ref (connection));
  else
    dex_promise_reject (self->promise, g_error_copy (error));
  g_hash_table_remove (self->ice->searches, self->peer);
}

/* The servers come in the order of their worth; an agent takes one. IPv6 needs none where there is no NAT. */
static PeerupSocketAddress
ice_choose_server (PeerupIce *self)
{
  PeerupSocketAddress none = { 0 };

  for (guint i = 0; i < self->n_servers; i++)
    if (self->servers[i].any.sa_family == AF_INET)
      return self->servers[i];
  return self->n_servers > 0 ? self->servers[0] : none;
}

/* @stream: nullable, what the peer opened. */
static void
search_start (Search *self, PeerupConnection *carrier, PeerupStream *stream)
{
  PeerupIce *ice = self->ice;
  PeerupIceSessionOptions options = {
    .swarm = ice->swarm,
    .carrier = carrier,
    .stream = stream,
    .networks = ice->networks,
    .server = ice_choose_server (ice),
    .nat = ice->nat,
  };

  if (options.networks.n == 0)
    peerup_ice_networks_read (&options.networks);
  if (self->session != NULL)
    peerup_ice_session_cancel (self->session);
  self->session = peerup_ice_session_start (&options, on_ended, self);
}

/* (transfer none) */
static Search *
ice_add_search (PeerupIce *self, PeerupPeerId *peer)
{
  Search *search = g_new0 (Search, 1);

  search->ice = self;
  search->peer = peerup_peer_id_ref (peer);
  search->promise = dex_promise_new ();
  g_hash_table_insert (self->searches, search->peer, search);
  return search;
}

static DexFuture *
explain_timeout (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) != NULL || !g_error_matches (error, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    return NULL;
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "No direct path was found in time");
}

/* What is said over it has no answer, or none for so long that @carrier will do better. */
static gboolean
session_is_lost (PeerupIceSession *session, PeerupConnection *carrier)
{
  PeerupConnection *old = peerup_ice_session_get_carrier (session);
  gint64 owed_since = peerup_connection_get_owed_since (old);

  return old != carrier && (peerup_connection_is_closed (old) || peerup_connection_is_silent (old) ||
                            (owed_since != 0 && g_get_monotonic_time () - owed_since >= CARRIER_PATIENCE));
}

DexFuture *
peerup_ice_connect (PeerupIce *self, PeerupConnection *carrier, gint64 deadline)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (carrier);
  Search *search;
  g_return_val_if_fail (PEERUP_IS_ICE (self), NULL);
  search = g_hash_table_lookup (self->searches, peer);
  if (search == NULL && g_hash_table_size (self->searches) >= PEERUP_ICE_SESSIONS_MAX)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "%d searches for direct paths are under way",
                                  PEERUP_ICE_SESSIONS_MAX);
  if (search == NULL)
    {
      search = ice_add_search (self, peer);
      search_start (search, carrier, NULL);
    }
  else if (search->session != NULL && session_is_lost (search->session, carrier))
    search_start (search, carrier, NULL);
  return dex_future_catch (dex_future_first (dex_ref (search->promise), dex_timeout_new_deadline (deadline), NULL),
                           explain_timeout, NULL, NULL);
}

/* Those that peers begin */

/* Of two streams that crossed both sides keep the same one: that of the peer who dialed its carrier, then that of the
 * peer with the smaller ID. */
static guint
rate_stream (PeerupIce *self, PeerupConnection *carrier, gboolean inbound)
{
  gboolean by_dialer = peerup_connection_get_info (carrier)->outbound != inbound;
  gboolean ours_smaller =
    peerup_peer_id_compare (peerup_swarm_get_peer_id (self->swarm), peerup_connection_get_remote_peer (carrier)) < 0;

  return (by_dialer ? 2 : 0) + (ours_smaller != inbound ? 1 : 0);
}

/* 0, or the code to refuse the stream with. */
static guint32
ice_judge_crossed (PeerupIce *self, Search *search, PeerupConnection *carrier)
{
  PeerupIceSession *ours = search->session;

  if (session_is_lost (ours, carrier))
    return PEERUP_STREAM_CODE_NONE;
  if (!peerup_ice_session_is_waiting (ours))
    return PEERUP_STREAM_CODE_RESOURCE_LIMIT;
  return rate_stream (self, carrier, TRUE) > rate_stream (self, peerup_ice_session_get_carrier (ours), FALSE)
           ? PEERUP_STREAM_CODE_NONE
           : PEERUP_STREAM_CODE_SUPPLANTED;
}

static gboolean
ice_count_begun (PeerupIce *self, PeerupPeerId *peer)
{
  gint64 now = g_get_monotonic_time ();
  Begun *begun = g_queue_peek_head (&self->begun);
  guint n = 0;

  for (; begun != NULL && begun->at <= now - PEERUP_ICE_WINDOW; begun = g_queue_peek_head (&self->begun))
    begun_free (g_queue_pop_head (&self->begun));
  for (GList *l = self->begun.head; l != NULL; l = l->next)
    n += peerup_peer_id_equal (((Begun *) l->data)->peer, peer);
  if (n >= PEERUP_ICE_SESSIONS_PER_PEER || self->begun.length >= PEERUP_ICE_SESSIONS_PER_TIME)
    return FALSE;
  begun = g_new (Begun, 1);
  *begun = (Begun) { peerup_peer_id_ref (peer), now };
  g_queue_push_tail (&self->begun, begun);
  return TRUE;
}

/* 0, or the code to refuse the stream with. */
static guint32
ice_judge (PeerupIce *self, PeerupConnection *carrier)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (carrier);
  Search *search = g_hash_table_lookup (self->searches, peer);
  guint32 code = PEERUP_STREAM_CODE_NONE;

  if (!peerup_connection_get_info (carrier)->outbound && self->admit != NULL && !self->admit (peer, self->admit_data))
    return PEERUP_STREAM_CODE_GATED;
  if (search != NULL)
    code = ice_judge_crossed (self, search, carrier);
  else if (g_hash_table_size (self->searches) >= PEERUP_ICE_SESSIONS_MAX)
    code = PEERUP_STREAM_CODE_RESOURCE_LIMIT;
  if (code == PEERUP_STREAM_CODE_NONE && !ice_count_begun (self, peer))
    code = PEERUP_STREAM_CODE_RATE_LIMITED;
  return code;
}

static DexFuture *
note_failure (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL)
    g_debug ("A peer's search for a direct path came to nothing: %s", error->message);
  return dex_future_new_for_boolean (TRUE);
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupIce *self = data;
  g_autoptr (PeerupStream) owned = stream;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  guint32 code = ice_judge (self, connection);
  Search *search;

  if (code != PEERUP_STREAM_CODE_NONE)
    {
      peerup_stream_reset (stream, code);
      return;
    }
  search = g_hash_table_lookup (self->searches, peer);
  if (search == NULL)
    {
      search = ice_add_search (self, peer);
      /* Who began it waits on the other side. */
      dex_future_disown (dex_future_catch (dex_ref (search->promise), note_failure, NULL, NULL));
    }
  search_start (search, connection, stream);
}

/* Settings */

void
peerup_ice_set_admit_func (PeerupIce *self, PeerupIceAdmitFunc admit, gpointer data)
{
  g_return_if_fail (PEERUP_IS_ICE (self));

  self->admit = admit;
  self->admit_data = data;
}

void
peerup_ice_set_servers (PeerupIce *self, const PeerupSocketAddress *servers, guint n)
{
  g_return_if_fail (PEERUP_IS_ICE (self) && (servers != NULL || n == 0));

  self->n_servers = MIN (n, SERVERS_MAX);
  for (guint i = 0; i < self->n_servers; i++)
    self->servers[i] = servers[i];
}

void
peerup_ice_set_nat (PeerupIce *self, const PeerupNatFacts *facts)
{
  g_return_if_fail (PEERUP_IS_ICE (self));

  self->nat = peerup_ice_nat_from_facts (facts);
}

void
peerup_ice_use_network (PeerupIce *self, const char *address, guint prefix)
{
  PeerupSocketAddress parsed;

  if (!peerup_socket_address_set (&parsed, address, 0) || !peerup_ice_networks_add (&self->networks, &parsed, prefix))
    g_assert_not_reached ();
}

guint
peerup_ice_get_n_sessions (PeerupIce *self)
{
  return g_hash_table_size (self->searches);
}

void
peerup_ice_forget_begun (PeerupIce *self)
{
  g_queue_clear_full (&self->begun, begun_free);
}

/* Life */

static void
peerup_ice_dispose (GObject *object)
{
  PeerupIce *self = PEERUP_ICE (object);

  g_hash_table_remove_all (self->searches);
  if (self->swarm != NULL)
    peerup_swarm_remove_protocol (self->swarm, PEERUP_ICE_PROTOCOL);
  g_clear_object (&self->swarm);
  G_OBJECT_CLASS (peerup_ice_parent_class)->dispose (object);
}

static void
peerup_ice_finalize (GObject *object)
{
  PeerupIce *self = PEERUP_ICE (object);

  g_hash_table_unref (self->searches);
  g_queue_clear_full (&self->begun, begun_free);
  G_OBJECT_CLASS (peerup_ice_parent_class)->finalize (object);
}

static void
peerup_ice_class_init (PeerupIceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_ice_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_ice_finalize;
}

static void
peerup_ice_init (PeerupIce *self)
{
  self->searches = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, search_free);
}

PeerupIce *
peerup_ice_new (PeerupSwarm *swarm)
{
  PeerupIce *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  self = g_object_new (PEERUP_TYPE_ICE, NULL);
  self->swarm = g_object_ref (swarm);
  peerup_swarm_add_protocol (swarm, PEERUP_ICE_PROTOCOL, on_stream, self, NULL);
  return self;
}
