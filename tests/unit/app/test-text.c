/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What others have written, made fit to be shown. */
#include "app/model/peerup-text.h"

#include <string.h>

static void
assert_clean (const char *text, const char *expected)
{
  g_autofree char *clean = peerup_text_clean (text);

  g_assert_cmpstr (clean, ==, expected);
}

static void
test_kept (void)
{
  assert_clean ("home-vps", "home-vps");
  assert_clean ("Żółw & <b>bold</b> \"x\"", "Żółw & <b>bold</b> \"x\"");
  assert_clean ("שלום", "שלום");
  assert_clean ("नमस्ते", "नमस्ते");
  assert_clean ("می\u200cخواهم", "می\u200cخواهم");
  /* A family with skins, a flag by letters, a flag by tags, and a heart of the coloured kind. */
  assert_clean ("👨🏽‍👩🏽‍👧🏽‍👦🏽 🇵🇱 "
                "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f "
                "❤\ufe0f",
                "👨🏽‍👩🏽‍👧🏽‍👦🏽 🇵🇱 "
                "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f "
                "❤\ufe0f");
}

static void
test_removed (void)
{
  assert_clean (NULL, "");
  assert_clean ("", "");
  assert_clean (" \t\n ", "");
  assert_clean ("\u200b\u202e\u2066\u00ad\u3164\u2800\u200d\u0301", "");
  assert_clean ("  two\r\nlines\u2028and\ttabs  ", "two lines and tabs");
  /* Overrides, embeddings, isolates and marks of direction, alone and unbalanced. */
  assert_clean ("a\u202eb\u202dc\u202ad\u202be\u202cf\u2066g\u2067h\u2068i\u2069j\u200ek\u200fl\u061cm",
                "abcdefghijklm");
  assert_clean ("bell\x07 escape\x1b[31m delete\x7f c1\xc2\x9b", "bell escape[31m delete c1");
  assert_clean ("bad \xff\xfe bytes", "bad \ufffd\ufffd bytes");
  assert_clean ("cut \xf0\x9f\x98", "cut \ufffd\ufffd\ufffd");
  assert_clean ("private \ue000.", "private .");
  /* More marks than a letter can bear. */
  assert_clean ("e\u0301\u0302\u0303\u0304\u0305\u0306\u0307x", "e\u0301\u0302\u0303\u0304x");
}

static void
assert_cut (const char *text, guint max, const char *expected)
{
  g_autofree char *clean = peerup_text_clean_to (text, max);

  g_assert_cmpstr (clean, ==, expected);
}

static void
test_cut (void)
{
  assert_cut ("abcd", 4, "abcd");
  assert_cut ("abcde", 4, "abc…");
  assert_cut ("abc ", 3, "abc");
  assert_cut ("abc d", 4, "ab…");
  assert_cut ("ab cd", 4, "ab…");
  assert_cut ("abc", 1, "…");
  assert_cut ("a", 1, "a");
  /* What is seen as one is cut off as one. */
  assert_cut ("ae\u0301b", 2, "a…");
  assert_cut ("ae\u0301", 2, "ae\u0301");
  assert_cut ("a👩\u200d💻b", 2, "a…");
  assert_cut ("a👩\u200d💻", 2, "a👩\u200d💻");
}

static void
assert_bounded (const char *piece)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *clean = NULL;

  while (text->len < 10240)
    g_string_append (text, piece);
  clean = peerup_text_clean (text->str);
  g_assert_true (g_utf8_validate (clean, -1, NULL));
  g_assert_cmpuint (g_utf8_strlen (clean, -1), <=, PEERUP_TEXT_MAX * 16);
}

static void
test_long (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *clean = NULL;

  for (guint i = 0; i < 1024; i++)
    g_string_append (text, "abcdefghij");
  clean = peerup_text_clean (text->str);
  g_assert_cmpint (g_utf8_strlen (clean, -1), ==, PEERUP_TEXT_MAX);
  g_assert_true (g_str_has_suffix (clean, "bc…"));
  assert_bounded ("👩\u200d");
  assert_bounded ("e\u0301");
  assert_bounded ("\u0301");
  assert_bounded (" ");
  assert_bounded ("\xff");
  assert_bounded ("\u202e");
}

static void
test_isolate (void)
{
  g_autofree char *name = peerup_text_isolate ("שלום\u202e\u2069 <b>");
  g_autofree char *nothing = peerup_text_isolate ("\u202e\n");

  g_assert_cmpstr (name, ==, "\u2068שלום <b>\u2069");
  g_assert_cmpstr (nothing, ==, "");
}

static void
test_first_run (void)
{
  g_assert_true (peerup_text_is_first_run (
    "/k authorizes nobody, so every incoming connection is refused; run: peerup auth add PEER-ID"));
  g_assert_true (peerup_text_is_first_run ("/k berechtigt niemanden, daher wird jede eingehende Verbindung abgewiesen; "
                                           "führen Sie aus: peerup auth add PEER-ID"));
  g_assert_false (peerup_text_is_first_run ("the metrics' port is used by another program"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/text/kept", test_kept);
  g_test_add_func ("/app/text/removed", test_removed);
  g_test_add_func ("/app/text/cut", test_cut);
  g_test_add_func ("/app/text/long", test_long);
  g_test_add_func ("/app/text/isolate", test_isolate);
  g_test_add_func ("/app/text/first-run", test_first_run);
  return g_test_run ();
}
