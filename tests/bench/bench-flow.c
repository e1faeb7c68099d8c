/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The two ends of a throughput measurement, outside of what is measured:
 *   bench-flow serve PORT          for each connection: an 8-byte big-endian count, then
 *                                  sends that many bytes and ends
 *   bench-flow fetch PORT BYTES    asks for BYTES and prints Gbit/s
 * Blocking sockets and 256 KiB buffers: the tunnel should be what is slow. */

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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
      uint64_t count;

      if (fd < 0)
        return fail ("accept");
      if (fork () == 0)
        {
          if (recv (fd, &count, sizeof count, MSG_WAITALL) == sizeof count)
            send_all (fd, be64toh (count));
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
fetch (const char *port, const char *bytes)
{
  struct sockaddr_in address = loopback (port);
  uint64_t want = strtoull (bytes, NULL, 10), got = 0, request = htobe64 (want);
  int fd = socket (AF_INET, SOCK_STREAM, 0);
  double start;
  ssize_t n;

  if (connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
    return fail ("connect");
  start = now ();
  if (send (fd, &request, sizeof request, 0) != sizeof request)
    return fail ("send");
  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    got += (uint64_t) n;
  if (got != want)
    {
      fprintf (stderr, "bench-flow: got %llu of %llu bytes\n", (unsigned long long) got, (unsigned long long) want);
      return 1;
    }
  printf ("%.3f\n", (double) got * 8 / 1e9 / (now () - start));
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "serve") == 0)
    return serve (argv[2]);
  if (argc == 4 && strcmp (argv[1], "fetch") == 0)
    return fetch (argv[2], argv[3]);
  fprintf (stderr, "usage: bench-flow serve PORT | bench-flow fetch PORT BYTES\n");
  return 2;
}
