/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "limits/peerup-rate.h"
#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* How many messages are looked at, by value; zeroed at first. So often at once, and microseconds for one more: */
/* all of them, */
#define PEERUP_MDNS_RATE_BURST    400
#define PEERUP_MDNS_RATE_INTERVAL ((gint64) 4000)
/* those of one host that are of our services, */
#define PEERUP_MDNS_SOURCE_BURST    24
#define PEERUP_MDNS_SOURCE_INTERVAL ((gint64) 250000)
/* and answers to one alone. */
#define PEERUP_MDNS_UNICAST_BURST    16
#define PEERUP_MDNS_UNICAST_INTERVAL ((gint64) 100000)
/* Hosts that are counted; whoever was silent for longest is no longer. */
#define PEERUP_MDNS_SOURCES_MAX 64

typedef struct
{
  PeerupRate all;
  PeerupRate unicast;
  struct
  {
    guint64 host;
    PeerupRate rate;
  } sources[PEERUP_MDNS_SOURCES_MAX];
} PeerupMdnsRates;

/* Each: whether there may be one more at @now (monotonic µs), which is counted then. */
gboolean peerup_mdns_rates_take_any (PeerupMdnsRates *self, gint64 now);
gboolean peerup_mdns_rates_take_source (PeerupMdnsRates *self, const PeerupSocketAddress *source, gint64 now);
gboolean peerup_mdns_rates_take_unicast (PeerupMdnsRates *self, gint64 now);

G_END_DECLS
