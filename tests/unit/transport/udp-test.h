/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport-test.h"
#include "transport/peerup-udp-socket-private.h"

/* UDP sockets that write down what they are called back with. */

/* One socket and what it was called back with. */
typedef struct
{
  PeerupUdpSocket *socket;
  PeerupSocketAddress address; /* where to send to it */
  GByteArray *bytes;           /* of QUIC */
  GArray *sizes;               /* of its datagrams */
  GByteArray *stun_bytes;
  guint n_stun;
  guint n_batches;
  PeerupDatagrams last; /* without data */
  gint64 now;
  PeerupSocketAddress error_remote;
  int error_code;
  guint n_errors;
} Side;

static inline void
check_batch (Side *self, const PeerupDatagrams *datagrams, gint64 now)
{
  g_assert_true (datagrams->length == 0 || (datagrams->segment > 0 && datagrams->segment <= datagrams->length));
  g_assert_cmpint (now, >=, self->now);
  g_assert_cmpint (now, <=, g_get_monotonic_time ());
  self->now = now;
  self->last = *datagrams;
  self->last.data = NULL;
}

static inline void
on_quic (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  Side *self = data;

  check_batch (self, datagrams, now);
  self->n_batches++;
  g_byte_array_append (self->bytes, datagrams->data, datagrams->length);
  for (gsize at = 0; at < datagrams->length; at += datagrams->segment)
    {
      guint size = MIN (datagrams->segment, datagrams->length - at);

      g_assert_cmpuint (datagrams->data[at], >=, 64);
      g_array_append_val (self->sizes, size);
    }
}

static inline void
on_stun (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  Side *self = data;

  check_batch (self, datagrams, now);
  g_assert_cmpuint (datagrams->length, ==, datagrams->segment);
  g_byte_array_append (self->stun_bytes, datagrams->data, datagrams->length);
  self->n_stun++;
}

static inline void
on_error (PeerupUdpSocket *socket, const PeerupSocketAddress *remote, int code, gpointer data)
{
  Side *self = data;

  self->error_remote = *remote;
  self->error_code = code;
  self->n_errors++;
}

static inline void
side_watch (Side *self)
{
  self->bytes = g_byte_array_new ();
  self->stun_bytes = g_byte_array_new ();
  self->sizes = g_array_new (FALSE, FALSE, sizeof (guint));
  peerup_udp_socket_set_func (self->socket, on_quic, self);
  peerup_udp_socket_set_stun_func (self->socket, on_stun, self);
  peerup_udp_socket_set_error_func (self->socket, on_error, self);
}

/* @bound may be a wildcard; it is reached at the loopback address. */
static inline void
side_init (Side *self, const char *bound)
{
  g_autoptr (GError) error = NULL;
  PeerupSocketAddress address;

  *self = (Side) { 0 };
  g_assert_true (peerup_socket_address_set (&address, bound, 0));
  self->socket = peerup_udp_socket_new (&address, &error);
  g_assert_no_error (error);
  peerup_udp_socket_get_address (self->socket, &address);
  g_assert_cmpuint (peerup_socket_address_get_port (&address), !=, 0);
  g_assert_true (peerup_socket_address_set (&self->address, address.any.sa_family == AF_INET ? "127.0.0.1" : "::1",
                                            peerup_socket_address_get_port (&address)));
  side_watch (self);
}

static inline void
side_clear (Side *self)
{
  g_clear_pointer (&self->socket, peerup_udp_socket_free);
  g_byte_array_unref (self->bytes);
  g_byte_array_unref (self->stun_bytes);
  g_array_unref (self->sizes);
}

static inline void
sides_init (Side sides[2], const char *bound)
{
  side_init (&sides[0], bound);
  side_init (&sides[1], bound);
}

static inline void
sides_clear (Side sides[2])
{
  side_clear (&sides[0]);
  side_clear (&sides[1]);
}

/* Bytes that pass for QUIC wherever they are cut. */
static inline guint8 *
make_bytes (gsize length)
{
  guint8 *bytes = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    bytes[i] = 64 + test_pattern (i) % 192;
  return bytes;
}

static inline void
side_send (Side *self, const Side *to, const guint8 *data, gsize length, gsize segment)
{
  PeerupDatagrams datagrams = {
    .remote = to->address,
    .data = (guint8 *) data,
    .length = length,
    .segment = segment,
  };

  peerup_udp_socket_send (self->socket, &datagrams);
}

static inline PeerupUdpFigures
side_figures (Side *self)
{
  PeerupUdpFigures figures;

  peerup_udp_socket_get_figures (self->socket, &figures);
  return figures;
}

/* Until @self has received as many datagrams, of whatever kind. */
static inline void
side_wait (Side *self, guint64 n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (side_figures (self).received < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
  test_spin ();
  g_assert_cmpuint (side_figures (self).received, ==, n);
}

static inline void
side_wait_error (Side *self, guint n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (self->n_errors < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static inline void
assert_sizes (Side *self, guint n, guint size, guint last)
{
  g_assert_cmpuint (self->sizes->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (self->sizes, guint, i), ==, i + 1 < n ? size : last);
}
