/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"
#include "wire/peerup-multiaddr.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* What one side tells the other once both have proven that they know the code: who it is for people, and what the other
 * may do here. */

/* Bytes of an encoded offer, services in it, bytes of a name, addresses in it. */
#define PEERUP_PAIRING_OFFER_MAX     4096
#define PEERUP_PAIRING_SERVICES_MAX  64
#define PEERUP_PAIRING_NAME_MAX      64
#define PEERUP_PAIRING_ADDRESSES_MAX 8

typedef struct
{
  char *name;      /* of the side that offers: fit to be shown, 1 to PEERUP_PAIRING_NAME_MAX bytes; "" for none */
  gboolean guest;  /* the other may use @services alone; FALSE: as every authorized peer */
  char **services; /* never NULL; names that peerup_service_name_check() takes */
  gint64 until;    /* seconds since 1970 when the services (@guest) or the whole authorization end; G_MAXINT64: never */
  GPtrArray *relays; /* of PeerupMultiaddr with /p2p/ID, never NULL: where the side that offers is found */
} PeerupPairingOffer;

PeerupPairingOffer *peerup_pairing_offer_new (const char *name) G_GNUC_WARN_UNUSED_RESULT;
PeerupPairingOffer *peerup_pairing_offer_copy (const PeerupPairingOffer *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_pairing_offer_free (PeerupPairingOffer *self);
/* TOO_LARGE above PEERUP_PAIRING_OFFER_MAX. */
GBytes *peerup_pairing_offer_encode (const PeerupPairingOffer *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Names lose what is not fit to be shown; a service's name that is none, or more than fit: MALFORMED. */
PeerupPairingOffer *peerup_pairing_offer_decode (GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): @name of a peer as it may be shown and written to files: valid UTF-8 without control, format (bidi)
 * and line characters, white space in one, trimmed, cut at a character to PEERUP_PAIRING_NAME_MAX bytes. May be "". */
char *peerup_pairing_name_sanitize (const char *name, gsize length) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the same as a name of the configuration: [A-Za-z0-9._-] alone, 1 to 64; "peer-" and the last 8
 * characters of the ID if nothing is left. */
char *peerup_pairing_name_to_config (const char *name, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPairingOffer, peerup_pairing_offer_free)

G_END_DECLS
