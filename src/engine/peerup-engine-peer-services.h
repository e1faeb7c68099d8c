/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "transport/peerup-connection.h"

G_BEGIN_DECLS

/* What peers offer to this device, and what this one offers to them (/peerup/discovery/1.0.0). A peer that is trusted
 * is asked once it is identified and after each push of its identify, which come when its services change and when
 * what this device may use does. A timer asks only what was not answered then, while the peer is connected; nothing is
 * dialed for it. Of one that does not speak the
 * protocol, the services are those that its identify names. What is known stands on the PeerupPeer. */
typedef struct _PeerupEnginePeerServices PeerupEnginePeerServices;

/* For @engine, which has its swarm, its identify and its list of peers, and outlives it. */
PeerupEnginePeerServices *peerup_engine_peer_services_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_peer_services_free (PeerupEnginePeerServices *self);
/* Answers what others ask, from when the engine has its trust on: each is told what it may use, by the one decision. An
 * engine that stops tells nothing, so that peers keep what it offered. */
void peerup_engine_peer_services_serve (PeerupEnginePeerServices *self);
/* (transfer full): what each peer that is connected would be told now, to be given to show() after a change of lists or
 * of what services are called, for which no protocol comes or goes. */
GHashTable *peerup_engine_peer_services_look (PeerupEnginePeerServices *self) G_GNUC_WARN_UNUSED_RESULT;
/* Has those peers ask anew who would be told something else than @before, and no others: they would learn that there is
 * something that they are not to know of. How many these are. */
guint peerup_engine_peer_services_show (PeerupEnginePeerServices *self, GHashTable *before);
/* Asks @peer anew. Resolves to TRUE when the answer stands on its PeerupPeer; UNREACHABLE if it is not connected, else
 * as peerup_identify_wait() and peerup_discovery_ask(). May be dropped. */
DexFuture *
peerup_engine_peer_services_ask (PeerupEnginePeerServices *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
