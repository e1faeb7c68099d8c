/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Remembers in a known_peers file where peers were reached, and tells a swarm. */
#define PEERUP_TYPE_ADDRESS_BOOK (peerup_address_book_get_type ())
G_DECLARE_FINAL_TYPE (PeerupAddressBook, peerup_address_book, PEERUP, ADDRESS_BOOK, GObject)

/* Reads @path (blocking; a file that cannot be read counts as empty) into @swarm's peerstore,
 * and adds the address of each connection that @swarm dials from now on. */
PeerupAddressBook *peerup_address_book_new (PeerupSwarm *swarm, const char *path) G_GNUC_WARN_UNUSED_RESULT;
/* Adds an address at which @peer was reached, as a person wrote it (it may hold a host name). */
void peerup_address_book_add (PeerupAddressBook *self, PeerupPeerId *peer, PeerupMultiaddr *address);
/* Resolves to TRUE when everything that was learned is on disk or has failed to get there.
 * Never rejects. */
DexFuture *peerup_address_book_flush (PeerupAddressBook *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
