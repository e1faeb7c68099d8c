/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "identity/peerup-envelope-crypto.h"

#include "identity-test.h"
#include "identity-vectors.h"

static PeerupPeerRecord *
new_record (PeerupPrivateKey *subject)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/%d", 4001));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/1.2.3.4/udp/%d/quic-v1", 4001));
  return peerup_peer_record_new (peerup_private_key_get_peer_id (subject), 1700000000, addresses);
}

static int
open_record (GBytes *envelope, PeerupPrivateKey *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerRecord) record =
    peerup_peer_record_open (g_bytes_get_data (envelope, NULL), g_bytes_get_size (envelope),
                             peerup_private_key_get_peer_id (expected), &error);

  if (record == NULL)
    {
      g_assert_true (error->domain == PEERUP_ERROR);
      return error->code;
    }
  g_assert_no_error (error);
  g_assert_true (peerup_peer_id_equal (record->peer_id, peerup_private_key_get_peer_id (expected)));
  return -1;
}

/* Ed25519 makes the same signature each time, so the whole envelope must be that of js-libp2p. */
static void
test_vector (void)
{
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (GBytes) expected = test_hex (PEER_RECORD);
  g_autoptr (GBytes) payload = test_hex (PEER_RECORD_PAYLOAD);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerRecord) record = NULL;
  g_autoptr (GBytes) sealed = NULL;

  g_assert_cmpint (open_record (expected, alice), ==, -1);
  record = peerup_peer_record_decode (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), &error);
  g_assert_no_error (error);
  sealed = peerup_peer_record_seal (alice, record, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (sealed, expected));
}

static void
test_round_trip (void)
{
  g_autoptr (PeerupPrivateKey) bob = test_key (2);
  g_autoptr (PeerupPeerRecord) record = new_record (bob);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) sealed = peerup_peer_record_seal (bob, record, &error);
  g_autoptr (PeerupPeerRecord) opened = NULL;

  g_assert_no_error (error);
  opened = peerup_peer_record_open (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed),
                                    peerup_private_key_get_peer_id (bob), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (opened->seq, ==, 1700000000);
  g_assert_cmpuint (opened->addresses->len, ==, 2);
  g_assert_cmpstr (peerup_multiaddr_get_string (opened->addresses->pdata[1]), ==, "/ip4/1.2.3.4/udp/4001/quic-v1");
}

static void
test_voucher (void)
{
  g_autoptr (PeerupPrivateKey) bob = test_key (2);
  g_autoptr (GBytes) bytes = test_hex (VOUCHER);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupEnvelope) envelope =
    peerup_envelope_open (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                          PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER, peerup_envelope_type_relay_voucher, &error);

  g_assert_no_error (error);
  g_assert_true (peerup_public_key_equal (envelope->public_key, peerup_private_key_get_public_key (bob)));
}

/* A good signature counts in its own domain only. */
static void
test_other_domain (void)
{
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (GBytes) payload = test_hex (PEER_RECORD_PAYLOAD);
  g_autoptr (GBytes) voucher = test_hex (VOUCHER);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) sealed =
    peerup_envelope_seal (alice, "another-domain", peerup_envelope_type_peer_record, payload, &error);

  g_assert_no_error (error);
  g_assert_cmpint (open_record (sealed, alice), ==, PEERUP_ERROR_CRYPTO);
  g_assert_cmpint (open_record (voucher, alice), ==, PEERUP_ERROR_PROTOCOL);
}

/* RUSTSEC-2022-0009, GHSA-wc36-xgcc-jwpr: rightly signed, but about somebody else. */
static void
test_record_about_another (void)
{
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (PeerupPrivateKey) bob = test_key (2);
  g_autoptr (PeerupPeerRecord) record = new_record (bob);
  g_autoptr (GBytes) payload = peerup_peer_record_encode (record);
  g_autoptr (GBytes) genuine = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) forged =
    peerup_envelope_seal (alice, PEERUP_ENVELOPE_DOMAIN_PEER_RECORD, peerup_envelope_type_peer_record, payload, &error);

  g_assert_no_error (error);
  g_assert_cmpint (open_record (forged, alice), ==, PEERUP_ERROR_WRONG_PEER);
  g_assert_cmpint (open_record (forged, bob), ==, PEERUP_ERROR_WRONG_PEER);
  /* Genuine, but not of the peer that sent it. */
  genuine = peerup_peer_record_seal (bob, record, &error);
  g_assert_cmpint (open_record (genuine, bob), ==, -1);
  g_assert_cmpint (open_record (genuine, alice), ==, PEERUP_ERROR_WRONG_PEER);
}

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (PeerupPeerRecord) record =
    peerup_peer_record_open (data, length, peerup_private_key_get_peer_id (alice), error);

  return record != NULL;
}

/* No byte of an envelope can be changed or left out. */
static void
test_damage (void)
{
  g_autoptr (GBytes) bytes = test_hex (PEER_RECORD);
  gsize length = g_bytes_get_size (bytes);
  g_autofree guint8 *damaged = g_memdup2 (g_bytes_get_data (bytes, NULL), length);

  test_sweep (decode, damaged, length);
  for (gsize i = 0; i < length; i++)
    {
      damaged[i] ^= 1 << i % 8;
      g_assert_false (test_try (decode, damaged, length));
      damaged[i] ^= 1 << i % 8;
    }
}

static int
open_with_signature (gconstpointer signature, gsize size)
{
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (GBytes) bytes = test_hex (PEER_RECORD);
  g_autoptr (PeerupEnvelope) envelope =
    peerup_envelope_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  g_autoptr (GBytes) other = g_bytes_new (signature, size);
  g_autoptr (PeerupEnvelope) changed =
    peerup_envelope_new (envelope->public_key, envelope->payload_type, envelope->payload, other);
  g_autoptr (GBytes) encoded = peerup_envelope_encode (changed);

  return open_record (encoded, alice);
}

static void
test_signature_sizes (void)
{
  g_autoptr (GBytes) bytes = test_hex (PEER_RECORD);
  const guint8 *end = (const guint8 *) g_bytes_get_data (bytes, NULL) + g_bytes_get_size (bytes);
  guint8 signature[65] = { 0 };

  g_assert_cmpint (open_with_signature (signature, 64), ==, PEERUP_ERROR_CRYPTO);
  memcpy (signature, end - 64, 64);
  g_assert_cmpint (open_with_signature (signature, 63), ==, PEERUP_ERROR_CRYPTO);
  g_assert_cmpint (open_with_signature (signature, 64), ==, -1);
  g_assert_cmpint (open_with_signature (signature, 65), ==, PEERUP_ERROR_CRYPTO);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/envelope/vector", test_vector);
  g_test_add_func ("/identity/envelope/round-trip", test_round_trip);
  g_test_add_func ("/identity/envelope/voucher", test_voucher);
  g_test_add_func ("/identity/envelope/other-domain", test_other_domain);
  g_test_add_func ("/identity/envelope/record-about-another", test_record_about_another);
  g_test_add_func ("/identity/envelope/damage", test_damage);
  g_test_add_func ("/identity/envelope/signature-sizes", test_signature_sizes);
  return g_test_run ();
}
