/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-peer-record.h"

#include "wire-test.h"
#include "wire-vectors.h"
#include "wire/peerup-envelope.h"

#define PEER "0a260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define GOOD "1a0a0a080401020304060fa1" /* /ip4/1.2.3.4/tcp/4001 */

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupPeerRecord) record = peerup_peer_record_decode (data, length, error);

  return record != NULL;
}

static PeerupPeerRecord *
from_hex (const char *hex)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GError) error = NULL;
  PeerupPeerRecord *record =
    peerup_peer_record_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  return record;
}

static void
test_vector (void)
{
  g_autoptr (PeerupPeerRecord) record = from_hex (peer_record_payload);
  g_autoptr (GBytes) bytes = wire_hex (peer_record_payload);
  g_autoptr (GBytes) encoded = peerup_peer_record_encode (record);

  g_assert_cmpstr (peerup_peer_id_get_string (record->peer_id), ==, key_vectors[0].text);
  g_assert_cmpuint (record->seq, ==, 1700000000);
  g_assert_cmpuint (record->addresses->len, ==, 2);
  g_assert_cmpstr (peerup_multiaddr_get_string (record->addresses->pdata[0]), ==, "/ip4/1.2.3.4/tcp/4001");
  g_assert_cmpstr (peerup_multiaddr_get_string (record->addresses->pdata[1]), ==, "/ip4/1.2.3.4/udp/4001/quic-v1");
  g_assert_true (g_bytes_equal (encoded, bytes));
}

static void
test_new (void)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (key_vectors[0].text, NULL);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupPeerRecord) record = NULL;
  g_autoptr (PeerupPeerRecord) again = NULL;
  g_autoptr (GBytes) encoded = NULL;

  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip6/::1/tcp/%d", 7777));
  record = peerup_peer_record_new (peer, G_MAXUINT64, addresses);
  encoded = peerup_peer_record_encode (record);
  again = peerup_peer_record_decode (g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded), NULL);
  g_assert_cmpuint (again->seq, ==, G_MAXUINT64);
  g_assert_cmpuint (again->addresses->len, ==, 1);
  g_assert_true (peerup_multiaddr_equal (again->addresses->pdata[0], addresses->pdata[0]));
}

/* An unknown code, an empty address, no address, half an address: the good ones stay. */
static void
test_bad_addresses_are_dropped (void)
{
  g_autoptr (PeerupPeerRecord) record = from_hex (PEER "1001"
                                                       "1a070a058401010203"
                                                       "1a020a00"
                                                       "1a00" GOOD "1a050a03040102"
                                                       "1a040a028406" GOOD);

  g_assert_cmpuint (record->addresses->len, ==, 2);
}

static void
test_no_addresses (void)
{
  g_autoptr (PeerupPeerRecord) record = from_hex (PEER);

  g_assert_cmpuint (record->seq, ==, 0);
  g_assert_cmpuint (record->addresses->len, ==, 0);
}

static void
test_cap (void)
{
  g_autoptr (GString) hex = g_string_new (PEER);
  g_autoptr (PeerupPeerRecord) record = NULL;
  g_autoptr (PeerupPeerRecord) again = NULL;
  g_autoptr (GBytes) encoded = NULL;

  for (guint i = 0; i < PEERUP_PEER_RECORD_ADDRESSES_MAX + 1; i++)
    g_string_append (hex, GOOD);
  record = from_hex (hex->str);
  g_assert_cmpuint (record->addresses->len, ==, PEERUP_PEER_RECORD_ADDRESSES_MAX);

  g_ptr_array_add (record->addresses, peerup_multiaddr_newf ("/ip4/192.0.2.1"));
  encoded = peerup_peer_record_encode (record);
  again = peerup_peer_record_decode (g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded), NULL);
  g_assert_cmpuint (again->addresses->len, ==, PEERUP_PEER_RECORD_ADDRESSES_MAX);
}

/* Section 4, rows 13 and 25: empty addresses by the thousand. */
static void
test_flood (void)
{
  g_autofree guint8 *data = g_malloc0 (PEERUP_ENVELOPE_MAX + 1);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < PEERUP_ENVELOPE_MAX; i += 2)
    data[i] = 0x1a;
  g_assert_false (decode (data, PEERUP_ENVELOPE_MAX, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_false (decode (data, PEERUP_ENVELOPE_MAX + 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
test_truncation (void)
{
  g_autoptr (GBytes) bytes = wire_hex (peer_record_payload);

  /* It may end after the peer ID, the number and the first address. */
  g_assert_cmpuint (wire_sweep (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==, 3);
  wire_flip (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_bad_peer_id (void)
{
  wire_assert_error (decode, "1001", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode,
                     "0a00"
                     "1001",
                     PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode,
                     "0a0400024142"
                     "1001",
                     PEERUP_ERROR_MALFORMED);
}

/* Section 4, row 25. */
static void
test_row_25 (void)
{
  wire_assert_error (decode, PEER "1a8080808008010203", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, PEER "1b1c", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, PEER "0000", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, PEER "10ffffffffffffffffffff01", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, PEER "1a020b0c", PEERUP_ERROR_MALFORMED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/peer-record/vector", test_vector);
  g_test_add_func ("/wire/peer-record/new", test_new);
  g_test_add_func ("/wire/peer-record/bad-addresses-are-dropped", test_bad_addresses_are_dropped);
  g_test_add_func ("/wire/peer-record/no-addresses", test_no_addresses);
  g_test_add_func ("/wire/peer-record/cap", test_cap);
  g_test_add_func ("/wire/peer-record/flood", test_flood);
  g_test_add_func ("/wire/peer-record/truncation", test_truncation);
  g_test_add_func ("/wire/peer-record/bad-peer-id", test_bad_peer_id);
  g_test_add_func ("/wire/peer-record/row-25", test_row_25);
  return g_test_run ();
}
