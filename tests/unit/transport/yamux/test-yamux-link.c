/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The link between a secure stream and its owner: batches, gathering, room, ends.
 */
#include "transport/peerup-yamux-link.h"

#include "transport/peerup-pipe-stream.h"
#include "wire/peerup-error.h"
#include "yamux-fixture.h"

#include <string.h>

static PeerupYamuxLink *current;
static GString *events;
static GByteArray *input;
static const guint8 *batch;
static gsize batch_size;
static PeerupStream *tell_writable; /* its write callback is due right after the next batch */

static void close_with_batch (PeerupStream *stream, gpointer data);

static void
on_input (gpointer owner, const guint8 *data, gsize length)
{
  g_assert_null (batch);
  batch = data;
  batch_size = length;
  g_string_append_printf (events, "input %zu ", length);
  if (tell_writable != NULL)
    peerup_stream_arm_write (g_steal_pointer (&tell_writable), close_with_batch, NULL);
}

/* The batch is read only now: it must still be there. */
static void
on_settle (gpointer owner)
{
  g_byte_array_append (input, batch, batch_size);
  batch = NULL;
  g_string_append (events, "settle ");
}

static void
on_room (gpointer owner)
{
  g_string_append (events, "room ");
}

static void
on_ended (gpointer owner, const GError *error)
{
  g_string_append_printf (events, "ended %d ", error != NULL ? error->code : -1);
  peerup_yamux_link_close (current);
}

static const PeerupYamuxLinkEvents link_events = { on_input, on_settle, on_room, on_ended };

typedef struct
{
  GObject *owner;
  PeerupYamuxLink link;
  PeerupStream *far;
} Link;

static void
set_up (Link *self, gconstpointer capacity)
{
  PeerupStream *io;

  peerup_pipe_stream_new_pair (GPOINTER_TO_SIZE (capacity), &io, &self->far);
  self->owner = g_object_new (G_TYPE_OBJECT, NULL);
  events = g_string_new (NULL);
  input = g_byte_array_new ();
  current = &self->link;
  peerup_yamux_link_init (&self->link, self->owner, &link_events, io);
  settle_down ();
}

static void
tear_down (Link *self, gconstpointer capacity)
{
  peerup_yamux_link_close (&self->link);
  peerup_yamux_link_close (&self->link);
  g_assert_null (batch);
  g_clear_object (&self->far);
  g_assert_finalize_object (self->owner);
  g_string_free (events, TRUE);
  g_byte_array_unref (input);
}

static void
assert_events (const char *expected)
{
  g_assert_cmpstr (events->str, ==, expected);
  g_string_set_size (events, 0);
}

static void
send_bytes (Link *self, guint8 byte, gsize size)
{
  g_autofree guint8 *data = g_malloc (MAX (size, 1));
  GOutputVector vectors[2] = { { data, size / 2 }, { data + size / 2, size - size / 2 } };

  memset (data, byte, size);
  peerup_yamux_link_send (&self->link, vectors, 2);
}

static void
test_input (Link *self, gconstpointer capacity)
{
  settle_down ();
  assert_events ("");
  peerup_stream_write (self->far, "hello", 5, NULL);
  settle_down ();
  peerup_stream_write (self->far, "world", 5, NULL);
  settle_down ();
  assert_events ("input 5 settle input 5 settle ");
  g_assert_cmpmem (input->data, input->len, "helloworld", 10);
}

/* More than a batch at once comes in several, whole. */
static void
test_large_input (Link *self, gconstpointer capacity)
{
  g_autofree guint8 *data = g_malloc (400000);

  for (guint i = 0; i < 400000; i++)
    data[i] = i * 7 >> 3;
  g_assert_cmpint (peerup_stream_write (self->far, data, 400000, NULL), ==, 400000);
  settle_down ();
  g_assert_cmpmem (input->data, input->len, data, 400000);
  g_assert_cmpuint (self->link.received, ==, 400000);
}

/* A link that waits holds no buffer. */
static void
test_idle (Link *self, gconstpointer capacity)
{
  for (guint i = 1; i <= 2; i++)
    {
      peerup_stream_write (self->far, "hello", 5, NULL);
      settle_down ();
      g_assert_cmpuint (input->len, ==, 5 * i);
      g_assert_null (self->link.buffer);
    }
}

/* Small writes wait for the end of the turn; a large one goes at once and takes them along. */
static void
test_gather (Link *self, gconstpointer capacity)
{
  PeerupPipeStream *far = PEERUP_PIPE_STREAM (self->far);
  g_autoptr (GByteArray) got = NULL;

  send_bytes (self, 'a', 100);
  send_bytes (self, 'b', 100);
  g_assert_cmpuint (peerup_pipe_stream_get_pending (far), ==, 0);
  send_bytes (self, 'c', 5000);
  g_assert_cmpuint (peerup_pipe_stream_get_pending (far), ==, 5200);
  send_bytes (self, 'd', 100);
  g_assert_cmpuint (peerup_pipe_stream_get_pending (far), ==, 5200);
  settle_down ();
  assert_events ("room ");
  got = read_now (self->far);
  g_assert_cmpuint (got->len, ==, 5300);
  g_assert_cmpuint (got->data[99], ==, 'a');
  g_assert_cmpuint (got->data[100], ==, 'b');
  g_assert_cmpuint (got->data[200], ==, 'c');
  g_assert_cmpuint (got->data[5200], ==, 'd');
}

/* A stream below that takes little at a time: everything arrives, in order. */
static void
test_slow_below (Link *self, gconstpointer capacity)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (9);
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint i = 0; i < 200; i++)
    {
      gsize size = g_rand_int_range (rand, 0, 1 << g_rand_int_range (rand, 1, 16));
      guint start = expected->len;

      send_bytes (self, i, size);
      g_byte_array_set_size (expected, start + size);
      memset (expected->data + start, i, size);
      if (g_rand_boolean (rand))
        settle_down ();
      if (g_rand_boolean (rand))
        {
          g_autoptr (GByteArray) part = read_now (self->far);

          g_byte_array_append (all, part->data, part->len);
        }
      g_assert_cmpuint (all->len + peerup_yamux_link_get_unsent (&self->link), <=, expected->len);
    }
  while (all->len < expected->len)
    {
      g_autoptr (GByteArray) part = read_now (self->far);

      g_byte_array_append (all, part->data, part->len);
      settle_down ();
    }
  g_assert_cmpmem (all->data, all->len, expected->data, expected->len);
  g_assert_cmpuint (self->link.sent, ==, expected->len);
}

/* With a stream below that is full there is room for little, and none before all of it has left. */
static void
test_room (Link *self, gconstpointer capacity)
{
  send_bytes (self, 'a', 1000 + 8 * 1024 - 1);
  settle_down ();
  g_assert_cmpuint (peerup_yamux_link_get_unsent (&self->link), ==, 8 * 1024 - 1);
  g_assert_cmpuint (peerup_yamux_link_get_room (&self->link), ==, 1);
  send_bytes (self, 'b', 1);
  g_assert_cmpuint (peerup_yamux_link_get_room (&self->link), ==, 0);
  while (peerup_yamux_link_get_unsent (&self->link) > 0)
    {
      g_autoptr (GByteArray) got = NULL;

      assert_events ("");
      got = read_now (self->far);
      settle_down ();
    }
  assert_events ("room ");
  g_assert_cmpuint (peerup_yamux_link_get_room (&self->link), >, 0);
}

/* Small writes are gathered up to 256 KiB, and go at the end of the turn. */
static void
test_much_gathered (Link *self, gconstpointer capacity)
{
  for (guint i = 0; i < 256; i++)
    {
      g_assert_cmpuint (peerup_yamux_link_get_room (&self->link), ==, 256 * 1024);
      send_bytes (self, 'a', 1024);
    }
  g_assert_cmpuint (peerup_yamux_link_get_room (&self->link), ==, 0);
  settle_down ();
  assert_events ("room ");
  g_assert_cmpuint (peerup_yamux_link_get_unsent (&self->link), ==, 0);
  g_assert_cmpuint (peerup_yamux_link_get_room (&self->link), ==, 256 * 1024);
}

static void
test_end (Link *self, gconstpointer capacity)
{
  peerup_stream_write (self->far, "last", 4, NULL);
  peerup_stream_close_write (self->far);
  settle_down ();
  assert_events ("input 4 settle ended -1 ");
  send_bytes (self, 'x', 10);
  g_assert_cmpuint (peerup_yamux_link_get_unsent (&self->link), ==, 0);
}

static void
test_failed_write (Link *self, gconstpointer capacity)
{
  g_autofree char *expected = g_strdup_printf ("ended %d ", PEERUP_ERROR_RESET);

  peerup_stream_arm_read (self->link.io, NULL, NULL);
  peerup_stream_reset (self->far, 0);
  send_bytes (self, 'x', 10000);
  send_bytes (self, 'x', 10000);
  assert_events ("");
  settle_down ();
  assert_events (expected);
}

/* Closed with a batch that nobody has settled. */
static void
close_with_batch (PeerupStream *stream, gpointer data)
{
  g_assert_nonnull (batch);
  peerup_yamux_link_close (current);
}

static void
test_close_with_batch (Link *self, gconstpointer capacity)
{
  peerup_stream_write (self->far, "hello", 5, NULL);
  tell_writable = self->far;
  settle_down ();
  assert_events ("input 5 settle ");
  g_assert_cmpuint (input->len, ==, 5);
}

#define add(name, capacity, func) \
  g_test_add ("/yamux/link/" name, Link, GSIZE_TO_POINTER (capacity), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("input", 1000, test_input);
  add ("large-input", 1000000, test_large_input);
  add ("idle", 1000, test_idle);
  add ("gather", 100000, test_gather);
  add ("slow-below", 3000, test_slow_below);
  add ("room", 1000, test_room);
  add ("much-gathered", 1000000, test_much_gathered);
  add ("end", 1000, test_end);
  add ("failed-write", 1000, test_failed_write);
  add ("close-with-batch", 1000, test_close_with_batch);
  return g_test_run ();
}
