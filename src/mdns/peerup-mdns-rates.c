/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What one host, and all of them, may have us do. Who changes its address all the time is held by the bound for all,
 * and keeps nobody else from being heard for longer than that takes. */

#include "mdns/peerup-mdns-rates.h"

#include "wire/peerup-bytes.h"

/* By the whole address: all link-local ones of IPv6 have the network in common. */
static guint64
get_key (const PeerupSocketAddress *source)
{
  const guint8 *bytes = source->ip6.sin6_addr.s6_addr;

  if (source->any.sa_family == AF_INET)
    return g_ntohl (source->ip4.sin_addr.s_addr);
  return peerup_load_be64 (bytes) * 31 ^ peerup_load_be64 (bytes + 8);
}

/* The place of @host; that of whoever was silent for longest, where it has none. */
static PeerupRate *
rates_ensure_source (PeerupMdnsRates *self, guint64 host)
{
  guint oldest = 0;

  for (guint i = 0; i < PEERUP_MDNS_SOURCES_MAX; i++)
    {
      if (self->sources[i].host == host)
        return &self->sources[i].rate;
      if (self->sources[i].rate.full_at < self->sources[oldest].rate.full_at)
        oldest = i;
    }
  self->sources[oldest].host = host;
  self->sources[oldest].rate = (PeerupRate) { 0 };
  return &self->sources[oldest].rate;
}

gboolean
peerup_mdns_rates_take_any (PeerupMdnsRates *self, gint64 now)
{
  return peerup_rate_take (&self->all, now, PEERUP_MDNS_RATE_BURST, PEERUP_MDNS_RATE_INTERVAL);
}

gboolean
peerup_mdns_rates_take_source (PeerupMdnsRates *self, const PeerupSocketAddress *source, gint64 now)
{
  return peerup_rate_take (rates_ensure_source (self, get_key (source)), now, PEERUP_MDNS_SOURCE_BURST,
                           PEERUP_MDNS_SOURCE_INTERVAL);
}

gboolean
peerup_mdns_rates_take_unicast (PeerupMdnsRates *self, gint64 now)
{
  return peerup_rate_take (&self->unicast, now, PEERUP_MDNS_UNICAST_BURST, PEERUP_MDNS_UNICAST_INTERVAL);
}
