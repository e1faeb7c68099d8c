/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A PeerupNoise channel as a PeerupStream over another. Reads take 64 KiB and more
 * from below at a time and decrypt into the reader's buffer where that is large enough;
 * writes encrypt two frames at most and are taken again only when those are gone. A
 * stream that waits holds nothing but bytes of an unfinished frame. The first error ends
 * both directions. */

#include "transport/peerup-noise-stream.h"

#include <string.h>

/* A partial frame and a whole read of 64 KiB fit together. */
#define INPUT_SIZE (2 * PEERUP_NOISE_FRAME_MAX)

/* Plaintext that one write takes. */
#define BATCH_FRAMES 2
#define BATCH_SIZE   (BATCH_FRAMES * PEERUP_NOISE_PLAINTEXT_MAX)

struct _PeerupNoiseStream
{
  PeerupStream parent_instance;
  PeerupStream *raw;
  PeerupNoise *noise;
  GError *error; /* final, for both directions */

  /* Received: [plain, plain + plain_left) is decrypted, [start, end) is not. */
  guint8 *input;
  gsize input_size;
  gsize start;
  gsize end;
  gsize plain;
  gsize plain_left;

  /* Encrypted and not yet sent: [sent, output_size). */
  guint8 *output;
  gsize output_size;
  gsize sent;

  guint read_closed : 1;
  guint write_closed : 1;
  guint read_ended : 1; /* the peer's FIN was read */
  guint draining : 1;   /* holds a reference on itself until the output is sent */
};

G_DEFINE_FINAL_TYPE (PeerupNoiseStream, peerup_noise_stream, PEERUP_TYPE_STREAM)

static void noise_stream_raw_writable (PeerupStream *raw, gpointer data);

static void
drop_input (PeerupNoiseStream *self)
{
  g_clear_pointer (&self->input, g_free);
  self->input_size = self->start = self->end = self->plain = self->plain_left = 0;
}

static void
drop_output (PeerupNoiseStream *self)
{
  g_clear_pointer (&self->output, g_free);
  self->output_size = self->sent = 0;
}

/* May drop the last reference. */
static void
stop_draining (PeerupNoiseStream *self)
{
  if (!self->draining)
    return;
  self->draining = FALSE;
  g_object_unref (self);
}

/* Ends both directions with @error, which is taken. */
static void
noise_stream_fail (PeerupNoiseStream *self, GError *error)
{
  g_autoptr (PeerupNoiseStream) held = g_object_ref (self);

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
set_final_error (PeerupNoiseStream *self, GError **error)
{
  if (self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The Noise channel is closed");
  return -1;
}

/* Reading */

static gboolean
has_frame (PeerupNoiseStream *self)
{
  gsize left = self->end - self->start;
  gsize size = left > 0 ? peerup_noise_frame_size (self->input + self->start, left) : 0;

  return size > 0 && size <= left;
}

/* Moves what is not decrypted to the front of a buffer of @size bytes; 0 frees it. */
static void
resize_input (PeerupNoiseStream *self, gsize size)
{
  gsize left = self->end - self->start;

  g_assert (self->plain_left == 0 && size >= left);

  if (left > 0 && self->start > 0)
    memmove (self->input, self->input + self->start, left);
  if (size != self->input_size)
    self->input = g_realloc (self->input, size);
  self->input_size = size;
  self->start = 0;
  self->end = left;
}

/* The raw stream has nothing now: keep what is needed, not a byte more. */
static void
shrink_input (PeerupNoiseStream *self)
{
  if (self->plain_left == 0 && self->input != NULL)
    resize_input (self, self->end - self->start);
}

/* Reads until there is a whole frame. 1: there is; 0: the end; -1: an error, maybe WOULD_BLOCK. */
static int
fill_input (PeerupNoiseStream *self, GError **error)
{
  while (!has_frame (self))
    {
      g_autoptr (GError) local = NULL;
      gssize n;

      if (self->read_ended)
        return 0;
      resize_input (self, INPUT_SIZE);
      n = peerup_stream_read (self->raw, self->input + self->end, INPUT_SIZE - self->end, &local);
      if (n > 0)
        {
          self->end += n;
          continue;
        }

      shrink_input (self);
      if (n == 0 && self->end == 0)
        {
          self->read_ended = TRUE;
          return 0;
        }
      if (n == 0)
        g_set_error_literal (&local, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                             "The peer ended the Noise channel within a frame");
      if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        noise_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return -1;
    }
  return 1;
}

/* Decrypts the first frame where it stands. */
static gboolean
decrypt_held (PeerupNoiseStream *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  guint8 *plaintext;
  gsize length, consumed;

  if (!peerup_noise_decrypt_in_place (self->noise, self->input + self->start, self->end - self->start, &plaintext,
                                      &length, &consumed, &local))
    {
      noise_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  self->plain = plaintext - self->input;
  self->plain_left = length;
  self->start += consumed;
  return TRUE;
}

/* Decrypts into the reader's buffer all frames that fit in it. -1: an error. */
static gssize
decrypt_direct (PeerupNoiseStream *self, guint8 *buffer, gsize count, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize consumed, produced;

  if (!peerup_noise_decrypt (self->noise, self->input + self->start, self->end - self->start, buffer, count, &consumed,
                             &produced, &local))
    {
      noise_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return -1;
    }

  self->start += consumed;
  return produced;
}

static void
peerup_noise_stream_consume (PeerupStream *stream, gsize count)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);

  g_return_if_fail (count <= self->plain_left);

  self->plain += count;
  self->plain_left -= count;
}

static gssize
peerup_noise_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);

  if (self->error != NULL || self->read_closed)
    return set_final_error (self, error);

  while (self->plain_left == 0)
    {
      int filled = fill_input (self, error);
      gssize produced;

      if (filled <= 0)
        return filled;
      produced = decrypt_direct (self, buffer, count, error);
      if (produced != 0)
        return produced;
      if (has_frame (self) && !decrypt_held (self, error))
        return -1;
    }

  count = MIN (count, self->plain_left);
  memcpy (buffer, self->input + self->plain, count);
  peerup_noise_stream_consume (stream, count);
  return count;
}

static gsize
peerup_noise_stream_peek (PeerupStream *stream, GInputVector *vectors, gsize n_vectors)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);

  if (n_vectors == 0 || self->error != NULL || self->read_closed)
    return 0;
  while (self->plain_left == 0)
    if (fill_input (self, NULL) <= 0 || !decrypt_held (self, NULL))
      return 0;

  vectors[0] = (GInputVector) { self->input + self->plain, self->plain_left };
  return 1;
}

/* Writing */

/* Sends what is encrypted. FALSE: some of it is left (WOULD_BLOCK), or an error. */
static gboolean
flush_output (PeerupNoiseStream *self, GError **error)
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
        peerup_stream_arm_write (self->raw, noise_stream_raw_writable, self);
      else
        noise_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  drop_output (self);
  return TRUE;
}

static gsize
vectors_size (const GOutputVector *vectors, gsize n_vectors)
{
  gsize size = 0;

  for (gsize i = 0; i < n_vectors; i++)
    size += vectors[i].size;
  return size;
}

static gssize
peerup_noise_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);
  gsize size = MIN (vectors_size (vectors, n_vectors), BATCH_SIZE);
  gsize capacity = size + BATCH_FRAMES * PEERUP_NOISE_FRAME_OVERHEAD;
  g_autoptr (GError) local = NULL;
  gsize consumed;

  if (self->error != NULL || self->write_closed)
    return set_final_error (self, error);
  if (!flush_output (self, error))
    return -1;

  self->output = g_malloc (capacity);
  if (!peerup_noise_encrypt (self->noise, vectors, n_vectors, self->output, capacity, &consumed, &self->output_size,
                             &local))
    {
      noise_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return -1;
    }
  /* What does not go out now follows by itself; an error is the next call's. */
  flush_output (self, NULL);
  return consumed;
}

static void
noise_stream_raw_writable (PeerupStream *raw, gpointer data)
{
  g_autoptr (PeerupNoiseStream) self = g_object_ref (data);

  if (self->error != NULL || !flush_output (self, NULL))
    return;
  if (self->write_closed)
    peerup_stream_close_write (self->raw);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_OUT);
  stop_draining (self);
}

static void
noise_stream_raw_readable (PeerupStream *raw, gpointer data)
{
  peerup_stream_notify (PEERUP_STREAM (data), G_IO_IN);
}

/* Both */

static GIOCondition
peerup_noise_stream_poll (PeerupStream *stream)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);
  GIOCondition raw = peerup_stream_poll (self->raw);
  gboolean readable = self->plain_left > 0 || has_frame (self) || self->read_closed || self->read_ended;
  gboolean writable = self->write_closed || (self->output == NULL && (raw & G_IO_OUT));

  if (self->error != NULL)
    return G_IO_IN | G_IO_OUT;
  return (readable || (raw & G_IO_IN) ? G_IO_IN : 0) | (writable ? G_IO_OUT : 0);
}

/* Nothing is ready, or this would not be called: time to give back memory. */
static void
peerup_noise_stream_interest (PeerupStream *stream, GIOCondition condition)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);

  if (condition & G_IO_IN)
    {
      shrink_input (self);
      peerup_stream_arm_read (self->raw, noise_stream_raw_readable, self);
    }
  if (condition & G_IO_OUT)
    peerup_stream_arm_write (self->raw, noise_stream_raw_writable, self);
}

static void
peerup_noise_stream_close_write (PeerupStream *stream)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);

  if (self->write_closed || self->error != NULL)
    return;
  self->write_closed = TRUE;
  if (self->output == NULL)
    peerup_stream_close_write (self->raw);
  else
    {
      self->draining = TRUE;
      g_object_ref (self);
    }
  peerup_stream_notify (stream, G_IO_OUT);
}

static void
peerup_noise_stream_close_read (PeerupStream *stream)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);

  if (self->read_closed)
    return;
  self->read_closed = TRUE;
  drop_input (self);
  peerup_stream_arm_read (self->raw, NULL, NULL);
  peerup_stream_close_read (self->raw);
  peerup_stream_notify (stream, G_IO_IN);
}

static void
peerup_noise_stream_reset (PeerupStream *stream, guint32 code)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (stream);
  gboolean ended = self->write_closed && self->output == NULL && (self->read_closed || self->read_ended);

  if (self->error != NULL || ended)
    return;
  peerup_stream_reset (self->raw, code);
  noise_stream_fail (self, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_RESET, "The Noise channel was reset"));
  peerup_stream_set_reset_code (stream, code);
}

static void
peerup_noise_stream_dispose (GObject *object)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (object);

  if (self->raw != NULL)
    {
      /* No effect after an end of both directions: then the raw stream ends cleanly too. */
      peerup_noise_stream_reset (PEERUP_STREAM (self), PEERUP_STREAM_CODE_NONE);
      peerup_stream_arm_read (self->raw, NULL, NULL);
      peerup_stream_arm_write (self->raw, NULL, NULL);
      peerup_stream_close (self->raw);
      g_clear_object (&self->raw);
      /* GIOStream closes once more on its way down. */
      self->read_closed = self->write_closed = TRUE;
    }
  G_OBJECT_CLASS (peerup_noise_stream_parent_class)->dispose (object);
}

static void
peerup_noise_stream_finalize (GObject *object)
{
  PeerupNoiseStream *self = PEERUP_NOISE_STREAM (object);

  drop_input (self);
  drop_output (self);
  g_clear_error (&self->error);
  g_clear_pointer (&self->noise, peerup_noise_free);
  G_OBJECT_CLASS (peerup_noise_stream_parent_class)->finalize (object);
}

static gboolean
peerup_noise_stream_get_path_figures (PeerupStream *stream, PeerupConnectionFigures *figures)
{
  return peerup_stream_get_path_figures (PEERUP_NOISE_STREAM (stream)->raw, figures);
}

static void
peerup_noise_stream_class_init (PeerupNoiseStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  object_class->dispose = peerup_noise_stream_dispose;
  object_class->finalize = peerup_noise_stream_finalize;
  stream_class->read = peerup_noise_stream_read;
  stream_class->peek = peerup_noise_stream_peek;
  stream_class->consume = peerup_noise_stream_consume;
  stream_class->writev = peerup_noise_stream_writev;
  stream_class->poll = peerup_noise_stream_poll;
  stream_class->interest = peerup_noise_stream_interest;
  stream_class->close_write = peerup_noise_stream_close_write;
  stream_class->close_read = peerup_noise_stream_close_read;
  stream_class->reset = peerup_noise_stream_reset;
  stream_class->get_path_figures = peerup_noise_stream_get_path_figures;
}

static void
peerup_noise_stream_init (PeerupNoiseStream *self)
{
}

PeerupStream *
peerup_noise_stream_new (PeerupStream *raw, PeerupNoise *noise, gconstpointer early, gsize early_length)
{
  PeerupNoiseStream *self;

  g_return_val_if_fail (PEERUP_IS_STREAM (raw), NULL);
  g_return_val_if_fail (noise != NULL && peerup_noise_is_done (noise), NULL);

  self = g_object_new (PEERUP_TYPE_NOISE_STREAM, NULL);
  self->raw = g_object_ref (raw);
  self->noise = noise;
  if (early_length > 0)
    {
      self->input = g_memdup2 (early, early_length);
      self->input_size = self->end = early_length;
    }
  return PEERUP_STREAM (self);
}

gsize
peerup_noise_stream_get_held (PeerupNoiseStream *self)
{
  return self->input_size + self->output_size;
}
