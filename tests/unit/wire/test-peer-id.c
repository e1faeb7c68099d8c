/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-peer-id.h"

#include "wire-test.h"
#include "wire-vectors.h"
#include "wire/peerup-base.h"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_bytes (data, length, error);

  return peer != NULL;
}

static gboolean
decode_text (const guint8 *data, gsize length, GError **error)
{
  g_autofree char *text = g_strndup (data != NULL ? (const char *) data : "", length);
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (text, error);

  return peer != NULL;
}

static PeerupPeerId *
from_hex (const char *hex)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GError) error = NULL;
  PeerupPeerId *peer = peerup_peer_id_new_from_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  return peer;
}

static void
assert_parses_to (const char *text, PeerupPeerId *peer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerId) parsed = peerup_peer_id_new_from_string (text, &error);

  g_assert_no_error (error);
  g_assert_true (peerup_peer_id_equal (parsed, peer));
  g_assert_cmpstr (peerup_peer_id_get_string (parsed), ==, peerup_peer_id_get_string (peer));
}

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_vectors); i++)
    {
      const KeyVector *v = &key_vectors[i];
      g_autoptr (PeerupPeerId) peer = from_hex (v->multihash);
      g_autoptr (GBytes) protobuf = wire_hex (v->public_protobuf);
      g_autoptr (PeerupPeerId) made = NULL;
      g_autoptr (PeerupPublicKey) carried = NULL;
      g_autoptr (PeerupPublicKey) key = NULL;

      g_assert_cmpstr (peerup_peer_id_get_string (peer), ==, v->text);
      assert_parses_to (v->text, peer);
      if (v->cid != NULL)
        assert_parses_to (v->cid, peer);

      key = peerup_public_key_new_from_protobuf (g_bytes_get_data (protobuf, NULL), g_bytes_get_size (protobuf), NULL);
      made = peerup_peer_id_new_from_public_key (key);
      g_assert_true (peerup_peer_id_equal (made, peer));
      g_assert_true (peerup_peer_id_matches_public_key (peer, key));

      carried = peerup_peer_id_dup_public_key (peer);
      g_assert_cmpint (carried != NULL, ==, g_str_has_prefix (v->text, "1"));
      if (carried != NULL)
        g_assert_true (peerup_public_key_equal (carried, key));
    }
}

/* Every CID base leads to the same peer ID. */
static void
test_cid_bases (void)
{
  static const PeerupBase bases[] = { PEERUP_BASE32_LOWER, PEERUP_BASE32_UPPER, PEERUP_BASE36, PEERUP_BASE58 };

  for (gsize i = 0; i < G_N_ELEMENTS (key_vectors) * G_N_ELEMENTS (bases); i++)
    {
      g_autoptr (PeerupPeerId) peer = from_hex (key_vectors[i / G_N_ELEMENTS (bases)].multihash);
      g_autofree char *hex = g_strconcat ("0172", key_vectors[i / G_N_ELEMENTS (bases)].multihash, NULL);
      g_autoptr (GBytes) cid = wire_hex (hex);
      g_autofree char *text =
        peerup_multibase_encode (bases[i % G_N_ELEMENTS (bases)], g_bytes_get_data (cid, NULL), g_bytes_get_size (cid));

      assert_parses_to (text, peer);
    }
}

/* From go-multiaddr's and the specification's examples. */
static void
test_known_cids (void)
{
  g_autoptr (PeerupPeerId) hashed =
    peerup_peer_id_new_from_string ("QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC", NULL);

  g_assert_nonnull (hashed);
  assert_parses_to ("k2k4r8oqamigqdo6o7hsbfwd45y70oyynp98usk7zmyfrzpqxh1pohl7", hashed);
}

static void
test_truncation (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_vectors); i++)
    {
      g_autoptr (GBytes) bytes = wire_hex (key_vectors[i].multihash);

      g_assert_cmpuint (wire_sweep (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==, 0);
      wire_flip (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_assert_cmpuint (wire_sweep (decode_text, (const guint8 *) key_vectors[i].text, strlen (key_vectors[i].text)),
                        ==, 0);
    }
}

static void
test_bad_bytes (void)
{
  static const char *const bad[] = {
    "",
    "0000", /* identity of nothing */
    "0024"
    "080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
    "00", /* a byte left over */
    "0023"
    "0801121f8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f", /* a short Ed25519 key */
    "0025"
    "080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c00", /* a loose key message */
    "0004"
    "deadbeef", /* identity of no key */
    "1114"
    "0000000000000000000000000000000000000000", /* sha1 */
    "1210"
    "00000000000000000000000000000000", /* half a sha2-256 */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    wire_assert_error (decode, bad[i], PEERUP_ERROR_MALFORMED);
}

/* A key of more than 42 bytes must stand as its hash. */
static void
test_inline_key_limit (void)
{
  guint8 data[64] = { 0 };
  g_autoptr (PeerupPublicKey) largest = peerup_public_key_new (PEERUP_KEY_ECDSA, data, 38, NULL);
  g_autoptr (PeerupPublicKey) larger = peerup_public_key_new (PEERUP_KEY_ECDSA, data, 39, NULL);
  g_autoptr (PeerupPeerId) inlined = peerup_peer_id_new_from_public_key (largest);
  g_autoptr (PeerupPeerId) hashed = peerup_peer_id_new_from_public_key (larger);
  guint8 bytes[45] = { 0x00, 43 };
  const guint8 *protobuf;
  gsize length;

  peerup_peer_id_get_bytes (inlined, &length);
  g_assert_cmpuint (length, ==, PEERUP_PEER_ID_BYTES_MAX);
  g_assert_cmpuint (strlen (peerup_peer_id_get_string (inlined)), <, 64);
  peerup_peer_id_get_bytes (hashed, &length);
  g_assert_cmpuint (length, ==, 34);

  protobuf = peerup_public_key_get_protobuf (larger, &length);
  g_assert_cmpuint (length, ==, 43);
  memcpy (bytes + 2, protobuf, length);
  g_assert_false (peerup_peer_id_check_bytes (bytes, sizeof bytes, NULL));
}

static void
test_bad_text (void)
{
  static const char *const bad[] = {
    "",
    "Q",
    "Qm",
    "1",
    " 12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5",
    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5 ",
    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5\n",
    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH",
    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH55",
    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPHl",
    "laptop",
    "bafzaajaiaejcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a632",
    /* A CID of version 1 for another codec than libp2p-key. */
    "bafybeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm",
    "b",
    "z",
    "\xff\xfe",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_peer_id_new_from_string (bad[i], &error));
      g_assert_nonnull (error);
      g_assert_true (error->domain == PEERUP_ERROR);
      g_assert_true (g_str_has_prefix (error->message, "Not a peer ID: "));
    }
}

static void
test_huge_text (void)
{
  static const char starts[] = { '1', 'b', 'k', 'z' };

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autofree char *text = g_strnfill (1024 * 1024, starts[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_peer_id_new_from_string (text, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
    }
}

static void
test_order (void)
{
  g_autoptr (PeerupPeerId) a = from_hex (key_vectors[0].multihash);
  g_autoptr (PeerupPeerId) b = from_hex (key_vectors[1].multihash);
  g_autoptr (PeerupPeerId) rsa = from_hex (key_vectors[3].multihash);
  g_autoptr (PeerupPeerId) again = from_hex (key_vectors[0].multihash);

  /* 8a… against 81…: unsigned. */
  g_assert_cmpint (peerup_peer_id_compare (a, b), >, 0);
  g_assert_cmpint (peerup_peer_id_compare (b, a), <, 0);
  g_assert_cmpint (peerup_peer_id_compare (a, rsa), <, 0);
  g_assert_cmpint (peerup_peer_id_compare (a, again), ==, 0);
  g_assert_true (peerup_peer_id_equal (a, again));
  g_assert_false (peerup_peer_id_equal (a, b));
  g_assert_cmpuint (peerup_peer_id_hash (a), ==, peerup_peer_id_hash (again));
}

static void
test_wrong_key (void)
{
  g_autoptr (PeerupPeerId) a = from_hex (key_vectors[0].multihash);
  g_autoptr (PeerupPeerId) b = from_hex (key_vectors[1].multihash);
  g_autoptr (PeerupPublicKey) key = peerup_peer_id_dup_public_key (b);

  g_assert_false (peerup_peer_id_matches_public_key (a, key));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/peer-id/vectors", test_vectors);
  g_test_add_func ("/wire/peer-id/cid-bases", test_cid_bases);
  g_test_add_func ("/wire/peer-id/known-cids", test_known_cids);
  g_test_add_func ("/wire/peer-id/truncation", test_truncation);
  g_test_add_func ("/wire/peer-id/bad-bytes", test_bad_bytes);
  g_test_add_func ("/wire/peer-id/inline-key-limit", test_inline_key_limit);
  g_test_add_func ("/wire/peer-id/bad-text", test_bad_text);
  g_test_add_func ("/wire/peer-id/huge-text", test_huge_text);
  g_test_add_func ("/wire/peer-id/order", test_order);
  g_test_add_func ("/wire/peer-id/wrong-key", test_wrong_key);
  return g_test_run ();
}
