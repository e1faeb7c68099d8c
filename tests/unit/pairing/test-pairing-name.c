/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Names of peers as they come and as they may be shown. PROTOCOLS 4 row 29. */

#include "pairing-pair.h"
#include "pairing/peerup-pairing-offer.h"

typedef struct
{
  const char *name, *shown, *config;
} Case;

/* NULL: "peer-" and the end of the ID. */
static const Case cases[] = {
  { "laptop", "laptop", "laptop" },
  { "Ada's laptop", "Ada's laptop", "Adas-laptop" },
  { "", "", NULL },
  { "   ", "", NULL },
  { "  a \t\r\n b  ", "a b", "a-b" },
  { "a\nb", "a b", "a-b" },
  { "a # b", "a # b", "a-b" },
  { "a: b", "a: b", "a-b" },
  { "a\x1b[31mb\a\b", "a[31mb", "a31mb" },
  { "a\x7f"
    "b",
    "ab", "ab" },
  { "a\xc2\x85"
    "b",
    "a b", "a-b" }, /* next line */
  { "a\xe2\x80\xa8"
    "b\xe2\x80\xa9"
    "c",
    "a b c", "a-b-c" }, /* line and paragraph separators */
  { "a\xe2\x80\xae"
    "b\xe2\x80\xac",
    "ab", "ab" }, /* override */
  { "\xe2\x81\xa6"
    "a\xe2\x81\xa9\xe2\x80\x8f\xe2\x80\x8e\xd8\x9c",
    "a", "a" }, /* isolates and marks */
  { "a\xe2\x80\x8b"
    "b\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0\xef\xbb\xbf",
    "ab", "ab" }, /* zero width */
  { "a\xc2\xad"
    "b",
    "ab", "ab" },                                       /* soft hyphen */
  { "\xe3\x85\xa4\xef\xbe\xa0\xe2\xa0\x80", "", NULL }, /* letters that show nothing */
  { "a\xc2\xa0\xe3\x80\x80"
    "b",
    "a b", "a-b" }, /* other spaces */
  { "a\xee\x80\x80"
    "b",
    "ab", "ab" }, /* private use */
  { "\xcc\x81"
    "a",
    "a", "a" }, /* a mark on nothing */
  { "a \xcc\x81"
    "b",
    "a b", "a-b" }, /* ... and on a space */
  { "a\xff\xfe"
    "b\xc3",
    "ab", "ab" }, /* not UTF-8 */
  { "\xed\xa0\x80\xc0\x80"
    "a",
    "a", "a" }, /* surrogate, overlong */
  { "<b>bold</b> &amp;", "<b>bold</b> &amp;", "bboldb-amp" },
  { "J\xc3\xb6rg", "J\xc3\xb6rg", "Jorg" },
  { "\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac", NULL },
  { "\xf0\x9f\x90\x9f", "\xf0\x9f\x90\x9f", NULL },
  { "--help", "--help", "help" },
  { "../../etc/passwd", "../../etc/passwd", "etcpasswd" },
  { ".", ".", NULL },
  { "-", "-", NULL },
  { "a - b", "a - b", "a-b" },
  { "a.", "a.", "a" },
  { "1_2.3-4", "1_2.3-4", "1_2.3-4" },
};

static void
test_cases (void)
{
  g_autoptr (PeerupPeerId) peer = pair_peer_new (1);
  const char *id = peerup_peer_id_get_string (peer);
  g_autofree char *fallback = g_strdup_printf ("peer-%s", id + strlen (id) - 8);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *shown = peerup_pairing_name_sanitize (cases[i].name, strlen (cases[i].name));
      g_autofree char *again = peerup_pairing_name_sanitize (shown, strlen (shown));
      g_autofree char *config = peerup_pairing_name_to_config (cases[i].name, peer);

      g_assert_cmpstr (shown, ==, cases[i].shown);
      g_assert_cmpstr (again, ==, shown);
      g_assert_cmpstr (config, ==, cases[i].config != NULL ? cases[i].config : fallback);
    }
}

static void
test_nul (void)
{
  g_autofree char *shown = peerup_pairing_name_sanitize ("a\0b", 3);

  g_assert_cmpstr (shown, ==, "ab");
}

/* 10 KB of each of these; the cut is between two characters. */
static void
test_long (void)
{
  const char *const pieces[] = { "x", "\xc3\xb6", "\xe6\x9d\xb1", "\xf0\x9f\x90\x9f", "a ", "\xff", "a\xcc\x81" };
  g_autoptr (PeerupPeerId) peer = pair_peer_new (1);

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    for (guint offset = 0; offset < 4; offset++)
      {
        g_autoptr (GString) name = g_string_new (NULL);
        g_autofree char *shown = NULL, *config = NULL;

        for (guint n = 0; n < offset; n++)
          g_string_append_c (name, 'o');
        while (name->len < 10240)
          g_string_append (name, pieces[i]);
        shown = peerup_pairing_name_sanitize (name->str, name->len);
        g_assert_cmpuint (strlen (shown), <=, PEERUP_PAIRING_NAME_MAX);
        g_assert_true (strlen (shown) > PEERUP_PAIRING_NAME_MAX - 4 || pieces[i][0] == '\xff');
        g_assert_true (g_utf8_validate (shown, -1, NULL));
        config = peerup_pairing_name_to_config (name->str, peer);
        g_assert_cmpuint (strlen (config), <=, PEERUP_PAIRING_NAME_MAX);
        g_assert_cmpuint (strlen (config), >=, 1);
      }
}

/* From memory of the exact size, cut anywhere. */
static void
test_truncated (void)
{
  const char name[] = "J\xc3\xb6rg \xe2\x80\xae\xe6\x9d\xb1\xf0\x9f\x90\x9f\xcc\x81";

  for (gsize i = 0; i < sizeof name; i++)
    {
      g_autofree char *copy = g_malloc (MAX (i, 1)), *shown = NULL;

      memcpy (copy, name, i);
      shown = peerup_pairing_name_sanitize (copy, i);
      g_assert_true (g_utf8_validate (shown, -1, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/name/row-29/cases", test_cases);
  g_test_add_func ("/pairing/name/row-29/nul", test_nul);
  g_test_add_func ("/pairing/name/row-29/long", test_long);
  g_test_add_func ("/pairing/name/truncated", test_truncated);
  return g_test_run ();
}
