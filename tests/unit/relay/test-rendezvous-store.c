/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a relay writes down, and what it makes of it. */

#include "relay/peerup-rendezvous-store.h"

#include <sys/stat.h>

#include "rendezvous-parts.h"

typedef struct
{
  char *parent;
  char *directory;
  PeerupPeerId *inviter;
  GBytes *sealed;
  GBytes *hash;
  GPtrArray *left;
  PeerupRendezvousKept kept;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->parent = part_directory ();
  self->directory = g_build_filename (self->parent, "rendezvous", NULL);
  self->inviter = part_peer (1);
  self->sealed = part_sealed (3, 100);
  self->hash = part_hash (5);
  self->left = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_rendezvous_left_free);
  self->kept = (PeerupRendezvousKept) {
    .inviter = self->inviter,
    .number = 7,
    .expires = 1700000600,
    .pass_hash = self->hash,
    .sealed = self->sealed,
    .left = self->left,
    .by_number = TRUE,
  };
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  part_remove_directory (self->parent);
  g_free (self->parent);
  g_free (self->directory);
  peerup_peer_id_unref (self->inviter);
  g_bytes_unref (self->sealed);
  g_bytes_unref (self->hash);
  g_ptr_array_unref (self->left);
}

static void
keep (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_rendezvous_store_keep (self->directory, &self->kept, &error));
  g_assert_no_error (error);
}

static char *
get_file (Fixture *self)
{
  g_autofree char *name = g_strdup_printf ("%s-7", peerup_peer_id_get_string (self->inviter));

  return g_build_filename (self->directory, name, NULL);
}

static guint
get_mode (const char *path)
{
  struct stat buffer;

  g_assert_cmpint (stat (path, &buffer), ==, 0);
  return buffer.st_mode & 0777;
}

static void
test_round_trip (Fixture *self, gconstpointer data)
{
  g_autofree char *path = get_file (self);
  g_autoptr (GPtrArray) none = peerup_rendezvous_store_load (self->directory, 10);
  g_autoptr (GPtrArray) all = NULL;
  const PeerupRendezvousKept *read;

  g_assert_cmpuint (none->len, ==, 0);
  keep (self);
  g_ptr_array_add (self->left, peerup_rendezvous_left_new (self->inviter, self->sealed));
  keep (self);
  g_assert_cmpuint (part_count_files (self->directory), ==, 1);
  g_assert_cmphex (get_mode (path), ==, 0600);
  g_assert_cmphex (get_mode (self->directory), ==, 0700);
  all = peerup_rendezvous_store_load (self->directory, 10);
  g_assert_cmpuint (all->len, ==, 1);
  read = all->pdata[0];
  g_assert_true (peerup_peer_id_equal (read->inviter, self->inviter));
  g_assert_cmpuint (read->number, ==, 7);
  g_assert_cmpint (read->expires, ==, 1700000600);
  g_assert_true (g_bytes_equal (read->sealed, self->sealed));
  g_assert_true (g_bytes_equal (read->pass_hash, self->hash));
  g_assert_cmpuint (read->left->len, ==, 1);
  g_assert_true (read->by_number);
  peerup_rendezvous_store_forget (self->directory, &self->kept);
  peerup_rendezvous_store_forget (self->directory, &self->kept);
  g_assert_cmpuint (part_count_files (self->directory), ==, 0);
}

static guint
count_loaded (Fixture *self, guint max)
{
  g_autoptr (GPtrArray) all = peerup_rendezvous_store_load (self->directory, max);

  return all->len;
}

static void
put (Fixture *self, const char *name, gconstpointer bytes, gsize length, int mode)
{
  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, bytes, length, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

/* A file of another's name, of another's making, one that is cut off, one that is none, one that is far too long and
 * one that others can read do not count, and the rest does. */
static void
test_bad_files (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) bytes = peerup_rendezvous_kept_encode (&self->kept);
  g_autofree char *name = g_strdup_printf ("%s-8", peerup_peer_id_get_string (self->inviter));
  g_autofree char *large = g_malloc0 (1 << 20);
  const guint8 *start = g_bytes_get_data (bytes, NULL);

  keep (self);
  put (self, name, start, g_bytes_get_size (bytes), 0600);
  put (self, "other", start, g_bytes_get_size (bytes), 0600);
  put (self, "cut", start, g_bytes_get_size (bytes) - 1, 0600);
  put (self, "nothing", "", 0, 0600);
  put (self, "large", large, 1 << 20, 0600);
  g_assert_cmpuint (count_loaded (self, 10), ==, 1);
  g_assert_cmpuint (part_count_files (self->directory), ==, 6);
  name[strlen (name) - 1] = '7';
  put (self, name, start, g_bytes_get_size (bytes), 0644);
  g_assert_cmpuint (count_loaded (self, 10), ==, 0);
}

/* What a crash has left in the middle of writing. */
static void
test_leftovers (Fixture *self, gconstpointer data)
{
  keep (self);
  put (self, ".some-7.01234567.tmp", "half", 4, 0600);
  g_assert_cmpuint (count_loaded (self, 10), ==, 1);
  g_assert_cmpuint (part_count_files (self->directory), ==, 1);
}

static void
test_max (Fixture *self, gconstpointer data)
{
  for (self->kept.number = 1; self->kept.number <= 5; self->kept.number++)
    keep (self);
  g_assert_cmpuint (count_loaded (self, 4), ==, 4);
}

static void
test_cannot_write (Fixture *self, gconstpointer data)
{
  g_autofree char *in_nothing = g_build_filename (self->parent, "no", "rendezvous", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_rendezvous_store_keep (in_nothing, &self->kept, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

#define ADD(path, func) g_test_add ("/relay/rendezvous-store/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("round-trip", test_round_trip);
  ADD ("bad-files", test_bad_files);
  ADD ("leftovers", test_leftovers);
  ADD ("max", test_max);
  ADD ("cannot-write", test_cannot_write);
  return g_test_run ();
}
