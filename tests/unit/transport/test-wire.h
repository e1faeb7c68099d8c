/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport-test.h"

/* Two streams with somebody in the middle who passes on what is sent, cuts the wire after so
 * many bytes, or changes one of them. */
typedef struct
{
  PeerupStream *end[2];   /* for the two sides */
  PeerupStream *inner[2]; /* what the middle holds */
  gsize passed;           /* bytes, both ways together */
  gsize cut_at;           /* G_MAXSIZE: never */
  gsize flip_at[2];       /* of what end[i] sent; G_MAXSIZE: none */
  gsize sent[2];
  gboolean was_cut;
} Wire;

static void wire_readable (PeerupStream *inner, gpointer data);

static inline void
wire_cut (Wire *self)
{
  self->was_cut = TRUE;
  for (guint i = 0; i < 2; i++)
    {
      peerup_stream_arm_read (self->inner[i], NULL, NULL);
      peerup_stream_reset (self->inner[i], PEERUP_STREAM_CODE_NONE);
    }
}

static inline void
wire_pass (Wire *self, guint from, guint8 *bytes, gsize length)
{
  length = MIN (length, self->cut_at - self->passed);
  if (self->flip_at[from] - self->sent[from] < length)
    bytes[self->flip_at[from] - self->sent[from]] ^= 1;
  self->sent[from] += length;
  self->passed += length;
  if (length > 0)
    g_assert_cmpint (peerup_stream_write (self->inner[1 - from], bytes, length, NULL), ==, length);
}

static void
wire_readable (PeerupStream *inner, gpointer data)
{
  Wire *self = data;
  guint from = inner == self->inner[1];
  g_autoptr (GError) error = NULL;
  guint8 bytes[4096];
  gssize n;

  while ((n = peerup_stream_read (inner, bytes, sizeof bytes, &error)) > 0)
    {
      wire_pass (self, from, bytes, n);
      if (self->passed == self->cut_at)
        {
          wire_cut (self);
          return;
        }
    }
  if (n == 0)
    peerup_stream_close_write (self->inner[1 - from]);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    peerup_stream_arm_read (inner, wire_readable, self);
  else
    wire_cut (self);
}

static inline void
wire_init (Wire *self, gsize cut_at)
{
  *self = (Wire) { .cut_at = cut_at, .flip_at = { G_MAXSIZE, G_MAXSIZE } };
  for (guint i = 0; i < 2; i++)
    {
      peerup_pipe_stream_new_pair (4 * 1024 * 1024, &self->end[i], &self->inner[i]);
      peerup_stream_arm_read (self->inner[i], wire_readable, self);
    }
  if (cut_at == 0)
    wire_cut (self);
}

static inline void
wire_clear (Wire *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&self->end[i]);
      g_clear_object (&self->inner[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wire, wire_clear)
