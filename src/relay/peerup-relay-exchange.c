/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages between a peer and its relay, as dialogues on one stream. Everything a relay says is
 * looked at here, so that who calls gets either what can be used or an error. Nothing is kept, and
 * not one byte behind a message is read: there the peer begins. */

#include "relay/peerup-relay-exchange.h"

#include <glib/gi18n-lib.h>

#include "identity/peerup-envelope-crypto.h"
#include "swarm/peerup-endpoint.h"
#include "transport/peerup-upgrade.h"

void
peerup_relay_grant_clear (PeerupRelayGrant *self)
{
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
}

PeerupMultiaddr *
peerup_relay_address_of (PeerupMultiaddr *relay_address, PeerupPeerId *relay)
{
  g_autoptr (PeerupMultiaddr) named = peerup_multiaddr_with_peer_id (relay_address, relay);
  g_autoptr (PeerupMultiaddr) circuit = peerup_multiaddr_newf ("/p2p-circuit");

  return peerup_multiaddr_concat (named, circuit);
}

/* Hop */

static PeerupError
error_of_status (PeerupCircuitStatus status)
{
  switch ((int) status)
    {
    case PEERUP_CIRCUIT_RESERVATION_REFUSED:
    case PEERUP_CIRCUIT_PERMISSION_DENIED:
      return PEERUP_ERROR_DENIED;
    case PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED:
      return PEERUP_ERROR_LIMIT;
    case PEERUP_CIRCUIT_NO_RESERVATION:
      return PEERUP_ERROR_NOT_FOUND;
    case PEERUP_CIRCUIT_CONNECTION_FAILED:
      return PEERUP_ERROR_UNREACHABLE;
    default:
      return PEERUP_ERROR_PROTOCOL;
    }
}

static gboolean
check_status (const PeerupCircuitMessage *answer, GError **error)
{
  const char *text = peerup_circuit_status_get_text (answer->status);

  if (answer->type != PEERUP_CIRCUIT_STATUS)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, _ ("the relay asks where it has to answer"));
  else if (answer->status == PEERUP_CIRCUIT_OK)
    return TRUE;
  else if (text != NULL)
    g_set_error (error, PEERUP_ERROR, error_of_status (answer->status), _ ("the relay refuses: %s"), text);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, _ ("the relay answers with status %d, which nobody knows"),
                 (int) answer->status);
  return FALSE;
}

PeerupStream *
peerup_relay_open_stream (PeerupConnection *connection, gint64 deadline, GError **error)
{
  g_autoptr (GError) local = NULL;
  PeerupStream *stream = dex_await_object (dex_future_first (peerup_connection_open_stream (connection),
                                                             dex_timeout_new_deadline (deadline), NULL),
                                           &local);

  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("the relay takes no more streams for now"));
  else if (stream == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return stream;
}

static PeerupCircuitMessage *
read_answer (PeerupStream *stream, gint64 deadline, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_stream_await_message (stream, PEERUP_CIRCUIT_MESSAGE_MAX, deadline, error);
  g_autoptr (PeerupCircuitMessage) answer = NULL;

  if (bytes == NULL)
    return NULL;
  answer = peerup_circuit_hop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (answer == NULL || !check_status (answer, error))
    return NULL;
  return g_steal_pointer (&answer);
}

/* A circuit is waited for and saves a round trip. A reservation is not, and can wait to hear whether
 * the other side is a relay at all. */
static gboolean
send_request (PeerupStream *stream, const PeerupCircuitMessage *request, gint64 deadline, GError **error)
{
  static const char *const protocols[] = { PEERUP_CIRCUIT_HOP, NULL };
  g_autoptr (GBytes) bytes = peerup_circuit_hop_encode (request);

  if (request->type == PEERUP_CIRCUIT_CONNECT)
    return peerup_negotiate_dial_with (stream, PEERUP_CIRCUIT_HOP, bytes, deadline, error) != NULL;
  return peerup_negotiate_dial (stream, protocols, deadline, error) != NULL &&
         peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), deadline,
                                        error);
}

/* @stream is open still when there is an answer. */
static PeerupCircuitMessage *
ask_hop (PeerupStream *stream, const PeerupCircuitMessage *request, gint64 deadline, GError **error)
{
  PeerupCircuitMessage *answer;

  if (!send_request (stream, request, deadline, error))
    return NULL;
  answer = read_answer (stream, deadline, error);
  if (answer == NULL)
    peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
  return answer;
}

/* Reservations */

static gboolean
check_voucher (GBytes *bytes, PeerupPeerId *relay, PeerupPeerId *self, GError **error)
{
  g_autoptr (PeerupEnvelope) envelope =
    peerup_envelope_open (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                          PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER, peerup_envelope_type_relay_voucher, error);
  g_autoptr (PeerupCircuitVoucher) voucher = NULL;

  if (envelope == NULL)
    return FALSE;
  voucher = peerup_circuit_voucher_decode (g_bytes_get_data (envelope->payload, NULL),
                                           g_bytes_get_size (envelope->payload), error);
  if (voucher == NULL)
    return FALSE;
  if (peerup_peer_id_matches_public_key (relay, envelope->public_key) && peerup_peer_id_equal (voucher->relay, relay) &&
      peerup_peer_id_equal (voucher->peer, self))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER,
                       _ ("the relay's voucher is for another peer or by another relay"));
  return FALSE;
}

static gboolean
has_address (GPtrArray *addresses, PeerupMultiaddr *address)
{
  return g_ptr_array_find_with_equal_func (addresses, address, peerup_multiaddr_equal, NULL);
}

/* Whether the relay may be believed that it is there. */
static gboolean
is_believable (PeerupMultiaddr *address, PeerupPeerId *relay, PeerupScope dialed)
{
  g_autoptr (PeerupPeerId) named = peerup_multiaddr_dup_peer_id (address);
  g_auto (PeerupEndpoint) endpoint = { 0 };

  return (named == NULL || peerup_peer_id_equal (named, relay)) && peerup_endpoint_parse (address, &endpoint, NULL) &&
         peerup_endpoint_get_scope (&endpoint) >= dialed;
}

static GPtrArray *
choose_addresses (GPtrArray *told, PeerupPeerId *relay, PeerupMultiaddr *dialed)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_auto (PeerupEndpoint) endpoint = { 0 };
  PeerupScope scope =
    peerup_endpoint_parse (dialed, &endpoint, NULL) ? peerup_endpoint_get_scope (&endpoint) : PEERUP_SCOPE_PUBLIC;

  g_ptr_array_add (addresses, peerup_relay_address_of (dialed, relay));
  for (guint i = 0; told != NULL && i < told->len && addresses->len < PEERUP_RELAY_ADDRESSES_MAX; i++)
    {
      g_autoptr (PeerupMultiaddr) circuit = NULL;

      if (!is_believable (told->pdata[i], relay, scope))
        continue;
      circuit = peerup_relay_address_of (told->pdata[i], relay);
      if (!has_address (addresses, circuit))
        g_ptr_array_add (addresses, g_steal_pointer (&circuit));
    }
  return addresses;
}

gboolean
peerup_relay_reserve (PeerupConnection *connection, PeerupPeerId *self, PeerupMultiaddr *dialed, gint64 deadline,
                      PeerupRelayGrant *grant, GError **error)
{
  const PeerupCircuitMessage request = { .type = PEERUP_CIRCUIT_RESERVE };
  PeerupPeerId *relay = peerup_connection_get_remote_peer (connection);
  g_autoptr (PeerupStream) stream = peerup_relay_open_stream (connection, deadline, error);
  g_autoptr (PeerupCircuitMessage) answer = NULL;

  if (stream != NULL)
    answer = ask_hop (stream, &request, deadline, error);
  if (answer == NULL)
    return FALSE;
  peerup_stream_close (stream);
  if (!answer->has_reservation)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, _ ("the relay agrees and names no reservation"));
      return FALSE;
    }
  if (answer->voucher != NULL && !check_voucher (answer->voucher, relay, self, error))
    return FALSE;
  *grant = (PeerupRelayGrant) {
    .expires = answer->expires,
    .limited = answer->has_limit,
    .limit = answer->limit,
    .addresses = choose_addresses (answer->addresses, relay, dialed),
  };
  return TRUE;
}

/* Circuits */

gboolean
peerup_relay_connect (PeerupStream *stream, PeerupPeerId *peer, gint64 deadline, gboolean *limited, GError **error)
{
  const PeerupCircuitMessage request = { .type = PEERUP_CIRCUIT_CONNECT, .peer = peer };
  g_autoptr (PeerupCircuitMessage) answer = ask_hop (stream, &request, deadline, error);

  if (answer != NULL)
    *limited = answer->has_limit;
  return answer != NULL;
}

/* Stop */

static GBytes *
status_new (PeerupCircuitStatus status)
{
  const PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_STATUS, .status = status };

  return peerup_circuit_stop_encode (&message);
}

void
peerup_relay_refuse (PeerupStream *stream, PeerupCircuitStatus status)
{
  g_autoptr (GBytes) bytes = status_new (status);

  /* A fresh stream has room for it; if not, the relay has to do without. */
  if (peerup_stream_write (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL) > 0)
    peerup_stream_close (stream);
  else
    peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
}

PeerupPeerId *
peerup_relay_accept (PeerupStream *stream, gint64 deadline, gboolean *limited, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_stream_await_message (stream, PEERUP_CIRCUIT_MESSAGE_MAX, deadline, error);
  g_autoptr (PeerupCircuitMessage) request = NULL;
  g_autoptr (GBytes) status = status_new (PEERUP_CIRCUIT_OK);

  if (bytes != NULL)
    request = peerup_circuit_stop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (request == NULL)
    {
      peerup_relay_refuse (stream, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
      return NULL;
    }
  if (request->type != PEERUP_CIRCUIT_CONNECT)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                           _ ("the relay says something else than who comes"));
      peerup_relay_refuse (stream, PEERUP_CIRCUIT_UNEXPECTED_MESSAGE);
      return NULL;
    }
  if (!peerup_stream_await_write_all (stream, g_bytes_get_data (status, NULL), g_bytes_get_size (status), deadline,
                                      error))
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
      return NULL;
    }
  *limited = request->has_limit;
  return peerup_peer_id_ref (request->peer);
}
