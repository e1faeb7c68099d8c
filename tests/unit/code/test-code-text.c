/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is around a code: links, percent-encodings, quotes; and text that is none. */
#include "codes.h"

/* Calls @format with the long code as its bare text. */
static char *
wrap (const char *before, const char *after)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *link = peerup_invite_code_to_link (code, NULL);

  return g_strconcat (before, link + strlen ("peerup:join?"), after, NULL);
}

static void
test_wrapping (void)
{
  static const char *const around[][2] = {
    { "", "\n" },
    { "\xef\xbb\xbf", "\r\n" },
    { "\"", "\"" },
    { "'", "'\n" },
    { "“", "”" },
    { "«\u00a0", "\u00a0»" },
    { "`", "`" },
    { " (", ")." },
    { "<", ">," },
    { "peerup:join?", "" },
    { "<peerup:join?", ">" },
    { "PeerUp:Join?", "\n" },
    { "peerup://join?", "" },
    { "peerup:/join/?", "" },
    { "peerup:join?", "#top" },
    { "peerup:join?", "&from=mail&x=" },
    { "peerup:join?name=home%20desk&", "" },
    { "peerup:join?&&", "&" },
    { "peerup:join?%22", "%22" },
    { "peerup:join?+", "%0A" },
    { "peerup:join?%C2%A0", "%e2%80%8b" },
  };
  g_autoptr (PeerupInviteCode) code = codes_new_long ();

  for (guint i = 0; i < G_N_ELEMENTS (around); i++)
    {
      g_autofree char *text = wrap (around[i][0], around[i][1]);
      g_autoptr (PeerupInviteCode) parsed = codes_parse (text);

      codes_assert_same (code, parsed);
    }
}

/* A link of which every character is percent-encoded. */
static void
test_percent (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autoptr (PeerupInviteCode) parsed = NULL;
  g_autofree char *text = peerup_invite_code_to_text (code, NULL);
  g_autoptr (GString) link = g_string_new ("peerup:join?");
  PeerupCodeMistake mistake;

  for (const char *p = text; *p != '\0'; p++)
    g_string_append_printf (link, p - text < 30 ? "%%%02x" : "%%%02X", (guint) *p);
  parsed = codes_parse (link->str);
  codes_assert_same (code, parsed);
  /* The seventh character of the code, behind a dash; the place is that of its encoding. */
  memcpy (link->str + strlen ("peerup:join?") + 3 * 7, "%21", 3);
  mistake = codes_refuse (link->str, PEERUP_ERROR_MALFORMED, "Character 7 of the code, “!”");
  g_assert_cmpuint (mistake.character, ==, 7);
  g_assert_cmpuint (mistake.offset, ==, strlen ("peerup:join?") + 3 * 7);
}

static void
test_bad_percent (void)
{
  static const char *const after[] = { "%", "%2", "%zz", "%2g", "%+1", "%00", "%-1" };
  g_autofree char *not_text = wrap ("peerup:join?", "%ff");

  for (guint i = 0; i < G_N_ELEMENTS (after); i++)
    {
      g_autofree char *text = wrap ("peerup:join?", after[i]);
      PeerupCodeMistake mistake = codes_refuse (text, PEERUP_ERROR_MALFORMED, "“%” without two digits");

      g_assert_cmpuint (mistake.offset, ==, strlen (text) - strlen (after[i]));
    }
  codes_refuse (not_text, PEERUP_ERROR_MALFORMED, "no text");
}

static void
test_other_links (void)
{
  g_autofree char *web = wrap ("https://example.org/join?", "");
  g_autofree char *plain = wrap ("HTTP://example.org/", "");
  g_autofree char *two = wrap ("peerup:join?417-otter-violin-maple&", "");
  g_autofree char *other = wrap ("peerup:open?", "");
  g_autofree char *value = wrap ("peerup:join?code=", "");
  g_autofree char *nested = wrap ("peerup:join?peerup:join?", "");

  codes_refuse (web, PEERUP_ERROR_MALFORMED, "web page");
  codes_refuse (plain, PEERUP_ERROR_MALFORMED, "web page");
  codes_refuse (two, PEERUP_ERROR_MALFORMED, "two codes");
  codes_refuse (other, PEERUP_ERROR_UNSUPPORTED, "update");
  codes_refuse (value, PEERUP_ERROR_MALFORMED, "no code in it");
  codes_refuse (nested, PEERUP_ERROR_MALFORMED, NULL);
  codes_refuse ("peerup:", PEERUP_ERROR_UNSUPPORTED, NULL);
  codes_refuse ("peerup:join", PEERUP_ERROR_MALFORMED, "no code in it");
  codes_refuse ("peerup:join?", PEERUP_ERROR_MALFORMED, "no code in it");
  codes_refuse ("peerup:join?%20", PEERUP_ERROR_MALFORMED, "There is no code");
  codes_refuse ("peerup:joinery?x", PEERUP_ERROR_UNSUPPORTED, NULL);
  codes_refuse ("peerup:join?#417-otter-violin-maple", PEERUP_ERROR_MALFORMED, "no code in it");
}

static void
test_no_code (void)
{
  static const char *const texts[] = {
    "hello world",
    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5",
    "/ip4/1.2.3.4/tcp/1",
    "B",
    "A",
    "P",
    "🦦🎻🍁",
    "ssh://host",
    "-----BEGIN CERTIFICATE-----",
  };

  codes_refuse ("", PEERUP_ERROR_MALFORMED, "There is no code");
  codes_refuse (" \r\n\t\"\" - ", PEERUP_ERROR_MALFORMED, "There is no code");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    codes_refuse (texts[i], PEERUP_ERROR_MALFORMED, NULL);
}

static void
test_not_text (void)
{
  PeerupCodeMistake mistake = codes_refuse ("P2Y20\xff-0T200", PEERUP_ERROR_MALFORMED, "no text");

  g_assert_cmpuint (mistake.offset, ==, 5);
  codes_refuse ("417-otter-violin-mapl\xc3", PEERUP_ERROR_MALFORMED, "no text");
}

static void
test_too_long (void)
{
  g_autofree char *longest = g_strnfill (PEERUP_CODE_TEXT_MAX, 'P');
  g_autofree char *longer = g_strnfill (PEERUP_CODE_TEXT_MAX + 1, 'P');
  g_autofree char *spaces = g_strnfill (PEERUP_CODE_TEXT_MAX, ' ');

  codes_refuse (longest, PEERUP_ERROR_MALFORMED, NULL);
  codes_refuse (longer, PEERUP_ERROR_TOO_LARGE, "too long");
  codes_refuse (spaces, PEERUP_ERROR_MALFORMED, "There is no code");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/text/wrapping", test_wrapping);
  g_test_add_func ("/code/text/percent", test_percent);
  g_test_add_func ("/code/text/bad-percent", test_bad_percent);
  g_test_add_func ("/code/text/other-links", test_other_links);
  g_test_add_func ("/code/text/no-code", test_no_code);
  g_test_add_func ("/code/text/not-text", test_not_text);
  g_test_add_func ("/code/text/too-long", test_too_long);
  return g_test_run ();
}
