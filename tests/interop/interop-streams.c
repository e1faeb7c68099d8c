/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The cases of dial that hold streams open: many at once, one after the other, more than the
 * peer takes, and one that is silent for long. Each ends its streams before it returns. */

#include "interop-dial.h"
#include "wire/peerup-error.h"

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, text);
  return FALSE;
}

/* A stream whose first byte has come back. */
static PeerupStream *
open_answered (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) stream = interop_dial_open (self, self->protocol, error);
  guint8 first;

  if (stream == NULL || !interop_send (stream, 0, 1, NULL, self->deadline, error) ||
      !peerup_stream_await_read_exact (stream, &first, 1, self->deadline, error))
    return NULL;
  return g_steal_pointer (&stream);
}

/* The rest of it. */
static gboolean
finish_answered (InteropDial *self, PeerupStream *stream, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 n;

  return interop_dial_exchange (self, stream, 1, 1, &n, sum, error) &&
         (n + 1 == self->bytes || fail (error, "a stream returned another number of bytes"));
}

/* One fiber a stream. Where they meet (parallel), all wait until each has had its first byte back. */
typedef struct
{
  InteropDial *dial;
  gboolean meet;
  DexPromise *all_open;
  guint n_open;
} Parallel;

static gboolean
parallel_wait (Parallel *self, GError **error)
{
  if (!self->meet)
    return TRUE;
  if (++self->n_open == self->dial->count && dex_future_is_pending (DEX_FUTURE (self->all_open)))
    dex_promise_resolve_boolean (self->all_open, TRUE);
  return dex_await (dex_ref (self->all_open), error);
}

static gboolean
parallel_run_one (Parallel *self, GError **error)
{
  g_autoptr (PeerupStream) stream = open_answered (self->dial, error);

  return stream != NULL && parallel_wait (self, error) && finish_answered (self->dial, stream, error);
}

static DexFuture *
parallel_fiber (gpointer data)
{
  Parallel *self = data;
  g_autoptr (GError) error = NULL;

  if (parallel_run_one (self, &error))
    return dex_future_new_true ();
  if (dex_future_is_pending (DEX_FUTURE (self->all_open)))
    dex_promise_reject (self->all_open, g_error_copy (error));
  return dex_future_new_for_error (g_steal_pointer (&error));
}

static gboolean
run_many (InteropDial *self, gboolean meet, GError **error)
{
  g_autoptr (DexPromise) all_open = dex_promise_new ();
  g_autoptr (GPtrArray) fibers = g_ptr_array_new ();
  Parallel parallel = { .dial = self, .meet = meet, .all_open = all_open };
  gint64 start = g_get_monotonic_time ();
  gboolean passed = TRUE;

  if (!interop_dial_connect (self, error))
    return FALSE;
  for (guint i = 0; i < self->count; i++)
    g_ptr_array_add (fibers, dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, parallel_fiber, &parallel, NULL));
  for (guint i = 0; i < self->count; i++)
    passed = dex_await (fibers->pdata[i], passed ? error : NULL) && passed;
  json_object_set_int_member (self->result, "streams", self->count);
  json_object_set_int_member (self->result, "bytes", self->count * self->bytes);
  json_object_set_double_member (self->result, "seconds", (g_get_monotonic_time () - start) / 1e6);
  return passed;
}

gboolean
interop_run_parallel (InteropDial *self, GError **error)
{
  return run_many (self, TRUE, error);
}

/* Those that the peer does not take at once wait until others have ended. */
gboolean
interop_run_burst (InteropDial *self, GError **error)
{
  return run_many (self, FALSE, error);
}

gboolean
interop_run_sequential (InteropDial *self, GError **error)
{
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < self->count; i++)
    {
      g_autoptr (PeerupStream) stream = interop_dial_open (self, self->protocol, error);
      g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
      guint64 n;

      if (stream == NULL || !interop_dial_exchange (self, stream, 0, 0, &n, sum, error))
        return FALSE;
      if (n != self->bytes)
        return fail (error, "a stream returned another number of bytes");
      json_object_set_int_member (self->result, "streams", i + 1);
      json_object_set_int_member (self->result, "bytes", (i + 1) * self->bytes);
    }
  json_object_set_double_member (self->result, "seconds", (g_get_monotonic_time () - start) / 1e6);
  return TRUE;
}

/* crowd: the peer's limit is met, and nobody but the stream above it is hurt. */
static gboolean
crowd_fill (InteropDial *self, GPtrArray *held, GError **error)
{
  while (held->len < self->count)
    {
      PeerupStream *stream = open_answered (self, error);

      if (stream == NULL)
        return FALSE;
      g_ptr_array_add (held, stream);
    }
  return TRUE;
}

gboolean
interop_run_crowd (InteropDial *self, GError **error)
{
  g_autoptr (GPtrArray) held = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (PeerupStream) another = NULL;
  g_autoptr (GError) refusal = NULL;

  if (!interop_dial_connect (self, error))
    return FALSE;
  if (crowd_fill (self, held, &refusal))
    return fail (error, "no stream was refused");
  json_object_set_int_member (self->result, "streams", held->len);
  json_object_set_string_member (self->result, "refusal", refusal->message);
  for (guint i = 0; i < held->len; i++)
    if (!finish_answered (self, held->pdata[i], error))
      return FALSE;
  another = open_answered (self, error);
  return another != NULL && finish_answered (self, another, error);
}

/* idle: silent for --count seconds, with a stream that wants to live. */
gboolean
interop_run_idle (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) stream = open_answered (self, error);

  if (stream == NULL)
    return FALSE;
  dex_await (dex_future_first (dex_timeout_new_seconds (self->count), dex_timeout_new_deadline (self->deadline), NULL),
             NULL);
  return finish_answered (self, stream, error);
}
