/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib-object.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* The values of libp2p's KeyType (peer-ids.md, "Keys"). */
typedef enum
{
  PEERUP_KEY_RSA = 0,
  PEERUP_KEY_ED25519 = 1,
  PEERUP_KEY_SECP256K1 = 2,
  PEERUP_KEY_ECDSA = 3,
} PeerupKeyType;

/* Bytes of a public key protobuf that we accept at most: an RSA key of 8192 bits
 * in SubjectPublicKeyInfo form is 1062 bytes (refuse by size
 * before any arithmetic). */
#define PEERUP_PUBLIC_KEY_MAX 1100

/* A public key as it stands on the wire: type and data, no arithmetic done yet.
 * Immutable, reference counted (atomic). Verification is src/identity's. */
typedef struct _PeerupPublicKey PeerupPublicKey;

#define PEERUP_TYPE_PUBLIC_KEY (peerup_public_key_get_type ())
GType peerup_public_key_get_type (void);

PeerupPublicKey *
peerup_public_key_new (PeerupKeyType type, gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The whole of @data must be one PublicKey message, both fields once. */
PeerupPublicKey *
peerup_public_key_new_from_protobuf (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupPublicKey *peerup_public_key_ref (PeerupPublicKey *self);
void peerup_public_key_unref (PeerupPublicKey *self);
PeerupKeyType peerup_public_key_get_key_type (const PeerupPublicKey *self);
/* Ed25519: 32 raw bytes; RSA and ECDSA: SubjectPublicKeyInfo DER; secp256k1: 33 bytes. */
const guint8 *peerup_public_key_get_data (const PeerupPublicKey *self, gsize *length);
/* The deterministic protobuf encoding, the input of the peer ID. Borrowed. */
const guint8 *peerup_public_key_get_protobuf (const PeerupPublicKey *self, gsize *length);
gboolean peerup_public_key_equal (const PeerupPublicKey *a, const PeerupPublicKey *b);
const char *peerup_key_type_to_string (PeerupKeyType type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPublicKey, peerup_public_key_unref)

G_END_DECLS
