/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One run of CPace (draft-irtf-cfrg-cpace-21, cipher suite CPACE-RISTR255-SHA512), from the password to the key. Lives
 * as long as the exchange. The password is used at once and not kept; the scalar and what comes of it are wiped. */

#include "pairing/peerup-cpace.h"

#include <glib/gi18n-lib.h>

#include "pairing/peerup-pairing-crypto.h"

/* Appendix A and section 6.3: the names of the suite and of its hash's block. */
#define DSI        "CPaceRistretto255"
#define DSI_ISK    DSI "_ISK"
#define HASH_BLOCK 128
#define LEB128_MAX 10

struct _PeerupCpace
{
  gboolean initiator;
  GBytes *session;
  GBytes *data, *other_data;
  guint8 scalar[PEERUP_CPACE_SCALAR_LENGTH];
  guint8 share[PEERUP_CPACE_SHARE_LENGTH], other_share[PEERUP_CPACE_SHARE_LENGTH];
  guint8 key[PEERUP_CPACE_KEY_LENGTH];
  gboolean finished, has_key;
};

/* Strings behind their lengths in LEB128, as lv_cat of the draft: into a hash, so that no secret is left in a buffer.
 */

static gsize
write_leb128 (guint8 out[LEB128_MAX], gsize length)
{
  gsize n = 0;

  do
    {
      out[n++] = (guint8) ((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
      length >>= 7;
    }
  while (length > 0);
  return n;
}

static gsize
prefixed_length (gsize length)
{
  guint8 prefix[LEB128_MAX];

  return write_leb128 (prefix, length) + length;
}

static void
add (crypto_hash_sha512_state *hash, gconstpointer data, gsize length)
{
  guint8 prefix[LEB128_MAX];

  crypto_hash_sha512_update (hash, prefix, write_leb128 (prefix, length));
  crypto_hash_sha512_update (hash, data, length);
}

static void
add_bytes (crypto_hash_sha512_state *hash, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  add (hash, data, length);
}

static void
finish_hash (crypto_hash_sha512_state *hash, guint8 out[crypto_hash_sha512_BYTES])
{
  crypto_hash_sha512_final (hash, out);
  sodium_memzero (hash, sizeof *hash);
}

/* generator_string(): the zeros fill the first block of the hash, so that the time says nothing of the password. */
static void
calculate_generator (GBytes *password, GBytes *channel, GBytes *session,
                     guint8 generator[crypto_core_ristretto255_BYTES])
{
  static const guint8 zeros[HASH_BLOCK];
  crypto_hash_sha512_state hash;
  guint8 uniform[crypto_hash_sha512_BYTES];
  gsize used = 1 + prefixed_length (g_bytes_get_size (password)) + prefixed_length (strlen (DSI));

  crypto_hash_sha512_init (&hash);
  add (&hash, DSI, strlen (DSI));
  add_bytes (&hash, password);
  add (&hash, zeros, used < HASH_BLOCK ? HASH_BLOCK - used : 0);
  add_bytes (&hash, channel);
  add_bytes (&hash, session);
  finish_hash (&hash, uniform);
  crypto_core_ristretto255_from_hash (generator, uniform);
  sodium_memzero (uniform, sizeof uniform);
}

static void
choose_scalar (PeerupCpace *self, const guint8 *scalar)
{
  guint8 wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES] = { 0 };

  if (scalar == NULL)
    crypto_core_ristretto255_scalar_random (self->scalar);
  else
    {
      memcpy (wide, scalar, PEERUP_CPACE_SCALAR_LENGTH);
      crypto_core_ristretto255_scalar_reduce (self->scalar, wide);
      sodium_memzero (wide, sizeof wide);
    }
}

PeerupCpace *
peerup_cpace_new (GBytes *password, GBytes *channel, GBytes *session, gboolean initiator, GBytes *data,
                  const guint8 *scalar)
{
  PeerupCpace *self;
  guint8 generator[crypto_core_ristretto255_BYTES];
  int result;

  g_return_val_if_fail (password != NULL && channel != NULL && session != NULL && data != NULL, NULL);

  peerup_pairing_crypto_init ();
  self = g_new0 (PeerupCpace, 1);
  self->initiator = initiator;
  self->session = g_bytes_ref (session);
  self->data = g_bytes_ref (data);
  calculate_generator (password, channel, session, generator);
  choose_scalar (self, scalar);
  result = crypto_scalarmult_ristretto255 (self->share, self->scalar, generator);
  /* It fails for the neutral element alone: a scalar of 0, or a hash that nobody can find. */
  g_assert (result == 0);
  sodium_memzero (generator, sizeof generator);
  return self;
}

void
peerup_cpace_free (PeerupCpace *self)
{
  g_bytes_unref (self->session);
  g_bytes_unref (self->data);
  g_clear_pointer (&self->other_data, g_bytes_unref);
  sodium_memzero (self, sizeof *self);
  g_free (self);
}

const guint8 *
peerup_cpace_get_share (PeerupCpace *self)
{
  return self->share;
}

/* ISK = H.hash (lv_cat (DSI_ISK, sid, K) || transcript_ir (Ya, ADa, Yb, ADb)) */
static void
calculate_key (PeerupCpace *self, const guint8 point[crypto_core_ristretto255_BYTES])
{
  crypto_hash_sha512_state hash;

  crypto_hash_sha512_init (&hash);
  add (&hash, DSI_ISK, strlen (DSI_ISK));
  add_bytes (&hash, self->session);
  add (&hash, point, crypto_core_ristretto255_BYTES);
  add (&hash, self->initiator ? self->share : self->other_share, PEERUP_CPACE_SHARE_LENGTH);
  add_bytes (&hash, self->initiator ? self->data : self->other_data);
  add (&hash, self->initiator ? self->other_share : self->share, PEERUP_CPACE_SHARE_LENGTH);
  add_bytes (&hash, self->initiator ? self->other_data : self->data);
  finish_hash (&hash, self->key);
}

gboolean
peerup_cpace_finish (PeerupCpace *self, const guint8 share[PEERUP_CPACE_SHARE_LENGTH], GBytes *data, GError **error)
{
  guint8 point[crypto_core_ristretto255_BYTES];

  g_return_val_if_fail (!self->finished, FALSE);

  self->finished = TRUE;
  memcpy (self->other_share, share, PEERUP_CPACE_SHARE_LENGTH);
  self->other_data = g_bytes_ref (data);
  /* scalar_mult_vfy(): no valid encoding, or the neutral element. Our own share back would let our own tag confirm
   * it. */
  if (sodium_memcmp (share, self->share, PEERUP_CPACE_SHARE_LENGTH) != 0)
    self->has_key = crypto_scalarmult_ristretto255 (point, self->scalar, share) == 0;
  sodium_memzero (self->scalar, sizeof self->scalar);
  if (self->has_key)
    calculate_key (self, point);
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO,
                         _ ("The other's share of the key is no valid point"));
  sodium_memzero (point, sizeof point);
  return self->has_key;
}

const guint8 *
peerup_cpace_get_key (PeerupCpace *self)
{
  g_return_val_if_fail (self->has_key, NULL);

  return self->key;
}

/* mac_key = H.hash (b"CPaceMac" || sid || ISK); Ta = MAC (mac_key, lv_cat (Ya, ADa)), with HMAC-SHA-512 as MAC. */
static void
calculate_tag (PeerupCpace *self, const guint8 *share, GBytes *data, guint8 tag[PEERUP_CPACE_TAG_LENGTH])
{
  crypto_hash_sha512_state hash;
  crypto_auth_hmacsha512_state mac;
  guint8 key[crypto_hash_sha512_BYTES], prefix[LEB128_MAX];

  crypto_hash_sha512_init (&hash);
  crypto_hash_sha512_update (&hash, (const guint8 *) "CPaceMac", strlen ("CPaceMac"));
  crypto_hash_sha512_update (&hash, g_bytes_get_data (self->session, NULL), g_bytes_get_size (self->session));
  crypto_hash_sha512_update (&hash, self->key, sizeof self->key);
  finish_hash (&hash, key);

  crypto_auth_hmacsha512_init (&mac, key, sizeof key);
  crypto_auth_hmacsha512_update (&mac, prefix, write_leb128 (prefix, PEERUP_CPACE_SHARE_LENGTH));
  crypto_auth_hmacsha512_update (&mac, share, PEERUP_CPACE_SHARE_LENGTH);
  crypto_auth_hmacsha512_update (&mac, prefix, write_leb128 (prefix, g_bytes_get_size (data)));
  crypto_auth_hmacsha512_update (&mac, g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  crypto_auth_hmacsha512_final (&mac, tag);
  sodium_memzero (key, sizeof key);
  sodium_memzero (&mac, sizeof mac);
}

void
peerup_cpace_get_tag (PeerupCpace *self, guint8 tag[PEERUP_CPACE_TAG_LENGTH])
{
  g_return_if_fail (self->has_key);

  calculate_tag (self, self->share, self->data, tag);
}

gboolean
peerup_cpace_check_tag (PeerupCpace *self, const guint8 tag[PEERUP_CPACE_TAG_LENGTH])
{
  guint8 right[PEERUP_CPACE_TAG_LENGTH];
  gboolean same;

  g_return_val_if_fail (self->has_key, FALSE);

  calculate_tag (self, self->other_share, self->other_data, right);
  same = sodium_memcmp (right, tag, sizeof right) == 0;
  sodium_memzero (right, sizeof right);
  return same;
}
