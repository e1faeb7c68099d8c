/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A plain TCP tunnel on the swarm, one program for each end, so that its speed can be
 * compared with other tunnels without the daemon around it:
 *
 *   bench-tunnel serve HOST:PORT [KIND [ADDRESS]]    prints its multiaddr
 *   bench-tunnel forward MULTIADDR LOCALPORT [KIND]  prints the local port
 *
 * Both make a new key, let everybody in, and run until a signal or the end of standard input;
 * then they print how long their dispatches took. */

#include <gio/gio.h>

#include "bench-common.h"
#include "relay/peerup-relay-client.h"
#include "tunnel/peerup-forward-private.h"
#include "tunnel/peerup-service-private.h"

#define SERVICE "bench"

/* Microseconds until a relay must have granted a reservation. */
#define RESERVE_TIMEOUT (20 * G_USEC_PER_SEC)

/* Where we can be reached through the relay at @multiaddr; NULL when that does not come to be. */
static char *
reserve (PeerupSwarm *swarm, PeerupRelayClient *relays, const char *multiaddr, GError **error)
{
  g_autoptr (PeerupMultiaddr) relay = peerup_multiaddr_new_from_string (multiaddr, error);
  gint64 deadline = g_get_monotonic_time () + RESERVE_TIMEOUT;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  if (relay == NULL)
    return NULL;
  g_ptr_array_add (addresses, relay);
  peerup_relay_client_set_relays (relays, addresses);
  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (GPtrArray) ours = peerup_relay_client_dup_addresses (relays);

      if (ours->len > 0)
        return g_strdup_printf ("%s/p2p/%s", peerup_multiaddr_get_string (ours->pdata[0]),
                                peerup_peer_id_get_string (peerup_swarm_get_peer_id (swarm)));
      bench_rest (10000);
    }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s grants no reservation", multiaddr);
  return NULL;
}

static gboolean
serve (PeerupSwarm *swarm, PeerupRelayClient *relays, char *argv[], GError **error)
{
  g_autoptr (GSocketConnectable) connectable = g_network_address_parse (argv[2], 0, error);
  g_autoptr (PeerupService) service = NULL;
  g_autofree char *multiaddr = NULL;

  if (connectable == NULL)
    return FALSE;
  service = peerup_service_new (swarm, SERVICE, g_network_address_get_hostname (G_NETWORK_ADDRESS (connectable)),
                                g_network_address_get_port (G_NETWORK_ADDRESS (connectable)), error);
  if (service == NULL)
    return FALSE;
  peerup_service_set_enabled (service, TRUE);
  if (argv[3] != NULL && argv[4] != NULL && argv[4][0] == '/')
    multiaddr = reserve (swarm, relays, argv[4], error);
  else
    multiaddr = bench_swarm_listen (swarm, argv[3], argv[3] != NULL ? argv[4] : NULL, error);
  if (multiaddr == NULL)
    return FALSE;
  g_print ("%s\n", multiaddr);
  bench_run_until_told ();
  bench_print_dispatches ();
  return TRUE;
}

static gboolean
forward (PeerupSwarm *swarm, gboolean cold, const char *multiaddr, const char *port, GError **error)
{
  g_autoptr (PeerupPeerId) peer = bench_swarm_add_peer (swarm, multiaddr, error);
  g_autoptr (PeerupForward) self = NULL;
  guint64 number = 0;

  if (peer == NULL || !g_ascii_string_to_unsigned (port, 10, 0, G_MAXUINT16, &number, error) ||
      (!cold && !bench_await (peerup_swarm_connect (swarm, peer), error)))
    return FALSE;
  self = peerup_forward_new (swarm, peer, NULL, SERVICE, "127.0.0.1", number, error);
  if (self == NULL || !peerup_forward_start (self, error))
    return FALSE;
  g_print ("%u\n", peerup_forward_get_port (self));
  bench_run_until_told ();
  bench_print_dispatches ();
  return TRUE;
}

static int
usage (void)
{
  g_printerr (
    "usage: bench-tunnel serve HOST:PORT [KIND [ADDRESS]]   ADDRESS: IPv4, or the multiaddr of a relay to be behind\n"
    "       bench-tunnel forward MULTIADDR LOCALPORT [KIND]\n"
    "       bench-tunnel cold MULTIADDR LOCALPORT [KIND]   the same, connected by its first client\n");
  return 2;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupSwarm) swarm = NULL;
  g_autoptr (PeerupRelayClient) relays = NULL;
  gboolean serving = argc >= 3 && g_str_equal (argv[1], "serve");
  gboolean cold = argc >= 4 && g_str_equal (argv[1], "cold");
  gboolean forwarding = cold || (argc >= 4 && g_str_equal (argv[1], "forward"));
  int n_fixed = serving ? 3 : 4;
  gboolean done;

  if ((!serving && !forwarding) || argc > n_fixed + (serving ? 2 : 1))
    return usage ();
  dex_init ();
  swarm = bench_swarm_new (argv[n_fixed], &error);
  relays = swarm != NULL ? peerup_relay_client_new (swarm) : NULL;
  done =
    swarm != NULL && (serving ? serve (swarm, relays, argv, &error) : forward (swarm, cold, argv[2], argv[3], &error));
  g_clear_object (&relays);
  if (done && bench_await (peerup_swarm_close (swarm), &error))
    return 0;
  g_printerr ("bench-tunnel: %s\n", error->message);
  return 1;
}
