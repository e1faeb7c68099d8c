/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where the identity key is, read and changed. At every moment of a move the place that the configuration on disk
 * names has the key: it is put to the new one first, and taken from the old one last. Holds nothing between calls.
 */
#include "config/peerup-config-identity.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "identity/peerup-atomic-file.h"
#include "identity/peerup-file-lock.h"
#include "keyring/peerup-keyring.h"

static const char *const stores[] = { "file", "keyring" };

const char *
peerup_config_key_store_to_string (PeerupConfigKeyStore store)
{
  return stores[store];
}

gboolean
peerup_config_key_store_parse (const char *text, PeerupConfigKeyStore *store, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    if (g_str_equal (text, stores[i]))
      {
        *store = i;
        return TRUE;
      }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               _ ("an identity key is kept in “file” or in “keyring”, and not in “%s”"), text);
  return FALSE;
}

/* Reading */

/* (nullable): the key file, if it is @peer's (nullable: whosever). */
static PeerupPrivateKey *
load_file_of (const char *path, PeerupPeerId *peer, GError **error)
{
  g_autoptr (PeerupPrivateKey) key = peerup_key_file_load (path, error);

  if (key == NULL || peer == NULL || peerup_peer_id_equal (peerup_private_key_get_peer_id (key), peer))
    return g_steal_pointer (&key);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, _ ("%s has the key of %s, and this device is %s"), path,
               peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)), peerup_peer_id_get_string (peer));
  return NULL;
}

static PeerupPrivateKey *
load_file (PeerupConfig *config, GError **error)
{
  PeerupPrivateKey *key = peerup_key_file_load (peerup_config_get_key_file (config), error);

  if (key == NULL && error != NULL && g_error_matches (*error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    {
      g_autofree char *reason = g_strdup ((*error)->message);

      g_clear_error (error);
      g_set_error (
        error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
        _ ("%s: it is the identity of this device. Put a copy of it back; if it was moved to the login keyring, "
           "“peerup identity file” gets it from there"),
        reason);
    }
  return key;
}

static void
explain (PeerupConfig *config, GError **error, GError *reason)
{
  if (reason->domain == PEERUP_ERROR)
    g_set_error (
      error, PEERUP_ERROR, reason->code,
      _ ("The identity key of this device is in the login keyring, as identity.key_store in %s says, and cannot "
         "be read: %s"),
      peerup_config_get_path (config), reason->message);
  else
    g_propagate_error (error, g_error_copy (reason));
}

PeerupPrivateKey *
peerup_config_identity_load (PeerupConfig *config, gboolean ask, GCancellable *cancellable, char **note, GError **error)
{
  const char *path = peerup_config_get_key_file (config);
  PeerupPeerId *peer = peerup_config_get_identity_peer (config);
  g_autoptr (GError) reason = NULL;
  PeerupPrivateKey *key;

  if (note != NULL)
    *note = NULL;
  if (peerup_config_get_key_store (config) == PEERUP_CONFIG_KEY_STORE_FILE)
    return load_file (config, error);
  key = peerup_keyring_load (path, peer, ask, cancellable, &reason);
  if (key != NULL)
    return key;
  if (reason->domain == PEERUP_ERROR)
    key = load_file_of (path, peer, NULL);
  if (key == NULL)
    explain (config, error, reason);
  else if (note != NULL)
    *note =
      g_strdup_printf (_ ("The identity key was read from %s, for the login keyring does not have it as "
                          "identity.key_store says: %s. “peerup identity keyring” moves it there, “peerup identity "
                          "file” leaves it where it is"),
                       path, reason->message);
  return key;
}

PeerupPeerId *
peerup_config_identity_load_peer (PeerupConfig *config, gboolean ask, GError **error)
{
  g_autoptr (PeerupPrivateKey) key = NULL;

  if (peerup_config_get_key_store (config) != PEERUP_CONFIG_KEY_STORE_FILE &&
      peerup_config_get_identity_peer (config) != NULL)
    return peerup_peer_id_ref (peerup_config_get_identity_peer (config));
  key = peerup_config_identity_load (config, ask, NULL, NULL, error);
  return key != NULL ? peerup_peer_id_ref (peerup_private_key_get_peer_id (key)) : NULL;
}

/* The mark */

static char *
dup_mark (PeerupConfig *config)
{
  g_autofree char *directory = g_path_get_dirname (peerup_config_get_key_file (config));
  g_autofree char *name = g_path_get_basename (peerup_config_get_key_file (config));
  g_autofree char *hidden = g_strdup_printf (".%s.moving", name);

  return g_build_filename (directory, hidden, NULL);
}

gboolean
peerup_config_identity_is_marked (PeerupConfig *config)
{
  g_autofree char *mark = dup_mark (config);

  return g_file_test (mark, G_FILE_TEST_EXISTS);
}

static gboolean
mark_move (PeerupConfig *config, PeerupPeerId *peer, GError **error)
{
  g_autofree char *mark = dup_mark (config);
  g_autofree char *text =
    g_strdup_printf ("The identity key of %s is being moved; the next start of Peer-Up ends that, and removes this.\n",
                     peerup_peer_id_get_string (peer));

  return peerup_own_file_replace (mark, text, strlen (text), error);
}

/* Gone for good before anything that follows. */
static gboolean
remove_file (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofd int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if ((unlink (path) == 0 || errno == ENOENT) && (fd < 0 || fsync (fd) == 0))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), _ ("cannot remove %s: %s"), path,
               g_strerror (errno));
  return FALSE;
}

/* For when the configuration is lost, and nothing else says where the key is. */
static char *
dup_note (const char *key_file)
{
  return g_strconcat (key_file, ".moved", NULL);
}

static gboolean
write_note (const char *key_file, PeerupPeerId *peer, GError **error)
{
  g_autofree char *note = dup_note (key_file);
  g_autofree char *text = g_strdup_printf (
    "The identity key of %s is in the login keyring, as identity.key_store says in the configuration.\n"
    "While this file is here, no other identity is made.\n",
    peerup_peer_id_get_string (peer));

  return peerup_own_file_replace (note, text, strlen (text), error);
}

char *
peerup_config_identity_find_moved (const char *key_file)
{
  g_autofree char *note = dup_note (key_file);
  g_autofree char *sealed = g_strconcat (key_file, ".sealed", NULL);

  if (g_file_test (note, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&note);
  return g_file_test (sealed, G_FILE_TEST_EXISTS) ? g_steal_pointer (&sealed) : NULL;
}

int
peerup_config_identity_lock (PeerupConfig *config, GError **error)
{
  const char *path = peerup_config_get_key_file (config);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofd int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), _ ("cannot lock %s: %s"), path,
                   g_strerror (errno));
      return -1;
    }
  return peerup_file_lock_take (fd, 0, path, error) ? g_steal_fd (&fd) : -1;
}

/* Nothing was moved after all. Best effort: a mark too many costs a look at the next start. */
static void
unmark (PeerupConfig *config)
{
  g_autofree char *mark = dup_mark (config);

  if (!remove_file (mark, NULL))
    g_debug ("%s stays", mark);
}

/* Moving */

static gboolean
put_file (const char *path, PeerupPrivateKey *key, gboolean *begun, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupPrivateKey) present = load_file_of (path, peerup_private_key_get_peer_id (key), &reason);

  if (present != NULL)
    return TRUE;
  if (g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    {
      *begun = TRUE;
      return peerup_key_file_create (path, key, error);
    }
  if (reason->domain != PEERUP_ERROR)
    return g_propagate_error (error, g_steal_pointer (&reason)), FALSE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
               _ ("%s. Nothing is overwritten: move that file away, and try again"), reason->message);
  return FALSE;
}

gboolean
peerup_config_identity_put (PeerupConfig *config, PeerupPrivateKey *key, PeerupConfigKeyStore to, gboolean ask,
                            GCancellable *cancellable, GError **error)
{
  const char *path = peerup_config_get_key_file (config);
  gboolean marked = peerup_config_identity_is_marked (config), begun = FALSE;

  if (!mark_move (config, peerup_private_key_get_peer_id (key), error))
    return FALSE;
  if (to == PEERUP_CONFIG_KEY_STORE_FILE ? put_file (path, key, &begun, error)
                                         : peerup_keyring_store (path, key, ask, cancellable, &begun, error))
    return TRUE;
  if (!marked && !begun)
    unmark (config);
  return FALSE;
}

static gboolean
forget (PeerupConfigEdit *edit, const char *name, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (peerup_config_edit_set (edit, name, NULL, &reason) ||
      g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
peerup_config_identity_edit (PeerupConfigEdit *edit, PeerupPeerId *peer, PeerupConfigKeyStore to, GError **error)
{
  if (to == PEERUP_CONFIG_KEY_STORE_FILE)
    return forget (edit, "identity.key_store", error) && forget (edit, "identity.peer_id", error);
  return peerup_config_edit_set (edit, "identity.key_store", stores[to], error) &&
         peerup_config_edit_set (edit, "identity.peer_id", peerup_peer_id_get_string (peer), error);
}

/* Of a key file that was being written when the process was killed. Best effort: nothing reads them. */
static void
remove_unfinished (PeerupConfig *config)
{
  g_autofree char *directory = g_path_get_dirname (peerup_config_get_key_file (config));
  g_autofree char *name = g_path_get_basename (peerup_config_get_key_file (config));
  g_autofree char *prefix = g_strdup_printf (".%s.", name);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *entry;

  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (entry, prefix) && g_str_has_suffix (entry, ".tmp"))
      {
        g_autofree char *path = g_build_filename (directory, entry, NULL);

        (void) unlink (path);
      }
}

/* A file of somebody else's is not ours to remove. */
static gboolean
settle_in_keyring (PeerupConfig *config, PeerupPeerId *peer, gboolean ask, GCancellable *cancellable, GError **error)
{
  const char *path = peerup_config_get_key_file (config);
  g_autoptr (PeerupPrivateKey) left = load_file_of (path, peer, NULL);
  g_autoptr (PeerupPrivateKey) kept = NULL;

  if (left == NULL)
    return TRUE;
  kept = peerup_keyring_load (path, peer, ask, cancellable, error);
  return kept != NULL && write_note (path, peer, error) && remove_file (path, error);
}

static gboolean
settle_in_file (PeerupConfig *config, PeerupPeerId *peer, gboolean ask, GCancellable *cancellable, GError **error)
{
  const char *path = peerup_config_get_key_file (config);
  g_autoptr (PeerupPrivateKey) kept = load_file_of (path, peer, error);
  g_autofree char *note = dup_note (path);

  return kept != NULL && peerup_keyring_erase (path, peer, ask, cancellable, error) && remove_file (note, error);
}

gboolean
peerup_config_identity_settle (PeerupConfig *config, PeerupPeerId *peer, gboolean ask, GCancellable *cancellable,
                               GError **error)
{
  g_autofree char *mark = dup_mark (config);

  if (!peerup_config_identity_is_marked (config))
    return TRUE;
  if (peerup_config_get_key_store (config) == PEERUP_CONFIG_KEY_STORE_KEYRING
        ? !settle_in_keyring (config, peer, ask, cancellable, error)
        : !settle_in_file (config, peer, ask, cancellable, error))
    return FALSE;
  remove_unfinished (config);
  return remove_file (mark, error);
}

/* Without an engine */

/* What was done so far is taken back, or to its end: whichever the file on disk says. */
static void
give_up (const char *config_path, PeerupPeerId *peer)
{
  g_autoptr (PeerupConfig) config = peerup_config_load (config_path, NULL, NULL);
  g_autoptr (GError) error = NULL;

  if (config != NULL && !peerup_config_identity_settle (config, peer, FALSE, NULL, &error))
    g_debug ("Left to the next start: %s", error->message);
}

static gboolean
edit_file (const char *config_path, PeerupPeerId *peer, PeerupConfigKeyStore to, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_open (config_path, error);

  if (edit == NULL)
    return FALSE;
  peerup_config_edit_set_cause (edit, to == PEERUP_CONFIG_KEY_STORE_FILE ? "identity file" : "identity keyring");
  return peerup_config_identity_edit (edit, peer, to, error) && peerup_config_edit_commit (edit, error);
}

/* Also where the file says “file”, and only the keyring has the key: who goes back to an old configuration has that. */
static PeerupPrivateKey *
load_anywhere (PeerupConfig *config, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GError) ignored = NULL;
  PeerupPrivateKey *key = peerup_config_identity_load (config, TRUE, cancellable, NULL, &reason);

  if (key == NULL && peerup_config_get_key_store (config) == PEERUP_CONFIG_KEY_STORE_FILE &&
      g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    key = peerup_keyring_load (peerup_config_get_key_file (config), peerup_config_get_identity_peer (config), TRUE,
                               cancellable, &ignored);
  if (key == NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  return key;
}

gboolean
peerup_config_identity_move (const char *config_path, PeerupConfigKeyStore to, GCancellable *cancellable,
                             gboolean *moved, GError **error)
{
  g_autoptr (PeerupConfig) config = peerup_config_load (config_path, NULL, error);
  g_autoptr (PeerupConfig) changed = NULL;
  g_autofd int lock = config != NULL ? peerup_config_identity_lock (config, error) : -1;
  g_autoptr (PeerupPrivateKey) key = lock >= 0 ? load_anywhere (config, cancellable, error) : NULL;
  PeerupPeerId *peer = key != NULL ? peerup_private_key_get_peer_id (key) : NULL;

  *moved = FALSE;
  if (key == NULL)
    return FALSE;
  if (!peerup_config_identity_put (config, key, to, TRUE, cancellable, error) ||
      !edit_file (config_path, peer, to, error))
    {
      give_up (config_path, peer);
      return FALSE;
    }
  *moved = peerup_config_get_key_store (config) != to;
  changed = peerup_config_load (config_path, NULL, error);
  return changed != NULL && peerup_config_identity_settle (changed, peer, TRUE, cancellable, error);
}
