/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-dcutr-message.h"

#include "wire-test.h"

#define ADDRESS \
  "1208"        \
  "0401020304060fa1" /* /ip4/1.2.3.4/tcp/4001 */
#define ADDRESS_QUIC \
  "120b"             \
  "0401020304910203e7cd03" /* /ip4/1.2.3.4/udp/999/quic-v1 */

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupDcutrMessage) message = peerup_dcutr_message_decode (data, length, error);

  return message != NULL;
}

static PeerupDcutrMessage *
from_hex (const char *hex)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GError) error = NULL;
  PeerupDcutrMessage *message =
    peerup_dcutr_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  return message;
}

static GPtrArray *
make_addresses (guint n, const char *format)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GString) text = g_string_new (format);
      g_autofree char *port = g_strdup_printf ("%u", 1000 + i);

      g_string_replace (text, "PORT", port, 1);
      g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", text->str));
    }
  return addresses;
}

static void
assert_encodes (PeerupDcutrType type, GPtrArray *addresses, const char *hex)
{
  g_autoptr (GBytes) bytes = peerup_dcutr_message_encode (type, addresses);
  g_autoptr (GBytes) expected = wire_hex (hex);

  g_assert_true (g_bytes_equal (bytes, expected));
}

static void
test_connect (void)
{
  g_autoptr (PeerupDcutrMessage) read = from_hex ("0864" ADDRESS ADDRESS_QUIC);

  g_assert_cmpint (read->type, ==, PEERUP_DCUTR_CONNECT);
  g_assert_cmpuint (read->addresses->len, ==, 2);
  g_assert_cmpstr (peerup_multiaddr_get_string (read->addresses->pdata[0]), ==, "/ip4/1.2.3.4/tcp/4001");
  g_assert_cmpstr (peerup_multiaddr_get_string (read->addresses->pdata[1]), ==, "/ip4/1.2.3.4/udp/999/quic-v1");
  assert_encodes (PEERUP_DCUTR_CONNECT, read->addresses,
                  "19"
                  "0864" ADDRESS ADDRESS_QUIC);
}

static void
test_sync (void)
{
  g_autoptr (PeerupDcutrMessage) read = from_hex ("08ac02");

  g_assert_cmpint (read->type, ==, PEERUP_DCUTR_SYNC);
  g_assert_cmpuint (read->addresses->len, ==, 0);
  assert_encodes (PEERUP_DCUTR_SYNC, NULL,
                  "03"
                  "08ac02");
}

/* What is no address spoils no other one. */
static void
test_bad_addresses_are_dropped (void)
{
  g_autoptr (PeerupDcutrMessage) read = from_hex ("0864"
                                                  "1200"
                                                  "1204040102ff" ADDRESS "1201ff");

  g_assert_cmpuint (read->addresses->len, ==, 1);
}

static void
test_many_addresses (void)
{
  g_autoptr (GPtrArray) addresses = make_addresses (1000, "/ip4/1.2.3.4/tcp/PORT");
  g_autoptr (GBytes) bytes = peerup_dcutr_message_encode (PEERUP_DCUTR_CONNECT, addresses);
  g_autoptr (PeerupDcutrMessage) read = NULL;
  g_autoptr (GString) hex = g_string_new ("0864");
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  read = peerup_dcutr_message_decode (data + 2, length - 2, NULL);
  g_assert_cmpuint (read->addresses->len, ==, PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX);
  g_clear_pointer (&read, peerup_dcutr_message_free);
  /* As many as fit, from somebody who does not stop there. */
  while (hex->len / 2 + 10 <= PEERUP_DCUTR_MESSAGE_MAX)
    g_string_append (hex, ADDRESS);
  read = from_hex (hex->str);
  g_assert_cmpuint (read->addresses->len, ==, PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX);
}

/* Long addresses are left out from where they do not fit. */
static void
test_cut (void)
{
  g_autoptr (GString) label = g_string_new ("/dns4/");
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (PeerupDcutrMessage) read = NULL;
  gsize length;
  const guint8 *data;

  for (guint i = 0; i < 180; i++)
    g_string_append_c (label, 'a' + i % 26);
  g_string_append (label, "/tcp/PORT");
  addresses = make_addresses (PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX, label->str);
  bytes = peerup_dcutr_message_encode (PEERUP_DCUTR_CONNECT, addresses);
  data = g_bytes_get_data (bytes, &length);
  g_assert_cmpuint (length, <=, PEERUP_DCUTR_MESSAGE_MAX + 2);
  g_assert_cmpuint (length, >, PEERUP_DCUTR_MESSAGE_MAX - 200);
  read = peerup_dcutr_message_decode (data + 2, length - 2, NULL);
  g_assert_cmpuint (read->addresses->len, >, 15);
  g_assert_cmpuint (read->addresses->len, <, PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX);
}

static void
test_malformed (void)
{
  g_autofree char *large = g_strnfill (2 * (PEERUP_DCUTR_MESSAGE_MAX + 1), '0');

  wire_assert_error (decode, large, PEERUP_ERROR_TOO_LARGE);
  /* No type, unknown ones, and nothing at all. */
  wire_assert_error (decode, ADDRESS, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0800", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0865", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "", PEERUP_ERROR_MALFORMED);
}

static void
test_damaged (void)
{
  g_autoptr (GBytes) bytes = wire_hex ("0864" ADDRESS ADDRESS_QUIC ADDRESS);

  wire_sweep (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  wire_flip (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dcutr-message/connect", test_connect);
  g_test_add_func ("/dcutr-message/sync", test_sync);
  g_test_add_func ("/dcutr-message/bad-addresses-are-dropped", test_bad_addresses_are_dropped);
  g_test_add_func ("/dcutr-message/many-addresses", test_many_addresses);
  g_test_add_func ("/dcutr-message/cut", test_cut);
  g_test_add_func ("/dcutr-message/malformed", test_malformed);
  g_test_add_func ("/dcutr-message/damaged", test_damaged);
  return g_test_run ();
}
