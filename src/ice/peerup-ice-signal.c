/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the two sides of a session say to each other, and what becomes of it. Nothing is waited for here but room in
 * the stream; a message that may not come now ends the session. */

#include <gio/gio.h>

#include "ice/peerup-ice-reason.h"
#include "ice/peerup-ice-session-private.h"
#include "ice/peerup-ice.h"
#include "transport/peerup-upgrade.h"
#include "wire/peerup-error.h"

/* Characters of a reason; each is 4 bytes at most. */
#define REASON_CHARACTERS (PEERUP_ICE_REASON_MAX / 4)

/* Speaking */

static gboolean
session_send (PeerupIceSession *self, GBytes *bytes, GError **error)
{
  return peerup_stream_await_write_all (self->stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        self->deadline, error);
}

gboolean
peerup_ice_session_say (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_ice_message_encode (message);

  return session_send (self, bytes, error);
}

static void
session_take_found (PeerupIceSession *self, PeerupIceMessage *message)
{
  message->n_candidates = MIN (self->found->len, PEERUP_ICE_MESSAGE_CANDIDATES);
  for (guint i = 0; i < message->n_candidates; i++)
    {
      message->candidates[i] = g_array_index (self->found, PeerupIceCandidate, i);
      if (message->candidates[i].type == PEERUP_ICE_SERVER_REFLEXIVE && self->reflexive_at == 0)
        self->reflexive_at = g_get_monotonic_time ();
    }
  g_array_remove_range (self->found, 0, message->n_candidates);
}

/* The proposal of the protocol goes along, and is not waited for. */
static gboolean
session_propose (PeerupIceSession *self, GBytes *offer, GError **error)
{
  static const char *const protocols[] = { PEERUP_ICE_PROTOCOL, NULL };
  g_autoptr (GByteArray) first = g_byte_array_new ();
  g_autoptr (GBytes) proposal = NULL;

  self->negotiation = peerup_multistream_new_dialer (protocols);
  proposal = peerup_multistream_take_output (self->negotiation);
  g_byte_array_append (first, g_bytes_get_data (proposal, NULL), g_bytes_get_size (proposal));
  g_byte_array_append (first, g_bytes_get_data (offer, NULL), g_bytes_get_size (offer));
  return peerup_stream_await_write_all (self->stream, first->data, first->len, self->deadline, error);
}

gboolean
peerup_ice_session_say_offer (PeerupIceSession *self, PeerupIceMessageType type, GError **error)
{
  PeerupIceMessage message = {
    .type = type,
    .version = PEERUP_ICE_VERSION,
    .ufrag = (char *) peerup_ice_agent_get_ufrag (self->agent),
    .pwd = (char *) peerup_ice_agent_get_pwd (self->agent),
    .has_nat = TRUE,
    .nat = self->options.nat,
  };
  g_autoptr (GBytes) bytes = NULL;

  session_take_found (self, &message);
  bytes = peerup_ice_message_encode (&message);
  return type == PEERUP_ICE_OFFER ? session_propose (self, bytes, error) : session_send (self, bytes, error);
}

static gboolean
session_say_found (PeerupIceSession *self, GError **error)
{
  while (self->found->len > 0)
    {
      PeerupIceMessage message = { .type = PEERUP_ICE_CANDIDATES };

      session_take_found (self, &message);
      if (!peerup_ice_session_say (self, &message, error))
        return FALSE;
    }
  if (!self->has_gathered || self->has_said_end)
    return TRUE;
  self->has_said_end = TRUE;
  return peerup_ice_session_say (self, &(PeerupIceMessage) { .type = PEERUP_ICE_END }, error);
}

static gboolean
session_say_search (PeerupIceSession *self, GError **error)
{
  PeerupIceMessage message = { .type = PEERUP_ICE_SEARCH, .has_search = TRUE };

  if (self->search == NULL)
    return TRUE;
  peerup_ice_search_step (self->search);
  return !peerup_ice_search_take_offer (self->search, &message.search) ||
         peerup_ice_session_say (self, &message, error);
}

gboolean
peerup_ice_session_say_news (PeerupIceSession *self, GError **error)
{
  return self->agent == NULL || (session_say_found (self, error) && session_say_search (self, error));
}

void
peerup_ice_session_say_failed (PeerupIceSession *self, const GError *error)
{
  g_autofree char *reason =
    g_utf8_substring (error->message, 0, MIN (g_utf8_strlen (error->message, -1), REASON_CHARACTERS));
  const PeerupIceMessage message = { .type = PEERUP_ICE_FAILED, .reason = reason };
  g_autoptr (GBytes) bytes = peerup_ice_message_encode (&message);

  /* There is room for it, or the peer has to do without. */
  if (peerup_stream_write (self->stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL) > 0)
    peerup_stream_close (self->stream);
  else
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
}

/* Hearing */

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "ICE: the peer %s", what);
  return FALSE;
}

static void
session_take_candidates (PeerupIceSession *self, const PeerupIceMessage *message)
{
  for (guint i = 0; i < message->n_candidates; i++)
    if (peerup_ice_filter_take (&self->filter, &self->options.networks, &message->candidates[i]))
      g_array_append_val (self->held, message->candidates[i]);
}

/* Where ICE can do nothing, ports may be searched beside it. */
static void
session_plan_search (PeerupIceSession *self)
{
  PeerupIceSearchRole role = peerup_ice_choose_search (&self->options.nat, &self->nat);

  if (role != PEERUP_ICE_SEARCH_NONE && self->options.server.any.sa_family == AF_INET)
    self->search = peerup_ice_search_new (role, self->controlling, self->options.nat.port_step, &self->options.server,
                                          peerup_ice_session_wake, self);
}

gboolean
peerup_ice_session_take_offer (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  if (self->offered_at != 0 || !peerup_ice_agent_set_remote_credentials (self->agent, message->ufrag, message->pwd))
    return refuse (error, "offers twice");
  self->offered_at = g_get_monotonic_time ();
  self->nat = message->nat;
  session_take_candidates (self, message);
  session_plan_search (self);
  return TRUE;
}

/* The controlling side alone has to say it; the other one may. */
static gboolean
session_take_connected (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  if (self->controlling)
    return TRUE;
  if (!message->has_pair)
    return refuse (error, "does not name the path that it has found");
  self->is_connected = TRUE;
  self->pair = message->pair;
  return TRUE;
}

static gboolean
session_take_message (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  if (self->offered_at == 0 && message->type != PEERUP_ICE_ANSWER && message->type != PEERUP_ICE_FAILED)
    return refuse (error, "does not answer the offer first");
  switch (message->type)
    {
    case PEERUP_ICE_OFFER:
    case PEERUP_ICE_ANSWER:
      return peerup_ice_session_take_offer (self, message, error);
    case PEERUP_ICE_CANDIDATES:
      session_take_candidates (self, message);
      return TRUE;
    case PEERUP_ICE_END:
      self->has_ended = TRUE;
      return TRUE;
    case PEERUP_ICE_CONNECTED:
      return session_take_connected (self, message, error);
    case PEERUP_ICE_SEARCH:
      if (self->search != NULL && !peerup_ice_search_set_peer (self->search, &message->search))
        g_debug ("ICE: the peer wants another search than we do");
      return TRUE;
    case PEERUP_ICE_TAKEN:
      self->is_taken = TRUE;
      return TRUE;
    case PEERUP_ICE_FAILED:
      g_debug ("ICE: the peer gives up: %s", message->reason != NULL ? message->reason : "");
      self->has_given_up = TRUE;
      return TRUE;
    default:
      return TRUE;
    }
}

static gboolean
session_take_frame (PeerupIceSession *self, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_frame_reader_take (&self->reader);
  g_autoptr (PeerupIceMessage) message =
    peerup_ice_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);

  if (message == NULL)
    return FALSE;
  if (++self->n_messages > PEERUP_ICE_MESSAGES_MAX)
    return refuse (error, "says more than is needed");
  return session_take_message (self, message, error);
}

/* Whether the peer speaks the protocol at all comes before what it says. */
static gboolean
session_feed_negotiation (PeerupIceSession *self, const guint8 *data, gsize length, gsize *consumed, GError **error)
{
  if (!peerup_multistream_feed (self->negotiation, data, length, consumed, error))
    return FALSE;
  if (peerup_multistream_get_protocol (self->negotiation) == NULL)
    return TRUE;
  peerup_stream_set_protocol (self->stream, PEERUP_ICE_PROTOCOL);
  g_clear_pointer (&self->negotiation, peerup_multistream_free);
  return TRUE;
}

static gboolean
session_feed_frame (PeerupIceSession *self, const guint8 *data, gsize length, gsize *consumed, GError **error)
{
  PeerupDecode result = peerup_frame_reader_feed (&self->reader, data, length, consumed);

  if (result == PEERUP_DECODE_NEED_MORE)
    return TRUE;
  return result == PEERUP_DECODE_DONE ? session_take_frame (self, error) : refuse (error, "sends what is no message");
}

static gboolean
session_feed (PeerupIceSession *self, const guint8 *data, gsize length, GError **error)
{
  while (length > 0)
    {
      gsize consumed = 0;

      if (!(self->negotiation != NULL ? session_feed_negotiation (self, data, length, &consumed, error)
                                      : session_feed_frame (self, data, length, &consumed, error)))
        return FALSE;
      data += consumed;
      length -= consumed;
    }
  return TRUE;
}

gboolean
peerup_ice_session_hear (PeerupIceSession *self, GError **error)
{
  guint8 bytes[2048];

  while (!self->has_given_up)
    {
      g_autoptr (GError) local = NULL;
      gssize n = peerup_stream_read (self->stream, bytes, sizeof bytes, &local);

      if (n > 0 && !session_feed (self, bytes, n, error))
        return FALSE;
      if (n == 0)
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "ICE: the peer ended the search");
          return FALSE;
        }
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return TRUE;
      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return TRUE;
}
