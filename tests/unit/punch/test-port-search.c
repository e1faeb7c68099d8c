/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Port searches on real sockets over loopback, where there is no NAT: what is opened, and that all of it is
 * closed again; what the system refuses; how often there may be one. */

#include "punch/peerup-port-search-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transport/peerup-reactor.h"
#include "unit/transport/transport-test.h"

/* Loopback's sockets send to the second from the first. */
#define MANY_HOST "127.0.0.1"
#define ONE_HOST  "127.0.0.2"

/* More than are ever used. */
#define DESCRIPTORS 512

/* Counted by asking for each, as a list of them would need one more. */
static guint
count_descriptors (void)
{
  guint n = 0;

  for (int fd = 0; fd < DESCRIPTORS; fd++)
    n += fcntl (fd, F_GETFD) >= 0 || errno != EBADF;
  return n;
}

static PeerupSocketAddress
make_address (const char *host, guint16 port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  return address;
}

/* Bound to a port of that host, which @address tells. */
static int
bind_socket (const char *host, PeerupSocketAddress *address)
{
  int fd;
  socklen_t length = sizeof *address;

  *address = make_address (host, 0);
  fd = socket (address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (bind (fd, &address->any, peerup_socket_address_get_length (address)), ==, 0);
  g_assert_cmpint (getsockname (fd, &address->any, &length), ==, 0);
  return fd;
}

/* From the side with many sockets. */
static DexFuture *
search_many (const PeerupSocketAddress *remote, gboolean controlling)
{
  PeerupPortSearchOptions options = {
    .many_sockets = TRUE,
    .controlling = controlling,
    .fd = -1,
    .remote = *remote,
    .key = "0123456789abcdef",
  };

  return peerup_port_search_anywhere (&options);
}

static DexFuture *
search_one (int fd, gboolean controlling)
{
  PeerupPortSearchOptions options = {
    .controlling = controlling,
    .fd = fd,
    .remote = make_address (MANY_HOST, 1024),
    .key = "0123456789abcdef",
  };

  return peerup_port_search_anywhere (&options);
}

/* (transfer full): what @future, which is taken, resolves to. */
static PeerupPunchedSocket *
take_way (DexFuture *future)
{
  g_autoptr (DexFuture) ended = test_finish (future);
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (ended, &error);

  g_assert_no_error (error);
  return g_value_dup_boxed (value);
}

static void
assert_rejected (DexFuture *future, GQuark domain, int code, const char *words)
{
  g_autoptr (GError) error = test_take_error (future);

  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, words));
}

/* What was discarded is gone after a turn of the loop. */
static void
wait_descriptors (guint n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (count_descriptors () != n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* The two ends of what was found are each other's, and do not block. */
static void
check_ways (const PeerupPunchedSocket *many, const PeerupPunchedSocket *one, const PeerupSocketAddress *address)
{
  PeerupSocketAddress bound;
  socklen_t length = sizeof bound;
  struct pollfd wanted = { .fd = one->fd, .events = POLLIN };
  char word[100];

  g_assert_cmpint (many->fd, >=, 0);
  g_assert_cmpint (one->fd, >=, 0);
  g_assert_true (peerup_socket_address_equal (&many->remote, address));
  g_assert_cmpint (getsockname (many->fd, &bound.any, &length), ==, 0);
  g_assert_cmpuint (peerup_socket_address_get_port (&bound), ==, peerup_socket_address_get_port (&one->remote));
  g_assert_true (fcntl (many->fd, F_GETFL) & O_NONBLOCK);
  g_assert_true (fcntl (one->fd, F_GETFL) & O_NONBLOCK);
  g_assert_true (fcntl (many->fd, F_GETFD) & FD_CLOEXEC);
  g_assert_true (fcntl (one->fd, F_GETFD) & FD_CLOEXEC);
  g_assert_cmpint (sendto (many->fd, "word", 4, 0, &many->remote.any, sizeof many->remote.ip4), ==, 4);
  /* Behind what is left of the search. */
  do
    g_assert_cmpint (poll (&wanted, 1, 60000), ==, 1);
  while (recv (one->fd, word, sizeof word, 0) != 4);
  g_assert_cmpmem (word, 4, "word", 4);
}

/* @fd, at @address: the one socket; and as many as that meet, whichever controls. */
static void
meet (int fd, const PeerupSocketAddress *address, gboolean many_controls)
{
  DexFuture *of_one = search_one (fd, !many_controls);
  DexFuture *of_many = search_many (address, many_controls);
  PeerupPunchedSocket *many = take_way (of_many);
  PeerupPunchedSocket *one = take_way (of_one);

  check_ways (many, one, address);
  g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, many);
  g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, one);
}

static void
test_meets (gconstpointer data)
{
  PeerupSocketAddress address;
  int fd = bind_socket (ONE_HOST, &address);
  guint n = count_descriptors ();

  for (guint i = 0; i < 3; i++)
    {
      meet (fd, &address, GPOINTER_TO_INT (data));
      g_assert_cmpuint (count_descriptors (), ==, n);
    }
  close (fd);
}

/* The socket has been sent much that nobody has read, and is told of each packet that nobody received. */
static void
test_busy_socket (void)
{
  PeerupSocketAddress address;
  int fd = bind_socket (ONE_HOST, &address);
  g_autofd int stranger = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  guint n = count_descriptors ();
  guint8 noise[1200] = { 0, 1, 0, 100, 0x21, 0x12, 0xa4, 0x42 };
  int one = 1;
  g_autoptr (DexFuture) early = NULL;

  g_assert_cmpint (setsockopt (fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one), ==, 0);
  early = search_one (fd, TRUE);
  for (guint i = 0; i < 300; i++)
    {
      g_assert_cmpint (sendto (stranger, noise, 20 + i * 3, 0, &address.any, sizeof address.ip4), >=, 0);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_true (dex_future_is_pending (early));
  dex_clear (&early);
  wait_descriptors (n);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (sendto (stranger, noise, 20 + i * 3, 0, &address.any, sizeof address.ip4), >=, 0);
  meet (fd, &address, FALSE);
  g_assert_cmpuint (count_descriptors (), ==, n);
  close (fd);
}

/* Nobody answers: as many sockets as may be and one descriptor more are open, and none is left when nobody waits. */
static void
test_discarded (void)
{
  PeerupSocketAddress address;
  int fd = bind_socket (ONE_HOST, &address);
  guint n = count_descriptors ();
  DexFuture *future = search_many (&address, TRUE);

  wait_descriptors (n + 1 + PEERUP_PORT_SEARCH_SOCKETS);
  dex_unref (future);
  wait_descriptors (n);
  /* Before it has begun, too, and where there is a socket already. */
  dex_unref (search_many (&address, TRUE));
  dex_unref (search_one (fd, TRUE));
  wait_descriptors (n);
  close (fd);
}

static void
limit_descriptors (rlim_t n, struct rlimit *before)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, before), ==, 0);
  limit = *before;
  limit.rlim_cur = n;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
}

/* An eighth of the process's descriptors, and no more. */
static void
test_share (void)
{
  PeerupSocketAddress address;
  int fd = bind_socket (ONE_HOST, &address);
  guint n = count_descriptors ();
  struct rlimit before;
  DexFuture *future;

  limit_descriptors (160, &before);
  future = search_many (&address, TRUE);
  wait_descriptors (n + 1 + 20);
  for (gint64 end = g_get_monotonic_time () + 50000; g_get_monotonic_time () < end;)
    {
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpuint (count_descriptors (), ==, n + 1 + 20);
    }
  dex_unref (future);
  wait_descriptors (n);
  meet (fd, &address, TRUE);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  close (fd);
}

/* There is room for so many descriptors only: it goes with fewer sockets and says so, or says why it does not. */
static void
test_descriptors_run_out (void)
{
  g_autoptr (GArray) fillers = g_array_new (FALSE, FALSE, sizeof (int));
  PeerupSocketAddress address;
  int fd = bind_socket (ONE_HOST, &address);
  guint n = count_descriptors ();
  struct rlimit before;
  DexFuture *future;
  int filler;

  limit_descriptors (400, &before);
  while ((filler = fcntl (fd, F_DUPFD_CLOEXEC, 0)) >= 0)
    g_array_append_val (fillers, filler);
  g_assert_cmpint (errno, ==, EMFILE);
  assert_rejected (search_many (&address, TRUE), G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES, "Cannot search ports");

  close (g_array_index (fillers, int, 0));
  assert_rejected (search_many (&address, TRUE), G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES, "Cannot open a socket");
  assert_rejected (search_one (fd, TRUE), G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES, "Cannot open a socket");

  for (guint i = 1; i < 10; i++)
    close (g_array_index (fillers, int, i));
  g_log_writer_default_set_debug_domains ((const char *const[]) { "peerup-punch", NULL });
  g_test_expect_message ("peerup-punch", G_LOG_LEVEL_DEBUG, "*with 9 sockets only*");
  future = search_many (&address, TRUE);
  wait_descriptors (n + fillers->len);
  for (gint64 end = g_get_monotonic_time () + 50000; g_get_monotonic_time () < end;)
    g_main_context_iteration (NULL, FALSE);
  g_test_assert_expected_messages ();
  g_assert_true (dex_future_is_pending (future));
  dex_unref (future);
  wait_descriptors (n + fillers->len - 10);
  meet (fd, &address, FALSE);

  for (guint i = 10; i < fillers->len; i++)
    close (g_array_index (fillers, int, i));
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  g_assert_cmpuint (count_descriptors (), ==, n);
  close (fd);
}

/* After three seconds it says that there was nobody, or that the system let nothing out: to all hosts of a network
 * nobody may send without saying so first. */
static void
test_in_vain (void)
{
  PeerupSocketAddress address, all = make_address ("255.255.255.255", 7000);
  int fd = bind_socket (ONE_HOST, &address);
  guint n = count_descriptors ();
  gint64 began_at = g_get_monotonic_time ();
  DexFuture *unheard = search_many (&address, TRUE);
  DexFuture *refused = search_many (&all, FALSE);

  assert_rejected (unheard, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "packets sent, 0 of the peer's");
  assert_rejected (refused, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "packets out to 255.255.255.255");
  g_assert_cmpint (g_get_monotonic_time () - began_at, >=, PEERUP_PORT_SEARCH_TIME);
  g_assert_cmpuint (count_descriptors (), ==, n);
  close (fd);
}

static void
test_one_for_a_host (void)
{
  PeerupSocketAddress first = make_address ("127.0.0.3", 7000), other_port = make_address ("127.0.0.3", 7001);
  DexFuture *future = search_many (&first, TRUE);
  guint n = count_descriptors () - 1;

  assert_rejected (search_many (&other_port, TRUE), PEERUP_ERROR, PEERUP_ERROR_LIMIT, "already");
  g_assert_true (dex_future_is_pending (future));
  dex_unref (future);
  wait_descriptors (n);
  future = search_many (&other_port, TRUE);
  g_assert_true (dex_future_is_pending (future));
  dex_unref (future);
  wait_descriptors (n);
}

static void
test_so_many_at_once (void)
{
  DexFuture *futures[PEERUP_PORT_SEARCH_AT_ONCE];
  guint n = count_descriptors ();

  for (guint i = 0; i <= PEERUP_PORT_SEARCH_AT_ONCE; i++)
    {
      g_autofree char *host = g_strdup_printf ("127.0.1.%u", i);
      PeerupSocketAddress address = make_address (host, 7000);

      if (i < PEERUP_PORT_SEARCH_AT_ONCE)
        futures[i] = search_many (&address, TRUE);
      else
        assert_rejected (search_many (&address, TRUE), PEERUP_ERROR, PEERUP_ERROR_LIMIT, "already");
    }
  for (guint i = 0; i < PEERUP_PORT_SEARCH_AT_ONCE; i++)
    {
      g_assert_true (dex_future_is_pending (futures[i]));
      dex_unref (futures[i]);
    }
  wait_descriptors (n);
}

/* Row 15 of what a peer may name: nothing of that is sent to. */
static void
test_may_probe (void)
{
  static const char *const refused[] = {
    "127.0.0.1",        "169.254.169.254", "10.0.0.1",      "192.168.1.1",
    "172.16.0.1",       "100.64.0.1",      "224.0.0.251",   "0.0.0.0",
    "255.255.255.255",  "203.0.113.1",     "::1",           "::",
    "fe80::1",          "fd00::1",         "ff02::fb",      "2001:db8::1",
    "64:ff9b::1.2.3.4", "2002:102:304::1", "fd00:ec2::254",
  };
  static const char *const allowed[] = { "1.2.3.4", "5.6.7.8", "2a00::1" };
  PeerupPortSearchOptions options = { .many_sockets = TRUE, .fd = -1 };
  guint n = count_descriptors ();

  for (guint i = 0; i < G_N_ELEMENTS (allowed); i++)
    {
      options.remote = make_address (allowed[i], 7000);
      g_assert_true (peerup_port_search_may_probe (&options.remote));
      for (guint port = 0; port < 1024; port += 11)
        {
          peerup_socket_address_set_port (&options.remote, port);
          g_assert_false (peerup_port_search_may_probe (&options.remote));
        }
      assert_rejected (peerup_port_search (&options), PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "of the internet");
    }
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      options.remote = make_address (refused[i], 7000);
      assert_rejected (peerup_port_search (&options), PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "of the internet");
    }
  memset (&options.remote, 0, sizeof options.remote);
  assert_rejected (peerup_port_search (&options), PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "of the internet");
  g_assert_cmpuint (count_descriptors (), ==, n);
}

/* What is no socket, and one of the other IP version. */
static void
test_wrong_descriptor (void)
{
  g_autofd int file = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  PeerupSocketAddress address;
  g_autofd int six = bind_socket ("::1", &address);
  guint n = count_descriptors ();

  assert_rejected (search_one (file, TRUE), G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "with this socket");
  assert_rejected (search_one (six, TRUE), PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "IP version");
  g_assert_cmpuint (count_descriptors (), ==, n);
}

int
main (int argc, char **argv)
{
  g_autoptr (PeerupReactor) reactor = NULL;

  g_test_init (&argc, &argv, NULL);
  dex_init ();
  /* Its descriptors are there all the time. */
  reactor = peerup_reactor_ref_default ();
  g_test_add_data_func ("/punch/port-search/meets/one-controls", GINT_TO_POINTER (FALSE), test_meets);
  g_test_add_data_func ("/punch/port-search/meets/many-controls", GINT_TO_POINTER (TRUE), test_meets);
  g_test_add_func ("/punch/port-search/busy-socket", test_busy_socket);
  g_test_add_func ("/punch/port-search/discarded", test_discarded);
  g_test_add_func ("/punch/port-search/share", test_share);
  g_test_add_func ("/punch/port-search/descriptors-run-out", test_descriptors_run_out);
  g_test_add_func ("/punch/port-search/in-vain", test_in_vain);
  g_test_add_func ("/punch/port-search/one-for-a-host", test_one_for_a_host);
  g_test_add_func ("/punch/port-search/so-many-at-once", test_so_many_at_once);
  g_test_add_func ("/punch/port-search/may-probe", test_may_probe);
  g_test_add_func ("/punch/port-search/wrong-descriptor", test_wrong_descriptor);
  return g_test_run ();
}
