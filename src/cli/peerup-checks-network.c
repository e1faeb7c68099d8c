/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's checks of UDP and QUIC: whether it gets through, what the system granted, and
 * how the paths are. They know only what the control interface says.
 */
#include "cli/peerup-checks.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli.h"

/* From so many packets on a share of lost ones says something. */
#define PACKETS_FOR_LOSS 10000
/* Lost packets of a thousand from which on CUBIC falls far behind BBR. */
#define LOSS_PER_MILLE 5

void
peerup_check_udp (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  gboolean blocked;

  if (!g_variant_lookup (daemon->facts, "udp_blocked", "b", &blocked))
    return;
  if (blocked)
    peerup_findings_take (findings, PEERUP_CHECK_UDP, PEERUP_FINDING_MEND,
                          g_strdup (
                            _ ("this network seems to block UDP: QUIC got no answer lately where TCP did, and peers "
                               "are reached over TCP alone")),
                          g_strdup (_ ("ask who runs the firewall to let UDP out, or use another network")));
  else
    peerup_findings_add (findings, PEERUP_CHECK_UDP, PEERUP_FINDING_OK, _ ("no sign that this network blocks it"));
}

/* What the sockets have in common: the least of each. */
typedef struct
{
  guint n;
  guint64 receive, send, wanted;
  guint64 dropped, unsent;
  gboolean gro, gso, ecn, mtu_probe;
} Sockets;

static void
read_sockets (const PeerupDaemonFacts *daemon, Sockets *all)
{
  g_autoptr (GVariant) list = peerup_answer_get_list (daemon->facts, "udp_sockets");

  *all = (Sockets) { .receive = G_MAXUINT64, .send = G_MAXUINT64, .gro = 1, .gso = 1, .ecn = 1, .mtu_probe = 1 };
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) socket = g_variant_get_child_value (list, i);

      all->n++;
      all->receive = MIN (all->receive, peerup_answer_get_number (socket, "receive_buffer"));
      all->send = MIN (all->send, peerup_answer_get_number (socket, "send_buffer"));
      all->wanted = MAX (all->wanted, peerup_answer_get_number (socket, "buffer_wanted"));
      all->dropped += peerup_answer_get_number (socket, "dropped");
      all->unsent += peerup_answer_get_number (socket, "unsent");
      all->gro &= peerup_answer_get_flag (socket, "gro");
      all->gso &= peerup_answer_get_flag (socket, "gso");
      all->ecn &= peerup_answer_get_flag (socket, "ecn");
      all->mtu_probe &= peerup_answer_get_flag (socket, "mtu_probe");
    }
}

static gboolean
has_sockets (PeerupFindings *findings, PeerupCheck check, const Sockets *sockets)
{
  if (sockets->n == 0)
    peerup_findings_add (findings, check, PEERUP_FINDING_UNKNOWN, _ ("no UDP socket is open"));
  return sockets->n > 0;
}

/* The line that raises the system's limits, where they are what was in the way. */
static char *
next_for_buffers (const PeerupDaemonFacts *daemon, const Sockets *sockets)
{
  g_autoptr (GString) out = g_string_new ("sudo sysctl -w");
  gsize start = out->len;

  if (sockets->receive < sockets->wanted && daemon->receive_max < sockets->wanted)
    g_string_append_printf (out, " net.core.rmem_max=%" G_GUINT64_FORMAT, sockets->wanted);
  if (sockets->send < sockets->wanted && daemon->send_max < sockets->wanted)
    g_string_append_printf (out, " net.core.wmem_max=%" G_GUINT64_FORMAT, sockets->wanted);
  if (out->len == start)
    return g_strdup (_ ("restart the daemon: the system grants them by now"));
  g_string_append (out, _ ("\nand restart the daemon; in a file below /etc/sysctl.d they last"));
  return g_string_free_and_steal (g_steal_pointer (&out));
}

void
peerup_check_udp_buffers (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  const PeerupCheck check = PEERUP_CHECK_UDP_BUFFERS;
  g_autofree char *receive = NULL;
  g_autofree char *send = NULL;
  g_autofree char *wanted = NULL;
  Sockets sockets;

  read_sockets (daemon, &sockets);
  if (!has_sockets (findings, check, &sockets))
    return;
  receive = peerup_cli_format_bytes (sockets.receive);
  send = peerup_cli_format_bytes (sockets.send);
  wanted = peerup_cli_format_bytes (sockets.wanted);
  if (sockets.receive >= sockets.wanted && sockets.send >= sockets.wanted)
    peerup_findings_add (findings, check, PEERUP_FINDING_OK, _ ("%s to receive and %s to send, all that was asked for"),
                         receive, send);
  else
    peerup_findings_take (
      findings, check, PEERUP_FINDING_MEND,
      g_strdup_printf (_ ("%s to receive and %s to send, where %s each were asked for; fast transfers "
                          "lose packets"),
                       receive, send, wanted),
      next_for_buffers (daemon, &sockets));
  if (sockets.dropped > 0)
    peerup_findings_add (findings, check, PEERUP_FINDING_NOTE,
                         _ ("the system dropped %" PRIu64 " datagrams for want of room"), sockets.dropped);
}

static char *
list_missing (const Sockets *sockets)
{
  g_autoptr (GStrvBuilder) missing = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  if (!sockets->gso)
    g_strv_builder_add (missing, _ ("GSO (many datagrams sent at once)"));
  if (!sockets->gro)
    g_strv_builder_add (missing, _ ("GRO (many datagrams received at once)"));
  if (!sockets->ecn)
    g_strv_builder_add (missing, _ ("ECN (congestion seen before packets are lost)"));
  if (!sockets->mtu_probe)
    g_strv_builder_add (missing, _ ("path MTU discovery"));
  words = g_strv_builder_end (missing);
  return words[0] != NULL ? g_strjoinv (", ", words) : NULL;
}

void
peerup_check_udp_offload (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  const PeerupCheck check = PEERUP_CHECK_UDP_OFFLOAD;
  g_autofree char *missing = NULL;
  Sockets sockets;

  read_sockets (daemon, &sockets);
  if (!has_sockets (findings, check, &sockets))
    return;
  missing = list_missing (&sockets);
  if (missing == NULL)
    peerup_findings_add (findings, check, PEERUP_FINDING_OK, _ ("GSO, GRO, ECN and path MTU discovery are in use"));
  else
    peerup_findings_take (
      findings, check, PEERUP_FINDING_NOTE,
      g_strdup_printf (_ ("not granted by the system: %s; transfers cost more of the processor"), missing),
      g_strdup (_ ("Linux 5.0 or newer has all of them (uname -r); some network drivers refuse GSO")));
}

static gboolean
is_quic (GVariant *connection)
{
  return g_str_equal (peerup_answer_get_string (connection, "transport"), "quic-v1");
}

void
peerup_check_path_mtu (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  guint64 least = G_MAXUINT64, most = 0, mtu;
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (daemon->connections); i++)
    {
      g_autoptr (GVariant) connection = g_variant_get_child_value (daemon->connections, i);

      if (!is_quic (connection) || !peerup_answer_lookup_number (connection, "path_mtu", &mtu))
        continue;
      least = MIN (least, mtu);
      most = MAX (most, mtu);
      n++;
    }
  if (n == 0)
    peerup_findings_add (findings, PEERUP_CHECK_PATH_MTU, PEERUP_FINDING_UNKNOWN,
                         _ ("not known before a peer is connected over QUIC"));
  else if (least == most)
    peerup_findings_add (findings, PEERUP_CHECK_PATH_MTU, PEERUP_FINDING_OK,
                         g_dngettext (GETTEXT_PACKAGE, "packets with %" PRIu64 " bytes get through, on %u connection",
                                      "packets with %" PRIu64 " bytes get through, on %u connections", n),
                         most, n);
  else
    peerup_findings_add (findings, PEERUP_CHECK_PATH_MTU, PEERUP_FINDING_OK,
                         _ ("packets with %" PRIu64 " to %" PRIu64 " bytes get through, on %u connections"), least,
                         most, n);
}

/* Of all QUIC connections together. */
static void
sum_losses (const PeerupDaemonFacts *daemon, guint64 *sent, guint64 *lost)
{
  *sent = *lost = 0;
  for (gsize i = 0; i < g_variant_n_children (daemon->connections); i++)
    {
      g_autoptr (GVariant) connection = g_variant_get_child_value (daemon->connections, i);

      if (!is_quic (connection))
        continue;
      *sent += peerup_answer_get_number (connection, "packets_sent");
      *lost += peerup_answer_get_number (connection, "packets_lost");
    }
}

void
peerup_check_congestion (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  const char *control = peerup_answer_get_string (daemon->facts, "congestion");
  g_autofree char *name = g_ascii_strup (control, -1);
  g_autoptr (GString) text = g_string_new (name);
  guint64 sent, lost;

  if (control[0] == '\0')
    return;
  sum_losses (daemon, &sent, &lost);
  if (sent > 0)
    g_string_append_printf (text, _ ("; %.2f %% of %" PRIu64 " packets were lost"), 100.0 * lost / sent, sent);
  if (g_str_equal (control, "cubic") && sent >= PACKETS_FOR_LOSS && lost * 1000 >= sent * LOSS_PER_MILLE)
    peerup_findings_take (findings, PEERUP_CHECK_CONGESTION, PEERUP_FINDING_NOTE,
                          g_string_free_and_steal (g_steal_pointer (&text)),
                          g_strdup_printf (_ ("BBR keeps more of such a line: set network.congestion to bbr in %s"),
                                           daemon->config_path));
  else
    peerup_findings_add (findings, PEERUP_CHECK_CONGESTION, PEERUP_FINDING_OK, "%s", text->str);
}
