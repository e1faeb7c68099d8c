/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Each event is formatted once, for all streams: "id", "event", and "data" on one line, as JSON has no line breaks of
 * its own. An ID is the start of the engine and a number that goes up by one.
 */
#include "http/peerup-http-events.h"

#include <errno.h>
#include <string.h>

#include "http/peerup-http-json.h"

/* Milliseconds after which a client is to come back. */
#define RETRY "retry: 2000\n\n"

struct _PeerupHttpEvents
{
  char *run;
  guint64 last;       /* number of the newest */
  GQueue kept;        /* of GBytes, the newest at the tail */
  GPtrArray *streams; /* of PeerupHttpConnection, borrowed */
};

PeerupHttpEvents *
peerup_http_events_new (const char *run)
{
  PeerupHttpEvents *self = g_new0 (PeerupHttpEvents, 1);

  self->run = g_strdup (run);
  g_queue_init (&self->kept);
  self->streams = g_ptr_array_new ();
  return self;
}

void
peerup_http_events_free (PeerupHttpEvents *self)
{
  g_free (self->run);
  g_queue_clear_full (&self->kept, (GDestroyNotify) g_bytes_unref);
  g_ptr_array_unref (self->streams);
  g_free (self);
}

static void
push_text (PeerupHttpConnection *connection, char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));

  peerup_http_connection_push (connection, bytes);
}

void
peerup_http_events_emit (PeerupHttpEvents *self, const char *name, GVariant *data)
{
  GString *text = g_string_new (NULL);
  GBytes *bytes;

  g_string_append_printf (text, "id: %s-%" G_GUINT64_FORMAT "\nevent: %s\ndata: ", self->run, ++self->last, name);
  peerup_json_append_variant (text, data);
  g_string_append (text, "\n\n");
  bytes = g_string_free_to_bytes (text);
  g_queue_push_tail (&self->kept, bytes);
  if (self->kept.length > PEERUP_HTTP_EVENTS_KEPT)
    g_bytes_unref (g_queue_pop_head (&self->kept));
  for (guint i = 0; i < self->streams->len; i++)
    peerup_http_connection_push (g_ptr_array_index (self->streams, i), bytes);
}

/* The number in an ID of this run, which can be 0; FALSE for any other text. */
static gboolean
parse_id (PeerupHttpEvents *self, const char *id, guint64 *number)
{
  return g_str_has_prefix (id, self->run) && id[strlen (self->run)] == '-' &&
         g_ascii_string_to_unsigned (id + strlen (self->run) + 1, 10, 0, self->last, number, NULL);
}

static void
push_missed (PeerupHttpEvents *self, PeerupHttpConnection *connection, const char *last_event_id)
{
  guint64 number;

  if (!parse_id (self, last_event_id, &number) || self->last - number > self->kept.length)
    {
      push_text (connection,
                 g_strdup_printf ("id: %s-%" G_GUINT64_FORMAT "\nevent: Lost\ndata: {}\n\n", self->run, self->last));
      return;
    }
  for (guint i = self->kept.length - (guint) (self->last - number); i < self->kept.length; i++)
    peerup_http_connection_push (connection, g_queue_peek_nth (&self->kept, i));
}

gboolean
peerup_http_events_add (PeerupHttpEvents *self, PeerupHttpConnection *connection, const char *last_event_id)
{
  if (self->streams->len >= PEERUP_HTTP_STREAMS_MAX)
    return FALSE;
  g_ptr_array_add (self->streams, connection);
  push_text (connection, g_strdup (RETRY));
  if (last_event_id != NULL)
    push_missed (self, connection, last_event_id);
  return TRUE;
}

void
peerup_http_events_remove (PeerupHttpEvents *self, PeerupHttpConnection *connection)
{
  g_ptr_array_remove_fast (self->streams, connection);
}

guint
peerup_http_events_get_n_streams (PeerupHttpEvents *self)
{
  return self->streams->len;
}
