/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A scripted stream for tests. It has no other end and never calls anybody but by
 * peerup_stream_notify(). */

#include "fake-stream.h"

#include <string.h>

G_DEFINE_FINAL_TYPE (FakeStream, fake_stream, PEERUP_TYPE_STREAM)

static gssize
would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
  return -1;
}

static gsize
fake_stream_peek (PeerupStream *stream, GInputVector *vectors, gsize n_vectors)
{
  FakeStream *self = FAKE_STREAM (stream);
  gsize half = self->input->len / 2;

  if (!self->can_peek || self->input->len == 0 || n_vectors < 2)
    return 0;
  vectors[0] = (GInputVector) { self->input->data, half };
  vectors[1] = (GInputVector) { self->input->data + half, self->input->len - half };
  return 2;
}

static void
fake_stream_consume (PeerupStream *stream, gsize count)
{
  FakeStream *self = FAKE_STREAM (stream);

  g_assert_cmpuint (count, <=, self->input->len);
  g_byte_array_remove_range (self->input, 0, count);
}

static gssize
fake_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  FakeStream *self = FAKE_STREAM (stream);

  self->n_reads++;
  count = MIN (count, MIN (self->read_limit, self->input->len));
  self->largest_read = MAX (self->largest_read, count);
  if (count > 0)
    {
      memcpy (buffer, self->input->data, count);
      g_byte_array_remove_range (self->input, 0, count);
      return count;
    }
  if (self->ended)
    return 0;
  if (self->read_error == NULL)
    return would_block (error);
  g_propagate_error (error, g_error_copy (self->read_error));
  return -1;
}

static gssize
fake_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  FakeStream *self = FAKE_STREAM (stream);
  gsize room = MIN (self->room, self->write_limit);
  gsize taken = 0;

  self->n_writes++;
  g_assert_false (self->write_closed);
  if (self->write_error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->write_error));
      return -1;
    }
  for (gsize i = 0; i < n_vectors; i++)
    {
      gsize count = MIN (vectors[i].size, room - taken);

      g_byte_array_append (self->output, vectors[i].buffer, count);
      taken += count;
    }
  self->room -= taken;
  return taken > 0 ? (gssize) taken : would_block (error);
}

static GIOCondition
fake_stream_poll (PeerupStream *stream)
{
  FakeStream *self = FAKE_STREAM (stream);
  gboolean in = self->input->len > 0 || self->ended || self->read_error != NULL;
  gboolean out = self->room > 0 || self->write_error != NULL;

  return (in ? G_IO_IN : 0) | (out ? G_IO_OUT : 0);
}

static void
fake_stream_close_write (PeerupStream *stream)
{
  FAKE_STREAM (stream)->write_closed = TRUE;
}

static void
fake_stream_close_read (PeerupStream *stream)
{
  FAKE_STREAM (stream)->read_closed = TRUE;
}

static void
fake_stream_reset (PeerupStream *stream, guint32 code)
{
  FakeStream *self = FAKE_STREAM (stream);

  self->was_reset = TRUE;
  self->reset_code = code;
}

static void
fake_stream_finalize (GObject *object)
{
  FakeStream *self = FAKE_STREAM (object);

  g_byte_array_unref (self->input);
  g_byte_array_unref (self->output);
  g_clear_error (&self->read_error);
  g_clear_error (&self->write_error);
  G_OBJECT_CLASS (fake_stream_parent_class)->finalize (object);
}

static void
fake_stream_class_init (FakeStreamClass *klass)
{
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fake_stream_finalize;
  stream_class->read = fake_stream_read;
  stream_class->peek = fake_stream_peek;
  stream_class->consume = fake_stream_consume;
  stream_class->writev = fake_stream_writev;
  stream_class->poll = fake_stream_poll;
  stream_class->close_write = fake_stream_close_write;
  stream_class->close_read = fake_stream_close_read;
  stream_class->reset = fake_stream_reset;
}

static void
fake_stream_init (FakeStream *self)
{
  self->input = g_byte_array_new ();
  self->output = g_byte_array_new ();
  self->room = self->write_limit = self->read_limit = G_MAXSSIZE;
}

FakeStream *
fake_stream_new (void)
{
  return g_object_new (FAKE_TYPE_STREAM, NULL);
}

void
fake_stream_push (FakeStream *self, gconstpointer data, gsize length)
{
  g_byte_array_append (self->input, data, length);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN);
}

void
fake_stream_end (FakeStream *self)
{
  self->ended = TRUE;
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN);
}

void
fake_stream_add_room (FakeStream *self, gsize room)
{
  self->room += room;
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_OUT);
}

void
fake_stream_fail (FakeStream *self, GIOCondition condition, GQuark domain, int code)
{
  GError **error = condition == G_IO_IN ? &self->read_error : &self->write_error;

  g_set_error_literal (error, domain, code, "Scripted failure");
  peerup_stream_notify (PEERUP_STREAM (self), condition);
}
