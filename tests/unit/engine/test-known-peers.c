/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The file of known addresses: order, limits, and what cannot be read.
 */
#include "engine/peerup-known-peers.h"

#include <glib/gstdio.h>

#include "identity/peerup-private-key.h"

#define ID "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

typedef struct
{
  char *directory;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  self->path = g_build_filename (self->directory, "known_peers", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->path);
  g_free (self->directory);
}

static void
add (Fixture *self, const char *peer, guint first_port, guint n)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (list, peerup_multiaddr_newf ("/ip4/192.0.2.1/tcp/%u/p2p/%s", first_port + i, peer));
  g_assert_true (peerup_known_peers_add (self->path, list, &error));
  g_assert_no_error (error);
}

static GPtrArray *
load (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *list = peerup_known_peers_load (self->path, &error);

  g_assert_no_error (error);
  return list;
}

static void
assert_port (GPtrArray *list, guint index, guint port)
{
  g_autoptr (PeerupMultiaddr) expected = peerup_multiaddr_newf ("/ip4/192.0.2.1/tcp/%u/p2p/" ID, port);

  g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (list, index)), ==,
                   peerup_multiaddr_get_string (expected));
}

static void
test_latest_first (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) none = load (self);
  g_autoptr (GPtrArray) list = NULL;
  GStatBuf info;

  g_assert_cmpuint (none->len, ==, 0);
  add (self, ID, 1, 1);
  add (self, ID, 2, 2);
  add (self, ID, 1, 1);
  list = load (self);
  g_assert_cmpuint (list->len, ==, 3);
  assert_port (list, 0, 1);
  assert_port (list, 1, 3);
  assert_port (list, 2, 2);
  g_assert_cmpint (g_stat (self->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

static void
test_addresses_of_a_peer_are_bounded (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) list = NULL;

  add (self, ID, 1, PEERUP_KNOWN_PEERS_ADDRESSES_MAX + 3);
  list = load (self);
  g_assert_cmpuint (list->len, ==, PEERUP_KNOWN_PEERS_ADDRESSES_MAX);
  assert_port (list, 0, PEERUP_KNOWN_PEERS_ADDRESSES_MAX + 3);
}

static void
test_peers_are_bounded (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GPtrArray) loaded = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < PEERUP_KNOWN_PEERS_MAX + 5; i++)
    {
      guint8 seed[32] = { i & 0xff, i >> 8 };
      g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, &error);

      g_assert_no_error (error);
      g_ptr_array_add (list, peerup_multiaddr_newf ("/ip4/192.0.2.1/tcp/1/p2p/%s",
                                                    peerup_peer_id_get_string (peerup_private_key_get_peer_id (key))));
    }
  g_assert_true (peerup_known_peers_add (self->path, list, &error));
  loaded = load (self);
  g_assert_cmpuint (loaded->len, ==, PEERUP_KNOWN_PEERS_MAX);
}

static void
test_what_cannot_be_read_is_passed_over (Fixture *self, gconstpointer data)
{
  const char text[] = "# note\n\nnonsense\n/ip4/192.0.2.1/tcp/1\n/ip4/\r\n/ip4/192.0.2.1/tcp/7/p2p/" ID "\r\nx\0y";
  g_autoptr (GPtrArray) list = NULL;

  g_assert_true (g_file_set_contents_full (self->path, text, sizeof text - 1, 0, 0600, NULL));
  list = load (self);
  g_assert_cmpuint (list->len, ==, 1);
  assert_port (list, 0, 7);
}

static void
test_a_file_others_may_write_is_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents_full (self->path, "", 0, 0, 0600, NULL));
  g_assert_cmpint (g_chmod (self->path, 0622), ==, 0);
  g_assert_null (peerup_known_peers_load (self->path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
}

static void
test_path (void)
{
  g_autofree char *beside = NULL;
  g_autofree char *state = NULL;

  g_unsetenv ("STATE_DIRECTORY");
  beside = peerup_known_peers_path ("/home/x/peerup/config.yaml");
  g_assert_cmpstr (beside, ==, "/home/x/peerup/known_peers");
  g_setenv ("STATE_DIRECTORY", "/var/lib/peerup", TRUE);
  state = peerup_known_peers_path ("/etc/peerup/config.yaml");
  g_assert_cmpstr (state, ==, "/var/lib/peerup/known_peers");
  g_unsetenv ("STATE_DIRECTORY");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/known-peers/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("latest-first", test_latest_first);
  ADD ("addresses-bounded", test_addresses_of_a_peer_are_bounded);
  ADD ("peers-bounded", test_peers_are_bounded);
  ADD ("unreadable-lines", test_what_cannot_be_read_is_passed_over);
  ADD ("permissions", test_a_file_others_may_write_is_refused);
  g_test_add_func ("/known-peers/path", test_path);
  return g_test_run ();
}
