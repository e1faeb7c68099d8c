/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the tests of the yamux connection stand on: a pair over a memory pipe, and the
 * main loop turned by hand.
 */
#include "yamux-fixture.h"

#include "transport/peerup-pipe-stream.h"
#include "transport/peerup-socket-stream.h"
#include "yamux-side.h"

#include <sys/socket.h>

static PeerupConnection *
new_connection (PeerupStream *io, gboolean is_client, const PeerupYamuxLimits *limits)
{
  guint8 bytes[32] = { is_client };
  g_autoptr (PeerupPublicKey) key = peerup_public_key_new (PEERUP_KEY_ED25519, bytes, sizeof bytes, NULL);
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_public_key (key);
  PeerupConnectionInfo info = {
    .remote_key = key,
    .remote_peer = peer,
    .transport = "memory",
    .security = "/plaintext/2.0.0",
    .muxer = "/yamux/1.0.0",
    .outbound = is_client,
  };

  return peerup_yamux_connection_new (io, &info, is_client, limits);
}

static void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_ptr_array_add (data, g_object_ref (stream));
}

Fixture *
fixture_new_raw (gsize capacity, const PeerupYamuxLimits *limits)
{
  Fixture *self = g_new0 (Fixture, 1);
  PeerupStream *io;

  peerup_pipe_stream_new_pair (capacity, &io, &self->raw);
  self->accepted = g_ptr_array_new_with_free_func (g_object_unref);
  self->a = new_connection (io, TRUE, limits);
  peerup_connection_set_stream_func (self->a, on_stream, self->accepted);
  settle_down ();
  assert_raw (self, "P:S:0:1");
  return self;
}

/* Takes both. */
static Fixture *
fixture_new_over (PeerupStream *a, PeerupStream *b, const PeerupYamuxLimits *limits)
{
  Fixture *self = g_new0 (Fixture, 1);

  self->accepted = g_ptr_array_new_with_free_func (g_object_unref);
  self->a = new_connection (a, TRUE, limits);
  self->b = new_connection (b, FALSE, limits);
  peerup_connection_set_stream_func (self->b, on_stream, self->accepted);
  spin_until (peerup_connection_get_rtt (self->a) > 0 && peerup_connection_get_rtt (self->b) > 0);
  return self;
}

Fixture *
fixture_new (gsize capacity, const PeerupYamuxLimits *limits)
{
  PeerupStream *a, *b;

  peerup_pipe_stream_new_pair (capacity, &a, &b);
  return fixture_new_over (a, b, limits);
}

Fixture *
fixture_new_sockets (void)
{
  int fds[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  return fixture_new_over (peerup_socket_stream_new (fds[0], NULL), peerup_socket_stream_new (fds[1], NULL), NULL);
}

static void
drop_connection (PeerupConnection **connection)
{
  if (*connection == NULL)
    return;
  peerup_connection_close (*connection, PEERUP_CONNECTION_CODE_NONE);
  spin_until (peerup_connection_is_closed (*connection));
  g_assert_finalize_object (g_steal_pointer (connection));
}

void
fixture_free (Fixture *self)
{
  g_clear_pointer (&self->accepted, g_ptr_array_unref);
  if (self->raw != NULL)
    peerup_stream_reset (self->raw, 0);
  drop_connection (&self->a);
  drop_connection (&self->b);
  g_clear_object (&self->raw);
  g_free (self);
}

void
settle_down (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

PeerupStream *
fixture_open (Fixture *self)
{
  g_autoptr (DexFuture) future = peerup_connection_open_stream (self->a);
  g_autoptr (GError) error = NULL;
  const GValue *value;

  spin_until (!dex_future_is_pending (future));
  value = dex_future_get_value (future, &error);
  g_assert_no_error (error);
  return g_value_dup_object (value);
}

PeerupStream *
fixture_join (Fixture *self, PeerupStream **accepted)
{
  guint before = self->accepted->len;
  PeerupStream *stream = fixture_open (self);

  spin_until (self->accepted->len > before);
  *accepted = g_object_ref (self->accepted->pdata[before]);
  g_ptr_array_set_size (self->accepted, before);
  return stream;
}

GByteArray *
read_now (PeerupStream *stream)
{
  GByteArray *bytes = g_byte_array_new ();
  guint8 buffer[4096];
  gssize n;

  while ((n = peerup_stream_read (stream, buffer, sizeof buffer, NULL)) > 0)
    g_byte_array_append (bytes, buffer, n);
  return bytes;
}

void
raw_send (Fixture *self, const char *frames)
{
  g_autoptr (GByteArray) bytes = frames_to_bytes (frames);

  g_assert_cmpint (peerup_stream_write (self->raw, bytes->data, bytes->len, NULL), ==, bytes->len);
  settle_down ();
}

char *
raw_take (Fixture *self)
{
  g_autoptr (GByteArray) bytes = NULL;

  settle_down ();
  bytes = read_now (self->raw);
  return bytes_to_frames (bytes);
}
