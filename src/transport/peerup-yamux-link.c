/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Moves bytes between a secure stream and the session machine of its owner. Large
 * writes go to the stream below at once, small ones are gathered until the tasks that are
 * due now have run. A batch of input is kept in place until the readers it woke have
 * run, which is at once, so that who keeps up is never copied for and one link at a time
 * holds a batch. It knows nothing of frames, and
 * does not decide how much is sent: it says how much room there is.
 */
#include "transport/peerup-yamux-link.h"

#include <string.h>

#include "transport/peerup-io-buffer.h"

/* What one turn of reading takes: several TLS records, and still in the cache when the
 * readers get to it. */
#define BATCH_SIZE PEERUP_IO_BUFFER_SIZE
/* With this much unsent output the streams above wait. One of them may go beyond by as
 * much, so that the last frame is no smaller than the others. */
#define OUTPUT_MARK (256 * 1024)
/* The same while the stream below takes no more: a message, not what a sink is behind by. */
#define BLOCKED_MARK (8 * 1024)
/* Smaller writes are worth gathering into one record. */
#define DIRECT_MIN 4096
/* Pieces of queued output in one write. */
#define MAX_PIECES 16

static void
settle (PeerupYamuxLink *self)
{
  if (!self->holds_batch)
    return;
  self->holds_batch = FALSE;
  self->events->settle (self->owner);
}

static void
read_ready (PeerupStream *io, gpointer data)
{
  PeerupYamuxLink *self = data;

  self->exhausted = FALSE;
  peerup_task_schedule (&self->input_task);
}

/* Fills at least half of the buffer if the stream below can; the last result is in @end and @error. */
static gsize
read_batch (PeerupYamuxLink *self, gssize *end, GError **error)
{
  gsize fill = 0;

  if (self->buffer == NULL)
    self->buffer = peerup_io_buffer_take ();
  while (fill < BATCH_SIZE / 2 &&
         (*end = peerup_stream_read (self->io, self->buffer + fill, BATCH_SIZE - fill, error)) > 0)
    fill += *end;
  self->received += fill;
  return fill;
}

static void
wait_readable (PeerupYamuxLink *self)
{
  g_clear_pointer (&self->buffer, peerup_io_buffer_give);
  peerup_stream_arm_read (self->io, read_ready, self);
}

/* One batch, or the reason why there is none. */
static void
take_batch (PeerupYamuxLink *self)
{
  g_autoptr (GError) error = NULL;
  gssize end = 0;
  gsize fill = self->exhausted ? 0 : read_batch (self, &end, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->exhausted = TRUE;
  if (fill > 0)
    {
      self->holds_batch = TRUE;
      peerup_reactor_begin_chain (self->input_task.reactor);
      self->events->input (self->owner, self->buffer, fill);
      peerup_reactor_end_chain (self->input_task.reactor);
      peerup_task_schedule_next (&self->input_task);
    }
  else if (self->exhausted)
    {
      wait_readable (self);
    }
  else
    {
      self->events->ended (self->owner, error);
    }
}

static void
run_input (gpointer data)
{
  PeerupYamuxLink *self = data;
  g_autoptr (GObject) owner = g_object_ref (self->owner);

  if (!self->holds_batch)
    {
      take_batch (self);
      return;
    }
  settle (self);
  if (self->exhausted)
    {
      wait_readable (self);
      return;
    }
  g_clear_pointer (&self->buffer, peerup_io_buffer_give);
  peerup_task_schedule_later (&self->input_task);
}

static void
write_ready (PeerupStream *io, gpointer data)
{
  PeerupYamuxLink *self = data;

  self->blocked = FALSE;
  self->last_unblocked = g_get_monotonic_time ();
  peerup_task_schedule (&self->output_task);
}

static void
wait_writable (PeerupYamuxLink *self)
{
  self->blocked = TRUE;
  peerup_stream_arm_write (self->io, write_ready, self);
}

/* Passes @vectors to the stream below; returns how many bytes it took. A failure is
 * told from the reactor. It is asked at once whether it takes more: else it would be offered
 * some that then waits here, in each of a thousand links. */
static gsize
pass_on (PeerupYamuxLink *self, const GOutputVector *vectors, gsize n_vectors)
{
  g_autoptr (GError) error = NULL;
  gssize n;

  if (self->blocked || self->error != NULL)
    return 0;
  n = peerup_stream_writev (self->io, vectors, n_vectors, &error);
  if (n >= 0)
    {
      if ((peerup_stream_poll (self->io) & G_IO_OUT) == 0)
        wait_writable (self);
      return n;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    wait_writable (self);
  else
    {
      self->error = g_steal_pointer (&error);
      peerup_task_schedule (&self->output_task);
    }
  return 0;
}

/* The front of the queued output as vectors to write. */
static gsize
peek_output (PeerupYamuxLink *self, GOutputVector *vectors)
{
  GInputVector queued[MAX_PIECES];
  gsize n = peerup_chunk_queue_peek (&self->output, queued, MAX_PIECES);

  for (gsize i = 0; i < n; i++)
    vectors[i] = (GOutputVector) { queued[i].buffer, queued[i].size };
  return n;
}

static void
flush (PeerupYamuxLink *self)
{
  GOutputVector vectors[MAX_PIECES];

  while (self->output.length > 0)
    {
      gsize n = pass_on (self, vectors, peek_output (self, vectors));

      if (n == 0)
        return;
      peerup_chunk_queue_consume (&self->output, n);
    }
}

static void
run_output (gpointer data)
{
  PeerupYamuxLink *self = data;
  g_autoptr (GObject) owner = g_object_ref (self->owner);
  g_autoptr (GError) error = NULL;

  flush (self);
  error = g_steal_pointer (&self->error);
  if (error != NULL)
    {
      self->events->ended (self->owner, error);
      return;
    }
  if (self->blocked)
    return;
  self->events->room (self->owner);
}

void
peerup_yamux_link_init (PeerupYamuxLink *self, GObject *owner, const PeerupYamuxLinkEvents *events, PeerupStream *io)
{
  PeerupReactor *reactor = peerup_stream_get_reactor (io);

  self->owner = owner;
  self->events = events;
  self->io = io;
  self->last_unblocked = G_MININT64;
  peerup_task_init (&self->input_task, reactor, run_input, self);
  peerup_task_init (&self->output_task, reactor, run_output, self);
  peerup_task_schedule (&self->input_task);
}

/* Appends @vectors from byte @skip on to the queue. */
static void
queue_output (PeerupYamuxLink *self, const GOutputVector *vectors, gsize n_vectors, gsize skip)
{
  for (gsize i = 0; i < n_vectors; i++)
    {
      gsize part = MIN (skip, vectors[i].size);

      skip -= part;
      peerup_chunk_queue_append (&self->output, (const guint8 *) vectors[i].buffer + part, vectors[i].size - part);
    }
}

/* The queue and @vectors in one write. Returns how many bytes of @vectors were taken. */
static gsize
send_directly (PeerupYamuxLink *self, const GOutputVector *vectors, gsize n_vectors)
{
  GOutputVector all[3 * MAX_PIECES];
  gsize n_queued = peek_output (self, all);
  gsize queued = self->output.length;
  gsize n;

  if (n_queued == MAX_PIECES || n_queued + n_vectors > G_N_ELEMENTS (all))
    return 0;
  memcpy (all + n_queued, vectors, n_vectors * sizeof *vectors);
  n = pass_on (self, all, n_queued + n_vectors);
  peerup_chunk_queue_consume (&self->output, MIN (n, queued));
  return n - MIN (n, queued);
}

void
peerup_yamux_link_send (PeerupYamuxLink *self, const GOutputVector *vectors, gsize n_vectors)
{
  gsize size = 0;
  gsize taken = 0;

  if (self->io == NULL)
    return;
  for (gsize i = 0; i < n_vectors; i++)
    size += vectors[i].size;
  self->sent += size;
  if (size >= DIRECT_MIN)
    taken = send_directly (self, vectors, n_vectors);
  queue_output (self, vectors, n_vectors, taken);
  if (!self->blocked)
    peerup_task_schedule (&self->output_task);
}

gsize
peerup_yamux_link_get_unsent (PeerupYamuxLink *self)
{
  return self->output.length;
}

gsize
peerup_yamux_link_get_room (PeerupYamuxLink *self)
{
  if (self->blocked)
    return BLOCKED_MARK - MIN (self->output.length, BLOCKED_MARK);
  return self->output.length < OUTPUT_MARK ? OUTPUT_MARK : 0;
}

void
peerup_yamux_link_close (PeerupYamuxLink *self)
{
  g_autoptr (PeerupStream) io = g_steal_pointer (&self->io);

  if (io == NULL)
    return;
  settle (self);
  peerup_stream_arm_read (io, NULL, NULL);
  peerup_stream_arm_write (io, NULL, NULL);
  peerup_task_clear (&self->input_task);
  peerup_task_clear (&self->output_task);
  peerup_chunk_queue_clear (&self->output);
  g_clear_pointer (&self->buffer, peerup_io_buffer_give);
  g_clear_error (&self->error);
}
