/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-private-key.h"
#include "wire/peerup-envelope.h"
#include "wire/peerup-peer-record.h"

G_BEGIN_DECLS

/* Signs @payload as a thing of kind @type in @domain (RFC 0002) and encodes the envelope. */
GBytes *peerup_envelope_seal (PeerupPrivateKey *key, const char *domain, const guint8 type[PEERUP_ENVELOPE_TYPE_SIZE],
                              GBytes *payload, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Decodes an envelope of kind @type and verifies its signature for @domain. Whose key it
 * is (envelope->public_key) must still be compared with the peer that is expected to speak.
 * Errors of the codec; PROTOCOL (another payload type), UNSUPPORTED (kind of key), CRYPTO. */
PeerupEnvelope *
peerup_envelope_open (gconstpointer data, gsize length, const char *domain,
                      const guint8 type[PEERUP_ENVELOPE_TYPE_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @record must be about @key's own peer ID. */
GBytes *peerup_peer_record_seal (PeerupPrivateKey *key, const PeerupPeerRecord *record,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens the peer record that @expected is to have signed about itself: signer, record and
 * @expected must all be one peer, else WRONG_PEER. Whether its sequence number goes forward is
 * the caller's to check. Otherwise the errors of peerup_envelope_open(). */
PeerupPeerRecord *peerup_peer_record_open (gconstpointer data, gsize length, PeerupPeerId *expected,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
