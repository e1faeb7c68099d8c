/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The data path of a tunnel and of a relay: two streams joined both ways, by callbacks alone, no
 * fiber and no allocation per chunk. It lives from peerup_splice_new() to
 * peerup_splice_free(), mostly idle, and is small then.
 *
 * Bytes go from the source's own buffer straight to the sink where the source can
 * show it, else through a scratch buffer that all splices of a thread share. What a
 * sink does not take at once is kept, and the source is not read until it is gone:
 * that is all the back-pressure there is.
 *
 * An end of stream is passed on as an end, and the other direction lives on. Every
 * other way for reading to stop cuts the transfer: both streams are reset at once,
 * so that the far ends see a reset too. The original passes a read error on as an
 * end of stream; then a download cut by a dead peer looks complete to the local
 * client, which no client of plain TCP ever has to reckon with. */

#include "transport/peerup-splice.h"

#include "wire/peerup-error.h"

/* Vectors taken of a source's buffer at a time. */
#define N_VECTORS 16
/* A kept rest of at most this is copied out, so that a stalled stream does not hold a whole scratch. */
#define REST_COPIED (PEERUP_SPLICE_CHUNK / 8)
#define LIMIT_TEXT  "More bytes came than the limit of %" G_GUINT64_FORMAT
/* Scratch buffers that a thread keeps for the next use. */
#define N_SPARE 2

typedef struct
{
  PeerupSplice *splice;
  PeerupStream *source;
  PeerupStream *sink;
  /* What the sink has not taken: @rest points into @buffer. */
  guint8 *buffer;
  guint8 *rest;
  gsize n_rest;
  PeerupStream *failed; /* the source or the sink, once it cut the splice */
  guint64 bytes;
  gboolean is_scratch;
  gboolean ended;
} Way;

struct _PeerupSplice
{
  Way ways[2];
  PeerupSpliceOptions options;
  PeerupSpliceFunc func;
  gpointer data;
};

/* What a step came to: more may follow, nothing to read, no room to write, the last byte is passed, cut,
 * a byte above the limit has come. */
typedef enum
{
  FLOW_ON,
  FLOW_EMPTY,
  FLOW_FULL,
  FLOW_END,
  FLOW_CUT,
  FLOW_LIMIT,
} Flow;

typedef struct
{
  guint8 *spare[N_SPARE];
  guint n_spare;
} Scratches;

static void
scratches_free (gpointer data)
{
  Scratches *self = data;

  while (self->n_spare > 0)
    g_free (self->spare[--self->n_spare]);
  g_free (self);
}

static GPrivate scratches_private = G_PRIVATE_INIT (scratches_free);

static Scratches *
scratches_get (void)
{
  Scratches *self = g_private_get (&scratches_private);

  if (self == NULL)
    {
      self = g_new0 (Scratches, 1);
      g_private_set (&scratches_private, self);
    }
  return self;
}

static guint8 *
scratch_take (void)
{
  Scratches *all = scratches_get ();

  return all->n_spare > 0 ? all->spare[--all->n_spare] : g_malloc (PEERUP_SPLICE_CHUNK);
}

static void
scratch_give (guint8 *scratch)
{
  Scratches *all = scratches_get ();

  if (all->n_spare < N_SPARE)
    all->spare[all->n_spare++] = scratch;
  else
    g_free (scratch);
}

static void
way_drop_rest (Way *way)
{
  if (way->is_scratch)
    scratch_give (way->buffer);
  else
    g_free (way->buffer);
  way->buffer = way->rest = NULL;
  way->n_rest = 0;
  way->is_scratch = FALSE;
}

/* Keeps @count bytes at @rest of @scratch, which the way owns from here on. */
static void
way_keep_rest (Way *way, guint8 *scratch, guint8 *rest, gsize count)
{
  g_assert (way->buffer == NULL);

  way->n_rest = count;
  way->is_scratch = count > REST_COPIED;
  if (way->is_scratch)
    {
      way->buffer = scratch;
      way->rest = rest;
      return;
    }
  way->buffer = way->rest = g_memdup2 (rest, count);
  scratch_give (scratch);
}

static Flow
way_failed (Way *way, PeerupStream *stream, const GError *error, Flow would_block)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return would_block;
  way->failed = stream;
  return FLOW_CUT;
}

/* A sink whose reader has gone, but which may still send: its stream is "closed" for
 * writing and not reset. The source need not be read any more; whether the sink ends
 * well is for the other direction to say. Without that one it is a cut like any other. */
static Flow
way_write_failed (Way *way, const GError *error)
{
  Way *back = way == &way->splice->ways[0] ? &way->splice->ways[1] : &way->splice->ways[0];

  if (back->ended || !g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED))
    return way_failed (way, way->sink, error, FLOW_FULL);

  peerup_stream_close_read (way->source);
  way_drop_rest (way);
  return FLOW_END;
}

/* Writes some of @vectors; the count in @written is 0 unless it goes FLOW_ON. */
static Flow
way_write (Way *way, const GOutputVector *vectors, gsize n_vectors, gsize *written, GError **error)
{
  gssize count = peerup_stream_writev (way->sink, vectors, n_vectors, error);

  *written = MAX (count, 0);
  way->bytes += *written;
  return count < 0 ? way_write_failed (way, *error) : FLOW_ON;
}

static Flow
way_flush (Way *way, gsize *written, GError **error)
{
  GOutputVector vector = { way->rest, way->n_rest };
  Flow flow = way_write (way, &vector, 1, written, error);

  if (flow != FLOW_ON)
    return flow;
  way->rest += *written;
  way->n_rest -= *written;
  if (way->n_rest == 0)
    way_drop_rest (way);
  return FLOW_ON;
}

/* Vectors of the source's own buffer, as vectors to write; at most @limit bytes. */
static gsize
way_peek (Way *way, GOutputVector out[N_VECTORS], gsize limit)
{
  GInputVector in[N_VECTORS];
  gsize n_vectors = peerup_stream_peek (way->source, in, N_VECTORS);

  for (gsize i = 0; i < n_vectors; i++)
    {
      out[i] = (GOutputVector) { in[i].buffer, MIN (in[i].size, limit) };
      limit -= out[i].size;
      if (limit == 0)
        return i + 1;
    }
  return n_vectors;
}

static Flow
way_pass (Way *way, const GOutputVector *vectors, gsize n_vectors, gsize *written, GError **error)
{
  Flow flow = way_write (way, vectors, n_vectors, written, error);

  if (*written > 0)
    peerup_stream_consume (way->source, *written);
  return flow;
}

static Flow
way_copy (Way *way, gsize limit, gsize *written, GError **error)
{
  guint8 *scratch = scratch_take ();
  gssize count = peerup_stream_read (way->source, scratch, limit, error);
  GOutputVector vector = { scratch, MAX (count, 0) };
  Flow flow;

  if (count <= 0)
    {
      scratch_give (scratch);
      return count == 0 ? FLOW_END : way_failed (way, way->source, *error, FLOW_EMPTY);
    }

  flow = way_write (way, &vector, 1, written, error);
  if (*written < (gsize) count && (flow == FLOW_ON || flow == FLOW_FULL))
    way_keep_rest (way, scratch, scratch + *written, count - *written);
  else
    scratch_give (scratch);
  return flow;
}

/* At the limit: an end that comes now is an end, one more byte is too much. */
static Flow
way_probe (Way *way, GError **error)
{
  guint8 byte;
  gssize count = peerup_stream_read (way->source, &byte, 1, error);

  if (count < 0)
    return way_failed (way, way->source, *error, FLOW_EMPTY);
  if (count == 0)
    return FLOW_END;
  way->failed = way->source;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, LIMIT_TEXT, way->splice->options.limit);
  return FLOW_LIMIT;
}

static Flow
way_step (Way *way, gsize share, gsize *written, GError **error)
{
  GOutputVector vectors[N_VECTORS];
  guint64 left = way->splice->options.limit - way->bytes;
  gsize n_vectors;

  *written = 0;
  if (way->n_rest > 0)
    return way_flush (way, written, error);
  if (left == 0)
    return way_probe (way, error);
  n_vectors = way_peek (way, vectors, MIN (share, left));
  if (n_vectors > 0)
    return way_pass (way, vectors, n_vectors, written, error);
  return way_copy (way, MIN (PEERUP_SPLICE_CHUNK, left), written, error);
}

static void
splice_disarm (PeerupSplice *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->ways); i++)
    {
      peerup_stream_arm_read (self->ways[i].source, NULL, NULL);
      peerup_stream_arm_write (self->ways[i].sink, NULL, NULL);
    }
}

static gboolean
splice_has_ended (PeerupSplice *self)
{
  return self->ways[0].ended && self->ways[1].ended;
}

static void
splice_stop (PeerupSplice *self)
{
  splice_disarm (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->ways); i++)
    {
      self->ways[i].ended = TRUE;
      way_drop_rest (&self->ways[i]);
    }
}

/* What has stopped at the limit is left as it is. */
static void
splice_cut (PeerupSplice *self, Flow flow, PeerupStream *failed, const GError *error)
{
  guint32 code = peerup_stream_get_reset_code (failed);

  splice_stop (self);
  if (flow == FLOW_CUT)
    {
      peerup_stream_reset (self->ways[0].source, code);
      peerup_stream_reset (self->ways[0].sink, code);
    }
  self->func (self, failed, error, self->data);
}

/* Both streams are closed when both directions have ended, so that dropping them resets neither. */
static void
way_end (Way *way)
{
  PeerupSplice *self = way->splice;

  way->ended = TRUE;
  peerup_stream_close_write (way->sink);
  if (!splice_has_ended (self))
    return;
  splice_stop (self);
  peerup_stream_close (way->source);
  peerup_stream_close (way->sink);
  self->func (self, NULL, NULL, self->data);
}

static void way_ready (PeerupStream *stream, gpointer data);

static void
way_arm (Way *way, Flow flow)
{
  if (flow == FLOW_FULL || way->n_rest > 0)
    peerup_stream_arm_write (way->sink, way_ready, way);
  else
    peerup_stream_arm_read (way->source, way_ready, way);
}

/* Moves what it can, up to its share, and arms itself again; the splice may be gone after it. */
static void
way_ready (PeerupStream *stream, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Way *way = data;
  gsize share = way->splice->options.share;
  gsize moved = 0;
  gsize written;
  Flow flow;

  do
    {
      flow = way_step (way, share - moved, &written, &error);
      moved += written;
    }
  while (flow == FLOW_ON && moved < share);

  if (flow == FLOW_CUT || flow == FLOW_LIMIT)
    splice_cut (way->splice, flow, way->failed, error);
  else if (flow == FLOW_END)
    way_end (way);
  else
    way_arm (way, flow);
}

static void
way_init (Way *way, PeerupSplice *splice, PeerupStream *source, PeerupStream *sink)
{
  way->splice = splice;
  way->source = g_object_ref (source);
  way->sink = g_object_ref (sink);
  way_arm (way, FLOW_EMPTY);
}

PeerupSplice *
peerup_splice_new (PeerupStream *a, PeerupStream *b, PeerupSpliceFunc func, gpointer data)
{
  static const PeerupSpliceOptions options = { G_MAXUINT64, PEERUP_SPLICE_CHUNK };

  return peerup_splice_new_full (a, b, &options, func, data);
}

PeerupSplice *
peerup_splice_new_full (PeerupStream *a, PeerupStream *b, const PeerupSpliceOptions *options, PeerupSpliceFunc func,
                        gpointer data)
{
  PeerupSplice *self;

  g_return_val_if_fail (PEERUP_IS_STREAM (a), NULL);
  g_return_val_if_fail (PEERUP_IS_STREAM (b), NULL);
  g_return_val_if_fail (a != b, NULL);
  g_return_val_if_fail (options->share > 0 && options->share <= PEERUP_SPLICE_CHUNK, NULL);
  g_return_val_if_fail (func != NULL, NULL);

  self = g_new0 (PeerupSplice, 1);
  self->options = *options;
  self->func = func;
  self->data = data;
  way_init (&self->ways[0], self, a, b);
  way_init (&self->ways[1], self, b, a);
  return self;
}

void
peerup_splice_cancel (PeerupSplice *self, guint32 code)
{
  g_return_if_fail (self != NULL);

  if (splice_has_ended (self))
    return;
  splice_stop (self);
  peerup_stream_reset (self->ways[0].source, code);
  peerup_stream_reset (self->ways[0].sink, code);
}

void
peerup_splice_free (PeerupSplice *self)
{
  g_return_if_fail (self != NULL);

  peerup_splice_cancel (self, PEERUP_STREAM_CODE_NONE);
  for (guint i = 0; i < G_N_ELEMENTS (self->ways); i++)
    {
      g_object_unref (self->ways[i].source);
      g_object_unref (self->ways[i].sink);
    }
  g_free (self);
}

void
peerup_splice_get_bytes (PeerupSplice *self, guint64 *a_to_b, guint64 *b_to_a)
{
  g_return_if_fail (self != NULL);

  *a_to_b = self->ways[0].bytes;
  *b_to_a = self->ways[1].bytes;
}
