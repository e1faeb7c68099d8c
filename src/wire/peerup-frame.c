/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Length-delimited messages, taken apart as the bytes come in. A reader belongs to one
 * stream and lives as long as its reading side. It refuses a length above its cap as soon
 * as the length is read, and grows with the bytes that arrive: a peer that declares much
 * and sends little costs little.
 */
#include "wire/peerup-frame.h"

void
peerup_frame_reader_init (PeerupFrameReader *self, gsize max)
{
  g_return_if_fail (max <= G_MAXUINT / 2);

  *self = (PeerupFrameReader) { .max = max };
}

void
peerup_frame_reader_clear (PeerupFrameReader *self)
{
  g_clear_pointer (&self->message, g_byte_array_unref);
  peerup_frame_reader_init (self, self->max);
}

static gsize
missing (const PeerupFrameReader *self)
{
  return self->length - (self->message != NULL ? self->message->len : 0);
}

static PeerupDecode
feed_prefix (PeerupFrameReader *self, guint8 byte)
{
  PeerupDecode result;
  guint64 declared;
  gsize size;

  self->prefix[self->n_prefix++] = byte;
  result = peerup_varint_decode (self->prefix, self->n_prefix, &declared, &size);
  if (result != PEERUP_DECODE_DONE)
    return result;
  if (declared > self->max)
    return PEERUP_DECODE_TOO_LARGE;

  self->length = (gsize) declared;
  self->have_length = TRUE;
  return PEERUP_DECODE_DONE;
}

PeerupDecode
peerup_frame_reader_feed (PeerupFrameReader *self, const guint8 *data, gsize length, gsize *consumed)
{
  gsize taken = 0;
  gsize share;

  *consumed = 0;
  g_return_val_if_fail (self->have_length || self->n_prefix < sizeof self->prefix, PEERUP_DECODE_MALFORMED);

  while (!self->have_length)
    {
      PeerupDecode result;

      if (taken == length)
        {
          *consumed = taken;
          return PEERUP_DECODE_NEED_MORE;
        }
      result = feed_prefix (self, data[taken++]);
      if (result == PEERUP_DECODE_MALFORMED || result == PEERUP_DECODE_TOO_LARGE)
        {
          *consumed = taken;
          return result;
        }
    }

  share = MIN (length - taken, missing (self));
  if (share > 0)
    {
      if (self->message == NULL)
        self->message = g_byte_array_new ();
      g_byte_array_append (self->message, data + taken, (guint) share);
    }
  *consumed = taken + share;
  return missing (self) == 0 ? PEERUP_DECODE_DONE : PEERUP_DECODE_NEED_MORE;
}

gsize
peerup_frame_reader_wanted (const PeerupFrameReader *self)
{
  return self->have_length ? missing (self) : 1;
}

gboolean
peerup_frame_reader_at_start (const PeerupFrameReader *self)
{
  return self->n_prefix == 0;
}

GBytes *
peerup_frame_reader_take (PeerupFrameReader *self)
{
  GBytes *message;

  g_return_val_if_fail (self->have_length && missing (self) == 0, NULL);

  if (self->message != NULL)
    message = g_byte_array_free_to_bytes (g_steal_pointer (&self->message));
  else
    message = g_bytes_new_static (NULL, 0);
  peerup_frame_reader_init (self, self->max);
  return message;
}

void
peerup_frame_append (GByteArray *out, gconstpointer message, gsize length)
{
  peerup_varint_append (out, length);
  if (length > 0)
    g_byte_array_append (out, message, (guint) length);
}

GBytes *
peerup_frame_new (gconstpointer message, gsize length)
{
  GByteArray *out = g_byte_array_sized_new ((guint) length + PEERUP_VARINT_SIZE_MAX);

  peerup_frame_append (out, message, length);
  return g_byte_array_free_to_bytes (out);
}
