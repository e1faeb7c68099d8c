/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The bytes that the bulk cases send, and the listener's protocols, which mostly move
 * them. Each stream of a listener is a fiber that ends with its stream. */

#include <string.h>

#include "interop.h"
#include "wire/peerup-error.h"

#define PERIOD 65521
#define CHUNK  65536
#define DIGEST 32

/* Made once and kept: B of README.md. */
static const guint8 *
pattern (void)
{
  static guint8 *block;

  if (block != NULL)
    return block;
  block = g_malloc (PERIOD + DIGEST);
  for (guint32 i = 0; i * DIGEST < PERIOD; i++)
    {
      g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
      guint32 number = GUINT32_TO_BE (i);
      gsize length = DIGEST;

      g_checksum_update (sum, (const guchar *) &number, sizeof number);
      g_checksum_get_digest (sum, block + i * DIGEST, &length);
    }
  return block;
}

/* How many bytes of the pattern stand together from @offset on. */
static gsize
pattern_run (guint64 offset, guint64 left, const guint8 **bytes)
{
  gsize start = offset % PERIOD;

  *bytes = pattern () + start;
  return MIN (left, PERIOD - start);
}

gboolean
interop_send (PeerupStream *stream, guint64 offset, guint64 n, GChecksum *sum, gint64 deadline, GError **error)
{
  while (n > 0)
    {
      const guint8 *bytes;
      gsize run = pattern_run (offset, n, &bytes);

      if (!peerup_stream_await_write_all (stream, bytes, run, deadline, error))
        return FALSE;
      if (sum != NULL)
        g_checksum_update (sum, bytes, run);
      offset += run;
      n -= run;
    }
  return TRUE;
}

static gboolean
pattern_matches (guint64 offset, const guint8 *received, gsize n)
{
  while (n > 0)
    {
      const guint8 *bytes;
      gsize run = pattern_run (offset, n, &bytes);

      if (memcmp (bytes, received, run) != 0)
        return FALSE;
      received += run;
      offset += run;
      n -= run;
    }
  return TRUE;
}

gboolean
interop_receive (PeerupStream *stream, guint64 offset, guint64 *n, GChecksum *sum, gint64 deadline, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  gboolean matches = TRUE;

  *n = 0;
  for (;;)
    {
      gssize length = peerup_stream_await_read (stream, chunk, CHUNK, deadline, error);

      if (length < 0)
        return FALSE;
      if (length == 0)
        break;
      matches = matches && pattern_matches (offset + *n, chunk, length);
      g_checksum_update (sum, chunk, length);
      *n += length;
    }
  if (!matches)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "Other bytes came than expected");
  return matches;
}

/* The listener's protocols: FALSE resets the stream, TRUE closes it. */

/* A failure that is wanted with a code of its own sets it in @code. */
typedef gboolean (*ServeFunc) (PeerupStream *stream, guint32 *code, GError **error);

typedef struct
{
  ServeFunc serve;
  PeerupStream *stream;
} Session;

static void
session_free (gpointer data)
{
  Session *session = data;

  g_object_unref (session->stream);
  g_free (session);
}

static gboolean
serve_echo (PeerupStream *stream, guint32 *code, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  gssize n;

  while ((n = peerup_stream_await_read (stream, chunk, CHUNK, G_MAXINT64, error)) > 0)
    if (!peerup_stream_await_write_all (stream, chunk, n, G_MAXINT64, error))
      return FALSE;
  return n == 0;
}

static gboolean
serve_sink (PeerupStream *stream, guint32 *code, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  g_autofree char *answer = NULL;
  gssize n;

  while ((n = peerup_stream_await_read (stream, chunk, CHUNK, G_MAXINT64, error)) > 0)
    g_checksum_update (sum, chunk, n);
  if (n < 0)
    return FALSE;
  answer = g_strdup_printf ("%s\n", g_checksum_get_string (sum));
  return peerup_stream_await_write_all (stream, answer, strlen (answer), G_MAXINT64, error);
}

static gboolean
serve_source (PeerupStream *stream, guint32 *code, GError **error)
{
  guint64 count;

  return peerup_stream_await_read_exact (stream, &count, sizeof count, G_MAXINT64, error) &&
         interop_send (stream, 0, GUINT64_FROM_BE (count), NULL, G_MAXINT64, error);
}

static gboolean
serve_reset (PeerupStream *stream, guint32 *code, GError **error)
{
  guint8 byte;

  if (!peerup_stream_await_read_exact (stream, &byte, 1, G_MAXINT64, error))
    return FALSE;
  *code = byte != 0 ? INTEROP_CODES + byte : PEERUP_STREAM_CODE_NONE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET, "This protocol always resets");
  return FALSE;
}

static DexFuture *
session_fiber (gpointer data)
{
  Session *session = data;
  g_autoptr (GError) error = NULL;
  guint32 code = PEERUP_STREAM_CODE_NONE;

  if (session->serve (session->stream, &code, &error))
    peerup_stream_close (session->stream);
  else
    {
      g_printerr ("%s: %s\n", peerup_stream_get_protocol (session->stream), error->message);
      peerup_stream_reset (session->stream, code);
    }
  return dex_future_new_true ();
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Session *session = g_new0 (Session, 1);

  session->serve = *(ServeFunc *) data;
  session->stream = stream;
  /* Ends with its stream. */
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, session_fiber, session, session_free));
}

static ServeFunc echo = serve_echo, sink = serve_sink, source = serve_source, reset = serve_reset;

void
interop_serve_echo (PeerupSwarm *swarm, const char *protocol)
{
  peerup_swarm_add_protocol (swarm, protocol, on_stream, &echo, NULL);
}

void
interop_serve (PeerupSwarm *swarm)
{
  peerup_swarm_add_protocol (swarm, INTEROP_ECHO, on_stream, &echo, NULL);
  peerup_swarm_add_protocol (swarm, INTEROP_SINK, on_stream, &sink, NULL);
  peerup_swarm_add_protocol (swarm, INTEROP_SOURCE, on_stream, &source, NULL);
  peerup_swarm_add_protocol (swarm, INTEROP_RESET, on_stream, &reset, NULL);
}
