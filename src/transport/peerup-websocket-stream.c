/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A WebSocket as a PeerupStream over another. Reads take up to 128 KiB from below at a time and
 * unmask them where they stand; each write becomes one binary message, which a server sends
 * from the caller's own memory as far as it goes out at once. A stream that waits holds no
 * buffer. The first error ends both directions; the peer's goodbye is an end, not an error. */

#include "transport/peerup-websocket-stream.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "transport/peerup-io-buffer.h"
#include "transport/websocket/peerup-websocket.h"

#define BUFFER_SIZE PEERUP_IO_BUFFER_SIZE

/* Payload that one write takes: with its header, and a pong and a close behind it, one buffer. */
#define BATCH_SIZE (BUFFER_SIZE - PEERUP_WEBSOCKET_HEADER_MAX - 2 * PEERUP_WEBSOCKET_FRAME_MAX)

/* Pieces of memory that one write takes. */
#define VECTORS_MAX 16

/* Reads from below that one call makes without finding payload: a peer that sends nothing but
 * pings does not keep the thread. */
#define EMPTY_READS_MAX 4

struct _PeerupWebsocketStream
{
  PeerupStream parent_instance;
  PeerupStream *raw;
  PeerupWebsocket *machine;
  gboolean client;
  GError *error; /* final, for both directions */

  /* Received: [plain, plain + plain_left) is payload, [start, end) comes behind it. */
  guint8 *input;
  gsize start;
  gsize end;
  gsize plain;
  gsize plain_left;

  /* Not yet sent: [sent, output_size). */
  guint8 *output;
  gsize output_size;
  gsize sent;

  guint read_closed : 1;
  guint write_closed : 1;
  guint read_ended : 1; /* the peer's close was read, or the end below */
  guint draining : 1;   /* holds a reference on itself until the output is sent */
};

G_DEFINE_FINAL_TYPE (PeerupWebsocketStream, peerup_websocket_stream, PEERUP_TYPE_STREAM)

static void websocket_stream_raw_writable (PeerupStream *raw, gpointer data);

static void
drop_input (PeerupWebsocketStream *self)
{
  g_clear_pointer (&self->input, peerup_io_buffer_give);
  self->start = self->end = self->plain = self->plain_left = 0;
}

static void
drop_output (PeerupWebsocketStream *self)
{
  g_clear_pointer (&self->output, peerup_io_buffer_give);
  self->output_size = self->sent = 0;
}

/* May drop the last reference. */
static void
stop_draining (PeerupWebsocketStream *self)
{
  if (!self->draining)
    return;
  self->draining = FALSE;
  g_object_unref (self);
}

/* Ends both directions with @error, which is taken. */
static void
websocket_stream_fail (PeerupWebsocketStream *self, GError *error)
{
  g_autoptr (PeerupWebsocketStream) held = g_object_ref (self);

  if (self->error != NULL)
    {
      g_error_free (error);
      return;
    }
  self->error = error;
  drop_input (self);
  drop_output (self);
  peerup_stream_arm_read (self->raw, NULL, NULL);
  peerup_stream_arm_write (self->raw, NULL, NULL);
  peerup_stream_set_reset_code (PEERUP_STREAM (self), peerup_stream_get_reset_code (self->raw));
  peerup_stream_reset (self->raw, PEERUP_STREAM_CODE_NONE);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN | G_IO_OUT);
  stop_draining (self);
}

static gssize
set_final_error (PeerupWebsocketStream *self, GError **error)
{
  if (self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The WebSocket is closed");
  return -1;
}

static gssize
would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
  return -1;
}

/* Writing */

static void
fresh_mask (PeerupWebsocketStream *self, guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE])
{
  if (self->client && gnutls_rnd (GNUTLS_RND_NONCE, mask, PEERUP_WEBSOCKET_MASK_SIZE) != 0)
    g_error ("GnuTLS has no random numbers");
}

/* Puts the control frames that wait behind the output, which has room for two of them. */
static void
add_control (PeerupWebsocketStream *self)
{
  while (peerup_websocket_has_control (self->machine) && BUFFER_SIZE - self->output_size >= PEERUP_WEBSOCKET_FRAME_MAX)
    {
      guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE];

      if (self->output == NULL)
        self->output = peerup_io_buffer_take ();
      fresh_mask (self, mask);
      self->output_size += peerup_websocket_write_control (self->machine, mask, self->output + self->output_size);
    }
}

/* Sends what is ready. FALSE: some of it is left (WOULD_BLOCK), or an error. */
static gboolean
flush_output (PeerupWebsocketStream *self, GError **error)
{
  while (self->sent < self->output_size)
    {
      g_autoptr (GError) local = NULL;
      gssize n = peerup_stream_write (self->raw, self->output + self->sent, self->output_size - self->sent, &local);

      if (n > 0)
        {
          self->sent += n;
          continue;
        }
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        peerup_stream_arm_write (self->raw, websocket_stream_raw_writable, self);
      else
        websocket_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  drop_output (self);
  return TRUE;
}

/* Sends what is ready, and the control frames that wait for their place between the others. */
static gboolean
flush (PeerupWebsocketStream *self, GError **error)
{
  if (!flush_output (self, error))
    return FALSE;
  if (!peerup_websocket_has_control (self->machine))
    return TRUE;
  add_control (self);
  return flush_output (self, error);
}

/* The vectors of one message: room for the header, and up to BATCH_SIZE bytes. */
static gsize
gather (const GOutputVector *vectors, gsize n_vectors, GOutputVector *message, gsize *n_message)
{
  gsize size = 0, n = 1;

  for (gsize i = 0; i < n_vectors && n < VECTORS_MAX && size < BATCH_SIZE; i++)
    {
      message[n] = (GOutputVector) { vectors[i].buffer, MIN (vectors[i].size, BATCH_SIZE - size) };
      size += message[n].size;
      n++;
    }
  *n_message = n;
  return size;
}

/* A client's: every byte is written anew. */
static void
send_masked (PeerupWebsocketStream *self, const GOutputVector *message, gsize n_message,
             const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE])
{
  gsize offset = 0;

  self->output = peerup_io_buffer_take ();
  memcpy (self->output, message[0].buffer, message[0].size);
  self->output_size = message[0].size;
  for (gsize i = 1; i < n_message; i++)
    {
      peerup_websocket_mask (self->output + self->output_size, message[i].buffer, message[i].size, mask, offset);
      self->output_size += message[i].size;
      offset += message[i].size;
    }
}

/* A server's: what does not go out at once is kept, so that a message that was begun ends. */
static gboolean
send_plain (PeerupWebsocketStream *self, const GOutputVector *message, gsize n_message, GError **error)
{
  g_autoptr (GError) local = NULL;
  gssize n = peerup_stream_writev (self->raw, message, n_message, &local);
  gsize gone = MAX (n, 0);

  if (n < 0 && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      websocket_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  for (gsize i = 0; i < n_message; i++)
    {
      gsize skipped = MIN (gone, message[i].size), left = message[i].size - skipped;

      gone -= skipped;
      if (left == 0)
        continue;
      if (self->output == NULL)
        self->output = peerup_io_buffer_take ();
      memcpy (self->output + self->output_size, (const guint8 *) message[i].buffer + skipped, left);
      self->output_size += left;
    }
  return TRUE;
}

static gssize
peerup_websocket_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);
  guint8 header[PEERUP_WEBSOCKET_HEADER_MAX], mask[PEERUP_WEBSOCKET_MASK_SIZE];
  GOutputVector message[VECTORS_MAX];
  gsize n_message, size;

  if (self->error != NULL || self->write_closed)
    return set_final_error (self, error);
  if (!flush (self, error))
    return -1;
  /* It may have been the answer to the peer's close. */
  if (peerup_websocket_is_closed (self->machine))
    return set_final_error (self, error);
  size = gather (vectors, n_vectors, message, &n_message);
  if (size == 0)
    return 0;
  fresh_mask (self, mask);
  message[0] = (GOutputVector) { header, peerup_websocket_write_header (self->machine, size, mask, header) };
  if (self->client)
    send_masked (self, message, n_message, mask);
  else if (!send_plain (self, message, n_message, error))
    return -1;
  /* What does not go out now follows by itself; an error is the next call's. */
  flush_output (self, NULL);
  return size;
}

static void
websocket_stream_raw_writable (PeerupStream *raw, gpointer data)
{
  g_autoptr (PeerupWebsocketStream) self = g_object_ref (data);

  if (self->error != NULL || !flush (self, NULL))
    return;
  if (self->write_closed)
    peerup_stream_close_write (self->raw);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_OUT);
  stop_draining (self);
}

/* Reading */

/* The peer broke the rules: it is told so, as far as that goes out at once. */
static void
fail_machine (PeerupWebsocketStream *self, GError *error)
{
  add_control (self);
  if (flush_output (self, NULL))
    peerup_stream_close (self->raw);
  websocket_stream_fail (self, error);
}

/* What was received from below, up to the next payload. FALSE: an error. */
static gboolean
feed_input (PeerupWebsocketStream *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize consumed;

  if (!peerup_websocket_feed (self->machine, self->input + self->start, self->end - self->start, &consumed,
                              &self->plain_left, &local))
    {
      fail_machine (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  self->start += consumed;
  self->plain = self->start - self->plain_left;
  if (peerup_websocket_is_ended (self->machine))
    {
      self->read_ended = TRUE;
      drop_input (self);
    }
  if (self->output == NULL)
    flush (self, NULL);
  if (self->error == NULL)
    return TRUE;
  set_final_error (self, error);
  return FALSE;
}

/* Reads from below. 1: there is something; 0: the end; -1: an error, maybe WOULD_BLOCK. */
static int
fill_input (PeerupWebsocketStream *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  gssize n;

  if (self->input == NULL)
    self->input = peerup_io_buffer_take ();
  self->start = self->end = 0;
  n = peerup_stream_read (self->raw, self->input, BUFFER_SIZE, &local);
  if (n > 0)
    {
      self->end = n;
      return 1;
    }
  drop_input (self);
  if (n == 0 && !peerup_websocket_is_within_frame (self->machine))
    {
      self->read_ended = TRUE;
      return 0;
    }
  if (n == 0)
    g_set_error_literal (&local, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The peer ended the WebSocket within a frame");
  if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    websocket_stream_fail (self, g_error_copy (local));
  g_propagate_error (error, g_steal_pointer (&local));
  return -1;
}

/* Until there is payload. 1: there is; 0: the end; -1: an error, maybe WOULD_BLOCK. */
static int
next_payload (PeerupWebsocketStream *self, GError **error)
{
  guint n_reads = 0;

  while (self->plain_left == 0)
    {
      int filled;

      if (self->read_ended)
        return 0;
      if (self->start < self->end)
        {
          if (!feed_input (self, error))
            return -1;
          continue;
        }
      if (n_reads++ == EMPTY_READS_MAX)
        return would_block (error);
      filled = fill_input (self, error);
      if (filled <= 0)
        return filled;
    }
  return 1;
}

static gsize
peerup_websocket_stream_peek (PeerupStream *stream, GInputVector *vectors, gsize n_vectors)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);

  if (n_vectors == 0 || self->error != NULL || self->read_closed || next_payload (self, NULL) <= 0)
    return 0;
  vectors[0] = (GInputVector) { self->input + self->plain, self->plain_left };
  return 1;
}

static void
peerup_websocket_stream_consume (PeerupStream *stream, gsize count)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);

  g_return_if_fail (count <= self->plain_left);

  self->plain += count;
  self->plain_left -= count;
}

static gssize
peerup_websocket_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);
  gsize total = 0;

  if (self->error != NULL || self->read_closed)
    return set_final_error (self, error);
  do
    {
      gsize n;
      int next = next_payload (self, total > 0 ? NULL : error);

      if (next <= 0)
        return total > 0 ? (gssize) total : next;
      n = MIN (count - total, self->plain_left);
      memcpy ((guint8 *) buffer + total, self->input + self->plain, n);
      peerup_websocket_stream_consume (stream, n);
      total += n;
    }
  while (total < count && (self->plain_left > 0 || self->start < self->end));
  return total;
}

static void
websocket_stream_raw_readable (PeerupStream *raw, gpointer data)
{
  peerup_stream_notify (PEERUP_STREAM (data), G_IO_IN);
}

/* Both */

static GIOCondition
peerup_websocket_stream_poll (PeerupStream *stream)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);
  GIOCondition raw;
  gboolean readable, writable;

  if (self->error != NULL)
    return G_IO_IN | G_IO_OUT;
  raw = peerup_stream_poll (self->raw);
  readable = self->plain_left > 0 || self->start < self->end || self->read_closed || self->read_ended;
  writable =
    self->write_closed || peerup_websocket_is_closed (self->machine) || (self->output == NULL && (raw & G_IO_OUT));
  return (readable || (raw & G_IO_IN) ? G_IO_IN : 0) | (writable ? G_IO_OUT : 0);
}

/* Nothing is ready, or this would not be called: time to give back memory. */
static void
peerup_websocket_stream_interest (PeerupStream *stream, GIOCondition condition)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);

  if (condition & G_IO_IN)
    {
      if (self->plain_left == 0 && self->start == self->end)
        drop_input (self);
      peerup_stream_arm_read (self->raw, websocket_stream_raw_readable, self);
    }
  if (condition & G_IO_OUT)
    peerup_stream_arm_write (self->raw, websocket_stream_raw_writable, self);
}

static void
peerup_websocket_stream_close_write (PeerupStream *stream)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);

  if (self->write_closed || self->error != NULL)
    return;
  self->write_closed = TRUE;
  peerup_websocket_close (self->machine, PEERUP_WEBSOCKET_NORMAL);
  if (flush (self, NULL))
    peerup_stream_close_write (self->raw);
  else if (self->error == NULL)
    {
      self->draining = TRUE;
      g_object_ref (self);
    }
  peerup_stream_notify (stream, G_IO_OUT);
}

static void
peerup_websocket_stream_close_read (PeerupStream *stream)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);

  if (self->read_closed)
    return;
  self->read_closed = TRUE;
  drop_input (self);
  peerup_stream_arm_read (self->raw, NULL, NULL);
  peerup_stream_close_read (self->raw);
  peerup_stream_notify (stream, G_IO_IN);
}

static void
peerup_websocket_stream_reset (PeerupStream *stream, guint32 code)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (stream);
  gboolean ended = self->write_closed && self->output == NULL && (self->read_closed || self->read_ended);

  if (self->error != NULL || ended)
    return;
  peerup_stream_reset (self->raw, code);
  websocket_stream_fail (self, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_RESET, "The WebSocket was reset"));
  peerup_stream_set_reset_code (stream, code);
}

static void
peerup_websocket_stream_dispose (GObject *object)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (object);

  if (self->raw != NULL)
    {
      /* No effect after an end of both directions: then the raw stream ends cleanly too. */
      peerup_websocket_stream_reset (PEERUP_STREAM (self), PEERUP_STREAM_CODE_NONE);
      peerup_stream_arm_read (self->raw, NULL, NULL);
      peerup_stream_arm_write (self->raw, NULL, NULL);
      peerup_stream_close (self->raw);
      g_clear_object (&self->raw);
      /* GIOStream closes once more on its way down. */
      self->read_closed = self->write_closed = TRUE;
    }
  G_OBJECT_CLASS (peerup_websocket_stream_parent_class)->dispose (object);
}

static void
peerup_websocket_stream_finalize (GObject *object)
{
  PeerupWebsocketStream *self = PEERUP_WEBSOCKET_STREAM (object);

  drop_input (self);
  drop_output (self);
  g_clear_error (&self->error);
  g_clear_pointer (&self->machine, peerup_websocket_free);
  G_OBJECT_CLASS (peerup_websocket_stream_parent_class)->finalize (object);
}

static gboolean
peerup_websocket_stream_get_path_figures (PeerupStream *stream, PeerupConnectionFigures *figures)
{
  return peerup_stream_get_path_figures (PEERUP_WEBSOCKET_STREAM (stream)->raw, figures);
}

static void
peerup_websocket_stream_class_init (PeerupWebsocketStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  object_class->dispose = peerup_websocket_stream_dispose;
  object_class->finalize = peerup_websocket_stream_finalize;
  stream_class->read = peerup_websocket_stream_read;
  stream_class->peek = peerup_websocket_stream_peek;
  stream_class->consume = peerup_websocket_stream_consume;
  stream_class->writev = peerup_websocket_stream_writev;
  stream_class->poll = peerup_websocket_stream_poll;
  stream_class->interest = peerup_websocket_stream_interest;
  stream_class->close_write = peerup_websocket_stream_close_write;
  stream_class->close_read = peerup_websocket_stream_close_read;
  stream_class->reset = peerup_websocket_stream_reset;
  stream_class->get_path_figures = peerup_websocket_stream_get_path_figures;
}

static void
peerup_websocket_stream_init (PeerupWebsocketStream *self)
{
}

PeerupStream *
peerup_websocket_stream_new (PeerupStream *raw, gboolean client, gconstpointer early, gsize early_length)
{
  PeerupWebsocketStream *self = g_object_new (PEERUP_TYPE_WEBSOCKET_STREAM, NULL);

  g_assert (early_length <= BUFFER_SIZE);
  self->raw = g_object_ref (raw);
  self->client = client;
  self->machine = peerup_websocket_new (client);
  if (early_length > 0)
    {
      self->input = peerup_io_buffer_take ();
      memcpy (self->input, early, early_length);
      self->end = early_length;
    }
  return PEERUP_STREAM (self);
}

gsize
peerup_websocket_stream_get_held (PeerupWebsocketStream *self)
{
  return (self->input != NULL ? BUFFER_SIZE : 0) + (self->output != NULL ? BUFFER_SIZE : 0);
}
