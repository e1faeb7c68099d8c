/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-nat-lifetime.h"
#include "nat/peerup-stun-socket.h"

G_BEGIN_DECLS

/* The search for a mapping's lifetime (peerup-nat-lifetime.h) with real sockets, two of its own that are open while it
 * goes on, and one STUN server. */
typedef struct _PeerupNatMeter PeerupNatMeter;

/* What is known has changed. Called from the main loop; must not free @self. */
typedef void (*PeerupNatMeterFunc) (PeerupNatMeter *self, gpointer data);

/* Microseconds that a network has to be there before anything is sent. */
#define PEERUP_NAT_METER_DELAY (30 * (gint64) G_USEC_PER_SEC)

PeerupNatMeter *peerup_nat_meter_new (PeerupNatMeterFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_nat_meter_free (PeerupNatMeter *self);
/* Behind a NAT that nothing is known of, with that server. */
void peerup_nat_meter_start (PeerupNatMeter *self, const PeerupSocketAddress *server);
/* There is no NAT, or none that is known, or nobody is connected. What was found out stays. */
void peerup_nat_meter_stop (PeerupNatMeter *self);
gboolean peerup_nat_meter_is_running (PeerupNatMeter *self);
/* Borrowed: what is known. */
PeerupNatLifetime *peerup_nat_meter_get_lifetime (PeerupNatMeter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNatMeter, peerup_nat_meter_free)

G_END_DECLS
