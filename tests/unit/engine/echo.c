/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A TCP service that gives back what it gets, and its use through a forward.
 */
#include "echo.h"

#include <libdex.h>
#include <string.h>

#include "home.h"

static gboolean
echo (GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  g_output_stream_splice (output, input, G_OUTPUT_STREAM_SPLICE_NONE, NULL, NULL);
  return TRUE;
}

GSocketService *
echo_start (guint16 *port)
{
  GSocketService *service = g_threaded_socket_service_new (16);
  g_autoptr (GError) error = NULL;

  *port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (service), NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (service, "run", G_CALLBACK (echo), NULL);
  return service;
}

void
echo_assert (GIOStream *stream, const char *text)
{
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  GInputStream *input = g_io_stream_get_input_stream (stream);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (DexFuture) read = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[64] = { 0 };

  g_assert_true (await_true (dex_output_stream_write_bytes (output, bytes, 0), &error));
  read = dex_input_stream_read (input, buffer, sizeof buffer - 1, 0);
  g_assert_true (await_true (g_steal_pointer (&read), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, text);
}

GIOStream *
echo_connect (PeerupForward *forward)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnectable) address = NULL;
  g_autoptr (GError) error = NULL;
  GIOStream *stream;

  address =
    G_SOCKET_CONNECTABLE (g_inet_socket_address_new_from_string ("127.0.0.1", peerup_forward_get_port (forward)));
  stream = await_object (dex_socket_client_connect (client, address), &error);
  g_assert_no_error (error);
  return stream;
}
