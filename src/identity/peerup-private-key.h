/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* An Ed25519 private key: the identity. Immutable, reference counted (atomic);
 * its memory is wiped when the last reference goes. */
typedef struct _PeerupPrivateKey PeerupPrivateKey;

#define PEERUP_TYPE_PRIVATE_KEY (peerup_private_key_get_type ())
GType peerup_private_key_get_type (void);

#define PEERUP_ED25519_SIGNATURE_SIZE 64

PeerupPrivateKey *peerup_private_key_generate (GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupPrivateKey *peerup_private_key_new_from_seed (const guint8 seed[32], GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* libp2p's PrivateKey protobuf, type Ed25519 with 64 or (old form, checked) 96 bytes of data. */
PeerupPrivateKey *
peerup_private_key_new_from_protobuf (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The 68-byte protobuf; the returned bytes wipe themselves when freed. */
GBytes *peerup_private_key_to_protobuf (PeerupPrivateKey *self) G_GNUC_WARN_UNUSED_RESULT;
PeerupPrivateKey *peerup_private_key_ref (PeerupPrivateKey *self);
void peerup_private_key_unref (PeerupPrivateKey *self);
/* Borrowed. */
PeerupPublicKey *peerup_private_key_get_public_key (PeerupPrivateKey *self);
PeerupPeerId *peerup_private_key_get_peer_id (PeerupPrivateKey *self);
gboolean
peerup_private_key_sign (PeerupPrivateKey *self, gconstpointer data, gsize length,
                         guint8 signature[PEERUP_ED25519_SIGNATURE_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ed25519 over the raw message, ECDSA P-256 (DER) and RSA 2048-8192 PKCS#1 v1.5 over
 * SHA-256. secp256k1: PEERUP_ERROR_UNSUPPORTED naming it. A bad signature: PEERUP_ERROR_CRYPTO. */
gboolean peerup_public_key_verify (PeerupPublicKey *key, gconstpointer data, gsize length, gconstpointer signature,
                                   gsize signature_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Key files hold the protobuf, mode 0600. Blocking; call at start-up only.
 * load: NOT_FOUND; PERMISSION with the exact chmod to run when any group or other bit
 * is set; MALFORMED. create: never overwrites (EXISTS); temporary file, fsync, link. */
PeerupPrivateKey *peerup_key_file_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_key_file_create (const char *path, PeerupPrivateKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPrivateKey, peerup_private_key_unref)

G_END_DECLS
