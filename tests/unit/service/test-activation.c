/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Each case runs in a process of its own: descriptors begin at 3, and are taken over once.
 */
#include "service/peerup-activation.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *directory;

/* Moves a socket that listens at @name, or else is of the kind @type alone, to @fd. */
static void
put_socket (int fd, const char *name, int type, gboolean listens)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int made = socket (AF_UNIX, type, 0);

  g_unlink (path);
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (made, (const struct sockaddr *) &address, sizeof address), ==, 0);
  if (listens)
    g_assert_cmpint (listen (made, 1), ==, 0);
  if (made == fd)
    return;
  g_assert_cmpint (dup2 (made, fd), ==, fd);
  close (made);
}

static void
set_environment (const char *pid, const char *fds, const char *names)
{
  g_autofree char *own = g_strdup_printf ("%d", getpid ());

  g_setenv ("LISTEN_PID", pid != NULL ? pid : own, TRUE);
  g_setenv ("LISTEN_FDS", fds, TRUE);
  if (names != NULL)
    g_setenv ("LISTEN_FDNAMES", names, TRUE);
}

static void
in_child (void (*run) (void))
{
  pid_t pid = fork ();
  int status;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      run ();
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
run_names (void)
{
  g_autofree char *control = g_build_filename (directory, "control", NULL);
  g_autofree char *found = NULL;

  put_socket (3, "http", SOCK_STREAM, TRUE);
  put_socket (4, "control", SOCK_STREAM, TRUE);
  set_environment (NULL, "2", "http:control");
  found = peerup_activation_dup_path (NULL);
  g_assert_cmpstr (found, ==, control);
  g_assert_null (g_getenv ("LISTEN_FDS"));
  g_assert_null (g_getenv ("LISTEN_PID"));
  g_assert_null (g_getenv ("LISTEN_FDNAMES"));
  g_assert_cmpint (fcntl (3, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  g_assert_cmpint (fcntl (3, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
  g_assert_cmpint (peerup_activation_take_path ("/somewhere/else"), ==, -1);
  g_assert_cmpint (peerup_activation_take_path (control), ==, 4);
  g_assert_cmpint (peerup_activation_take_path (control), ==, -1);
  g_assert_cmpint (peerup_activation_take (NULL), ==, -1);
  g_assert_cmpint (peerup_activation_take (PEERUP_ACTIVATION_HTTP), ==, 3);
  g_assert_cmpint (peerup_activation_take (PEERUP_ACTIVATION_HTTP), ==, -1);
  g_assert_cmpuint (peerup_activation_drop_rest (), ==, 0);
}

static void
run_without_names (void)
{
  put_socket (3, "first", SOCK_STREAM, TRUE);
  put_socket (4, "second", SOCK_STREAM, TRUE);
  set_environment (NULL, "2", NULL);
  g_assert_cmpint (peerup_activation_take (NULL), ==, 3);
  g_test_expect_message ("peerup-service", G_LOG_LEVEL_WARNING, "*/second, which nothing here listens at*");
  g_assert_cmpuint (peerup_activation_drop_rest (), ==, 1);
  g_test_assert_expected_messages ();
  g_assert_cmpint (fcntl (4, F_GETFD), ==, -1);
}

static void
run_wrong_kinds (void)
{
  put_socket (3, "datagrams", SOCK_DGRAM, FALSE);
  put_socket (4, "silent", SOCK_STREAM, FALSE);
  set_environment (NULL, "2", "datagrams:silent");
  g_test_expect_message ("peerup-service", G_LOG_LEVEL_WARNING, "*“datagrams”, which is not used*");
  g_test_expect_message ("peerup-service", G_LOG_LEVEL_WARNING, "*“silent”, which is not used*");
  g_assert_cmpint (peerup_activation_take (NULL), ==, -1);
  g_test_assert_expected_messages ();
  g_assert_cmpint (fcntl (3, F_GETFD), ==, -1);
  g_assert_cmpint (fcntl (4, F_GETFD), ==, -1);
}

/* What is meant for another process, or is no number, takes nothing that happens to be open. */
static void
run_not_ours (const char *pid, const char *fds)
{
  put_socket (3, "other", SOCK_STREAM, TRUE);
  set_environment (pid, fds, NULL);
  g_assert_cmpint (peerup_activation_take (NULL), ==, -1);
  g_assert_cmpint (fcntl (3, F_GETFD), !=, -1);
  g_assert_null (g_getenv ("LISTEN_PID"));
}

static void
run_of_parent (void)
{
  g_autofree char *parent = g_strdup_printf ("%d", getppid ());

  run_not_ours (parent, "1");
}

static void
run_no_number (void)
{
  run_not_ours (NULL, "1000000");
}

static void
run_negative (void)
{
  run_not_ours (NULL, "-1");
}

static void
test_in_child (gconstpointer run)
{
  void (*const *function) (void) = run;

  in_child (*function);
}

int
main (int argc, char **argv)
{
  static void (*const runs[]) (void) = { run_names,     run_without_names, run_wrong_kinds,
                                         run_of_parent, run_no_number,     run_negative };
  static const char *const names[] = { "names", "without-names", "wrong-kinds", "of-parent", "no-number", "negative" };
  int code;

  g_test_init (&argc, &argv, NULL);
  directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    {
      g_autofree char *path = g_strconcat ("/service/activation/", names[i], NULL);

      g_test_add_data_func (path, &runs[i], test_in_child);
    }
  code = g_test_run ();
  for (const char *const *name =
         (const char *const[]) { "http", "control", "first", "second", "datagrams", "silent", "other", NULL };
       *name != NULL; name++)
    {
      g_autofree char *path = g_build_filename (directory, *name, NULL);

      g_unlink (path);
    }
  g_rmdir (directory);
  g_free (directory);
  return code;
}
