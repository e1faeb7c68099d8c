/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The configuration file on disk: read with its permissions checked, locked, replaced.
 *
 * The lock is flock() on the file itself. Who has got it looks whether the path still
 * leads to that file, and starts again if not, for the one before may have replaced it;
 * so there is no lock file to be left behind or to belong to somebody else. It binds
 * those who come through here; an editor's write in between is noticed by the file's
 * time stamps, and wins. */

#include "config/peerup-config-file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "identity/peerup-file-lock.h"
#include "config/peerup-config-pending.h"
#include "config/peerup-config.h"

/* ".NAME.XXXXXX.tmp" beside the file. */
#define TEMPORARY_RANDOM "XXXXXX"
#define TEMPORARY_SUFFIX ".tmp"

/* Whether there is an archive of it. */
static gboolean
was_good (const char *path)
{
  g_autofree char *archive = peerup_config_side_file (path, "history", FALSE);

  return g_file_test (archive, G_FILE_TEST_IS_DIR);
}

/* Says what could not be done, and why, and sorts errno into our codes. */
static gboolean
fail_errno (GError **error, int code, const char *what, const char *path)
{
  PeerupError kind = code == ENOENT || code == ENOTDIR                  ? PEERUP_ERROR_NOT_FOUND
                     : code == EACCES || code == EPERM || code == EROFS ? PEERUP_ERROR_PERMISSION
                                                                        : PEERUP_ERROR_CONFIG;

  g_set_error (error, PEERUP_ERROR, kind, "cannot %s %s: %s%s", what, path, g_strerror (code),
               kind != PEERUP_ERROR_NOT_FOUND ? ""
               : was_good (path)              ? _ ("; “peerup config rollback” brings the last good one back")
                                              : _ ("; run “peerup init” to make one"));
  return FALSE;
}

static gboolean
check_info (const char *path, const struct stat *info, GError **error)
{
  g_autofree char *quoted = g_shell_quote (path);

  if (!S_ISREG (info->st_mode))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("%s is not a file; name the configuration file itself"),
                   path);
      return FALSE;
    }
  if ((info->st_mode & 0077) != 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                   _ ("%s is open to other users of this machine (mode %04o); run: chmod 600 %s"), path,
                   (guint) (info->st_mode & 07777), quoted);
      return FALSE;
    }
  return TRUE;
}

/* One byte more than may be is asked for, so that a file that grows is noticed too. */
static gboolean
read_text (PeerupConfigFile *self, int fd, GError **error)
{
  self->text = g_malloc (PEERUP_CONFIG_MAX_SIZE + 1);
  while (self->length <= PEERUP_CONFIG_MAX_SIZE)
    {
      gssize n = read (fd, self->text + self->length, PEERUP_CONFIG_MAX_SIZE + 1 - self->length);

      if (n == 0)
        {
          self->text = g_realloc (self->text, self->length + 1);
          self->text[self->length] = '\0';
          return TRUE;
        }
      if (n < 0 && errno != EINTR)
        return fail_errno (error, errno, "read", self->path);
      self->length += MAX (n, 0);
    }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               _ ("%s is larger than %d KiB; a configuration is a few KiB"), self->path, PEERUP_CONFIG_MAX_SIZE / 1024);
  return FALSE;
}

static gboolean
read_from (PeerupConfigFile *self, int fd, GError **error)
{
  if (fstat (fd, &self->info) != 0)
    return fail_errno (error, errno, "examine", self->path);
  return check_info (self->path, &self->info, error) && read_text (self, fd, error);
}

PeerupConfigFile *
peerup_config_file_read (const char *path, GError **error)
{
  g_autoptr (PeerupConfigFile) self = g_new0 (PeerupConfigFile, 1);
  g_autofd int fd = -1;

  g_return_val_if_fail (path != NULL, NULL);

  self->fd = -1;
  self->path = g_canonicalize_filename (path, NULL);
  /* O_NONBLOCK, lest a pipe in the file's place holds us up. */
  fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    {
      fail_errno (error, errno, "read", self->path);
      return NULL;
    }
  if (!read_from (self, fd, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
is_same_file (const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Opens and locks; -1 without an error if the file was replaced meanwhile. */
static int
open_locked (const char *path, GError **error)
{
  g_autofd int fd = open (path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  struct stat ours, theirs;

  if (fd < 0 || fstat (fd, &ours) != 0)
    {
      fail_errno (error, errno, "change", path);
      return -1;
    }
  /* For root everything can be opened: the mode says what is meant. */
  if ((ours.st_mode & S_IWUSR) == 0)
    {
      fail_errno (error, EACCES, "change", path);
      return -1;
    }
  if (!peerup_file_lock_take (fd, peerup_file_lock_get_timeout (), path, error))
    return -1;
  if (stat (path, &theirs) != 0)
    {
      fail_errno (error, errno, "change", path);
      return -1;
    }
  return is_same_file (&ours, &theirs) ? g_steal_fd (&fd) : -1;
}

PeerupConfigFile *
peerup_config_file_lock (const char *path, GError **error)
{
  g_autoptr (PeerupConfigFile) self = g_new0 (PeerupConfigFile, 1);
  GError *reason = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  self->fd = -1;
  self->path = realpath (path, NULL);
  if (self->path == NULL)
    {
      fail_errno (error, errno, "change", path);
      return NULL;
    }
  while (self->fd < 0 && reason == NULL)
    self->fd = open_locked (self->path, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, reason);
      return NULL;
    }
  if (!read_from (self, self->fd, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* What an interrupted replacement left behind. Only the holder of the lock makes such
 * files, so all there are now are stale. Best effort. */
static void
sweep (const char *directory, const char *prefix)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  gsize length = strlen (prefix) + strlen (TEMPORARY_RANDOM TEMPORARY_SUFFIX);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (strlen (name) == length && g_str_has_prefix (name, prefix) && g_str_has_suffix (name, TEMPORARY_SUFFIX))
        (void) g_unlink (path);
    }
}

static gboolean
write_all (int fd, const char *text, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, text, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      text += MAX (n, 0);
      length -= MAX (n, 0);
    }
  return TRUE;
}

/* The owner must be kept, or the daemon could no longer read the file that root edited;
 * the group has no permission on it and need not be. */
static gboolean
write_temporary (int fd, const PeerupConfigFile *self, const char *text, gsize length)
{
  if (self->info.st_uid != geteuid () && fchown (fd, self->info.st_uid, self->info.st_gid) != 0)
    return FALSE;
  return fchmod (fd, self->info.st_mode & 07777) == 0 && write_all (fd, text, length) && fsync (fd) == 0;
}

static gboolean
check_untouched (const PeerupConfigFile *self, GError **error)
{
  struct stat now;

  if (stat (self->path, &now) != 0)
    return fail_errno (error, errno, "change", self->path);
  if (is_same_file (&now, &self->info) && now.st_size == self->info.st_size &&
      now.st_mtim.tv_sec == self->info.st_mtim.tv_sec && now.st_mtim.tv_nsec == self->info.st_mtim.tv_nsec)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
               _ ("%s was changed by another program in the meantime and is left as that made it; try again"),
               self->path);
  return FALSE;
}

static gboolean
sync_directory (const char *directory)
{
  g_autofd int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return fd >= 0 && fsync (fd) == 0;
}

gboolean
peerup_config_file_replace (PeerupConfigFile *self, const char *text, gsize length, GError **error)
{
  g_autofree char *directory = NULL;
  g_autofree char *name = NULL;
  g_autofree char *prefix = NULL;
  g_autofree char *temporary = NULL;
  g_autofd int fd = -1;

  g_return_val_if_fail (self != NULL && self->fd >= 0, FALSE);

  directory = g_path_get_dirname (self->path);
  name = g_path_get_basename (self->path);
  prefix = g_strdup_printf (".%s.", name);
  temporary = g_strdup_printf ("%s/%s" TEMPORARY_RANDOM TEMPORARY_SUFFIX, directory, prefix);

  sweep (directory, prefix);
  fd = mkostemps (temporary, strlen (TEMPORARY_SUFFIX), O_CLOEXEC);
  if (fd < 0)
    return fail_errno (error, errno, _ ("write a new file beside"), self->path);
  if (!write_temporary (fd, self, text, length))
    {
      fail_errno (error, errno, "write", temporary);
      (void) g_unlink (temporary);
      return FALSE;
    }
  if (!check_untouched (self, error))
    {
      (void) g_unlink (temporary);
      return FALSE;
    }
  if (g_rename (temporary, self->path) != 0)
    {
      fail_errno (error, errno, "replace", self->path);
      (void) g_unlink (temporary);
      return FALSE;
    }
  g_clear_fd (&self->fd, NULL);
  /* The new file is in place and whole; this only makes it last. */
  if (!sync_directory (directory))
    g_debug ("cannot sync %s: %s", directory, g_strerror (errno));
  return TRUE;
}

void
peerup_config_file_free (PeerupConfigFile *self)
{
  if (self == NULL)
    return;
  g_clear_fd (&self->fd, NULL);
  g_free (self->path);
  g_free (self->text);
  g_free (self);
}
