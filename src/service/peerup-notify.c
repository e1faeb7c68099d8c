/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The readiness protocol of systemd without its library. A manager that does not listen
 * is no error: the program runs the same. Holds nothing.
 */
#include "service/peerup-notify.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* 0 if @path is no address. */
static socklen_t
fill_address (const char *path, struct sockaddr_un *address)
{
  gsize length = strlen (path);

  *address = (struct sockaddr_un) { .sun_family = AF_UNIX };
  if ((path[0] != '/' && path[0] != '@') || length < 2 || length >= sizeof address->sun_path)
    return 0;
  memcpy (address->sun_path, path, length);
  /* An abstract name is as long as the address says, without a byte to end it. */
  if (path[0] == '@')
    address->sun_path[0] = '\0';
  return offsetof (struct sockaddr_un, sun_path) + length;
}

void
peerup_notify (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address;
  socklen_t length;
  g_autofd int fd = -1;

  length = path != NULL ? fill_address (path, &address) : 0;
  if (length == 0)
    return;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || sendto (fd, state, strlen (state), MSG_NOSIGNAL, (const struct sockaddr *) &address, length) < 0)
    g_debug ("The service manager could not be told %s: %s", state, g_strerror (errno));
}

void
peerup_notify_status (const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *state = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  /* A line of its own would be a variable of its own. */
  state = g_strconcat ("STATUS=", g_strdelimit (text, "\r\n", ' '), NULL);
  peerup_notify (state);
}

void
peerup_notify_reloading (void)
{
  g_autofree char *state = g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());

  peerup_notify (state);
}
