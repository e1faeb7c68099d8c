/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Asks servers of AutoNAT in rounds: one fiber at a time that goes through the addresses, and for each asks all
 * servers at once. Lives from the start to the end of a run; a round that is dropped ends. It decides nothing about
 * relaying: it tells the reachability what has been seen.
 */
#include "engine/peerup-engine-autonat.h"

#include "engine/peerup-autonat-candidates.h"
#include "engine/peerup-engine-private.h"
#include "transport/peerup-fiber.h"

/* Microseconds in which a network settles, and new connections are identified. */
#define SETTLE_TIME (3 * (gint64) G_USEC_PER_SEC)
/* Rounds begin this much apart at least: servers take 12 requests a minute, and a round has up to 6 for each. */
#define ROUND_GAP (60 * (gint64) G_USEC_PER_SEC)
/* Between rounds when nothing happens, and as much more at random as this. */
#define ROUND_INTERVAL (30 * 60 * (gint64) G_USEC_PER_SEC)
#define ROUND_SPREAD   (5 * 60 * (gint64) G_USEC_PER_SEC)
/* For one question. */
#define CHECK_TIME (20 * (gint64) G_USEC_PER_SEC)
/* So long a hole that we made ourselves may be open in a firewall; as in peerup-engine-peer-relay.c. */
#define HOLE_TIME (300 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  PeerupMultiaddr *address;
  guint n_reachable, n_unreachable;
  gboolean proven;
  char *reason; /* nullable */
  gint64 asked_at;
} Answer;

/* One round; a reference counted box of its fiber and of whom it is for. */
typedef struct
{
  PeerupEngineAutonat *self; /* NULL: it was dropped */
  GPtrArray *servers;        /* of PeerupPeerId */
  GPtrArray *candidates;     /* of PeerupMultiaddr */
} Round;

struct _PeerupEngineAutonat
{
  PeerupEngine *engine; /* owns this */
  PeerupAutonat *autonat;
  PeerupTimer timer;
  Round *round;         /* nullable: the one under way, or the last */
  DexFuture *asking;    /* nullable: its fiber */
  gint64 began_at;      /* the last round; 0: none yet */
  guint n_asked;        /* servers in it */
  GPtrArray *listening; /* of PeerupMultiaddr, at the last look */
  GPtrArray *answers;   /* of Answer */
  gboolean is_serving;
};

static void
answer_free (gpointer data)
{
  Answer *self = data;

  peerup_multiaddr_unref (self->address);
  g_free (self->reason);
  g_free (self);
}

/* Whom to ask */

static gboolean
is_relay (PeerupEngineAutonat *self, PeerupPeerId *peer, gboolean configured_only)
{
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (self->engine->relays); i++)
    {
      peerup_relay_client_get_info (self->engine->relays, i, &info);
      if (peerup_peer_id_equal (info.relay, peer))
        return !configured_only || !info.of_peer;
    }
  return FALSE;
}

static gboolean
is_trusted (PeerupEngineAutonat *self, PeerupPeerId *peer)
{
  return is_relay (self, peer, TRUE) || peerup_engine_authorizes (self->engine, peer);
}

static gboolean
serves_requests (PeerupEngineAutonat *self, PeerupPeerId *peer)
{
  g_autoptr (PeerupPeerInfo) info = peerup_identify_dup_info (self->engine->identify, peer);

  return info != NULL && peerup_peer_info_has_protocol (info, PEERUP_AUTONAT_DIAL_REQUEST);
}

/* (transfer full) of PeerupPeerId: relays first. */
static GPtrArray *
find_servers (PeerupEngineAutonat *self)
{
  GPtrArray *servers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);

  for (guint i = 0; i < connections->len; i++)
    {
      PeerupPeerId *peer = peerup_connection_get_remote_peer (connections->pdata[i]);

      if (peerup_swarm_is_relayed (connections->pdata[i]) || !serves_requests (self, peer) ||
          g_ptr_array_find_with_equal_func (servers, peer, peerup_peer_id_equal, NULL))
        continue;
      g_ptr_array_insert (servers, is_relay (self, peer, FALSE) ? 0 : -1, peerup_peer_id_ref (peer));
    }
  if (servers->len > PEERUP_ENGINE_AUTONAT_SERVERS)
    g_ptr_array_set_size (servers, PEERUP_ENGINE_AUTONAT_SERVERS);
  return servers;
}

/* What to ask about */

/* (transfer full) (nullable): the host of @address, and nothing else. */
static PeerupMultiaddr *
dup_host (PeerupMultiaddr *address)
{
  g_auto (GStrv) parts = g_strsplit (peerup_multiaddr_get_string (address), "/", 4);

  return g_strv_length (parts) >= 3 ? peerup_multiaddr_newf ("/%s/%s", parts[1], parts[2]) : NULL;
}

/* Where the peer of @connection sees us: what it dialed, or where our QUIC socket appears. Of TCP that we dialed only
 * the host is of use. */
static void
add_seen (PeerupEngineAutonat *self, GPtrArray *seen, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  g_autoptr (PeerupPeerInfo) said = peerup_identify_dup_info (self->engine->identify, info->remote_peer);
  PeerupMultiaddr *address = NULL;

  if (said == NULL || said->observed_address == NULL || peerup_swarm_is_relayed (connection) ||
      !is_trusted (self, info->remote_peer))
    return;
  if (info->outbound && !peerup_multiaddr_find (said->observed_address, PEERUP_MULTIADDR_UDP, NULL))
    address = dup_host (said->observed_address);
  else
    address = peerup_multiaddr_without_peer_id (said->observed_address);
  if (address != NULL)
    g_ptr_array_add (seen, address);
}

/* (transfer full) of PeerupMultiaddr */
static GPtrArray *
find_candidates (PeerupEngineAutonat *self)
{
  g_autoptr (GPtrArray) listening = peerup_swarm_dup_listen_addresses (self->engine->swarm);
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);
  /* What a router forwards, and where STUN sees us. */
  g_autoptr (GPtrArray) seen = peerup_engine_nat_dup_addresses (self->engine->nat);

  for (guint i = 0; i < connections->len; i++)
    add_seen (self, seen, connections->pdata[i]);
  return peerup_autonat_candidates_new (listening, seen);
}

/* What the answers come to */

static PeerupAutonatVerdict
answer_get_verdict (const Answer *self)
{
  guint needed = self->n_reachable + self->n_unreachable > 1 ? 2 : 1;

  if (self->n_reachable >= needed)
    return PEERUP_AUTONAT_REACHABLE;
  return self->n_unreachable >= needed ? PEERUP_AUTONAT_UNREACHABLE : PEERUP_AUTONAT_UNKNOWN;
}

/* Whether something of ours may have opened a firewall or NAT for what comes from the host of @remote: over UDP what
 * we sent there, which to relays is STUN too. */
static gboolean
may_have_been_let_in (PeerupEngineAutonat *self, PeerupPeerId *server, const PeerupAutonatAnswer *said, gint64 now)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);
  gint64 dialed_at = peerup_swarm_get_dialed_at (self->engine->swarm, server);

  if (!peerup_multiaddr_find (said->local, PEERUP_MULTIADDR_UDP, NULL))
    return FALSE;
  if ((dialed_at > 0 && now - dialed_at < HOLE_TIME) || is_relay (self, server, FALSE))
    return TRUE;
  for (guint i = 0; i < connections->len; i++)
    {
      PeerupMultiaddr *other = peerup_connection_get_info (connections->pdata[i])->remote_address;

      if (other != NULL && peerup_multiaddr_find (other, PEERUP_MULTIADDR_UDP, NULL) &&
          peerup_reachability_is_same_host (other, said->remote))
        return TRUE;
    }
  return FALSE;
}

static PeerupReachability *
get_reachability (PeerupEngineAutonat *self)
{
  return peerup_engine_peer_relay_get_reachability (self->engine->peer_relay);
}

/* @said is what @server said of @answer's address. */
static void
take_answer (PeerupEngineAutonat *self, Answer *answer, PeerupPeerId *server, const PeerupAutonatAnswer *said)
{
  gint64 now = g_get_monotonic_time ();

  if (said->verdict == PEERUP_AUTONAT_UNREACHABLE)
    answer->n_unreachable++;
  else if (said->verdict == PEERUP_AUTONAT_REACHABLE)
    {
      answer->n_reachable++;
      if (!is_trusted (self, server) || may_have_been_let_in (self, server, said, now))
        return;
      answer->proven = TRUE;
      peerup_reachability_dialed_back (get_reachability (self), said->address, said->local, said->remote, now);
    }
  else if (said->reason != NULL)
    {
      g_free (answer->reason);
      answer->reason = g_strdup (said->reason);
    }
}

static void
keep_answer (PeerupEngineAutonat *self, Answer *answer)
{
  PeerupAutonatVerdict verdict = answer_get_verdict (answer);

  for (guint i = self->answers->len; i > 0; i--)
    if (peerup_multiaddr_equal (((Answer *) self->answers->pdata[i - 1])->address, answer->address))
      g_ptr_array_remove_index (self->answers, i - 1);
  g_ptr_array_add (self->answers, answer);
  if (verdict == PEERUP_AUTONAT_UNREACHABLE)
    peerup_reachability_not_dialed_back (get_reachability (self), answer->address, g_get_monotonic_time ());
  peerup_engine_say (self->engine, G_LOG_LEVEL_INFO, "Servers say of %s: %s (%u for it, %u against it)%s%s",
                     peerup_multiaddr_get_string (answer->address),
                     verdict == PEERUP_AUTONAT_REACHABLE     ? "reachable"
                     : verdict == PEERUP_AUTONAT_UNREACHABLE ? "not reachable"
                                                             : "not known",
                     answer->n_reachable, answer->n_unreachable, answer->reason != NULL ? ": " : "",
                     answer->reason != NULL ? answer->reason : "");
}

/* A round */

static void
round_clear (gpointer data)
{
  Round *round = data;

  g_ptr_array_unref (round->servers);
  g_ptr_array_unref (round->candidates);
}

static void
round_unref (gpointer data)
{
  g_rc_box_release_full (data, round_clear);
}

static void
drop_round (PeerupEngineAutonat *self)
{
  if (self->round != NULL)
    self->round->self = NULL;
  g_clear_pointer (&self->round, round_unref);
  dex_clear (&self->asking);
}

static void
take_result (Round *round, Answer *answer, PeerupPeerId *server, DexFuture *check)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (check, &error);

  if (value != NULL)
    take_answer (round->self, answer, server, g_value_get_boxed (value));
  else if (answer->reason == NULL)
    answer->reason = g_strdup (error->message);
}

/* FALSE: the round was dropped, and all that it stands on may be gone. */
static gboolean
ask_about (Round *round, PeerupMultiaddr *address)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  g_autoptr (GPtrArray) checks = g_ptr_array_new_with_free_func (dex_unref);
  gint64 now = g_get_monotonic_time ();
  Answer *answer;

  g_ptr_array_add (addresses, address);
  for (guint i = 0; i < round->servers->len; i++)
    g_ptr_array_add (checks, peerup_autonat_check (round->self->autonat, round->servers->pdata[i], addresses,
                                                   now + CHECK_TIME));
  /* How each of them ended is looked at below. */
  dex_await (dex_future_allv ((DexFuture *const *) checks->pdata, checks->len), NULL);
  if (round->self == NULL)
    return FALSE;
  answer = g_new0 (Answer, 1);
  answer->address = peerup_multiaddr_ref (address);
  answer->asked_at = now;
  for (guint i = 0; i < checks->len; i++)
    take_result (round, answer, round->servers->pdata[i], checks->pdata[i]);
  keep_answer (round->self, answer);
  return TRUE;
}

/* What was said of addresses that are none any more. */
static void
forget_others (PeerupEngineAutonat *self, GPtrArray *candidates)
{
  for (guint i = self->answers->len; i > 0; i--)
    if (!g_ptr_array_find_with_equal_func (candidates, ((Answer *) self->answers->pdata[i - 1])->address,
                                           peerup_multiaddr_equal, NULL))
      g_ptr_array_remove_index (self->answers, i - 1);
}

static DexFuture *
round_fiber (gpointer data)
{
  Round *round = data;

  if (round->self == NULL)
    return dex_future_new_for_boolean (FALSE);
  forget_others (round->self, round->candidates);
  for (guint i = 0; i < round->candidates->len; i++)
    if (!ask_about (round, round->candidates->pdata[i]))
      return dex_future_new_for_boolean (FALSE);
  return dex_future_new_true ();
}

static gboolean
is_running (PeerupEngineAutonat *self)
{
  return self->asking != NULL && dex_future_is_pending (self->asking);
}

static void
begin_round (PeerupEngineAutonat *self, gint64 now)
{
  Round *round;

  drop_round (self);
  round = self->round = g_rc_box_new (Round);
  *round = (Round) { self, find_servers (self), find_candidates (self) };
  self->began_at = now;
  self->n_asked = round->candidates->len > 0 ? round->servers->len : 0;
  if (self->n_asked > 0)
    self->asking = peerup_fiber_spawn (round_fiber, g_rc_box_acquire (round), round_unref);
}

/* When */

static void
ask_soon (PeerupEngineAutonat *self)
{
  gint64 soon = g_get_monotonic_time () + SETTLE_TIME;

  /* A round that asked nobody has cost nobody anything. */
  if (self->n_asked > 0)
    soon = MAX (soon, self->began_at + ROUND_GAP);
  peerup_timer_set (&self->timer, soon);
}

static void
on_time (gpointer data)
{
  PeerupEngineAutonat *self = data;
  gint64 now = g_get_monotonic_time ();

  if (!is_running (self) && (self->began_at == 0 || self->n_asked == 0 || self->answers->len == 0 ||
                             !peerup_reachability_is_visited (get_reachability (self))))
    begin_round (self, now);
  peerup_timer_set (&self->timer, now + ROUND_INTERVAL + g_random_int_range (0, ROUND_SPREAD));
}

void
peerup_engine_autonat_changed (PeerupEngineAutonat *self)
{
  drop_round (self);
  g_ptr_array_set_size (self->answers, 0);
  ask_soon (self);
}

static gboolean
is_same_list (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!peerup_multiaddr_equal (a->pdata[i], b->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Announced ones through relays change too, and are nothing to ask about. */
static void
on_addresses_changed (PeerupSwarm *swarm, gpointer data)
{
  PeerupEngineAutonat *self = data;
  GPtrArray *listening = peerup_swarm_dup_listen_addresses (swarm);
  gboolean same = is_same_list (self->listening, listening);

  g_ptr_array_unref (self->listening);
  self->listening = listening;
  if (!same)
    peerup_engine_autonat_changed (self);
}

/* One more to ask about: a router forwards a port now, say. */
static void
on_nat_changed (PeerupEngineNat *nat, gpointer data)
{
  PeerupEngineAutonat *self = data;
  g_autoptr (GPtrArray) candidates = NULL;

  if (self->round == NULL)
    return;
  candidates = find_candidates (self);
  for (guint i = 0; i < candidates->len; i++)
    if (!g_ptr_array_find_with_equal_func (self->round->candidates, candidates->pdata[i], peerup_multiaddr_equal, NULL))
      {
        ask_soon (self);
        return;
      }
}

/* One more to ask, while there were too few. */
static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  PeerupEngineAutonat *self = data;

  if (self->n_asked < PEERUP_ENGINE_AUTONAT_SERVERS && !peerup_swarm_is_relayed (connection) &&
      peerup_peer_info_has_protocol (info, PEERUP_AUTONAT_DIAL_REQUEST) &&
      peerup_engine_autonat_get_n_servers (self) > self->n_asked)
    ask_soon (self);
}

/* Serving */

static void
follow_relay (PeerupEngineAutonat *self)
{
  PeerupEngineRelayInfo info = { 0 };

  if (self->engine->relay != NULL)
    peerup_engine_relay_get_numbers (self->engine->relay, &info);
  self->is_serving = info.state == PEERUP_ENGINE_RELAY_SERVING;
  peerup_autonat_set_serving (self->autonat, self->is_serving);
}

gboolean
peerup_engine_autonat_is_serving (PeerupEngineAutonat *self)
{
  return self->is_serving;
}

/* Looking */

guint
peerup_engine_autonat_get_n_answers (PeerupEngineAutonat *self)
{
  return self->answers->len;
}

void
peerup_engine_autonat_get_answer (PeerupEngineAutonat *self, guint index, PeerupEngineAutonatAnswer *answer)
{
  const Answer *from;

  g_return_if_fail (index < self->answers->len);

  from = self->answers->pdata[index];
  *answer = (PeerupEngineAutonatAnswer) {
    .address = from->address,
    .verdict = answer_get_verdict (from),
    .n_reachable = from->n_reachable,
    .n_unreachable = from->n_unreachable,
    .proven = from->proven,
    .reason = from->reason,
    .asked_at = from->asked_at,
  };
}

guint
peerup_engine_autonat_get_n_servers (PeerupEngineAutonat *self)
{
  g_autoptr (GPtrArray) servers = find_servers (self);

  return servers->len;
}

/* Life */

PeerupEngineAutonat *
peerup_engine_autonat_new (PeerupEngine *engine)
{
  PeerupEngineAutonat *self = g_new0 (PeerupEngineAutonat, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->engine = engine;
  self->autonat = peerup_autonat_new (engine->swarm);
  self->listening = peerup_swarm_dup_listen_addresses (engine->swarm);
  self->answers = g_ptr_array_new_with_free_func (answer_free);
  peerup_timer_init (&self->timer, reactor, on_time, self);
  g_signal_connect (engine->swarm, "addresses-changed", G_CALLBACK (on_addresses_changed), self);
  g_signal_connect (engine->identify, "identified", G_CALLBACK (on_identified), self);
  peerup_engine_nat_watch (engine->nat, on_nat_changed, self);
  g_signal_connect_swapped (engine, "notify::relay-state", G_CALLBACK (follow_relay), self);
  follow_relay (self);
  ask_soon (self);
  return self;
}

void
peerup_engine_autonat_free (PeerupEngineAutonat *self)
{
  g_signal_handlers_disconnect_by_data (self->engine->swarm, self);
  g_signal_handlers_disconnect_by_data (self->engine->identify, self);
  g_signal_handlers_disconnect_by_data (self->engine, self);
  peerup_engine_nat_unwatch (self->engine->nat, self);
  peerup_timer_clear (&self->timer);
  drop_round (self);
  peerup_autonat_set_serving (self->autonat, FALSE);
  g_object_unref (self->autonat);
  g_ptr_array_unref (self->listening);
  g_ptr_array_unref (self->answers);
  g_free (self);
}
