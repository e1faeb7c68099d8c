/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A thread for each connection. */
#include "speakers.h"

#include <string.h>

#include "templates/peerup-probe.h"

struct _Speaker
{
  GSocketService *service;
  SpeakerManner manner;
  const char *says;
  gsize length;
  const char *wants;
  guint16 port;
  guint n;
};

static gboolean
say (Speaker *self, GIOStream *stream)
{
  return g_output_stream_write_all (g_io_stream_get_output_stream (stream), self->says, self->length, NULL, NULL, NULL);
}

static void
wait_for_end (GIOStream *stream)
{
  char buffer[4096];

  while (g_input_stream_read (g_io_stream_get_input_stream (stream), buffer, sizeof buffer, NULL, NULL) > 0)
    ;
}

/* Whether the question was the one that is wanted. */
static gboolean
hear (Speaker *self, GIOStream *stream)
{
  char buffer[4096];
  gssize n = g_input_stream_read (g_io_stream_get_input_stream (stream), buffer, sizeof buffer, NULL, NULL);

  return n > 0 && (self->wants == NULL || memmem (buffer, n, self->wants, strlen (self->wants)) != NULL);
}

static void
speak (Speaker *self, GIOStream *stream)
{
  switch (self->manner)
    {
    case SPEAKER_LATE:
      g_usleep (PEERUP_PROBE_TIMEOUT + G_USEC_PER_SEC / 2);
      G_GNUC_FALLTHROUGH;
    case SPEAKER_FIRST:
      if (say (self, stream))
        wait_for_end (stream);
      break;
    case SPEAKER_ASKED:
    case SPEAKER_LASTING:
      if (hear (self, stream) && say (self, stream) && self->manner == SPEAKER_LASTING)
        wait_for_end (stream);
      break;
    case SPEAKER_ENDLESS:
      while (say (self, stream))
        ;
      break;
    case SPEAKER_SILENT:
    default:
      wait_for_end (stream);
    }
}

static gboolean
on_run (GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  Speaker *self = data;

  g_atomic_int_inc (&self->n);
  speak (self, G_IO_STREAM (connection));
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  return TRUE;
}

static void
start (Speaker *self)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (address, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  self->service = g_threaded_socket_service_new (64);
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (self->service, "run", G_CALLBACK (on_run), self);
  g_socket_service_start (self->service);
}

Speaker *
speaker_new (SpeakerManner manner, const char *says, gssize length, const char *wants)
{
  Speaker *self = g_new0 (Speaker, 1);

  self->manner = manner;
  self->says = says;
  self->length = length >= 0 ? (gsize) length : strlen (says);
  self->wants = wants;
  start (self);
  return self;
}

guint16
speaker_get_port (Speaker *self)
{
  return self->port;
}

guint
speaker_get_n (Speaker *self)
{
  return (guint) g_atomic_int_get (&self->n);
}

void
speaker_free (Speaker *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  /* The threads of the connections hold it; those who spoke with them are gone, so they end. */
  g_object_add_weak_pointer (G_OBJECT (self->service), (gpointer *) &self->service);
  g_object_unref (self->service);
  while (g_atomic_pointer_get (&self->service) != NULL)
    if (!g_main_context_iteration (NULL, FALSE))
      g_thread_yield ();
  g_free (self);
}
