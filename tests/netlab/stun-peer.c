/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Our STUN for other people's programs to talk to, by the code that a daemon has.
 *
 *   stun-peer listen HOST PORT             says "ready PORT" and answers until its input ends
 *   stun-peer ask HOST PORT SERVER PORT    says what the server tells of us: "mapped A:P other A:P"
 */

#include <gio/gio.h>
#include <stdlib.h>

#include "nat/peerup-stun-socket.h"

static void
on_quic (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
}

static PeerupSocketAddress
parse_address (const char *host, const char *port)
{
  PeerupSocketAddress address;

  if (!peerup_socket_address_set (&address, host, atoi (port)))
    g_error ("%s is no address", host);
  return address;
}

static gboolean
on_input (GIOChannel *input, GIOCondition condition, gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static void
listen_until_told (PeerupUdpSocket *socket)
{
  g_autoptr (PeerupStunServer) server =
    peerup_stun_server_new (PEERUP_STUN_SERVER_RATE_PER_ADDRESS, PEERUP_STUN_SERVER_RATE, g_random_int ());
  g_autoptr (PeerupStunSocket) stun = peerup_stun_socket_new (socket, server);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  PeerupStunServerFigures figures;
  PeerupSocketAddress bound;

  peerup_udp_socket_get_address (socket, &bound);
  g_print ("ready %u\n", peerup_socket_address_get_port (&bound));
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, on_input, loop);
  g_main_loop_run (loop);
  peerup_stun_server_get_figures (server, &figures);
  g_print ("answered %" G_GUINT64_FORMAT " rejected %" G_GUINT64_FORMAT " limited %" G_GUINT64_FORMAT
           " ignored %" G_GUINT64_FORMAT "\n",
           figures.answered, figures.rejected, figures.limited, figures.ignored);
}

static int
ask (PeerupUdpSocket *socket, const PeerupSocketAddress *server)
{
  g_autoptr (PeerupStunSocket) stun = peerup_stun_socket_new (socket, NULL);
  g_autoptr (DexFuture) future = peerup_stun_socket_ask (stun, server, g_get_monotonic_time () + 20 * G_USEC_PER_SEC);
  g_autoptr (GError) error = NULL;
  g_autofree char *mapped = NULL;
  g_autofree char *other = NULL;
  const PeerupStunBinding *binding;
  const GValue *value;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  value = dex_future_get_value (future, &error);
  if (value == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  binding = g_value_get_boxed (value);
  mapped = peerup_socket_address_to_string (&binding->mapped);
  other = peerup_socket_address_to_string (&binding->other);
  g_print ("mapped %s other %s\n", mapped, other);
  return 0;
}

int
main (int argc, char **argv)
{
  gboolean asks = argc == 6 && g_str_equal (argv[1], "ask");
  g_autoptr (PeerupUdpSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  PeerupSocketAddress bound, server;

  if (!asks && !(argc == 4 && g_str_equal (argv[1], "listen")))
    {
      g_printerr ("usage: stun-peer listen HOST PORT | ask HOST PORT SERVER PORT\n");
      return 2;
    }
  dex_init ();
  bound = parse_address (argv[2], argv[3]);
  socket = peerup_udp_socket_new (&bound, &error);
  if (socket == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  peerup_udp_socket_set_func (socket, on_quic, NULL);
  if (!asks)
    {
      listen_until_told (socket);
      return 0;
    }
  server = parse_address (argv[4], argv[5]);
  return ask (socket, &server);
}
