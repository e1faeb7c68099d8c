/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Serves dial requests: a fiber for each, with one deadline, in which it chooses, asks for data where it must, dials
 * and answers. Requests hold what they share, the limits, so that one that is under way outlives the server. It never
 * dials a second address, and nobody who has not paid for it sends it to a third party. */

#include "protocols/peerup-autonat-server.h"

#include "nat/peerup-reachability.h"
#include "protocols/peerup-autonat-dial.h"
#include "protocols/peerup-autonat.h"
#include "swarm/peerup-endpoint.h"
#include "transport/peerup-fiber.h"
#include "transport/peerup-udp-socket.h"
#include "wire/peerup-autonat-message.h"

/* Microseconds that a dial must have left of the request's time. */
#define DIAL_TIME_MIN (6 * G_USEC_PER_SEC)
/* Of the same, to say what came of it. */
#define ANSWER_TIME G_USEC_PER_SEC

struct _PeerupAutonatServer
{
  PeerupSwarm *swarm;
  PeerupAutonatLimits **limits; /* a box of the server and its requests */
};

typedef struct
{
  PeerupSwarm *swarm;
  PeerupAutonatLimits **limits;
  PeerupConnection *connection;
  PeerupStream *stream;
  PeerupPeerId *client;
  gint64 deadline;
  gboolean counted;
} Request;

static void
limits_clear (gpointer box)
{
  peerup_autonat_limits_free (*(PeerupAutonatLimits **) box);
}

static void
request_free (gpointer data)
{
  Request *self = data;

  if (self->counted)
    peerup_autonat_limits_end (*self->limits, self->client);
  g_rc_box_release_full (self->limits, limits_clear);
  g_object_unref (self->swarm);
  g_object_unref (self->connection);
  g_object_unref (self->stream);
  peerup_peer_id_unref (self->client);
  g_free (self);
}

/* Words */

static gboolean
request_send (Request *self, const PeerupAutonatMessage *message, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_autonat_message_encode (message);

  return peerup_stream_await_write_all (self->stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        self->deadline, error);
}

static gboolean
request_answer (Request *self, PeerupAutonatStatus status, guint index, PeerupAutonatDialStatus dial_status,
                GError **error)
{
  const PeerupAutonatMessage answer = {
    .type = PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE,
    .status = status,
    .index = index,
    .dial_status = dial_status,
  };

  return request_send (self, &answer, error);
}

/* PROTOCOL for a message that may not come now. */
static PeerupAutonatMessage *
request_receive (Request *self, PeerupAutonatMessageType type, GError **error)
{
  g_autoptr (GBytes) bytes =
    peerup_stream_await_message (self->stream, PEERUP_AUTONAT_MESSAGE_MAX, self->deadline, error);
  g_autoptr (PeerupAutonatMessage) message = NULL;

  if (bytes != NULL)
    message = peerup_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (message != NULL && message->type != type)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "message %d came in place of %d", message->type, type);
      return NULL;
    }
  return g_steal_pointer (&message);
}

/* Choosing */

static gboolean
is_our_own (PeerupSwarm *swarm, PeerupMultiaddr *address)
{
  g_autoptr (GPtrArray) own = peerup_swarm_dup_listen_addresses (swarm);

  for (guint i = 0; i < own->len; i++)
    if (peerup_reachability_is_same_host (own->pdata[i], address))
      return TRUE;
  return FALSE;
}

/* Whether the system knows a way there: without IPv6 there is none to any address of IPv6. */
static gboolean
has_route (const PeerupEndpoint *endpoint)
{
  PeerupSocketAddress remote, local;
  guint mtu;

  return peerup_endpoint_get_socket_address (endpoint, &remote) && peerup_udp_find_route (&remote, &local, &mtu, NULL);
}

/* (transfer full) (nullable): @address without /p2p, if it may and can be dialed. */
static PeerupMultiaddr *
request_consider (Request *self, PeerupMultiaddr *address)
{
  g_autoptr (PeerupPeerId) of = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;
  g_autoptr (PeerupMultiaddr) bare = address != NULL ? peerup_multiaddr_without_peer_id (address) : NULL;
  g_auto (PeerupEndpoint) endpoint = { 0 };

  if (bare == NULL || (of != NULL && !peerup_peer_id_equal (of, self->client)) ||
      !peerup_reachability_is_global (bare) || is_our_own (self->swarm, bare) ||
      !peerup_endpoint_parse (bare, &endpoint, NULL) || endpoint.port == 0 || !has_route (&endpoint))
    return NULL;
  return g_steal_pointer (&bare);
}

static PeerupMultiaddr *
request_choose (Request *self, GPtrArray *addresses, guint *index)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      PeerupMultiaddr *address = request_consider (self, addresses->pdata[i]);

      *index = i;
      if (address != NULL)
        return address;
    }
  return NULL;
}

/* Another host: data first, and a while */

static gboolean
is_third_party (Request *self, PeerupMultiaddr *address)
{
  PeerupMultiaddr *observed = peerup_connection_get_info (self->connection)->remote_address;

  return observed == NULL || peerup_swarm_is_relayed (self->connection) ||
         !peerup_reachability_is_same_host (observed, address);
}

/* Only what is data counts, and only as much of it as has come. */
static gboolean
request_take_data (Request *self, guint64 n_bytes, GError **error)
{
  guint64 received = 0;

  while (received < n_bytes)
    {
      g_autoptr (PeerupAutonatMessage) message = request_receive (self, PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE, error);

      if (message == NULL)
        return FALSE;
      received += message->n_bytes;
      if (message->n_bytes < PEERUP_AUTONAT_SERVER_CHUNK_MIN && received < n_bytes)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                       "%" G_GUINT64_FORMAT " bytes of data in a message are too few", message->n_bytes);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
request_be_paid (Request *self, guint index, GError **error)
{
  const PeerupAutonatMessage message = {
    .type = PEERUP_AUTONAT_DATA_REQUEST_MESSAGE,
    .index = index,
    .n_bytes = g_random_int_range (PEERUP_AUTONAT_SERVER_DATA_MIN, PEERUP_AUTONAT_SERVER_DATA_MAX + 1),
  };

  if (!request_send (self, &message, error) || !request_take_data (self, message.n_bytes, error))
    return FALSE;
  /* Its end by time is what it is there for. */
  dex_await (dex_timeout_new_usec (g_random_int_range (0, PEERUP_AUTONAT_SERVER_WAIT)), NULL);
  return TRUE;
}

/* The whole of it */

static gboolean
request_serve_dial (Request *self, PeerupMultiaddr *address, guint index, guint64 nonce, GError **error)
{
  gboolean third = is_third_party (self, address);
  gint64 now = g_get_monotonic_time ();
  int status;

  if (!peerup_autonat_limits_take_dial (*self->limits, peerup_swarm_get_host (address), now) ||
      (third && !peerup_autonat_limits_take_data (*self->limits, now)))
    return request_answer (self, PEERUP_AUTONAT_REQUEST_REJECTED, 0, PEERUP_AUTONAT_DIAL_UNUSED, error);
  if (third && !request_be_paid (self, index, error))
    return FALSE;
  /* With no time left for it, a dial that fails would say nothing. */
  if (self->deadline - g_get_monotonic_time () < DIAL_TIME_MIN)
    return request_answer (self, PEERUP_AUTONAT_INTERNAL_ERROR, 0, PEERUP_AUTONAT_DIAL_UNUSED, error);
  /* It never rejects, but a fiber that is cancelled gets an error of its own. */
  status = dex_await_int (peerup_autonat_dial (self->client, address, nonce, self->deadline - ANSWER_TIME), error);
  if (status == 0)
    return FALSE;
  g_debug ("Dialed %s back at %s: %d", peerup_peer_id_get_string (self->client), peerup_multiaddr_get_string (address),
           status);
  return request_answer (self, PEERUP_AUTONAT_OK, index, status, error);
}

static gboolean
request_serve (Request *self, GError **error)
{
  guint64 host = peerup_swarm_get_host (peerup_connection_get_info (self->connection)->remote_address);
  g_autoptr (PeerupAutonatMessage) message = NULL;
  g_autoptr (PeerupMultiaddr) address = NULL;
  guint index = 0;

  self->counted = peerup_autonat_limits_begin (*self->limits, self->client, host, g_get_monotonic_time ());
  if (!self->counted)
    return request_answer (self, PEERUP_AUTONAT_REQUEST_REJECTED, 0, PEERUP_AUTONAT_DIAL_UNUSED, error);
  message = request_receive (self, PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE, error);
  if (message == NULL)
    return FALSE;
  address = request_choose (self, message->addresses, &index);
  if (address == NULL)
    return request_answer (self, PEERUP_AUTONAT_DIAL_REFUSED, 0, PEERUP_AUTONAT_DIAL_UNUSED, error);
  return request_serve_dial (self, address, index, message->nonce, error);
}

static DexFuture *
request_fiber (gpointer data)
{
  Request *self = data;
  g_autoptr (GError) error = NULL;

  if (request_serve (self, &error))
    peerup_stream_close (self->stream);
  else
    {
      g_debug ("A dial request of %s was dropped: %s", peerup_peer_id_get_string (self->client), error->message);
      peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_PROTOCOL_VIOLATION);
    }
  return dex_future_new_true ();
}

static void
on_request (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupAutonatServer *self = data;
  Request *request = g_new0 (Request, 1);

  request->swarm = g_object_ref (swarm);
  request->limits = g_rc_box_acquire (self->limits);
  request->connection = g_object_ref (connection);
  request->stream = stream;
  request->client = peerup_peer_id_ref (peerup_connection_get_remote_peer (connection));
  request->deadline = g_get_monotonic_time () + PEERUP_AUTONAT_SERVER_TIMEOUT;
  /* Let go: it ends by its deadline, and the stream with it. */
  dex_future_disown (peerup_fiber_run (request_fiber, request, request_free));
}

PeerupAutonatServer *
peerup_autonat_server_new (PeerupSwarm *swarm)
{
  PeerupAutonatServer *self = g_new (PeerupAutonatServer, 1);

  self->swarm = g_object_ref (swarm);
  self->limits = g_rc_box_new (PeerupAutonatLimits *);
  *self->limits = peerup_autonat_limits_new ();
  peerup_swarm_add_protocol (swarm, PEERUP_AUTONAT_DIAL_REQUEST, on_request, self, NULL);
  return self;
}

void
peerup_autonat_server_free (PeerupAutonatServer *self)
{
  peerup_swarm_remove_protocol (self->swarm, PEERUP_AUTONAT_DIAL_REQUEST);
  g_rc_box_release_full (self->limits, limits_clear);
  g_object_unref (self->swarm);
  g_free (self);
}
