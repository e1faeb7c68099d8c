/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-circuit.h"

#include "wire-test.h"
#include "wire-vectors.h"

#define PEER_ID "0024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define ADDRESS "12080401020304060fa1" /* /ip4/1.2.3.4/tcp/4001 */

static gboolean
decode_hop (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupCircuitMessage) message = peerup_circuit_hop_decode (data, length, error);

  return message != NULL;
}

static gboolean
decode_stop (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupCircuitMessage) message = peerup_circuit_stop_decode (data, length, error);

  return message != NULL;
}

static gboolean
decode_voucher (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupCircuitVoucher) voucher = peerup_circuit_voucher_decode (data, length, error);

  return voucher != NULL;
}

static PeerupCircuitMessage *
hop_from_hex (const char *hex)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GError) error = NULL;
  PeerupCircuitMessage *message =
    peerup_circuit_hop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  return message;
}

static void
assert_bytes (GBytes *bytes, const char *hex)
{
  g_autoptr (GBytes) held = bytes;
  g_autoptr (GBytes) expected = wire_hex (hex);

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), g_bytes_get_data (expected, NULL),
                   g_bytes_get_size (expected));
}

/* The type is written even when it is 0, or go-libp2p does not take it for a RESERVE. */
static void
test_reserve (void)
{
  PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_RESERVE };
  g_autoptr (PeerupCircuitMessage) read = hop_from_hex ("0800");

  assert_bytes (peerup_circuit_hop_encode (&message), "020800");
  g_assert_cmpint (read->type, ==, PEERUP_CIRCUIT_RESERVE);
  g_assert_cmpint (read->status, ==, PEERUP_CIRCUIT_NONE);
  g_assert_false (read->has_limit || read->has_reservation);
}

static void
test_connect (void)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (key_vectors[0].text, NULL);
  PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_CONNECT, .peer = peer };
  g_autoptr (PeerupCircuitMessage) read = hop_from_hex ("08011228"
                                                        "0a26" PEER_ID);

  assert_bytes (peerup_circuit_hop_encode (&message), "2c08011228"
                                                      "0a26" PEER_ID);
  /* On stop CONNECT is 0, and a limit has another number than on hop. */
  message.has_limit = TRUE;
  message.limit = (PeerupCircuitLimit) { 600, 65536 };
  assert_bytes (peerup_circuit_stop_encode (&message), "3508001228"
                                                       "0a26" PEER_ID "1a0708d80410808004");
  g_assert_cmpint (read->type, ==, PEERUP_CIRCUIT_CONNECT);
  g_assert_true (peerup_peer_id_equal (read->peer, peer));
}

static void
test_status (void)
{
  PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_STATUS, .status = PEERUP_CIRCUIT_NO_RESERVATION };

  assert_bytes (peerup_circuit_hop_encode (&message), "05080228cc01");
  assert_bytes (peerup_circuit_stop_encode (&message), "05080120cc01");
}

/* A limit of zeros bounds nothing and still makes the connection limited; none is no limit. */
static void
test_limit (void)
{
  g_autoptr (PeerupCircuitMessage) empty = hop_from_hex ("08022200"
                                                         "2864");
  g_autoptr (PeerupCircuitMessage) none = hop_from_hex ("08022864");
  g_autoptr (PeerupCircuitMessage) large = hop_from_hex ("0802220c08ffffffff0f10ffffffff1f2864");

  g_assert_true (empty->has_limit);
  g_assert_cmpuint (empty->limit.duration, ==, 0);
  g_assert_cmpuint (empty->limit.data, ==, 0);
  g_assert_false (none->has_limit);
  g_assert_cmpuint (large->limit.duration, ==, G_MAXUINT32);
}

static void
test_reservation (void)
{
  g_autoptr (GBytes) voucher = wire_hex (relay_voucher_envelope);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_STATUS, .status = PEERUP_CIRCUIT_OK };
  g_autoptr (PeerupCircuitMessage) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize length;
  const guint8 *data;

  message.has_reservation = TRUE;
  message.expires = 1893456000;
  message.voucher = voucher;
  message.addresses = addresses;
  for (guint i = 0; i < 500; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip6/2001:db8::%x/udp/%u/quic-v1", i, 1000 + i));
  bytes = peerup_circuit_hop_encode (&message);
  data = g_bytes_get_data (bytes, &length);
  g_assert_cmpuint (length, <=, PEERUP_CIRCUIT_MESSAGE_MAX + 2);
  read = peerup_circuit_hop_decode (data + 2, length - 2, NULL);
  g_assert_true (read->has_reservation);
  g_assert_cmpuint (read->expires, ==, 1893456000);
  g_assert_cmpuint (read->addresses->len, ==, PEERUP_CIRCUIT_ADDRESSES_MAX);
  g_assert_true (peerup_multiaddr_equal (read->addresses->pdata[63], addresses->pdata[63]));
  g_assert_true (g_bytes_equal (read->voucher, voucher));
}

/* A voucher that leaves room for two of three addresses. */
static void
test_reservation_cut (void)
{
  g_autofree guint8 *zeros = g_malloc0 (4096);
  g_autoptr (GBytes) voucher = g_bytes_new_static (zeros, PEERUP_CIRCUIT_MESSAGE_MAX - 40);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_STATUS, .status = PEERUP_CIRCUIT_OK };
  g_autoptr (PeerupCircuitMessage) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize length;
  const guint8 *data;

  message.has_reservation = TRUE;
  message.voucher = voucher;
  message.addresses = addresses;
  for (guint i = 0; i < 3; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/%u", 4001 + i));
  bytes = peerup_circuit_hop_encode (&message);
  data = g_bytes_get_data (bytes, &length);
  read = peerup_circuit_hop_decode (data + 2, length - 2, NULL);
  g_assert_cmpuint (read->addresses->len, ==, 2);
}

static void
test_bad_addresses_are_dropped (void)
{
  g_autoptr (PeerupCircuitMessage) read = hop_from_hex ("08021a1e"
                                                        "0801" ADDRESS "1204040102ff"
                                                        "1200" ADDRESS "2864");

  g_assert_cmpuint (read->addresses->len, ==, 2);
}

static void
test_malformed (void)
{
  g_autofree char *large = g_malloc0 (2 * (PEERUP_CIRCUIT_MESSAGE_MAX + 1) + 1);

  memset (large, '0', 2 * (PEERUP_CIRCUIT_MESSAGE_MAX + 1));
  wire_assert_error (decode_hop, large, PEERUP_ERROR_TOO_LARGE);
  wire_assert_error (decode_stop, large, PEERUP_ERROR_TOO_LARGE);
  /* No type; an unknown one; CONNECT to nobody, and to no peer ID. */
  wire_assert_error (decode_hop, "2864", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_hop, "0803", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_stop, "0802", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_hop, "0801", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_stop, "0800", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_hop, "08011200", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_hop, "080112040a020000", PEERUP_ERROR_MALFORMED);
}

static void
test_voucher (void)
{
  g_autoptr (GBytes) bytes = wire_hex (relay_voucher_payload);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupCircuitVoucher) voucher =
    peerup_circuit_voucher_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (peerup_peer_id_get_string (voucher->peer), ==, key_vectors[0].text);
  g_assert_false (peerup_peer_id_equal (voucher->relay, voucher->peer));
  g_assert_cmpuint (voucher->expires, ==, 1900000000);
  assert_bytes (peerup_circuit_voucher_encode (voucher), relay_voucher_payload);
  g_assert_cmpuint (wire_sweep (decode_voucher, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==, 1);
  wire_flip (decode_voucher, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_damaged (void)
{
  g_autoptr (GBytes) hop = wire_hex ("08021a1e"
                                     "0801" ADDRESS "1204040102ff"
                                     "1200" ADDRESS "220708d80410808004"
                                     "2864");
  g_autoptr (GBytes) stop = wire_hex ("08001228"
                                      "0a26" PEER_ID "1a0708d80410808004");

  wire_sweep (decode_hop, g_bytes_get_data (hop, NULL), g_bytes_get_size (hop));
  wire_flip (decode_hop, g_bytes_get_data (hop, NULL), g_bytes_get_size (hop));
  wire_sweep (decode_stop, g_bytes_get_data (stop, NULL), g_bytes_get_size (stop));
  wire_flip (decode_stop, g_bytes_get_data (stop, NULL), g_bytes_get_size (stop));
}

static void
test_texts (void)
{
  g_assert_nonnull (peerup_circuit_status_get_text (PEERUP_CIRCUIT_PERMISSION_DENIED));
  g_assert_null (peerup_circuit_status_get_text (PEERUP_CIRCUIT_NONE));
  g_assert_null (peerup_circuit_status_get_text (999));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/circuit/reserve", test_reserve);
  g_test_add_func ("/circuit/connect", test_connect);
  g_test_add_func ("/circuit/status", test_status);
  g_test_add_func ("/circuit/limit", test_limit);
  g_test_add_func ("/circuit/reservation", test_reservation);
  g_test_add_func ("/circuit/reservation-cut", test_reservation_cut);
  g_test_add_func ("/circuit/bad-addresses-are-dropped", test_bad_addresses_are_dropped);
  g_test_add_func ("/circuit/malformed", test_malformed);
  g_test_add_func ("/circuit/voucher", test_voucher);
  g_test_add_func ("/circuit/damaged", test_damaged);
  g_test_add_func ("/circuit/texts", test_texts);
  return g_test_run ();
}
