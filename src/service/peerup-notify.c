/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The readiness protocol of systemd without its library. A manager that does not listen
 * is no error: the program runs the same. Holds what a manager that is busy has not taken yet, until it does.
 */
#include "service/peerup-notify.h"

#include <errno.h>
#include <glib-unix.h>
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

/* Of states that wait; only a manager that reads nothing while it has many reloads begun gets this far. */
#define WAITING_MAX 64

/* What waits for the manager to read, oldest first, and the socket that says when there is room. Both are there
 * while something waits. */
static GQueue waiting = G_QUEUE_INIT;
static int waiting_fd = -1;

/* A socket to @path; -1 with errno. It is connected, as poll() then knows whether there is room at the other end. */
static int
open_socket (const char *path)
{
  struct sockaddr_un address;
  socklen_t length = fill_address (path, &address);
  g_autofd int fd = -1;

  if (length == 0)
    {
      errno = EINVAL;
      return -1;
    }
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || connect (fd, (const struct sockaddr *) &address, length) < 0)
    return -1;
  return g_steal_fd (&fd);
}

/* FALSE if there is no room yet. Whoever cannot be told at all is not told later. */
static gboolean
tell (int fd, const char *state)
{
  gssize n;

  do
    n = send (fd, state, strlen (state), MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n >= 0)
    return TRUE;
  if (errno == EAGAIN || errno == ENOBUFS)
    return FALSE;
  g_debug ("The service manager could not be told %s: %s", state, g_strerror (errno));
  return TRUE;
}

static gboolean
on_room (int fd, GIOCondition condition, gpointer data)
{
  while (!g_queue_is_empty (&waiting))
    {
      if (!tell (fd, g_queue_peek_head (&waiting)))
        return G_SOURCE_CONTINUE;
      g_free (g_queue_pop_head (&waiting));
    }
  g_clear_fd (&waiting_fd, NULL);
  return G_SOURCE_REMOVE;
}

/* 0: it is a status, for which a later one stands. */
static int
compare_kind (gconstpointer state, gconstpointer prefix)
{
  return g_str_has_prefix (state, prefix) ? 0 : 1;
}

/* The newest says how things are. What the manager waits for, as READY=1, goes last. */
static void
wait_in_turn (const char *state)
{
  GList *first;

  g_queue_push_tail (&waiting, g_strdup (state));
  if (g_queue_get_length (&waiting) <= WAITING_MAX)
    return;
  first = g_queue_find_custom (&waiting, "STATUS=", compare_kind);
  if (first == NULL)
    first = g_queue_peek_head_link (&waiting);
  g_free (first->data);
  g_queue_delete_link (&waiting, first);
}

void
peerup_notify (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  g_autoptr (GSource) source = NULL;
  g_autofd int fd = -1;
  gboolean passes = g_str_equal (state, "WATCHDOG=1");

  if (path == NULL)
    return;
  if (waiting_fd >= 0)
    {
      if (!passes)
        wait_in_turn (state);
      return;
    }
  fd = open_socket (path);
  if (fd < 0)
    g_debug ("The service manager could not be told %s: %s", state, g_strerror (errno));
  if (fd < 0 || tell (fd, state) || passes)
    return;
  wait_in_turn (state);
  waiting_fd = g_steal_fd (&fd);
  source = g_unix_fd_source_new (waiting_fd, G_IO_OUT);
  g_source_set_static_name (source, "service manager");
  g_source_set_callback (source, G_SOURCE_FUNC (on_room), NULL, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
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
