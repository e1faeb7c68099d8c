/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The long code: there and back, and every way to mistype it. */
#include "codes.h"

#include <string.h>

#define ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

static char *
get_text (const PeerupInviteCode *code)
{
  g_autoptr (GError) error = NULL;
  char *text = peerup_invite_code_to_text (code, &error);

  g_assert_no_error (error);
  return text;
}

/* Without dashes. */
static char *
get_bare (const PeerupInviteCode *code)
{
  g_autofree char *link = peerup_invite_code_to_link (code, NULL);

  g_assert_true (g_str_has_prefix (link, "peerup:join?"));
  return g_strdup (link + strlen ("peerup:join?"));
}

static void
assert_round_trip (const PeerupInviteCode *code)
{
  g_autofree char *text = get_text (code);
  g_autofree char *link = peerup_invite_code_to_link (code, NULL);
  g_autoptr (PeerupInviteCode) from_text = codes_parse (text);
  g_autoptr (PeerupInviteCode) from_link = codes_parse (link);

  codes_assert_same (code, from_text);
  codes_assert_same (code, from_link);
}

static void
test_round_trip (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autoptr (PeerupInviteCode) full = codes_new_full ();

  assert_round_trip (code);
  assert_round_trip (full);
  g_clear_pointer (&full->inviter, peerup_peer_id_unref);
  full->inviter = codes_id (CODES_HASHED);
  codes_add (full->relays, "/ip4/192.0.2.1/tcp/1/p2p/" CODES_HASHED);
  assert_round_trip (full);
  g_ptr_array_set_size (code->relays, 0);
  assert_round_trip (code);
}

/* Nothing here may ever change: codes are made by one version and read by another. */
static void
test_stays (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *text = get_text (code);

  g_assert_cmpstr (
    text, ==,
    "P2Y20-0T200-1081G-81860-W40J2-GB14C-FG6GX-ZWAH3-HXTX0-9Y6AZ-TMPV5-MYBMY-S5QBJ-S9KGK-FRXJG-91QWV-MH00V-"
    "83VFB-ZYHG8-0309S-EW7AG-Z8QBX-BA6N3-6RD67-XFA2K-6BHP5-93D7E-6YH5V-XGFBE-7WKCW-M031N-B5G0W-871YG-N138R-01");
}

static void
add_random_relay (PeerupInviteCode *code, GRand *rand, guint i)
{
  static const char *const tails[] = { "tcp/%u", "udp/%u/quic-v1", "tcp/%u/ws", "tcp/%u/wss" };
  guint8 key[32] = { (guint8) i };
  g_autoptr (PeerupPublicKey) public = peerup_public_key_new (PEERUP_KEY_ED25519, key, sizeof key, NULL);
  g_autoptr (PeerupPeerId) id = peerup_peer_id_new_from_public_key (public);

  for (guint j = 0; j < 4; j++)
    {
      guint port = (guint) g_rand_int_range (rand, 1, 65536);
      g_autoptr (PeerupMultiaddr) bare = NULL;

      if (g_rand_boolean (rand))
        continue;
      bare =
        strcmp (tails[j], "tcp/%u") == 0
          ? peerup_multiaddr_newf ("/ip4/10.0.0.%u/tcp/%u/p2p/%s", j, port, peerup_peer_id_get_string (id))
          : peerup_multiaddr_newf ("/dns/h%u.example/udp/%u/quic-v1/p2p/%s", j, port, peerup_peer_id_get_string (id));
      g_assert_true (peerup_invite_code_add_relay (code, bare));
    }
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (6);

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (PeerupInviteCode) code = codes_new_long ();
      guint8 secret[PEERUP_CODE_SECRET_LENGTH];

      for (guint j = 0; j < sizeof secret; j++)
        secret[j] = (guint8) g_rand_int (rand);
      g_bytes_unref (code->secret);
      code->secret = g_bytes_new (secret, sizeof secret);
      code->number = (guint) g_rand_int_range (rand, 1, PEERUP_CODE_NUMBER_MAX + 1);
      code->left = g_rand_boolean (rand);
      g_ptr_array_set_size (code->relays, 0);
      for (int n = g_rand_int_range (rand, 0, PEERUP_CODE_RELAYS_MAX + 1); n > 0; n--)
        add_random_relay (code, rand, (guint) n);
      assert_round_trip (code);
    }
}

/* Every character in every place, one at a time: never taken, always found where it is. */
static void
assert_found_everywhere (const PeerupInviteCode *code)
{
  g_autofree char *bare = get_bare (code);

  for (gsize i = 0; bare[i] != '\0'; i++)
    {
      g_autofree char *typed = g_strdup (bare);
      g_autofree char *said = g_strdup_printf ("Character %u of the code (number %u of group %u) is wrong",
                                               (guint) i + 1, (guint) i % 5 + 1, (guint) i / 5 + 1);

      for (const char *other = ALPHABET; *other != '\0'; other++)
        {
          PeerupCodeMistake mistake;

          if (*other == bare[i])
            continue;
          typed[i] = *other;
          mistake = codes_refuse (typed, PEERUP_ERROR_MALFORMED, said);
          g_assert_true (mistake.known);
          g_assert_cmpuint (mistake.character, ==, i + 1);
          g_assert_cmpuint (mistake.last, ==, i + 1);
          g_assert_cmpuint (mistake.offset, ==, i);
        }
    }
}

static void
test_one_wrong (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autoptr (PeerupInviteCode) full = codes_new_full ();

  assert_found_everywhere (code);
  if (g_test_thorough ())
    assert_found_everywhere (full);
}

/* In a text with dashes, the offset is that of the text. */
static void
test_offset (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *text = get_text (code);
  guint n = 0;

  for (gsize i = 0; text[i] != '\0'; i++)
    {
      char right = text[i];
      PeerupCodeMistake mistake;

      if (right == '-')
        continue;
      n++;
      text[i] = right == '7' ? 'K' : '7';
      mistake = codes_refuse (text, PEERUP_ERROR_MALFORMED, NULL);
      g_assert_cmpuint (mistake.character, ==, n);
      g_assert_cmpuint (mistake.offset, ==, i);
      text[i] = right;
    }
}

static void
test_two_wrong (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *bare = get_bare (code);
  gsize n = strlen (bare);
  g_autoptr (GRand) rand = g_rand_new_with_seed (2);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *typed = g_strdup (bare);
      gsize a = (gsize) g_rand_int_range (rand, 0, (gint32) n), b = (gsize) g_rand_int_range (rand, 0, (gint32) n);
      PeerupCodeMistake mistake;

      if (a == b)
        continue;
      typed[a] = ALPHABET[(strchr (ALPHABET, typed[a]) - ALPHABET + g_rand_int_range (rand, 1, 32)) % 32];
      typed[b] = ALPHABET[(strchr (ALPHABET, typed[b]) - ALPHABET + g_rand_int_range (rand, 1, 32)) % 32];
      if (MIN (a, b) == 0)
        continue;
      mistake = codes_refuse (typed, PEERUP_ERROR_MALFORMED, NULL);
      g_assert_true (mistake.known);
      /* The first of them, or the block that it is in; with the next one where they have changed places. */
      g_assert_cmpuint (mistake.character, <=, MIN (a, b) + 1);
      g_assert_cmpuint (mistake.last, >=, MIN (a, b) + 1);
      if (a / 31 != b / 31)
        g_assert_cmpuint (mistake.character, ==, MIN (a, b) + 1);
    }
}

/* Both characters are in the same place where equal ones stand beside each other. */
static gboolean
is_same_run (const char *text, gsize a, gsize b)
{
  for (gsize i = MIN (a, b); i < MAX (a, b); i++)
    {
      if (text[i] != text[i + 1])
        return FALSE;
    }
  return TRUE;
}

static void
test_one_missing (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *bare = get_bare (code);

  for (gsize i = 0; bare[i] != '\0'; i++)
    {
      g_autofree char *typed = g_strdup_printf ("%.*s%s", (int) i, bare, bare + i + 1);
      PeerupCodeMistake mistake = codes_refuse (typed, PEERUP_ERROR_MALFORMED, "is missing");

      g_assert_cmpuint (mistake.character, ==, mistake.last);
      g_assert_true (is_same_run (bare, i, mistake.character - 1));
    }
}

static void
test_one_doubled (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *bare = get_bare (code);

  for (gsize i = 0; bare[i] != '\0'; i++)
    {
      g_autofree char *typed = g_strdup_printf ("%.*s%s", (int) i + 1, bare, bare + i);
      PeerupCodeMistake mistake = codes_refuse (typed, PEERUP_ERROR_MALFORMED, "is one too many");

      g_assert_cmpuint (mistake.character, ==, mistake.last);
      g_assert_true (is_same_run (typed, i, mistake.character - 1));
    }
}

static void
test_two_swapped (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *bare = get_bare (code);

  for (gsize i = 0; bare[i + 1] != '\0'; i++)
    {
      g_autofree char *typed = g_strdup (bare);
      PeerupCodeMistake mistake;

      if (bare[i] == bare[i + 1])
        continue;
      typed[i] = bare[i + 1];
      typed[i + 1] = bare[i];
      mistake = codes_refuse (typed, PEERUP_ERROR_MALFORMED, "have changed places");
      g_assert_cmpuint (mistake.character, ==, i + 1);
      g_assert_cmpuint (mistake.last, ==, i + 2);
    }
}

/* A whole group left out, said twice, or moved. */
static void
test_groups (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *bare = get_bare (code);

  for (gsize i = 0; i + 10 <= strlen (bare); i += 5)
    {
      g_autofree char *without = g_strdup_printf ("%.*s%s", (int) i, bare, bare + i + 5);
      g_autofree char *twice = g_strdup_printf ("%.*s%s", (int) i + 5, bare, bare + i);
      PeerupCodeMistake mistake = codes_refuse (without, PEERUP_ERROR_MALFORMED, NULL);

      if (i == 0)
        continue;
      g_assert_true (mistake.known);
      g_assert_cmpuint (mistake.character, <=, i + 1);
      if (i >= 31)
        g_assert_cmpuint (mistake.last, >=, i + 1);
      codes_refuse (twice, PEERUP_ERROR_MALFORMED, NULL);
    }
}

static void
test_look_alikes (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *text = get_text (code);
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_autoptr (GString) alike = g_string_new (text);
  g_autoptr (PeerupInviteCode) from_lower = codes_parse (lower);
  g_autoptr (PeerupInviteCode) from_alike = NULL;

  codes_assert_same (code, from_lower);
  g_string_replace (alike, "0", "o", 0);
  g_string_replace (alike, "1", "l", 1);
  g_string_replace (alike, "1", "I", 1);
  g_string_replace (alike, "1", "i", 1);
  g_string_replace (alike, "1", "L", 0);
  g_string_replace (alike, "V", "U", 1);
  g_string_replace (alike, "V", "u", 0);
  g_assert_cmpstr (alike->str, !=, text);
  from_alike = codes_parse (alike->str);
  codes_assert_same (code, from_alike);
}

/* What mail, chats and terminals make of a code. */
static void
test_separators (void)
{
  static const char *const between[] = {
    "",  " ",      "\n",     "\r\n",   "\t",     "  -  ",  "–", "—",      "‑",
    "−", "\u00a0", "\u2009", "\u3000", "\u200b", "\u00ad", "_", "\u2028",
  };
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *text = get_text (code);
  g_auto (GStrv) groups = g_strsplit (text, "-", -1);

  for (guint i = 0; i < G_N_ELEMENTS (between); i++)
    {
      g_autofree char *typed = g_strjoinv (between[i], groups);
      g_autoptr (PeerupInviteCode) parsed = codes_parse (typed);

      codes_assert_same (code, parsed);
    }
}

static void
test_foreign_characters (void)
{
  static const char *const foreign[] = { "!", "*", "é", "П", "０", "😀", "\033", "<", "@" };
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *text = get_text (code);

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autofree char *typed = g_strdup_printf ("%.7s%s%s", text, foreign[i], text + 8);
      PeerupCodeMistake mistake = codes_refuse (typed, PEERUP_ERROR_MALFORMED, "Character 7 of the code");

      g_assert_cmpuint (mistake.character, ==, 7);
      g_assert_cmpuint (mistake.offset, ==, 7);
    }
}

static void
test_truncation (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *bare = get_bare (code);
  gsize n = strlen (bare);

  for (gsize i = 1; i < n; i++)
    {
      g_autofree char *prefix = g_strndup (bare, i);
      PeerupCodeMistake mistake =
        codes_refuse (prefix, PEERUP_ERROR_MALFORMED, i == n - 1 ? "is missing" : "is cut short");

      g_assert_cmpuint (mistake.character, ==, i + 1);
      g_assert_cmpuint (mistake.offset, ==, i);
    }
}

/* The beginning of a code is not taken for a spoken one, whatever letters and digits are in it. */
static void
test_beginnings (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);

  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (PeerupInviteCode) code = codes_new_long ();
      g_autofree char *text = NULL;
      guint8 secret[PEERUP_CODE_SECRET_LENGTH];

      for (guint j = 0; j < sizeof secret; j++)
        secret[j] = (guint8) g_rand_int (rand);
      g_bytes_unref (code->secret);
      code->secret = g_bytes_new (secret, sizeof secret);
      text = get_text (code);
      for (gsize n = 1; n < 60; n++)
        {
          g_autofree char *prefix = g_strndup (text, n);

          codes_refuse (prefix, PEERUP_ERROR_MALFORMED, "is cut short");
        }
    }
}

static void
test_trailing (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *bare = get_bare (code);
  g_autofree char *twice = g_strconcat (bare, bare, NULL);
  PeerupCodeMistake mistake = codes_refuse (twice, PEERUP_ERROR_MALFORMED, "more follow");

  g_assert_cmpuint (mistake.character, ==, strlen (bare) + 1);
}

/* A payload with the frame that belongs to it. */
static char *
frame (const guint8 *payload, gsize length)
{
  g_autoptr (PeerupCodeBytes) symbols = peerup_code_frame_write (payload, length);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < symbols->len; i++)
    g_string_append_c (text, ALPHABET[symbols->data[i]]);
  return g_string_free_and_steal (text);
}

static PeerupCodeBytes *
get_payload (const char *bare)
{
  g_autoptr (GByteArray) symbols = g_byte_array_new ();
  PeerupCodeBytes *payload;

  for (const char *p = bare; *p != '\0'; p++)
    g_byte_array_append (symbols, &(guint8) { (guint8) (strchr (ALPHABET, *p) - ALPHABET) }, 1);
  payload = peerup_code_frame_read (symbols->data, symbols->len);
  g_assert_nonnull (payload);
  return payload;
}

/* Every prefix of a payload in a frame that is right. */
static void
test_payload_truncation (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *bare = get_bare (code);
  g_autoptr (PeerupCodeBytes) payload = get_payload (bare);

  for (guint i = 0; i < payload->len; i++)
    {
      g_autofree guint8 *exact = g_memdup2 (payload->data, i);
      g_autofree char *typed = frame (exact, i);

      codes_refuse (typed, PEERUP_ERROR_MALFORMED, NULL);
    }
}

/* Every byte of a payload as another one, in a frame that is right: taken only if it is written in that way. */
static void
test_payload_changes (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *bare = get_bare (code);
  g_autoptr (PeerupCodeBytes) payload = get_payload (bare);

  for (guint i = 0; i < payload->len; i++)
    {
      for (guint bit = 0; bit < 8; bit++)
        {
          g_autofree char *typed = NULL;
          g_autofree char *again = NULL;
          g_autoptr (PeerupInviteCode) parsed = NULL;

          payload->data[i] ^= 1 << bit;
          typed = frame (payload->data, payload->len);
          payload->data[i] ^= 1 << bit;
          parsed = peerup_invite_code_parse (typed, NULL, NULL);
          if (parsed == NULL)
            continue;
          again = get_bare (parsed);
          g_assert_cmpstr (again, ==, typed);
        }
    }
}

static void
test_newer (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *bare = get_bare (code);
  g_autoptr (PeerupCodeBytes) payload = get_payload (bare);

  for (guint version = 0; version < 16; version++)
    {
      g_autofree char *typed = NULL;

      payload->data[0] = (guint8) (version << 4);
      typed = frame (payload->data, payload->len);
      if (version == 0)
        codes_refuse (typed, PEERUP_ERROR_MALFORMED, NULL);
      else if (version > 1)
        codes_refuse (typed, PEERUP_ERROR_UNSUPPORTED, "update");
    }
  payload->data[0] = 1 << 4 | 8;
  {
    g_autofree char *typed = frame (payload->data, payload->len);

    codes_refuse (typed, PEERUP_ERROR_UNSUPPORTED, "update");
  }
}

static void
test_cannot_be_written (void)
{
  static const char *const addresses[] = {
    "/ip4/203.0.113.7/tcp/4001",
    "/dnsaddr/relay.example.org/p2p/" CODES_RELAY,
    "/ip4/203.0.113.7/udp/4001/webrtc-direct/p2p/" CODES_RELAY,
    "/ip4/203.0.113.7/tcp/0/p2p/" CODES_RELAY,
    "/ip4/203.0.113.7/tcp/1/p2p/" CODES_RELAY "/p2p-circuit/p2p/" CODES_INVITER,
    "/ip6zone/eth0/ip6/fe80::1/tcp/1/p2p/" CODES_RELAY,
    "/ip4/203.0.113.7/udp/4001/p2p/" CODES_RELAY,
    "/ip4/203.0.113.7/tcp/1/tls/p2p/" CODES_RELAY,
  };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (PeerupInviteCode) code = codes_new_long ();
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (addresses[i], NULL);

      g_assert_nonnull (address);
      g_assert_false (peerup_invite_code_add_relay (code, address));
      codes_add (code->relays, addresses[i]);
      text = peerup_invite_code_to_text (code, &error);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
      g_assert_null (text);
    }
}

/* tls/ws comes back as wss, which is the same. */
static void
test_secure_websocket (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autoptr (PeerupInviteCode) parsed = NULL;
  g_autofree char *text = NULL;

  g_ptr_array_set_size (code->relays, 0);
  codes_add (code->relays, "/dns/relay.example.org/tcp/443/tls/ws/p2p/" CODES_RELAY);
  text = get_text (code);
  parsed = codes_parse (text);
  g_assert_cmpstr (peerup_multiaddr_get_string (parsed->relays->pdata[0]), ==,
                   "/dns/relay.example.org/tcp/443/wss/p2p/" CODES_RELAY);
}

static void
test_limits (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autoptr (PeerupMultiaddr) ninth = peerup_multiaddr_newf ("/ip4/10.0.0.9/tcp/9/p2p/%s", CODES_RELAY);
  g_autoptr (PeerupMultiaddr) fifth = peerup_multiaddr_newf ("/ip4/10.0.0.5/tcp/9");
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strnfill (240, 'x');
  g_autofree char *text = NULL;

  for (guint i = 1; i < PEERUP_CODE_RELAY_ADDRESSES_MAX; i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/ip4/10.0.0.%u/tcp/%u/p2p/%s", i, i, CODES_RELAY);

      g_assert_true (peerup_invite_code_add_relay (code, address));
      g_assert_false (peerup_invite_code_add_relay (code, address));
    }
  g_assert_false (peerup_invite_code_add_relay (code, ninth));
  for (guint i = 1; i <= PEERUP_CODE_ADDRESSES_MAX; i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/ip4/10.0.0.%u/tcp/%u", i, i);

      g_assert_true (peerup_invite_code_add_address (code, address));
    }
  g_assert_false (peerup_invite_code_add_address (code, fifth));
  assert_round_trip (code);

  g_ptr_array_set_size (code->relays, 0);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *address = g_strdup_printf ("/dns/%s%u/tcp/1/p2p/%s", name, i, CODES_RELAY);

      codes_add (code->relays, address);
    }
  text = peerup_invite_code_to_text (code, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
test_network (void)
{
  static const char *const bad[] = {
    "-a", "a-", "A", "a b", "a\n", "ä", "a_b", "0123456789012345678901234567890123456789012345678901234567890123"
  };
  g_autoptr (PeerupInviteCode) code = codes_new_long ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      g_set_str (&code->network, bad[i]);
      text = peerup_invite_code_to_text (code, &error);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/long/round-trip", test_round_trip);
  g_test_add_func ("/code/long/stays", test_stays);
  g_test_add_func ("/code/long/random", test_random);
  g_test_add_func ("/code/long/one-wrong", test_one_wrong);
  g_test_add_func ("/code/long/offset", test_offset);
  g_test_add_func ("/code/long/two-wrong", test_two_wrong);
  g_test_add_func ("/code/long/one-missing", test_one_missing);
  g_test_add_func ("/code/long/one-doubled", test_one_doubled);
  g_test_add_func ("/code/long/two-swapped", test_two_swapped);
  g_test_add_func ("/code/long/groups", test_groups);
  g_test_add_func ("/code/long/look-alikes", test_look_alikes);
  g_test_add_func ("/code/long/separators", test_separators);
  g_test_add_func ("/code/long/foreign-characters", test_foreign_characters);
  g_test_add_func ("/code/long/truncation", test_truncation);
  g_test_add_func ("/code/long/beginnings", test_beginnings);
  g_test_add_func ("/code/long/trailing", test_trailing);
  g_test_add_func ("/code/long/payload-truncation", test_payload_truncation);
  g_test_add_func ("/code/long/payload-changes", test_payload_changes);
  g_test_add_func ("/code/long/newer", test_newer);
  g_test_add_func ("/code/long/cannot-be-written", test_cannot_be_written);
  g_test_add_func ("/code/long/secure-websocket", test_secure_websocket);
  g_test_add_func ("/code/long/limits", test_limits);
  g_test_add_func ("/code/long/network", test_network);
  return g_test_run ();
}
