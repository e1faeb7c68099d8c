/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "pairing/peerup-cpace.h"
#include "pairing/peerup-pairing-edges.h"
#include "pairing/peerup-pairing-machine.h"

G_BEGIN_DECLS

/* The messages of /peerup/pair/1.0.0 as bytes. There is one way to write each, and nothing else is read: no field too
 * many, none twice, none unknown. So nobody who knows the code can vary a message without changing what it says. For
 * this room alone. */

#define PEERUP_PAIRING_SESSION_LENGTH 16
#define PEERUP_PAIRING_NONCE_LENGTH   32
#define PEERUP_PAIRING_NETWORK_LENGTH 16

typedef struct
{
  PeerupPairingEvent type; /* HELLO to REFUSED */
  PeerupPairingInvite invite;
  guint8 session[PEERUP_PAIRING_SESSION_LENGTH];
  guint8 share[PEERUP_CPACE_SHARE_LENGTH];
  guint8 commitment[PEERUP_PAIRING_NONCE_LENGTH];
  guint8 network[PEERUP_PAIRING_NETWORK_LENGTH];
  guint8 nonce[PEERUP_PAIRING_NONCE_LENGTH];
  guint8 tag[PEERUP_CPACE_TAG_LENGTH];
  guint8 pairing[PEERUP_PAIRING_ID_LENGTH];
  PeerupPairingRefusal refusal;
  GBytes *sealed; /* owned; may be NULL in REFUSED */
} PeerupPairingMessage;

void peerup_pairing_message_clear (PeerupPairingMessage *self);
/* MALFORMED; @self is to be cleared in any case. */
gboolean peerup_pairing_message_decode (PeerupPairingMessage *self, const guint8 *data, gsize length,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What its type does not have is left out. */
GBytes *peerup_pairing_message_encode (const PeerupPairingMessage *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupPairingMessage, peerup_pairing_message_clear)

G_END_DECLS
