/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * multistream-select on a stream, in a fiber: moves bytes between the stream and the
 * machine, and leaves what follows the negotiation unread. */

#include "transport/multistream/peerup-multistream.h"
#include "transport/peerup-upgrade.h"
#include "wire/peerup-error.h"

/* What goes ahead of an answer at most: a request, not a transfer. */
#define EARLY_MAX 16384

static gboolean
send_output (PeerupStream *stream, PeerupMultistream *machine, gint64 deadline, GError **error)
{
  g_autoptr (GBytes) output = peerup_multistream_take_output (machine);
  gconstpointer data;
  gsize length;

  if (output == NULL)
    return TRUE;
  data = g_bytes_get_data (output, &length);
  return peerup_stream_await_write_all (stream, data, length, deadline, error);
}

/* Feeds what is there: in place where the stream lets us look, else one byte, which is
 * never one too many. */
static gboolean
feed_some (PeerupStream *stream, PeerupMultistream *machine, gint64 deadline, GError **error)
{
  GInputVector vector;
  gsize consumed;
  guint8 byte;

  if (peerup_stream_peek (stream, &vector, 1) > 0)
    {
      if (!peerup_multistream_feed (machine, vector.buffer, vector.size, &consumed, error))
        return FALSE;
      peerup_stream_consume (stream, consumed);
      return TRUE;
    }
  return peerup_stream_await_read_exact (stream, &byte, 1, deadline, error) &&
         peerup_multistream_feed (machine, &byte, 1, &consumed, error);
}

static gboolean
negotiate (PeerupStream *stream, PeerupMultistream *machine, gint64 deadline, GError **error)
{
  while (peerup_multistream_get_protocol (machine) == NULL)
    {
      if (!send_output (stream, machine, deadline, error) || !feed_some (stream, machine, deadline, error))
        return FALSE;
    }
  return TRUE;
}

static const char *
dial_result (PeerupStream *stream, PeerupMultistream *machine, gboolean agreed)
{
  if (!agreed)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_NEGOTIATION_FAILED);
      return NULL;
    }
  peerup_stream_set_protocol (stream, peerup_multistream_get_protocol (machine));
  return peerup_stream_get_protocol (stream);
}

const char *
peerup_negotiate_dial (PeerupStream *stream, const char *const *protocols, gint64 deadline, GError **error)
{
  g_autoptr (PeerupMultistream) machine = peerup_multistream_new_dialer (protocols);

  return dial_result (stream, machine, negotiate (stream, machine, deadline, error));
}

/* TRUE when something was sent, or nothing ever will be. */
static gboolean
send_early (PeerupStream *stream, PeerupSocketStream *early, gboolean *done, gint64 deadline, GError **error)
{
  guint8 bytes[EARLY_MAX];
  gsize n = peerup_socket_stream_show (early, bytes, sizeof bytes);

  /* Readable without bytes is the end, which is the reader's to find. */
  *done = n > 0 || (peerup_stream_poll (PEERUP_STREAM (early)) & G_IO_IN) != 0;
  return n == 0 || peerup_stream_await_write_all (stream, bytes, n, deadline, error);
}

/* Until there is an answer; what comes from @early before that is sent. */
static gboolean
await_answer_early (PeerupStream *stream, PeerupSocketStream *early, gint64 deadline, GError **error)
{
  gboolean done = FALSE;

  while (!done && (peerup_stream_poll (stream) & G_IO_IN) == 0)
    {
      g_autoptr (GError) local = NULL;

      if (!send_early (stream, early, &done, deadline, error))
        return FALSE;
      if (done)
        break;
      /* That the time is over shows in the reading that follows. */
      if (!dex_await (dex_future_first (peerup_stream_wait (stream, G_IO_IN),
                                        peerup_stream_wait (PEERUP_STREAM (early), G_IO_IN),
                                        dex_timeout_new_deadline (deadline), NULL),
                      &local))
        break;
    }
  peerup_stream_arm_read (PEERUP_STREAM (early), NULL, NULL);
  return TRUE;
}

const char *
peerup_negotiate_dial_early (PeerupStream *stream, const char *protocol, PeerupSocketStream *early, gint64 deadline,
                             GError **error)
{
  const char *protocols[] = { protocol, NULL };
  g_autoptr (PeerupMultistream) machine = peerup_multistream_new_dialer (protocols);
  gboolean agreed = send_output (stream, machine, deadline, error) &&
                    await_answer_early (stream, early, deadline, error) && negotiate (stream, machine, deadline, error);

  return dial_result (stream, machine, agreed);
}

const char *
peerup_negotiate_dial_with (PeerupStream *stream, const char *protocol, GBytes *message, gint64 deadline,
                            GError **error)
{
  const char *protocols[] = { protocol, NULL };
  g_autoptr (PeerupMultistream) machine = peerup_multistream_new_dialer (protocols);
  g_autoptr (GBytes) proposal = peerup_multistream_take_output (machine);
  g_autoptr (GByteArray) first = g_byte_array_new ();
  gboolean agreed;

  g_byte_array_append (first, g_bytes_get_data (proposal, NULL), g_bytes_get_size (proposal));
  g_byte_array_append (first, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  agreed = peerup_stream_await_write_all (stream, first->data, first->len, deadline, error) &&
           negotiate (stream, machine, deadline, error);
  return dial_result (stream, machine, agreed);
}

const char *
peerup_negotiate_listen (PeerupStream *stream, PeerupProtocolLookup lookup, gpointer data, gint64 deadline,
                         GError **error)
{
  g_autoptr (PeerupMultistream) machine = peerup_multistream_new_listener (lookup, data);
  g_autoptr (GError) local = NULL;

  /* The dialer of a stream has written before we hear of it: answer with one write. */
  if (!feed_some (stream, machine, deadline, error) || !negotiate (stream, machine, deadline, error))
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_NEGOTIATION_FAILED);
      return NULL;
    }
  peerup_stream_set_protocol (stream, peerup_multistream_get_protocol (machine));
  /* A dialer that does not wait may have closed its reading end already: it does not miss
   * our echo, and what it wrote is still to be handled (go's lazy streams do this). */
  if (!send_output (stream, machine, deadline, &local))
    g_debug ("The answer to %s was not read: %s", peerup_stream_get_protocol (stream), local->message);
  return peerup_stream_get_protocol (stream);
}
