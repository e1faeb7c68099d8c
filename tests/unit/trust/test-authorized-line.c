/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "trust/peerup-authorized-line.h"

#include "trust-test.h"

static PeerupAuthorizedLine *
parse (const char *text)
{
  g_autofree char *exact = g_memdup2 (text, strlen (text));

  return peerup_authorized_line_parse (exact, strlen (text));
}

static void
test_kinds (void)
{
  static const struct
  {
    const char *text;
    gboolean entry, problem;
  } lines[] = {
    { "", FALSE, FALSE },
    { " \t ", FALSE, FALSE },
    { "\r", FALSE, FALSE },
    { "# a comment", FALSE, FALSE },
    { "  # " ALICE, FALSE, FALSE },
    { ALICE, TRUE, FALSE },
    { "  " ALICE "\t", TRUE, FALSE },
    { ALICE "\r", TRUE, FALSE },
    { ALICE "#comment", TRUE, FALSE },
    { ALICE_CID, TRUE, FALSE },
    { ALICE "x", FALSE, TRUE },
    { "group=a " ALICE, FALSE, TRUE },
    { "\xef\xbb\xbf" ALICE, FALSE, TRUE },
    { "\xff\xfe", FALSE, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (PeerupAuthorizedLine) line = parse (lines[i].text);

      g_assert_true ((line->peer != NULL) == lines[i].entry);
      g_assert_true ((line->problem != NULL) == lines[i].problem);
      g_assert_cmpmem (line->text, line->length, lines[i].text, strlen (lines[i].text));
      if (lines[i].problem)
        g_assert_true (g_utf8_validate (line->problem, -1, NULL));
    }
}

static void
test_parts (void)
{
  g_autoptr (PeerupAuthorizedLine) line =
    parse (ALICE "  expires=2030-01-01T00:00:00Z  odd  note=a=b  note=c  # My laptop # second \r");

  g_assert_cmpstr (peerup_peer_id_get_string (line->peer), ==, ALICE);
  g_assert_cmpstr (line->comment, ==, "My laptop # second");
  g_assert_cmpstr (peerup_authorized_line_get_attribute (line, "note"), ==, "a=b");
  g_assert_cmpstr (peerup_authorized_line_get_attribute (line, "expires"), ==, "2030-01-01T00:00:00Z");
  g_assert_null (peerup_authorized_line_get_attribute (line, "odd"));
  g_assert_null (peerup_authorized_line_get_attribute (line, "not"));
  g_assert_cmpint (line->expires, ==, 1893456000);
}

static gint64
expires_of (const char *words)
{
  g_autofree char *text = g_strconcat (ALICE " ", words, NULL);
  g_autoptr (PeerupAuthorizedLine) line = parse (text);

  g_assert_nonnull (line->peer);
  return line->expires;
}

/* Whatever stands there, it never means more than it says. */
static void
test_expires (void)
{
  g_assert_cmpint (expires_of (""), ==, PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (expires_of ("# expires=2030-01-01T00:00:00Z"), ==, PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (expires_of ("expires=2030-01-01T00:00:00Z"), ==, 1893456000);
  g_assert_cmpint (expires_of ("expires="), ==, PEERUP_EXPIRES_MALFORMED);
  g_assert_cmpint (expires_of ("expires"), ==, PEERUP_EXPIRES_MALFORMED);
  g_assert_cmpint (expires_of ("expires = 2030-01-01T00:00:00Z"), ==, PEERUP_EXPIRES_MALFORMED);
  g_assert_cmpint (expires_of ("expires=2030-01-01"), ==, PEERUP_EXPIRES_MALFORMED);
  g_assert_cmpint (expires_of ("expires=\xff"), ==, PEERUP_EXPIRES_MALFORMED);
  g_assert_cmpint (expires_of ("expires=2030-01-01T00:00:00Z expires=2020-01-01T00:00:00Z"), ==, 1577836800);
  g_assert_cmpint (expires_of ("expires=2030-01-01T00:00:00Z expires=x"), ==, PEERUP_EXPIRES_MALFORMED);
  /* White space of Unicode splits words in the original too. */
  g_assert_cmpint (expires_of ("a=1\xc2\xa0"
                               "expires=2020-01-01T00:00:00Z"),
                   ==, 1577836800);
  g_assert_cmpint (expires_of ("a=1\xc2\x85"
                               "expires=2020-01-01T00:00:00Z"),
                   ==, 1577836800);
  g_assert_cmpint (expires_of ("a=1\v"
                               "expires=2020-01-01T00:00:00Z"),
                   ==, 1577836800);
}

static void
test_limits (void)
{
  g_autofree char *fitting = g_strnfill (PEERUP_AUTHORIZED_LINE_MAX, 'a');
  g_autofree char *above = g_strnfill (PEERUP_AUTHORIZED_LINE_MAX + 1, 'a');
  g_autofree char *comment = g_strnfill (PEERUP_AUTHORIZED_LINE_MAX, '#');
  g_autoptr (PeerupAuthorizedLine) one = NULL;
  g_autoptr (PeerupAuthorizedLine) two = NULL;
  g_autoptr (PeerupAuthorizedLine) nul = peerup_authorized_line_parse (ALICE "\0expires", strlen (ALICE) + 8);
  g_autoptr (PeerupAuthorizedLine) three = NULL;

  memcpy (fitting, ALICE " ", strlen (ALICE) + 1);
  memcpy (above, ALICE " ", strlen (ALICE) + 1);
  one = parse (fitting);
  two = parse (above);
  three = parse (comment);
  g_assert_nonnull (one->peer);
  g_assert_null (one->problem);
  g_assert_null (two->peer);
  g_assert_nonnull (strstr (two->problem, "65536"));
  g_assert_null (nul->peer);
  g_assert_nonnull (strstr (nul->problem, "NUL"));
  g_assert_null (three->problem);
}

/* No comment can end its line or hide in it. */
static void
test_comments_of_strangers (void)
{
  static const struct
  {
    const char *comment, *text;
  } comments[] = {
    { NULL, ALICE },
    { "", ALICE },
    { " \n ", ALICE },
    { "home", ALICE "  # home" },
    { "a\n" BOB " # b", ALICE "  # a" BOB " # b" },
    { "a\r\n\tb\x7f\x1b[31m", ALICE "  # ab[31m" },
    { "# x", ALICE "  # # x" },
    { "caf\xc3\xa9", ALICE "  # caf\xc3\xa9" },
    { "a\xc2\x85"
      "b\xe2\x80\xa8"
      "c\xe2\x80\xae"
      "d",
      ALICE "  # abcd" },
    { "a\xff"
      "b",
      ALICE "  # a\xef\xbf\xbd"
            "b" },
  };
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_autofree char *endless = g_strnfill (10000, 'x');
  g_autoptr (PeerupAuthorizedLine) cut = peerup_authorized_line_new (alice, endless);

  for (gsize i = 0; i < G_N_ELEMENTS (comments); i++)
    {
      g_autoptr (PeerupAuthorizedLine) line = peerup_authorized_line_new (alice, comments[i].comment);

      g_assert_cmpstr (line->text, ==, comments[i].text);
      g_assert_true (peerup_peer_id_equal (line->peer, alice));
      g_assert_cmpint (line->expires, ==, PEERUP_EXPIRES_NEVER);
    }
  g_assert_cmpuint (strlen (cut->comment), ==, PEERUP_AUTHORIZED_COMMENT_MAX);
}

static void
assert_edited (const char *text, const char *key, const char *value, const char *expected)
{
  g_autoptr (PeerupAuthorizedLine) line = parse (text);
  g_autoptr (PeerupAuthorizedLine) edited = peerup_authorized_line_with (line, key, value);

  g_assert_cmpstr (edited->text, ==, expected);
}

static void
test_edits (void)
{
  assert_edited (ALICE, "group", "g1", ALICE "  group=g1");
  assert_edited (ALICE " #c", "group", "g1", ALICE "  group=g1  #c");
  assert_edited (ALICE "  # c \r", "group", "g1", ALICE "  group=g1  # c \r");
  assert_edited (ALICE_CID " x=1", "verified", "v", ALICE_CID "  verified=v  x=1");
  assert_edited (ALICE " b=1 hmac_proof=h a=2 group=g word", "expires", "2030-01-01T00:00:00Z",
                 ALICE "  expires=2030-01-01T00:00:00Z  group=g  hmac_proof=h  b=1  a=2  word");
  assert_edited (ALICE " group=a group=b", "group", "c", ALICE "  group=c");
  assert_edited (ALICE " group=a expires=x groups=b", "group", NULL, ALICE "  expires=x  groups=b");
  assert_edited (ALICE " expires", "expires", NULL, ALICE);
}

static void
test_edit_above_limit (void)
{
  g_autofree char *text = g_strnfill (PEERUP_AUTHORIZED_LINE_MAX - 5, 'a');
  g_autoptr (PeerupAuthorizedLine) line = NULL;
  g_autoptr (PeerupAuthorizedLine) edited = NULL;

  memcpy (text, ALICE " ", strlen (ALICE) + 1);
  line = parse (text);
  edited = peerup_authorized_line_with (line, "group", "g");
  g_assert_null (edited);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/authorized-line/kinds", test_kinds);
  g_test_add_func ("/trust/authorized-line/parts", test_parts);
  g_test_add_func ("/trust/authorized-line/expires", test_expires);
  g_test_add_func ("/trust/authorized-line/limits", test_limits);
  g_test_add_func ("/trust/authorized-line/comments-of-strangers", test_comments_of_strangers);
  g_test_add_func ("/trust/authorized-line/edits", test_edits);
  g_test_add_func ("/trust/authorized-line/edit-above-limit", test_edit_above_limit);
  return g_test_run ();
}
