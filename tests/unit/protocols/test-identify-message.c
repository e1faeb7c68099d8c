/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The bytes of identify: merging, caps, splitting, and input cut off anywhere. */

#include <string.h>

#include "identity/peerup-private-key.h"
#include "protocols/peerup-identify-message.h"
#include "wire/peerup-frame.h"
#include "wire/peerup-message.h"
#include "wire/proto/identify.pb-c.h"

static const guint8 seed[32] = "identify message test seed 0001";

/* A field of protobuf with @number and wire type 2. */
static void
add_bytes (GByteArray *message, guint number, gconstpointer data, gsize length)
{
  peerup_varint_append (message, number << 3 | 2);
  peerup_varint_append (message, length);
  g_byte_array_append (message, data, length);
}

static void
add_text (GByteArray *message, guint number, const char *text)
{
  add_bytes (message, number, text, strlen (text));
}

static void
add_address (GByteArray *message, const char *text)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, NULL);
  gsize length;
  const guint8 *bytes = peerup_multiaddr_get_bytes (address, &length);

  add_bytes (message, 2, bytes, length);
}

/* Moves @message behind its length to the end of @stream. */
static void
send_message (GByteArray *stream, GByteArray *message)
{
  peerup_frame_append (stream, message->data, message->len);
  g_byte_array_set_size (message, 0);
}

/* From a copy of exactly that size, so that a read past the end is seen. */
static PeerupIdentifyMessage *
decode (gconstpointer data, gsize length, GError **error)
{
  g_autofree guint8 *copy = g_malloc (MAX (length, 1));

  if (length > 0)
    memcpy (copy, data, length);
  return peerup_identify_message_decode (copy, length, error);
}

static void
assert_refused (GByteArray *stream, PeerupError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupIdentifyMessage) message = decode (stream->data, stream->len, &error);

  g_assert_null (message);
  g_assert_error (error, PEERUP_ERROR, (int) code);
}

static void
test_merge (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) part = g_byte_array_new ();
  g_autoptr (PeerupIdentifyMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  add_text (part, 3, "/a/1");
  add_text (part, 6, "first/1");
  add_address (part, "/ip4/1.2.3.4/tcp/5");
  send_message (stream, part);
  add_text (part, 3, "/b/1");
  add_text (part, 6, "second/2");
  add_address (part, "/ip6/2001:db8::1/udp/6/quic-v1");
  add_text (part, 77, "a field of the future");
  send_message (stream, part);
  add_bytes (part, 8, "record", 6);
  send_message (stream, part);

  message = decode (stream->data, stream->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (message->protocols->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (message->protocols, 0), ==, "/a/1");
  g_assert_cmpstr (g_ptr_array_index (message->protocols, 1), ==, "/b/1");
  g_assert_cmpuint (message->addresses->len, ==, 2);
  g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (message->addresses, 1)), ==,
                   "/ip6/2001:db8::1/udp/6/quic-v1");
  g_assert_cmpstr (message->agent, ==, "second/2");
  g_assert_null (message->protocol_version);
  g_assert_null (message->observed_address);
  g_assert_cmpmem (g_bytes_get_data (message->signed_record, NULL), g_bytes_get_size (message->signed_record), "record",
                   6);
}

/* What is not there stays apart from what is there and empty. */
static void
test_absent_fields (void)
{
  static const guint8 empty[] = { 0 };
  g_autoptr (PeerupIdentifyMessage) message = decode (empty, sizeof empty, NULL);

  g_assert_nonnull (message);
  g_assert_null (message->public_key);
  g_assert_null (message->addresses);
  g_assert_null (message->protocols);
  g_assert_null (message->agent);
}

static void
test_empty_stream (void)
{
  g_autoptr (GByteArray) nothing = g_byte_array_new ();

  assert_refused (nothing, PEERUP_ERROR_MALFORMED);
}

/* Section 4 row 13: chunks full of protocols and addresses, an eleventh one, empty addresses, long text. */
static void
test_row_13_caps (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) part = g_byte_array_new ();
  g_autoptr (PeerupIdentifyMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  for (guint chunk = 0; chunk < 9; chunk++)
    {
      for (guint i = 0; i < 300; i++)
        {
          char protocol[32];

          g_snprintf (protocol, sizeof protocol, "/p/%u/%u", chunk, i);
          add_text (part, 3, protocol);
          add_address (part, "/ip4/1.2.3.4/tcp/5");
          add_bytes (part, 2, NULL, 0);
        }
      g_assert_cmpuint (part->len, <=, PEERUP_IDENTIFY_MESSAGE_MAX);
      send_message (stream, part);
    }
  message = decode (stream->data, stream->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (message->protocols->len, ==, PEERUP_IDENTIFY_PROTOCOLS_MAX);
  g_assert_cmpuint (message->addresses->len, ==, PEERUP_IDENTIFY_ADDRESSES_MAX);

  send_message (stream, part);
  g_clear_pointer (&message, peerup_identify_message_free);
  message = decode (stream->data, stream->len, &error);
  g_assert_no_error (error);
  send_message (stream, part);
  assert_refused (stream, PEERUP_ERROR_LIMIT);
}

static void
test_row_13_long_text (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) part = g_byte_array_new ();
  g_autoptr (PeerupIdentifyMessage) message = NULL;
  g_autofree char *text = g_strnfill (4 * 1024 * 1024, 'x');

  add_text (part, 6, text);
  send_message (stream, part);
  assert_refused (stream, PEERUP_ERROR_TOO_LARGE);

  g_byte_array_set_size (stream, 0);
  text[PEERUP_IDENTIFY_TEXT_MAX + 1] = '\0';
  add_text (part, 3, text);
  add_text (part, 5, text);
  add_text (part, 6, text);
  text[PEERUP_IDENTIFY_TEXT_MAX] = '\0';
  add_text (part, 3, text);
  add_bytes (part, 3, "/nul\0/1", 7);
  add_bytes (part, 3, "/latin\xe9/1", 9);
  send_message (stream, part);
  message = decode (stream->data, stream->len, NULL);
  g_assert_null (message->agent);
  g_assert_null (message->protocol_version);
  g_assert_cmpuint (message->protocols->len, ==, 1);
  g_assert_cmpuint (strlen (g_ptr_array_index (message->protocols, 0)), ==, PEERUP_IDENTIFY_TEXT_MAX);
}

/* One bad address spoils nothing but itself. */
static void
test_bad_addresses (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) part = g_byte_array_new ();
  g_autoptr (PeerupIdentifyMessage) message = NULL;

  add_bytes (part, 2, "\x04\x01\x02", 3);
  add_address (part, "/ip4/1.2.3.4/tcp/5");
  add_bytes (part, 2, "\xff\xff\xff\x7f", 4);
  add_bytes (part, 4, "\x01", 1);
  send_message (stream, part);
  message = decode (stream->data, stream->len, NULL);
  g_assert_cmpuint (message->addresses->len, ==, 1);
  g_assert_null (message->observed_address);
}

static void
test_bad_key (void)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) part = g_byte_array_new ();

  add_bytes (part, 1, "\x08\x01\x12\x01x", 5);
  send_message (stream, part);
  assert_refused (stream, PEERUP_ERROR_MALFORMED);
}

/* Section 4 row 25: lengths without bytes, groups, field 0, endless varints, thousands of unknown fields. */
static void
test_row_25_protobuf (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
    PeerupError code;
  } bad[] = {
    { "\xff\xff\xff\xff\x07\x01\x02\x03", 8, PEERUP_ERROR_TOO_LARGE },
    { "\x81\x40", 2, PEERUP_ERROR_TOO_LARGE },
    { "\x05\x1a\x7f", 3, PEERUP_ERROR_MALFORMED },
    { "\x05\x1a\x7f\x01\x02\x03", 6, PEERUP_ERROR_MALFORMED },
    { "\x06\x1a\xff\xff\xff\xff\x07", 7, PEERUP_ERROR_MALFORMED },
    { "\x02\x1b\x1c", 3, PEERUP_ERROR_MALFORMED },
    { "\x02\x02\x00", 3, PEERUP_ERROR_MALFORMED },
    { "\x0d\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 14, PEERUP_ERROR_MALFORMED },
    { "\x80\x00", 2, PEERUP_ERROR_MALFORMED },
    { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, PEERUP_ERROR_MALFORMED },
  };
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) part = g_byte_array_new ();
  g_autoptr (PeerupIdentifyMessage) message = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupIdentifyMessage) none = decode (bad[i].bytes, bad[i].length, &error);

      g_test_message ("input %" G_GSIZE_FORMAT, i);
      g_assert_null (none);
      g_assert_error (error, PEERUP_ERROR, (int) bad[i].code);
    }
  for (guint i = 0; i < 4000; i++)
    g_byte_array_append (part, (const guint8 *) "\x48\x01", 2);
  send_message (stream, part);
  message = decode (stream->data, stream->len, NULL);
  g_assert_nonnull (message);
}

static PeerupIdentifyMessage *
own_message (guint n_addresses, guint n_protocols, gsize record_size)
{
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  g_autofree guint8 *record = g_malloc0 (record_size);
  PeerupIdentifyMessage *message = peerup_identify_message_new ();

  message->public_key = peerup_public_key_ref (peerup_private_key_get_public_key (key));
  message->agent = g_strdup ("peerup/test");
  message->protocol_version = g_strdup ("");
  message->observed_address = peerup_multiaddr_newf ("/ip4/9.8.7.6/tcp/5");
  message->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  message->protocols = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n_addresses; i++)
    g_ptr_array_add (message->addresses, peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/%u", i + 1));
  for (guint i = 0; i < n_protocols; i++)
    g_ptr_array_add (message->protocols, g_strdup_printf ("/peerup/service-%u/1.0.0", i));
  if (record_size > 0)
    message->signed_record = g_bytes_new (record, record_size);
  return message;
}

/* The lengths of the messages in @bytes. */
static guint
split (GBytes *bytes, gsize lengths[2])
{
  gsize left;
  const guint8 *data = g_bytes_get_data (bytes, &left);
  guint n = 0;

  while (left > 0)
    {
      guint64 length;
      gsize used;

      g_assert_cmpint (peerup_varint_decode (data, left, &length, &used), ==, PEERUP_DECODE_DONE);
      g_assert_cmpuint (n, <, 2);
      lengths[n++] = length;
      data += used + length;
      left -= used + length;
    }
  return n;
}

static void
test_round_trip (void)
{
  g_autoptr (PeerupIdentifyMessage) sent = own_message (3, 2, 300);
  g_autoptr (GBytes) bytes = peerup_identify_message_encode (sent);
  g_autoptr (PeerupIdentifyMessage) received = NULL;
  gsize lengths[2];

  g_assert_cmpuint (split (bytes, lengths), ==, 1);
  received = decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  g_assert_true (peerup_public_key_equal (received->public_key, sent->public_key));
  g_assert_cmpuint (received->addresses->len, ==, 3);
  g_assert_cmpuint (received->protocols->len, ==, 2);
  g_assert_cmpstr (received->agent, ==, "peerup/test");
  g_assert_cmpstr (received->protocol_version, ==, "");
  g_assert_true (peerup_multiaddr_equal (received->observed_address, sent->observed_address));
  g_assert_true (g_bytes_equal (received->signed_record, sent->signed_record));
}

/* Above 2048 bytes the record travels alone, and everybody merges it back. */
static void
test_split (void)
{
  g_autoptr (PeerupIdentifyMessage) sent = own_message (20, 30, 1500);
  g_autoptr (GBytes) bytes = peerup_identify_message_encode (sent);
  g_autoptr (PeerupIdentifyMessage) received = NULL;
  gsize lengths[2];

  g_assert_cmpuint (split (bytes, lengths), ==, 2);
  g_assert_cmpuint (lengths[1], ==, 1500 + 3);
  received = decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  g_assert_cmpuint (received->addresses->len, ==, 20);
  g_assert_cmpuint (received->protocols->len, ==, 30);
  g_assert_true (g_bytes_equal (received->signed_record, sent->signed_record));
}

/* Addresses go before protocols do. */
static void
test_own_message_is_bounded (void)
{
  static const struct
  {
    guint n_addresses, n_protocols;
    gboolean all_protocols;
  } sizes[] = { { 2000, 10, TRUE }, { 400, 100, TRUE }, { 0, 1000, FALSE }, { 1000, 1000, FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (PeerupIdentifyMessage) sent = own_message (sizes[i].n_addresses, sizes[i].n_protocols, 200);
      g_autoptr (GBytes) bytes = peerup_identify_message_encode (sent);
      g_autoptr (PeerupIdentifyMessage) received = NULL;
      gsize lengths[2];

      g_assert_cmpuint (split (bytes, lengths), ==, 2);
      g_assert_cmpuint (lengths[0], <=, PEERUP_IDENTIFY_OWN_MAX);
      g_assert_cmpuint (lengths[0], >, PEERUP_IDENTIFY_OWN_MAX - 64);
      received = decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
      g_assert_true ((received->protocols->len == sizes[i].n_protocols) == sizes[i].all_protocols);
    }
}

/* Every prefix is a message or refused. */
static void
test_truncation (void)
{
  g_autoptr (PeerupIdentifyMessage) sent = own_message (20, 30, 1500);
  g_autoptr (GBytes) bytes = peerup_identify_message_encode (sent);
  const guint8 *data = g_bytes_get_data (bytes, NULL);
  gsize lengths[2];
  guint n_good = 0;

  g_assert_cmpuint (split (bytes, lengths), ==, 2);
  for (gsize length = 0; length <= g_bytes_get_size (bytes); length++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupIdentifyMessage) message = decode (data, length, &error);

      g_assert_true ((message == NULL) == (error != NULL));
      n_good += message != NULL;
    }
  g_assert_cmpuint (n_good, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/protocols/identify-message/merge", test_merge);
  g_test_add_func ("/protocols/identify-message/absent-fields", test_absent_fields);
  g_test_add_func ("/protocols/identify-message/empty-stream", test_empty_stream);
  g_test_add_func ("/protocols/identify-message/row-13-caps", test_row_13_caps);
  g_test_add_func ("/protocols/identify-message/row-13-long-text", test_row_13_long_text);
  g_test_add_func ("/protocols/identify-message/bad-addresses", test_bad_addresses);
  g_test_add_func ("/protocols/identify-message/bad-key", test_bad_key);
  g_test_add_func ("/protocols/identify-message/row-25-protobuf", test_row_25_protobuf);
  g_test_add_func ("/protocols/identify-message/round-trip", test_round_trip);
  g_test_add_func ("/protocols/identify-message/split", test_split);
  g_test_add_func ("/protocols/identify-message/own-message-is-bounded", test_own_message_is_bounded);
  g_test_add_func ("/protocols/identify-message/truncation", test_truncation);
  return g_test_run ();
}
