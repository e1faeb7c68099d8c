/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The fiber calls of PeerupStream: the non-blocking ones with a wait in between.
 * A wait is a promise that the stream's one-shot callback resolves; when a
 * deadline comes first the callback is disarmed and the promise goes with it. */

#include "transport/peerup-stream-private.h"

#include "wire/peerup-error.h"
#include "wire/peerup-varint.h"

static void
wait_ready (PeerupStream *stream, gpointer data)
{
  dex_promise_resolve_boolean (data, TRUE);
}

DexFuture *
peerup_stream_wait (PeerupStream *self, GIOCondition condition)
{
  DexPromise *promise = dex_promise_new ();

  if (condition & G_IO_IN)
    peerup_stream_arm_full (self, G_IO_IN, wait_ready, dex_ref (promise), dex_unref);
  if (condition & G_IO_OUT)
    peerup_stream_arm_full (self, G_IO_OUT, wait_ready, dex_ref (promise), dex_unref);
  return DEX_FUTURE (promise);
}

static gboolean
stream_wait_until (PeerupStream *self, GIOCondition condition, gint64 deadline, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (deadline == G_MAXINT64)
    return dex_await (peerup_stream_wait (self, condition), error);
  if (dex_await (dex_future_first (peerup_stream_wait (self, condition), dex_timeout_new_deadline (deadline), NULL),
                 &local))
    return TRUE;
  peerup_stream_arm_full (self, condition, NULL, NULL, NULL);
  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "The peer did not answer in time");
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
peerup_stream_await_readable (PeerupStream *self, gint64 deadline, GError **error)
{
  return stream_wait_until (self, G_IO_IN, deadline, error);
}

gssize
peerup_stream_await_read (PeerupStream *self, void *buffer, gsize count, gint64 deadline, GError **error)
{
  g_autoptr (PeerupStream) held = g_object_ref (self);

  for (;;)
    {
      g_autoptr (GError) local = NULL;
      gssize n = peerup_stream_read (self, buffer, count, &local);

      if (n >= 0)
        return n;
      if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return -1;
        }
      if (!stream_wait_until (self, G_IO_IN, deadline, error))
        return -1;
    }
}

gboolean
peerup_stream_await_read_exact (PeerupStream *self, void *buffer, gsize count, gint64 deadline, GError **error)
{
  guint8 *bytes = buffer;

  while (count > 0)
    {
      gssize n = peerup_stream_await_read (self, bytes, count, deadline, error);

      if (n < 0)
        return FALSE;
      if (n == 0)
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The peer closed the stream early");
          return FALSE;
        }
      bytes += n;
      count -= n;
    }
  return TRUE;
}

gboolean
peerup_stream_await_write_all (PeerupStream *self, gconstpointer data, gsize count, gint64 deadline, GError **error)
{
  g_autoptr (PeerupStream) held = g_object_ref (self);
  const guint8 *bytes = data;

  while (count > 0)
    {
      g_autoptr (GError) local = NULL;
      gssize n = peerup_stream_write (self, bytes, count, &local);

      if (n > 0)
        {
          bytes += n;
          count -= n;
          continue;
        }
      if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (!stream_wait_until (self, G_IO_OUT, deadline, error))
        return FALSE;
    }
  return TRUE;
}

/* Byte by byte, so that nothing behind the prefix is taken. */
static gboolean
stream_await_length (PeerupStream *self, gsize max, gint64 deadline, gsize *length, GError **error)
{
  guint8 prefix[PEERUP_VARINT_SIZE_MAX];

  for (gsize n = 0; n < sizeof prefix;)
    {
      PeerupDecode answer;
      guint64 value;
      gsize used;

      if (!peerup_stream_await_read_exact (self, prefix + n, 1, deadline, error))
        return FALSE;
      answer = peerup_varint_decode (prefix, ++n, &value, &used);
      if (answer == PEERUP_DECODE_MALFORMED)
        break;
      if (answer == PEERUP_DECODE_NEED_MORE)
        continue;
      if (value > max)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                       "The peer announced a message of %" G_GUINT64_FORMAT " bytes, the limit is %" G_GSIZE_FORMAT,
                       value, max);
          return FALSE;
        }
      *length = value;
      return TRUE;
    }
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The peer sent a malformed length prefix");
  return FALSE;
}

GBytes *
peerup_stream_await_message (PeerupStream *self, gsize max, gint64 deadline, GError **error)
{
  g_autofree guint8 *message = NULL;
  gsize length = 0;

  if (!stream_await_length (self, max, deadline, &length, error))
    return NULL;
  message = g_malloc (MAX (length, 1));
  if (!peerup_stream_await_read_exact (self, message, length, deadline, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&message), length);
}

GBytes *
peerup_stream_await_rest (PeerupStream *self, gsize max, gint64 deadline, GError **error)
{
  g_autoptr (GByteArray) rest = g_byte_array_new ();
  guint8 chunk[4096];

  for (;;)
    {
      gssize n = peerup_stream_await_read (self, chunk, sizeof chunk, deadline, error);

      if (n < 0)
        return NULL;
      if (n == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&rest));
      if ((gsize) n > max - rest->len)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "The peer sent more than %" G_GSIZE_FORMAT " bytes",
                       max);
          return NULL;
        }
      g_byte_array_append (rest, chunk, n);
    }
}
