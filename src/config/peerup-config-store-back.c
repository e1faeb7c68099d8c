/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The lock of a store, the way back, and what a start makes of what a crash has left. The way back is one rename: it
 * works where the disk is full.
 */
#include "config/peerup-config-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/peerup-file-lock.h"
#include "identity/peerup-atomic-file.h"

/* The lock */

static gboolean
fail_errno (GError **error, int code, const char *what, const char *path)
{
  g_set_error (error, PEERUP_ERROR,
               code == EACCES || code == EPERM || code == EROFS ? PEERUP_ERROR_PERMISSION : PEERUP_ERROR_CONFIG,
               _ ("cannot %s %s: %s; the configuration stays as it is"), what, path, g_strerror (code));
  return FALSE;
}

/* Root that works on a user's files must not lock the user out of them. */
static void
give_to_owner (int fd, const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);
  struct stat info;

  if (geteuid () == 0 && stat (parent, &info) == 0 && info.st_uid != 0 && fchown (fd, info.st_uid, info.st_gid) != 0)
    g_debug ("%s stays root's: %s", path, g_strerror (errno));
}

/* -1 without an error if somebody else has put another directory there. */
static int
open_locked (const char *path, GError **error)
{
  gboolean made = g_mkdir (path, 0700) == 0;
  int code = made ? 0 : errno;
  g_autofd int fd = -1;
  struct stat ours, theirs;

  if (code != 0 && code != EEXIST)
    return fail_errno (error, code, _ ("make the directory"), path), -1;
  fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &ours) != 0)
    return fail_errno (error, errno, "open", path), -1;
  if (made)
    give_to_owner (fd, path);
  if ((ours.st_mode & 0077) != 0 && fchmod (fd, 0700) != 0)
    return fail_errno (error, errno, _ ("keep others out of"), path), -1;
  if (!peerup_file_lock_take (fd, peerup_file_lock_get_timeout (), path, error))
    return -1;
  if (stat (path, &theirs) != 0 || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
    return -1;
  return g_steal_fd (&fd);
}

/* ".NAME.12345678.tmp", as peerup-atomic-file.c makes them. */
static gboolean
is_temporary_of (const char *name, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *prefix = g_strdup_printf (".%s.", base);
  gsize length = strlen (prefix);

  return g_str_has_prefix (name, prefix) && strlen (name) == length + 8 + strlen (".tmp") &&
         strspn (name + length, "0123456789abcdef") == 8 && strcmp (name + length + 8, ".tmp") == 0;
}

/* What a crash has left of the files beside the configuration: all who write them hold the lock. Best effort. */
static void
sweep (PeerupConfigStore *self)
{
  const char *paths[] = { self->path, self->pending, self->backup, self->last_good, self->replaced };
  g_autofree char *directory = g_path_get_dirname (self->path);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
      if (is_temporary_of (name, paths[i]))
        {
          g_autofree char *path = g_build_filename (directory, name, NULL);

          (void) g_unlink (path);
        }
}

gboolean
peerup_config_store_lock (PeerupConfigStore *self, PeerupConfigLock *lock, GError **error)
{
  g_autoptr (GError) reason = NULL;

  while (lock->directory < 0 && reason == NULL)
    lock->directory = open_locked (self->history, &reason);
  if (reason == NULL)
    {
      sweep (self);
      /* A record of ours that is open to others is ours still: without it, nothing would go back. */
      peerup_own_file_close_to_others (self->pending);
    }
  if (reason == NULL)
    lock->file = peerup_config_file_lock (self->path, &reason);
  if (reason == NULL || g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

void
peerup_config_lock_clear (PeerupConfigLock *lock)
{
  g_clear_pointer (&lock->file, peerup_config_file_free);
  g_clear_fd (&lock->directory, NULL);
}

/* Files */

static void
sync_directory_of (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofd int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0 || fsync (fd) != 0)
    g_debug ("cannot sync %s: %s", directory, g_strerror (errno));
}

void
peerup_config_store_remove (const char *path)
{
  if (g_unlink (path) == 0)
    sync_directory_of (path);
}

static gboolean
is_there (const char *path)
{
  struct stat info;

  return lstat (path, &info) == 0;
}

/* Where a record says that the configuration before is; NULL record: where it always is. */
static char *
dup_backup_path (PeerupConfigStore *self, const PeerupConfigPending *pending)
{
  g_autofree char *directory = g_path_get_dirname (self->path);

  return pending != NULL ? g_build_filename (directory, pending->backup, NULL) : g_strdup (self->backup);
}

static char *
read_backup (const char *path, gsize *length, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_own_file_read (path, PEERUP_CONFIG_MAX_SIZE, error);
  const char *data;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, length);
  return g_strndup (data != NULL ? data : "", *length);
}

/* What somebody else has put there is no reason to change anything; what is damaged is ours, as is what was open to
 * others before it was locked. */
static gboolean
load_ours (PeerupConfigStore *self, PeerupConfigPending **pending, GError **error)
{
  g_autoptr (GError) reason = NULL;

  *pending = peerup_config_pending_load (self->path, &reason);
  if (!g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_PERMISSION))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* The way back */

static gboolean
move_into_place (PeerupConfigStore *self, PeerupConfigLock *lock, const char *backup, const char *text, gsize length,
                 GError **error)
{
  const char *target = lock->file != NULL ? lock->file->path : self->path;

  /* What others can read would do to go back to, but not as a configuration. */
  peerup_own_file_close_to_others (backup);
  if (rename (backup, target) == 0)
    {
      sync_directory_of (target);
      return TRUE;
    }
  /* A symbolic link may lead to another file system. */
  if (errno == EXDEV)
    return peerup_config_store_write (target, text, length, error);
  return fail_errno (error, errno, _ ("bring back"), self->path);
}

/* Without the file that was meant for it. */
static gboolean
go_back_to_last_good (PeerupConfigStore *self, PeerupConfigLock *lock, GError *reason, GError **error)
{
  g_autoptr (GPtrArray) entries = peerup_config_history_list (self->history, NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      gsize length;
      g_autofree char *text = peerup_config_history_read (self->history, entries->pdata[i], &length, NULL);

      if (text == NULL || !peerup_config_store_holds (self, text, length, NULL) ||
          (lock->file != NULL && lock->file->length == length && memcmp (lock->file->text, text, length) == 0))
        continue;
      peerup_config_store_save_replaced (self, lock);
      g_error_free (reason);
      return peerup_config_store_write (self->path, text, length, error);
    }
  g_propagate_error (error, reason);
  return FALSE;
}

/* Whether what waits to be confirmed is not in place: it never came there, or is taken back. */
static gboolean
is_over (PeerupConfigLock *lock, const PeerupConfigPending *pending, const char *backup, gsize length)
{
  g_autofree char *hash = NULL;

  if (lock->file == NULL)
    return FALSE;
  if (backup != NULL)
    return lock->file->length == length && memcmp (lock->file->text, backup, length) == 0;
  /* The way back removes that file by its one step. */
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, lock->file->text, lock->file->length);
  return pending != NULL && pending->hash != NULL && strcmp (pending->hash, hash) != 0;
}

static gboolean
end_waiting (PeerupConfigStore *self, GError **error)
{
  peerup_config_store_end_waiting (self);
  if (!is_there (self->pending))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               _ ("cannot remove %s: make its directory writable and try again"), self->pending);
  return FALSE;
}

gboolean
peerup_config_store_go_back (PeerupConfigStore *self, PeerupConfigLock *lock, GError **error)
{
  g_autoptr (PeerupConfigPending) pending = NULL;
  g_autofree char *backup = NULL;
  GError *reason = NULL;
  gsize length = 0;
  g_autofree char *text = NULL;

  if (!load_ours (self, &pending, error))
    return FALSE;
  backup = dup_backup_path (self, pending);
  text = read_backup (backup, &length, &reason);
  /* Who was killed after the one step has left the record: to go back once more would be too far. */
  if (is_over (lock, pending, text, length))
    {
      g_clear_error (&reason);
      return end_waiting (self, error);
    }
  if (text == NULL || !peerup_config_store_holds (self, text, length, &reason))
    {
      g_prefix_error (&reason, _ ("there is no good configuration to go back to: "));
      if (!go_back_to_last_good (self, lock, reason, error))
        return FALSE;
    }
  else
    {
      peerup_config_store_save_replaced (self, lock);
      if (!move_into_place (self, lock, backup, text, length, error))
        return FALSE;
    }
  return end_waiting (self, error);
}

/* A start */

static PeerupConfigRecovery
recover_locked (PeerupConfigStore *self, PeerupConfigLock *lock, const PeerupConfigNow *now, char **story,
                GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupConfigPending) pending = NULL;
  g_autofree char *backup = NULL;
  gsize length = 0;
  g_autofree char *text = NULL;
  gboolean holds;

  if (!load_ours (self, &pending, error))
    return PEERUP_CONFIG_RECOVERY_KEPT;
  backup = dup_backup_path (self, pending);
  text = read_backup (backup, &length, NULL);
  if (is_over (lock, pending, text, length))
    {
      peerup_config_store_end_waiting (self);
      return PEERUP_CONFIG_RECOVERY_NONE;
    }
  holds = lock->file != NULL && peerup_config_store_holds (self, lock->file->text, lock->file->length, NULL);
  if (pending != NULL && holds && peerup_config_pending_get_remaining (pending, now) > 0)
    return PEERUP_CONFIG_RECOVERY_WAITS;
  if (peerup_config_store_go_back (self, lock, &reason))
    {
      *story =
        g_strdup_printf (_ (
                           "the last change of %s was not confirmed in time and is taken back; its text is kept in %s"),
                         self->path, self->replaced);
      return PEERUP_CONFIG_RECOVERY_REVERTED;
    }
  if (holds)
    *story = g_strdup_printf (_ ("the last change of %s was not confirmed in time, but stays: %s"), self->path,
                              reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return PEERUP_CONFIG_RECOVERY_KEPT;
}

gboolean
peerup_config_store_recover (PeerupConfigStore *self, const PeerupConfigNow *now, PeerupConfigRecovery *recovery,
                             char **story, GError **error)
{
  g_auto (PeerupConfigLock) lock = PEERUP_CONFIG_LOCK_INIT;
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (self != NULL && now != NULL && recovery != NULL && story != NULL, FALSE);

  *recovery = PEERUP_CONFIG_RECOVERY_NONE;
  *story = NULL;
  if (!is_there (self->pending) && !is_there (self->backup))
    return TRUE;
  if (!peerup_config_store_lock (self, &lock, error))
    return FALSE;
  if (!is_there (self->pending))
    {
      peerup_config_store_remove (self->backup);
      return TRUE;
    }
  *recovery = recover_locked (self, &lock, now, story, &reason);
  if (reason == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}
