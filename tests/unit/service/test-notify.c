/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "service/peerup-notify.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A service manager of our own at @name, which is also NOTIFY_SOCKET. */
static int
open_manager (const char *name)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gsize length = strlen (name);
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  memcpy (address.sun_path, name, length);
  if (name[0] == '@')
    address.sun_path[0] = '\0';
  g_assert_cmpint (bind (fd, (const struct sockaddr *) &address, offsetof (struct sockaddr_un, sun_path) + length), ==,
                   0);
  g_setenv ("NOTIFY_SOCKET", name, TRUE);
  return fd;
}

static void
assert_told (int fd, const char *state)
{
  char buffer[512] = { 0 };
  gssize n = recv (fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);

  g_assert_cmpint (n, ==, strlen (state));
  g_assert_cmpstr (buffer, ==, state);
}

static void
test_sockets (void)
{
  g_autofree char *directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "notify", NULL);
  g_autofree char *abstract = g_strdup_printf ("@peerup-test-%d", getpid ());
  const char *const names[] = { path, abstract };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofd int fd = open_manager (names[i]);

      peerup_notify ("READY=1");
      assert_told (fd, "READY=1");
    }
  g_unlink (path);
  g_rmdir (directory);
}

static void
test_status (void)
{
  g_autofree char *name = g_strdup_printf ("@peerup-test-status-%d", getpid ());
  g_autofd int fd = open_manager (name);

  /* Else the second line could say READY=1. */
  peerup_notify_status ("%d peers\nREADY=1\r", 3);
  assert_told (fd, "STATUS=3 peers READY=1 ");
}

static void
test_reloading (void)
{
  g_autofree char *name = g_strdup_printf ("@peerup-test-reload-%d", getpid ());
  g_autofd int fd = open_manager (name);
  gint64 before = g_get_monotonic_time (), told = 0;
  char buffer[128] = { 0 };

  peerup_notify_reloading ();
  g_assert_cmpint (recv (fd, buffer, sizeof buffer - 1, MSG_DONTWAIT), >, 0);
  g_assert_true (g_str_has_prefix (buffer, "RELOADING=1\nMONOTONIC_USEC="));
  told = g_ascii_strtoll (strrchr (buffer, '=') + 1, NULL, 10);
  g_assert_cmpint (told, >=, before);
  g_assert_cmpint (told, <=, g_get_monotonic_time ());
}

/* Nobody is there, nobody can be, or nobody reads: each is no trouble, and none holds up. */
static void
test_nobody (void)
{
  g_autofree char *longer = g_strnfill (200, 'x');
  g_autofree char *slashed = g_strconcat ("/", longer, NULL);
  g_autofree char *name = g_strdup_printf ("@peerup-test-full-%d", getpid ());
  const char *const names[] = { "", "@", "/", "relative", "/nonexistent/notify", "@nobody-listens-here", slashed };
  g_autofd int fd = -1;

  g_unsetenv ("NOTIFY_SOCKET");
  peerup_notify ("READY=1");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_setenv ("NOTIFY_SOCKET", names[i], TRUE);
      peerup_notify ("READY=1");
    }
  fd = open_manager (name);
  for (guint i = 0; i < 5000; i++)
    peerup_notify ("WATCHDOG=1");
  assert_told (fd, "WATCHDOG=1");
}

static guint
drain (int fd, char *last, gsize size)
{
  guint n = 0;
  gssize length;

  for (; (length = recv (fd, last, size - 1, MSG_DONTWAIT)) >= 0; n++)
    last[length] = '\0';
  return n;
}

/* For the next datagram, which the main loop has still to send. */
static void
run_until_told (int fd)
{
  struct pollfd wanted = { .fd = fd, .events = POLLIN };

  while (poll (&wanted, 1, 0) == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_told_by_loop (int fd, const char *state)
{
  run_until_told (fd);
  assert_told (fd, state);
}

/* A manager that has not read for a while is told all the same, in order, once it reads again. */
static void
test_full (void)
{
  g_autofree char *name = g_strdup_printf ("@peerup-test-wait-%d", getpid ());
  g_autofd int fd = open_manager (name);
  char state[128] = { 0 };
  guint n_fill;

  for (n_fill = 0; n_fill < 5000; n_fill++)
    peerup_notify ("WATCHDOG=1");
  peerup_notify ("READY=1");
  peerup_notify_status ("well");
  peerup_notify ("WATCHDOG=1");
  peerup_notify_reloading ();
  peerup_notify ("READY=1");
  peerup_notify ("STOPPING=1");
  /* Nothing is sent, and no turn of the loop blocks, while there is no room. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (drain (fd, state, sizeof state), <, n_fill);
  g_assert_cmpstr (state, ==, "WATCHDOG=1");

  assert_told_by_loop (fd, "READY=1");
  assert_told_by_loop (fd, "STATUS=well");
  run_until_told (fd);
  g_assert_cmpint (recv (fd, state, sizeof state - 1, MSG_DONTWAIT), >, 0);
  g_assert_true (g_str_has_prefix (state, "RELOADING=1\nMONOTONIC_USEC="));
  assert_told_by_loop (fd, "READY=1");
  assert_told_by_loop (fd, "STOPPING=1");
  /* Nothing waits any more: the next goes at once. */
  g_assert_false (g_main_context_pending (NULL));
  peerup_notify ("WATCHDOG=1");
  assert_told (fd, "WATCHDOG=1");
}

/* What waits has an end, and the newest of it stays; and a manager that goes takes what waits with it. */
static void
test_much (void)
{
  g_autofree char *name = g_strdup_printf ("@peerup-test-much-%d", getpid ());
  g_autofd int fd = open_manager (name);
  char state[128] = { 0 };
  guint n = 0;

  for (guint i = 0; i < 5000; i++)
    peerup_notify_status ("%u", i);
  while (!g_str_equal (state, "STATUS=4999"))
    {
      g_main_context_iteration (NULL, FALSE);
      n += drain (fd, state, sizeof state);
    }
  g_assert_cmpuint (n, <, 5000);

  for (guint i = 0; i < 5000; i++)
    peerup_notify_status ("%u", i);
  g_clear_fd (&fd, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  fd = open_manager (name);
  peerup_notify ("READY=1");
  assert_told (fd, "READY=1");
}

/* What the manager waits for is told, however much is said meanwhile. */
static void
test_much_after_ready (void)
{
  g_autofree char *name = g_strdup_printf ("@peerup-test-ready-%d", getpid ());
  g_autofd int fd = open_manager (name);
  char state[128] = { 0 };

  for (guint i = 0; i < 5000; i++)
    peerup_notify ("WATCHDOG=1");
  peerup_notify ("READY=1");
  for (guint i = 0; i < 5000; i++)
    peerup_notify_status ("%u", i);
  drain (fd, state, sizeof state);
  g_assert_cmpstr (state, ==, "WATCHDOG=1");
  assert_told_by_loop (fd, "READY=1");
  while (!g_str_equal (state, "STATUS=4999"))
    {
      g_main_context_iteration (NULL, FALSE);
      drain (fd, state, sizeof state);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/notify/sockets", test_sockets);
  g_test_add_func ("/service/notify/status", test_status);
  g_test_add_func ("/service/notify/reloading", test_reloading);
  g_test_add_func ("/service/notify/nobody", test_nobody);
  g_test_add_func ("/service/notify/full", test_full);
  g_test_add_func ("/service/notify/much", test_much);
  g_test_add_func ("/service/notify/much-after-ready", test_much_after_ready);
  return g_test_run ();
}
