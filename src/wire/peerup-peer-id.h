/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib-object.h>

#include "wire/peerup-public-key.h"

G_BEGIN_DECLS

/* A libp2p peer ID (peer-ids.md): the multihash of a public key protobuf.
 * Immutable, reference counted (atomic), so it can be a hash table key and be
 * passed between threads. */
typedef struct _PeerupPeerId PeerupPeerId;

#define PEERUP_TYPE_PEER_ID (peerup_peer_id_get_type ())
GType peerup_peer_id_get_type (void);

/* Bytes of the longest peer ID: identity multihash of 42 bytes. */
#define PEERUP_PEER_ID_BYTES_MAX 44

/* Exactly one multihash: identity (a valid public key protobuf of at most 42
 * bytes) or sha2-256 of 32 bytes; nothing after it. */
PeerupPeerId *
peerup_peer_id_new_from_bytes (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether peerup_peer_id_new_from_bytes() would take @data, without making one. */
gboolean peerup_peer_id_check_bytes (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Base58btc ("12D3KooW…", "Qm…") or a CIDv1 of codec libp2p-key in base32,
 * base36 or base58btc multibase. Nothing is trimmed. */
PeerupPeerId *peerup_peer_id_new_from_string (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupPeerId *peerup_peer_id_new_from_public_key (PeerupPublicKey *key) G_GNUC_WARN_UNUSED_RESULT;
PeerupPeerId *peerup_peer_id_ref (PeerupPeerId *self);
void peerup_peer_id_unref (PeerupPeerId *self);
const guint8 *peerup_peer_id_get_bytes (const PeerupPeerId *self, gsize *length);
/* The base58btc form, borrowed. */
const char *peerup_peer_id_get_string (const PeerupPeerId *self);
/* (nullable): the key an identity multihash carries, else NULL. */
PeerupPublicKey *peerup_peer_id_dup_public_key (const PeerupPeerId *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_peer_id_matches_public_key (const PeerupPeerId *self, PeerupPublicKey *key);
/* Signatures fit GEqualFunc, GHashFunc and GCompareFunc (unsigned byte order). */
gboolean peerup_peer_id_equal (gconstpointer a, gconstpointer b);
guint peerup_peer_id_hash (gconstpointer self);
int peerup_peer_id_compare (gconstpointer a, gconstpointer b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPeerId, peerup_peer_id_unref)

G_END_DECLS
