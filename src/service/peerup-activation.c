/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Sockets handed over by the service manager. What is no listening Unix stream socket is not ours to use, and is closed
 * with a warning: a unit that was edited wrongly should be seen.
 */
#include "service/peerup-activation.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* SD_LISTEN_FDS_START */
#define FIRST_FD 3
/* More than any unit of ours has. */
#define FDS_MAX 64

typedef struct
{
  int fd; /* -1 once it is taken */
  char *name;
  char *path;
} Handed;

static GPtrArray *handed;

static void
handed_free (gpointer data)
{
  Handed *one = data;

  g_clear_fd (&one->fd, NULL);
  g_free (one->name);
  g_free (one->path);
  g_free (one);
}

/* (nullable) (transfer full) */
static char *
dup_listening_path (int fd)
{
  struct sockaddr_un address = { 0 };
  socklen_t length = sizeof address, flag_length = sizeof (int);
  int type = 0, accepts = 0;

  if (getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &flag_length) != 0 || type != SOCK_STREAM ||
      getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &flag_length) != 0 || !accepts)
    return NULL;
  if (getsockname (fd, (struct sockaddr *) &address, &length) != 0 || address.sun_family != AF_UNIX ||
      length <= offsetof (struct sockaddr_un, sun_path) || address.sun_path[0] != '/')
    return NULL;
  return g_strndup (address.sun_path, length - offsetof (struct sockaddr_un, sun_path));
}

static void
add (int fd, const char *name)
{
  g_autofree char *path = dup_listening_path (fd);
  Handed *one;

  if (path == NULL)
    {
      if (fcntl (fd, F_GETFD) < 0)
        return;
      g_warning (
        "The service manager handed over the socket “%s”, which is not used: it is none that listens at a path "
        "(ListenStream=/…)",
        name);
      close (fd);
      return;
    }
  (void) fcntl (fd, F_SETFD, FD_CLOEXEC);
  (void) fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) | O_NONBLOCK);
  one = g_new0 (Handed, 1);
  one->fd = fd;
  one->name = g_strdup (name);
  one->path = g_steal_pointer (&path);
  g_ptr_array_add (handed, one);
}

static void
read_environment (void)
{
  const char *process = g_getenv ("LISTEN_PID");
  const char *number = g_getenv ("LISTEN_FDS");
  g_auto (GStrv) names = NULL;
  guint64 pid, n;
  guint n_names;

  if (process == NULL || !g_ascii_string_to_unsigned (process, 10, 1, G_MAXINT, &pid, NULL) ||
      pid != (guint64) getpid ())
    return;
  if (number == NULL || !g_ascii_string_to_unsigned (number, 10, 1, FDS_MAX, &n, NULL))
    return;
  names = g_strsplit (g_getenv ("LISTEN_FDNAMES") != NULL ? g_getenv ("LISTEN_FDNAMES") : "", ":", -1);
  n_names = g_strv_length (names);
  for (guint i = 0; i < n; i++)
    add (FIRST_FD + (int) i, i < n_names ? names[i] : "unknown");
}

static void
ensure (void)
{
  if (handed != NULL)
    return;
  handed = g_ptr_array_new_with_free_func (handed_free);
  read_environment ();
  g_unsetenv ("LISTEN_PID");
  g_unsetenv ("LISTEN_FDS");
  g_unsetenv ("LISTEN_FDNAMES");
}

static gboolean
is_named (const Handed *one, const char *name)
{
  if (one->fd < 0)
    return FALSE;
  return name != NULL ? g_str_equal (one->name, name) : !g_str_equal (one->name, PEERUP_ACTIVATION_HTTP);
}

int
peerup_activation_take (const char *name)
{
  ensure ();
  for (guint i = 0; i < handed->len; i++)
    {
      Handed *one = g_ptr_array_index (handed, i);

      if (is_named (one, name))
        return g_steal_fd (&one->fd);
    }
  return -1;
}

int
peerup_activation_take_path (const char *path)
{
  ensure ();
  for (guint i = 0; i < handed->len; i++)
    {
      Handed *one = g_ptr_array_index (handed, i);

      if (one->fd >= 0 && g_str_equal (one->path, path))
        return g_steal_fd (&one->fd);
    }
  return -1;
}

char *
peerup_activation_dup_path (const char *name)
{
  ensure ();
  for (guint i = 0; i < handed->len; i++)
    {
      const Handed *one = g_ptr_array_index (handed, i);

      if (is_named (one, name))
        return g_strdup (one->path);
    }
  return NULL;
}

guint
peerup_activation_drop_rest (void)
{
  guint n = 0;

  ensure ();
  for (guint i = 0; i < handed->len; i++)
    {
      Handed *one = g_ptr_array_index (handed, i);

      if (one->fd < 0)
        continue;
      g_warning ("The service manager handed over %s, which nothing here listens at: see ListenStream= in its socket "
                 "unit",
                 one->path);
      g_clear_fd (&one->fd, NULL);
      n++;
    }
  return n;
}
