/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * authorized_keys on disk: read, and read-edit-replace under a lock. Stateless, blocking.
 * The lock is a file of its own, because the file itself is replaced by each edit. Refuses a
 * file that other users can write: whoever can write it decides who may connect.
 */
#include "trust/peerup-authorized-keys-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/peerup-atomic-file.h"
#include "identity/peerup-file-lock.h"

#define OTHERS_WRITE 0022

PeerupAuthorizedKeys *
peerup_authorized_keys_file_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer text;
  gsize length;

  g_return_val_if_fail (path != NULL, NULL);

  bytes = peerup_private_file_read (path, OTHERS_WRITE, PEERUP_AUTHORIZED_KEYS_MAX, error);
  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &length);
  return peerup_authorized_keys_parse (text, length);
}

/* root working on a user's files must not lock the user out of them. */
static void
give_to_owner_of (int fd, const char *directory)
{
  struct stat info;

  if (geteuid () == 0 && stat (directory, &info) == 0 && fchown (fd, info.st_uid, info.st_gid) != 0)
    g_debug ("cannot give the lock in %s to its owner: %s", directory, g_strerror (errno));
}

/* The lock lasts until the descriptor is closed; -1 on error. */
static int
take_lock (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *lock_name = g_strdup_printf (".%s.lock", name);
  g_autofree char *lock_path = g_build_filename (directory, lock_name, NULL);
  g_autofd int fd = open (lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    {
      int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("cannot lock %s: %s"), path,
                   g_strerror (code));
      return -1;
    }
  give_to_owner_of (fd, directory);
  if (!peerup_file_lock_take (fd, peerup_file_lock_get_timeout (), path, error))
    return -1;
  return g_steal_fd (&fd);
}

char *
peerup_authorized_keys_file_resolve (const char *path)
{
  char *real = realpath (path, NULL);
  char *copy = g_strdup (real != NULL ? real : path);

  free (real);
  return copy;
}

static PeerupAuthorizedKeys *
load_or_create (const char *path, gboolean create, GError **error)
{
  g_autoptr (GError) local = NULL;
  PeerupAuthorizedKeys *keys = peerup_authorized_keys_file_load (path, &local);

  if (keys == NULL && create && g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return peerup_authorized_keys_parse (NULL, 0);
  if (keys == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return keys;
}

gboolean
peerup_authorized_keys_file_edit (const char *path, gboolean create, PeerupAuthorizedKeysEdit edit, gpointer user_data,
                                  GError **error)
{
  g_autofree char *target = NULL;
  g_autofd int lock = -1;
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer text;
  gsize length;

  g_return_val_if_fail (path != NULL && edit != NULL, FALSE);

  /* One file has one lock, whatever links lead to it. */
  target = peerup_authorized_keys_file_resolve (path);
  lock = take_lock (target, error);
  if (lock < 0)
    return FALSE;
  keys = load_or_create (target, create, error);
  if (keys == NULL || !edit (keys, user_data, error))
    return FALSE;
  bytes = peerup_authorized_keys_to_bytes (keys);
  text = g_bytes_get_data (bytes, &length);
  if (length > PEERUP_AUTHORIZED_KEYS_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("%s would be larger than %d bytes"), path,
                   PEERUP_AUTHORIZED_KEYS_MAX);
      return FALSE;
    }
  return peerup_atomic_file_replace (target, text, length, error);
}

typedef struct
{
  const PeerupPeerId *peer;
  const char *key;
  const char *text;
  gint64 expires;
} Change;

static gboolean
apply_add (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error)
{
  const Change *change = user_data;
  g_autofree char *expires = NULL;

  if (!peerup_authorized_keys_add (keys, change->peer, change->text, error))
    return FALSE;
  if (change->expires == PEERUP_EXPIRES_NEVER)
    return TRUE;
  expires = peerup_expires_format (change->expires);
  return peerup_authorized_keys_set (keys, change->peer, PEERUP_AUTHORIZED_KEYS_EXPIRES, expires != NULL ? expires : "",
                                     error);
}

static gboolean
apply_remove (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error)
{
  const Change *change = user_data;

  return peerup_authorized_keys_remove (keys, change->peer, error);
}

static gboolean
apply_set (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error)
{
  const Change *change = user_data;

  return peerup_authorized_keys_set (keys, change->peer, change->key, change->text, error);
}

gboolean
peerup_authorized_keys_file_add (const char *path, const PeerupPeerId *peer, const char *comment, gint64 expires,
                                 GError **error)
{
  Change change = { .peer = peer, .text = comment, .expires = expires };

  g_return_val_if_fail (peer != NULL, FALSE);

  return peerup_authorized_keys_file_edit (path, TRUE, apply_add, &change, error);
}

gboolean
peerup_authorized_keys_file_remove (const char *path, const PeerupPeerId *peer, GError **error)
{
  Change change = { .peer = peer };

  g_return_val_if_fail (peer != NULL, FALSE);

  return peerup_authorized_keys_file_edit (path, FALSE, apply_remove, &change, error);
}

gboolean
peerup_authorized_keys_file_set (const char *path, const PeerupPeerId *peer, const char *key, const char *value,
                                 GError **error)
{
  Change change = { .peer = peer, .key = key, .text = value };

  g_return_val_if_fail (peer != NULL && key != NULL, FALSE);

  return peerup_authorized_keys_file_edit (path, FALSE, apply_set, &change, error);
}
