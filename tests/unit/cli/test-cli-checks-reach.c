/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's judgement of how others come to this device, from facts that are given.
 */
#include "findings-case.h"

#include <sys/timex.h>

static void
test_clock (void)
{
  g_autoptr (PeerupFindings) good = peerup_findings_new ();
  g_autoptr (PeerupFindings) bad = peerup_findings_new ();

  peerup_check_clock (good, TIME_OK);
  g_assert_cmpint (peerup_findings_get_result (good, PEERUP_CHECK_CLOCK), ==, PEERUP_FINDING_OK);
  peerup_check_clock (bad, TIME_ERROR);
  g_assert_cmpint (peerup_findings_get_result (bad, PEERUP_CHECK_CLOCK), ==, PEERUP_FINDING_NOTE);
}

static void
test_interfaces (void)
{
  const char *network =
    "{'interfaces': <[{'name': <'eth0'>, 'up': <true>, 'addresses': <['192.168.1.2', '2a0a:1::2']>}, "
    "{'name': <'wlan0'>, 'up': <false>, 'addresses': <['10.0.0.2']>}]>}";
  const char *down = "{'interfaces': <[{'name': <'wlan0'>, 'up': <true>, 'addresses': <@as []>}]>}";
  const char *nothing =
    "mend: no interface is up and has an address: this machine is in no network -> connect a cable or "
    "join a wireless network\n";

  case_assert (peerup_check_interfaces, &(Case) { .network = network }, "ok: eth0: 192.168.1.2, 2a0a:1::2\n");
  case_assert (peerup_check_interfaces, &(Case) { .network = down }, nothing);
  case_assert (peerup_check_interfaces, &(Case) { .network = NULL }, nothing);
}

#define NAT(mapped, type, shared) \
  "{'nat': <[{'family': <'ipv4'>, 'mapped': <'" mapped "'>, 'nat_type': <'" type "'>, 'shared': <" shared ">}]>}"
#define RELAY(state, silent) \
  "[{'id': <'relay'>, 'name': <'vps'>, 'state': <'" state "'>, 'silent': <" silent ">, 'rtt_us': <int64 20000>}]"

static void
test_stun (void)
{
  case_assert (peerup_check_stun, &(Case) { .network = NAT ("1.2.3.4:7001", "full-cone", "false") },
               "ok: relays see this device at 1.2.3.4:7001\n");
  case_assert (
    peerup_check_stun, &(Case) { .network = NAT ("", "unknown", "false") },
    "unknown: it is relays that tell how this device is seen, and it uses none -> peerup relay add ADDRESS\n");
  case_assert (peerup_check_stun,
               &(Case) { .network = NAT ("", "unknown", "false"), .relays = RELAY ("reserved", "false") },
               "note: no relay has answered over UDP, so that direct paths can hardly be found -> let UDP out in the "
               "firewall, and in at the relay's port there\n");
}

static void
test_nat (void)
{
  case_assert (peerup_check_nat, &(Case) { .network = NAT ("1.2.3.4:7001", "none", "false") }, "ok: IPv4: none\n");
  case_assert (peerup_check_nat, &(Case) { .network = NAT ("1.2.3.4:7001", "port-restricted", "false") },
               "ok: IPv4: one that direct paths get through (port-restricted)\n");
  case_assert (
    peerup_check_nat, &(Case) { .network = NAT ("1.2.3.4:7001", "symmetric", "true") },
    "note: IPv4: the provider shares one address among many customers (CGNAT) -> IPv6 or an address of your own, "
    "from the provider, would let others in\n"
    "note: IPv4: the router gives every destination another port, so that some peers are reached through "
    "relays alone -> turn on PCP or UPnP in the router, or forward the port to this device\n");
  case_assert (
    peerup_check_nat, &(Case) { .network = NULL },
    "unknown: how it behaves is seen through two relays at different addresses -> peerup relay add ADDRESS, for "
    "a second one\n");
}

static void
test_port_mapping (void)
{
  case_assert (peerup_check_port_mapping,
               &(Case) { .network =
                           "{'mappings': <[{'protocol': <'udp'>, 'method': <'pcp'>, 'external': "
                           "<'1.2.3.4:7001'>}, {'protocol': <'tcp'>, 'method': <'pcp'>, 'external': <''>}]>}" },
               "ok: the router forwards 1.2.3.4:7001 (udp, pcp)\n");
  case_assert (peerup_check_port_mapping, &(Case) { .network = NULL },
               "ok: the router has been asked for none, or grants none (PCP, NAT-PMP, UPnP)\n");
}

#define VERDICT(address, word) "{'address': <'" address "'>, 'verdict': <'" word "'>}"

static void
test_firewall (void)
{
  case_assert (peerup_check_firewall,
               &(Case) { .network = "{'verdicts': <[" VERDICT ("/ip4/1.2.3.4/tcp/7001", "reachable") "]>}" },
               "ok: lets others in\n");
  case_assert (
    peerup_check_firewall,
    &(Case) { .network = "{'verdicts': <[" VERDICT ("/ip4/1.2.3.4/tcp/7001",
                                                    "reachable") ", " VERDICT ("/ip4/1.2.3.4/udp/7001/quic-v1",
                                                                               "unreachable") "]>}" },
    "note: somebody outside dialed /ip4/1.2.3.4/udp/7001/quic-v1, and did not get through -> allow UDP port 7001 "
    "in the firewalls here and in the router\n");
  case_assert (peerup_check_firewall, &(Case) { .network = NULL },
               "unknown: nobody outside has tried to come in yet\n");
}

static void
test_reachability (void)
{
  case_assert (peerup_check_reachability,
               &(Case) { .network = "{'grade': <'A'>, 'sentence': <'Others can reach this device.'>, 'advice': <''>}" },
               "ok: A: Others can reach this device.\n");
  case_assert (peerup_check_reachability,
               &(Case) { .network = "{'grade': <'D'>, 'sentence': <'Hardly.'>, 'advice': <'Forward a port.'>}" },
               "note: D: Hardly. -> Forward a port.\n");
  case_assert (peerup_check_reachability, &(Case) { .network = NULL }, "unknown: not measured yet\n");
}

static void
test_relays (void)
{
  case_assert (peerup_check_relays, &(Case) { .relays = RELAY ("reserved", "false") },
               "ok: vps: peers can reach this device through it, 20.0 ms\n");
  case_assert (peerup_check_relays, &(Case) { .relays = RELAY ("reserved", "true") },
               "note: vps: does not answer for now, 20.0 ms -> look at it from here: peerup relay check ADDRESS\n");
  case_assert (peerup_check_relays, &(Case) { .relays = NULL },
               "note: none: peers behind other routers cannot find this device -> peerup relay add ADDRESS\n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/checks/clock", test_clock);
  g_test_add_func ("/cli/checks/interfaces", test_interfaces);
  g_test_add_func ("/cli/checks/stun", test_stun);
  g_test_add_func ("/cli/checks/nat", test_nat);
  g_test_add_func ("/cli/checks/port-mapping", test_port_mapping);
  g_test_add_func ("/cli/checks/firewall", test_firewall);
  g_test_add_func ("/cli/checks/reachability", test_reachability);
  g_test_add_func ("/cli/checks/relays", test_relays);
  return g_test_run ();
}
