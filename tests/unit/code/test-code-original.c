/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The original's codes, by samples of its format, and what it lets through that makes no sense. */
#include "codes.h"

#define RELAY "/ip4/1.2.3.4/tcp/7777/p2p/" CODES_RELAY

static const char global_1[] = "AEAQ-EAYE-AUDA-OCAB-AIBQ-IHTB-EYAC-ICAB-CIQI-COLX-B2UH-2F27-K2RV-IZWD-JR7M-ZS4N-RKI3-"
                               "J3RX-UJO7-MD23-R7E3-HFAA-AASA-QAIS-ECFI-RY65-OQE7-DFP5-KLNS-2PF2-LVZM-UZYJ-X4OZ-IEQ3-"
                               "6N2I-QANU-B5XV-Y";
static const char crew_1[] = "AEAQ-EAYE-AUDA-OCAB-AIBQ-IHTB-EYAC-ICAB-CIQI-COLX-B2UH-2F27-K2RV-IZWD-JR7M-ZS4N-RKI3-"
                             "J3RX-UJO7-MD23-R7E3-HFAH-NV4S-2Y3S-MV3Q-AJAI-AEJC-BCUI-4POX-ICPR-SX6V-FWZN-HS5F-24WK-"
                             "M4E3-6HMU-CIN7-G5EI-AG2A-6324";
static const char global_2[] = "AIAA-CAQD-AQCQ-MBYI-BEFA-WDAN-BYHQ-CAQD-AQPG-CJQA-EQEA-CERA-QE4X-ODVI-PULV-6VVD-KRTM-"
                               "GTD6-ZTFY-3CUR-WTXD-PIS5-6YHV-XD6J-WOKA-A";
static const char crew_2[] = "AIAA-CAQD-AQCQ-MBYI-BEFA-WDAN-BYHQ-CAQD-AQPG-CJQA-EQEA-CERA-QE4X-ODVI-PULV-6VVD-KRTM-"
                             "GTD6-ZTFY-3CUR-WTXD-PIS5-6YHV-XD6J-WOKA-O3LZ-FVRX-EZLX";

static void
assert_sample (const char *sample, PeerupCodeKind kind, const char *network)
{
  static const guint8 token_1[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
  static const guint8 token_2[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
  g_autoptr (PeerupInviteCode) code = codes_parse (sample);
  g_autoptr (PeerupInviteCode) from_link = NULL;
  g_autofree char *text = peerup_invite_code_to_text (code, NULL);
  g_autofree char *link = peerup_invite_code_to_link (code, NULL);
  gsize length;
  const guint8 *secret = g_bytes_get_data (code->secret, &length);

  g_assert_cmpint (code->kind, ==, kind);
  if (kind == PEERUP_CODE_ORIGINAL)
    g_assert_cmpmem (secret, length, token_1, sizeof token_1);
  else
    g_assert_cmpmem (secret, length, token_2, sizeof token_2);
  g_assert_cmpstr (code->network, ==, network);
  g_assert_cmpuint (code->relays->len, ==, 1);
  g_assert_cmpstr (peerup_multiaddr_get_string (code->relays->pdata[0]), ==, RELAY);
  g_assert_true ((kind == PEERUP_CODE_ORIGINAL) == (code->inviter != NULL));
  if (code->inviter != NULL)
    g_assert_cmpstr (peerup_peer_id_get_string (code->inviter), ==, CODES_INVITER);
  g_assert_cmpstr (text, ==, sample);
  g_assert_null (strchr (link, '-'));
  from_link = codes_parse (link);
  codes_assert_same (code, from_link);
}

static void
test_samples (void)
{
  assert_sample (global_1, PEERUP_CODE_ORIGINAL, NULL);
  assert_sample (crew_1, PEERUP_CODE_ORIGINAL, "my-crew");
  assert_sample (global_2, PEERUP_CODE_RELAY, NULL);
  assert_sample (crew_2, PEERUP_CODE_RELAY, "my-crew");
}

static void
test_typed (void)
{
  g_autofree char *lower = g_ascii_strdown (crew_1, -1);
  g_autoptr (GString) spaced = g_string_new (lower);
  g_autoptr (PeerupInviteCode) code = codes_parse (crew_1);
  g_autoptr (PeerupInviteCode) parsed = NULL;

  g_string_replace (spaced, "-", " \r\n", 0);
  g_string_replace (spaced, "o", "0", 0);
  g_string_replace (spaced, "b", "8", 0);
  parsed = codes_parse (spaced->str);
  codes_assert_same (code, parsed);
}

/* Bytes as the original would write them. */
static char *
write_bytes (const GByteArray *bytes)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  g_autoptr (GByteArray) symbols = g_byte_array_new ();
  GString *text = g_string_new (NULL);

  peerup_code_symbols_from_bytes (symbols, bytes->data, bytes->len);
  for (guint i = 0; i < symbols->len; i++)
    g_string_append_c (text, alphabet[symbols->data[i]]);
  return g_string_free_and_steal (text);
}

static void
append_id (GByteArray *bytes, const char *text, gboolean prefixed)
{
  g_autoptr (PeerupPeerId) id = codes_id (text);
  gsize length;
  const guint8 *data = peerup_peer_id_get_bytes (id, &length);

  if (prefixed)
    g_byte_array_append (bytes, &(guint8) { (guint8) length }, 1);
  g_byte_array_append (bytes, data, (guint) length);
}

static GByteArray *
new_bytes (guint8 version, const char *network)
{
  static const guint8 zeros[16] = { 0 };
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, &version, 1);
  g_byte_array_append (bytes, zeros, version == 2 ? 16 : 8);
  g_byte_array_append (bytes, (const guint8 *) "\x01\x02\x03\x04\x1e\x61", 6);
  append_id (bytes, CODES_RELAY, TRUE);
  g_byte_array_append (bytes, &(guint8) { (guint8) strlen (network) }, 1);
  g_byte_array_append (bytes, (const guint8 *) network, (guint) strlen (network));
  if (version != 2)
    append_id (bytes, CODES_INVITER, FALSE);
  return bytes;
}

static void
refuse_bytes (const GByteArray *bytes, PeerupError code, const char *said)
{
  g_autofree char *text = write_bytes (bytes);

  codes_refuse (text, code, said);
}

static void
test_versions (void)
{
  g_autoptr (GByteArray) none = new_bytes (0, "");
  g_autoptr (GByteArray) newer = new_bytes (3, "");

  refuse_bytes (none, PEERUP_ERROR_UNSUPPORTED, "not supported");
  refuse_bytes (newer, PEERUP_ERROR_UNSUPPORTED, "update");
}

static void
test_network (void)
{
  static const char *const bad[] = { "My-Crew", "-crew",
                                     "crew-",   "a b",
                                     "a\nb",    "crew: x",
                                     "é",       "0123456789012345678901234567890123456789012345678901234567890123" };
  g_autoptr (GByteArray) longest = new_bytes (1, "012345678901234567890123456789012345678901234567890123456789012");
  g_autofree char *text = write_bytes (longest);
  g_autoptr (PeerupInviteCode) code = codes_parse (text);

  g_assert_cmpuint (strlen (code->network), ==, 63);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GByteArray) first = new_bytes (1, bad[i]);
      g_autoptr (GByteArray) second = new_bytes (2, bad[i]);

      refuse_bytes (first, PEERUP_ERROR_MALFORMED, NULL);
      refuse_bytes (second, PEERUP_ERROR_MALFORMED, NULL);
    }
}

/* Nothing may follow the last ID, nor the network of version 2. */
static void
test_spare_bytes (void)
{
  g_autoptr (GByteArray) first = new_bytes (1, "crew");
  g_autoptr (GByteArray) second = new_bytes (2, "crew");

  g_byte_array_append (first, &(guint8) { 0 }, 1);
  g_byte_array_append (second, &(guint8) { 0 }, 1);
  refuse_bytes (first, PEERUP_ERROR_MALFORMED, NULL);
  refuse_bytes (second, PEERUP_ERROR_MALFORMED, NULL);
}

/* The relay's ID is exactly one multihash. */
static void
test_relay_id (void)
{
  for (int by = -2; by <= 2; by++)
    {
      g_autoptr (GByteArray) bytes = new_bytes (1, "");
      g_autofree char *text = NULL;

      bytes->data[15] = (guint8) (bytes->data[15] + by);
      text = write_bytes (bytes);
      if (by != 0)
        codes_refuse (text, PEERUP_ERROR_MALFORMED, NULL);
      else
        peerup_invite_code_free (codes_parse (text));
    }
}

static void
test_no_port (void)
{
  g_autoptr (GByteArray) bytes = new_bytes (1, "");

  bytes->data[13] = bytes->data[14] = 0;
  refuse_bytes (bytes, PEERUP_ERROR_MALFORMED, NULL);
}

/* The bits behind the last byte are not looked at; there is one in a code of version 1 without a
 * network. */
static void
test_spare_bits (void)
{
  g_autoptr (PeerupInviteCode) code = codes_parse (global_1);
  g_autoptr (PeerupInviteCode) parsed = NULL;
  g_autofree char *typed = g_strdup (global_1);
  gsize last = strlen (typed) - 1;

  g_assert_cmpint (typed[last], ==, 'Y');
  typed[last] = 'Z';
  parsed = codes_parse (typed);
  codes_assert_same (code, parsed);
}

static void
test_truncation (void)
{
  const char *const samples[] = { global_1, crew_1, global_2, crew_2 };

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      for (gsize n = 1; n < strlen (samples[i]); n++)
        {
          g_autofree char *prefix = g_strndup (samples[i], n);

          codes_refuse (prefix, PEERUP_ERROR_MALFORMED, "makes no sense");
        }
    }
}

static void
test_wrong_character (void)
{
  g_autofree char *typed = g_strdup (global_1);
  PeerupCodeMistake mistake;

  typed[6] = '1';
  mistake = codes_refuse (typed, PEERUP_ERROR_MALFORMED, "Character 6 of the code, “1”");
  g_assert_cmpuint (mistake.character, ==, 6);
  g_assert_cmpuint (mistake.offset, ==, 6);
}

/* The first relay that can be said is taken. */
static void
test_relay_choice (void)
{
  g_autoptr (PeerupInviteCode) code = codes_parse (global_1);
  g_autoptr (PeerupInviteCode) parsed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *none = NULL;

  g_ptr_array_set_size (code->relays, 0);
  codes_add (code->relays, "/ip6/2001:db8::1/tcp/4001/p2p/" CODES_RELAY);
  codes_add (code->relays, "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/" CODES_RELAY);
  codes_add (code->relays, "/dns/relay.example.org/tcp/4001/p2p/" CODES_RELAY);
  codes_add (code->relays, "/ip4/192.0.2.1/tcp/443/wss/p2p/" CODES_RELAY);
  none = peerup_invite_code_to_text (code, &error);
  g_assert_null (none);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  codes_add (code->relays, "/ip4/192.0.2.9/tcp/4009/p2p/" CODES_RELAY_2);
  text = peerup_invite_code_to_text (code, NULL);
  parsed = codes_parse (text);
  g_assert_cmpstr (peerup_multiaddr_get_string (parsed->relays->pdata[0]), ==,
                   "/ip4/192.0.2.9/tcp/4009/p2p/" CODES_RELAY_2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/original/samples", test_samples);
  g_test_add_func ("/code/original/typed", test_typed);
  g_test_add_func ("/code/original/versions", test_versions);
  g_test_add_func ("/code/original/network", test_network);
  g_test_add_func ("/code/original/spare-bytes", test_spare_bytes);
  g_test_add_func ("/code/original/relay-id", test_relay_id);
  g_test_add_func ("/code/original/no-port", test_no_port);
  g_test_add_func ("/code/original/spare-bits", test_spare_bits);
  g_test_add_func ("/code/original/truncation", test_truncation);
  g_test_add_func ("/code/original/wrong-character", test_wrong_character);
  g_test_add_func ("/code/original/relay-choice", test_relay_choice);
  return g_test_run ();
}
