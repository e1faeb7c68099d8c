/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Two sessions back to back, driven by operations from the input: whatever their users do
 * and however the bytes are cut, neither may find the other breaking the rules.
 */
#include "transport/yamux/peerup-yamux.h"

#define N_CHANNELS 16

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

typedef struct
{
  PeerupYamux *yamux;
  GByteArray *out;
  PeerupYamuxChannel *channels[N_CHANNELS];
  gint64 now;
  gboolean reset_next; /* the next event resets its stream */
} Side;

static gsize
on_send (const GOutputVector *vectors, gsize n_vectors, gpointer data)
{
  Side *self = data;

  for (gsize i = 0; i < n_vectors; i++)
    g_byte_array_append (self->out, vectors[i].buffer, vectors[i].size);
  return self->out->len;
}

/* Takes the reference. */
static void
keep (Side *self, PeerupYamuxChannel *channel)
{
  guint i = peerup_yamux_channel_get_id (channel) % N_CHANNELS;

  g_clear_pointer (&self->channels[i], peerup_yamux_channel_unref);
  self->channels[i] = channel;
}

static void
on_event (PeerupYamuxChannel *channel, gpointer data)
{
  Side *self = data;

  if (self->reset_next)
    peerup_yamux_channel_reset (channel, 1);
  self->reset_next = FALSE;
}

static void
on_opened (PeerupYamuxChannel *channel, gpointer data)
{
  keep (data, peerup_yamux_channel_ref (channel));
  on_event (channel, data);
}

static void
move (Side *from, Side *to, gsize max, gboolean borrow)
{
  gsize n = MIN (max, from->out->len);
  guint8 *data = g_memdup2 (from->out->data, n);
  GError *error = NULL;

  if (n > 0)
    g_byte_array_remove_range (from->out, 0, n);
  if (from->out->len == 0)
    peerup_yamux_drained (from->yamux);
  if (borrow)
    (void) !peerup_yamux_feed_borrowed (to->yamux, data, n, to->now, &error);
  else
    (void) !peerup_yamux_feed (to->yamux, data, n, to->now, &error);
  g_assert (error == NULL || error->code == PEERUP_ERROR_TIMEOUT);
  g_clear_error (&error);
  if (borrow && n > 0 && to->channels[data[n - 1] % N_CHANNELS] != NULL)
    peerup_yamux_channel_close_read (to->channels[data[n - 1] % N_CHANNELS], to->now);
  peerup_yamux_settle (to->yamux);
  g_free (data);
}

static void
operate_channel (Side *self, guint op, PeerupYamuxChannel *channel, guint size)
{
  static guint8 bytes[1 << 16];
  GOutputVector vectors[2] = { { bytes, size }, { bytes + size, size * 100 } };

  switch (op)
    {
    case 0:
      peerup_yamux_channel_writev (channel, vectors, 2, size * 90);
      break;
    case 1:
      peerup_yamux_channel_read (channel, bytes, size * 200, self->now);
      break;
    case 2:
      peerup_yamux_channel_close_write (channel);
      break;
    case 3:
      peerup_yamux_channel_close_read (channel, self->now);
      break;
    case 4:
      peerup_yamux_channel_reset (channel, size);
      break;
    default:
      peerup_yamux_channel_accept (channel);
    }
}

static void
operate (Side *self, Side *peer, const guint8 *op)
{
  PeerupYamuxChannel *channel = self->channels[op[1] % N_CHANNELS];
  GError *error = NULL;

  self->now += op[2] * 100;
  switch (op[0] >> 1 & 15)
    {
    case 0:
      channel = peerup_yamux_open (self->yamux, self->now, NULL);
      if (channel != NULL)
        keep (self, channel);
      break;
    case 1:
      move (peer, self, op[2] * op[1], FALSE);
      break;
    case 2:
      move (peer, self, op[2] * op[1], TRUE);
      break;
    case 3:
      peerup_yamux_ping (self->yamux, self->now);
      break;
    case 4:
      if (op[1] == 77)
        peerup_yamux_goaway (self->yamux, op[2]);
      break;
    case 5:
      self->reset_next = TRUE;
      break;
    case 6:
      error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "enough");
      if (op[1] == 77)
        peerup_yamux_terminate (self->yamux, error);
      g_error_free (error);
      break;
    default:
      if (channel != NULL)
        operate_channel (self, (op[0] >> 1 & 15) - 7, channel, op[2]);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  static const PeerupYamuxEvents events = { on_send, on_opened, on_event, on_event, on_event };
  Side sides[2] = { { .now = 1 }, { .now = 1 } };

  for (guint i = 0; i < 2; i++)
    {
      sides[i].out = g_byte_array_new ();
      sides[i].yamux = peerup_yamux_new (i, NULL, &events, &sides[i]);
    }
  for (; size >= 3; data += 3, size -= 3)
    operate (&sides[data[0] & 1], &sides[!(data[0] & 1)], data);
  for (guint i = 0; i < 2; i++)
    {
      peerup_yamux_unref (sides[i].yamux);
      g_byte_array_unref (sides[i].out);
      for (guint c = 0; c < N_CHANNELS; c++)
        g_clear_pointer (&sides[i].channels[c], peerup_yamux_channel_unref);
    }
  return 0;
}
