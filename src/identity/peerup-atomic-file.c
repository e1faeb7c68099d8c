/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Writing and reading the small files that hold keys and grants. Stateless; every call
 * opens what it needs and closes it again. New files are opened by a random name with
 * O_EXCL and O_NOFOLLOW and stay relative to one directory descriptor, so neither a
 * left-over of a crash nor a link planted under the name can be written through.
 * Refuses to read what others could have read (or written, where that is asked).
 */
#include "identity/peerup-atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE  0600
#define NAME_TRIES 16

/* A new file under a temporary name, beside its target. */
typedef struct
{
  int directory;
  int fd;
  char *name;      /* of the target, in the directory */
  char *temporary; /* NULL once it is in place */
} NewFile;

static void
new_file_clear (NewFile *self)
{
  if (self->temporary != NULL)
    unlinkat (self->directory, self->temporary, 0);
  g_clear_fd (&self->fd, NULL);
  g_clear_fd (&self->directory, NULL);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->temporary, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NewFile, new_file_clear)

static gboolean
fail (GError **error, int code, const char *what, const char *path)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "cannot %s %s: %s", what, path, g_strerror (code));
  return FALSE;
}

static gboolean
new_file_open (NewFile *self, const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  self->name = g_path_get_basename (path);
  self->directory = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->directory < 0)
    return fail (error, errno, _ ("open the directory of"), path);
  for (guint i = 0; i < NAME_TRIES; i++)
    {
      g_autofree char *temporary = g_strdup_printf (".%s.%08x.tmp", self->name, g_random_int ());

      self->fd = openat (self->directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
      if (self->fd >= 0)
        {
          self->temporary = g_steal_pointer (&temporary);
          break;
        }
      if (errno != EEXIST)
        break;
    }
  if (self->fd < 0)
    return fail (error, errno, _ ("create a temporary file for"), path);
  return TRUE;
}

static gboolean
new_file_write (NewFile *self, const char *path, const guint8 *data, gsize length, GError **error)
{
  while (length > 0)
    {
      gssize written = write (self->fd, data, length);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return fail (error, errno, "write", path);
      data += written;
      length -= written;
    }
  /* The umask may have taken bits from the mode given to open. */
  if (fchmod (self->fd, FILE_MODE) != 0 || fsync (self->fd) != 0)
    return fail (error, errno, "write", path);
  return TRUE;
}

/* The name is in place now; only the next crash could still lose it. */
static gboolean
new_file_placed (NewFile *self, const char *path, GError **error)
{
  g_clear_pointer (&self->temporary, g_free);
  if (fsync (self->directory) != 0)
    return fail (error, errno, _ ("sync the directory of"), path);
  return TRUE;
}

/* File systems that cannot rename without replacing can link. */
static int
place_without_replacing (NewFile *self)
{
  if (renameat2 (self->directory, self->temporary, self->directory, self->name, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return errno;
  if (linkat (self->directory, self->temporary, self->directory, self->name, 0) != 0)
    return errno;
  unlinkat (self->directory, self->temporary, 0);
  return 0;
}

gboolean
peerup_atomic_file_create (const char *path, gconstpointer data, gsize length, GError **error)
{
  g_auto (NewFile) file = { -1, -1, NULL, NULL };
  int code;

  g_return_val_if_fail (path != NULL && (data != NULL || length == 0), FALSE);

  if (!new_file_open (&file, path, error) || !new_file_write (&file, path, data, length, error))
    return FALSE;
  code = place_without_replacing (&file);
  if (code == EEXIST)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS, _ ("%s exists already and was left as it is"), path);
      return FALSE;
    }
  if (code != 0)
    return fail (error, code, "create", path);
  return new_file_placed (&file, path, error);
}

/* The path to replace: @path, or what it links to. */
static char *
resolve_target (const char *path, GError **error)
{
  g_autofree char *resolved = NULL;
  struct stat info;
  char *real;

  if (lstat (path, &info) != 0 || !S_ISLNK (info.st_mode))
    return g_strdup (path);
  real = realpath (path, NULL);
  if (real == NULL)
    {
      fail (error, errno, _ ("follow the symbolic link"), path);
      return NULL;
    }
  resolved = g_strdup (real);
  free (real);
  return g_steal_pointer (&resolved);
}

/* The owner of the old file, or, where root makes a new one, of the directory: root working on
 * a user's files must not lock the user out of them. */
static gboolean
find_owner (NewFile *self, const char *path, struct stat *owner, GError **error)
{
  if (fstatat (self->directory, self->name, owner, AT_SYMLINK_NOFOLLOW) == 0)
    {
      if (S_ISREG (owner->st_mode))
        return TRUE;
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("%s is not a regular file"), path);
      return FALSE;
    }
  if (errno != ENOENT || fstat (geteuid () == 0 ? self->directory : self->fd, owner) != 0)
    return fail (error, errno, _ ("look at"), path);
  return TRUE;
}

static gboolean
keep_owner (NewFile *self, const char *path, GError **error)
{
  struct stat owner, fresh;

  if (!find_owner (self, path, &owner, error))
    return FALSE;
  if (fstat (self->fd, &fresh) != 0)
    return fail (error, errno, _ ("look at"), path);
  /* Not every group can be kept, and with mode 0600 none matters. */
  if ((owner.st_uid == fresh.st_uid && owner.st_gid == fresh.st_gid) ||
      fchown (self->fd, owner.st_uid, owner.st_gid) == 0 || owner.st_uid == fresh.st_uid)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, _ ("%s belongs to user %u: change it as that user"), path,
               owner.st_uid);
  return FALSE;
}

/* As it would be typed. */
static char *
shell_word (const char *path)
{
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+,:@%-";

  if (path[0] == '-')
    {
      g_autofree char *prefixed = g_strconcat ("./", path, NULL);

      return shell_word (prefixed);
    }
  return strspn (path, plain) == strlen (path) ? g_strdup (path) : g_shell_quote (path);
}

static gboolean
may_own (uid_t owner, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  struct stat info;

  return owner == geteuid () || owner == 0 || (geteuid () == 0 && stat (directory, &info) == 0 && info.st_uid == owner);
}

/* Says of what could not be opened, or is somebody else's, what to do. */
static void
refuse_own (const char *path, int code, uid_t owner, GError **error)
{
  g_autofree char *word = shell_word (path);

  if (code == ELOOP)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                 _ ("%s is a symbolic link, and is not followed: put the file itself there, or run: rm %s"), path,
                 word);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                 _ ("%s belongs to user %u, and is not used: if it is what it should be, run: sudo chown %s %s"), path,
                 (guint) owner, g_get_user_name (), word);
}

/* In the place of what has the name of @target, a link included. */
static gboolean
replace_exactly (const char *target, gconstpointer data, gsize length, GError **error)
{
  g_auto (NewFile) file = { -1, -1, NULL, NULL };

  if (!new_file_open (&file, target, error) || !keep_owner (&file, target, error) ||
      !new_file_write (&file, target, data, length, error))
    return FALSE;
  if (renameat (file.directory, file.temporary, file.directory, file.name) != 0)
    return fail (error, errno, "replace", target);
  return new_file_placed (&file, target, error);
}

gboolean
peerup_atomic_file_replace (const char *path, gconstpointer data, gsize length, GError **error)
{
  g_autofree char *target = NULL;

  g_return_val_if_fail (path != NULL && (data != NULL || length == 0), FALSE);

  target = resolve_target (path, error);
  return target != NULL && replace_exactly (target, data, length, error);
}

gboolean
peerup_own_file_replace (const char *path, gconstpointer data, gsize length, GError **error)
{
  struct stat info;

  g_return_val_if_fail (path != NULL && (data != NULL || length == 0), FALSE);

  if (lstat (path, &info) == 0 && S_ISLNK (info.st_mode))
    {
      refuse_own (path, ELOOP, 0, error);
      return FALSE;
    }
  return replace_exactly (path, data, length, error);
}

static gboolean
check_file (int fd, const char *path, guint forbidden, gsize max, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return fail (error, errno, _ ("look at"), path);
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("%s is not a regular file"), path);
      return FALSE;
    }
  if ((info.st_mode & forbidden) != 0)
    {
      g_autofree char *word = shell_word (path);

      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                   _ ("%s can be %s by other users (mode %04o); run: chmod 600 %s"), path,
                   (info.st_mode & forbidden & 0044) != 0 ? "read" : "changed", info.st_mode & 07777, word);
      return FALSE;
    }
  if ((guint64) info.st_size > max)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("%s is larger than %zu bytes"), path, max);
      return FALSE;
    }
  return TRUE;
}

/* In front of the bytes, so that the free function knows how much to wipe. */
typedef struct
{
  gsize size;
  guint8 data[];
} Wiped;

static void
wiped_free (gpointer data)
{
  Wiped *self = data;

  explicit_bzero (self->data, self->size);
  g_free (self);
}

/* At most @max bytes, whatever the size was a moment ago. */
static GBytes *
read_all (int fd, const char *path, gsize max, GError **error)
{
  struct stat info;
  Wiped *buffer;
  gsize used = 0;

  if (fstat (fd, &info) != 0)
    {
      fail (error, errno, _ ("look at"), path);
      return NULL;
    }
  buffer = g_malloc (sizeof *buffer + MIN ((guint64) info.st_size, max));
  buffer->size = MIN ((guint64) info.st_size, max);
  while (used < buffer->size)
    {
      gssize got = read (fd, buffer->data + used, buffer->size - used);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          fail (error, errno, "read", path);
          wiped_free (buffer);
          return NULL;
        }
      if (got == 0)
        break;
      used += got;
    }
  return g_bytes_new_with_free_func (buffer->data, used, wiped_free, buffer);
}

/* NULL with an error of what @fd, which is taken, is not. */
static GBytes *
read_private (int taken, const char *path, guint forbidden, gsize max, GError **error)
{
  g_autofd int fd = taken;

  if (fd < 0 && errno == ENOENT)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("%s does not exist"), path);
      return NULL;
    }
  if (fd < 0)
    {
      fail (error, errno, "open", path);
      return NULL;
    }
  if (!check_file (fd, path, forbidden, max, error))
    return NULL;
  return read_all (fd, path, max, error);
}

GBytes *
peerup_private_file_read (const char *path, guint forbidden, gsize max, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  /* O_NONBLOCK: a FIFO under this name must not hang the program. */
  return read_private (open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), path, forbidden, max, error);
}

GBytes *
peerup_own_file_read (const char *path, gsize max, GError **error)
{
  struct stat info;
  int fd, code;

  g_return_val_if_fail (path != NULL, NULL);

  fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
  code = fd < 0 ? errno : 0;
  if (code == ELOOP || (code == EACCES && lstat (path, &info) == 0 && info.st_uid != geteuid ()) ||
      (fd >= 0 && fstat (fd, &info) == 0 && !may_own (info.st_uid, path)))
    {
      refuse_own (path, code, code == ELOOP ? 0 : info.st_uid, error);
      g_clear_fd (&fd, NULL);
      return NULL;
    }
  errno = code;
  return read_private (fd, path, 0022, max, error);
}

void
peerup_own_file_close_to_others (const char *path)
{
  struct stat info;
  g_autofd int fd = -1;

  g_return_if_fail (path != NULL);

  fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
  /* What has another name, too, may be a file that is to be open to others. */
  if (fd >= 0 && fstat (fd, &info) == 0 && S_ISREG (info.st_mode) && info.st_nlink == 1 && (info.st_mode & 0077) != 0 &&
      may_own (info.st_uid, path) && fchmod (fd, FILE_MODE) != 0)
    g_debug ("%s stays open to others: %s", path, g_strerror (errno));
}
