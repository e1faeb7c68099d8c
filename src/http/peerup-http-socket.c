/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The listening socket as a thing with a name: made, or made anew where a daemon left one behind. Nothing else is ever
 * removed.
 */
#include "http/peerup-http-server-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static int
open_unix (void)
{
  return socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static gboolean
fill_address (const char *path, struct sockaddr_un *address, GError **error)
{
  *address = (struct sockaddr_un) { .sun_family = AF_UNIX };
  if (g_strlcpy (address->sun_path, path, sizeof address->sun_path) < sizeof address->sun_path)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               "the path of the HTTP socket %s is longer than the %zu bytes the system allows: set XDG_RUNTIME_DIR, or "
               "use a shorter path for the configuration",
               path, sizeof address->sun_path - 1);
  return FALSE;
}

/* One whose queue is full is alive. */
static gboolean
is_stale (const struct sockaddr_un *address)
{
  g_autofd int fd = open_unix ();

  return fd >= 0 && connect (fd, (const struct sockaddr *) address, sizeof *address) != 0 && errno == ECONNREFUSED;
}

static gboolean
make_way (const char *path, const struct sockaddr_un *address, GError **error)
{
  struct stat info;

  if (lstat (path, &info) != 0 && errno == ENOENT)
    return TRUE;
  if (!S_ISSOCK (info.st_mode))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                 "%s is in the way of the HTTP socket: it is no socket; remove it if it is not needed", path);
  else if (!is_stale (address))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 "a daemon is running already: something answers at the HTTP socket %s (see “peerup status”)", path);
  else if (unlink (path) == 0)
    return TRUE;
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, "cannot remove the old HTTP socket %s: %s", path,
                 g_strerror (errno));
  return FALSE;
}

int
peerup_http_socket_open (const char *path, GError **error)
{
  struct sockaddr_un address;
  g_autofd int fd = -1;
  int code;

  if (!fill_address (path, &address, error) || !make_way (path, &address, error))
    return -1;
  fd = open_unix ();
  /* It must not be open to others even for a moment: its name has at most the mode that the socket has when it is
   * bound. The umask is the whole process's, which other threads make files by. */
  code = fd >= 0 && fchmod (fd, 0600) == 0 && bind (fd, (const struct sockaddr *) &address, sizeof address) == 0 &&
             listen (fd, BACKLOG) == 0
           ? 0
           : errno;
  if (code == 0)
    return g_steal_fd (&fd);
  g_set_error (error, PEERUP_ERROR, code == EADDRINUSE ? PEERUP_ERROR_EXISTS : PEERUP_ERROR_PERMISSION,
               "cannot make the HTTP socket %s: %s", path, g_strerror (code));
  return -1;
}

guint64
peerup_http_socket_get_inode (const char *path)
{
  struct stat info;

  return lstat (path, &info) == 0 && S_ISSOCK (info.st_mode) ? info.st_ino : 0;
}

void
peerup_http_socket_remove (const char *path, guint64 inode)
{
  if (inode != 0 && peerup_http_socket_get_inode (path) == inode)
    unlink (path);
}
