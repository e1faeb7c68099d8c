/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Addresses in a long code: how few bytes they take, and bytes that are no address. */
#include "codes.h"

static GByteArray *
write_all (GPtrArray *addresses, guint *n_entries)
{
  GByteArray *out = g_byte_array_new ();
  guint16 last_port = 0;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_code_addresses_write (addresses, &last_port, out, n_entries, &error));
  g_assert_no_error (error);
  return out;
}

/* Bytes of @hex as one entry behind a port of 4001; the error, or what it is. */
static char *
read_hex (const char *hex, GError **error)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autofree guint8 *exact = g_malloc (strlen (hex) / 2 + 1);
  PeerupReader reader = PEERUP_READER_INIT (exact, strlen (hex) / 2);
  g_autoptr (GString) text = g_string_new (NULL);
  guint16 last_port = 4001;

  for (gsize i = 0; i < strlen (hex) / 2; i++)
    exact[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  if (!peerup_code_addresses_read (&reader, &last_port, addresses, error))
    return NULL;
  for (guint i = 0; i < addresses->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (addresses->pdata[i]));
  return g_string_free_and_steal (g_steal_pointer (&text));
}

static void
test_entries (void)
{
  static const struct
  {
    const char *hex, *text;
  } entries[] = {
    { "02cb0071070fa1", "/ip4/203.0.113.7/tcp/4001" },
    { "83cb007107", "/ip4/203.0.113.7/udp/4001/quic-v1 /ip4/203.0.113.7/tcp/4001" },
    { "1420010db80000000000000000000000010050", "/ip6/2001:db8::1/tcp/80/ws" },
    { "2803612e6201bb", "/dns/a.b/tcp/443/wss" },
    { "b203612e62", "/dns4/a.b/tcp/4001" },
    { "c103612e62", "/dns6/a.b/udp/4001/quic-v1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = read_hex (entries[i].hex, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, entries[i].text);
      for (gsize n = 0; n < strlen (entries[i].hex); n += 2)
        {
          g_autofree char *prefix = g_strndup (entries[i].hex, n);
          g_autoptr (GError) cut = NULL;

          g_assert_null (read_hex (prefix, &cut));
          g_assert_error (cut, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
        }
    }
}

static void
test_no_entry (void)
{
  static const char *const malformed[] = {
    "00cb0071070fa1", /* no transport */
    "02cb0071070000", /* no port */
    "22000fa1",       /* no name */
    "2203612f620fa1", /* a name that would be two components */
    "2203610a620fa1", /* a line break in a name */
    "2202c3280fa1",   /* no UTF-8 */
    "22ff61",         /* longer than what is left */
  };
  g_autoptr (GError) newer = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (read_hex (malformed[i], &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
  g_assert_null (read_hex ("52cb0071070fa1", &newer));
  g_assert_error (newer, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
}

/* A host with several transports on a port is there once, and a port that was just written is not written again. */
static void
test_shared (void)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GByteArray) bytes = NULL;
  guint n_entries;

  codes_add (addresses, "/ip4/203.0.113.7/udp/4001/quic-v1");
  codes_add (addresses, "/ip6/2001:db8::1/udp/4001/quic-v1");
  codes_add (addresses, "/ip4/203.0.113.7/tcp/4001");
  codes_add (addresses, "/ip6/2001:db8::1/tcp/4001");
  codes_add (addresses, "/ip4/203.0.113.7/tcp/4002");
  bytes = write_all (addresses, &n_entries);
  g_assert_cmpuint (n_entries, ==, 3);
  g_assert_cmpuint (bytes->len, ==, (1 + 4 + 2) + (1 + 16) + (1 + 4 + 2));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/address/entries", test_entries);
  g_test_add_func ("/code/address/no-entry", test_no_entry);
  g_test_add_func ("/code/address/shared", test_shared);
  return g_test_run ();
}
