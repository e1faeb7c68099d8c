/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The two ends of a throughput measurement, outside of what is measured:
 *   bench-flow serve PORT          for each connection: an 8-byte big-endian count, then
 *                                  sends that many bytes and ends; with the highest bit set,
 *                                  takes that many and answers with one byte
 *   bench-flow fetch PORT BYTES    asks for BYTES and prints Gbit/s
 *   bench-flow send PORT BYTES     brings BYTES and prints Gbit/s
 * Blocking sockets and 256 KiB buffers: the tunnel should be what is slow. */

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* In a count: the bytes come from who asks. */
#define TAKE (UINT64_C (1) << 63)

static char buffer[256 * 1024];

static struct sockaddr_in
loopback (const char *port)
{
  return (struct sockaddr_in) { .sin_family = AF_INET,
                                .sin_port = htons ((uint16_t) strtoul (port, NULL, 10)),
                                .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
}

static int
fail (const char *what)
{
  fprintf (stderr, "bench-flow: %s: %s\n", what, strerror (errno));
  return 1;
}

static void
send_all (int fd, uint64_t left)
{
  while (left > 0)
    {
      size_t n = left < sizeof buffer ? left : sizeof buffer;
      ssize_t sent = send (fd, buffer, n, MSG_NOSIGNAL);

      if (sent <= 0)
        return;
      left -= (uint64_t) sent;
    }
}

static uint64_t
take_all (int fd, uint64_t most)
{
  uint64_t got = 0;
  ssize_t n;

  while (got < most && (n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    got += (uint64_t) n;
  return got;
}

static void
answer (int fd)
{
  uint64_t request;

  if (recv (fd, &request, sizeof request, MSG_WAITALL) != sizeof request)
    return;
  request = be64toh (request);
  if ((request & TAKE) == 0)
    send_all (fd, request);
  else if (take_all (fd, request & ~TAKE) == (request & ~TAKE))
    send_all (fd, 1);
}

static int
serve (const char *port)
{
  struct sockaddr_in address = loopback (port);
  int listener = socket (AF_INET, SOCK_STREAM, 0);
  int one = 1;

  setsockopt (listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  signal (SIGCHLD, SIG_IGN);
  if (bind (listener, (struct sockaddr *) &address, sizeof address) != 0 || listen (listener, 64) != 0)
    return fail ("listen");
  puts ("listening");
  fflush (stdout);
  for (;;)
    {
      int fd = accept (listener, NULL, NULL);

      if (fd < 0)
        return fail ("accept");
      if (fork () == 0)
        {
          answer (fd);
          _exit (0);
        }
      close (fd);
    }
}

static double
now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static int
ask (const char *port, const char *bytes, bool sending)
{
  struct sockaddr_in address = loopback (port);
  uint64_t count = strtoull (bytes, NULL, 10), want = sending ? 1 : count, got;
  uint64_t request = htobe64 (sending ? count | TAKE : count);
  int fd = socket (AF_INET, SOCK_STREAM, 0);
  double start;

  if (connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
    return fail ("connect");
  start = now ();
  if (send (fd, &request, sizeof request, MSG_NOSIGNAL) != sizeof request)
    return fail ("send");
  if (sending)
    send_all (fd, count);
  got = take_all (fd, want);
  if (got != want)
    {
      fprintf (stderr, "bench-flow: got %" PRIu64 " of %" PRIu64 " bytes\n", got, want);
      return 1;
    }
  printf ("%.6f\n", now () - start);
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "serve") == 0)
    return serve (argv[2]);
  if (argc == 4 && (strcmp (argv[1], "fetch") == 0 || strcmp (argv[1], "send") == 0))
    return ask (argv[2], argv[3], argv[1][0] == 's');
  fprintf (stderr, "usage: bench-flow serve PORT | bench-flow fetch|send PORT BYTES\n");
  return 2;
}
