/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One bidirectional stream: what was received and not read, what was written and not
 * acknowledged, and the ends of both directions. It lives in its connection until both
 * have ended, and longer for whoever holds it.
 *
 * Of a reset. libp2p knows only whole resets, which arrive as RESET_STREAM with
 * STOP_SENDING, so RESET_STREAM ends both directions here. Two halves are in order: the
 * peer wants no more of ours (STOP_SENDING), which leaves what it sent; and the
 * RESET_STREAM with which it answers our own STOP_SENDING. */

#include <string.h>

#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

/* Bytes that one stream and all together may have waiting to be sent; with all of that
 * used up a stream that has nothing waiting may still add a little, so that none starves. */
#define UNSENT_PER_STREAM (512 * 1024)
#define UNSENT_IN_ALL     (4 * 1024 * 1024)
#define UNSENT_MIN        (16 * 1024)
/* Bytes that streams may leave unread, all together, before the connection's window closes over them. */
#define UNREAD_FREE (8 * 1024 * 1024)
/* What a peer that opens its windows wide and acknowledges nothing can make a connection keep. */
#define UNACKED_MAX (48 * 1024 * 1024)

/* In bytes; the user need not hear of each packet. */
#define WAITING_STEP (64 * 1024)
/* Stream code of libp2p for what is above a limit. */
#define CODE_RESOURCE_LIMIT 0x1002

/* What waits to be read keeps its stream's window closed, and of the connection's so much as
 * all streams together have waiting above UNREAD_FREE: else two readers that have
 * stopped would stop the streams of all others. */
static gsize
conn_held (const PeerupQuicConn *conn)
{
  return conn->waiting - MIN (conn->waiting, UNREAD_FREE);
}

/* FALSE, and nothing changed: the user wants no more. Fewer are never refused. */
static gboolean
conn_set_waiting (PeerupQuicConn *conn, gsize waiting)
{
  gsize steps = (waiting + WAITING_STEP - 1) / WAITING_STEP;

  if (steps != conn->told && conn->quic != NULL && conn->quic->events->buffered != NULL && conn->user_data != NULL)
    {
      gboolean taken = conn->quic->events->buffered (conn, steps * WAITING_STEP, conn->user_data);

      if (!taken && steps > conn->told)
        return FALSE;
      conn->told = steps;
    }
  conn->waiting = waiting;
  return TRUE;
}

PeerupQuicChannel *
peerup_quic_channel_new (PeerupQuicConn *conn, gint64 id)
{
  PeerupQuicChannel *self = g_new0 (PeerupQuicChannel, 1);

  self->ref_count = 1;
  self->conn = peerup_quic_conn_ref (conn);
  self->id = id;
  self->link.data = self->opened_link.data = self->send_link.data = self;
  peerup_quic_buffer_init (&self->received, conn->pool);
  peerup_quic_buffer_init (&self->sent, conn->pool);
  g_queue_push_tail_link (&conn->channels, &self->link);
  peerup_quic_window_init (&self->window, PEERUP_QUIC_STREAM_WINDOW, PEERUP_QUIC_STREAM_WINDOW_MAX, conn->now);
  self->unsent_max = UNSENT_PER_STREAM;
  ngtcp2_conn_set_stream_user_data (conn->conn, id, self);
  return self;
}

PeerupQuicChannel *
peerup_quic_channel_ref (PeerupQuicChannel *self)
{
  self->ref_count++;
  return self;
}

void
peerup_quic_channel_set_user_data (PeerupQuicChannel *self, gpointer user_data)
{
  self->user_data = user_data;
}

void
peerup_quic_channel_set_queue (PeerupQuicChannel *self, GQueue *queue)
{
  if (self->queue != NULL)
    g_queue_unlink (self->queue, &self->send_link);
  self->queue = queue;
  if (queue != NULL)
    g_queue_push_tail_link (queue, &self->send_link);
}

static void
channel_tell (PeerupQuicChannel *self, void (*event) (PeerupQuicChannel *, gpointer))
{
  if (event != NULL && self->user_data != NULL)
    event (self, self->user_data);
}

static void
channel_tell_readable (PeerupQuicChannel *self)
{
  if (self->conn->quic != NULL)
    channel_tell (self, self->conn->quic->events->readable);
}

static void
channel_tell_writable (PeerupQuicChannel *self)
{
  self->waits_room = FALSE;
  if (self->conn->quic != NULL)
    channel_tell (self, self->conn->quic->events->writable);
}

/* Whether ngtcp2 knows the stream still. */
static gboolean
channel_is_live (PeerupQuicChannel *self)
{
  return !self->done && self->conn->conn != NULL;
}

/* Reading */

PeerupQuicReadState
peerup_quic_channel_get_read_state (PeerupQuicChannel *self)
{
  if (self->read_failed)
    return PEERUP_QUIC_READ_FAILED;
  if (self->received.length > 0)
    return PEERUP_QUIC_READ_DATA;
  if (self->fin_received || self->read_closed)
    return PEERUP_QUIC_READ_EOF;
  return self->error != NULL ? PEERUP_QUIC_READ_FAILED : PEERUP_QUIC_READ_WAIT;
}

/* Below this two round trips are too short to judge by: microseconds. */
#define WINDOW_ROUND_MIN 1000

void
peerup_quic_window_init (PeerupQuicWindow *self, guint64 size, guint64 max, ngtcp2_tstamp now)
{
  *self = (PeerupQuicWindow) { .size = size, .max = max, .since = now };
}

/* Notes that @count bytes were read; returns by how much the window has grown. */
static guint64
window_read (PeerupQuicWindow *self, gsize count, PeerupQuicConn *conn)
{
  PeerupQuicFigures figures;
  guint64 grown = 0;
  gint64 elapsed;

  self->read += count;
  if (self->read < self->size / 2)
    return 0;
  peerup_quic_conn_get_figures (conn, &figures);
  elapsed = (gint64) ((conn->now - self->since) / NGTCP2_MICROSECONDS);
  if (elapsed < MAX (2 * figures.rtt_min, WINDOW_ROUND_MIN))
    grown = MIN (self->size, self->max - self->size);
  self->size += grown;
  self->read = 0;
  self->since = conn->now;
  return grown;
}

/* @count bytes wait no more: room for as many goes back to the peer. It is told when it is
 * worth a packet, as the windows are several times what may be held back. */
static void
channel_taken (PeerupQuicChannel *self, gsize count)
{
  PeerupQuicConn *conn = self->conn;
  gsize held = conn_held (conn);

  conn_set_waiting (conn, conn->waiting - count);
  if (conn->conn == NULL)
    return;
  if (!self->done)
    ngtcp2_conn_extend_max_stream_offset (conn->conn, self->id, count + window_read (&self->window, count, conn));
  ngtcp2_conn_extend_max_offset (conn->conn, held - conn_held (conn) + window_read (&conn->window, count, conn));
  conn->credit += count;
  if (conn->credit >= PEERUP_QUIC_STREAM_WINDOW / 8)
    peerup_quic_conn_active (conn);
}

gsize
peerup_quic_channel_read (PeerupQuicChannel *self, void *buffer, gsize count)
{
  guint8 *to = buffer;
  gsize total = 0;
  GInputVector vector;

  while (total < count && peerup_quic_buffer_peek (&self->received, &vector, 1) > 0)
    {
      gsize n = MIN (count - total, vector.size);

      memcpy (to + total, vector.buffer, n);
      peerup_quic_buffer_drop (&self->received, n);
      total += n;
    }
  channel_taken (self, total);
  return total;
}

gsize
peerup_quic_channel_peek (PeerupQuicChannel *self, GInputVector *vectors, gsize n_vectors)
{
  return self->read_failed ? 0 : peerup_quic_buffer_peek (&self->received, vectors, n_vectors);
}

void
peerup_quic_channel_consume (PeerupQuicChannel *self, gsize count)
{
  peerup_quic_buffer_drop (&self->received, count);
  channel_taken (self, count);
}

/* Nobody will read what waits. */
static void
channel_discard_received (PeerupQuicChannel *self)
{
  gsize length = self->received.length;

  peerup_quic_buffer_clear (&self->received);
  if (length > 0)
    channel_taken (self, length);
}

void
peerup_quic_channel_unref (PeerupQuicChannel *self)
{
  if (--self->ref_count > 0)
    return;
  channel_discard_received (self);
  peerup_quic_buffer_clear (&self->sent);
  g_free (self->flight.ends);
  g_clear_error (&self->error);
  peerup_quic_conn_unref (self->conn);
  g_free (self);
}

void
peerup_quic_channel_received (PeerupQuicChannel *self, const guint8 *data, gsize length, gboolean fin)
{
  PeerupQuicConn *conn = self->conn;
  gsize held = conn_held (conn);
  gboolean news = length > 0 || fin;

  self->fin_received |= fin;
  if (self->read_closed || self->read_failed)
    {
      ngtcp2_conn_extend_max_offset (conn->conn, length);
      return;
    }
  if (!conn_set_waiting (conn, conn->waiting + length))
    {
      ngtcp2_conn_extend_max_offset (conn->conn, length);
      peerup_quic_channel_reset (self, CODE_RESOURCE_LIMIT);
      return;
    }
  peerup_quic_buffer_append (&self->received, data, length);
  ngtcp2_conn_extend_max_offset (conn->conn, held + length - conn_held (conn));
  if (news)
    channel_tell_readable (self);
}

void
peerup_quic_channel_close_read (PeerupQuicChannel *self)
{
  if (self->read_closed)
    return;
  self->read_closed = TRUE;
  channel_discard_received (self);
  if (!channel_is_live (self) || self->fin_received)
    return;
  ngtcp2_conn_shutdown_stream_read (self->conn->conn, 0, self->id, 0);
  peerup_quic_conn_active (self->conn);
}

/* Writing */

gboolean
peerup_quic_channel_can_write (PeerupQuicChannel *self)
{
  return !self->write_failed && !self->fin_wanted && self->error == NULL && !self->done;
}

static gsize
channel_get_unsent (PeerupQuicChannel *self)
{
  return self->sent.length - self->sent.passed;
}

gsize
peerup_quic_channel_get_room (PeerupQuicChannel *self)
{
  gsize unsent = channel_get_unsent (self), room = 0;

  if (!peerup_quic_channel_can_write (self) || self->conn->unacked >= UNACKED_MAX)
    return 0;
  if (unsent < self->unsent_max && self->conn->unsent < UNSENT_IN_ALL)
    room = MIN (self->unsent_max - unsent, UNSENT_IN_ALL - self->conn->unsent);
  return unsent < UNSENT_MIN ? MAX (room, UNSENT_MIN - unsent) : room;
}

void
peerup_quic_channel_wait_room (PeerupQuicChannel *self)
{
  self->waits_room = TRUE;
}

void
peerup_quic_channel_keep_lean (PeerupQuicChannel *self, gsize unsent)
{
  g_return_if_fail (unsent >= UNSENT_MIN);
  self->window.max = self->window.size;
  self->unsent_max = unsent;
}

/* Of a flight. An outage can lose all of it at once, and ngtcp2 gives a connection up when 8,000
 * frames of one stream are to be sent again: fewer are ever on their way, 10 MB in packets of
 * 1,500 bytes. Blocks are closed too late rather than too soon, so one more may be begun. */

#define FRAMES_PER_BLOCK 64

G_STATIC_ASSERT ((PEERUP_QUIC_FLIGHT_BLOCKS + 1) * FRAMES_PER_BLOCK < 8000);

static gboolean
flight_is_full (const PeerupQuicFlight *self)
{
  return self->length == PEERUP_QUIC_FLIGHT_BLOCKS;
}

static void
flight_sent (PeerupQuicFlight *self, gsize count)
{
  self->sent += count;
  if (++self->n_frames < FRAMES_PER_BLOCK)
    return;
  self->n_frames = 0;
  if (self->ends == NULL)
    self->ends = g_new (guint64, PEERUP_QUIC_FLIGHT_BLOCKS);
  self->ends[(self->first + self->length++) % PEERUP_QUIC_FLIGHT_BLOCKS] = self->sent;
}

static void
flight_acked (PeerupQuicFlight *self, gsize count)
{
  self->acked += count;
  while (self->length > 0 && self->ends[self->first] <= self->acked)
    {
      self->first = (self->first + 1) % PEERUP_QUIC_FLIGHT_BLOCKS;
      self->length--;
    }
}

gboolean
peerup_quic_channel_wants_send (PeerupQuicChannel *self)
{
  return !self->write_failed && !flight_is_full (&self->flight) &&
         (channel_get_unsent (self) > 0 || (self->fin_wanted && !self->fin_sent));
}

static void
channel_schedule (PeerupQuicChannel *self)
{
  if (!channel_is_live (self) || !peerup_quic_channel_wants_send (self))
    return;
  /* One that waits for the peer's window is told when that opens. */
  if (self->queue == NULL)
    peerup_quic_channel_set_queue (self, &self->conn->ready);
  if (self->queue == &self->conn->ready)
    peerup_quic_conn_active (self->conn);
}

gsize
peerup_quic_channel_writev (PeerupQuicChannel *self, const GOutputVector *vectors, gsize n_vectors)
{
  gsize room = peerup_quic_channel_get_room (self), total = 0;

  for (gsize i = 0; i < n_vectors; i++)
    {
      gsize n = MIN (vectors[i].size, room - total);

      peerup_quic_buffer_append (&self->sent, vectors[i].buffer, n);
      total += n;
      if (n < vectors[i].size)
        {
          self->waits_room = TRUE;
          break;
        }
    }
  self->conn->unsent += total;
  self->conn->unacked += total;
  channel_schedule (self);
  return total;
}

void
peerup_quic_channel_sent (PeerupQuicChannel *self, gsize count, gboolean fin)
{
  peerup_quic_buffer_pass (&self->sent, count);
  if (self->conn->unacked == self->conn->unsent)
    self->conn->progress_at = self->conn->now;
  flight_sent (&self->flight, count);
  self->conn->unsent -= count;
  self->turn += count;
  self->fin_sent |= fin;
  if (self->waits_room && channel_get_unsent (self) <= self->unsent_max / 2 && peerup_quic_channel_get_room (self) > 0)
    channel_tell_writable (self);
}

void
peerup_quic_channel_acked (PeerupQuicChannel *self, guint64 count)
{
  gsize n = MIN (count, self->sent.passed);
  gboolean was_full = flight_is_full (&self->flight);

  peerup_quic_buffer_drop (&self->sent, n);
  self->conn->unacked -= n;
  self->conn->progress_at = self->conn->now;
  flight_acked (&self->flight, n);
  if (was_full)
    channel_schedule (self);
  if (self->waits_room && peerup_quic_channel_get_room (self) > 0)
    channel_tell_writable (self);
}

void
peerup_quic_channel_close_write (PeerupQuicChannel *self)
{
  if (self->fin_wanted)
    return;
  self->fin_wanted = TRUE;
  channel_schedule (self);
}

/* Ends */

static void
channel_fail_write (PeerupQuicChannel *self)
{
  if (self->write_failed)
    return;
  self->write_failed = TRUE;
  peerup_quic_channel_set_queue (self, NULL);
  channel_tell_writable (self);
}

void
peerup_quic_channel_stopped (PeerupQuicChannel *self)
{
  channel_fail_write (self);
}

static void
channel_fail (PeerupQuicChannel *self, guint32 code)
{
  self->was_reset = TRUE;
  self->code = code;
  self->read_failed = TRUE;
  channel_discard_received (self);
  channel_fail_write (self);
  channel_tell_readable (self);
}

void
peerup_quic_channel_reset (PeerupQuicChannel *self, guint32 code)
{
  if (self->was_reset || self->error != NULL || self->done)
    return;
  channel_fail (self, code);
  if (self->conn->conn == NULL)
    return;
  ngtcp2_conn_shutdown_stream (self->conn->conn, 0, self->id, code);
  peerup_quic_conn_active (self->conn);
}

void
peerup_quic_channel_remote_reset (PeerupQuicChannel *self, guint64 code)
{
  /* The answer to our STOP_SENDING ends what we did not want to read anyway. */
  if (self->was_reset || self->read_closed)
    return;
  channel_fail (self, MIN (code, G_MAXUINT32));
  ngtcp2_conn_shutdown_stream (self->conn->conn, 0, self->id, code);
}

void
peerup_quic_channel_finish (PeerupQuicChannel *self, const GError *error)
{
  PeerupQuicConn *conn = self->conn;

  if (self->done)
    return;
  self->done = TRUE;
  if (error != NULL && !self->was_reset)
    self->error = g_error_copy (error);
  peerup_quic_channel_set_queue (self, NULL);
  conn->unsent -= channel_get_unsent (self);
  conn->unacked -= self->sent.length;
  peerup_quic_buffer_clear (&self->sent);
  if (self->unannounced)
    g_queue_unlink (&conn->opened, &self->opened_link);
  g_queue_unlink (&conn->channels, &self->link);
  channel_tell_readable (self);
  channel_tell_writable (self);
  peerup_quic_channel_unref (self);
}

gboolean
peerup_quic_channel_is_reset (PeerupQuicChannel *self, guint32 *code)
{
  *code = self->code;
  return self->was_reset;
}

gboolean
peerup_quic_channel_is_done (PeerupQuicChannel *self)
{
  return self->done;
}

GError *
peerup_quic_channel_dup_error (PeerupQuicChannel *self)
{
  if (self->error != NULL)
    return g_error_copy (self->error);
  if (self->was_reset)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_RESET, "The stream was reset with code 0x%x", self->code);
  /* Not a reset: what the peer sends still comes. */
  if (self->write_failed)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The peer does not read the stream any more");
  return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The stream is closed");
}

guint64
peerup_quic_channel_get_n_lost (PeerupQuicChannel *self)
{
  return channel_is_live (self) ? ngtcp2_conn_get_stream_loss_count (self->conn->conn, self->id) : 0;
}
