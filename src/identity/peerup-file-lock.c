/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A lock that is waited for, but not for ever. flock() has no time limit, and a thread that waits in it cannot be
 * called back, so it is asked again and again, with growing pauses. Blocks its caller by contract: whoever has a loop
 * to run sets a short time for his thread, or calls from a worker.
 */
#include "identity/peerup-file-lock.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Microseconds between two tries: short for a change that is just being written, longer for somebody who keeps it. */
#define PAUSE_MIN 10000
#define PAUSE_MAX 100000

/* gint64 of the thread; NULL: PEERUP_FILE_LOCK_TIMEOUT. */
static GPrivate thread_timeout = G_PRIVATE_INIT (g_free);

void
peerup_file_lock_set_timeout (gint64 timeout)
{
  g_private_replace (&thread_timeout, g_memdup2 (&timeout, sizeof timeout));
}

gint64
peerup_file_lock_get_timeout (void)
{
  const gint64 *timeout = g_private_get (&thread_timeout);

  return timeout != NULL ? *timeout : PEERUP_FILE_LOCK_TIMEOUT;
}

/* 0 or errno. */
static int
take_until (int fd, gint64 end)
{
  gint64 pause = PAUSE_MIN;

  while (flock (fd, LOCK_EX | LOCK_NB) != 0)
    {
      int code = errno;
      gint64 left = end - g_get_monotonic_time ();

      if (code != EWOULDBLOCK && code != EINTR)
        return code;
      if (left <= 0)
        return ETIMEDOUT;
      g_usleep ((gulong) MIN (pause, left));
      pause = MIN (2 * pause, PAUSE_MAX);
    }
  return 0;
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
               _ ("another program%s has been changing %s for more than %d s; wait until it has ended, and try again"),
               who, path, (int) (timeout / G_USEC_PER_SEC));
}

gboolean
peerup_file_lock_take (int fd, gint64 timeout, const char *path, GError **error)
{
  int code = take_until (fd, g_get_monotonic_time () + timeout);

  if (code == 0)
    return TRUE;
  if (code == ETIMEDOUT)
    set_timeout_error (fd, timeout, path, error);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("cannot lock %s: %s"), path, g_strerror (code));
  return FALSE;
}
