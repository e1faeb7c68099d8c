/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The original program's ping and its round-trip probe. Everything is one exchange in
 * one fiber with one deadline; there is nothing to keep. */

#include "protocols/peerup-text-ping.h"
#include "transport/peerup-fiber.h"

#include <string.h>

/* Reads up to the newline, or the end where @end_is_enough. TOO_LARGE for a longer line. */
static char *
await_line (PeerupStream *stream, gboolean end_is_enough, gint64 deadline, GError **error)
{
  char line[PEERUP_TEXT_PING_LINE_MAX + 1] = { 0 };
  gsize length = 0;

  while (memchr (line, '\n', length) == NULL)
    {
      gssize n;

      if (length == PEERUP_TEXT_PING_LINE_MAX)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "A line of a ping is longer than %d bytes",
                       PEERUP_TEXT_PING_LINE_MAX);
          return NULL;
        }
      n = peerup_stream_await_read (stream, line + length, PEERUP_TEXT_PING_LINE_MAX - length, deadline, error);
      if (n < 0)
        return NULL;
      if (n == 0 && end_is_enough)
        break;
      if (n == 0)
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The peer closed the stream early");
          return NULL;
        }
      length += n;
    }
  return g_strstrip (g_strdup (line));
}

static gboolean
answer (PeerupStream *stream, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_TEXT_PING_TIMEOUT;
  g_autofree char *line = await_line (stream, TRUE, deadline, error);
  const char *reply;

  if (line == NULL)
    return FALSE;
  reply = strcmp (line, "ping") == 0 ? "pong\n" : "unknown\n";
  return peerup_stream_await_write_all (stream, reply, strlen (reply), deadline, error);
}

static DexFuture *
answer_fiber (gpointer data)
{
  PeerupStream *stream = data;

  if (answer (stream, NULL))
    peerup_stream_close (stream);
  return dex_future_new_true ();
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  /* Let go: it ends by its deadline, and the stream with it. */
  dex_future_disown (peerup_fiber_run (answer_fiber, stream, g_object_unref));
}

void
peerup_text_ping_serve (PeerupSwarm *swarm, const char *protocol)
{
  g_return_if_fail (PEERUP_IS_SWARM (swarm));
  g_return_if_fail (protocol != NULL);

  peerup_swarm_add_protocol (swarm, protocol, on_stream, NULL, NULL);
}

typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  char *protocol;
  gint64 deadline;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_object_unref (question->swarm);
  peerup_peer_id_unref (question->peer);
  g_free (question->protocol);
  g_free (question);
}

static DexFuture *
question_start (PeerupSwarm *swarm, PeerupPeerId *peer, const char *protocol, gint64 deadline, DexFiberFunc func)
{
  Question *question = g_new0 (Question, 1);

  question->swarm = g_object_ref (swarm);
  question->peer = peerup_peer_id_ref (peer);
  question->protocol = g_strdup (protocol);
  question->deadline = deadline;
  return peerup_fiber_spawn (func, question, question_free);
}

static DexFuture *
ask_fiber (gpointer data)
{
  Question *question = data;
  const char *protocols[] = { question->protocol, NULL };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  gint64 start;
  gint64 rtt;

  stream = dex_await_object (peerup_swarm_open_stream (question->swarm, question->peer, protocols, question->deadline),
                             &error);
  if (stream == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));

  start = g_get_monotonic_time ();
  if (peerup_stream_await_write_all (stream, "ping\n", 5, question->deadline, &error))
    line = await_line (stream, FALSE, question->deadline, &error);
  rtt = g_get_monotonic_time () - start;
  if (line == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (strcmp (line, "pong") != 0)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The peer did not answer the ping with a pong");
  peerup_stream_close (stream);
  return dex_future_new_for_int64 (rtt);
}

DexFuture *
peerup_text_ping (PeerupSwarm *swarm, PeerupPeerId *peer, const char *protocol, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (peer != NULL, NULL);
  g_return_val_if_fail (protocol != NULL, NULL);

  return question_start (swarm, peer, protocol, deadline, ask_fiber);
}

static PeerupConnection *
await_connection (Question *question, GError **error)
{
  g_autoptr (GError) local = NULL;
  DexFuture *connecting = dex_future_first (peerup_swarm_connect (question->swarm, question->peer),
                                            dex_timeout_new_deadline (question->deadline), NULL);
  PeerupConnection *connection = dex_await_object (connecting, &local);

  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "%s could not be reached in time",
                 peerup_peer_id_get_string (question->peer));
  else if (connection == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return connection;
}

static DexFuture *
probe_fiber (gpointer data)
{
  Question *question = data;
  const char *protocols[] = { question->protocol, NULL };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start;

  connection = await_connection (question, &error);
  if (connection == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));

  start = g_get_monotonic_time ();
  stream =
    dex_await_object (peerup_swarm_open_stream_on (question->swarm, connection, protocols, question->deadline), &error);
  if (stream == NULL && !g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION))
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_for_int64 (g_get_monotonic_time () - start);
}

DexFuture *
peerup_rtt_probe (PeerupSwarm *swarm, PeerupPeerId *peer, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (peer != NULL, NULL);

  return question_start (swarm, peer, PEERUP_RTT_PROBE_PROTOCOL, deadline, probe_fiber);
}
