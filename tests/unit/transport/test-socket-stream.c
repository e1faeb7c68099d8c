/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Sockets as streams: the two ends, resets, and connecting. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport-test.h"

#include "transport/peerup-socket-stream.h"

/* A stream and the bare socket at its other end. */
typedef struct
{
  PeerupStream *stream;
  int fd;
} Pair;

static int
open_listener (guint *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  *port = g_ntohs (address.sin_port);
  return fd;
}

static void
pair_init (Pair *pair)
{
  g_autoptr (GError) error = NULL;
  guint port;
  int listener = open_listener (&port);

  pair->stream = test_take_object (peerup_socket_connect ("127.0.0.1", port, test_deadline ()), &error);
  g_assert_no_error (error);
  pair->fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  g_assert_cmpint (pair->fd, >=, 0);
  close (listener);
}

static void
pair_clear (Pair *pair)
{
  g_clear_object (&pair->stream);
  if (pair->fd >= 0)
    close (pair->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
wait_for (PeerupStream *stream, GIOCondition condition)
{
  dex_unref (test_finish (peerup_stream_wait (stream, condition)));
}

/* The bare socket with an RST. */
static void
reset_fd (Pair *pair)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (pair->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (pair->fd);
  pair->fd = -1;
}

static void
test_bytes (void)
{
  g_auto (Pair) pair = { 0 };
  char bytes[8];

  pair_init (&pair);
  test_assert_blocks (pair.stream);
  g_assert_cmpint (write (pair.fd, "abc", 3), ==, 3);
  wait_for (pair.stream, G_IO_IN);
  test_assert_reads (pair.stream, "abc");
  test_assert_blocks (pair.stream);
  g_assert_cmpint (write (pair.fd, "def", 3), ==, 3);
  wait_for (pair.stream, G_IO_IN);
  test_assert_reads (pair.stream, "def");
  test_assert_writes (pair.stream, "xyz");
  g_assert_cmpint (read (pair.fd, bytes, sizeof bytes), ==, 3);
}

static void
test_peer_ends_first (void)
{
  g_auto (Pair) pair = { 0 };
  char bytes[8];

  pair_init (&pair);
  g_assert_cmpint (write (pair.fd, "bye", 3), ==, 3);
  shutdown (pair.fd, SHUT_WR);
  wait_for (pair.stream, G_IO_IN);
  test_assert_reads (pair.stream, "bye");
  wait_for (pair.stream, G_IO_IN);
  test_assert_reads (pair.stream, "");
  test_assert_reads (pair.stream, "");
  test_assert_writes (pair.stream, "still");
  g_assert_cmpint (read (pair.fd, bytes, sizeof bytes), ==, 5);
  peerup_stream_close_write (pair.stream);
  g_assert_cmpint (read (pair.fd, bytes, sizeof bytes), ==, 0);
}

static void
test_we_end_first (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  char bytes[8];

  pair_init (&pair);
  test_assert_writes (pair.stream, "bye");
  peerup_stream_close_write (pair.stream);
  g_assert_cmpint (read (pair.fd, bytes, sizeof bytes), ==, 3);
  g_assert_cmpint (read (pair.fd, bytes, sizeof bytes), ==, 0);
  g_assert_cmpint (peerup_stream_write (pair.stream, "x", 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_cmpint (write (pair.fd, "still", 5), ==, 5);
  wait_for (pair.stream, G_IO_IN);
  test_assert_reads (pair.stream, "still");
}

static void
test_peer_resets (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  char byte;

  pair_init (&pair);
  test_assert_blocks (pair.stream);
  reset_fd (&pair);
  wait_for (pair.stream, G_IO_IN);
  g_assert_cmpint (peerup_stream_read (pair.stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_clear_error (&error);
  g_assert_cmpint (peerup_stream_write (pair.stream, "x", 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
}

/* The other program must not take a cut transfer for a whole one. */
static void
test_we_reset (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Pair) pair = { 0 };
      char byte;

      pair_init (&pair);
      if (i == 0)
        {
          peerup_stream_reset (pair.stream, PEERUP_STREAM_CODE_SHUTDOWN);
          test_assert_fails (pair.stream, PEERUP_ERROR_RESET);
          g_assert_cmpint (peerup_socket_stream_get_fd (PEERUP_SOCKET_STREAM (pair.stream)), ==, -1);
        }
      else
        g_clear_object (&pair.stream);
      g_assert_cmpint (read (pair.fd, &byte, 1), ==, -1);
      g_assert_cmpint (errno, ==, ECONNRESET);
    }
}

/* Who stops reading does not stall the sender, whatever it sends. */
static void
test_close_read_drains (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree char *bytes = g_malloc0 (100000);
  gsize total = 0;

  pair_init (&pair);
  peerup_stream_close_read (pair.stream);
  while (total < 20000000)
    {
      gssize n = send (pair.fd, bytes, 100000, MSG_DONTWAIT);

      g_assert_true (n > 0 || errno == EAGAIN);
      total += MAX (n, 0);
      g_main_context_iteration (NULL, FALSE);
    }
  test_assert_writes (pair.stream, "done");
  g_assert_cmpint (read (pair.fd, bytes, 10), ==, 4);
}

/* Fills the socket and closes; the other end, which has said something that was not read, still
 * gets every byte, and so does it when it says more. */
static void
run_close_pending (gboolean drop)
{
  g_auto (Pair) pair = { 0 };
  g_autofree char *bytes = g_malloc0 (1000000);
  gsize sent = 0;
  gssize n;

  pair_init (&pair);
  g_assert_cmpint (write (pair.fd, "unread", 6), ==, 6);
  while ((n = peerup_stream_write (pair.stream, bytes, 1000000, NULL)) > 0)
    sent += n;
  g_assert_cmpuint (sent, >, 0);
  peerup_stream_close (pair.stream);
  if (drop)
    g_clear_object (&pair.stream);
  test_spin ();
  for (;;)
    {
      g_assert_cmpint (send (pair.fd, "more", 4, MSG_NOSIGNAL), ==, 4);
      n = recv (pair.fd, bytes, 1000000, 0);
      g_assert_cmpint (n, >=, 0);
      if (n == 0)
        break;
      sent -= n;
      test_spin ();
    }
  g_assert_cmpuint (sent, ==, 0);
}

static void
test_close_pending (void)
{
  run_close_pending (FALSE);
  run_close_pending (TRUE);
}

/* Once both sides have ended the descriptor goes at once. */
static void
test_close_frees (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair);
  shutdown (pair.fd, SHUT_WR);
  wait_for (pair.stream, G_IO_IN);
  test_assert_reads (pair.stream, "");
  peerup_stream_close (pair.stream);
  test_spin ();
  g_assert_cmpint (peerup_socket_stream_get_fd (PEERUP_SOCKET_STREAM (pair.stream)), ==, -1);
  test_assert_fails (pair.stream, PEERUP_ERROR_CLOSED);
}

/* Connecting */

static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) name_error = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *text = NULL;
  guint port;

  close (open_listener (&port));
  address = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  text = g_strdup_printf ("127.0.0.1:%u", port);
  error = test_take_error (peerup_socket_connect_address (address, test_deadline ()));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_nonnull (strstr (error->message, "refused"));
  name_error = test_take_error (peerup_socket_connect ("localhost", port, test_deadline ()));
  g_assert_error (name_error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_nonnull (strstr (name_error->message, "localhost"));
}

static void
test_unknown_name (void)
{
  g_autoptr (GError) error = test_take_error (peerup_socket_connect ("name.invalid", 80, test_deadline ()));

  g_assert_nonnull (strstr (error->message, "name.invalid"));
}

/* A full queue of a socket that nobody accepts from: the connect itself goes unanswered. */
static void
test_timeout (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GPtrArray) filling = g_ptr_array_new_with_free_func (dex_unref);
  gint64 start;
  guint port;
  int listener = open_listener (&port);

  address = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  for (guint i = 0; i < 8; i++)
    g_ptr_array_add (filling, peerup_socket_connect_address (address, g_get_monotonic_time () + G_USEC_PER_SEC));
  test_spin ();
  start = g_get_monotonic_time ();
  error = test_take_error (peerup_socket_connect_address (address, start + 50000));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpint (g_get_monotonic_time (), >=, start + 50000);
  g_assert_nonnull (strstr (error->message, "127.0.0.1"));
  for (guint i = 0; i < filling->len; i++)
    test_finish (filling->pdata[i]);
  close (listener);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/socket-stream/bytes", test_bytes);
  g_test_add_func ("/socket-stream/peer-ends-first", test_peer_ends_first);
  g_test_add_func ("/socket-stream/we-end-first", test_we_end_first);
  g_test_add_func ("/socket-stream/peer-resets", test_peer_resets);
  g_test_add_func ("/socket-stream/we-reset", test_we_reset);
  g_test_add_func ("/socket-stream/close-read-drains", test_close_read_drains);
  g_test_add_func ("/socket-stream/close-frees", test_close_frees);
  g_test_add_func ("/socket-stream/refused", test_refused);
  g_test_add_func ("/socket-stream/unknown-name", test_unknown_name);
  g_test_add_func ("/socket-stream/timeout", test_timeout);
  g_test_add_func ("/socket-stream/close-pending", test_close_pending);
  return g_test_run ();
}
