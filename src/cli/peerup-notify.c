/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The readiness protocol of systemd without its library. A manager that does not listen
 * is no error: the program runs the same.
 */
#include "cli/peerup-notify.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

void
peerup_notify (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofd int fd = -1;
  gsize length;

  if (path == NULL || (path[0] != '/' && path[0] != '@'))
    return;
  length = strlen (path);
  if (length >= sizeof address.sun_path)
    return;
  memcpy (address.sun_path, path, length);
  if (path[0] == '@')
    address.sun_path[0] = '\0';
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || sendto (fd, state, strlen (state), MSG_NOSIGNAL, (const struct sockaddr *) &address,
                        offsetof (struct sockaddr_un, sun_path) + length) < 0)
    g_info ("The service manager could not be told %s: %s", state, g_strerror (errno));
}
