/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the kernel knows of a TCP connection's path, as a connection's figures. A file of its
 * own for the kernel's header: the C library's does not go with it, and knows less. It only
 * reads; an older kernel that tells less leaves zeros. */

#include "transport/peerup-tcp-info.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The kernel's mark for no sample yet. */
#define NO_RTT G_MAXUINT32

static gint64
known_time (guint32 microseconds)
{
  return microseconds == 0 || microseconds == NO_RTT ? -1 : microseconds;
}

/* As the kernel reckons it (tcp_packets_in_flight). */
static guint64
segments_in_flight (const struct tcp_info *info)
{
  guint64 out = (guint64) info->tcpi_unacked + info->tcpi_retrans;
  guint64 left = (guint64) info->tcpi_sacked + info->tcpi_lost;

  return out > left ? out - left : 0;
}

gboolean
peerup_tcp_info_get_figures (int fd, PeerupConnectionFigures *figures)
{
  struct tcp_info info = { 0 };
  socklen_t size = sizeof info;

  if (getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
    return FALSE;
  figures->packets_sent = info.tcpi_segs_out;
  figures->packets_lost = info.tcpi_total_retrans;
  figures->rtt = known_time (info.tcpi_rtt);
  figures->rtt_min = known_time (info.tcpi_min_rtt);
  figures->rtt_variation = figures->rtt >= 0 ? (gint64) info.tcpi_rttvar : -1;
  figures->congestion_window = (guint64) info.tcpi_snd_cwnd * info.tcpi_snd_mss;
  figures->bytes_in_flight = segments_in_flight (&info) * info.tcpi_snd_mss;
  figures->delivery_rate = info.tcpi_delivery_rate;
  figures->path_mtu = info.tcpi_snd_mss;
  figures->bytes_acknowledged = info.tcpi_bytes_acked;
  figures->bytes_unacknowledged = (guint64) info.tcpi_unacked * info.tcpi_snd_mss;
  figures->acknowledged_ago = (gint64) info.tcpi_last_ack_recv * G_TIME_SPAN_MILLISECOND;
  return TRUE;
}
