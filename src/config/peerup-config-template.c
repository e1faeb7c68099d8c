/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The configuration file that "peerup init" writes: short enough to be read whole, every
 * key that people change present, each with the reason to change it. Text in, text out. */

#include "config/peerup-config-template.h"

#include "config/peerup-yaml-value.h"

static const char head[] =
  "# Peer-Up configuration. Changes take effect when the file is saved; “peerup config\n"
  "# validate” checks it. Paths are relative to this file. Only its owner may read it.\n"
  "\n"
  "version: 1\n"
  "\n"
  "identity:\n"
  "  # The private key of this machine. Its peer ID follows from it: keep a copy, show nobody.\n"
  "  key_file: \"identity.key\"\n"
  "\n"
  "network:\n"
  "  # Where other machines reach this one: QUIC and, where that does not get through, TCP, on\n"
  "  # all IPv4 and IPv6 addresses.%s\n"
  "  listen_addresses:\n"
  "    - \"/ip4/0.0.0.0/tcp/%u\"\n"
  "    - \"/ip4/0.0.0.0/udp/%u/quic-v1\"\n"
  "    - \"/ip6/::/tcp/%u\"\n"
  "    - \"/ip6/::/udp/%u/quic-v1\"\n"
  "  # true where no incoming connection can arrive (mobile networks, CGNAT).\n"
  "  force_private_reachability: false\n"
  "  # How QUIC finds its speed. “bbr” keeps more of it than “cubic” on lines that lose packets.\n"
  "  congestion: \"bbr\"\n"
  "  # What others may take of this machine follows from its size; “man peerup” has the keys.\n"
  "  # limits:\n"
  "  #   connections_per_peer: 16\n"
  "\n"
  "relay:\n"
  "  # Machines of yours, with a public address, through which the others find each other:\n"
  "  # /ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…\n"
  "  addresses:";

static const char tail[] =
  "  reservation_interval: \"2m\"\n"
  "  # true lets others find each other through this machine; “man peerup” has the limits.\n"
  "  # serve: false\n"
  "\n"
  "discovery:\n"
  "  rendezvous: \"peerup-default-network\"\n"
  "  # A name of your own keeps your machines apart from everyone else's.\n"
  "  # network: \"my-home\"\n"
  "  # Machines that know each other find each other in one network by themselves. false: this one\n"
  "  # tells that network nothing of itself.\n"
  "  mdns: true\n"
  "\n"
  "security:\n"
  "  # One peer ID a line. Nobody else gets further than the handshake.\n"
  "  authorized_keys_file: \"authorized_keys\"\n"
  "  enable_connection_gating: true\n"
  "\n"
  "protocols:\n"
  "  ping_pong:\n"
  "    enabled: true\n"
  "    id: \"/pingpong/1.0.0\"\n"
  "\n"
  "# What this machine offers to the peers in authorized_keys: “peerup service add ssh localhost:22”.\n"
  "# With allowed_peers under a service, only the peer IDs listed there may use it.\n"
  "services: {}\n"
  "\n"
  "# Names for peer IDs: “home: \"12D3KooW…\"”.\n"
  "names: {}\n"
  "\n"
  "telemetry:\n"
  "  metrics:\n"
  "    enabled: false\n"
  "    listen_address: \"127.0.0.1:9091\"\n"
  "  audit:\n"
  "    enabled: false\n";

/* Addresses that other machines remember, and holes made in a router for one port, are
 * worth something only while the port stays. */
static const char fixed_port[] =
  " The port was free when this file was made; it stays the\n"
  "  # same so that addresses other machines know stay good. 0 takes another at each start.";
static const char any_port[] = " Port 0 takes any free port at each start.";

char *
peerup_config_template_new (guint16 port, const char *const *relays)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append_printf (out, head, port == 0 ? any_port : fixed_port, port, port, port, port);
  if (relays == NULL || relays[0] == NULL)
    g_string_append (out, " []");
  g_string_append_c (out, '\n');
  for (gsize i = 0; relays != NULL && relays[i] != NULL; i++)
    {
      g_autofree char *relay = peerup_yaml_quote (relays[i]);

      g_string_append_printf (out, "    - %s\n", relay);
    }
  g_string_append (out, tail);
  return g_string_free_and_steal (g_steal_pointer (&out));
}
