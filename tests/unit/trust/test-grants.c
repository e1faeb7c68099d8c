/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The file of grants: its edits keep what they are not about, and what cannot be read grants nothing.
 */
#include "trust/peerup-grants.h"

#include "trust-test.h"

#define NOW    1800000000
#define AT_NOW "2027-01-15T08:00:00Z"
#define LATER  "2027-01-15T08:00:01Z"

static GPtrArray *
load (const TestFile *file)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *grants = peerup_grants_file_load (file->path, &error);

  g_assert_no_error (error);
  return grants;
}

static void
assert_refused (const char *text, int code, const char *words)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GError) error = NULL;

  test_file_init (&file, text);
  g_assert_null (peerup_grants_file_load (file.path, &error));
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (strchr (error->message, '\033'));
  g_assert_cmpuint (strlen (error->message), <, 1024);
}

static void
test_path (void)
{
  g_autofree char *path = peerup_grants_path ("/etc/peerup/authorized_keys");

  g_assert_cmpstr (path, ==, "/etc/peerup/grants");
}

static void
test_missing (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GPtrArray) grants = NULL;

  test_file_init (&file, NULL);
  grants = load (&file);
  g_assert_cmpuint (grants->len, ==, 0);
}

static void
test_read (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GPtrArray) grants = NULL;
  const PeerupGrant *grant;

  test_file_init (&file, "# mine\n" ALICE_CID "  service=ssh  expires=" AT_NOW "  # the laptop\r\n\n" BOB
                         " x y=z service=a-1\n" BOB " service=web expires=soon\n");
  grants = load (&file);
  g_assert_cmpuint (grants->len, ==, 3);
  grant = grants->pdata[0];
  g_assert_cmpstr (peerup_peer_id_get_string (grant->peer), ==, ALICE);
  g_assert_cmpstr (grant->service, ==, "ssh");
  g_assert_cmpint (grant->until, ==, NOW);
  g_assert_cmpstr (grant->comment, ==, "the laptop");
  grant = grants->pdata[1];
  g_assert_cmpint (grant->until, ==, PEERUP_EXPIRES_NEVER);
  g_assert_null (grant->comment);
  g_assert_cmpint (((PeerupGrant *) grants->pdata[2])->until, ==, PEERUP_EXPIRES_MALFORMED);
}

/* A line without a service, or whose service is none, is not skipped: nobody knows what it was to say. */
static void
test_no_grant (void)
{
  assert_refused (ALICE "\n", PEERUP_ERROR_MALFORMED, "line 1: it names no service");
  assert_refused (BOB " service=ssh\n" ALICE " service=\n", PEERUP_ERROR_MALFORMED, "line 2");
  assert_refused (ALICE " service=SSH\n", PEERUP_ERROR_MALFORMED, "line 1");
  assert_refused (ALICE " service=\033[31m\n", PEERUP_ERROR_MALFORMED, "line 1");
  assert_refused (ALICE " service=\xe2\x80\xae\n", PEERUP_ERROR_MALFORMED, "line 1");
  assert_refused ("alice service=ssh\n", PEERUP_ERROR_MALFORMED, "not a peer ID");
}

static char *
line_of (gsize length)
{
  GString *text = g_string_new (ALICE " service=ssh #");

  while (text->len < length)
    g_string_append_c (text, 'x');
  g_string_append_c (text, '\n');
  return g_string_free (text, FALSE);
}

/* Row 30 of bad input, for this file. */
static void
test_row_30 (void)
{
  g_autofree char *longest = line_of (PEERUP_AUTHORIZED_LINE_MAX);
  g_autofree char *longer = line_of (PEERUP_AUTHORIZED_LINE_MAX + 1);
  g_autofree char *service = g_strnfill (10240, 'a');
  g_autofree char *long_service = g_strconcat (ALICE " service=", service, "\n", NULL);
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GPtrArray) grants = NULL;
  g_autoptr (GError) error = NULL;

  test_file_init (&file, longest);
  grants = load (&file);
  g_assert_cmpuint (grants->len, ==, 1);
  assert_refused (longer, PEERUP_ERROR_MALFORMED, "line 1: longer than");
  assert_refused (long_service, PEERUP_ERROR_MALFORMED, "line 1");
  g_assert_cmpint (g_chmod (file.path, 0664), ==, 0);
  g_assert_null (peerup_grants_file_load (file.path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
}

static void
test_nul (void)
{
  static const char text[] = ALICE " service=ssh\0\n";
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GError) error = NULL;

  test_file_init (&file, NULL);
  g_assert_true (g_file_set_contents_full (file.path, text, sizeof text - 1, 0, 0600, NULL));
  g_assert_null (peerup_grants_file_load (file.path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

/* A grant that is there gets the end; all else keeps its bytes. */
static void
test_add (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  GStatBuf info;

  test_file_init (&file, "# mine\r\n" ALICE_CID "\tservice=ssh\todd x=y # laptop\r\n\r\n");
  g_assert_true (peerup_grants_file_add (file.path, alice, "ssh", NOW, "not taken", NULL));
  g_assert_true (peerup_grants_file_add (file.path, alice, "web", PEERUP_EXPIRES_NEVER, NULL, NULL));
  g_assert_true (peerup_grants_file_add (file.path, bob, "ssh", NOW, "Bob", NULL));
  test_assert_text (file.path,
                    "# mine\r\n" ALICE_CID "  service=ssh  expires=" AT_NOW "  odd  x=y  # laptop\r\n\r\n" ALICE
                    "  service=web\n" BOB "  service=ssh  expires=" AT_NOW "  # Bob\n");
  g_assert_cmpint (g_stat (file.path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

/* What a person or a peer is called reaches the file without what would end the line or hide it. */
static void
test_add_hostile (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_autofree char *long_name = g_strnfill (10240, 'n');
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  test_file_init (&file, NULL);
  g_assert_true (
    peerup_grants_file_add (file.path, alice, "ssh", NOW, "a\n" BOB " service=ssh\r\033[31m\xe2\x80\xae<b>\xff", NULL));
  test_assert_text (file.path, ALICE "  service=ssh  expires=" AT_NOW "  # a" BOB " service=ssh[31m<b>\xef\xbf\xbd\n");
  g_assert_true (peerup_grants_file_add (file.path, alice, "web", NOW, long_name, NULL));
  g_assert_true (g_file_get_contents (file.path, &text, NULL, NULL));
  g_assert_cmpuint (strlen (text), <, 2 * PEERUP_AUTHORIZED_COMMENT_MAX);
  for (gsize i = 0; i < 5; i++)
    {
      static const char *const names[] = { "", "a b", "a\nb", "\xe2\x80\xae", "A" };

      g_assert_false (peerup_grants_file_add (file.path, alice, names[i], NOW, NULL, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_null (strchr (error->message, '\n'));
      g_clear_error (&error);
    }
  g_assert_false (peerup_grants_file_add (file.path, alice, long_name, NOW, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_grants_file_add (file.path, alice, "db", G_MAXINT64 - 1, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

static void
test_extend_and_revoke (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (GError) error = NULL;

  test_file_init (&file, ALICE " service=ssh\n" ALICE " service=web\n" BOB " service=ssh\n");
  g_assert_false (peerup_grants_file_extend (file.path, bob, "web", NOW, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (peerup_grants_file_extend (file.path, alice, "ssh", NOW, NULL));
  g_assert_true (peerup_grants_file_extend (file.path, alice, "ssh", PEERUP_EXPIRES_NEVER, NULL));
  g_assert_true (peerup_grants_file_revoke (file.path, bob, "ssh", NULL));
  test_assert_text (file.path, ALICE "  service=ssh\n" ALICE " service=web\n");
  g_assert_true (peerup_grants_file_revoke (file.path, alice, NULL, NULL));
  test_assert_text (file.path, "");
  g_assert_false (peerup_grants_file_revoke (file.path, alice, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

/* What ends at the second goes, and what ends in the next stays; an end that cannot be read stays for its owner. Of two
 * grants of the same the earlier counted, so both go. */
static void
test_expire (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GPtrArray) ended = NULL;
  g_autoptr (GPtrArray) none = NULL;
  GStatBuf before, after;

  test_file_init (&file, "# kept\n" ALICE " service=ssh expires=" AT_NOW " # gone\n" ALICE " service=web expires=" LATER
                         "\n" BOB " service=ssh\n" BOB " service=web expires=soon\n" ALICE " service=ssh\n");
  g_assert_true (peerup_grants_file_expire (file.path, NOW, &ended, NULL));
  g_assert_cmpuint (ended->len, ==, 1);
  g_assert_cmpstr (((PeerupGrant *) ended->pdata[0])->comment, ==, "gone");
  test_assert_text (file.path, "# kept\n" ALICE " service=web expires=" LATER "\n" BOB " service=ssh\n" BOB
                               " service=web expires=soon\n");
  g_assert_cmpint (g_stat (file.path, &before), ==, 0);
  g_assert_true (peerup_grants_file_expire (file.path, NOW, &none, NULL));
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpint (g_stat (file.path, &after), ==, 0);
  g_assert_cmpint (before.st_ino, ==, after.st_ino);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/grants/path", test_path);
  g_test_add_func ("/trust/grants/missing", test_missing);
  g_test_add_func ("/trust/grants/read", test_read);
  g_test_add_func ("/trust/grants/no-grant", test_no_grant);
  g_test_add_func ("/trust/grants/row-30", test_row_30);
  g_test_add_func ("/trust/grants/nul", test_nul);
  g_test_add_func ("/trust/grants/add", test_add);
  g_test_add_func ("/trust/grants/add-hostile", test_add_hostile);
  g_test_add_func ("/trust/grants/extend-and-revoke", test_extend_and_revoke);
  g_test_add_func ("/trust/grants/expire", test_expire);
  return g_test_run ();
}
