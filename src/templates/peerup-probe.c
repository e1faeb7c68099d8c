/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Conversations with ports of this machine: a connection, at most one question, and the bytes that come. Each has a
 * deadline and a bound, so nothing that listens here can hold or fill this process. No proxy and no resolver is asked:
 * nothing leaves the machine.
 */
#include "templates/peerup-probe.h"

#include <string.h>

#define READ_SIZE (16 * 1024)

typedef struct
{
  const PeerupProbeTarget *target;
  gint64 deadline;
  GIOStream *stream;
} Talk;

static void
talk_clear (Talk *self)
{
  g_clear_object (&self->stream);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Talk, talk_clear)

/* Takes @future. FALSE: it has not come in time, or has failed. */
static gboolean
wait_for (Talk *self, DexFuture *future)
{
  DexFuture *first;

  if (self->target->until != NULL)
    first = dex_future_first (dex_ref (future), dex_timeout_new_deadline (self->deadline),
                              dex_ref (self->target->until), NULL);
  else
    first = dex_future_first (dex_ref (future), dex_timeout_new_deadline (self->deadline), NULL);
  dex_await (first, NULL);
  return dex_future_is_resolved (future);
}

static gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer data)
{
  /* It is this machine that answers, whoever it says to be. */
  return TRUE;
}

static gboolean
talk_begin_tls (Talk *self)
{
  g_autoptr (GIOStream) base = g_steal_pointer (&self->stream);

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    return FALSE;
  self->stream = g_tls_client_connection_new (base, NULL, NULL);
  if (self->stream == NULL)
    return FALSE;
  g_tls_connection_set_database (G_TLS_CONNECTION (self->stream), NULL);
  g_signal_connect (self->stream, "accept-certificate", G_CALLBACK (on_certificate), NULL);
  return TRUE;
}

static gboolean
talk_begin (Talk *self, gboolean tls)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (self->target->host);
  g_autoptr (GSocketAddress) socket = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (DexFuture) future = NULL;

  g_return_val_if_fail (address != NULL && g_inet_address_get_is_loopback (address), FALSE);
  socket = g_inet_socket_address_new (address, self->target->port);
  g_socket_client_set_enable_proxy (client, FALSE);
  future = dex_socket_client_connect (client, G_SOCKET_CONNECTABLE (socket));
  if (!wait_for (self, future))
    return FALSE;
  self->stream = g_value_dup_object (dex_future_get_value (future, NULL));
  return !tls || talk_begin_tls (self);
}

static gboolean
talk_send (Talk *self, GBytes *bytes)
{
  GOutputStream *output = g_io_stream_get_output_stream (self->stream);
  g_autoptr (DexFuture) future = dex_output_stream_write_bytes (output, bytes, G_PRIORITY_DEFAULT);

  /* What is smaller than any buffer goes in one piece. */
  return wait_for (self, future) &&
         (gsize) g_value_get_int64 (dex_future_get_value (future, NULL)) == g_bytes_get_size (bytes);
}

/* FALSE: the end, or too late. */
static gboolean
talk_read (Talk *self, GByteArray *answer)
{
  GInputStream *input = g_io_stream_get_input_stream (self->stream);
  gsize count = MIN (READ_SIZE, PEERUP_PROBE_ANSWER_MAX - answer->len);
  g_autoptr (DexFuture) future = NULL;
  GBytes *bytes;

  if (count == 0)
    return FALSE;
  future = dex_input_stream_read_bytes (input, count, G_PRIORITY_DEFAULT);
  if (!wait_for (self, future))
    return FALSE;
  bytes = g_value_get_boxed (dex_future_get_value (future, NULL));
  g_byte_array_append (answer, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  return g_bytes_get_size (bytes) > 0;
}

GByteArray *
peerup_probe_ask (const PeerupProbeTarget *target, const PeerupTemplate *template, GByteArray **other)
{
  gint64 now = g_get_monotonic_time ();
  gint64 deadline = target->patient ? target->deadline : MIN (target->deadline, now + PEERUP_PROBE_TIMEOUT);
  g_auto (Talk) talk = { target, deadline, NULL };
  g_autoptr (GBytes) question = peerup_probe_make_question (template, target->host, target->port);
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  PeerupProbeVerdict verdict;

  if (template->probe == PEERUP_PROBE_NONE || !talk_begin (&talk, template->probe == PEERUP_PROBE_TLS_HTTP) ||
      (question != NULL && !talk_send (&talk, question)))
    return NULL;
  do
    {
      gboolean more = talk_read (&talk, answer);

      verdict = peerup_probe_judge (template, answer->data, answer->len, !more);
    }
  while (verdict == PEERUP_PROBE_MORE);
  if (verdict == PEERUP_PROBE_YES)
    return g_steal_pointer (&answer);
  if (other != NULL && answer->len > 0)
    *other = g_steal_pointer (&answer);
  return NULL;
}

GByteArray *
peerup_probe_listen (const PeerupProbeTarget *target)
{
  gint64 now = g_get_monotonic_time ();
  g_auto (Talk) talk = { target, MIN (target->deadline, now + PEERUP_PROBE_LISTEN), NULL };
  g_autoptr (GByteArray) answer = g_byte_array_new ();

  if (!talk_begin (&talk, FALSE))
    return NULL;
  while (talk_read (&talk, answer) && memchr (answer->data, '\n', answer->len) == NULL)
    ;
  return answer->len > 0 ? g_steal_pointer (&answer) : NULL;
}
