/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "control/peerup-control-listener.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Milliseconds, where somebody runs out of them. */
#define PATIENCE 5000

typedef struct
{
  char *directory;
  char *path;
  PeerupControlListener *listener;
  GPtrArray *served;
} Fixture;

static void
on_connection (GDBusConnection *connection, gpointer data)
{
  Fixture *self = data;

  g_ptr_array_add (self->served, g_object_ref (connection));
}

static void
fill_address (Fixture *self, struct sockaddr_un *address)
{
  *address = (struct sockaddr_un) { .sun_family = AF_UNIX };
  g_strlcpy (address->sun_path, self->path, sizeof address->sun_path);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  struct sockaddr_un address;
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  self->path = g_build_filename (self->directory, "control", NULL);
  self->served = g_ptr_array_new_with_free_func (g_object_unref);
  fill_address (self, &address);
  g_assert_cmpint (bind (fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 64), ==, 0);
  self->listener = peerup_control_listener_new (fd, data == NULL ? PEERUP_CONTROL_LISTENER_PATIENCE : PATIENCE,
                                                on_connection, self, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->listener, peerup_control_listener_free);
  /* Whoever is cancelled is told so from the loop. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < self->served->len; i++)
    g_dbus_connection_close_sync (g_ptr_array_index (self->served, i), NULL, NULL);
  g_ptr_array_unref (self->served);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));
  g_unlink (self->path);
  g_rmdir (self->directory);
  g_free (self->path);
  g_free (self->directory);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  GDBusConnection **connection = data;
  g_autoptr (GError) error = NULL;

  *connection = g_dbus_connection_new_for_address_finish (result, &error);
  g_assert_no_error (error);
}

static void
test_serves (Fixture *self, gconstpointer data)
{
  g_autofree char *address = g_strconcat ("unix:path=", self->path, NULL);
  g_autoptr (GDBusConnection) client = NULL;

  g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, on_connected,
                                     &client);
  while (client == NULL || self->served->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_dbus_connection_close_sync (client, NULL, NULL);
}

static int
connect_to (Fixture *self)
{
  struct sockaddr_un address;
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  fill_address (self, &address);
  g_assert_cmpint (connect (fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Who cannot say who he is, or only as nobody, gets no further; others do. */
static void
test_refuses (Fixture *self, gconstpointer data)
{
  const char *const words[] = { "HELLO\r\n", "\0AUTH ANONYMOUS\r\n", "\0AUTH EXTERNAL 3939393939\r\n" };
  const gsize lengths[] = { 7, 17, 27 };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofd int fd = connect_to (self);
      gboolean answered = FALSE;
      char answer[9] = { 0 };

      g_unix_fd_add (fd, G_IO_IN | G_IO_HUP, on_readable, &answered);
      g_assert_cmpint (send (fd, words[i], lengths[i], 0), ==, lengths[i]);
      while (!answered)
        g_main_context_iteration (NULL, TRUE);
      /* The end, or what may be tried instead. */
      if (recv (fd, answer, sizeof answer - 1, MSG_DONTWAIT) > 0)
        g_assert_cmpstr (answer, ==, "REJECTED");
    }
  g_assert_cmpuint (self->served->len, ==, 0);
  test_serves (self, data);
}

/* The listener goes while somebody is half in. */
static void
test_goes (Fixture *self, gconstpointer data)
{
  g_autofd int fd = connect_to (self);

  g_assert_cmpint (send (fd, "\0AUTH", 5, 0), ==, 5);
  for (guint i = 0; i < 3; i++)
    g_main_context_iteration (NULL, FALSE);
  g_clear_pointer (&self->listener, peerup_control_listener_free);
  g_assert_cmpuint (self->served->len, ==, 0);
}

/* Entries of a directory of ours in /proc. */
static guint
count_own (const char *name)
{
  g_autofree char *path = g_build_filename ("/proc/self", name, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* More than GLib's pool has threads. */
#define N_SILENT 40

/* They keep nobody waiting, however long they may, and cost a descriptor each, beside that of the other end. */
static void
test_silent (Fixture *self, gconstpointer data)
{
  guint before = count_own ("fd");
  int fds[N_SILENT];

  for (guint i = 0; i < N_SILENT; i++)
    {
      fds[i] = connect_to (self);
      if (i % 2 == 0)
        g_assert_cmpint (send (fds[i], "\0AUTH", 5, 0), ==, 5);
    }
  test_serves (self, data);
  g_assert_cmpuint (count_own ("fd"), <, before + 2 * N_SILENT + N_SILENT / 2);
  for (guint i = 0; i < N_SILENT; i++)
    close (fds[i]);
}

/* More than may be at it at one time. */
#define N_CROWD 100

/* Who comes later waits, and is not sent away. */
static void
test_crowd (Fixture *self, gconstpointer data)
{
  guint before = count_own ("task");
  int fds[N_CROWD];

  for (guint i = 0; i < N_CROWD; i++)
    {
      fds[i] = connect_to (self);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_cmpuint (count_own ("task"), <, before + N_CROWD * 3 / 4);
  test_serves (self, data);
  for (guint i = 0; i < N_CROWD; i++)
    close (fds[i]);
}

/* That is said once, and does not keep the loop busy; when there are some again, who waits is served. */
static void
test_no_descriptors (Fixture *self, gconstpointer data)
{
  g_autofd int fd = connect_to (self);
  int spare = dup (fd);
  struct rlimit limit, none;

  close (spare);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  none = limit;
  none.rlim_cur = (rlim_t) spare;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  g_test_expect_message ("peerup-control", G_LOG_LEVEL_WARNING, "Cannot accept clients of the control socket for now*");
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_test_assert_expected_messages ();
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  test_serves (self, data);
}

/* They end by themselves; whoever is in is not concerned. */
static void
test_out_of_time (Fixture *self, gconstpointer data)
{
  g_autofree char *address = g_strconcat ("unix:path=", self->path, NULL);
  g_autoptr (GDBusConnection) client = NULL;
  g_autofd int silent = -1, slow = -1;
  gboolean ended[2] = { FALSE };

  g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, on_connected,
                                     &client);
  while (client == NULL || self->served->len == 0)
    g_main_context_iteration (NULL, TRUE);
  silent = connect_to (self);
  slow = connect_to (self);
  g_assert_cmpint (send (slow, "\0AUTH", 5, 0), ==, 5);
  g_unix_fd_add (silent, G_IO_IN | G_IO_HUP, on_readable, &ended[0]);
  g_unix_fd_add (slow, G_IO_IN | G_IO_HUP, on_readable, &ended[1]);
  while (!ended[0] || !ended[1])
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (self->served->len, ==, 1);
  g_assert_false (g_dbus_connection_is_closed (client));
  g_dbus_connection_close_sync (client, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/control-listener/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("serves", test_serves);
  ADD ("refuses", test_refuses);
  ADD ("goes", test_goes);
  ADD ("silent", test_silent);
  ADD ("no-descriptors", test_no_descriptors);
  g_test_add ("/control-listener/crowd", Fixture, "impatient", set_up, test_crowd, tear_down);
  g_test_add ("/control-listener/out-of-time", Fixture, "impatient", set_up, test_out_of_time, tear_down);
  return g_test_run ();
}
