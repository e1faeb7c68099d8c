/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "trust/peerup-authorized-keys.h"

#include "trust-test.h"

#define EXPIRY_TEXT "2026-01-31T18:00:00Z"
#define EXPIRY      1769882400

#define FILE_TEXT                                                      \
  "# Machines of mine\n"                                               \
  "\n" ALICE "  color=red  # Alice's laptop\n"                         \
  "  # below: friends\r\n" BOB " group=g1 expires=" EXPIRY_TEXT "\r\n" \
  "   \n"

static PeerupAuthorizedKeys *
parse (const char *text)
{
  g_autofree char *exact = g_memdup2 (text, strlen (text));

  return peerup_authorized_keys_parse (exact, strlen (text));
}

static void
assert_text (PeerupAuthorizedKeys *keys, const char *expected)
{
  g_autoptr (GBytes) bytes = peerup_authorized_keys_to_bytes (keys);

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, strlen (expected));
}

static void
test_entries (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (FILE_TEXT);
  g_auto (GStrv) problems = peerup_authorized_keys_dup_problems (keys);
  g_auto (GStrv) notes = peerup_authorized_keys_dup_notes (keys);

  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (keys), ==, 2);
  g_assert_cmpstr (peerup_peer_id_get_string (peerup_authorized_keys_get_peer (keys, 0)), ==, ALICE);
  g_assert_cmpuint (peerup_authorized_keys_get_line (keys, 0), ==, 3);
  g_assert_cmpstr (peerup_authorized_keys_get_comment (keys, 0), ==, "Alice's laptop");
  g_assert_cmpstr (peerup_authorized_keys_get_attribute (keys, 0, "color"), ==, "red");
  g_assert_cmpint (peerup_authorized_keys_get_expires (keys, 0), ==, PEERUP_EXPIRES_NEVER);
  g_assert_cmpuint (peerup_authorized_keys_get_line (keys, 1), ==, 5);
  g_assert_null (peerup_authorized_keys_get_comment (keys, 1));
  g_assert_cmpstr (peerup_authorized_keys_get_attribute (keys, 1, "group"), ==, "g1");
  g_assert_cmpint (peerup_authorized_keys_get_expires (keys, 1), ==, EXPIRY);
  g_assert_cmpuint (g_strv_length (problems), ==, 0);
  g_assert_cmpuint (g_strv_length (notes), ==, 0);
}

static void
test_round_trip (void)
{
  static const char *const texts[] = {
    "", "\n", "\n\n", ALICE, ALICE "\n", FILE_TEXT, FILE_TEXT "no peer\n#", "\r\n\r"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PeerupAuthorizedKeys) keys = parse (texts[i]);

      assert_text (keys, texts[i]);
    }
}

static void
test_truncation (void)
{
  g_autofree char *whole = g_strdup (FILE_TEXT);

  for (gsize i = 0; i <= strlen (FILE_TEXT); i++)
    {
      g_autofree char *part = g_strndup (whole, i);
      g_autoptr (PeerupAuthorizedKeys) keys = parse (part);
      g_autoptr (PeerupPeerId) carol = test_peer (CAROL);

      assert_text (keys, part);
      g_assert_cmpint (peerup_authorized_keys_lookup (keys, carol, 0, NULL), ==, PEERUP_AUTHORIZATION_NONE);
    }
}

static void
test_lookup (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (FILE_TEXT);
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE_CID);
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (PeerupPeerId) carol = test_peer (CAROL);
  gint64 expires = 0;

  g_assert_cmpint (peerup_authorized_keys_lookup (keys, alice, EXPIRY, &expires), ==, PEERUP_AUTHORIZATION_VALID);
  g_assert_cmpint (expires, ==, PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, bob, EXPIRY - 1, &expires), ==, PEERUP_AUTHORIZATION_VALID);
  g_assert_cmpint (expires, ==, EXPIRY);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, bob, EXPIRY, NULL), ==, PEERUP_AUTHORIZATION_EXPIRED);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, bob, EXPIRY + 1, NULL), ==, PEERUP_AUTHORIZATION_EXPIRED);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, carol, EXPIRY, NULL), ==, PEERUP_AUTHORIZATION_NONE);
}

static void
test_unreadable_expiry (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (ALICE " expires=tomorrow\n" BOB "\n");
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_auto (GStrv) problems = peerup_authorized_keys_dup_problems (keys);
  g_auto (GStrv) notes = peerup_authorized_keys_dup_notes (keys);
  gint64 expires = 0;

  g_assert_cmpint (peerup_authorized_keys_lookup (keys, alice, G_MININT64, &expires), ==, PEERUP_AUTHORIZATION_EXPIRED);
  g_assert_cmpint (expires, ==, PEERUP_EXPIRES_MALFORMED);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, bob, 0, NULL), ==, PEERUP_AUTHORIZATION_VALID);
  g_assert_cmpuint (g_strv_length (problems), ==, 0);
  g_assert_cmpuint (g_strv_length (notes), ==, 1);
  g_assert_true (g_str_has_prefix (notes[0], "line 1: "));
}

/* The same peer, in two forms of its ID. */
static void
test_duplicates (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (ALICE "\n" ALICE_CID " expires=" EXPIRY_TEXT "\n");
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_auto (GStrv) notes = peerup_authorized_keys_dup_notes (keys);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (keys), ==, 2);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, alice, EXPIRY - 1, NULL), ==, PEERUP_AUTHORIZATION_VALID);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, alice, EXPIRY, NULL), ==, PEERUP_AUTHORIZATION_EXPIRED);
  g_assert_cmpuint (g_strv_length (notes), ==, 1);
  g_assert_nonnull (strstr (notes[0], "line 2: the peer stands on line 1 too"));

  g_assert_true (peerup_authorized_keys_set (keys, alice, "expires", NULL, &error));
  assert_text (keys, ALICE "\n" ALICE_CID "\n");
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, alice, EXPIRY, NULL), ==, PEERUP_AUTHORIZATION_VALID);
  g_assert_true (peerup_authorized_keys_remove (keys, alice, &error));
  assert_text (keys, "");
}

static void
test_problems (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (ALICE "\nnonsense # c\n\x1b[31mred\n" BOB "\n");
  g_auto (GStrv) problems = peerup_authorized_keys_dup_problems (keys);

  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (keys), ==, 2);
  g_assert_cmpuint (g_strv_length (problems), ==, 2);
  g_assert_true (g_str_has_prefix (problems[0], "line 2: \"nonsense\" is not a peer ID"));
  g_assert_true (g_str_has_prefix (problems[1], "line 3: "));
  g_assert_null (strchr (problems[1], '\x1b'));
}

static void
test_add (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse ("# mine\r\n" ALICE);
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE_CID);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_authorized_keys_add (keys, bob, "b\no\0b", &error));
  g_assert_no_error (error);
  assert_text (keys, "# mine\r\n" ALICE "\n" BOB "  # bo\n");
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, bob, 0, NULL), ==, PEERUP_AUTHORIZATION_VALID);

  g_assert_false (peerup_authorized_keys_add (keys, alice, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "line 2"));
}

static void
test_remove (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (FILE_TEXT);
  g_autoptr (PeerupPeerId) carol = test_peer (CAROL);
  g_autoptr (GError) error = NULL;

  /* Borrowed from the line that goes. */
  g_assert_true (peerup_authorized_keys_remove (keys, peerup_authorized_keys_get_peer (keys, 0), &error));
  assert_text (keys, "# Machines of mine\n\n  # below: friends\r\n" BOB " group=g1 expires=" EXPIRY_TEXT "\r\n   \n");
  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (keys), ==, 1);
  g_assert_false (peerup_authorized_keys_remove (keys, carol, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

static void
test_set (void)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (FILE_TEXT);
  g_autoptr (PeerupPeerId) carol = test_peer (CAROL);
  g_autoptr (GError) error = NULL;

  g_assert_true (
    peerup_authorized_keys_set (keys, peerup_authorized_keys_get_peer (keys, 0), "verified", "sha256:0a", &error));
  g_assert_true (peerup_authorized_keys_set (keys, peerup_authorized_keys_get_peer (keys, 1), "expires", NULL, &error));
  assert_text (keys, "# Machines of mine\n\n" ALICE "  verified=sha256:0a  color=red  # Alice's laptop\n"
                     "  # below: friends\r\n" BOB "  group=g1\r\n   \n");
  g_assert_false (peerup_authorized_keys_set (keys, carol, "group", "g", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

static void
assert_value_refused (const char *key, const char *value, PeerupError code)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (ALICE "\n");
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_authorized_keys_set (keys, peerup_authorized_keys_get_peer (keys, 0), key, value, &error));
  g_assert_error (error, PEERUP_ERROR, code);
  assert_text (keys, ALICE "\n");
}

/* No attribute or line can be smuggled in. */
static void
test_injection (void)
{
  g_autofree char *endless = g_strnfill (PEERUP_AUTHORIZED_VALUE_MAX + 1, 'x');

  assert_value_refused ("group", "a b", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group", "a\texpires=", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group", "a\n" BOB, PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group", "a\r", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group", "a#", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group", "a\x7f", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group",
                        "a\xc2\xa0"
                        "b",
                        PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group", "", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("group", endless, PEERUP_ERROR_TOO_LARGE);
  assert_value_refused ("", "a", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("a b", "a", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("a=b", "a", PEERUP_ERROR_MALFORMED);
  assert_value_refused ("#a", NULL, PEERUP_ERROR_MALFORMED);
  assert_value_refused ("expires", "2030-01-01", PEERUP_ERROR_MALFORMED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/authorized-keys/entries", test_entries);
  g_test_add_func ("/trust/authorized-keys/round-trip", test_round_trip);
  g_test_add_func ("/trust/authorized-keys/truncation", test_truncation);
  g_test_add_func ("/trust/authorized-keys/lookup", test_lookup);
  g_test_add_func ("/trust/authorized-keys/unreadable-expiry", test_unreadable_expiry);
  g_test_add_func ("/trust/authorized-keys/duplicates", test_duplicates);
  g_test_add_func ("/trust/authorized-keys/problems", test_problems);
  g_test_add_func ("/trust/authorized-keys/add", test_add);
  g_test_add_func ("/trust/authorized-keys/remove", test_remove);
  g_test_add_func ("/trust/authorized-keys/set", test_set);
  g_test_add_func ("/trust/authorized-keys/injection", test_injection);
  return g_test_run ();
}
