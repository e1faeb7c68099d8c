/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Rates by peer and by host, which are forgotten when they say no more than that nothing was asked. Where too many are
 * remembered, whoever is new is refused. It lives as long as its relay and knows no clock. */

#include "relay/peerup-rendezvous-rates.h"

#include "limits/peerup-rate.h"

/* Of each kind. */
#define RATES_MAX 4096

struct _PeerupRendezvousRates
{
  GHashTable *peers; /* PeerupPeerId -> PeerupRate */
  GHashTable *hosts; /* guint64 -> PeerupRate: those that were wrong */
};

PeerupRendezvousRates *
peerup_rendezvous_rates_new (void)
{
  PeerupRendezvousRates *self = g_new (PeerupRendezvousRates, 1);

  self->peers =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);
  self->hosts = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  return self;
}

void
peerup_rendezvous_rates_free (PeerupRendezvousRates *self)
{
  g_hash_table_unref (self->peers);
  g_hash_table_unref (self->hosts);
  g_free (self);
}

static gboolean
is_full (gpointer key, gpointer rate, gpointer now)
{
  return peerup_rate_is_full (rate, *(gint64 *) now);
}

static gboolean
make_room (GHashTable *rates, gint64 now)
{
  if (g_hash_table_size (rates) >= RATES_MAX)
    g_hash_table_foreach_remove (rates, is_full, &now);
  return g_hash_table_size (rates) < RATES_MAX;
}

gboolean
peerup_rendezvous_rates_take_request (PeerupRendezvousRates *self, PeerupPeerId *peer, gint64 now)
{
  PeerupRate *rate = g_hash_table_lookup (self->peers, peer);

  if (rate == NULL)
    {
      if (!make_room (self->peers, now))
        return FALSE;
      rate = g_new0 (PeerupRate, 1);
      g_hash_table_insert (self->peers, peerup_peer_id_ref (peer), rate);
    }
  return peerup_rate_take (rate, now, PEERUP_RENDEZVOUS_REQUESTS_AT_ONCE, PEERUP_RENDEZVOUS_REQUEST_INTERVAL);
}

gboolean
peerup_rendezvous_rates_allow_pass (PeerupRendezvousRates *self, guint64 host, gint64 now)
{
  PeerupRate *rate = g_hash_table_lookup (self->hosts, &host);

  if (rate == NULL)
    return make_room (self->hosts, now);
  return peerup_rate_allows (rate, now, PEERUP_RENDEZVOUS_WRONG_AT_ONCE, PEERUP_RENDEZVOUS_WRONG_INTERVAL);
}

void
peerup_rendezvous_rates_count_wrong (PeerupRendezvousRates *self, guint64 host, gint64 now)
{
  PeerupRate *rate = g_hash_table_lookup (self->hosts, &host);

  if (rate == NULL && make_room (self->hosts, now))
    {
      rate = g_new0 (PeerupRate, 1);
      g_hash_table_insert (self->hosts, g_memdup2 (&host, sizeof host), rate);
    }
  if (rate != NULL)
    (void) peerup_rate_take (rate, now, PEERUP_RENDEZVOUS_WRONG_AT_ONCE, PEERUP_RENDEZVOUS_WRONG_INTERVAL);
}
