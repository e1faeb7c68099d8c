/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Guests of a swarm whose gate refuses them. */

#include "swarm-node.h"

#define FIRST  "/test/first/1.0.0"
#define SECOND "/test/second/1.0.0"

typedef struct
{
  Node host, guest;
  PeerupConnection *came; /* the last one */
  guint n_came, n_streams;
} Fixture;

static gboolean
expects (PeerupSwarm *swarm, PeerupMultiaddr *remote, gpointer data)
{
  return TRUE;
}

static void
came (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  Fixture *self = data;

  g_set_object (&self->came, connection);
  self->n_came++;
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  ((Fixture *) data)->n_streams++;
  peerup_stream_close (stream);
  g_object_unref (stream);
}

static void
add_guests (Fixture *self, const char *protocol)
{
  const PeerupSwarmGuests guests = { protocol, expects, came, on_stream, self };

  peerup_swarm_add_guests (self->host.swarm, &guests);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  *self = (Fixture) { .came = NULL };
  node_init (&self->host, 1, NODE_TCP);
  node_init (&self->guest, 2, NODE_SILENT);
  node_learn (&self->guest, &self->host);
  self->host.deny = node_id (&self->guest);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->came);
  node_clear (&self->guest);
  node_clear (&self->host);
}

static void
connect_guest (Fixture *self)
{
  g_autoptr (PeerupConnection) connection = node_connect (&self->guest, &self->host);
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (self->came == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* One exception has done with a guest that another expects, too. */
static void
test_release (Fixture *self, gconstpointer data)
{
  add_guests (self, FIRST);
  add_guests (self, SECOND);
  connect_guest (self);
  g_assert_cmpuint (self->n_came, ==, 2);
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->host.swarm), ==, 1);
  peerup_swarm_release_guest (self->host.swarm, self->came, FIRST, PEERUP_CONNECTION_CODE_GATED);
  peerup_swarm_release_guest (self->host.swarm, self->came, FIRST, PEERUP_CONNECTION_CODE_GATED);
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->host.swarm), ==, 1);
  g_assert_false (peerup_connection_is_closed (self->came));
  peerup_swarm_release_guest (self->host.swarm, self->came, SECOND, PEERUP_CONNECTION_CODE_GATED);
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->host.swarm), ==, 0);
  node_wait_connections (&self->guest, &self->host, 0);
  peerup_swarm_release_guest (self->host.swarm, self->came, SECOND, PEERUP_CONNECTION_CODE_GATED);
}

/* What it was released from is not served to it any more. */
static void
test_released_protocol (Fixture *self, gconstpointer data)
{
  static const char *const first[] = { FIRST, NULL };
  static const char *const second[] = { SECOND, NULL };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  add_guests (self, FIRST);
  add_guests (self, SECOND);
  connect_guest (self);
  peerup_swarm_release_guest (self->host.swarm, self->came, FIRST, PEERUP_CONNECTION_CODE_GATED);
  error =
    test_take_error (peerup_swarm_open_stream (self->guest.swarm, node_id (&self->host), first, test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  stream =
    test_take_object (peerup_swarm_open_stream (self->guest.swarm, node_id (&self->host), second, test_deadline ()),
                      NULL);
  g_assert_nonnull (stream);
}

#define ADD(path, func) g_test_add ("/swarm/guest/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("release", test_release);
  ADD ("released-protocol", test_released_protocol);
  return g_test_run ();
}
