/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* See delay-line.h. */

#include "delay-line.h"

#define CAPACITY (1024 * 1024)
/* No test has so many. */
#define CROSSINGS_MAX 100

void
delay_line_init (DelayLine *self)
{
  for (guint i = 0; i < 2; i++)
    peerup_pipe_stream_new_pair (CAPACITY, &self->end[i], &self->inner[i]);
}

void
delay_line_clear (DelayLine *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&self->end[i]);
      g_clear_object (&self->inner[i]);
    }
}

static void
cross_one_way (PeerupStream *from, PeerupStream *to)
{
  g_autofree guint8 *bytes = g_malloc (CAPACITY);
  g_autoptr (GError) error = NULL;
  gssize n = peerup_stream_read (from, bytes, CAPACITY, &error);

  if (n > 0)
    g_assert_cmpint (peerup_stream_write (to, bytes, n, NULL), ==, n);
  else if (n == 0)
    peerup_stream_close_write (to);
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET))
    peerup_stream_reset (to, peerup_stream_get_reset_code (from));
}

static void
cross_both_ways (DelayLine *self)
{
  cross_one_way (self->inner[0], self->inner[1]);
  cross_one_way (self->inner[1], self->inner[0]);
}

void
delay_line_cross (DelayLine *self)
{
  test_spin ();
  cross_both_ways (self);
}

guint
delay_lines_cross (DelayLine *lines, guint n_lines, gboolean (*done) (gpointer data), gpointer data)
{
  guint n = 0;

  for (test_spin (); !done (data); test_spin ())
    {
      g_assert_cmpuint (n++, <, CROSSINGS_MAX);
      for (guint i = 0; i < n_lines; i++)
        cross_both_ways (&lines[i]);
    }
  return n;
}
