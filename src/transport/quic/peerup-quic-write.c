/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The output of a connection: batches of equal packets for segmentation offload, filled
 * from its streams in turn. Stream data is not copied here: packets are sealed from
 * where it waits, and it waits there until it is acknowledged. */

#include <string.h>

#include "transport/quic/peerup-quic-private.h"

/* Bytes after which the next stream has its turn. */
#define TURN (64 * 1024)
/* What the kernel takes in one call (UDP_MAX_SEGMENTS). */
#define BATCH_PACKETS 64
/* Chunks that one packet may span; the largest packets are as large as a chunk. */
#define VECTORS 8

G_STATIC_ASSERT (sizeof (GInputVector) == sizeof (ngtcp2_vec));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GInputVector, buffer) == G_STRUCT_OFFSET (ngtcp2_vec, base));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GInputVector, size) == G_STRUCT_OFFSET (ngtcp2_vec, len));

/* A path that comes to take less in the middle of a connection tells nobody (RFC 8899 4.3), and
 * ngtcp2, which only ever looks for larger sizes, would repeat the large packets for ever. So when
 * nothing arrives any more they are of the smallest size for a while, and for longer if that was
 * why; a path that was only interrupted is soon used in full again. */
#define STALL_MIN  (1 * (ngtcp2_duration) NGTCP2_SECONDS)
#define NARROW_MIN (10 * (ngtcp2_duration) NGTCP2_SECONDS)
#define NARROW_MAX (1000 * (ngtcp2_duration) NGTCP2_SECONDS)

void
peerup_quic_conn_reset_width (PeerupQuicConn *self)
{
  self->narrow = FALSE;
  self->narrow_until = 0;
  self->narrow_for = NARROW_MIN;
}

static gboolean
is_stalled (PeerupQuicConn *self)
{
  return self->unacked > self->unsent &&
         self->now - self->progress_at >= MAX (STALL_MIN, 4 * ngtcp2_conn_get_pto (self->conn));
}

void
peerup_quic_conn_check_width (PeerupQuicConn *self)
{
  if (self->narrow || !is_stalled (self) ||
      ngtcp2_conn_get_path_max_tx_udp_payload_size (self->conn) <= NGTCP2_MAX_UDP_PAYLOAD_SIZE)
    return;
  if (self->now - self->narrow_until > self->narrow_for)
    self->narrow_for = NARROW_MIN;
  self->narrow = TRUE;
  self->narrow_until = self->now + self->narrow_for;
  self->narrow_for = MIN (self->narrow_for * 10, NARROW_MAX);
}

static gsize
limit_width (PeerupQuicConn *self, gsize room)
{
  if (self->narrow && self->now >= self->narrow_until && !is_stalled (self))
    self->narrow = FALSE;
  return self->narrow ? MIN (room, NGTCP2_MAX_UDP_PAYLOAD_SIZE) : room;
}

/* The stream whose turn it is, or NULL: none has anything that may be sent. Blocked ones are
 * tried again when no other has. */
static PeerupQuicChannel *
next_channel (PeerupQuicConn *self)
{
  for (;;)
    {
      PeerupQuicChannel *channel;

      if (self->ready.head == NULL && self->blocked.head != NULL && self->n_recheck > 0)
        {
          self->n_recheck--;
          peerup_quic_channel_set_queue (self->blocked.head->data, &self->ready);
        }
      if (self->ready.head == NULL)
        return NULL;
      channel = self->ready.head->data;
      if (peerup_quic_channel_wants_send (channel))
        return channel;
      peerup_quic_channel_set_queue (channel, NULL);
    }
}

/* ngtcp2 says of a stream that the peer's window for it is closed, but not of the connection's. */
static gboolean
is_blocked (PeerupQuicConn *self, ngtcp2_ssize result, gsize offered)
{
  return result == NGTCP2_ERR_STREAM_DATA_BLOCKED ||
         (result == 0 && offered > 0 && ngtcp2_conn_get_max_data_left (self->conn) == 0);
}

static void
end_turn (PeerupQuicConn *self, PeerupQuicChannel *channel)
{
  if (!peerup_quic_channel_wants_send (channel))
    peerup_quic_channel_set_queue (channel, NULL);
  else if (channel->turn >= TURN)
    {
      channel->turn = 0;
      peerup_quic_channel_set_queue (channel, &self->ready);
    }
}

/* What became of offering @channel's bytes to a packet. */
static void
note_outcome (PeerupQuicConn *self, PeerupQuicChannel *channel, ngtcp2_ssize result, ngtcp2_ssize taken, gsize offered,
              gboolean fin)
{
  if (is_blocked (self, result, offered))
    peerup_quic_channel_set_queue (channel, &self->blocked);
  else if (result == NGTCP2_ERR_STREAM_SHUT_WR || result == NGTCP2_ERR_STREAM_NOT_FOUND)
    peerup_quic_channel_stopped (channel);
  else if (taken >= 0)
    {
      peerup_quic_channel_sent (channel, taken, fin && (gsize) taken == offered);
      end_turn (self, channel);
    }
}

static gboolean
goes_on (ngtcp2_ssize result)
{
  return result == NGTCP2_ERR_STREAM_DATA_BLOCKED || result == NGTCP2_ERR_STREAM_SHUT_WR ||
         result == NGTCP2_ERR_STREAM_NOT_FOUND || result == NGTCP2_ERR_WRITE_MORE;
}

/* One packet, from as many streams as fit. */
static ngtcp2_ssize
write_packet (ngtcp2_conn *conn, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *to, size_t room, ngtcp2_tstamp now,
              void *data)
{
  PeerupQuicConn *self = data;

  room = limit_width (self, room);
  for (;;)
    {
      PeerupQuicChannel *channel = next_channel (self);
      GInputVector vectors[VECTORS];
      gsize n = 0, offered = 0;
      gboolean fin = FALSE;
      uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
      ngtcp2_ssize taken = -1, result;

      if (channel != NULL)
        {
          n = peerup_quic_buffer_peek_cursor (&channel->sent, vectors, VECTORS);
          for (gsize i = 0; i < n; i++)
            offered += vectors[i].size;
          fin = channel->fin_wanted && offered == channel->sent.length - channel->sent.passed;
          flags = NGTCP2_WRITE_STREAM_FLAG_MORE | (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0);
        }
      result = ngtcp2_conn_writev_stream (conn, path, info, to, room, &taken, flags, channel != NULL ? channel->id : -1,
                                          (const ngtcp2_vec *) vectors, n, now);
      if (channel != NULL)
        note_outcome (self, channel, result, taken, offered, fin);
      if (!goes_on (result) && !(channel != NULL && is_blocked (self, result, offered)))
        return result;
    }
}

/* Bytes that a connection may begin with in one burst (RFC 9002 7.7 and 7.2), once it knows the round
 * trip by which the rest is paced, and the part of that in which it does. Paced, with ten packets for a
 * round trip, the handshake's last flight alone would hold up what follows it by a sixth of one. */
#define INITIAL_BURST      14720
#define INITIAL_BURST_PART 4

static gboolean
goes_in_burst (PeerupQuicConn *self, gsize written)
{
  gint64 now = self->now / NGTCP2_MICROSECONDS;
  ngtcp2_conn_info info;

  if (self->paced)
    return FALSE;
  if (self->burst_until == G_MAXINT64)
    {
      ngtcp2_conn_get_conn_info (self->conn, &info);
      if (info.min_rtt == UINT64_MAX)
        return FALSE;
      self->burst_until = now + (gint64) (info.smoothed_rtt / NGTCP2_MICROSECONDS / INITIAL_BURST_PART);
    }
  self->burst += written;
  return self->burst < INITIAL_BURST && now < self->burst_until;
}

/* The wait for what was not paced is owed. It is due when the burst is over, by its size or by the
 * clock, and so over before the answer to the burst brings more to send. */
static void
pace (PeerupQuicConn *self, gsize written)
{
  if (goes_in_burst (self, written))
    return;
  if (self->burst_until != G_MAXINT64)
    self->paced = TRUE;
  self->burst_until = G_MAXINT64;
  ngtcp2_conn_update_pkt_tx_time (self->conn, self->now);
}

/* How many packets one batch may have: what pacing allows in one go, and the kernel. */
static gsize
batch_packets (PeerupQuicConn *self)
{
  gsize quantum = ngtcp2_conn_get_send_quantum (self->conn);
  gsize payload = ngtcp2_conn_get_path_max_tx_udp_payload_size (self->conn);

  return CLAMP (quantum / payload, 1, BATCH_PACKETS);
}

gboolean
peerup_quic_conn_write (PeerupQuicConn *self, PeerupDatagrams *datagrams, gsize capacity, gint64 now)
{
  ngtcp2_path_storage path;
  ngtcp2_pkt_info info;
  ngtcp2_ssize n;
  size_t segment = 0;

  if (self->conn == NULL)
    return FALSE;
  peerup_quic_conn_advance (self, now);
  ngtcp2_path_storage_zero (&path);
  self->writing = TRUE;
  n = ngtcp2_conn_write_aggregate_pkt2 (self->conn, &path.path, &info, datagrams->data, capacity, &segment,
                                        write_packet, batch_packets (self), self->now);
  self->writing = FALSE;
  if (n < 0)
    {
      peerup_quic_conn_fail (self, n);
      return FALSE;
    }
  pace (self, n);
  peerup_quic_conn_note_life (self, now);
  self->credit = 0;
  self->ack_at = G_MAXINT64;
  if (n == 0)
    return FALSE;
  peerup_quic_conn_wrote (self);
  datagrams->length = n;
  datagrams->segment = segment;
  datagrams->ecn = info.ecn;
  peerup_socket_address_set_native (&datagrams->local, path.path.local.addr, path.path.local.addrlen);
  peerup_socket_address_set_native (&datagrams->remote, path.path.remote.addr, path.path.remote.addrlen);
  return TRUE;
}
