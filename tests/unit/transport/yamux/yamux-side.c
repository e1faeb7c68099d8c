/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The harness of the yamux tests: a session whose output is collected and whose events
 * are written down. Its user moves bytes and time; nothing happens by itself.
 */
#include "yamux-side.h"

#include <stdlib.h>
#include <string.h>

static const char flag_letters[] = "SAFR";
static const char type_letters[] = "DWPG";

static gsize
on_send (const GOutputVector *vectors, gsize n_vectors, gpointer data)
{
  Side *self = data;

  self->n_sends++;
  for (gsize i = 0; i < n_vectors; i++)
    g_byte_array_append (self->out, vectors[i].buffer, vectors[i].size);
  return self->writes_through ? 0 : self->out->len;
}

static void
note (Side *self, const char *what, PeerupYamuxChannel *channel, SideHook hook)
{
  g_string_append_printf (self->log, "%s %u ", what, peerup_yamux_channel_get_id (channel));
  if (hook != NULL)
    hook (self, channel);
}

static void
on_opened (PeerupYamuxChannel *channel, gpointer data)
{
  Side *self = data;

  g_ptr_array_add (self->opened, peerup_yamux_channel_ref (channel));
  note (self, "opened", channel, self->on_opened);
}

static void
on_readable (PeerupYamuxChannel *channel, gpointer data)
{
  Side *self = data;

  note (self, "readable", channel, self->on_readable);
}

static void
on_writable (PeerupYamuxChannel *channel, gpointer data)
{
  Side *self = data;

  note (self, "writable", channel, self->on_writable);
}

static void
on_closed (PeerupYamuxChannel *channel, gpointer data)
{
  Side *self = data;

  note (self, "closed", channel, self->on_closed);
}

static void
on_can_open (gpointer data)
{
  Side *self = data;

  g_string_append (self->log, "can-open ");
}

static void
on_goaway (guint32 code, gpointer data)
{
  Side *self = data;

  g_string_append_printf (self->log, "goaway 0x%x ", code);
}

static void
on_ping_reply (gint64 rtt, gpointer data)
{
  Side *self = data;

  g_string_append_printf (self->log, "pong %" G_GINT64_FORMAT " ", rtt);
}

static gboolean
on_buffered (gsize bytes, gpointer data)
{
  Side *self = data;

  if (bytes > self->max_buffered)
    return FALSE;
  self->buffered = bytes;
  return TRUE;
}

static const PeerupYamuxEvents side_events = {
  on_send, on_opened, on_readable, on_writable, on_closed, on_can_open, on_goaway, on_ping_reply, on_buffered,
};

Side *
side_new (gboolean is_client, const PeerupYamuxLimits *limits)
{
  Side *self = g_new0 (Side, 1);

  self->out = g_byte_array_new ();
  self->log = g_string_new (NULL);
  self->opened = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_yamux_channel_unref);
  self->now = 1000000;
  self->max_buffered = G_MAXSIZE;
  self->yamux = peerup_yamux_new (is_client, limits, &side_events, self);
  return self;
}

void
side_free (Side *self)
{
  g_clear_pointer (&self->yamux, peerup_yamux_unref);
  g_ptr_array_unref (self->opened);
  g_byte_array_unref (self->out);
  g_string_free (self->log, TRUE);
  g_clear_error (&self->error);
  g_free (self);
}

gboolean
side_feed (Side *self, gconstpointer data, gsize length)
{
  g_autofree guint8 *copy = g_memdup2 (data, length);

  g_clear_error (&self->error);
  return peerup_yamux_feed (self->yamux, copy, length, self->now, &self->error);
}

static void
append_frame (GByteArray *bytes, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 4);
  PeerupYamuxFrame frame = { 0 };
  guint8 header[PEERUP_YAMUX_HEADER_SIZE];

  g_assert_cmpuint (g_strv_length (parts), ==, 4);
  frame.type = strchr (type_letters, parts[0][0]) - type_letters;
  for (const char *p = parts[1]; *p != '\0'; p++)
    frame.flags |= 1 << (strchr (flag_letters, *p) - flag_letters);
  frame.id = strtoul (parts[2], NULL, 0);
  frame.length = strtoul (parts[3], NULL, 0);
  peerup_yamux_frame_encode (&frame, header);
  g_byte_array_append (bytes, header, sizeof header);
  if (frame.type == PEERUP_YAMUX_DATA)
    {
      guint start = bytes->len;

      g_byte_array_set_size (bytes, start + frame.length);
      for (guint i = 0; i < MIN (frame.length, 251); i++)
        bytes->data[start + i] = i;
      for (guint i = 251; i < frame.length; i += 251)
        memcpy (bytes->data + start + i, bytes->data + start, MIN (251, frame.length - i));
    }
}

GByteArray *
frames_to_bytes (const char *frames)
{
  g_auto (GStrv) texts = g_strsplit (frames, " ", -1);
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; texts[i] != NULL; i++)
    append_frame (bytes, texts[i]);
  return bytes;
}

gboolean
side_feed_frames (Side *self, const char *frames)
{
  g_autoptr (GByteArray) bytes = frames_to_bytes (frames);

  return side_feed (self, bytes->data, bytes->len);
}

char *
bytes_to_frames (GByteArray *bytes)
{
  GString *text = g_string_new (NULL);
  guint pos = 0;

  while (pos < bytes->len)
    {
      PeerupYamuxFrame frame;
      g_autoptr (GError) error = NULL;

      g_assert_true (peerup_yamux_frame_decode (&frame, bytes->data + pos, bytes->len - pos, &error));
      g_string_append_printf (text, "%s%c:", text->len > 0 ? " " : "", type_letters[frame.type]);
      for (guint i = 0; i < 4; i++)
        if ((frame.flags & 1 << i) != 0)
          g_string_append_c (text, flag_letters[i]);
      g_string_append_printf (text, ":%u:%u", frame.id, frame.length);
      pos += PEERUP_YAMUX_HEADER_SIZE + (frame.type == PEERUP_YAMUX_DATA ? frame.length : 0);
    }
  g_assert_cmpuint (pos, ==, bytes->len);
  return g_string_free (text, FALSE);
}

char *
side_take_frames (Side *self)
{
  char *text = bytes_to_frames (self->out);

  g_byte_array_set_size (self->out, 0);
  return text;
}

char *
side_take_log (Side *self)
{
  char *log = g_strchomp (g_strdup (self->log->str));

  g_string_set_size (self->log, 0);
  return log;
}

PeerupYamuxChannel *
side_open (Side *self)
{
  g_autoptr (GError) error = NULL;
  PeerupYamuxChannel *channel = peerup_yamux_open (self->yamux, self->now, &error);
  g_autofree char *syn = NULL;
  g_autofree char *frames = side_take_frames (self);

  g_assert_no_error (error);
  syn = g_strdup_printf ("W:S:%u:0", peerup_yamux_channel_get_id (channel));
  g_assert_cmpstr (frames, ==, syn);
  return channel;
}

gsize
side_drain (Side *self, PeerupYamuxChannel *channel)
{
  gsize n = peerup_yamux_channel_get_buffered (channel);

  peerup_yamux_channel_consume (channel, n, self->now);
  return n;
}

gsize
side_write (PeerupYamuxChannel *channel, gsize length)
{
  g_autofree guint8 *data = g_malloc0 (length);
  GOutputVector vector = { data, length };

  return peerup_yamux_channel_writev (channel, &vector, 1, G_MAXSIZE);
}

gsize
side_move (Side *from, Side *to, gsize max)
{
  gsize n = MIN (max, from->out->len);
  g_autofree guint8 *data = g_memdup2 (from->out->data, n);

  if (n == 0)
    return 0;
  g_byte_array_remove_range (from->out, 0, n);
  if (!side_feed (to, data, n))
    g_error ("fed session died: %s", to->error->message);
  return n;
}

void
side_pump (Side *a, Side *b, GRand *rand)
{
  while (a->out->len > 0 || b->out->len > 0)
    {
      side_move (a, b,
                 rand != NULL ? (gsize) g_rand_int_range (rand, 1, 1 << g_rand_int_range (rand, 1, 18)) : G_MAXSIZE);
      side_move (b, a,
                 rand != NULL ? (gsize) g_rand_int_range (rand, 1, 1 << g_rand_int_range (rand, 1, 18)) : G_MAXSIZE);
    }
}
