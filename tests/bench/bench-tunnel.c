/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A plain TCP tunnel on the swarm, one program for each end, so that its speed can be
 * compared with other tunnels without the daemon around it:
 *
 *   bench-tunnel serve HOST:PORT [tls|noise]              prints its multiaddr
 *   bench-tunnel forward MULTIADDR LOCALPORT [tls|noise]  prints the local port
 *
 * Both make a new key, let everybody in, and run until a signal or the end of standard input. */

#include <gio/gio.h>
#include <glib-unix.h>
#include <libdex.h>
#include <unistd.h>

#include "tunnel/peerup-forward.h"
#include "tunnel/peerup-service.h"

#define SERVICE "bench"

static PeerupSwarm *
make_swarm (const char *security, GError **error)
{
  static const char *const tls[] = { "/tls/1.0.0", NULL };
  static const char *const noise[] = { "/noise", NULL };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_generate (error);
  PeerupSwarm *swarm = key != NULL ? peerup_swarm_new (key, error) : NULL;

  if (swarm != NULL && security != NULL)
    peerup_swarm_set_securities (swarm, g_str_equal (security, "noise") ? noise : tls);
  return swarm;
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  char buffer[256];

  if (read (fd, buffer, sizeof buffer) > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

static void
run_until_told (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint sources[] = {
    g_unix_fd_add (0, G_IO_IN | G_IO_HUP, on_input, loop),
    g_unix_signal_add (SIGTERM, on_signal, loop),
    g_unix_signal_add (SIGINT, on_signal, loop),
  };

  g_main_loop_run (loop);
  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    if (g_main_context_find_source_by_id (NULL, sources[i]) != NULL)
      g_source_remove (sources[i]);
}

static gboolean
await_in_main (DexFuture *future, GError **error)
{
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  return dex_future_get_value (future, error) != NULL;
}

static gboolean
serve (PeerupSwarm *swarm, const char *target, GError **error)
{
  g_autoptr (GSocketConnectable) connectable = g_network_address_parse (target, 0, error);
  g_autoptr (PeerupMultiaddr) any = peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/0");
  g_autoptr (PeerupService) service = NULL;
  g_autoptr (DexFuture) listening = NULL;
  g_autoptr (GPtrArray) addresses = NULL;
  GNetworkAddress *address;

  if (connectable == NULL)
    return FALSE;
  address = G_NETWORK_ADDRESS (connectable);
  service = peerup_service_new (swarm, SERVICE, g_network_address_get_hostname (address),
                                g_network_address_get_port (address), error);
  if (service == NULL)
    return FALSE;
  peerup_service_set_enabled (service, TRUE);
  listening = peerup_swarm_listen (swarm, any);
  if (!await_in_main (listening, error))
    return FALSE;
  addresses = peerup_swarm_dup_listen_addresses (swarm);
  g_print ("%s/p2p/%s\n", peerup_multiaddr_get_string (addresses->pdata[0]),
           peerup_peer_id_get_string (peerup_swarm_get_peer_id (swarm)));
  run_until_told ();
  return TRUE;
}

static gboolean
forward (PeerupSwarm *swarm, const char *multiaddr, const char *port, GError **error)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (multiaddr, error);
  g_autoptr (PeerupPeerId) peer = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  g_autoptr (PeerupForward) self = NULL;
  g_autoptr (DexFuture) connecting = NULL;
  guint64 number = 0;

  if (address != NULL && peer == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s does not end in /p2p/PEERID", multiaddr);
  if (peer == NULL || !g_ascii_string_to_unsigned (port, 10, 0, G_MAXUINT16, &number, error))
    return FALSE;
  g_ptr_array_add (addresses, address);
  peerup_swarm_add_addresses (swarm, peer, addresses);
  connecting = peerup_swarm_connect (swarm, peer);
  if (!await_in_main (connecting, error))
    return FALSE;
  self = peerup_forward_new (swarm, peer, NULL, SERVICE, "127.0.0.1", number, error);
  if (self == NULL || !peerup_forward_start (self, error))
    return FALSE;
  g_print ("%u\n", peerup_forward_get_port (self));
  run_until_told ();
  return TRUE;
}

static int
usage (void)
{
  g_printerr ("usage: bench-tunnel serve HOST:PORT [tls|noise]\n"
              "       bench-tunnel forward MULTIADDR LOCALPORT [tls|noise]\n");
  return 2;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupSwarm) swarm = NULL;
  g_autoptr (DexFuture) closing = NULL;
  gboolean serving = argc >= 3 && g_str_equal (argv[1], "serve");
  gboolean forwarding = argc >= 4 && g_str_equal (argv[1], "forward");
  int n_fixed = serving ? 3 : 4;
  gboolean done;

  if ((!serving && !forwarding) || argc > n_fixed + 1)
    return usage ();
  dex_init ();
  swarm = make_swarm (argc > n_fixed ? argv[n_fixed] : NULL, &error);
  done = swarm != NULL && (serving ? serve (swarm, argv[2], &error) : forward (swarm, argv[2], argv[3], &error));
  if (!done)
    {
      g_printerr ("bench-tunnel: %s\n", error->message);
      return 1;
    }
  closing = peerup_swarm_close (swarm);
  return await_in_main (closing, &error) ? 0 : 1;
}
