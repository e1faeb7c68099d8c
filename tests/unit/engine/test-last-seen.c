/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The file of when peers were connected last: order, limits, and what is done with a broken one.
 */
#include "engine/peerup-last-seen.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "identity/peerup-private-key.h"

#define FIRST  "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define SECOND "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"

typedef struct
{
  char *directory;
  char *path;
  char *aside;
  PeerupPeerId *first;
  PeerupPeerId *second;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  self->path = g_build_filename (self->directory, "last_seen", NULL);
  self->aside = g_strconcat (self->path, ".broken", NULL);
  self->first = peerup_peer_id_new_from_string (FIRST, NULL);
  self->second = peerup_peer_id_new_from_string (SECOND, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_unlink (self->aside);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->path);
  g_free (self->aside);
  g_free (self->directory);
  peerup_peer_id_unref (self->first);
  peerup_peer_id_unref (self->second);
}

static void
write_text (Fixture *self, const char *text, gsize length)
{
  g_assert_true (g_file_set_contents_full (self->path, text, length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void
test_kept (Fixture *self, gconstpointer data)
{
  g_autoptr (GHashTable) seen = peerup_last_seen_load (self->path, NULL);
  g_autoptr (GHashTable) again = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;
  GStatBuf info;

  g_assert_cmpuint (g_hash_table_size (seen), ==, 0);
  peerup_last_seen_set (seen, self->first, 5);
  peerup_last_seen_set (seen, self->second, 1700000000);
  peerup_last_seen_set (seen, self->first, 7);
  text = peerup_last_seen_format (seen);
  g_assert_true (peerup_last_seen_write (self->path, text, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (self->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_true (g_file_get_contents (self->path, &content, NULL, NULL));
  g_assert_true (g_str_has_suffix (content, "\n" SECOND " 1700000000\n" FIRST " 7\n"));
  again = peerup_last_seen_load (self->path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (peerup_last_seen_get (again, self->first), ==, 7);
  g_assert_cmpint (peerup_last_seen_get (again, self->second), ==, 1700000000);
}

static void
test_bounded (Fixture *self, gconstpointer data)
{
  g_autoptr (GHashTable) seen = peerup_last_seen_new ();
  g_autoptr (GHashTable) again = NULL;
  g_autoptr (GBytes) text = NULL;

  for (guint i = 0; i < PEERUP_LAST_SEEN_MAX; i++)
    {
      guint8 seed[32] = { i & 0xff, i >> 8, 1 };
      g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);

      peerup_last_seen_set (seen, peerup_private_key_get_peer_id (key), 100 + i);
    }
  peerup_last_seen_set (seen, self->first, 99);
  peerup_last_seen_set (seen, self->second, 1000000);
  text = peerup_last_seen_format (seen);
  again = peerup_last_seen_parse (text, NULL);
  g_assert_cmpuint (g_hash_table_size (again), ==, PEERUP_LAST_SEEN_MAX);
  g_assert_cmpint (peerup_last_seen_get (again, self->first), ==, 0);
  g_assert_cmpint (peerup_last_seen_get (again, self->second), ==, 1000000);
}

static void
test_malformed (void)
{
  static const char *const bad[] = { FIRST,       FIRST " ",    FIRST " 0", FIRST " -1",
                                     FIRST " 1x", FIRST " 1 2", "x 1",      FIRST " 9223372036854775808",
                                     "\xff\xfe 1" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) text = g_bytes_new_static (bad[i], strlen (bad[i]));
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_last_seen_parse (text, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
test_broken_is_put_aside (Fixture *self, gconstpointer data)
{
  static const char zero[] = FIRST " 1\n\0";
  g_autoptr (GHashTable) seen = NULL;
  g_autoptr (GHashTable) again = NULL;
  g_autoptr (GError) error = NULL;

  write_text (self, zero, sizeof zero);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_MESSAGE, "*cannot be used: it is not text. It is now *.broken*");
  seen = peerup_last_seen_load (self->path, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (seen), ==, 0);
  g_assert_true (g_file_test (self->aside, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));

  /* One that was put aside before makes room. */
  write_text (self, "x", 1);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_MESSAGE, "*line 1 is not a peer ID and a time*");
  again = peerup_last_seen_load (self->path, &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_nonnull (again);
}

/* What others could have written, or lead elsewhere by, is neither read nor replaced. */
static void
test_link (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink ("/etc/passwd", self->path), ==, 0);
  g_assert_null (peerup_last_seen_load (self->path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  g_assert_false (g_file_test (self->aside, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add ("/engine/last-seen/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("kept", test_kept);
  ADD ("bounded", test_bounded);
  ADD ("broken", test_broken_is_put_aside);
  ADD ("link", test_link);
  g_test_add_func ("/engine/last-seen/malformed", test_malformed);
  return g_test_run ();
}
