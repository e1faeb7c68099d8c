/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The table of commands: help, parsing and completion are made from it.
 */
#include "cli/peerup-commands.h"

#define PEER_HELP                                                                                                 \
  "PEER is a name from the configuration, a peer ID, or a multiaddr that ends in /p2p/ID. A peer that was once\n" \
  "reached by its multiaddr is found by its name or ID from then on."

#define GRANT_HELP                                                                                          \
  "Without --for or --until it does not end. A guest (“peerup auth add PEER --guest”) may use what it is\n" \
  "granted and nothing else; for others a grant opens a service whose list they are not on."

#define RELAY_ADDRESS_HELP                                                                            \
  "ADDRESS is an IP address or a host name, with :PORT behind it unless that is 7777 (203.0.113.7,\n" \
  "[2001:db8::7]:7000), or a multiaddr. TCP and QUIC are both tried, at the same port."

#define RELAY_HELP \
  "Without --config it uses ./relay-server.yaml, or /etc/peerup/relay-server.yaml, or else what the daemon uses."

const PeerupCommand peerup_commands[] = {
  { "init", "", "Make an identity and a configuration", NULL, 0, 0, cmd_init_options, cmd_init },
  { "invite list", "", "List the invites of this device", NULL, 0, 0, NULL, cmd_invite_list },
  { "invite cancel", "NUMBER", "Take an invite back", "NUMBER is what “peerup invite list” shows.", 1, 1, NULL,
    cmd_invite_cancel },
  { "invite", "", "Make a code by which one other device joins, and wait for it",
    "The code works once, for ten minutes unless --ttl says otherwise, and is dead after three wrong guesses. Whoever\n"
    "has it can join: show it to nobody else. Ends with 0 if somebody has joined, with 1 if not. With --json each\n"
    "change is a line.",
    0, 0, cmd_invite_options, cmd_invite },
  { "join", "[CODE…]", "Pair this device with the one that has made a code",
    "CODE is any form of it: long, spoken, or a link, in any case, with any spaces, dashes and line breaks. Without "
    "it\n"
    "the code is PEERUP_INVITE_CODE of the environment, or is read from standard input.",
    0, 256, cmd_join_options, cmd_join },
  { "verify", "PEER", "Compare what two devices show, to be sure who the other is",
    PEER_HELP "\n\nEnds with 1 if they do not match.", 1, 1, cmd_verify_options, cmd_verify },
  { "pairing list", "", "List the pairings that are half done, and what to do about them", NULL, 0, 0, NULL,
    cmd_pairing_list },
  { "pairing undo", "PEER", "Take a pairing back on this device", PEER_HELP, 1, 1, NULL, cmd_pairing_undo },
  { "whoami", "", "Print the peer ID of this device", NULL, 0, 0, NULL, cmd_whoami },
  { "daemon", "", "Run in the foreground: admit authorized peers and offer the services", NULL, 0, 0, NULL,
    cmd_daemon },
  { "status", "", "Show what the running daemon does", NULL, 0, 0, NULL, cmd_status },
  { "connections", "", "Show every connection and its streams, in figures", NULL, 0, 0, cmd_connections_options,
    cmd_connections },
  { "doctor", "", "Check this device, its daemon and its network, and tell what to mend",
    "Ends with 0 if there is nothing to mend, with 1 if there is.", 0, 0, NULL, cmd_doctor },
  { "stop", "", "End the running daemon", NULL, 0, 0, NULL, cmd_stop },
  { "proxy", "PEER SERVICE PORT", "Make a service of a peer a local TCP port, until interrupted",
    PEER_HELP "\n\nPORT is a port of this machine (0 for any), or HOST:PORT.", 3, 3, cmd_proxy_options, cmd_proxy },
  { "ping", "PEER", "Measure the round trip to a peer", PEER_HELP, 1, 1, cmd_ping_options, cmd_ping },
  { "traceroute", "PEER", "Show the way to a peer, what each leg of it takes, and why it is this way",
    PEER_HELP "\n\nConnects if need be, and measures what streams to the peer use now.", 1, 1, NULL, cmd_traceroute },
  { "resolve", "PEER", "Show whom a name means, and where that peer would be looked for", PEER_HELP "\n\nDials nobody.",
    1, 1, NULL, cmd_resolve },
  { "service add", "NAME ADDRESS", "Offer a TCP service to authorized peers",
    "ADDRESS is HOST:PORT, or a PORT of this machine.", 2, 2, cmd_service_add_options, cmd_service_add },
  { "service remove", "NAME", "Remove a service", NULL, 1, 1, NULL, cmd_service_remove },
  { "service enable", "NAME", "Offer a service that was disabled", NULL, 1, 1, NULL, cmd_service_enable },
  { "service disable", "NAME", "Stop offering a service, and keep its entry", NULL, 1, 1, NULL, cmd_service_disable },
  { "service list", "", "List the services of this device", NULL, 0, 0, NULL, cmd_service_list },
  { "service acl", "NAME", "Show or change who may use a service", PEER_HELP "\n\nWithout an option it shows.", 1, 1,
    cmd_service_acl_options, cmd_service_acl },
  { "relay add", "ADDRESS", "Use a relay from now on",
    RELAY_ADDRESS_HELP "\n\nThe relay proves who it is, and that peer ID is the one that counts from then on; an\n"
                       "address that ends in /p2p/ID says which it has to be.",
    1, 1, cmd_relay_add_options, cmd_relay_add },
  { "relay list", "", "List the relays of this device, and how they do", NULL, 0, 0, NULL, cmd_relay_list },
  { "relay info", "[RELAY]", "Show what the daemon knows of its relays, and of the relay that this machine is",
    "RELAY is a number of “peerup relay list”, a name, a peer ID or an address.", 0, 1, NULL, cmd_relay_info },
  { "relay check", "ADDRESS", "Look at a relay from here: is it reached, who is it, does it take this device",
    RELAY_ADDRESS_HELP "\n\nEnds with 0 if all is well, with 1 if not. Nothing is changed.", 1, 1, NULL,
    cmd_relay_check },
  { "relay remove", "RELAY", "Use a relay no longer",
    "RELAY is a number of “peerup relay list”, a name, a peer ID or an address.", 1, 1, NULL, cmd_relay_remove },
  { "relay setup", "", "Make this machine a relay: user, key, configuration, service",
    "Makes in /etc/peerup what is not there yet, leaves what is there as it is, and starts the service. It can be\n"
    "said again at any time. The rules for nftables are written to a file, to be read and loaded by you.",
    0, 0, cmd_relay_setup_options, cmd_relay_setup },
  { "relay serve", "", "Run in the foreground as a relay: others find each other through this device", RELAY_HELP, 0, 0,
    NULL, cmd_relay_serve },
  { "relay drain", "", "Let the running relay take nothing new, and wait until its circuits have ended",
    "The daemon goes on, and serves again after “peerup relay resume” or a restart.\n\n" RELAY_HELP, 0, 0,
    cmd_relay_drain_options, cmd_relay_drain },
  { "relay resume", "", "Let a relay that was drained serve again", RELAY_HELP, 0, 0, NULL, cmd_relay_resume },
  { "relay authorize", "PEER", "Let a device use the relay that this machine is",
    "As “peerup auth add”, with ./relay-server.yaml or /etc/peerup/relay-server.yaml for a configuration.", 1, 1,
    cmd_auth_add_options, cmd_relay_authorize },
  { "relay pair", "[list|revoke ID]", "Make codes by which several devices join this relay, and know each other",
    "Prints one code for each device, a line each; every code works once, for an hour unless --ttl says otherwise.\n"
    "The relay tells the members of each other. “list” shows the groups and who has joined, “revoke ID” ends the\n"
    "codes of one.\n\n" RELAY_HELP,
    0, 2, cmd_relay_pair_options, cmd_relay_pair },
  { "grant list", "[PEER]", "List which peers may use which services by a grant, and until when", PEER_HELP, 0, 1, NULL,
    cmd_grant_list },
  { "grant add", "PEER SERVICE", "Let a peer use a service of this device, for a time or for ever",
    GRANT_HELP "\n\n" PEER_HELP, 2, 2, cmd_grant_options, cmd_grant_add },
  { "grant extend", "PEER SERVICE", "Give a grant another end", PEER_HELP, 2, 2, cmd_grant_options, cmd_grant_extend },
  { "grant revoke", "PEER [SERVICE]", "Take a peer's grants away; what is open by them is cut at once", PEER_HELP, 1, 2,
    NULL, cmd_grant_revoke },
  { "auth add", "PEER", "Authorize a peer to connect", PEER_HELP, 1, 1, cmd_auth_add_options, cmd_auth_add },
  { "auth list", "", "List the authorized peers", NULL, 0, 0, NULL, cmd_auth_list },
  { "auth remove", "PEER", "Take a peer's authorization away; it is disconnected at once", NULL, 1, 1, NULL,
    cmd_auth_remove },
  { "auth validate", "[FILE]", "Check authorized_keys, or another file of its form", NULL, 0, 1, NULL,
    cmd_auth_validate },
  { "config validate", "[FILE]", "Check the configuration", NULL, 0, 1, NULL, cmd_config_validate },
  { "config show", "", "Print the configuration in force, with its defaults", NULL, 0, 0, NULL, cmd_config_show },
  { "config sample", "", "Print a configuration with every key, its default and what it means", NULL, 0, 0, NULL,
    cmd_config_sample },
  { "config explain", "[KEY]", "Explain a key of the configuration, as network.congestion, or list the keys", NULL, 0,
    1, NULL, cmd_config_explain },
  { "config schema", "", "Print the JSON Schema of the configuration, for editors", NULL, 0, 0, NULL,
    cmd_config_schema },
  { "version", "", "Print the version", NULL, 0, 0, NULL, cmd_version },
  { "help", "[COMMAND]", "Explain the commands, or one of them", NULL, 0, 2, NULL, cmd_help },
  { NULL },
};
