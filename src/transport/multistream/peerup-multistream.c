/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* multistream-select 1.0.0, dialer and listener, as one machine that lives for one
 * negotiation: on a new connection, inside a secured one, or on each stream. It keeps no
 * more than an incomplete line and what is to be sent; it does not read ahead, does not
 * list its protocols, and does not forgive a line that breaks the form. */

#include "transport/multistream/peerup-multistream.h"

#include <string.h>

#include "transport/multistream/peerup-multistream-line.h"

#define HEADER  "/multistream/1.0.0"
#define REFUSAL "na"
#define LISTING "ls"

typedef enum
{
  STATE_HEADER,   /* waiting for the peer's header */
  STATE_ANSWER,   /* dialer: waiting for the answer to protocols[proposed] */
  STATE_PROPOSAL, /* listener: waiting for a proposal */
  STATE_DONE,
  STATE_FAILED,
} State;

struct _PeerupMultistream
{
  State state;
  guint proposed; /* dialer: index of the proposal under way; listener: proposals heard */

  GStrv protocols; /* dialer only */

  PeerupMultistreamServes serves; /* listener only */
  gpointer user_data;

  char *protocol;      /* agreed on; NULL until STATE_DONE */
  GByteArray *partial; /* the start of a line, NULL between lines */
  GByteArray *output;  /* NULL when empty */
};

static void
send_line (PeerupMultistream *self, const char *text)
{
  if (self->output == NULL)
    self->output = g_byte_array_new ();
  peerup_multistream_line_append (self->output, text);
}

/* Text of the peer as it may stand in a message: short, printable ASCII. */
static char *
quote (const char *text)
{
  g_autofree char *head = g_strndup (text, 64);

  return g_strescape (head, NULL);
}

static void
set_done (PeerupMultistream *self, const char *protocol)
{
  g_assert (self->state == STATE_ANSWER || self->state == STATE_PROPOSAL);

  self->state = STATE_DONE;
  self->protocol = g_strdup (protocol);
}

static gboolean
handle_header (PeerupMultistream *self, const char *text, GError **error)
{
  if (strcmp (text, HEADER) != 0)
    {
      g_autofree char *quoted = quote (text);

      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                   "multistream: the peer began with “%s” instead of “" HEADER "”", quoted);
      return FALSE;
    }

  self->state = self->protocols != NULL ? STATE_ANSWER : STATE_PROPOSAL;
  return TRUE;
}

static gboolean
handle_answer (PeerupMultistream *self, const char *text, GError **error)
{
  if (strcmp (text, self->protocols[self->proposed]) == 0)
    {
      set_done (self, text);
      return TRUE;
    }
  if (strcmp (text, REFUSAL) != 0)
    {
      g_autofree char *quoted = quote (text);

      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "multistream: the peer answered “%s” to “%s”", quoted,
                   self->protocols[self->proposed]);
      return FALSE;
    }

  self->proposed++;
  if (self->protocols[self->proposed] == NULL)
    {
      g_autofree char *refused = g_strjoinv (", ", self->protocols);

      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION, "the peer does not serve %s", refused);
      return FALSE;
    }

  send_line (self, self->protocols[self->proposed]);
  return TRUE;
}

static gboolean
handle_proposal (PeerupMultistream *self, const char *text, GError **error)
{
  if (peerup_multistream_is_valid_protocol (text) && self->serves (text, self->user_data))
    {
      send_line (self, text);
      set_done (self, text);
      return TRUE;
    }

  self->proposed++;
  if (self->proposed == PEERUP_MULTISTREAM_PROPOSALS_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                   "multistream: the peer proposed %d protocols we do not serve", PEERUP_MULTISTREAM_PROPOSALS_MAX);
      return FALSE;
    }

  send_line (self, REFUSAL);
  return TRUE;
}

static gboolean
handle_line (PeerupMultistream *self, const guint8 *line, gsize size, GError **error)
{
  char text[PEERUP_MULTISTREAM_TEXT_SIZE];

  if (!peerup_multistream_line_read (line, size, text, error))
    return FALSE;

  switch (self->state)
    {
    case STATE_HEADER:
      return handle_header (self, text, error);
    case STATE_ANSWER:
      return handle_answer (self, text, error);
    case STATE_PROPOSAL:
      return handle_proposal (self, text, error);
    case STATE_DONE:
    case STATE_FAILED:
    default:
      g_assert_not_reached ();
    }
}

/* Adds what is missing of the torn line, and no byte more. */
static gboolean
complete_line (PeerupMultistream *self, const guint8 *data, gsize length, gsize *taken, GError **error)
{
  gsize size;

  if (!peerup_multistream_line_measure (self->partial->data, self->partial->len, &size, error))
    return FALSE;

  *taken = size == 0 ? 1 : MIN (length, size - self->partial->len);
  g_byte_array_append (self->partial, data, *taken);
  if (!peerup_multistream_line_measure (self->partial->data, self->partial->len, &size, error))
    return FALSE;

  if (size != 0 && size == self->partial->len)
    {
      g_autoptr (GByteArray) line = g_steal_pointer (&self->partial);

      return handle_line (self, line->data, line->len, error);
    }

  return TRUE;
}

/* Reads one line where it stands, or keeps its start. */
static gboolean
take_line (PeerupMultistream *self, const guint8 *data, gsize length, gsize *taken, GError **error)
{
  gsize size;

  if (self->partial != NULL)
    return complete_line (self, data, length, taken, error);

  if (!peerup_multistream_line_measure (data, length, &size, error))
    return FALSE;

  if (size != 0 && size <= length)
    {
      *taken = size;
      return handle_line (self, data, size, error);
    }

  *taken = length;
  self->partial = g_byte_array_new ();
  g_byte_array_append (self->partial, data, length);
  return TRUE;
}

gboolean
peerup_multistream_feed (PeerupMultistream *self, gconstpointer data, gsize length, gsize *consumed, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (data != NULL || length == 0, FALSE);
  g_return_val_if_fail (consumed != NULL, FALSE);

  *consumed = 0;
  if (self->state == STATE_FAILED)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "multistream: the negotiation has failed before");
      return FALSE;
    }

  while (self->state != STATE_DONE && *consumed < length)
    {
      gsize taken = 0;

      if (!take_line (self, (const guint8 *) data + *consumed, length - *consumed, &taken, error))
        {
          self->state = STATE_FAILED;
          return FALSE;
        }
      *consumed += taken;
    }

  return TRUE;
}

GBytes *
peerup_multistream_take_output (PeerupMultistream *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->output == NULL)
    return NULL;

  return g_byte_array_free_to_bytes (g_steal_pointer (&self->output));
}

const char *
peerup_multistream_get_protocol (const PeerupMultistream *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->protocol;
}

gboolean
peerup_multistream_is_valid_protocol (const char *protocol)
{
  gsize length;

  g_return_val_if_fail (protocol != NULL, FALSE);

  length = strlen (protocol);
  return length > 0 && length < PEERUP_MULTISTREAM_TEXT_SIZE && peerup_multistream_line_is_text (protocol, length) &&
         strcmp (protocol, HEADER) != 0 && strcmp (protocol, REFUSAL) != 0 && strcmp (protocol, LISTING) != 0;
}

PeerupMultistream *
peerup_multistream_new_dialer (const char *const *protocols)
{
  PeerupMultistream *self;

  g_return_val_if_fail (protocols != NULL && protocols[0] != NULL, NULL);
  for (gsize i = 0; protocols[i] != NULL; i++)
    g_return_val_if_fail (peerup_multistream_is_valid_protocol (protocols[i]), NULL);

  self = g_new0 (PeerupMultistream, 1);
  self->protocols = g_strdupv ((GStrv) protocols);
  send_line (self, HEADER);
  send_line (self, self->protocols[0]);
  return self;
}

PeerupMultistream *
peerup_multistream_new_listener (PeerupMultistreamServes serves, gpointer user_data)
{
  PeerupMultistream *self;

  g_return_val_if_fail (serves != NULL, NULL);

  self = g_new0 (PeerupMultistream, 1);
  self->serves = serves;
  self->user_data = user_data;
  send_line (self, HEADER);
  return self;
}

void
peerup_multistream_free (PeerupMultistream *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->protocols);
  g_free (self->protocol);
  g_clear_pointer (&self->partial, g_byte_array_unref);
  g_clear_pointer (&self->output, g_byte_array_unref);
  g_free (self);
}
