/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "ice/peerup-ice-reason.h"
#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* One session's part in a search among ports (punch/peerup-port-search.h): a fresh socket learns from a server how our
 * NAT shows it, both sides tell what they have learned, and the search begins. It speaks with no peer itself. Belongs
 * to the session's thread. */
typedef struct _PeerupIceSearch PeerupIceSearch;

/* Microseconds after the answer before which no search begins, as ICE may be there sooner. */
#define PEERUP_ICE_SEARCH_HEAD_START (200 * 1000)

/* @role: not NONE. @server: STUN, of IPv4. @wake is called when peerup_ice_search_step() has something to do. */
PeerupIceSearch *peerup_ice_search_new (PeerupIceSearchRole role, gboolean controlling, gint32 port_step,
                                        const PeerupSocketAddress *server, void (*wake) (gpointer data),
                                        gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_ice_search_free (PeerupIceSearch *self);

/* What the peer said. FALSE: it does not fit what we do, or names an address that is not to be searched. */
gboolean peerup_ice_search_set_peer (PeerupIceSearch *self, const PeerupIceSearchOffer *offer);
/* Does what is due. Not to be called from @wake. */
void peerup_ice_search_step (PeerupIceSearch *self);
/* Once, what the peer is to be told; FALSE: nothing now. */
gboolean peerup_ice_search_take_offer (PeerupIceSearch *self, PeerupIceSearchOffer *offer);
/* When step() has something to do even if nobody wakes, monotonic µs; G_MAXINT64: never. */
gint64 peerup_ice_search_get_deadline (PeerupIceSearch *self);
/* A descriptor of the caller's, and where the peer is; -1: nothing has been found yet. */
int peerup_ice_search_take (PeerupIceSearch *self, PeerupSocketAddress *remote) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing will come of it any more. */
gboolean peerup_ice_search_has_failed (PeerupIceSearch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupIceSearch, peerup_ice_search_free)

G_END_DECLS
