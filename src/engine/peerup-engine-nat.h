/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "config/peerup-config.h"
#include "engine/peerup-engine.h"
#include "nat/peerup-nat-facts.h"
#include "nat/peerup-port-mapping.h"

G_BEGIN_DECLS

/* What stands between this machine and the internet, measured through the relays that it has: NAT behaviour, mappings
 * by PCP, NAT-PMP and UPnP, how well others can reach it, and how long a mapping lasts. */
typedef struct _PeerupEngineNat PeerupEngineNat;

/* A global IPv6 address, or reached from the internet; B a NAT that lets anybody in, or a forwarded port; C one that
 * both sides have to open, which works with most others; D one that works with few; F no way to the internet was found.
 * E: UDP is blocked, relays over TCP remain. */
typedef enum
{
  PEERUP_REACH_UNKNOWN,
  PEERUP_REACH_A,
  PEERUP_REACH_B,
  PEERUP_REACH_C,
  PEERUP_REACH_D,
  PEERUP_REACH_E,
  PEERUP_REACH_F,
} PeerupReachGrade;

/* Of @engine, whose swarm, STUN, relay client and peer relay outlive it. Looks once the engine listens. */
PeerupEngineNat *peerup_engine_nat_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* Follows network.port_mapping of @config. */
void peerup_engine_nat_apply (PeerupEngineNat *self, PeerupConfig *config);
/* Has the router forward nothing any more. Resolves to TRUE within a second, never rejects. */
DexFuture *peerup_engine_nat_stop (PeerupEngineNat *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_nat_free (PeerupEngineNat *self);
/* Called from the main loop when anything has changed that can be asked for below; it must not free @self. */
typedef void (*PeerupEngineNatFunc) (PeerupEngineNat *self, gpointer data);
void peerup_engine_nat_watch (PeerupEngineNat *self, PeerupEngineNatFunc func, gpointer data);
void peerup_engine_nat_unwatch (PeerupEngineNat *self, gpointer data);
/* The network has changed: everything is measured anew, soon. */
void peerup_engine_nat_changed (PeerupEngineNat *self);
/* @family: AF_INET or AF_INET6. */
void peerup_engine_nat_get_facts (PeerupEngineNat *self, int family, PeerupNatFacts *facts);
PeerupReachGrade peerup_engine_nat_get_grade (PeerupEngineNat *self);
/* (transfer full): one sentence for everybody, and what would raise the grade (nullable for the best). */
char *peerup_engine_nat_dup_sentence (PeerupEngineNat *self) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_engine_nat_dup_advice (PeerupEngineNat *self) G_GNUC_WARN_UNUSED_RESULT;
/* What routers do for us now; returns how many there are. */
guint peerup_engine_nat_list_mappings (PeerupEngineNat *self, PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX]);
/* (transfer full) of PeerupMultiaddr: where our listening sockets are seen from outside, mapped ones included. */
GPtrArray *peerup_engine_nat_dup_addresses (PeerupEngineNat *self) G_GNUC_WARN_UNUSED_RESULT;
/* µs after which a mapping should be refreshed: PEERUP_QUIC_KEEP_ALIVE until more is known. */
gint64 peerup_engine_nat_get_keep_alive (PeerupEngineNat *self);

G_END_DECLS
