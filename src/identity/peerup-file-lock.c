/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A lock that is waited for, but not for ever. flock() has no time limit, so where the lock is taken a thread waits for
 * it on a descriptor of its own; whom time runs out leaves the thread behind, which closes that descriptor, and with it
 * the lock, when it gets it.
 */
#include "identity/peerup-file-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct
{
  gatomicrefcount ref_count;
  GMutex mutex;
  GCond cond;
  int fd;
  int code; /* errno; -1: not yet */
} Waiter;

static void
waiter_unref (Waiter *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  close (self->fd);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

static gpointer
wait_for_lock (gpointer data)
{
  Waiter *self = data;
  int result;
  int code;

  do
    result = flock (self->fd, LOCK_EX);
  while (result != 0 && errno == EINTR);
  code = result != 0 ? errno : 0;
  g_mutex_lock (&self->mutex);
  self->code = code;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
  waiter_unref (self);
  return NULL;
}

/* The duplicate shares the lock with @fd: it lasts when the duplicate is closed. But if @fd is closed first, the
 * duplicate's end ends it. */
static int
wait_in_thread (int fd, gint64 timeout)
{
  gint64 end = g_get_monotonic_time () + timeout;
  Waiter *waiter = g_new0 (Waiter, 1);
  int code;

  waiter->fd = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  if (waiter->fd < 0)
    {
      code = errno;
      g_free (waiter);
      return code;
    }
  g_atomic_ref_count_init (&waiter->ref_count);
  g_atomic_ref_count_inc (&waiter->ref_count);
  g_mutex_init (&waiter->mutex);
  g_cond_init (&waiter->cond);
  waiter->code = -1;
  g_thread_unref (g_thread_new ("peerup-lock", wait_for_lock, waiter));
  g_mutex_lock (&waiter->mutex);
  while (waiter->code < 0 && g_cond_wait_until (&waiter->cond, &waiter->mutex, end))
    ;
  code = waiter->code < 0 ? ETIMEDOUT : waiter->code;
  g_mutex_unlock (&waiter->mutex);
  waiter_unref (waiter);
  return code;
}

/* Of the process that has the lock; 0 if the system does not tell. A file system whose files have another device than
 * it says is not found here. */
static int
find_holder (int fd)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  struct stat info;

  if (fstat (fd, &info) != 0 || !g_file_get_contents ("/proc/locks", &text, NULL, NULL))
    return 0;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      unsigned int major_number, minor_number;
      unsigned long long inode;
      int pid;

      /* "1: FLOCK  ADVISORY  WRITE 708 08:01:264 0 EOF"; who waits has an arrow after the number. */
      if (sscanf (lines[i], "%*u: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major_number, &minor_number, &inode) == 4 &&
          major_number == major (info.st_dev) && minor_number == minor (info.st_dev) && inode == info.st_ino)
        return pid;
    }
  return 0;
}

static void
set_timeout_error (int fd, gint64 timeout, const char *path, GError **error)
{
  int pid = find_holder (fd);
  g_autofree char *who = pid > 0 ? g_strdup_printf (" (process %d)", pid) : g_strdup ("");

  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
               "another program%s has been changing %s for more than %d s; wait until it has ended, and try again", who,
               path, (int) (timeout / G_USEC_PER_SEC));
}

gboolean
peerup_file_lock_take (int fd, gint64 timeout, const char *path, GError **error)
{
  int code = flock (fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;

  if (code == EWOULDBLOCK || code == EINTR)
    code = wait_in_thread (fd, timeout);
  if (code == 0)
    return TRUE;
  if (code == ETIMEDOUT)
    set_timeout_error (fd, timeout, path, error);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, "cannot lock %s: %s", path, g_strerror (code));
  return FALSE;
}
