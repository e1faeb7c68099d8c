/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The cases of dial; those about several streams, or early bytes, have files of their own.
 * Each runs in the fiber of its dial and leaves no fiber of its own behind: what it started
 * is reset and waited for, also where it fails. */

#include <gio/gunixinputstream.h>
#include <string.h>
#include <unistd.h>

#include "interop-dial.h"
#include "wire/peerup-error.h"

#define COPY_CHUNK 65536

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, text);
  return FALSE;
}

static gboolean
run_ping (InteropDial *self, GError **error)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (self->swarm, self->peer);
  JsonArray *rtts = json_array_new ();

  json_object_set_array_member (self->result, "rtts_us", rtts);
  if (!interop_dial_connect (self, error))
    return FALSE;
  for (guint i = 0; i < self->count; i++)
    {
      gint64 rtt = interop_dial_ping (self, pinger, error);

      if (rtt < 0)
        return FALSE;
      json_array_add_int_element (rtts, rtt);
    }
  return TRUE;
}

static gboolean
run_identify (InteropDial *self, GError **error)
{
  g_autoptr (PeerupPeerInfo) info = interop_dial_identify (self, error);

  if (info == NULL)
    return FALSE;
  interop_describe_info (self->result, info);
  return TRUE;
}

static void
emit_connected (PeerupPeerInfo *info)
{
  JsonObject *members = json_object_new ();

  interop_describe_info (members, info);
  interop_emit ("connected", members);
}

static void
on_push_line (const char *line, gpointer data)
{
  InteropDial *self = data;

  if (g_str_has_prefix (line, "protocol "))
    interop_serve_echo (self->swarm, line + strlen ("protocol "));
}

static gboolean
run_push (InteropDial *self, GError **error)
{
  g_autoptr (PeerupPeerInfo) info = interop_dial_identify (self, error);
  DexFuture *ended;

  if (info == NULL)
    return FALSE;
  ended = interop_read_commands (on_push_line, self);
  emit_connected (info);
  return dex_await (dex_future_first (ended, dex_timeout_new_deadline (self->deadline), NULL), error);
}

typedef struct
{
  InteropDial *dial;
  DexPromise *announced;
} Awaiting;

static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  Awaiting *awaiting = data;

  if (peerup_peer_info_has_protocol (info, awaiting->dial->protocol) &&
      dex_future_is_pending (DEX_FUTURE (awaiting->announced)))
    dex_promise_resolve_boolean (awaiting->announced, TRUE);
}

static gboolean
run_await_push (InteropDial *self, GError **error)
{
  g_autoptr (PeerupPeerInfo) before = interop_dial_identify (self, error);
  g_autoptr (PeerupPeerInfo) after = NULL;
  g_autoptr (DexPromise) announced = dex_promise_new ();
  Awaiting awaiting = { self, announced };
  gboolean pushed;

  if (before == NULL)
    return FALSE;
  if (self->protocol == NULL || peerup_peer_info_has_protocol (before, self->protocol))
    return fail (error, "identify announced the protocol already");
  g_signal_connect (self->identify, "identified", G_CALLBACK (on_identified), &awaiting);
  emit_connected (before);
  pushed = dex_await (dex_future_first (dex_ref (announced), dex_timeout_new_deadline (self->deadline), NULL), error);
  g_signal_handlers_disconnect_by_data (self->identify, &awaiting);
  if (!pushed)
    return FALSE;
  after = peerup_identify_dup_info (self->identify, self->peer);
  if (after == NULL)
    return fail (error, "the peer went after its push");
  interop_describe_info (self->result, after);
  return TRUE;
}

/* The bulk cases. */

gboolean
interop_dial_note_received (InteropDial *self, guint64 n, GChecksum *sum, gint64 start, GError **error)
{
  json_object_set_int_member (self->result, "bytes", n);
  json_object_set_string_member (self->result, "sha256", g_checksum_get_string (sum));
  json_object_set_double_member (self->result, "seconds", (g_get_monotonic_time () - start) / 1e6);
  if (n == self->bytes)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
               "%" G_GUINT64_FORMAT " bytes came instead of %" G_GUINT64_FORMAT, n, self->bytes);
  return FALSE;
}

/* Sends the pattern from @offset to @end, and half-closes. */
typedef struct
{
  PeerupStream *stream;
  guint64 offset;
  guint64 end;
  gint64 deadline;
} Sending;

static DexFuture *
send_fiber (gpointer data)
{
  Sending *sending = data;
  g_autoptr (GError) error = NULL;

  if (!interop_send (sending->stream, sending->offset, sending->end - sending->offset, NULL, sending->deadline, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  peerup_stream_close_write (sending->stream);
  return dex_future_new_true ();
}

gboolean
interop_dial_exchange (InteropDial *self, PeerupStream *stream, guint64 sent, guint64 received, guint64 *n,
                       GChecksum *sum, GError **error)
{
  Sending sending = { stream, sent, MAX (self->bytes, sent), self->deadline };
  DexFuture *sender = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, send_fiber, &sending, NULL);
  gboolean came = interop_receive (stream, received, n, sum, self->deadline, error);

  if (!came)
    peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
  return dex_await (sender, came ? error : NULL) && came;
}

static gboolean
run_echo (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) stream = interop_dial_open (self, self->protocol, error);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gint64 start = g_get_monotonic_time ();
  guint64 n;

  return stream != NULL && interop_dial_exchange (self, stream, 0, 0, &n, sum, error) &&
         interop_dial_note_received (self, n, sum, start, error);
}

static gboolean
run_half_close (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) stream = interop_dial_open (self, self->protocol, error);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gint64 start = g_get_monotonic_time ();
  guint64 n;

  if (stream == NULL || !interop_send (stream, 0, self->bytes, NULL, self->deadline, error))
    return FALSE;
  peerup_stream_close_write (stream);
  return interop_receive (stream, 0, &n, sum, self->deadline, error) &&
         interop_dial_note_received (self, n, sum, start, error);
}

static gboolean
run_sink (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) stream = interop_dial_open (self, INTEROP_SINK, error);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GBytes) answer = NULL;
  g_autofree char *expected = NULL;
  gint64 start = g_get_monotonic_time ();

  if (stream == NULL || !interop_send (stream, 0, self->bytes, sum, self->deadline, error))
    return FALSE;
  peerup_stream_close_write (stream);
  answer = peerup_stream_await_rest (stream, 1024, self->deadline, error);
  if (answer == NULL)
    return FALSE;
  expected = g_strdup_printf ("%s\n", g_checksum_get_string (sum));
  if (g_bytes_get_size (answer) != strlen (expected) ||
      memcmp (g_bytes_get_data (answer, NULL), expected, strlen (expected)) != 0)
    return fail (error, "the answer is not the hash of what was sent");
  return interop_dial_note_received (self, self->bytes, sum, start, error);
}

static gboolean
run_source (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) stream = interop_dial_open (self, INTEROP_SOURCE, error);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 count = GUINT64_TO_BE (self->bytes);
  gint64 start = g_get_monotonic_time ();
  guint64 n;

  if (stream == NULL || !peerup_stream_await_write_all (stream, &count, sizeof count, self->deadline, error))
    return FALSE;
  peerup_stream_close_write (stream);
  return interop_receive (stream, 0, &n, sum, self->deadline, error) &&
         interop_dial_note_received (self, n, sum, start, error);
}

/* The cases that end badly. */

/* A peer may reset before its answer to the negotiation is out: that counts too. */
static gboolean
run_reset (InteropDial *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (PeerupStream) stream = interop_dial_open (self, self->protocol, &local);
  g_autoptr (GBytes) rest = NULL;

  if (stream != NULL && peerup_stream_await_write_all (stream, &self->code, 1, self->deadline, &local))
    rest = peerup_stream_await_rest (stream, 1024, self->deadline, &local);
  if (rest != NULL)
    return fail (error, "the stream ended without a reset");
  if (!g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_RESET))
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "not a reset: ");
      return FALSE;
    }
  json_object_set_string_member (self->result, "reset", local->message);
  if (stream != NULL)
    json_object_set_int_member (self->result, "code", peerup_stream_get_reset_code (stream));
  return TRUE;
}

static gboolean
run_unsupported (InteropDial *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (PeerupStream) stream = interop_dial_open (self, self->protocol, &local);

  if (stream != NULL)
    return fail (error, "the peer took the protocol");
  if (!g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION))
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "not refused as unknown: ");
      return FALSE;
    }
  json_object_set_string_member (self->result, "refusal", local->message);
  return interop_dial_ping_once (self, error);
}

static gboolean
run_expect_refused (InteropDial *self, GError **error)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (self->swarm, self->peer);
  g_autoptr (GError) local = NULL;

  if (interop_dial_connect (self, &local) && interop_dial_ping (self, pinger, &local) >= 0)
    return fail (error, "the peer answered a ping");
  if (g_get_monotonic_time () >= self->deadline || strstr (local->message, "in time") != NULL)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "nobody refused in time: ");
      return FALSE;
    }
  if (strstr (local->message, "onnection refused") != NULL)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "nobody listens: ");
      return FALSE;
    }
  json_object_set_string_member (self->result, "refusal", local->message);
  return TRUE;
}

/* copy */

static DexFuture *
input_fiber (gpointer data)
{
  PeerupStream *stream = data;
  g_autoptr (GInputStream) in = g_unix_input_stream_new (0, FALSE);
  g_autoptr (GError) error = NULL;

  for (;;)
    {
      g_autoptr (GBytes) bytes =
        dex_await_boxed (dex_input_stream_read_bytes (in, COPY_CHUNK, G_PRIORITY_DEFAULT), &error);

      if (bytes == NULL)
        return dex_future_new_for_error (g_steal_pointer (&error));
      if (g_bytes_get_size (bytes) == 0)
        break;
      if (!peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), G_MAXINT64,
                                          &error))
        return dex_future_new_for_error (g_steal_pointer (&error));
    }
  peerup_stream_close_write (stream);
  return dex_future_new_true ();
}

/* Blocks where nobody reads standard output: nothing else would have to go on meanwhile. */
static gboolean
write_out (const guint8 *bytes, gsize n)
{
  return fwrite (bytes, 1, n, stdout) == n && fflush (stdout) == 0;
}

static gboolean
run_copy (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) stream = NULL;
  g_autofree guint8 *chunk = g_malloc (COPY_CHUNK);
  guint64 total = 0;
  gssize n;

  if (self->protocol == NULL)
    return fail (error, "copy needs --protocol");
  stream = interop_dial_open (self, self->protocol, error);
  if (stream == NULL)
    return FALSE;
  /* Standard input may have no end: it goes with the process. */
  dex_future_disown (
    dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, input_fiber, g_object_ref (stream), g_object_unref));
  while ((n = peerup_stream_await_read (stream, chunk, COPY_CHUNK, self->deadline, error)) > 0)
    {
      if (!write_out (chunk, n))
        return fail (error, "standard output is closed");
      total += n;
    }
  json_object_set_int_member (self->result, "bytes", total);
  return n == 0;
}

const InteropCase interop_cases[] = {
  { "ping", run_ping, NULL, 0, 5 },
  { "identify", run_identify, NULL, 0, 0 },
  { "push", run_push, NULL, 0, 0 },
  { "await-push", run_await_push, NULL, 0, 0 },
  { "echo", run_echo, INTEROP_ECHO, 65536, 0 },
  { "half-close", run_half_close, INTEROP_ECHO, 4096, 0 },
  { "early", interop_run_early, INTEROP_ECHO, 65536, 0 },
  { "early-unsupported", interop_run_early_unsupported, INTEROP_NOBODY, 1024, 0 },
  { "parallel", interop_run_parallel, INTEROP_ECHO, 65536, 100 },
  { "sequential", interop_run_sequential, INTEROP_ECHO, 64, 1000 },
  { "burst", interop_run_burst, INTEROP_ECHO, 64, 1500 },
  { "crowd", interop_run_crowd, INTEROP_ECHO, 64, 1000 },
  { "idle", interop_run_idle, INTEROP_ECHO, 64, 40 },
  { "sink", run_sink, NULL, 65536, 0 },
  { "source", run_source, NULL, 65536, 0 },
  { "reset", run_reset, INTEROP_RESET, 0, 0 },
  { "unsupported", run_unsupported, INTEROP_NOBODY, 0, 0 },
  { "expect-refused", run_expect_refused, NULL, 0, 0 },
  { "copy", run_copy, NULL, 0, 0 },
  { NULL },
};
