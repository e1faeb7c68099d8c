/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A relay's rendezvous on its swarm: streams that are read, answered and closed, guests and how long they stay, and
 * what is written down. What is answered stands in peerup-rendezvous-answer.c. Requests hold the server, which serves
 * nobody any more once its owner has freed it. */

#include "relay/peerup-rendezvous-server.h"

#include "relay/peerup-rendezvous-server-private.h"
#include "relay/peerup-rendezvous-store.h"
#include "transport/peerup-fiber.h"

/* The clock may be set and the machine may sleep, so what is over is looked for this often, seconds. */
#define LOOK_MAX 60

static void server_follow (PeerupRendezvousServer *self);

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
server_clear (gpointer data)
{
  PeerupRendezvousServer *self = data;

  g_assert (self->swarm == NULL);
  g_free (self->directory);
  peerup_rendezvous_table_free (self->table);
  peerup_rendezvous_rates_free (self->rates);
}

static void
server_unref (gpointer data)
{
  g_rc_box_release_full (data, server_clear);
}

/* Requests */

typedef struct
{
  PeerupRendezvousServer *server;
  PeerupConnection *connection;
  PeerupStream *stream;
  gboolean is_flood;
} Request;

static void
request_free (gpointer data)
{
  Request *self = data;

  self->server->n_requests--;
  server_unref (self->server);
  g_object_unref (self->connection);
  g_object_unref (self->stream);
  g_free (self);
}

/* (transfer full) (nullable): nobody is there, on either side. */
static GBytes *
request_make_answer (Request *self)
{
  g_autoptr (GBytes) bytes = NULL;
  GBytes *answer;

  if (self->is_flood)
    return peerup_rendezvous_server_answer_flood (self->server);
  bytes = peerup_stream_await_message (self->stream, PEERUP_RENDEZVOUS_REQUEST_MAX,
                                       g_get_monotonic_time () + PEERUP_RENDEZVOUS_REQUEST_TIME, NULL);
  if (bytes == NULL || self->server->swarm == NULL)
    return NULL;
  answer = peerup_rendezvous_server_answer (self->server, self->connection, bytes);
  server_follow (self->server);
  return answer;
}

static DexFuture *
request_fiber (gpointer data)
{
  Request *self = data;
  g_autoptr (GBytes) answer = request_make_answer (self);

  if (answer != NULL &&
      peerup_stream_await_write_all (self->stream, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer),
                                     g_get_monotonic_time () + PEERUP_RENDEZVOUS_REQUEST_TIME, NULL))
    peerup_stream_close (self->stream);
  else
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_PROTOCOL_VIOLATION);
  return dex_future_new_true ();
}

static void
server_take (PeerupRendezvousServer *self, PeerupConnection *connection, PeerupStream *stream, gboolean is_flood)
{
  Request *request;

  if (self->n_requests >= PEERUP_RENDEZVOUS_REQUESTS_MAX)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (stream);
      return;
    }
  self->n_requests++;
  request = g_new (Request, 1);
  *request = (Request) { g_rc_box_acquire (self), g_object_ref (connection), stream, is_flood };
  /* Let go: it ends by its deadlines, and the stream with it. */
  dex_future_disown (peerup_fiber_run (request_fiber, request, request_free));
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupRendezvousServer *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  server_take (self, connection, stream,
               !peerup_rendezvous_rates_take_request (self->rates, peer, g_get_monotonic_time ()));
}

/* The swarm counts a guest's streams. */
static void
on_guest_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  server_take (data, connection, stream, FALSE);
}

/* Guests */

typedef struct
{
  PeerupRendezvousServer *server; /* owns this */
  PeerupConnection *connection;
  guint64 host;
  PeerupTimer timer;
} Guest;

static guint64
get_host (PeerupConnection *connection)
{
  return peerup_swarm_get_host (peerup_connection_get_info (connection)->remote_address);
}

static void
on_guest_closed (PeerupConnection *connection, gpointer data)
{
  Guest *self = data;

  g_ptr_array_remove_fast (self->server->guests, self);
}

static void
on_guest_time (gpointer data)
{
  Guest *self = data;
  g_autoptr (PeerupConnection) connection = g_object_ref (self->connection);
  PeerupSwarm *swarm = self->server->swarm;

  g_ptr_array_remove_fast (self->server->guests, self);
  peerup_swarm_release_guest (swarm, connection, PEERUP_RENDEZVOUS_PROTOCOL, PEERUP_CONNECTION_CODE_GATED);
}

static void
guest_free (gpointer data)
{
  Guest *self = data;

  g_signal_handlers_disconnect_by_func (self->connection, on_guest_closed, self);
  g_object_unref (self->connection);
  peerup_timer_clear (&self->timer);
  g_free (self);
}

static guint
count_guests_of (PeerupRendezvousServer *self, guint64 host)
{
  guint n = 0;

  for (guint i = 0; i < self->guests->len; i++)
    n += ((Guest *) self->guests->pdata[i])->host == host;
  return n;
}

gboolean
peerup_rendezvous_server_is_guest (PeerupRendezvousServer *self, PeerupConnection *connection)
{
  for (guint i = 0; i < self->guests->len; i++)
    if (((Guest *) self->guests->pdata[i])->connection == connection)
      return TRUE;
  return FALSE;
}

static gboolean
expects_guest (PeerupSwarm *swarm, PeerupMultiaddr *remote, gpointer data)
{
  PeerupRendezvousServer *self = data;
  guint64 host = peerup_swarm_get_host (remote);

  /* Nobody's own: through a relay. */
  return host != 0 && self->guests->len < PEERUP_RENDEZVOUS_GUESTS_MAX &&
         count_guests_of (self, host) < PEERUP_RENDEZVOUS_GUESTS_OF_HOST &&
         peerup_rendezvous_rates_allow_pass (self->rates, host, g_get_monotonic_time ());
}

static void
on_guest (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupRendezvousServer *self = data;
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  Guest *guest = g_new0 (Guest, 1);

  guest->server = self;
  guest->connection = g_object_ref (connection);
  guest->host = get_host (connection);
  peerup_timer_init (&guest->timer, reactor, on_guest_time, guest);
  peerup_timer_set (&guest->timer, g_get_monotonic_time () + PEERUP_RENDEZVOUS_GUEST_TIME);
  g_signal_connect (connection, "closed", G_CALLBACK (on_guest_closed), guest);
  g_ptr_array_add (self->guests, guest);
}

static void
server_let_guests_in (PeerupRendezvousServer *self, gboolean in)
{
  const PeerupSwarmGuests guests = {
    .protocol = PEERUP_RENDEZVOUS_PROTOCOL,
    .expects = expects_guest,
    .came = on_guest,
    .stream = on_guest_stream,
    .data = self,
  };

  if (in == self->has_guests)
    return;
  self->has_guests = in;
  if (in)
    peerup_swarm_add_guests (self->swarm, &guests);
  else
    {
      peerup_swarm_remove_guests (self->swarm, PEERUP_RENDEZVOUS_PROTOCOL);
      /* Those that somebody else expects, too, are there still. */
      g_ptr_array_set_size (self->guests, 0);
    }
}

/* The table */

static gboolean
on_keep (const PeerupRendezvousKept *invite, gpointer data, GError **error)
{
  PeerupRendezvousServer *self = data;
  g_autoptr (GError) local = NULL;

  if (self->directory != NULL && peerup_rendezvous_store_keep (self->directory, invite, &local))
    return TRUE;
  g_message ("An invite is not kept: %s", local != NULL ? local->message : "there is no directory for it");
  /* Paths are not the peer's business. */
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                       g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ? "the relay's disk is full"
                                                                                 : "the relay cannot write that down");
  return FALSE;
}

static void
on_forget (const PeerupRendezvousKept *invite, gpointer data)
{
  PeerupRendezvousServer *self = data;

  if (self->directory != NULL)
    peerup_rendezvous_store_forget (self->directory, invite);
}

static void
on_gone (PeerupPeerId *visitor, gpointer data)
{
  PeerupRendezvousServer *self = data;

  if (self->host.admit_until != NULL)
    self->host.admit_until (visitor, 0, self->host.data);
}

static void
server_restore (PeerupRendezvousServer *self)
{
  g_autoptr (GPtrArray) all = peerup_rendezvous_store_load (self->directory, PEERUP_RENDEZVOUS_IN_ALL_MAX);

  for (guint i = 0; i < all->len; i++)
    if (!peerup_rendezvous_table_restore (self->table, all->pdata[i], get_now ()))
      on_forget (all->pdata[i], self);
}

static void
on_time (gpointer data)
{
  PeerupRendezvousServer *self = data;

  peerup_rendezvous_table_advance (self->table, get_now ());
  server_follow (self);
}

/* After each change. */
static void
server_follow (PeerupRendezvousServer *self)
{
  gint64 next = peerup_rendezvous_table_get_next_end (self->table);
  gint64 now = get_now ();

  server_let_guests_in (self, !self->draining && self->host.admit_until != NULL &&
                                peerup_rendezvous_table_get_n_passes (self->table) > 0);
  if (next == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else if (next - now > LOOK_MAX)
    peerup_timer_set (&self->timer, g_get_monotonic_time () + LOOK_MAX * G_USEC_PER_SEC);
  else
    peerup_timer_set (&self->timer, g_get_monotonic_time () + MAX (next * G_USEC_PER_SEC - g_get_real_time (), 0));
}

void
peerup_rendezvous_server_set_draining (PeerupRendezvousServer *self, gboolean draining)
{
  self->draining = draining;
  server_follow (self);
}

/* Looking */

gboolean
peerup_rendezvous_server_is_visitor (PeerupRendezvousServer *self, PeerupPeerId *peer)
{
  return peerup_rendezvous_table_is_visitor (self->table, peer, NULL, get_now ());
}

gboolean
peerup_rendezvous_server_may_reach (PeerupRendezvousServer *self, PeerupPeerId *visitor, PeerupPeerId *target)
{
  return peerup_rendezvous_table_is_visitor (self->table, visitor, target, get_now ());
}

guint
peerup_rendezvous_server_get_n_numbers (PeerupRendezvousServer *self)
{
  return peerup_rendezvous_table_get_n_numbers (self->table);
}

void
peerup_rendezvous_server_get_figures (PeerupRendezvousServer *self, PeerupRendezvousFigures *figures)
{
  *figures = self->figures;
}

/* Life */

PeerupRendezvousServer *
peerup_rendezvous_server_new (PeerupSwarm *swarm, const PeerupRendezvousHost *host, const char *directory)
{
  static const PeerupRendezvousTableFuncs funcs = { on_keep, on_forget, on_gone };
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  PeerupRendezvousServer *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (host != NULL && host->is_member != NULL, NULL);

  self = g_rc_box_new0 (PeerupRendezvousServer);
  self->swarm = g_object_ref (swarm);
  self->host = *host;
  self->directory = g_strdup (directory);
  self->table = peerup_rendezvous_table_new (&funcs, self);
  self->rates = peerup_rendezvous_rates_new ();
  self->guests = g_ptr_array_new_with_free_func (guest_free);
  peerup_timer_init (&self->timer, reactor, on_time, self);
  if (directory != NULL)
    server_restore (self);
  peerup_swarm_add_protocol (swarm, PEERUP_RENDEZVOUS_PROTOCOL, on_stream, self, NULL);
  server_follow (self);
  return self;
}

void
peerup_rendezvous_server_free (PeerupRendezvousServer *self)
{
  peerup_swarm_remove_protocol (self->swarm, PEERUP_RENDEZVOUS_PROTOCOL);
  server_let_guests_in (self, FALSE);
  g_clear_pointer (&self->guests, g_ptr_array_unref);
  peerup_timer_clear (&self->timer);
  g_clear_object (&self->swarm);
  server_unref (self);
}
