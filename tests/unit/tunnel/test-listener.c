/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Listening sockets: addresses, errors, pausing, and a process without descriptors. */

#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sockets.h"
#include "unit/protocols/spin.h"
#include "wire/peerup-error.h"

static void
take (PeerupListener *listener, int fd, gpointer data)
{
  guint *n_accepted = data;

  ++*n_accepted;
  close (fd);
}

static void
wait_for (const guint *n_accepted, guint wanted)
{
  gint64 start = g_get_monotonic_time ();

  while (*n_accepted < wanted)
    {
      g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
test_loopback (void)
{
  guint n_accepted = 0;
  g_autoptr (PeerupListener) listener = peerup_listener_new (NULL, 0, take, &n_accepted, NULL);
  guint port = peerup_listener_get_port (listener);

  g_assert_cmpuint (port, >, 0);
  close (client_connect (FALSE, port));
  close (client_connect (TRUE, port));
  wait_for (&n_accepted, 2);
}

static void
test_port_taken (void)
{
  guint n_accepted = 0;
  g_autoptr (PeerupListener) first = peerup_listener_new ("::1", 0, take, &n_accepted, NULL);
  g_autoptr (PeerupListener) second = NULL;
  g_autoptr (GError) error = NULL;
  /* Not of which address: another program may have the same number on 127.0.0.1. */
  g_autofree char *where = g_strdup_printf (":%u ", peerup_listener_get_port (first));

  second = peerup_listener_new (NULL, peerup_listener_get_port (first), take, &n_accepted, &error);
  g_assert_null (second);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, where));
}

static void
test_foreign_address (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_listener_new ("192.0.2.1", 0, take, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "192.0.2.1"));
}

static void
test_pause (void)
{
  guint n_accepted = 0;
  g_autoptr (PeerupListener) listener = peerup_listener_new ("127.0.0.1", 0, take, &n_accepted, NULL);
  int client;

  peerup_listener_pause (listener);
  client = client_connect (FALSE, peerup_listener_get_port (listener));
  for (guint i = 0; i < 10; i++)
    spin_idle ();
  g_assert_cmpuint (n_accepted, ==, 0);
  peerup_listener_resume (listener);
  wait_for (&n_accepted, 1);
  close (client);
}

typedef struct
{
  PeerupListener *listener;
  guint n_accepted;
} Ending;

static void
free_listener (PeerupListener *listener, int fd, gpointer data)
{
  Ending *ending = data;

  ending->n_accepted++;
  close (fd);
  g_clear_pointer (&ending->listener, peerup_listener_free);
}

static void
test_free_in_callback (void)
{
  Ending ending = { 0 };
  int clients[2];

  ending.listener = peerup_listener_new ("127.0.0.1", 0, free_listener, &ending, NULL);
  for (guint i = 0; i < 2; i++)
    clients[i] = client_connect (FALSE, peerup_listener_get_port (ending.listener));
  wait_for (&ending.n_accepted, 1);
  spin_idle ();
  g_assert_cmpuint (ending.n_accepted, ==, 1);
  close (clients[0]);
  close (clients[1]);
}

/* More connections than one dispatch takes. */
static void
test_many (void)
{
  guint n_accepted = 0;
  g_autoptr (PeerupListener) listener = peerup_listener_new ("127.0.0.1", 0, take, &n_accepted, NULL);

  for (guint i = 0; i < 300; i++)
    close (client_connect (FALSE, peerup_listener_get_port (listener)));
  wait_for (&n_accepted, 300);
}

/* Out of descriptors the context goes to sleep instead of turning round and round,
 * and the connection is taken when there are some again. */
static void
test_no_descriptors (void)
{
  guint n_accepted = 0;
  g_autoptr (PeerupListener) listener = peerup_listener_new ("127.0.0.1", 0, take, &n_accepted, NULL);
  int client = client_connect (FALSE, peerup_listener_get_port (listener));
  struct rlimit limit;
  struct rlimit none;
  guint n_turns = 0;
  int lowest;

  g_test_expect_message ("peerup-transport", G_LOG_LEVEL_MESSAGE, "Cannot accept connections on port*");
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  /* The lowest free one is the first that may not be had. */
  lowest = dup (client);
  close (lowest);
  none = (struct rlimit) { .rlim_cur = lowest, .rlim_max = limit.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    g_assert_cmpuint (++n_turns, <, 100);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (n_accepted, ==, 0);
  wait_for (&n_accepted, 1);
  close (client);
}

/* A port that the system keeps for itself comes with what to do about it. */
static void
test_low_port (void)
{
  g_autoptr (PeerupListener) listener = NULL;
  g_autoptr (GError) error = NULL;
  gboolean root = geteuid () == 0;

  /* Root may; nobody may not. */
  if (root)
    g_assert_cmpint (seteuid (65534), ==, 0);
  listener = peerup_listener_new ("127.0.0.1", 1, take, NULL, &error);
  if (root)
    g_assert_cmpint (seteuid (0), ==, 0);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    {
      g_test_skip ("this system lets everybody have low ports");
      return;
    }
  g_assert_nonnull (strstr (error->message, "127.0.0.1:1"));
  g_assert_nonnull (strstr (error->message, "AmbientCapabilities=CAP_NET_BIND_SERVICE"));
  g_assert_nonnull (strstr (error->message, "net.ipv4.ip_unprivileged_port_start"));
}

/* A socket that connects from where another listens; the port stays that one's own. */
static void
test_beside (void)
{
  guint n_accepted = 0;
  g_autoptr (PeerupListener) listener = peerup_listener_new ("127.0.0.1", 0, take, &n_accepted, NULL);
  struct sockaddr_in address = { 0 };
  socklen_t size = sizeof address;
  int fd = peerup_listener_open_beside (listener, AF_INET, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  g_assert_cmpuint (g_ntohs (address.sin_port), ==, peerup_listener_get_port (listener));
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (peerup_listener_new ("127.0.0.1", peerup_listener_get_port (listener), take, NULL, &error));
    g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  }
  {
    g_autoptr (GError) error = NULL;

    g_assert_cmpint (peerup_listener_open_beside (listener, AF_INET6, &error), ==, -1);
    g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  }
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tunnel/listener/loopback", test_loopback);
  g_test_add_func ("/tunnel/listener/port-taken", test_port_taken);
  g_test_add_func ("/tunnel/listener/foreign-address", test_foreign_address);
  g_test_add_func ("/tunnel/listener/low-port", test_low_port);
  g_test_add_func ("/tunnel/listener/pause", test_pause);
  g_test_add_func ("/tunnel/listener/free-in-callback", test_free_in_callback);
  g_test_add_func ("/tunnel/listener/many", test_many);
  g_test_add_func ("/tunnel/listener/no-descriptors", test_no_descriptors);
  g_test_add_func ("/tunnel/listener/beside", test_beside);
  return g_test_run ();
}
