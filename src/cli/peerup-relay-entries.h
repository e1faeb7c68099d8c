/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"

G_BEGIN_DECLS

/* One relay of a configuration, with all its addresses. */
typedef struct
{
  PeerupPeerId *peer;
  const char *name;     /* nullable; borrowed from the configuration */
  GPtrArray *addresses; /* of PeerupMultiaddr, each with /p2p/ID, in the order of the file */
} PeerupRelayEntry;

/* (transfer full) of PeerupRelayEntry, in the order of relay.addresses; while @config lives. */
GPtrArray *peerup_relay_entries_new (PeerupConfig *config) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer none) */
PeerupRelayEntry *peerup_relay_entries_lookup (GPtrArray *entries, PeerupPeerId *peer);
/* (nullable) (transfer none): the one that is meant by @text: its place from 1, its name, its peer
 * ID, or an address of it as peerup_relay_address_parse() reads it. NOT_FOUND, with those there are;
 * EXISTS if an address is of several. */
PeerupRelayEntry *peerup_relay_entries_find (GPtrArray *entries, const char *text, GError **error);
/* (nullable) (transfer none): the one that has an address where @address leads, whatever its ID. */
PeerupRelayEntry *peerup_relay_entries_find_address (GPtrArray *entries, PeerupMultiaddr *address);
/* "home-vps" or the peer ID: borrowed. */
const char *peerup_relay_entry_get_label (const PeerupRelayEntry *self);
/* "203.0.113.7, [2001:db8::7]:7000": the places without their transports. */
char *peerup_relay_entry_format_places (const PeerupRelayEntry *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
