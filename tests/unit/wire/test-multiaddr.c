/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-multiaddr.h"

#include <json-glib/json-glib.h>

#include "wire-test.h"
#include "wire-vectors.h"

#define PEER_A "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define PEER_B "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_bytes (data, length, error);

  return address != NULL;
}

static gboolean
decode_text (const guint8 *data, gsize length, GError **error)
{
  g_autofree char *text = g_strndup (data != NULL ? (const char *) data : "", length);
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, error);

  return address != NULL;
}

static PeerupMultiaddr *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupMultiaddr *address = peerup_multiaddr_new_from_string (text, &error);

  g_assert_no_error (error);
  return address;
}

static void
assert_bytes (PeerupMultiaddr *address, const char *hex)
{
  g_autoptr (GBytes) expected = wire_hex (hex);
  const guint8 *bytes;
  gsize length;

  bytes = peerup_multiaddr_get_bytes (address, &length);
  g_assert_cmpmem (bytes, length, g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
}

static void
assert_canonical (const char *text, const char *canonical)
{
  g_autoptr (PeerupMultiaddr) address = parse (text);
  g_autoptr (PeerupMultiaddr) from_bytes = NULL;
  g_autoptr (GError) error = NULL;
  const guint8 *bytes;
  gsize length;

  g_assert_cmpstr (peerup_multiaddr_get_string (address), ==, canonical);
  bytes = peerup_multiaddr_get_bytes (address, &length);
  from_bytes = peerup_multiaddr_new_from_bytes (bytes, length, &error);
  g_assert_no_error (error);
  g_assert_true (peerup_multiaddr_equal (address, from_bytes));
  g_assert_cmpstr (peerup_multiaddr_get_string (from_bytes), ==, canonical);
}

static void
assert_refused (const char *text, PeerupError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_multiaddr_new_from_string (text, &error));
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (address_vectors); i++)
    {
      g_autoptr (PeerupMultiaddr) address = parse (address_vectors[i].text);

      assert_bytes (address, address_vectors[i].hex);
      assert_canonical (address_vectors[i].text, address_vectors[i].text);
    }
}

/* Every code of the table, with its varint. */
static void
test_codes (void)
{
  static const AddressVector codes[] = {
    { "/ip4/1.2.3.4", "0401020304" },
    { "/tcp/80", "060050" },
    { "/ip6/2001:db8::ff", "2920010db80000000000000000000000ff" },
    { "/ip6zone/eth0", "2a0465746830" },
    { "/ipcidr/24", "2b18" },
    { "/dns/a.b", "3503612e62" },
    { "/dns4/a.b", "3603612e62" },
    { "/dns6/a.b", "3703612e62" },
    { "/dnsaddr/a.b", "3803612e62" },
    { "/udp/65535", "9102ffff" },
    { "/webrtc-direct", "9802" },
    { "/webrtc", "9902" },
    { "/p2p-circuit", "a202" },
    { "/unix/run/x.sock", "90030b2f72756e2f782e736f636b" },
    { "/p2p/" PEER_A, "a503260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c" },
    { "/tls", "c003" },
    { "/sni/a.b", "c10303612e62" },
    { "/noise", "c603" },
    { "/quic", "cc03" },
    { "/quic-v1", "cd03" },
    { "/webtransport", "d103" },
    { "/certhash/uAAFh", "d20303000161" },
    { "/ws", "dd03" },
    { "/wss", "de03" },
    { "/http", "e003" },
    { "/http-path/a%2Fb", "e10303612f62" },
    { "/memory/258", "89060000000000000102" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autoptr (PeerupMultiaddr) address = parse (codes[i].text);

      assert_bytes (address, codes[i].hex);
      g_assert_cmpuint (peerup_multiaddr_get_n_components (address), ==, 1);
      assert_canonical (codes[i].text, codes[i].text);
    }
}

static void
test_canonical_text (void)
{
  static const char *const forms[][2] = {
    { "/ip4/127.0.0.1/tcp/1234/", "/ip4/127.0.0.1/tcp/1234" },
    { "/ip4/127.0.0.1/tcp/1234///", "/ip4/127.0.0.1/tcp/1234" },
    { "/ipfs/" PEER_A, "/p2p/" PEER_A },
    { "/p2p/bafzaajaiaejcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324", "/p2p/" PEER_A },
    { "/tcp/00080", "/tcp/80" },
    { "/unix/run/a/", "/unix/run/a" },
    { "/unix//run//a", "/unix//run//a" },
    { "/http-path/foo%2fbar%20baz+x", "/http-path/foo%2Fbar%20baz%20x" },
    { "/http-path/a%2Bb%ff%00", "/http-path/a%2Bb%FF%00" },
    { "/ip6/0:0:0:0:0:0:0:1", "/ip6/::1" },
    { "/ip6/0::0", "/ip6/::" },
    { "/ip6/2001:DB8::0:1", "/ip6/2001:db8::1" },
    { "/ip6/2001:db8:0:0:1:0:0:1", "/ip6/2001:db8::1:0:0:1" },
    { "/ip6/2001:0:0:1:0:0:0:1", "/ip6/2001:0:0:1::1" },
    { "/ip6/2001:db8:0:1:1:1:1:1", "/ip6/2001:db8:0:1:1:1:1:1" },
    { "/ip6/1:2:3:4:5:6:7::", "/ip6/1:2:3:4:5:6:7:0" },
    { "/ip6/fe80::", "/ip6/fe80::" },
    { "/ip6/1:2:3:4:5:6:0:0", "/ip6/1:2:3:4:5:6::" },
    { "/ip6/::ffff:102:304", "/ip6/::ffff:1.2.3.4" },
    { "/ip6/::ffff:1.2.3.4", "/ip6/::ffff:1.2.3.4" },
    { "/ip6/::1.2.3.4", "/ip6/::102:304" },
    { "/certhash/zQmbWTwYGcmdyK9CYfNBcfs9nhZs17a6FQ4Y8oea278xx41",
      "/certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g" },
    { "/memory/18446744073709551615", "/memory/18446744073709551615" },
    { "/dns4/m\xc3\xbcnchen.example/tcp/1", "/dns4/m\xc3\xbcnchen.example/tcp/1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    assert_canonical (forms[i][0], forms[i][1]);
}

static void
test_malformed_text (void)
{
  static const char *const bad[] = {
    "",
    "/",
    "//",
    "ip4/1.2.3.4",
    " /ip4/1.2.3.4",
    "//ip4/1.2.3.4",
    "/ip4//tcp/1",
    "/tcp/1//udp/1",
    "/ip4",
    "/ip4/::1",
    "/ip4/1.2.3",
    "/ip4/1.2.3.4.5",
    "/ip4/256.1.1.1",
    "/ip4/01.2.3.4",
    "/ip4/1.2.3.4 ",
    "/ip6/1.2.3.4",
    "/ip6/fe80::1%25eth0",
    "/ip6/fe80::1%eth0",
    "/ip6/:::",
    "/ip6/1:2:3:4:5:6:7:8:9",
    "/tcp",
    "/tcp/-1",
    "/tcp/+1",
    "/tcp/65536",
    "/tcp/0x10",
    "/tcp/1 ",
    "/tcp/99999999999999999999",
    "/ipcidr/256",
    "/ipcidr/-1",
    "/dns4",
    "/dns4/a\nb",
    "/dns4/a\x7f"
    "b",
    "/sni/\xe2\x80\xae"
    "evil",
    "/dns/\xff",
    "/ip6zone//ip6/fe80::1",
    "/unix",
    "/unix/",
    "/unix//",
    "/p2p",
    "/p2p/tcp",
    "/p2p/Qm",
    "/p2p/" PEER_A "x",
    "/certhash",
    "/certhash/b",
    "/certhash/u",
    "/certhash/uEiA",
    "/certhash/xyz",
    "/http-path/",
    "/http-path/a%2",
    "/http-path/%zz",
    "/memory/-1",
    "/memory/18446744073709551616",
    "/memory/x",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (bad[i], PEERUP_ERROR_MALFORMED);
}

static void
test_unknown_text (void)
{
  assert_refused ("/sctp/1234", PEERUP_ERROR_UNSUPPORTED);
  assert_refused ("/ip4/1.2.3.4/tcp/1/p2p-webrtc-direct", PEERUP_ERROR_UNSUPPORTED);
  assert_refused ("/ip4/1.2.3.4/quic-v1/65536", PEERUP_ERROR_UNSUPPORTED);
  assert_refused ("/IP4/1.2.3.4", PEERUP_ERROR_UNSUPPORTED);
}

static void
test_error_text (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_multiaddr_new_from_string ("/ip4/192.0.2.1/tcp/70000", &error));
  g_assert_cmpstr (error->message, ==, "Address /ip4/192.0.2.1/tcp/70000: “70000” is not a port from 0 to 65535");
}

static void
test_malformed_bytes (void)
{
  static const char *const bad[] = {
    "",
    "04010203", /* three bytes of IPv4 */
    "0401020304"
    "06", /* a port that is missing */
    "0401020304"
    "0600", /* half of one */
    "8400"
    "01020304",               /* padded code */
    "3500",                   /* an empty name */
    "3504612e62",             /* a name cut short */
    "35ffffffff0f612e62",     /* a name of 4 GiB */
    "35ffffffffffffffff7f61", /* of 2 to the power of 63 */
    "3503612f62",             /* a name with a slash */
    "3503610062",             /* with a NUL */
    "3503610a62",             /* with a newline */
    "35031b5b41",             /* with an escape sequence */
    "3501ff",                 /* not UTF-8 */
    "2a00",                   /* an empty zone */
    "90030161",               /* a path that does not start with a slash */
    "9003012f",               /* the root */
    "9003032f612f",           /* a path that ends in a slash */
    "9003022f61"
    "c003",   /* something after a path */
    "a50300", /* an empty peer ID */
    "a503040002"
    "4142",             /* identity of no key */
    "a5030512030000ff", /* sha2-256 of three bytes */
    "a503270024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c00", /* a byte left over */
    "d20300",                                                                               /* an empty hash */
    "d203021202",                                                                           /* a hash cut short */
    "e10300",                                                                               /* an empty path */
    "890600000000000001",                                                                   /* seven bytes of memory */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    wire_assert_error (decode, bad[i], PEERUP_ERROR_MALFORMED);
}

static void
test_unknown_bytes (void)
{
  wire_assert_error (decode,
                     "0401020304"
                     "84010001",
                     PEERUP_ERROR_UNSUPPORTED);
  wire_assert_error (decode, "00", PEERUP_ERROR_UNSUPPORTED);
  wire_assert_error (decode, "ffffffffffffffff7f", PEERUP_ERROR_UNSUPPORTED);
}

static void
test_truncation (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (address_vectors); i++)
    {
      g_autoptr (PeerupMultiaddr) address = parse (address_vectors[i].text);
      const guint8 *bytes;
      gsize length;

      /* It may end after each component but the last. */
      bytes = peerup_multiaddr_get_bytes (address, &length);
      g_assert_cmpuint (wire_sweep (decode, bytes, length), ==, peerup_multiaddr_get_n_components (address) - 1);
      wire_flip (decode, bytes, length);
      wire_sweep (decode_text, (const guint8 *) address_vectors[i].text, strlen (address_vectors[i].text));
    }
}

static void
test_caps (void)
{
  g_autofree guint8 *bytes = g_malloc (PEERUP_MULTIADDR_MAX + 2);
  g_autofree char *long_text = g_strnfill (1024 * 1024, '/');
  g_autofree char *name = g_strnfill (PEERUP_MULTIADDR_MAX, 'a');
  g_autofree char *long_name = g_strconcat ("/dns/", name, NULL);
  g_autoptr (PeerupMultiaddr) largest = NULL;
  g_autoptr (PeerupMultiaddr) again = NULL;
  g_autoptr (GError) error = NULL;

  /* /webrtc-direct over and over: the longest text that bytes within the cap can have. */
  for (gsize i = 0; i < PEERUP_MULTIADDR_MAX + 2; i += 2)
    {
      bytes[i] = 0x98;
      bytes[i + 1] = 0x02;
    }
  largest = peerup_multiaddr_new_from_bytes (bytes, PEERUP_MULTIADDR_MAX, &error);
  g_assert_no_error (error);
  again = parse (peerup_multiaddr_get_string (largest));
  g_assert_true (peerup_multiaddr_equal (largest, again));

  g_assert_false (decode (bytes, PEERUP_MULTIADDR_MAX + 2, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  assert_refused (long_text, PEERUP_ERROR_TOO_LARGE);
  assert_refused (long_name, PEERUP_ERROR_TOO_LARGE);
}

static void
test_components (void)
{
  g_autoptr (PeerupMultiaddr) address = parse ("/ip4/1.2.3.4/tcp/7777/p2p/" PEER_A "/p2p-circuit/p2p/" PEER_B);
  PeerupMultiaddrComponent component;

  g_assert_cmpuint (peerup_multiaddr_get_n_components (address), ==, 5);
  peerup_multiaddr_get_component (address, 0, &component);
  g_assert_cmpint (component.code, ==, PEERUP_MULTIADDR_IP4);
  g_assert_cmpmem (component.value, component.length, "\x01\x02\x03\x04", 4);
  peerup_multiaddr_get_component (address, 3, &component);
  g_assert_cmpint (component.code, ==, PEERUP_MULTIADDR_P2P_CIRCUIT);
  g_assert_cmpuint (component.length, ==, 0);

  g_assert_true (peerup_multiaddr_find (address, PEERUP_MULTIADDR_TCP, &component));
  g_assert_cmpmem (component.value, component.length, "\x1e\x61", 2);
  g_assert_true (peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P, &component));
  g_assert_cmpuint (component.value[component.length - 1], ==, 0x5c);
  g_assert_true (peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL));
  g_assert_false (peerup_multiaddr_find (address, PEERUP_MULTIADDR_UDP, NULL));
}

static void
assert_with (const char *text, PeerupPeerId *peer, const char *expected)
{
  g_autoptr (PeerupMultiaddr) address = parse (text);
  g_autoptr (PeerupMultiaddr) with = peerup_multiaddr_with_peer_id (address, peer);

  g_assert_cmpstr (peerup_multiaddr_get_string (with), ==, expected);
  g_assert_cmpuint (peerup_multiaddr_get_n_components (with), >=, peerup_multiaddr_get_n_components (address));
}

static void
test_with_peer_id (void)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (PEER_A, NULL);

  assert_with ("/ip4/1.2.3.4/tcp/1", peer, "/ip4/1.2.3.4/tcp/1/p2p/" PEER_A);
  assert_with ("/ip4/1.2.3.4/tcp/1/p2p/" PEER_A, peer, "/ip4/1.2.3.4/tcp/1/p2p/" PEER_A);
  assert_with ("/tcp/1/p2p/" PEER_B "/p2p-circuit", peer, "/tcp/1/p2p/" PEER_B "/p2p-circuit/p2p/" PEER_A);
  assert_with ("/tcp/1/p2p/" PEER_A "/p2p-circuit", peer, "/tcp/1/p2p/" PEER_A "/p2p-circuit/p2p/" PEER_A);
  assert_with ("/unix/run/x", peer, "/unix/run/x");
}

static void
test_peer_id (void)
{
  g_autoptr (PeerupMultiaddr) circuit = parse ("/tcp/1/p2p/" PEER_A "/p2p-circuit/p2p/" PEER_B);
  g_autoptr (PeerupMultiaddr) relay = parse ("/tcp/1/p2p/" PEER_A "/p2p-circuit");
  g_autoptr (PeerupMultiaddr) bare = parse ("/p2p/" PEER_A);
  g_autoptr (PeerupPeerId) target = peerup_multiaddr_dup_peer_id (circuit);
  g_autoptr (PeerupMultiaddr) without = peerup_multiaddr_without_peer_id (circuit);
  g_autoptr (PeerupMultiaddr) unchanged = peerup_multiaddr_without_peer_id (relay);

  g_assert_cmpstr (peerup_peer_id_get_string (target), ==, PEER_B);
  g_assert_null (peerup_multiaddr_dup_peer_id (relay));
  g_assert_true (peerup_multiaddr_equal (without, relay));
  g_assert_cmpuint (peerup_multiaddr_get_n_components (without), ==, 3);
  g_assert_true (peerup_multiaddr_equal (unchanged, relay));
  g_assert_null (peerup_multiaddr_without_peer_id (bare));
}

static void
test_concat (void)
{
  g_autoptr (PeerupMultiaddr) head = parse ("/ip4/1.2.3.4/tcp/1");
  g_autoptr (PeerupMultiaddr) tail = parse ("/tls/ws");
  g_autoptr (PeerupMultiaddr) path = parse ("/unix/run/x");
  g_autoptr (PeerupMultiaddr) both = peerup_multiaddr_concat (head, tail);

  g_assert_cmpstr (peerup_multiaddr_get_string (both), ==, "/ip4/1.2.3.4/tcp/1/tls/ws");
  g_assert_cmpuint (peerup_multiaddr_get_n_components (both), ==, 4);
  g_assert_null (peerup_multiaddr_concat (path, tail));
}

static void
test_hash (void)
{
  g_autoptr (GHashTable) set = g_hash_table_new_full (peerup_multiaddr_hash, peerup_multiaddr_equal,
                                                      (GDestroyNotify) peerup_multiaddr_unref, NULL);
  g_autoptr (PeerupMultiaddr) same = parse ("/ip6/0::1/tcp/1");
  g_autoptr (PeerupMultiaddr) other = parse ("/ip6/::1/tcp/2");

  g_hash_table_add (set, parse ("/ip6/::1/tcp/1"));
  g_assert_true (g_hash_table_contains (set, same));
  g_assert_false (g_hash_table_contains (set, other));
}

/* Section 4, row 13: one bad address never spoils a list, and the count is capped. */
static void
test_list (void)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) none = NULL;

  g_ptr_array_add (list, wire_hex ("04010203"));
  g_ptr_array_add (list, wire_hex ("0401020304"));
  g_ptr_array_add (list, g_bytes_new (NULL, 0));
  g_ptr_array_add (list, wire_hex ("84010001"));
  g_ptr_array_add (list, g_bytes_new_take (g_malloc0 (PEERUP_MULTIADDR_MAX + 1), PEERUP_MULTIADDR_MAX + 1));
  g_ptr_array_add (list, wire_hex ("0401020305"));

  all = peerup_multiaddr_list_from_bytes (list, 500);
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_cmpstr (peerup_multiaddr_get_string (all->pdata[1]), ==, "/ip4/1.2.3.5");
  first = peerup_multiaddr_list_from_bytes (list, 1);
  g_assert_cmpuint (first->len, ==, 1);
  none = peerup_multiaddr_list_from_bytes (list, 0);
  g_assert_cmpuint (none->len, ==, 0);
}

static gpointer
read_text (gpointer data)
{
  return (gpointer) peerup_multiaddr_get_string (data);
}

/* Several threads ask for the text at once and get the same one. */
static void
test_threads (void)
{
  for (guint round = 0; round < 50; round++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/%u/p2p/%s", round, PEER_A);
      GThread *threads[4];
      gpointer texts[G_N_ELEMENTS (threads)];

      for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("reader", read_text, address);
      for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
        texts[i] = g_thread_join (threads[i]);
      for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
        g_assert_true (texts[i] == peerup_multiaddr_get_string (address));
    }
}

/* Names in the published list that are no part of what is spoken here. */
static gboolean
names_foreign_protocol (const char *text)
{
  static const char *const foreign[] = { "onion", "onion3", "garlic64", "garlic32",         "sctp",
                                         "udt",   "utp",    "https",    "p2p-webrtc-direct" };
  g_auto (GStrv) parts = g_strsplit (text, "/", -1);

  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      if (g_strv_contains ((const char *const *) parts, foreign[i]))
        return TRUE;
    }
  return FALSE;
}

static void
check_good (const char *text)
{
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupMultiaddr) again = NULL;

  if (names_foreign_protocol (text))
    {
      assert_refused (text, PEERUP_ERROR_UNSUPPORTED);
      return;
    }
  address = parse (text);
  again = parse (peerup_multiaddr_get_string (address));
  g_assert_true (peerup_multiaddr_equal (address, again));
}

/* go-multiaddr's own lists. */
static void
test_published (void)
{
  const char *folder = g_getenv ("PEERUP_TESTDATA");
  g_autofree char *path = folder != NULL ? g_build_filename (folder, "multiaddr.json", NULL) : NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonObject *root;
  JsonArray *list;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("PEERUP_TESTDATA does not name a folder with multiaddr.json");
      return;
    }
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  root = json_node_get_object (json_parser_get_root (parser));

  list = json_object_get_array_member (root, "must_fail");
  g_assert_cmpuint (json_array_get_length (list), >, 50);
  for (guint i = 0; i < json_array_get_length (list); i++)
    g_assert_null (peerup_multiaddr_new_from_string (json_array_get_string_element (list, i), NULL));

  list = json_object_get_array_member (root, "good");
  g_assert_cmpuint (json_array_get_length (list), >, 80);
  for (guint i = 0; i < json_array_get_length (list); i++)
    check_good (json_array_get_string_element (list, i));

  list = json_object_get_array_member (root, "text_hex");
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonArray *pair = json_array_get_array_element (list, i);
      const char *text = json_array_get_string_element (pair, 0);
      g_autoptr (PeerupMultiaddr) address = NULL;

      if (names_foreign_protocol (text))
        continue;
      address = parse (text);
      g_assert_cmpstr (peerup_multiaddr_get_string (address), ==, text);
      assert_bytes (address, json_array_get_string_element (pair, 1));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/multiaddr/vectors", test_vectors);
  g_test_add_func ("/wire/multiaddr/codes", test_codes);
  g_test_add_func ("/wire/multiaddr/canonical-text", test_canonical_text);
  g_test_add_func ("/wire/multiaddr/malformed-text", test_malformed_text);
  g_test_add_func ("/wire/multiaddr/unknown-text", test_unknown_text);
  g_test_add_func ("/wire/multiaddr/error-text", test_error_text);
  g_test_add_func ("/wire/multiaddr/malformed-bytes", test_malformed_bytes);
  g_test_add_func ("/wire/multiaddr/unknown-bytes", test_unknown_bytes);
  g_test_add_func ("/wire/multiaddr/truncation", test_truncation);
  g_test_add_func ("/wire/multiaddr/caps", test_caps);
  g_test_add_func ("/wire/multiaddr/components", test_components);
  g_test_add_func ("/wire/multiaddr/with-peer-id", test_with_peer_id);
  g_test_add_func ("/wire/multiaddr/peer-id", test_peer_id);
  g_test_add_func ("/wire/multiaddr/concat", test_concat);
  g_test_add_func ("/wire/multiaddr/hash", test_hash);
  g_test_add_func ("/wire/multiaddr/list", test_list);
  g_test_add_func ("/wire/multiaddr/threads", test_threads);
  g_test_add_func ("/wire/multiaddr/published", test_published);
  return g_test_run ();
}
