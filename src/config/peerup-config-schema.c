/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The one table of the configuration: which keys there are, what may be written, what holds where nothing is, what
 * it means and when a change is in force. The check of a file, the defaults of the readers, “peerup config sample”,
 * “explain” and “schema”, and peerup.yaml(5) are all made from it. No code but looking things up. */

#include "config/peerup-config-schema.h"

#include <string.h>

#define MAPPING PEERUP_CONFIG_KEY_MAPPING
#define LIST    PEERUP_CONFIG_KEY_LIST
#define TEXT    PEERUP_CONFIG_KEY_TEXT
#define FLAG    PEERUP_CONFIG_KEY_FLAG
#define NUMBER  PEERUP_CONFIG_KEY_NUMBER

#define DURATION       .format = PEERUP_CONFIG_FORMAT_DURATION
#define SECONDS        .format = PEERUP_CONFIG_FORMAT_SECONDS
#define SIZE           .format = PEERUP_CONFIG_FORMAT_SIZE
#define CHOICE         .format = PEERUP_CONFIG_FORMAT_CHOICE
#define LABEL          .format = PEERUP_CONFIG_FORMAT_LABEL
#define PROTOCOL       .format = PEERUP_CONFIG_FORMAT_PROTOCOL
#define PATH           .format = PEERUP_CONFIG_FORMAT_PATH
#define ENDPOINT       .format = PEERUP_CONFIG_FORMAT_ENDPOINT
#define MULTIADDR      .format = PEERUP_CONFIG_FORMAT_MULTIADDR
#define PEER_MULTIADDR .format = PEERUP_CONFIG_FORMAT_PEER_MULTIADDR
#define PEER_ID        .format = PEERUP_CONFIG_FORMAT_PEER_ID

#define RESTART   .effect = PEERUP_CONFIG_EFFECT_RESTART
#define NO_EFFECT .effect = PEERUP_CONFIG_EFFECT_NONE

#define KIB    ((guint64) 1024)
#define MIB    (1024 * KIB)
#define SECOND ((guint64) G_USEC_PER_SEC)
/* Limits are told to peers in seconds of 32 bits. */
#define LONGEST (G_MAXUINT32 * SECOND)
/* Rates are kept in microseconds. */
#define RATE .min = 1, .max = 1000000
/* How many of something. */
#define COUNT .min = 1, .max = G_MAXUINT32
/* A stream of the muxer may have a quarter of this waiting before anybody is asked. */
#define MEMORY SIZE, .min = MIB
/* So that a file holds more than a few lines. */
#define AUDIT_SIZE_MIN (4 * KIB)
/* The original's 2048 is in it. */
#define BUFFER_MIN KIB
#define BUFFER_MAX (16 * MIB)

#define EXAMPLE_PEER  "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define EXAMPLE_RELAY "/ip4/203.0.113.7/tcp/7777/p2p/" EXAMPLE_PEER

const PeerupConfigKey peerup_config_root_key = { "", MAPPING };

const PeerupConfigKey peerup_config_schema[] = {
  { "version", NUMBER, .value = "1", .max = 1,
    .doc = "The version of the file's form. A program that is older than the file refuses it." },

  { "identity", MAPPING, .doc = "Who this machine is." },
  { "identity.key_file", TEXT, PATH, RESTART, .required = TRUE, .example = "identity.key",
    .doc = "The private key of this machine, from which its peer ID follows. “peerup init” makes it. Keep a copy and "
           "show it to nobody: who has the file is this machine. It must belong to the owner alone (mode 0600)." },
  { "identity.key_store", TEXT, CHOICE, RESTART, .value = "file", .choices = "file keyring",
    .doc = "Where the private key is: in key_file, or in the login keyring of the desktop, which is open while its "
           "owner is logged in. “peerup identity keyring” and “peerup identity file” move the key and write this; a "
           "machine that is to run without anybody logged in needs a file." },
  { "identity.peer_id", TEXT, PEER_ID, RESTART, .example = EXAMPLE_PEER,
    .doc = "Who this machine is, which a key in the login keyring must prove; another one there is refused. “peerup "
           "identity keyring” writes it. Without the key whatever is found there holds." },

  { "network", MAPPING, .doc = "Where this machine listens, and what others may take of it." },
  { "network.listen_addresses", LIST, MULTIADDR, .required = TRUE,
    .example = "/ip4/0.0.0.0/tcp/0 /ip4/0.0.0.0/udp/0/quic-v1 /ip6/::/tcp/0 /ip6/::/udp/0/quic-v1",
    .doc = "Where other machines reach this one: QUIC on UDP, TCP, or WebSocket (/ws, /tls/ws, /wss). Port 0 takes any "
           "free port; one that stays the same keeps the addresses good that other machines remember. An address that "
           "is added is listened on at once; one that is removed takes nothing new, and what is connected through it "
           "goes on." },
  { "network.force_private_reachability", FLAG, .value = "false",
    .doc =
      "true where no connection from outside can arrive (mobile networks, CGNAT): then this machine does not offer "
      "to relay for its peers." },
  { "network.port_mapping", FLAG, .value = "true",
    .doc = "Whether the router is asked for a port by PCP, NAT-PMP or UPnP. When it is switched off the mapping is "
           "given back. A relay server never asks." },
  { "network.congestion", TEXT, CHOICE, .value = "bbr", .choices = "bbr cubic",
    .doc =
      "How QUIC finds out how fast it may send. bbr keeps more of its speed than cubic on lines that lose packets. "
      "A change is for connections that are made from then on." },
  { "network.resource_limits_enabled", FLAG, .value = "true",
    .doc = "Whether each peer, address and network has limits of its own. Without them only what protects the machine "
           "as a whole is left." },

  { "network.limits", MAPPING,
    .doc = "What others may take of this machine. The defaults follow from its memory, its processors and how many "
           "files a process may have open; “peerup status” shows them. A new limit ends nothing that is there." },
  { "network.limits.connections", NUMBER, COUNT, .example = "1000", .doc = "Inbound connections, in all." },
  { "network.limits.connections_per_peer", NUMBER, COUNT, .example = "16", .doc = "Inbound connections of one peer." },
  { "network.limits.connections_per_address", NUMBER, COUNT, .example = "128",
    .doc = "Inbound connections from one IPv4 address or IPv6 /64." },
  { "network.limits.connections_per_network", NUMBER, COUNT, .example = "512",
    .doc = "Inbound connections from one IPv6 /48." },
  { "network.limits.handshakes", NUMBER, COUNT, .example = "256", .doc = "Inbound handshakes under way, in all." },
  { "network.limits.handshakes_per_address", NUMBER, COUNT, .example = "64",
    .doc = "Inbound handshakes under way from one address." },
  { "network.limits.handshakes_per_network", NUMBER, COUNT, .example = "128",
    .doc = "Inbound handshakes under way from one network." },
  { "network.limits.handshake_rate", NUMBER, RATE, .example = "500",
    .doc = "Inbound handshakes that are begun in a second, in all." },
  { "network.limits.handshake_rate_per_address", NUMBER, RATE, .example = "125",
    .doc = "Inbound handshakes that one address begins in a second." },
  { "network.limits.handshake_rate_per_network", NUMBER, RATE, .example = "250",
    .doc = "Inbound handshakes that one network begins in a second." },
  { "network.limits.streams", NUMBER, COUNT, .example = "8192", .doc = "Inbound streams that are open, in all." },
  { "network.limits.streams_per_peer", NUMBER, COUNT, .example = "2048",
    .doc = "Inbound streams of one peer, over all its connections." },
  { "network.limits.stream_rate_per_peer", NUMBER, RATE, .example = "2000",
    .doc = "Streams that one peer opens in a second." },
  { "network.limits.memory", TEXT, MEMORY, .example = "256MiB",
    .doc = "Bytes received that wait for their readers, in all." },
  { "network.limits.memory_per_peer", TEXT, MEMORY, .example = "64MiB",
    .doc = "Bytes received from one peer that wait for their readers." },

  { "network.websocket", MAPPING, .doc = "What addresses with /tls/ws or /wss show to those who connect." },
  { "network.websocket.certificate_file", TEXT, PATH, .example = "fullchain.pem",
    .doc =
      "The certificate and those that vouch for it, PEM. The file is followed: one that was renewed is shown to who "
      "connects from then on." },
  { "network.websocket.key_file", TEXT, PATH, .example = "privkey.pem", .doc = "The certificate's private key, PEM." },

  { "relay", MAPPING, .doc = "The relays that this machine uses, and whether it is one." },
  { "relay.addresses", LIST, PEER_MULTIADDR, .value = "", .example = EXAMPLE_RELAY,
    .doc = "Machines with a public address through which the others find each other; each ends in /p2p/ and a peer ID. "
           "A reservation is kept at each. One that is removed is left; what goes through it goes on." },
  { "relay.reservation_interval", TEXT, DURATION, .value = "2m", .min = SECOND, NO_EFFECT,
    .doc = "How often the original renews its reservations. It has no effect here: a reservation is renewed as the "
           "relay's own times ask for." },
  { "relay.serve", FLAG, .value = "false",
    .doc = "true lets others find each other through this machine, within resources. Switched off, circuits that are "
           "open may go on for drain_time." },
  { "relay.serve_peers", FLAG, .value = "true",
    .doc = "Whether this machine relays for authorized peers while it has a public address, without serve." },
  { "relay.sponsor", FLAG, .value = "true",
    .doc = "Whether a relay takes those up into authorized_keys who have joined by an authorized peer's invite." },
  { "relay.drain_time", TEXT, DURATION, .value = "30s", .max = 24 * 60 * 60 * SECOND,
    .doc = "How long circuits may go on when the relay is about to end." },
  { "relay.announce", LIST, MULTIADDR, .value = "", .example = "/ip4/203.0.113.7/tcp/7777",
    .doc = "Addresses of this relay that it tells in reservations, where it cannot find them out itself." },

  { "discovery", MAPPING, .doc = "How peers are found." },
  { "discovery.rendezvous", TEXT, .value = "peerup-default-network", NO_EFFECT,
    .doc = "The word under which the original's nodes find each other. It has no effect here: peers are found by what "
           "is known of them, in the local network and at relays." },
  { "discovery.network", TEXT, LABEL, .example = "my-home",
    .doc = "A name of your own that keeps your machines apart from everyone else's; invites carry it." },
  { "discovery.mdns", FLAG, .value = "true",
    .doc = "Machines that know each other find each other in one local network by mDNS. false: this one tells that "
           "network nothing of itself." },
  { "discovery.bootstrap_peers", LIST, PEER_MULTIADDR, .value = "", .example = EXAMPLE_RELAY, NO_EFFECT,
    .doc = "The original's first nodes of its table of peers. It has no effect here; the addresses must be well formed "
           "all the same." },

  { "security", MAPPING, .doc = "Who may connect." },
  { "security.authorized_keys_file", TEXT, PATH, .required = TRUE, .example = "authorized_keys",
    .doc = "One peer ID a line. It is followed: whoever is taken out of it is disconnected at once. Without "
           "enable_connection_gating it may be left out." },
  { "security.enable_connection_gating", FLAG, .value = "true",
    .doc = "Whether only peers of that file get further than the handshake. false lets every peer in." },

  { "protocols", MAPPING, .doc = "Small protocols that peers may speak with this machine." },
  { "protocols.ping_pong", MAPPING, .doc = "The original's ping, by which peers ask whether this machine is there." },
  { "protocols.ping_pong.enabled", FLAG, .value = "true", .doc = "Whether it is answered." },
  { "protocols.ping_pong.id", TEXT, PROTOCOL, .value = "/pingpong/1.0.0", .doc = "The protocol's name." },

  { "services", MAPPING,
    .doc = "What this machine offers to its peers, a name each of 1 to 63 of a-z, 0-9 and “-”, the “-” not at the "
           "ends. A change of one service ends nothing of another." },
  { "services.*", MAPPING, .doc = "One service. “peerup service add ssh localhost:22” writes it." },
  { "services.*.enabled", FLAG, .value = "false", .example = "true",
    .doc = "Whether it is offered. Switching it off ends its streams." },
  { "services.*.local_address", TEXT, ENDPOINT, .example = "localhost:22",
    .doc = "Where the service answers. Streams that are open go on with the old address." },
  { "services.*.protocol", TEXT, .example = "tcp", NO_EFFECT,
    .doc = "It has no effect: every service is offered over TCP as /peerup/NAME/1.0.0." },
  { "services.*.kind", TEXT, .example = "ssh",
    .doc = "What sort of service it is, in one word of a-z, 0-9 and “-”, as ssh, http or jellyfin. Peers that may use "
           "the service are told, and their programs know by it what to do with it." },
  { "services.*.tags", LIST, .example = "attic backup",
    .doc = "Words for people that tell it from others: 16 at most, of 64 bytes each. Peers that may use the service "
           "are told." },
  { "services.*.allowed_peers", LIST, PEER_ID, .example = EXAMPLE_PEER,
    .doc = "Only these peers may use it; an empty list allows nobody. Without the key every authorized peer may." },

  { "names", MAPPING, .doc = "Names by which peers are called here." },
  { "names.*", TEXT, PEER_ID, .example = EXAMPLE_PEER, .doc = "The peer ID that the name stands for." },

  { "resources", MAPPING, .doc = "What this machine grants as a relay. A change is for what is granted from then on." },
  { "resources.max_reservations", NUMBER, COUNT, .value = "128", .doc = "Reservations, in all." },
  { "resources.max_circuits", NUMBER, COUNT, .value = "16", .doc = "Circuits of one peer, whichever end it is." },
  { "resources.max_circuits_total", NUMBER, COUNT, .value = "1024", .doc = "Circuits, in all." },
  { "resources.max_reservations_per_ip", NUMBER, COUNT, .value = "8",
    .doc = "Reservations from one IPv4 address or IPv6 /64." },
  { "resources.max_reservations_per_asn", NUMBER, COUNT, .value = "32",
    .doc = "Reservations from one IPv4 /16 or IPv6 /32, which stand for a network's number." },
  { "resources.buffer_size", TEXT, SIZE, .value = "64KiB", .min = BUFFER_MIN, .max = BUFFER_MAX, NO_EFFECT,
    .doc = "The original's buffer of a circuit. It has no effect here: buffers grow with the path." },
  { "resources.reservation_ttl", TEXT, SECONDS, .value = "1h", .min = SECOND, .max = LONGEST,
    .doc = "How long a reservation lasts without being renewed." },
  { "resources.session_duration", TEXT, SECONDS, .value = "10m", .max = LONGEST,
    .doc = "How long a circuit may last; 0: no limit." },
  { "resources.session_data_limit", TEXT, SIZE, .value = "64MiB",
    .doc = "Bytes that a circuit may carry each way; 0: no limit." },
  { "resources.authorized_session_duration", TEXT, SECONDS, .value = "0", .max = LONGEST,
    .doc = "How long a circuit between two peers of authorized_keys may last; 0: no limit." },
  { "resources.authorized_session_data_limit", TEXT, SIZE, .value = "0",
    .doc = "Bytes that such a circuit may carry each way; 0: no limit." },

  { "health", MAPPING, .doc = "A page that says whether this machine is well, for programs that watch it." },
  { "health.enabled", FLAG, .value = "false", .doc = "Whether there is /healthz." },
  { "health.listen_address", TEXT, ENDPOINT, .value = "127.0.0.1:9090", .doc = "Where it is, over HTTP." },

  { "telemetry", MAPPING, .doc = "What this machine tells of what it does." },
  { "telemetry.metrics", MAPPING, .doc = "Figures for Prometheus." },
  { "telemetry.metrics.enabled", FLAG, .value = "false", .doc = "Whether there is /metrics." },
  { "telemetry.metrics.listen_address", TEXT, ENDPOINT, .value = "127.0.0.1:9091",
    .doc = "Where it is, over HTTP. With the address of health both are at one port." },
  { "telemetry.audit", MAPPING, .doc = "A line of JSON for each decision on who may connect and use what." },
  { "telemetry.audit.enabled", FLAG, .value = "false", .doc = "Whether it is written." },
  { "telemetry.audit.file", TEXT, PATH, .example = "audit.json", .doc = "Where to; standard error without the key." },
  { "telemetry.audit.max_size", TEXT, SIZE, .value = "10MiB", .min = AUDIT_SIZE_MIN, .max = G_MAXINT64,
    .doc = "The size at which the file is renamed and a new one is begun." },
  { "telemetry.audit.keep", NUMBER, .value = "5", .max = 1000, .doc = "How many renamed files are kept." },
  { NULL },
};

const char *
peerup_config_key_get_name (const PeerupConfigKey *self)
{
  const char *dot = strrchr (self->path, '.');

  return dot != NULL ? dot + 1 : self->path;
}

/* Whether @path is @parent's and one part more. */
static gboolean
is_child_of (const char *path, const char *parent)
{
  gsize length = strlen (parent);

  if (length > 0 && (strncmp (path, parent, length) != 0 || path[length++] != '.'))
    return FALSE;
  return strchr (path + length, '.') == NULL;
}

const PeerupConfigKey *
peerup_config_key_next_child (const PeerupConfigKey *self, const PeerupConfigKey *previous)
{
  g_return_val_if_fail (self != NULL, NULL);

  for (const PeerupConfigKey *key = previous != NULL ? previous + 1 : peerup_config_schema; key->path != NULL; key++)
    if (is_child_of (key->path, self->path))
      return key;
  return NULL;
}

static gboolean
matches (const PeerupConfigKey *self, const char *const *parts)
{
  g_auto (GStrv) own = g_strsplit (self->path, ".", -1);
  gsize i = 0;

  for (; own[i] != NULL && parts[i] != NULL; i++)
    if (strcmp (own[i], "*") != 0 && strcmp (own[i], parts[i]) != 0)
      return FALSE;
  return own[i] == NULL && parts[i] == NULL;
}

const PeerupConfigKey *
peerup_config_schema_find (const char *path)
{
  g_auto (GStrv) parts = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    if (strcmp (key->path, path) == 0)
      return key;
  parts = g_strsplit (path, ".", -1);
  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    if (matches (key, (const char *const *) parts))
      return key;
  return NULL;
}

const char *
peerup_config_schema_get_default (const char *path)
{
  const PeerupConfigKey *key = peerup_config_schema_find (path);

  g_assert (key != NULL && key->value != NULL);
  return key->value;
}
