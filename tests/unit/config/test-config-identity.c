/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where the identity key is, as far as files and no keyring can tell; with one it is in tests/netlab/test_keyring.py.
 */
#include "config/peerup-config-identity.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/peerup-new-device.h"
#include "fixture.h"

#define TEXT                                       \
  "version: 1\n"                                   \
  "identity:\n"                                    \
  "  key_file: identity.key # mine\n"              \
  "%s"                                             \
  "network:\n"                                     \
  "  listen_addresses: [\"/ip4/0.0.0.0/tcp/0\"]\n" \
  "security: {enable_connection_gating: true, authorized_keys_file: authorized_keys}\n"

typedef struct
{
  char *directory;
  char *path;
  char *key_file;
  PeerupPrivateKey *key;
} Fixture;

static PeerupPrivateKey *
new_key (guint8 first)
{
  guint8 seed[32] = { first };
  g_autoptr (GError) error = NULL;
  PeerupPrivateKey *key = peerup_private_key_new_from_seed (seed, &error);

  g_assert_no_error (error);
  return key;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = make_directory ();
  self->path = g_build_filename (self->directory, "config.yaml", NULL);
  self->key_file = g_build_filename (self->directory, "identity.key", NULL);
  self->key = new_key (1);
  /* No bus, whoever runs this. */
  g_setenv ("XDG_RUNTIME_DIR", self->directory, TRUE);
  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  g_setenv ("PEERUP_KEYRING", "service", TRUE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_private_key_unref (self->key);
  remove_directory (self->directory);
  g_free (self->directory);
  g_free (self->path);
  g_free (self->key_file);
}

static const char *
get_id (PeerupPrivateKey *key)
{
  return peerup_peer_id_get_string (peerup_private_key_get_peer_id (key));
}

/* (transfer full): written, with @lines under identity, and read. */
static PeerupConfig *
write_config (Fixture *self, const char *lines)
{
  g_autofree char *text = g_strdup_printf (TEXT, lines);
  g_autoptr (GError) error = NULL;
  PeerupConfig *config;

  g_assert_true (g_file_set_contents_full (self->path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  config = peerup_config_load (self->path, NULL, &error);
  g_assert_no_error (error);
  return config;
}

static void
write_key (Fixture *self, PeerupPrivateKey *key)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_key_file_create (self->key_file, key, &error));
  g_assert_no_error (error);
}

static gboolean
exists (Fixture *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_words (void)
{
  PeerupConfigKeyStore store = PEERUP_CONFIG_KEY_STORE_FILE;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (peerup_config_key_store_to_string (PEERUP_CONFIG_KEY_STORE_FILE), ==, "file");
  g_assert_true (peerup_config_key_store_parse ("keyring", &store, &error));
  g_assert_cmpint (store, ==, PEERUP_CONFIG_KEY_STORE_KEYRING);
  g_assert_false (peerup_config_key_store_parse ("pocket", &store, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

static void
test_in_file (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupConfig) config = write_config (self, "");
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_config_identity_load (config, FALSE, NULL, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "“peerup identity file”"));
  g_clear_error (&error);
  write_key (self, self->key);
  key = peerup_config_identity_load (config, FALSE, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (get_id (key), ==, get_id (self->key));
  peer = peerup_config_identity_load_peer (config, FALSE, &error);
  g_assert_cmpstr (peerup_peer_id_get_string (peer), ==, get_id (self->key));
}

static void
test_no_keyring (Fixture *self, gconstpointer data)
{
  g_autofree char *lines = g_strdup_printf ("  key_store: keyring\n  peer_id: %s\n", get_id (self->key));
  g_autoptr (PeerupConfig) config = write_config (self, lines);
  g_autoptr (PeerupPrivateKey) key = NULL, other = new_key (2);
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *note = NULL;

  g_assert_null (peerup_config_identity_load (config, FALSE, NULL, &note, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "no session bus"));
  g_assert_nonnull (strstr (error->message, self->path));
  g_assert_null (note);
  g_clear_error (&error);
  g_assert_false (exists (self, "identity.key"));
  /* Who it is the file says. */
  peer = peerup_config_identity_load_peer (config, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (peerup_peer_id_get_string (peer), ==, get_id (self->key));
  /* Somebody else's key is none. */
  write_key (self, other);
  g_assert_null (peerup_config_identity_load (config, FALSE, NULL, &note, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_clear_error (&error);
  g_assert_cmpint (g_unlink (self->key_file), ==, 0);
  write_key (self, self->key);
  key = peerup_config_identity_load (config, FALSE, NULL, &note, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (get_id (key), ==, get_id (self->key));
  g_assert_nonnull (strstr (note, "“peerup identity keyring” moves it there"));
}

/* Each end of a move, where the other cannot be reached: the key is where the configuration says, and the mark stays.
 */
static void
test_half_moved (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupConfig) config = write_config (self, "");
  g_autoptr (PeerupConfig) moved = NULL;
  g_autofree char *lines = g_strdup_printf ("  key_store: keyring\n  peer_id: %s\n", get_id (self->key));
  g_autofree char *mark = g_build_filename (self->directory, ".identity.key.moving", NULL);
  g_autofree char *unfinished = g_build_filename (self->directory, ".identity.key.0123.tmp", NULL);
  PeerupPeerId *peer = peerup_private_key_get_peer_id (self->key);
  g_autoptr (GError) error = NULL;

  write_key (self, self->key);
  g_assert_false (peerup_config_identity_is_marked (config));
  g_assert_true (peerup_config_identity_settle (config, peer, FALSE, NULL, &error));
  g_assert_false (peerup_config_identity_put (config, self->key, PEERUP_CONFIG_KEY_STORE_KEYRING, FALSE, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_clear_error (&error);
  /* Nothing was put there, and so there is nothing to clear away. */
  g_assert_false (peerup_config_identity_is_marked (config));
  g_assert_true (g_file_set_contents (mark, "", 0, NULL));
  g_assert_true (peerup_config_identity_is_marked (config));
  g_assert_false (peerup_config_identity_settle (config, peer, FALSE, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_clear_error (&error);
  /* As it would be between the change of the configuration and the end: the file is not taken away on trust. */
  moved = write_config (self, lines);
  g_assert_false (peerup_config_identity_settle (moved, peer, FALSE, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_clear_error (&error);
  g_assert_true (exists (self, "identity.key"));
  /* A file that is not ours is left, and what was being written is not. */
  g_assert_cmpint (g_unlink (self->key_file), ==, 0);
  g_assert_true (g_file_set_contents (unfinished, "part of a key", -1, NULL));
  g_assert_true (g_file_set_contents (self->key_file, "something else", -1, NULL));
  g_assert_true (peerup_config_identity_settle (moved, peer, FALSE, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (exists (self, "identity.key"));
  g_assert_false (exists (self, ".identity.key.0123.tmp"));
  g_assert_false (peerup_config_identity_is_marked (moved));
}

static void
test_to_file (Fixture *self, gconstpointer data)
{
  g_autofree char *lines = g_strdup_printf ("  key_store: keyring\n  peer_id: %s\n", get_id (self->key));
  g_autoptr (PeerupConfig) config = write_config (self, lines);
  g_autoptr (PeerupPrivateKey) other = new_key (2);
  g_autoptr (GError) error = NULL;
  struct stat info;

  g_assert_true (peerup_config_identity_put (config, self->key, PEERUP_CONFIG_KEY_STORE_FILE, FALSE, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (stat (self->key_file, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  /* Again, and then in the way of another one. */
  g_assert_true (peerup_config_identity_put (config, self->key, PEERUP_CONFIG_KEY_STORE_FILE, FALSE, NULL, &error));
  g_assert_false (peerup_config_identity_put (config, other, PEERUP_CONFIG_KEY_STORE_FILE, FALSE, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
}

static void
test_edit (Fixture *self, gconstpointer data)
{
  g_autofree char *plain = g_strdup_printf (TEXT, "");
  g_autofree char *quoted = g_strdup_printf ("  key_store: \"keyring\"\n  peer_id: \"%s\"\n", get_id (self->key));
  g_autofree char *moved = g_strdup_printf (TEXT, quoted);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_new_from_data (plain, strlen (plain), self->path, &error);
  PeerupPeerId *peer = peerup_private_key_get_peer_id (self->key);

  g_assert_no_error (error);
  /* Twice, as after a crash. */
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (peerup_config_identity_edit (edit, peer, PEERUP_CONFIG_KEY_STORE_KEYRING, &error));
      g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, moved);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (peerup_config_identity_edit (edit, peer, PEERUP_CONFIG_KEY_STORE_FILE, &error));
      g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, plain);
    }
}

/* Without an engine: nothing is changed where it cannot be. */
static void
test_move_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupConfig) config = write_config (self, "");
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  gboolean moved = TRUE;

  write_key (self, self->key);
  g_assert_true (g_file_get_contents (self->path, &before, NULL, NULL));
  g_assert_false (peerup_config_identity_move (self->path, PEERUP_CONFIG_KEY_STORE_KEYRING, NULL, &moved, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_false (moved);
  g_assert_true (g_file_get_contents (self->path, &after, NULL, NULL));
  g_assert_cmpstr (before, ==, after);
  g_assert_true (exists (self, "identity.key"));
}

/* One at a time, also of one process. */
static void
test_lock (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupConfig) config = write_config (self, "");
  g_autoptr (GError) error = NULL;
  gboolean moved = FALSE;
  int lock = peerup_config_identity_lock (config, &error);

  g_assert_no_error (error);
  g_assert_cmpint (lock, >=, 0);
  g_assert_cmpint (peerup_config_identity_lock (config, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_clear_error (&error);
  write_key (self, self->key);
  g_assert_false (peerup_config_identity_move (self->path, PEERUP_CONFIG_KEY_STORE_FILE, NULL, &moved, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_clear_error (&error);
  close (lock);
  lock = peerup_config_identity_lock (config, &error);
  g_assert_no_error (error);
  close (lock);
}

/* Where the configuration is lost, and the key is in the keyring. */
static void
test_no_second_identity (Fixture *self, gconstpointer data)
{
  const char *traces[] = { "identity.key.moved", "identity.key.sealed" };

  for (guint i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      g_autofree char *trace = g_build_filename (self->directory, traces[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupPrivateKey) key = NULL;
      g_autoptr (PeerupConfig) config = NULL;

      g_assert_true (g_file_set_contents (trace, "x", 1, NULL));
      config = peerup_new_device_make (self->path, 0, NULL, NULL, &key, &error);
      g_assert_null (config);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
      g_assert_nonnull (strstr (error->message, traces[i]));
      g_assert_false (exists (self, "identity.key"));
      g_assert_false (exists (self, "config.yaml"));
      g_assert_cmpint (unlink (trace), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/identity/words", test_words);
  g_test_add ("/config/identity/in-file", Fixture, NULL, set_up, test_in_file, tear_down);
  g_test_add ("/config/identity/no-keyring", Fixture, NULL, set_up, test_no_keyring, tear_down);
  g_test_add ("/config/identity/half-moved", Fixture, NULL, set_up, test_half_moved, tear_down);
  g_test_add ("/config/identity/to-file", Fixture, NULL, set_up, test_to_file, tear_down);
  g_test_add ("/config/identity/edit", Fixture, NULL, set_up, test_edit, tear_down);
  g_test_add ("/config/identity/move-fails", Fixture, NULL, set_up, test_move_fails, tear_down);
  g_test_add ("/config/identity/lock", Fixture, NULL, set_up, test_lock, tear_down);
  g_test_add ("/config/identity/no-second", Fixture, NULL, set_up, test_no_second_identity, tear_down);
  return g_test_run ();
}
