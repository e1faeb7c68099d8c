/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's judgement of a daemon, from facts that are given.
 */
#include "findings-case.h"

#include "peerup-config.h"

static void
test_daemon (void)
{
  case_assert (peerup_check_daemon, &(Case) { .version = PEERUP_VERSION },
               "ok: running for 5 min 3 s, version " PEERUP_VERSION ", process 4711\n");
  case_assert (peerup_check_daemon, &(Case) { .version = "0.0" },
               "ok: running for 5 min 3 s, version 0.0, process 4711\n"
               "note: this command has version " PEERUP_VERSION
               " -> restart the daemon to have both at the same one\n");
  /* An address that is not listened on is told by another check; trust too, if the file shows it. */
  case_assert (peerup_check_daemon,
               &(Case) { .version = PEERUP_VERSION,
                         .facts = "{'problems': <{'listen /ip4/0.0.0.0/tcp/1': 'a', 'config': 'b', 'trust': 'c'}>}" },
               "ok: running for 5 min 3 s, version " PEERUP_VERSION ", process 4711\nmend: b\nmend: c\n");
}

static void
test_problem_that_the_file_shows (void)
{
  g_autoptr (PeerupFindings) findings = peerup_findings_new ();
  g_autoptr (GVariant) facts = case_parse ("a{sv}", "{'problems': <{'trust': 'open', 'authorized_keys': 'bad'}>}");
  PeerupDaemonFacts daemon = { .config_path = CASE_CONFIG, .version = PEERUP_VERSION, .facts = facts };

  peerup_findings_add (findings, PEERUP_CHECK_AUTHORIZED_KEYS, PEERUP_FINDING_MEND, "gating is off");
  peerup_check_daemon (findings, &daemon);
  g_assert_cmpuint (peerup_findings_count (findings, PEERUP_FINDING_MEND), ==, 1);
}

static void
test_listening (void)
{
  const char *const both[] = { "/ip4/192.0.2.1/tcp/4001/p2p/X", "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/X",
                               "/ip6/2001:db8::1/udp/4001/quic-v1/p2p/X", NULL };
  const char *const apart[] = { "/ip4/192.0.2.1/tcp/4002/p2p/X", "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/X",
                                "/ip6/2001:db8::1/udp/4003/quic-v1/p2p/X", NULL };
  const char *const no_udp[] = { "/ip4/192.0.2.1/tcp/4001/p2p/X", NULL };
  const char *const no_tcp[] = { "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/X", NULL };
  const char *const other[] = { "/ip4/192.0.2.1/udp/4001/webrtc-direct/p2p/X", "/memory/1", "nonsense", NULL };

  const char *const relayed[] = { "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/X",
                                  "/ip4/192.0.2.9/udp/7777/quic-v1/p2p/R/p2p-circuit/p2p/X", NULL };

  case_assert (peerup_check_listening, &(Case) { .addresses = both },
               "ok: QUIC and TCP on port 4001, at 3 addresses\n");
  case_assert (
    peerup_check_listening, &(Case) { .addresses = relayed },
    "note: QUIC alone, on port 4001; networks that block UDP cannot reach it -> add /ip4/0.0.0.0/tcp/4001 to "
    "network.listen_addresses in " CASE_CONFIG "\n");
  case_assert (peerup_check_listening, &(Case) { .addresses = apart },
               "ok: QUIC on ports 4001, 4003 and TCP on port 4002, at 3 addresses\n");
  case_assert (peerup_check_listening, &(Case) { .addresses = no_udp },
               "note: TCP alone, on port 4001; QUIC is faster and outlives a change of the network -> add "
               "/ip4/0.0.0.0/udp/4001/quic-v1 to network.listen_addresses in " CASE_CONFIG "\n");
  case_assert (
    peerup_check_listening, &(Case) { .addresses = no_tcp },
    "note: QUIC alone, on port 4001; networks that block UDP cannot reach it -> add /ip4/0.0.0.0/tcp/4001 to "
    "network.listen_addresses in " CASE_CONFIG "\n");
  case_assert (peerup_check_listening, &(Case) { .addresses = other },
               "mend: peers can reach this device nowhere -> look at network.listen_addresses in " CASE_CONFIG "\n");
  case_assert (peerup_check_listening, &(Case) { .addresses = NULL },
               "mend: peers can reach this device nowhere -> look at network.listen_addresses in " CASE_CONFIG "\n");
}

/* A port that is taken is to be mended; a transport that this version has not is not. */
static void
test_not_listening (void)
{
  const char *const both[] = { "/ip4/192.0.2.1/tcp/1/p2p/X", "/ip4/192.0.2.1/udp/1/quic-v1/p2p/X", NULL };

  case_assert (peerup_check_listening,
               &(Case) { .addresses = both,
                         .facts = "{'listening': <[{'address': <'/ip4/0.0.0.0/tcp/1'>}, {'address': "
                                  "<'/ip4/0.0.0.0/tcp/2'>, 'error': <'taken'>}, {'address': <'/ip4/0.0.0.0/tcp/3/ws'>, "
                                  "'error': <'/ip4/0.0.0.0/tcp/3/ws: no such transport'>}]>, 'problems': <{'listen "
                                  "/ip4/0.0.0.0/tcp/2': 'taken'}>}" },
               "ok: QUIC and TCP on port 1, at 2 addresses\n"
               "mend: not on /ip4/0.0.0.0/tcp/2: taken\n"
               "note: not on /ip4/0.0.0.0/tcp/3/ws: no such transport\n");
}

#define BUSY                                                                                                           \
  " -> see what else keeps this device busy (uptime); if nothing does, it is a fault of Peer-Up: report it with what " \
  "“peerup doctor --json” prints\n"

/* The bounds of judgement are ends of buckets: 1,024 to 2,047 µs are good, up to 16,383 worth a
 * note. */
static void
test_main_loop (void)
{
  const struct
  {
    const char *facts;
    const char *found;
  } cases[] = {
    { "{'dispatches': <[@t 900, 90, 9, 0, 1, 0, 0, 0, 0, 0]>}",
      "ok: of 1000 turns 99 % took less than 0.13 ms, and the longest less than 1.02 ms; none took longer than 2 "
      "ms\n" },
    { "{'dispatches': <[@t 0, 0, 0, 0, 0, 1000, 0, 0, 0, 0]>}",
      "ok: of 1000 turns 99 % took less than 2.05 ms, and the longest less than 2.05 ms; none took longer than 2 "
      "ms\n" },
    { "{'dispatches': <[@t 990, 0, 0, 0, 0, 0, 0, 0, 0, 10]>}",
      "ok: of 1000 turns 99 % took less than 0.06 ms, and the longest more than 16.4 ms; 10 took longer than 2 ms\n" },
    { "{'dispatches': <[@t 989, 0, 0, 0, 0, 0, 11, 0, 0, 0]>}",
      "note: of 1000 turns 99 % took less than 4.10 ms, and the longest less than 4.10 ms; 11 took longer than 2 "
      "ms" BUSY },
    { "{'dispatches': <[@t 0, 0, 0, 0, 0, 0, 0, 0, 1000, 0]>}",
      "note: of 1000 turns 99 % took less than 16.4 ms, and the longest less than 16.4 ms; 1000 took longer than 2 "
      "ms" BUSY },
    { "{'dispatches': <[@t 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000]>}",
      "mend: of 1000 turns 99 % took more than 16.4 ms, and the longest more than 16.4 ms; 1000 took longer than 2 "
      "ms" BUSY },
    { "{'dispatches': <[@t 900, 99]>}", "unknown: too little was sent and received yet to tell how prompt it is\n" },
    { "{'dispatches': <'x'>}", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    case_assert (peerup_check_main_loop, &(Case) { .facts = cases[i].facts }, cases[i].found);
}

static void
test_limits (void)
{
  const char *quiet = "[{'name': <'connections'>, 'what': <'connections'>, 'limit': <uint64 512>, 'used': <uint64 3>, "
                      "'refused': <uint64 0>}, {'name': <'connections_per_peer'>, 'what': <'connections'>, 'limit': "
                      "<uint64 16>, 'refused': <uint64 0>}, {'name': <'streams'>, 'what': <'streams'>, 'used': <uint64 "
                      "9>, 'refused': <uint64 0>}, {'name': <'memory'>, 'what': <'memory'>, 'limit': <uint64 "
                      "268435456>, 'used': <uint64 1024>, 'refused': <uint64 0>}]";
  const char *busy = "[{'name': <'connections'>, 'what': <'connections'>, 'limit': <uint64 5>, 'used': <uint64 5>, "
                     "'refused': <uint64 7>, 'last_refused': <'192.0.2.7'>}]";

  case_assert (peerup_check_limits, &(Case) { .limits = quiet },
               "ok: peers take 3 of 512 connections, 9 streams, 1.0 KiB of 256 MiB memory; nothing was refused\n");
  case_assert (peerup_check_limits, &(Case) { .limits = busy },
               "ok: peers take 5 of 5 connections\n"
               "note: refused: 7 connections (this device at its limit of 5) -> if those are devices of yours, raise "
               "network.limits in " CASE_CONFIG "\n");
  case_assert (peerup_check_limits, &(Case) { .limits = NULL }, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/checks/daemon", test_daemon);
  g_test_add_func ("/cli/checks/told-once", test_problem_that_the_file_shows);
  g_test_add_func ("/cli/checks/listening", test_listening);
  g_test_add_func ("/cli/checks/not-listening", test_not_listening);
  g_test_add_func ("/cli/checks/main-loop", test_main_loop);
  g_test_add_func ("/cli/checks/limits", test_limits);
  return g_test_run ();
}
