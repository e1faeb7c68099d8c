/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's judgement of UDP and QUIC, from facts that are given.
 */
#include "findings-case.h"

#define SOCKET(receive, send, dropped, gso)                                                            \
  "{'receive_buffer': <uint64 " receive ">, 'send_buffer': <uint64 " send                              \
  ">, 'buffer_wanted': <uint64 7340032>, 'dropped': <uint64 " dropped ">, 'gro': <true>, 'gso': <" gso \
  ">, 'ecn': <true>, 'mtu_probe': <true>}"
#define SOCKETS(list) "{'udp_sockets': <[" list "]>}"
#define GOOD          SOCKET ("7340032", "7340032", "0", "true")
#define LESS          "208 KiB to receive and 208 KiB to send, where 7.0 MiB each were asked for; fast transfers lose packets"

static void
test_udp (void)
{
  case_assert (peerup_check_udp, &(Case) { .facts = "{'udp_blocked': <false>}" },
               "ok: no sign that this network blocks it\n");
  case_assert (
    peerup_check_udp, &(Case) { .facts = "{'udp_blocked': <true>}" },
    "mend: this network seems to block UDP: QUIC got no answer lately where TCP did, and peers are reached over "
    "TCP alone -> ask who runs the firewall to let UDP out, or use another network\n");
}

static void
test_buffers (void)
{
  const char *small = SOCKETS (GOOD ", " SOCKET ("212992", "212992", "0", "true"));
  const char *small_receive = SOCKETS (SOCKET ("212992", "7340032", "5", "true"));

  case_assert (peerup_check_udp_buffers, &(Case) { .facts = SOCKETS (GOOD) },
               "ok: 7.0 MiB to receive and 7.0 MiB to send, all that was asked for\n");
  case_assert (peerup_check_udp_buffers, &(Case) { .facts = small, .receive_max = 212992, .send_max = 212992 },
               "mend: " LESS " -> sudo sysctl -w net.core.rmem_max=7340032 net.core.wmem_max=7340032\n"
               "and restart the daemon; in a file below /etc/sysctl.d they last\n");
  /* Only what was in the way is raised. */
  case_assert (peerup_check_udp_buffers, &(Case) { .facts = small_receive, .receive_max = 212992, .send_max = 212992 },
               "mend: 208 KiB to receive and 7.0 MiB to send, where 7.0 MiB each were asked for; fast transfers lose "
               "packets -> sudo sysctl -w net.core.rmem_max=7340032\n"
               "and restart the daemon; in a file below /etc/sysctl.d they last\n"
               "note: the system dropped 5 datagrams for want of room\n");
  case_assert (peerup_check_udp_buffers, &(Case) { .facts = small, .receive_max = 7340032, .send_max = 8000000 },
               "mend: " LESS " -> restart the daemon: the system grants them by now\n");
  case_assert (peerup_check_udp_buffers, &(Case) { .facts = NULL }, "unknown: no UDP socket is open\n");
}

static void
test_offload (void)
{
  case_assert (peerup_check_udp_offload, &(Case) { .facts = SOCKETS (GOOD) },
               "ok: GSO, GRO, ECN and path MTU discovery are in use\n");
  case_assert (
    peerup_check_udp_offload, &(Case) { .facts = SOCKETS (GOOD ", " SOCKET ("7340032", "7340032", "0", "false")) },
    "note: not granted by the system: GSO (many datagrams sent at once); transfers cost more of the processor "
    "-> Linux 5.0 or newer has all of them (uname -r); some network drivers refuse GSO\n");
  case_assert (peerup_check_udp_offload, &(Case) { .facts = NULL }, "unknown: no UDP socket is open\n");
}

#define QUIC(mtu, sent, lost)                                                              \
  "{'transport': <'quic-v1'>, 'path_mtu': <uint32 " mtu ">, 'packets_sent': <uint64 " sent \
  ">, 'packets_lost': <uint64 " lost ">}"
#define TCP "{'transport': <'tcp'>, 'path_mtu': <uint32 500>, 'packets_sent': <uint64 9>, 'packets_lost': <uint64 9>}"

static void
test_path_mtu (void)
{
  case_assert (peerup_check_path_mtu, &(Case) { .connections = "[" TCP "]" },
               "unknown: not known before a peer is connected over QUIC\n");
  case_assert (peerup_check_path_mtu, &(Case) { .connections = "[" TCP ", " QUIC ("1444", "1", "0") "]" },
               "ok: packets with 1444 bytes get through, on 1 connection\n");
  case_assert (peerup_check_path_mtu,
               &(Case) { .connections = "[" QUIC ("1444", "1", "0") ", " QUIC ("1200", "1", "0") "]" },
               "ok: packets with 1200 to 1444 bytes get through, on 2 connections\n");
}

static void
test_congestion (void)
{
  const char *cubic = "{'congestion': <'cubic'>}", *bbr = "{'congestion': <'bbr'>}";

  case_assert (peerup_check_congestion, &(Case) { .facts = cubic, .connections = "[" TCP "]" }, "ok: CUBIC\n");
  case_assert (peerup_check_congestion, &(Case) { .facts = bbr, .connections = "[" QUIC ("1", "20000", "200") "]" },
               "ok: BBR; 1.00 % of 20000 packets were lost\n");
  case_assert (peerup_check_congestion, &(Case) { .facts = cubic, .connections = "[" QUIC ("1", "9999", "999") "]" },
               "ok: CUBIC; 9.99 % of 9999 packets were lost\n");
  case_assert (peerup_check_congestion, &(Case) { .facts = cubic, .connections = "[" QUIC ("1", "10000", "49") "]" },
               "ok: CUBIC; 0.49 % of 10000 packets were lost\n");
  case_assert (
    peerup_check_congestion, &(Case) { .facts = cubic, .connections = "[" QUIC ("1", "10000", "50") "]" },
    "note: CUBIC; 0.50 % of 10000 packets were lost -> BBR keeps more of such a line: set network.congestion to "
    "bbr in " CASE_CONFIG "\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/checks/udp", test_udp);
  g_test_add_func ("/cli/checks/udp-buffers", test_buffers);
  g_test_add_func ("/cli/checks/udp-offload", test_offload);
  g_test_add_func ("/cli/checks/path-mtu", test_path_mtu);
  g_test_add_func ("/cli/checks/congestion", test_congestion);
  return g_test_run ();
}
