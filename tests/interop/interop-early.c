/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The cases of dial in which bytes go ahead of the peer's answer to the proposal of a protocol, as
 * those of a forward's client do. A pair of sockets stands for that client: what waits in one
 * of them goes ahead, and the rest is spliced, until the case ends. */

#include <gio/gio.h>
#include <sys/socket.h>

#include "interop-dial.h"
#include "transport/peerup-splice.h"
#include "wire/peerup-error.h"

/* Bytes written before the stream is opened; a socket holds them, and all of them go ahead. */
#define AHEAD 4096

static gboolean
make_sockets (PeerupStream **client, PeerupStream **forwarded, GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), "No sockets");
      return FALSE;
    }
  *client = peerup_socket_stream_new (fds[0], error);
  *forwarded = peerup_socket_stream_new (fds[1], *client != NULL ? error : NULL);
  return *client != NULL && *forwarded != NULL;
}

/* Opens a stream with the first bytes of the pattern ahead, which wait in *@forwarded. */
static PeerupStream *
open_early (InteropDial *self, PeerupStream **client, PeerupStream **forwarded, GError **error)
{
  if (!make_sockets (client, forwarded, error) || !interop_dial_connect (self, error) ||
      !interop_send (*client, 0, MIN (self->bytes, AHEAD), NULL, self->deadline, error))
    return NULL;
  return dex_await_object (peerup_swarm_open_stream_early (self->swarm, self->peer, self->protocol,
                                                           PEERUP_SOCKET_STREAM (*forwarded), self->deadline),
                           error);
}

/* How a splice ends shows in what the client gets. */
static void
on_spliced (PeerupSplice *splice, PeerupStream *failed, const GError *error, gpointer data)
{
}

gboolean
interop_run_early (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) client = NULL;
  g_autoptr (PeerupStream) forwarded = NULL;
  g_autoptr (PeerupStream) stream = open_early (self, &client, &forwarded, error);
  g_autoptr (PeerupSplice) splice = NULL;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gint64 start = g_get_monotonic_time ();
  guint64 ahead = MIN (self->bytes, AHEAD), n;

  if (stream == NULL)
    return FALSE;
  json_object_set_int_member (self->result, "ahead",
                              peerup_socket_stream_take_shown (PEERUP_SOCKET_STREAM (forwarded)));
  splice = peerup_splice_new (forwarded, stream, on_spliced, NULL);
  return interop_dial_exchange (self, client, ahead, 0, &n, sum, error) &&
         interop_dial_note_received (self, n, sum, start, error);
}

/* A peer that takes the early bytes for a second proposal may reset the stream before its "no" is read. */
gboolean
interop_run_early_unsupported (InteropDial *self, GError **error)
{
  g_autoptr (PeerupStream) client = NULL;
  g_autoptr (PeerupStream) forwarded = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (PeerupStream) stream = open_early (self, &client, &forwarded, &local);

  if (stream != NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "the peer took the protocol");
      return FALSE;
    }
  if (!g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION) &&
      !g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_RESET))
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "not refused: ");
      return FALSE;
    }
  json_object_set_string_member (self->result, "refusal", local->message);
  return interop_dial_ping_once (self, error);
}
