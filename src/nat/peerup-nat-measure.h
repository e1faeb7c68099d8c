/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-nat-behaviour.h"
#include "nat/peerup-stun-socket.h"

G_BEGIN_DECLS

/* One inquiry (peerup-nat-behaviour.h) put to real servers, from a STUN socket that is in use and from two that are
 * opened for it. Each question is sent at most three times; it is over within PEERUP_NAT_ANSWER_TIME times four. */
typedef struct _PeerupNatMeasure PeerupNatMeasure;

/* Called once, from the reactor; may free the measure. */
typedef void (*PeerupNatMeasureFunc) (PeerupNatMeasure *self, const PeerupNatFacts *facts, gpointer data);

/* Microseconds that a server has for its answer. */
#define PEERUP_NAT_ANSWER_TIME ((gint64) 2500000)

/* @socket outlives it. @servers: of its family, the best first. Where the system has no way to the first of them the
 * facts are those of nothing. */
PeerupNatMeasure *peerup_nat_measure_new (PeerupStunSocket *socket, const PeerupSocketAddress *servers, guint n_servers,
                                          PeerupNatMeasureFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Asks no more, and calls nothing any more. */
void peerup_nat_measure_free (PeerupNatMeasure *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNatMeasure, peerup_nat_measure_free)

G_END_DECLS
