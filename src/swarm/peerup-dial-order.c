/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which address of a peer is dialed first, and how long before the next. Knows no socket,
 * no clock and no peerstore: what is remembered and what time it is come in. */

#include "swarm/peerup-dial-order.h"

#define HEAD_START_PUBLIC (250 * 1000)
#define HEAD_START_NEAR   (30 * 1000)
#define HEAD_START_RELAY  (1000 * 1000)
#define BACKOFF_FIRST     (5 * G_USEC_PER_SEC)
#define BACKOFF_MAX       (600 * G_USEC_PER_SEC)

gboolean
peerup_dial_history_failed_lately (const PeerupDialHistory *self, gint64 now)
{
  gint64 backoff = BACKOFF_FIRST;

  if (self->failures == 0)
    return FALSE;
  for (guint i = 1; i < self->failures && backoff < BACKOFF_MAX; i++)
    backoff *= 2;
  return now - self->failed_at < MIN (backoff, BACKOFF_MAX);
}

void
peerup_dial_history_merge (PeerupDialHistory *self, const PeerupDialHistory *other)
{
  self->succeeded_at = MAX (self->succeeded_at, other->succeeded_at);
  self->failed_at = MAX (self->failed_at, other->failed_at);
  self->failures = self->succeeded_at > self->failed_at ? 0 : MAX (self->failures, other->failures);
  if (self->rtt == 0)
    self->rtt = other->rtt;
}

/* …/p2p/RELAY/p2p-circuit: no relay is reached through another. */
static PeerupPeerId *
dup_relay (PeerupMultiaddr *address)
{
  guint n = peerup_multiaddr_get_n_components (address), n_circuits = 0;
  PeerupMultiaddrComponent component;

  for (guint i = 0; i < n; i++)
    {
      peerup_multiaddr_get_component (address, i, &component);
      n_circuits += component.code == PEERUP_MULTIADDR_P2P_CIRCUIT;
    }
  if (n < 2 || n_circuits != 1 || component.code != PEERUP_MULTIADDR_P2P_CIRCUIT)
    return NULL;
  peerup_multiaddr_get_component (address, n - 2, &component);
  if (component.code != PEERUP_MULTIADDR_P2P)
    return NULL;
  return peerup_peer_id_new_from_bytes (component.value, component.length, NULL);
}

PeerupDialCandidate *
peerup_dial_candidate_new (PeerupMultiaddr *known, const PeerupDialHistory *history)
{
  g_autoptr (PeerupDialCandidate) self = g_new0 (PeerupDialCandidate, 1);

  self->known = peerup_multiaddr_ref (known);
  self->history = *history;
  self->relayed = peerup_multiaddr_find (known, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL);
  self->standing.rtt = -1;
  if (self->relayed)
    self->relay = dup_relay (known);
  if (self->relayed ? self->relay == NULL : !peerup_endpoint_parse (known, &self->endpoint, NULL))
    return NULL;
  return g_steal_pointer (&self);
}

PeerupDialCandidate *
peerup_dial_candidate_resolve (const PeerupDialCandidate *self, PeerupMultiaddrCode family, const char *literal)
{
  PeerupDialCandidate *resolved = g_new0 (PeerupDialCandidate, 1);

  resolved->known = peerup_multiaddr_ref (self->known);
  resolved->history = self->history;
  resolved->told = self->told;
  peerup_endpoint_copy (&self->endpoint, &resolved->endpoint);
  resolved->endpoint.family = family;
  g_free (resolved->endpoint.host);
  resolved->endpoint.host = g_strdup (literal);
  return resolved;
}

void
peerup_dial_candidate_free (PeerupDialCandidate *self)
{
  peerup_multiaddr_unref (self->known);
  peerup_endpoint_clear (&self->endpoint);
  g_clear_pointer (&self->relay, peerup_peer_id_unref);
  g_free (self);
}

gboolean
peerup_dial_candidate_equal (gconstpointer a, gconstpointer b)
{
  const PeerupDialCandidate *x = a, *y = b;

  if (x->relayed || y->relayed)
    return x->relayed == y->relayed && peerup_peer_id_equal (x->relay, y->relay);
  return x->endpoint.transport == y->endpoint.transport && x->endpoint.port == y->endpoint.port &&
         g_str_equal (x->endpoint.host, y->endpoint.host) &&
         g_strcmp0 (x->endpoint.server_name, y->endpoint.server_name) == 0;
}

/* A candidate with all that it is sorted by. */
typedef struct
{
  PeerupDialCandidate *candidate;
  gboolean failed_lately;
  PeerupScope scope;
  gboolean is_v4;
  guint place; /* in the order that was given */
  guint turn;  /* among those of its group and family */
} Ranked;

/* A WebSocket is TCP with more around it: for where nothing else gets through. */
static const int transport_places[] = {
  [PEERUP_IP_QUIC] = 0,
  [PEERUP_IP_TCP] = 1,
  [PEERUP_IP_WEBSOCKET] = 2,
  [PEERUP_IP_WEBSOCKETS] = 3,
};

static int
compare_relays (const PeerupRelayStanding *a, const PeerupRelayStanding *b)
{
  if (a->warm != b->warm)
    return a->warm ? -1 : 1;
  if (a->of_peer != b->of_peer)
    return a->of_peer ? -1 : 1;
  if ((a->rtt < 0) != (b->rtt < 0))
    return a->rtt < 0 ? 1 : -1;
  if (a->rtt != b->rtt)
    return a->rtt < b->rtt ? -1 : 1;
  return (a->failures > b->failures) - (a->failures < b->failures);
}

static int
compare_groups (const Ranked *x, const Ranked *y)
{
  const PeerupDialCandidate *a = x->candidate, *b = y->candidate;

  if (x->failed_lately != y->failed_lately)
    return x->failed_lately - y->failed_lately;
  if (a->relayed != b->relayed)
    return a->relayed - b->relayed;
  if (a->relayed && compare_relays (&a->standing, &b->standing) != 0)
    return compare_relays (&a->standing, &b->standing);
  if (x->scope != y->scope)
    return (int) x->scope - (int) y->scope;
  if (a->endpoint.transport != b->endpoint.transport)
    return transport_places[a->endpoint.transport] - transport_places[b->endpoint.transport];
  if (a->history.succeeded_at != b->history.succeeded_at)
    return a->history.succeeded_at > b->history.succeeded_at ? -1 : 1;
  return 0;
}

static int
compare_families (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;
  int difference = compare_groups (x, y);

  if (difference == 0)
    difference = x->is_v4 - y->is_v4;
  return difference != 0 ? difference : (int) x->place - (int) y->place;
}

static int
compare_turns (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;
  int difference = compare_groups (x, y);

  if (difference == 0)
    difference = (int) x->turn - (int) y->turn;
  return difference != 0 ? difference : x->is_v4 - y->is_v4;
}

static void
rank_one (Ranked *ranked, PeerupDialCandidate *candidate, guint place, gboolean udp_blocked, gint64 now)
{
  const PeerupEndpoint *endpoint = &candidate->endpoint;

  *ranked = (Ranked) {
    .candidate = candidate,
    .failed_lately = peerup_dial_history_failed_lately (&candidate->history, now),
    .scope = candidate->relayed ? PEERUP_SCOPE_PUBLIC : peerup_endpoint_get_scope (endpoint),
    .is_v4 = endpoint->family == PEERUP_MULTIADDR_IP4 || endpoint->family == PEERUP_MULTIADDR_DNS4,
    .place = place,
  };
  if (candidate->relayed && candidate->standing.warm)
    candidate->head_start = CLAMP (4 * candidate->standing.rtt, HEAD_START_PUBLIC, HEAD_START_RELAY);
  else if (ranked->scope != PEERUP_SCOPE_PUBLIC)
    candidate->head_start = HEAD_START_NEAR;
  else if (udp_blocked && !candidate->relayed && endpoint->transport == PEERUP_IP_QUIC)
    candidate->head_start = 0;
  else
    candidate->head_start = HEAD_START_PUBLIC;
}

void
peerup_dial_order (GPtrArray *candidates, gboolean udp_blocked, gint64 now)
{
  g_autofree Ranked *ranked = g_new (Ranked, candidates->len);

  if (candidates->len == 0)
    return;
  for (guint i = 0; i < candidates->len; i++)
    rank_one (&ranked[i], candidates->pdata[i], i, udp_blocked, now);
  qsort (ranked, candidates->len, sizeof *ranked, compare_families);
  for (guint i = 0; i < candidates->len; i++)
    {
      Ranked *before = i > 0 ? &ranked[i - 1] : NULL;

      if (before != NULL && compare_groups (before, &ranked[i]) == 0 && before->is_v4 == ranked[i].is_v4)
        ranked[i].turn = before->turn + 1;
    }
  qsort (ranked, candidates->len, sizeof *ranked, compare_turns);
  for (guint i = 0; i < candidates->len; i++)
    candidates->pdata[i] = ranked[i].candidate;
}
