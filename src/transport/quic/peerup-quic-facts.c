/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What can be asked of a connection at any time, and what it can be asked to do: move to
 * another address, change its keys. */

#include "transport/quic/peerup-quic-private.h"

gboolean
peerup_quic_conn_is_closed (PeerupQuicConn *self)
{
  return self->state >= PEERUP_QUIC_CLOSING;
}

gboolean
peerup_quic_conn_is_gone (PeerupQuicConn *self)
{
  return self->state == PEERUP_QUIC_CLOSED;
}

gboolean
peerup_quic_conn_is_established (PeerupQuicConn *self)
{
  return self->state == PEERUP_QUIC_OPEN;
}

gboolean
peerup_quic_conn_is_outbound (PeerupQuicConn *self)
{
  return self->outbound;
}

PeerupPublicKey *
peerup_quic_conn_get_remote_key (PeerupQuicConn *self)
{
  return self->remote_key;
}

guint64
peerup_quic_conn_get_remote_code (PeerupQuicConn *self)
{
  return self->remote_code;
}

void
peerup_quic_conn_set_user_data (PeerupQuicConn *self, gpointer user_data)
{
  self->user_data = user_data;
}

void
peerup_quic_conn_get_path (PeerupQuicConn *self, PeerupSocketAddress *local, PeerupSocketAddress *remote)
{
  const ngtcp2_path *path;

  *local = self->farewell_local;
  *remote = self->farewell_remote;
  if (self->conn == NULL)
    return;
  path = ngtcp2_conn_get_path (self->conn);
  peerup_socket_address_set_native (local, path->local.addr, path->local.addrlen);
  peerup_socket_address_set_native (remote, path->remote.addr, path->remote.addrlen);
}

gboolean
peerup_quic_conn_migrate (PeerupQuicConn *self, const PeerupSocketAddress *local, gboolean validate, gint64 now)
{
  PeerupSocketAddress old, remote;
  ngtcp2_path path;
  int code;

  if (self->conn == NULL || !self->outbound || self->state != PEERUP_QUIC_OPEN)
    return FALSE;
  peerup_quic_conn_advance (self, now);
  peerup_quic_conn_get_path (self, &old, &remote);
  path = peerup_quic_path (local, &remote);
  code = validate ? ngtcp2_conn_initiate_migration (self->conn, &path, self->now)
                  : ngtcp2_conn_initiate_immediate_migration (self->conn, &path, self->now);
  if (code != 0)
    return FALSE;
  peerup_quic_conn_active (self);
  return TRUE;
}

gboolean
peerup_quic_conn_update_keys (PeerupQuicConn *self, gint64 now)
{
  if (self->conn == NULL || self->state != PEERUP_QUIC_OPEN)
    return FALSE;
  peerup_quic_conn_advance (self, now);
  if (ngtcp2_conn_initiate_key_update (self->conn, self->now) != 0)
    return FALSE;
  peerup_quic_conn_active (self);
  return TRUE;
}

void
peerup_quic_conn_get_figures (PeerupQuicConn *self, PeerupQuicFigures *figures)
{
  ngtcp2_conn_info info;

  *figures = (PeerupQuicFigures) { .rtt = -1, .rtt_min = -1, .rtt_variation = -1 };
  if (self->conn == NULL)
    return;
  ngtcp2_conn_get_conn_info (self->conn, &info);
  if (info.min_rtt != UINT64_MAX)
    {
      figures->rtt = info.smoothed_rtt / NGTCP2_MICROSECONDS;
      figures->rtt_min = info.min_rtt / NGTCP2_MICROSECONDS;
      figures->rtt_variation = info.rttvar / NGTCP2_MICROSECONDS;
    }
  figures->congestion_window = info.cwnd;
  figures->bytes_in_flight = info.bytes_in_flight;
  figures->bytes_received = info.bytes_recv;
  figures->bytes_sent = info.bytes_sent;
  figures->packets_received = info.pkt_recv;
  figures->packets_sent = info.pkt_sent;
  figures->packets_lost = info.pkt_lost;
  figures->path_mtu =
    self->narrow ? NGTCP2_MAX_UDP_PAYLOAD_SIZE : ngtcp2_conn_get_path_max_tx_udp_payload_size (self->conn);
}

/* What is in flight grows less without a packet of the peer's when it is given up, or begun anew on another path. */
void
peerup_quic_conn_note_life (PeerupQuicConn *self, gint64 now)
{
  PeerupQuicLife *life = &self->life;
  gboolean heard, answered;
  ngtcp2_conn_info info;

  if (self->conn == NULL)
    return;
  ngtcp2_conn_get_conn_info (self->conn, &info);
  heard = info.pkt_recv > self->life_packets;
  answered = heard && info.bytes_in_flight < self->life_in_flight;
  self->life_packets = info.pkt_recv;
  self->life_in_flight = info.bytes_in_flight;
  if (heard)
    life->heard_at = now;
  if (answered)
    life->answered_at = now;
  if (info.bytes_in_flight == 0)
    life->owed_since = G_MAXINT64;
  else if (answered || life->owed_since == G_MAXINT64)
    life->owed_since = now;
}

void
peerup_quic_conn_get_life (PeerupQuicConn *self, PeerupQuicLife *life)
{
  *life = self->life;
}

guint
peerup_quic_conn_get_n_channels (PeerupQuicConn *self)
{
  return self->channels.length;
}
