/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-public-key.h"

G_BEGIN_DECLS

/* A signed envelope (RFC 0002): who signed, what kind of thing, the thing, the
 * signature. Decoding proves nothing: verify @signature by @public_key over
 * peerup_envelope_signed_bytes(), and then that the key is the one expected. */
typedef struct
{
  PeerupPublicKey *public_key;
  GBytes *payload_type;
  GBytes *payload;
  GBytes *signature;
} PeerupEnvelope;

/* Bytes of an envelope that are decoded at most: a record of 500 addresses fits. */
#define PEERUP_ENVELOPE_MAX (64 * 1024)

/* Domains, each bound to the payload type after it. The types are these two raw bytes. */
#define PEERUP_ENVELOPE_DOMAIN_PEER_RECORD   "libp2p-peer-record"
#define PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER "libp2p-relay-rsvp"
#define PEERUP_ENVELOPE_TYPE_SIZE            2
extern const guint8 peerup_envelope_type_peer_record[PEERUP_ENVELOPE_TYPE_SIZE];   /* 03 01 */
extern const guint8 peerup_envelope_type_relay_voucher[PEERUP_ENVELOPE_TYPE_SIZE]; /* 03 02 */

/* Takes references of its own. */
PeerupEnvelope *peerup_envelope_new (PeerupPublicKey *public_key, GBytes *payload_type, GBytes *payload,
                                     GBytes *signature) G_GNUC_WARN_UNUSED_RESULT;
/* The whole of @data. All four fields must be there; the key must be in its deterministic
 * encoding. TOO_LARGE, MALFORMED, UNSUPPORTED (type of key). */
PeerupEnvelope *peerup_envelope_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_envelope_free (PeerupEnvelope *self);
GBytes *peerup_envelope_encode (const PeerupEnvelope *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_envelope_has_type (const PeerupEnvelope *self, const guint8 type[PEERUP_ENVELOPE_TYPE_SIZE]);
/* What is signed: domain, payload type and payload, each behind its varint length. */
GBytes *
peerup_envelope_signed_bytes (const char *domain, GBytes *payload_type, GBytes *payload) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupEnvelope, peerup_envelope_free)

G_END_DECLS
