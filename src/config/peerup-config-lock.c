/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A lock that is waited for, but not for ever. flock() has no time limit, so where the lock is taken a thread waits for
 * it on a descriptor of its own; whom time runs out leaves the thread behind, which closes that descriptor, and with it
 * the lock, when it gets it.
 */
#include "config/peerup-config-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
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

gboolean
peerup_config_lock_take (int fd, gint64 timeout, const char *path, GError **error)
{
  int code = flock (fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;

  if (code == EWOULDBLOCK || code == EINTR)
    code = wait_in_thread (fd, timeout);
  if (code == 0)
    return TRUE;
  if (code == ETIMEDOUT)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
                 "another program has been changing %s for more than %d s; wait until it has ended, and try again",
                 path, (int) (timeout / G_USEC_PER_SEC));
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, "cannot lock %s: %s", path, g_strerror (code));
  return FALSE;
}
