/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-autonat-message.h"

#include "wire-test.h"

#define ADDRESS "0401020304060fa1" /* /ip4/1.2.3.4/tcp/4001 */

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupAutonatMessage) message = peerup_autonat_message_decode (data, length, error);

  return message != NULL;
}

static gboolean
decode_dial_back (const guint8 *data, gsize length, GError **error)
{
  guint64 nonce;

  return peerup_autonat_dial_back_decode (data, length, &nonce, error);
}

static gboolean
decode_dial_back_response (const guint8 *data, gsize length, GError **error)
{
  return peerup_autonat_dial_back_response_decode (data, length, error);
}

static PeerupAutonatMessage *
from_hex (const char *hex, GError **error)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);

  return peerup_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

static PeerupAutonatMessage *
from_good_hex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  PeerupAutonatMessage *message = from_hex (hex, &error);

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

static GPtrArray *
address_list (guint n)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/%u", 4001 + i));
  return addresses;
}

static void
test_request (void)
{
  g_autoptr (GPtrArray) addresses = address_list (1);
  const PeerupAutonatMessage message = { .type = PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE,
                                         .addresses = addresses,
                                         .nonce = G_GUINT64_CONSTANT (0x0807060504030201) };
  /* One address that can be read between two that cannot. */
  g_autoptr (PeerupAutonatMessage) read = from_good_hex ("0a180a01ff0a08" ADDRESS "0a00110102030405060708");

  /* The nonce is a fixed64: eight bytes, the lowest first. */
  assert_bytes (peerup_autonat_message_encode (&message), "150a130a08" ADDRESS "110102030405060708");
  g_assert_cmpint (read->type, ==, PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE);
  g_assert_cmphex (read->nonce, ==, message.nonce);
  g_assert_cmpuint (read->addresses->len, ==, 3);
  g_assert_null (read->addresses->pdata[0]);
  g_assert_cmpstr (peerup_multiaddr_get_string (read->addresses->pdata[1]), ==, "/ip4/1.2.3.4/tcp/4001");
  g_assert_null (read->addresses->pdata[2]);
}

/* Of many addresses the first ones are looked at. */
static void
test_many_addresses (void)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  g_autoptr (GBytes) address = wire_hex ("0a08" ADDRESS);
  g_autoptr (PeerupAutonatMessage) read = NULL;
  guint8 head[] = { 0x0a, 0xe8, 0x07 }; /* 1000 bytes */

  g_byte_array_append (request, head, sizeof head);
  for (guint i = 0; i < 100; i++)
    g_byte_array_append (request, g_bytes_get_data (address, NULL), g_bytes_get_size (address));
  read = peerup_autonat_message_decode (request->data, request->len, NULL);
  g_assert_cmpuint (read->addresses->len, ==, PEERUP_AUTONAT_ADDRESSES_MAX);
}

/* As many as there is room for. */
static void
test_large_addresses (void)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autofree char *name = g_strnfill (240, 'a');
  const PeerupAutonatMessage message = { .type = PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE, .addresses = addresses };
  g_autoptr (PeerupAutonatMessage) read = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *data;
  gsize length;

  for (guint i = 0; i < PEERUP_AUTONAT_ADDRESSES_MAX; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/%u/tls/sni/%s/ws", i + 1, name));
  bytes = peerup_autonat_message_encode (&message);
  data = g_bytes_get_data (bytes, &length);
  g_assert_cmpuint (length - 2, <=, PEERUP_AUTONAT_MESSAGE_MAX);
  read = peerup_autonat_message_decode (data + 2, length - 2, NULL);
  g_assert_cmpuint (read->addresses->len, >, 25);
  g_assert_cmpuint (read->addresses->len, <, PEERUP_AUTONAT_ADDRESSES_MAX);
}

static void
test_response (void)
{
  const PeerupAutonatMessage message = { .type = PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE,
                                         .status = PEERUP_AUTONAT_OK,
                                         .index = 3,
                                         .dial_status = PEERUP_AUTONAT_DIAL_BACK_ERROR };
  g_autoptr (PeerupAutonatMessage) read = from_good_hex ("120708c80110031865");
  g_autoptr (PeerupAutonatMessage) empty = from_good_hex ("1200");
  g_autoptr (PeerupAutonatMessage) unknown = from_good_hex ("120608e707188727");

  assert_bytes (peerup_autonat_message_encode (&message), "09120708c80110031865");
  g_assert_cmpint (read->status, ==, PEERUP_AUTONAT_OK);
  g_assert_cmpuint (read->index, ==, 3);
  g_assert_cmpint (read->dial_status, ==, PEERUP_AUTONAT_DIAL_BACK_ERROR);
  /* Zeros are left out by others. */
  g_assert_cmpint (empty->type, ==, PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE);
  g_assert_cmpint (empty->status, ==, PEERUP_AUTONAT_INTERNAL_ERROR);
  g_assert_cmpuint (unknown->status, ==, 999);
  g_assert_cmpuint (unknown->dial_status, ==, 4999);
  g_assert_null (peerup_autonat_status_get_text (unknown->status));
  g_assert_nonnull (peerup_autonat_status_get_text (read->status));
}

static void
test_data (void)
{
  const PeerupAutonatMessage request = { .type = PEERUP_AUTONAT_DATA_REQUEST_MESSAGE, .index = 1, .n_bytes = 30000 };
  const PeerupAutonatMessage data = { .type = PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE, .n_bytes = 3 };
  const PeerupAutonatMessage most = { .type = PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE,
                                      .n_bytes = PEERUP_AUTONAT_DATA_MAX };
  g_autoptr (PeerupAutonatMessage) asked = from_good_hex ("1a06080110b0ea01");
  g_autoptr (PeerupAutonatMessage) sent = from_good_hex ("22050a03ffeedd");
  g_autoptr (PeerupAutonatMessage) nothing = from_good_hex ("2200");
  g_autoptr (GBytes) bytes = peerup_autonat_message_encode (&most);

  assert_bytes (peerup_autonat_message_encode (&request), "081a06080110b0ea01");
  assert_bytes (peerup_autonat_message_encode (&data), "0722050a03000000");
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 2 + 6 + PEERUP_AUTONAT_DATA_MAX);
  g_assert_cmpint (asked->type, ==, PEERUP_AUTONAT_DATA_REQUEST_MESSAGE);
  g_assert_cmpuint (asked->index, ==, 1);
  g_assert_cmpuint (asked->n_bytes, ==, 30000);
  g_assert_cmpuint (sent->n_bytes, ==, 3);
  g_assert_cmpuint (nothing->n_bytes, ==, 0);
}

static void
test_dial_back (void)
{
  g_autoptr (GBytes) bytes = wire_hex ("090102030405060708");
  g_autoptr (GError) missing = NULL;
  g_autoptr (GError) unknown = NULL;
  guint64 nonce = 0;

  assert_bytes (peerup_autonat_dial_back_encode (G_GUINT64_CONSTANT (0x0807060504030201)), "09090102030405060708");
  g_assert_true (peerup_autonat_dial_back_decode (g_bytes_get_data (bytes, NULL), 9, &nonce, NULL));
  g_assert_cmphex (nonce, ==, G_GUINT64_CONSTANT (0x0807060504030201));
  g_assert_false (peerup_autonat_dial_back_decode ("", 0, &nonce, &missing));
  g_assert_error (missing, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  /* An empty message: a single zero. */
  assert_bytes (peerup_autonat_dial_back_response_encode (), "00");
  g_assert_true (peerup_autonat_dial_back_response_decode ("", 0, NULL));
  g_assert_true (peerup_autonat_dial_back_response_decode ("\x08\x00", 2, NULL));
  g_assert_false (peerup_autonat_dial_back_response_decode ("\x08\x01", 2, &unknown));
  g_assert_error (unknown, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
}

static void
test_bad (void)
{
  static const char *const malformed[] = {
    "",                      /* says nothing */
    "0a001200",              /* says two things */
    "2a00",                  /* a kind that is not known */
    "0a0a0a08" ADDRESS "00", /* field 0 */
    "0b",                    /* a group */
    "0affffffff0f",          /* a length beyond the end */
    "0a0909010203",          /* cut within the nonce */
  };
  g_autofree guint8 *zeros = g_malloc0 (PEERUP_AUTONAT_MESSAGE_MAX + 1);
  g_autoptr (GError) large = NULL;
  g_autoptr (GError) large_dial_back = NULL;
  guint64 nonce;

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (from_hex (malformed[i], &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
  g_assert_null (peerup_autonat_message_decode (zeros, PEERUP_AUTONAT_MESSAGE_MAX + 1, &large));
  g_assert_error (large, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_assert_false (peerup_autonat_dial_back_decode (zeros, PEERUP_AUTONAT_DIAL_BACK_MAX + 1, &nonce, &large_dial_back));
  g_assert_error (large_dial_back, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
sweep (WireDecode func, const char *hex)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  wire_sweep (func, data, length);
  wire_flip (func, data, length);
}

static void
test_sweep (void)
{
  sweep (decode, "0a180a01ff0a08" ADDRESS "0a00110102030405060708");
  sweep (decode, "120708c80110031865");
  sweep (decode, "1a06080110b0ea01");
  sweep (decode, "22050a03ffeedd");
  sweep (decode_dial_back, "090102030405060708");
  sweep (decode_dial_back_response, "0800");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/autonat/request", test_request);
  g_test_add_func ("/wire/autonat/many-addresses", test_many_addresses);
  g_test_add_func ("/wire/autonat/large-addresses", test_large_addresses);
  g_test_add_func ("/wire/autonat/response", test_response);
  g_test_add_func ("/wire/autonat/data", test_data);
  g_test_add_func ("/wire/autonat/dial-back", test_dial_back);
  g_test_add_func ("/wire/autonat/bad", test_bad);
  g_test_add_func ("/wire/autonat/sweep", test_sweep);
  return g_test_run ();
}
