/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Frames that leave a yamux session. Frames without payload are gathered while the session
 * is busy, so that a burst of input is answered by few writes; they are
 * counted until they have left, which bounds what a peer that does not read can make
 * us keep. Payload is never kept here: it goes from the writer to send() in one call.
 */
#include "transport/yamux/peerup-yamux-private.h"

/* Pieces of payload in one frame; a writer that scatters more gets smaller frames. */
#define MAX_PIECES 16u
/* Frames in one send(). */
#define BATCH_FRAMES 4

/* Frames counted before the last mark have left once the bytes up to it have. */
static void
age_control (PeerupYamux *self)
{
  if (self->sent - self->unsent < self->control_epoch)
    return;
  self->control_older = self->control_newer;
  self->control_newer = 0;
  self->control_epoch = self->sent;
}

static void
send_vectors (PeerupYamux *self, const GOutputVector *vectors, gsize n_vectors)
{
  g_return_if_fail (!self->sending);
  for (gsize i = 0; i < n_vectors; i++)
    self->sent += vectors[i].size;
  self->sending = TRUE;
  self->unsent = self->events->send (vectors, n_vectors, self->user_data);
  self->sending = FALSE;
  g_assert (self->unsent <= self->sent);
  age_control (self);
}

guint
peerup_yamux_get_n_control (PeerupYamux *self)
{
  gsize bytes = self->unsent + self->control_fill;

  return MIN (self->control_older + self->control_newer, bytes / PEERUP_YAMUX_HEADER_SIZE);
}

void
peerup_yamux_drained (PeerupYamux *self)
{
  g_return_if_fail (self != NULL);
  self->unsent = 0;
  age_control (self);
  peerup_yamux_note_room (self);
  peerup_yamux_deliver (self);
}

void
peerup_yamux_flush_control (PeerupYamux *self)
{
  GOutputVector vector = { self->control, self->control_fill };

  if (self->control_fill == 0)
    return;
  self->control_fill = 0;
  send_vectors (self, &vector, 1);
}

void
peerup_yamux_send_control (PeerupYamux *self, PeerupYamuxFrameType type, guint flags, guint32 id, guint32 length)
{
  PeerupYamuxFrame frame = { type, flags, id, length };

  if (self->error != NULL)
    return;
  if (self->control_fill == PEERUP_YAMUX_CONTROL_SIZE)
    peerup_yamux_flush_control (self);
  peerup_yamux_frame_encode (&frame, self->control + self->control_fill);
  self->control_fill += PEERUP_YAMUX_HEADER_SIZE;
  self->control_newer++;
  if (self->busy == 0)
    peerup_yamux_flush_control (self);
}

/* Data frames on their way into one send(), so that what is below can make few large
 * writes of them. */
typedef struct
{
  PeerupYamux *session;
  guint8 headers[BATCH_FRAMES][PEERUP_YAMUX_HEADER_SIZE];
  guint n_frames;
  GOutputVector out[1 + BATCH_FRAMES * (1 + MAX_PIECES)];
  gsize n_out;
} FrameBatch;

static void
batch_flush (FrameBatch *self)
{
  if (self->n_frames > 0)
    send_vectors (self->session, self->out, self->n_out);
  self->n_frames = self->n_out = 0;
}

/* Adds one data frame with the front of @vectors, from byte @offset of the first, of
 * at most @max bytes. Returns the payload's size. */
static gsize
batch_add (FrameBatch *self, guint flags, guint32 id, const GOutputVector *vectors, gsize n_vectors, gsize offset,
           gsize max)
{
  PeerupYamux *session = self->session;
  PeerupYamuxFrame frame = { PEERUP_YAMUX_DATA, flags, id, 0 };
  GOutputVector *header;

  if (self->n_frames == BATCH_FRAMES)
    batch_flush (self);
  /* Control frames that wait come first. */
  if (self->n_frames == 0 && session->control_fill > 0)
    {
      self->out[self->n_out++] = (GOutputVector) { session->control, session->control_fill };
      session->control_fill = 0;
    }
  header = &self->out[self->n_out++];
  for (gsize i = 0; i < n_vectors && i < MAX_PIECES && frame.length < max; i++, offset = 0)
    {
      GOutputVector *piece = &self->out[self->n_out++];

      piece->buffer = (const guint8 *) vectors[i].buffer + offset;
      piece->size = MIN (vectors[i].size - offset, max - frame.length);
      frame.length += piece->size;
    }
  *header = (GOutputVector) { self->headers[self->n_frames++], PEERUP_YAMUX_HEADER_SIZE };
  peerup_yamux_frame_encode (&frame, (guint8 *) header->buffer);
  session->n_owing++;
  return frame.length;
}

/* The first frame carries @flags. */
gsize
peerup_yamux_send_data (PeerupYamux *self, guint flags, guint32 id, const GOutputVector *vectors, gsize n_vectors,
                        gsize max)
{
  gsize max_payload = self->limits.max_frame - PEERUP_YAMUX_HEADER_SIZE;
  FrameBatch batch;
  gsize sent = 0;
  gsize offset = 0;

  batch.session = self;
  batch.n_frames = batch.n_out = 0;
  while (n_vectors > 0 && sent < max)
    {
      gsize n;

      if (offset == vectors->size)
        {
          vectors++;
          n_vectors--;
          offset = 0;
          continue;
        }
      n = batch_add (&batch, flags, id, vectors, n_vectors, offset, MIN (max - sent, max_payload));
      g_assert (n > 0);
      flags = 0;
      sent += n;
      offset += n;
      for (; n_vectors > 0 && offset > vectors->size; n_vectors--)
        offset -= vectors++->size;
    }
  batch_flush (&batch);
  return sent;
}
