/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The paths of all peers of an engine: hears what happens to connections, writes it down, and has direct paths
 * looked for when it is time. How one is found, when the next try is, and how replaced connections go stand in
 * files of their own (peerup-path-*.c). Lives from the start to the end of a run. It dials those only whom we
 * have dialed ourselves or may admit.
 */
#include "engine/peerup-engine-paths-private.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-nat-servers.h"
#include "engine/peerup-engine-private.h"
#include "engine/peerup-path-adoption.h"
#include "engine/peerup-path-schedule.h"
#include "engine/peerup-path-sentence.h"

/* Peers that are remembered; those without a connection go first, the oldest of them before. */
#define PEERS_MAX 256
/* µs between two searches for one peer, whatever happens. */
#define SEARCH_PAUSE_MIN (5 * G_USEC_PER_SEC)

typedef struct
{
  PeerupEnginePaths *paths;
  PeerupPeerId *id;
  GPtrArray *events;
  PeerupPathSchedule schedule;
  DexFuture *search;   /* NULL: none is under way */
  DexPromise *found;   /* likewise; to the direct connection that ends it */
  DexFuture *adoption; /* likewise */
  DexFuture *recovery; /* a dial to replace what is silent or gone */
  GError *error;       /* nullable: of the last search */
  GPtrArray *told;     /* nullable: the addresses that it had told of when the last search failed */
  gint64 searched_at;  /* 0: never */
  gint64 adopt_at;     /* 0: nothing is to adopt */
  gint64 seen_at;
  PeerupTimer timer;
} Peer;

struct _PeerupEnginePaths
{
  PeerupEngine *engine; /* owns this */
  PeerupPathWatch *watch;
  PeerupPathSearchTools tools;
  GHashTable *peers;   /* PeerupPeerId to Peer */
  GPtrArray *followed; /* of PeerupForward: the engine's list as it was told last */
  PeerupReactor *reactor;
  PeerupNatFacts nat;
  gboolean has_nat;
  gboolean has_servers; /* those of set_nat(); until then those of the relays serve */
};

static void peer_arm (Peer *self);
static void peer_search (Peer *self);

/* Facts */

static GPtrArray *
peer_dup_connections (Peer *self)
{
  return peerup_swarm_dup_connections (self->paths->engine->swarm, self->id);
}

/* (nullable) (transfer full): the best, if it takes new streams. */
static PeerupConnection *
peer_dup_best (Peer *self)
{
  g_autoptr (GPtrArray) list = peer_dup_connections (self);

  return list->len > 0 && !peerup_connection_is_retired (list->pdata[0]) ? g_object_ref (list->pdata[0]) : NULL;
}

static gboolean
is_direct_and_heard (PeerupConnection *connection)
{
  return connection != NULL && !peerup_swarm_is_relayed (connection) && !peerup_connection_is_silent (connection);
}

/* Whether @self has a direct path that is used. */
static gboolean
peer_is_direct (Peer *self)
{
  g_autoptr (PeerupConnection) best = peer_dup_best (self);

  return is_direct_and_heard (best);
}

static gboolean
peer_was_dialed (GPtrArray *connections)
{
  for (guint i = 0; i < connections->len; i++)
    if (peerup_connection_get_info (connections->pdata[i])->outbound)
      return TRUE;
  return FALSE;
}

/* Whether we may look for it: it is connected, and we dialed it or would admit it. */
static gboolean
peer_is_ours (Peer *self)
{
  g_autoptr (GPtrArray) list = peer_dup_connections (self);

  return list->len > 0 && (peer_was_dialed (list) || peerup_engine_admits (self->id, self->paths->engine));
}

static gboolean
peer_has_forward (Peer *self)
{
  GListModel *forwards = G_LIST_MODEL (self->paths->engine->forwards);

  for (guint i = 0; i < g_list_model_get_n_items (forwards); i++)
    {
      g_autoptr (PeerupForward) forward = g_list_model_get_item (forwards, i);

      if (peerup_forward_get_state (forward) != PEERUP_FORWARD_STOPPED &&
          peerup_peer_id_equal (peerup_forward_get_peer (forward), self->id))
        return TRUE;
    }
  return FALSE;
}

static gboolean
peer_has_streams (Peer *self)
{
  g_autoptr (GPtrArray) list = peer_dup_connections (self);
  guint n = 0;

  for (guint i = 0; i < list->len; i++)
    n += peerup_connection_get_n_streams (list->pdata[i]);
  return n > 0;
}

static gboolean
peer_is_used (Peer *self)
{
  return peer_has_streams (self) || peer_has_forward (self);
}

static const PeerupNatFacts *
paths_get_nat (PeerupEnginePaths *self)
{
  return self->has_nat ? &self->nat : NULL;
}

/* STUN servers: those of set_nat(), and before it the relays that are spoken with over UDP. */

static void
paths_set_servers (PeerupEnginePaths *self)
{
  PeerupSocketAddress servers[2 * PEERUP_ENGINE_NAT_SERVERS_MAX];
  guint n;

  if (self->has_servers)
    return;
  n = peerup_engine_nat_list_servers (self->engine, AF_INET, TRUE, servers);
  n += peerup_engine_nat_list_servers (self->engine, AF_INET6, TRUE, servers + n);
  peerup_ice_set_servers (self->tools.ice, servers, n);
}

/* Peers */

/* Whoever shows whether a path is looked for, and why there is none, looks again. */
static void
peer_tell (Peer *self)
{
  peerup_engine_devices_touch (self->paths->engine->devices, self->id);
}

/* Ends a search that is under way, and hears no more of it. */
static void
peer_drop_search (Peer *self)
{
  if (self->search != NULL)
    peer_tell (self);
  dex_clear (&self->search);
  if (self->found != NULL && dex_future_is_pending (DEX_FUTURE (self->found)))
    dex_promise_reject (self->found, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                                                          _ ("Nobody looks for a path any more")));
  dex_clear (&self->found);
}

static void
peer_free (gpointer data)
{
  Peer *self = data;

  peerup_timer_clear (&self->timer);
  peer_drop_search (self);
  dex_clear (&self->adoption);
  dex_clear (&self->recovery);
  g_clear_error (&self->error);
  g_clear_pointer (&self->told, g_ptr_array_unref);
  g_ptr_array_unref (self->events);
  peerup_peer_id_unref (self->id);
  g_free (self);
}

static void
on_time (gpointer data)
{
  Peer *self = data;
  gint64 now = g_get_monotonic_time ();

  if (self->schedule.next_at != 0 && now >= self->schedule.next_at &&
      peerup_path_schedule_elapse (&self->schedule, peer_is_used (self)))
    peer_search (self);
  peer_arm (self);
}

static void
paths_forget_oldest (PeerupEnginePaths *self)
{
  Peer *oldest = NULL;
  GHashTableIter iter;
  gpointer value;

  if (g_hash_table_size (self->peers) < PEERS_MAX)
    return;
  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Peer *peer = value;
      g_autoptr (GPtrArray) list = peer_dup_connections (peer);

      if (list->len == 0 && (oldest == NULL || peer->seen_at < oldest->seen_at))
        oldest = peer;
    }
  if (oldest != NULL)
    g_hash_table_remove (self->peers, oldest->id);
}

static Peer *
paths_ensure (PeerupEnginePaths *self, PeerupPeerId *id)
{
  Peer *peer = g_hash_table_lookup (self->peers, id);

  if (peer == NULL)
    {
      paths_forget_oldest (self);
      peer = g_new0 (Peer, 1);
      peer->paths = self;
      peer->id = peerup_peer_id_ref (id);
      peer->events = peerup_path_history_new ();
      peerup_timer_init (&peer->timer, self->reactor, on_time, peer);
      g_hash_table_insert (self->peers, peer->id, peer);
    }
  peer->seen_at = g_get_monotonic_time ();
  return peer;
}

/* Looking for a direct path */

static void
peer_take_found (Peer *self)
{
  g_autoptr (PeerupConnection) best = peer_dup_best (self);

  peerup_path_schedule_find (&self->schedule);
  g_clear_error (&self->error);
  if (self->found != NULL && dex_future_is_pending (DEX_FUTURE (self->found)))
    dex_promise_resolve_object (self->found, g_steal_pointer (&best));
}

static void
peer_note_told (Peer *self)
{
  g_autoptr (PeerupPeerInfo) info = peerup_identify_dup_info (self->paths->engine->identify, self->id);

  g_clear_pointer (&self->told, g_ptr_array_unref);
  if (info != NULL)
    self->told = g_ptr_array_ref (info->addresses);
}

/* Takes @error. */
static void
peer_take_failure (Peer *self, GError *error)
{
  gboolean hopeless = peerup_path_is_hard_nat (paths_get_nat (self->paths)) && self->schedule.n_failures > 0 &&
                      g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);

  g_clear_error (&self->error);
  self->error = error;
  peer_note_told (self);
  peerup_path_history_add (self->events, PEERUP_PATH_FAILED, NULL, g_strdup (error->message));
  g_debug ("No direct path to %s: %s", peerup_peer_id_get_string (self->id), error->message);
  peerup_path_schedule_fail (&self->schedule, hopeless, g_get_monotonic_time (), g_random_double ());
}

static DexFuture *
on_searched (DexFuture *future, gpointer data)
{
  Peer *self = data;
  g_autoptr (GError) error = NULL;

  dex_future_get_value (future, &error);
  dex_clear (&self->search);
  dex_clear (&self->found);
  if (peer_is_direct (self))
    peer_take_found (self);
  /* Without an error it was found, and is gone again, which has been told. */
  else if (error != NULL)
    peer_take_failure (self, g_steal_pointer (&error));
  peer_tell (self);
  peer_arm (self);
  return NULL;
}

/* Now, unless that is under way, or it is direct, or was done a moment ago: then soon. */
static void
peer_search (Peer *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->search != NULL || peer_is_direct (self) || !peer_is_ours (self))
    return;
  if (self->searched_at != 0 && now - self->searched_at < SEARCH_PAUSE_MIN)
    {
      self->schedule.next_at = self->searched_at + SEARCH_PAUSE_MIN;
      peer_arm (self);
      return;
    }
  self->schedule.next_at = 0;
  self->searched_at = now;
  paths_set_servers (self->paths);
  peerup_path_history_add (self->events, PEERUP_PATH_SEARCH, NULL, g_strdup (_ ("A direct path is looked for")));
  self->found = dex_promise_new ();
  self->search = dex_future_finally (peerup_path_search (&self->paths->tools, self->id, DEX_FUTURE (self->found)),
                                     on_searched, self, NULL);
  peer_tell (self);
}

/* What replaces a path that is silent or gone, so that new streams find one. */
static void
peer_recover (Peer *self)
{
  dex_clear (&self->recovery);
  self->recovery = peerup_swarm_connect (self->paths->engine->swarm, self->id);
}

/* The direct path that was made @age µs ago is no longer one. */
static void
peer_take_loss (Peer *self, gint64 age, gboolean wanted)
{
  gboolean at_once = peerup_path_schedule_lose (&self->schedule, age, g_get_monotonic_time (), g_random_double ());

  if (!wanted)
    return;
  peer_recover (self);
  if (at_once)
    peer_search (self);
}

/* Adopting what was found */

static DexFuture *
on_adopted (DexFuture *future, gpointer data)
{
  Peer *self = data;
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL)
    {
      g_debug ("%s is not proven: %s", peerup_peer_id_get_string (self->id), error->message);
      self->adopt_at = g_get_monotonic_time () + PEERUP_PATH_PROVING_PAUSE;
    }
  dex_clear (&self->adoption);
  peer_arm (self);
  return NULL;
}

static void
peer_adopt (Peer *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 due = peerup_path_get_adoption_time (self->paths->engine->swarm, self->id);

  if (self->adoption != NULL || due == 0)
    {
      self->adopt_at = 0;
      return;
    }
  self->adopt_at = MAX (self->adopt_at, due);
  if (now < self->adopt_at)
    return;
  self->adopt_at = 0;
  self->adoption =
    dex_future_finally (peerup_path_adopt (self->paths->engine->swarm, self->id), on_adopted, self, NULL);
}

static void
peer_arm (Peer *self)
{
  gint64 deadline = self->schedule.next_at;

  peer_adopt (self);
  if (self->adopt_at != 0 && (deadline == 0 || self->adopt_at < deadline))
    deadline = self->adopt_at;
  if (deadline != 0)
    peerup_timer_set (&self->timer, deadline);
  else
    peerup_timer_stop (&self->timer);
}

/* What happens to connections */

static void on_silent_changed (PeerupConnection *connection, gpointer data);
static void on_path_changed (PeerupConnection *connection, gpointer data);

static void
on_connection_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  Peer *peer = paths_ensure (data, peerup_connection_get_remote_peer (connection));

  g_signal_connect (connection, "silent-changed", G_CALLBACK (on_silent_changed), data);
  g_signal_connect (connection, "path-changed", G_CALLBACK (on_path_changed), data);
  peerup_path_history_add (peer->events, PEERUP_PATH_OPENED, connection, peerup_path_describe (connection));
  if (peer_is_direct (peer))
    peer_take_found (peer);
  else if (peerup_swarm_is_relayed (connection))
    peer_search (peer);
  peer_arm (peer);
}

static void
on_connection_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  Peer *peer = paths_ensure (data, peerup_connection_get_remote_peer (connection));
  const GError *error = peerup_connection_get_error (connection);
  gint64 age = g_get_monotonic_time () - peerup_connection_get_opened_at (connection);

  g_signal_handlers_disconnect_by_data (connection, data);
  peerup_path_history_add (peer->events, PEERUP_PATH_CLOSED, connection,
                           g_strdup (error != NULL ? error->message : "closed"));
  /* One that was silent has been replaced already. */
  if (!peerup_swarm_is_relayed (connection) && !peerup_connection_is_silent (connection) && !peer_is_direct (peer) &&
      !g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED))
    peer_take_loss (peer, age, peer_has_forward (peer));
  peer_arm (peer);
}

static void
peer_take_silence (Peer *self, PeerupConnection *connection)
{
  gint64 age = g_get_monotonic_time () - peerup_connection_get_opened_at (connection);
  gboolean ours = peerup_connection_get_info (connection)->outbound || peer_has_forward (self);

  peerup_path_history_add (self->events, PEERUP_PATH_SILENT, connection,
                           g_strdup (_ ("No sign of life came back though one was asked for")));
  if (peer_is_direct (self) || peerup_connection_is_retired (connection))
    return;
  if (!peerup_swarm_is_relayed (connection))
    peer_take_loss (self, age, ours);
  else if (ours)
    peer_recover (self);
}

static void
peer_take_sound (Peer *self, PeerupConnection *connection)
{
  peerup_path_history_add (self->events, PEERUP_PATH_HEARD, connection, peerup_path_describe (connection));
  if (peer_is_direct (self))
    peer_take_found (self);
}

static void
on_silent_changed (PeerupConnection *connection, gpointer data)
{
  Peer *peer = paths_ensure (data, peerup_connection_get_remote_peer (connection));

  if (peerup_connection_is_silent (connection))
    peer_take_silence (peer, connection);
  else
    peer_take_sound (peer, connection);
  peer_arm (peer);
}

static void
on_path_changed (PeerupConnection *connection, gpointer data)
{
  Peer *peer = paths_ensure (data, peerup_connection_get_remote_peer (connection));

  peerup_path_history_add (peer->events, PEERUP_PATH_MOVED, connection, peerup_path_describe (connection));
}

/* What happens around them */

static gboolean
same_addresses (GPtrArray *a, GPtrArray *b)
{
  guint i = 0;

  if (a == NULL || a->len != b->len)
    return FALSE;
  while (i < a->len && peerup_multiaddr_equal (a->pdata[i], b->pdata[i]))
    i++;
  return i == a->len;
}

/* Other addresses than those of the last search: the peer is in another network, or its own. */
static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  Peer *peer = g_hash_table_lookup (((PeerupEnginePaths *) data)->peers, info->peer);

  if (peer == NULL || peer->search != NULL || peer->searched_at == 0 || peer_is_direct (peer) ||
      same_addresses (peer->told, info->addresses) || !peer_is_used (peer))
    return;
  peerup_path_schedule_renew (&peer->schedule);
  peer_search (peer);
}

/* A use has begun, or may have. */
static void
on_forward_changed (PeerupForward *forward, GParamSpec *pspec, gpointer data)
{
  PeerupEnginePaths *self = data;
  Peer *peer = g_hash_table_lookup (self->peers, peerup_forward_get_peer (forward));

  if (peer != NULL && peer_is_used (peer) && peerup_path_schedule_use (&peer->schedule))
    peer_search (peer);
}

static void
unfollow (gpointer object, gpointer self)
{
  g_signal_handlers_disconnect_by_data (object, self);
}

/* One that has left the list may live on, and longer than this. */
static void
on_forwards_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  PeerupEnginePaths *self = data;

  for (guint i = 0; i < removed; i++)
    {
      g_autoptr (PeerupForward) forward = g_ptr_array_steal_index (self->followed, position);

      unfollow (forward, self);
    }
  for (guint i = position; i < position + added; i++)
    {
      PeerupForward *forward = g_list_model_get_item (model, i);

      g_ptr_array_insert (self->followed, i, forward);
      g_signal_connect (forward, "notify::state", G_CALLBACK (on_forward_changed), self);
      on_forward_changed (forward, NULL, self);
    }
}

/* Without it no search among ports begins. */
static gboolean
paths_learn_mapping (PeerupEnginePaths *self, const PeerupNatFacts *facts)
{
  return facts != NULL && facts->mapping != PEERUP_NAT_UNKNOWN &&
         (!self->has_nat || self->nat.mapping == PEERUP_NAT_UNKNOWN);
}

void
peerup_engine_paths_set_nat (PeerupEnginePaths *self, const PeerupNatFacts *facts, GPtrArray *addresses,
                             const PeerupSocketAddress *servers, guint n_servers)
{
  gboolean is_news = paths_learn_mapping (self, facts);

  self->has_nat = facts != NULL;
  if (facts != NULL)
    self->nat = *facts;
  peerup_ice_set_nat (self->tools.ice, facts);
  peerup_dcutr_set_addresses (self->tools.dcutr, addresses);
  self->has_servers = n_servers > 0;
  if (n_servers > 0)
    peerup_ice_set_servers (self->tools.ice, servers, n_servers);
  if (is_news)
    peerup_engine_paths_changed (self);
  /* Where no path was found, why depends on it. */
  peerup_engine_devices_touch (self->engine->devices, NULL);
}

void
peerup_engine_paths_changed (PeerupEnginePaths *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Peer *peer = value;

      peerup_path_schedule_renew (&peer->schedule);
      /* What goes on was for the network that was. */
      peer_drop_search (peer);
      peer->searched_at = 0;
      if (peer_is_used (peer))
        peer_search (peer);
      else
        peer->schedule.skipped = TRUE;
      peer_arm (peer);
    }
}

void
peerup_engine_paths_learned (PeerupEnginePaths *self, PeerupPeerId *peer)
{
  Peer *known = paths_ensure (self, peer);
  g_autoptr (GPtrArray) connections = peer_dup_connections (known);

  /* A search that is under way takes them up. */
  if (known->search != NULL || peer_is_direct (known))
    return;
  if (connections->len == 0)
    {
      if (peer_has_forward (known))
        peer_recover (known);
      return;
    }
  peerup_path_schedule_renew (&known->schedule);
  if (peer_is_used (known))
    peer_search (known);
  else
    known->schedule.skipped = TRUE;
  peer_arm (known);
}

/* For who asks */

PeerupPathWatch *
peerup_engine_paths_get_watch (PeerupEnginePaths *self)
{
  return self->watch;
}

GPtrArray *
peerup_engine_paths_get_events (PeerupEnginePaths *self, PeerupPeerId *peer)
{
  Peer *known = g_hash_table_lookup (self->peers, peer);

  return known != NULL ? known->events : NULL;
}

char *
peerup_engine_paths_explain (PeerupEnginePaths *self, PeerupPeerId *peer)
{
  Peer *known = g_hash_table_lookup (self->peers, peer);
  g_autoptr (PeerupConnection) best = known != NULL ? peer_dup_best (known) : NULL;
  g_autoptr (PeerupPeerId) relay = best != NULL ? peerup_path_dup_relay (best) : NULL;
  g_autofree char *name = relay != NULL ? peerup_engine_describe (self->engine, relay) : g_strdup ("");
  PeerupPathState state = {
    .best = best,
    .relay = name,
    .searching = known != NULL && known->search != NULL,
    .error = known != NULL ? known->error : NULL,
    .udp_blocked = peerup_swarm_is_udp_blocked (self->engine->swarm),
    .nat = paths_get_nat (self),
  };

  return peerup_path_explain (&state);
}

gboolean
peerup_engine_paths_is_searching (PeerupEnginePaths *self, PeerupPeerId *peer)
{
  Peer *known = g_hash_table_lookup (self->peers, peer);

  return known != NULL && known->search != NULL;
}

gint64
peerup_engine_paths_get_next_search (PeerupEnginePaths *self, PeerupPeerId *peer)
{
  Peer *known = g_hash_table_lookup (self->peers, peer);

  return known != NULL ? known->schedule.next_at : 0;
}

void
peerup_engine_paths_set_climb_func (PeerupEnginePaths *self, PeerupPathClimbFunc climb, gpointer data)
{
  self->tools.climb = climb;
  self->tools.climb_data = data;
}

/* Life */

/* Whose connections we would take in we also help to a better one. */
static gboolean
admit (PeerupPeerId *peer, gpointer data)
{
  return peerup_engine_admits (peer, data);
}

PeerupEnginePaths *
peerup_engine_paths_new (PeerupEngine *engine)
{
  PeerupEnginePaths *self = g_new0 (PeerupEnginePaths, 1);

  self->engine = engine;
  self->reactor = peerup_reactor_ref_default ();
  self->peers = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, peer_free);
  self->watch = peerup_path_watch_new (engine->swarm);
  self->tools.swarm = engine->swarm;
  self->tools.identify = engine->identify;
  self->tools.ice = peerup_ice_new (engine->swarm);
  self->tools.dcutr = peerup_dcutr_new (engine->swarm);
  peerup_ice_set_admit_func (self->tools.ice, admit, engine);
  g_signal_connect (engine->swarm, "connection-opened", G_CALLBACK (on_connection_opened), self);
  g_signal_connect (engine->swarm, "connection-closed", G_CALLBACK (on_connection_closed), self);
  g_signal_connect (engine->identify, "identified", G_CALLBACK (on_identified), self);
  g_signal_connect (engine->forwards, "items-changed", G_CALLBACK (on_forwards_changed), self);
  self->followed = g_ptr_array_new_with_free_func (g_object_unref);
  on_forwards_changed (G_LIST_MODEL (engine->forwards), 0, 0,
                       g_list_model_get_n_items (G_LIST_MODEL (engine->forwards)), self);
  return self;
}

void
peerup_engine_paths_free (PeerupEnginePaths *self)
{
  PeerupEngine *engine = self->engine;
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (engine->swarm, NULL);

  g_ptr_array_foreach (connections, unfollow, self);
  g_ptr_array_foreach (self->followed, unfollow, self);
  g_ptr_array_unref (self->followed);
  unfollow (engine->swarm, self);
  unfollow (engine->identify, self);
  unfollow (engine->forwards, self);
  g_hash_table_unref (self->peers);
  peerup_ice_set_admit_func (self->tools.ice, NULL, NULL);
  g_object_unref (self->tools.ice);
  g_object_unref (self->tools.dcutr);
  peerup_path_watch_free (self->watch);
  peerup_reactor_unref (self->reactor);
  g_free (self);
}
