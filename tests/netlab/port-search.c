/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One side of port searches, by the code that a daemon has. Each line of the input is one:
 *
 *   port-search many                   with sockets of its own
 *   port-search one PORT               with one socket that is bound to this port
 *   (input)  controlling|controlled KEY HOST PORT STEP      KEY: 32 hexadecimal digits
 *   (output) {"way": "HOST:PORT", "ms": N, "ours": N, "carries": true}, or {"error": "why"}
 *
 * A way that is found must carry a word to and fro, of which "ours" were sent.
 */

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "punch/peerup-port-search.h"

#define WORD      "a word"
#define PATIENCE  50  /* times that it is said */
#define WORD_WAIT 100 /* ms between two times */

static int
bind_socket (guint16 port)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  PeerupSocketAddress any;

  g_assert_true (peerup_socket_address_set (&any, "0.0.0.0", port));
  if (fd < 0 || bind (fd, &any.any, sizeof any.ip4) != 0)
    g_error ("Cannot bind port %u", port);
  return fd;
}

static void
say_word (const PeerupPunchedSocket *way, guint *n_sent)
{
  (*n_sent)++;
  if (sendto (way->fd, WORD, sizeof WORD, 0, &way->remote.any, peerup_socket_address_get_length (&way->remote)) < 0)
    g_error ("Cannot send on the way that was found");
}

/* Whether the peer's word is there, and not a last packet of the search. */
static gboolean
hear_word (const PeerupPunchedSocket *way)
{
  PeerupSocketAddress native, remote;
  socklen_t length = sizeof native;
  char data[200];

  while (recvfrom (way->fd, data, sizeof data, MSG_DONTWAIT, &native.any, &length) >= 0)
    if (memcmp (data, WORD, sizeof WORD) == 0 && peerup_socket_address_set_native (&remote, &native, length) &&
        peerup_socket_address_equal (&remote, &way->remote))
      return TRUE;
  return FALSE;
}

/* What is said before the other has found the way too is lost. */
static gboolean
exchange_words (const PeerupPunchedSocket *way, guint *n_sent)
{
  struct pollfd wanted = { .fd = way->fd, .events = POLLIN };

  for (guint i = 0; i < PATIENCE; i++)
    {
      say_word (way, n_sent);
      if (poll (&wanted, 1, WORD_WAIT) > 0 && hear_word (way))
        {
          say_word (way, n_sent);
          return TRUE;
        }
    }
  return FALSE;
}

static void
report (DexFuture *future, gint64 began_at)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *where = NULL;
  const PeerupPunchedSocket *way;
  const GValue *value = dex_future_get_value (future, &error);
  int ms = (int) ((g_get_monotonic_time () - began_at) / 1000);
  gboolean carries;
  guint n_sent = 0;

  if (value == NULL)
    {
      g_print ("{\"error\": \"%s\", \"ms\": %d}\n", error->message, ms);
      return;
    }
  way = g_value_get_boxed (value);
  where = peerup_socket_address_to_string (&way->remote);
  carries = exchange_words (way, &n_sent);
  g_print ("{\"way\": \"%s\", \"ms\": %d, \"ours\": %u, \"carries\": %s}\n", where, ms, n_sent,
           carries ? "true" : "false");
}

static void
search (const char *line, int fd)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  PeerupPortSearchOptions options = { .many_sockets = fd < 0, .fd = fd };
  gint64 began_at = g_get_monotonic_time ();
  g_autoptr (DexFuture) future = NULL;

  if (g_strv_length (words) != 5 || !peerup_socket_address_set (&options.remote, words[2], atoi (words[3])))
    g_error ("Not understood: %s", line);
  options.controlling = g_str_equal (words[0], "controlling");
  options.port_step = atoi (words[4]);
  for (guint i = 0; i < sizeof options.key; i++)
    options.key[i] = g_ascii_xdigit_value (words[1][2 * i]) << 4 | g_ascii_xdigit_value (words[1][2 * i + 1]);
  future = peerup_port_search (&options);
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  report (future, began_at);
}

int
main (int argc, char **argv)
{
  gboolean is_one = argc == 3 && g_str_equal (argv[1], "one");
  char line[256];
  int fd;

  if (!is_one && !(argc == 2 && g_str_equal (argv[1], "many")))
    {
      g_printerr ("usage: port-search many | one PORT\n");
      return 2;
    }
  dex_init ();
  fd = is_one ? bind_socket (atoi (argv[2])) : -1;
  while (fgets (line, sizeof line, stdin) != NULL)
    search (g_strchomp (line), fd);
  if (fd >= 0)
    close (fd);
  return 0;
}
