/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "engine/peerup-engine.h"
#include "mdns/peerup-mdns.h"

G_BEGIN_DECLS

/* What an engine does on its LANs: tells paired peers where it is, and dials those that tell it (discovery.mdns of the
 * configuration, default true; a relay does not), as far as something of ours wants them: one that is reached through a
 * relay, or that a forward leads to. Addresses of peers that are not authorized are not kept, unless somebody waits for
 * them. */
typedef struct _PeerupEngineLan PeerupEngineLan;

PeerupEngineLan *peerup_engine_lan_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_lan_free (PeerupEngineLan *self);
/* After the configuration was read anew. */
void peerup_engine_lan_apply (PeerupEngineLan *self, PeerupConfig *config);
/* After somebody was authorized: what was heard of him before was not kept. */
void peerup_engine_lan_review (PeerupEngineLan *self);
/* While an invite is open, and with discovery.mdns: false, too: a person asked for it. */
void peerup_engine_lan_add_invite (PeerupEngineLan *self, guint number);
void peerup_engine_lan_remove_invite (PeerupEngineLan *self, guint number);
/* As peerup_mdns_find_invite(); the addresses are in the peerstore when it resolves. UNSUPPORTED, UNREACHABLE where
 * there is no mDNS. */
DexFuture *
peerup_engine_lan_find_invite (PeerupEngineLan *self, guint number, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Asks for @peer, who may be a stranger, until @deadline (monotonic µs), and resolves to TRUE when its addresses are in
 * the peerstore. TIMEOUT. May be dropped. */
DexFuture *
peerup_engine_lan_find_peer (PeerupEngineLan *self, PeerupPeerId *peer, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
