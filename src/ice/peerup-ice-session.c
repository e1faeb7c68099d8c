/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One search for a direct path, as one fiber. It owns the stream, the agent and, between the two, the socket. Each
 * side goes on answering the other's checks until both have said that they are connected: only then is the socket taken
 * over, and only when the peer has said that it took its own does anything else go over it. */

#include "ice/peerup-ice-session.h"

#include <glib/gstdio.h>

#include "ice/peerup-ice-agent.h"
#include "ice/peerup-ice-reason.h"
#include "ice/peerup-ice-search.h"
#include "ice/peerup-ice.h"
#include "transport/peerup-upgrade.h"
#include "wire/peerup-error.h"
#include "wire/peerup-frame.h"

/* Microseconds that a session of ours that the peer gave up for one of its own waits for that. */
#define SUPPLANTED_TIMEOUT (2 * G_USEC_PER_SEC)

struct _PeerupIceSession
{
  PeerupIceSessionOptions options; /* the objects are held */
  PeerupIceSessionFunc ended;      /* NULL once it was cancelled */
  gpointer data;
  gboolean controlling;
  gboolean inbound; /* the peer opened the stream */
  gint64 deadline;

  PeerupStream *stream; /* NULL until there is one */
  PeerupFrameReader reader;
  DexPromise *wake;  /* what the fiber waits for beside the stream */
  gboolean is_woken; /* since its last turn began */

  PeerupIceAgent *agent;
  GArray *found; /* of PeerupIceCandidate, to be told */
  gboolean has_gathered;
  gboolean has_said_end;
  gboolean has_failed;
  PeerupIceSearch *search; /* NULL: there is none */

  /* The peer */
  guint n_messages;
  PeerupIceFilter filter;
  PeerupIceNat nat;
  gboolean is_offered;   /* we have its credentials */
  gboolean has_ended;    /* it has told all its candidates */
  gboolean is_connected; /* it says */
  gboolean is_taken;
  gboolean has_given_up;
  gboolean has_pair;
  PeerupIcePair pair; /* as it sees it */

  /* The path */
  gboolean has_said_connected;
  gboolean is_searched; /* it was found by the search */
  int fd;
  PeerupSocketAddress remote;
};

static void
session_wake (gpointer data)
{
  PeerupIceSession *self = data;
  g_autoptr (DexPromise) wake = g_steal_pointer (&self->wake);

  self->is_woken = TRUE;
  self->wake = dex_promise_new ();
  dex_promise_resolve_boolean (wake, TRUE);
}

/* What the agent tells */

static void
on_candidate (const PeerupIceCandidate *candidate, gpointer data)
{
  PeerupIceSession *self = data;

  g_array_append_val (self->found, *candidate);
  session_wake (self);
}

static void
on_gathered (gpointer data)
{
  PeerupIceSession *self = data;

  self->has_gathered = TRUE;
  session_wake (self);
}

static void
on_connected (gpointer data)
{
  session_wake (data);
}

static void
on_failed (gpointer data)
{
  PeerupIceSession *self = data;

  self->has_failed = TRUE;
  session_wake (self);
}

static gboolean
session_open_agent (PeerupIceSession *self, GError **error)
{
  static const PeerupIceAgentEvents events = {
    .candidate = on_candidate,
    .gathered = on_gathered,
    .connected = on_connected,
    .failed = on_failed,
  };
  const PeerupSocketAddress *server = &self->options.server;
  const PeerupIceAgentOptions options = {
    .controlling = self->controlling,
    .upnp = self->options.upnp,
    .addresses = self->options.networks.addresses,
    .n_addresses = self->options.networks.n,
    .server = server->any.sa_family != AF_UNSPEC ? server : NULL,
  };

  self->agent = peerup_ice_agent_new (&options, &events, self, error);
  return self->agent != NULL;
}

/* Speaking */

static gboolean
session_say (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_ice_message_encode (message);

  return peerup_stream_await_write_all (self->stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        self->deadline, error);
}

static void
session_take_found (PeerupIceSession *self, PeerupIceMessage *message)
{
  message->n_candidates = MIN (self->found->len, PEERUP_ICE_MESSAGE_CANDIDATES);
  for (guint i = 0; i < message->n_candidates; i++)
    message->candidates[i] = g_array_index (self->found, PeerupIceCandidate, i);
  g_array_remove_range (self->found, 0, message->n_candidates);
}

static void
session_fill_offer (PeerupIceSession *self, PeerupIceMessage *message, PeerupIceMessageType type)
{
  *message = (PeerupIceMessage) {
    .type = type,
    .version = PEERUP_ICE_VERSION,
    .ufrag = (char *) peerup_ice_agent_get_ufrag (self->agent),
    .pwd = (char *) peerup_ice_agent_get_pwd (self->agent),
    .has_nat = TRUE,
    .nat = self->options.nat,
  };
  session_take_found (self, message);
}

static gboolean
session_say_found (PeerupIceSession *self, GError **error)
{
  while (self->found->len > 0)
    {
      PeerupIceMessage message = { .type = PEERUP_ICE_CANDIDATES };

      session_take_found (self, &message);
      if (!session_say (self, &message, error))
        return FALSE;
    }
  if (!self->has_gathered || self->has_said_end)
    return TRUE;
  self->has_said_end = TRUE;
  return session_say (self, &(PeerupIceMessage) { .type = PEERUP_ICE_END }, error);
}

/* The controlling side takes what it names: a better pair may be found any moment. */
static gboolean
session_say_connected (PeerupIceSession *self, GError **error)
{
  PeerupIceMessage message = { .type = PEERUP_ICE_CONNECTED };
  PeerupSocketAddress local;

  if (self->controlling)
    {
      self->fd = peerup_ice_agent_take (self->agent, &local, &self->remote, error);
      if (self->fd < 0)
        return FALSE;
      message.has_pair = peerup_ice_address_set (&message.pair.local, &local) &&
                         peerup_ice_address_set (&message.pair.remote, &self->remote);
    }
  self->has_said_connected = TRUE;
  if (self->controlling)
    g_clear_pointer (&self->search, peerup_ice_search_free);
  return session_say (self, &message, error);
}

/* What the search wants told. */
static gboolean
session_say_search (PeerupIceSession *self, GError **error)
{
  PeerupIceMessage message = { .type = PEERUP_ICE_SEARCH, .has_search = TRUE };

  if (self->search == NULL)
    return TRUE;
  peerup_ice_search_step (self->search);
  return !peerup_ice_search_take_offer (self->search, &message.search) || session_say (self, &message, error);
}

/* Hearing */

static void
session_take_candidates (PeerupIceSession *self, const PeerupIceMessage *message)
{
  PeerupIceCandidate good[PEERUP_ICE_MESSAGE_CANDIDATES];
  guint n = 0;

  for (guint i = 0; i < message->n_candidates; i++)
    if (peerup_ice_filter_take (&self->filter, &self->options.networks, &message->candidates[i]))
      good[n++] = message->candidates[i];
  if (n == 0 || self->agent == NULL)
    return;
  self->has_failed = FALSE;
  peerup_ice_agent_add_remote_candidates (self->agent, good, n);
}

/* Where ICE can do nothing, ports may be searched beside it. */
static void
session_plan_search (PeerupIceSession *self)
{
  PeerupIceSearchRole role = peerup_ice_choose_search (&self->options.nat, &self->nat);

  if (role != PEERUP_ICE_SEARCH_NONE && self->options.server.any.sa_family == AF_INET)
    self->search = peerup_ice_search_new (role, self->controlling, self->options.nat.port_step, &self->options.server,
                                          session_wake, self);
}

static gboolean
session_take_offer (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  if (!self->is_offered && peerup_ice_agent_set_remote_credentials (self->agent, message->ufrag, message->pwd))
    {
      self->is_offered = TRUE;
      self->nat = message->nat;
      session_take_candidates (self, message);
      session_plan_search (self);
      return TRUE;
    }
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "the peer offers ICE twice");
  return FALSE;
}

static gboolean
session_take_connected (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  if (!self->controlling && !message->has_pair)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "the peer does not name the path it has found");
      return FALSE;
    }
  self->is_connected = TRUE;
  self->has_pair = message->has_pair;
  self->pair = message->pair;
  return TRUE;
}

static gboolean
session_take_message (PeerupIceSession *self, const PeerupIceMessage *message, GError **error)
{
  if (!self->is_offered && message->type != PEERUP_ICE_ANSWER && message->type != PEERUP_ICE_FAILED)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "the peer does not answer the offer first");
      return FALSE;
    }
  switch (message->type)
    {
    case PEERUP_ICE_OFFER:
    case PEERUP_ICE_ANSWER:
      return session_take_offer (self, message, error);
    case PEERUP_ICE_CANDIDATES:
      session_take_candidates (self, message);
      return TRUE;
    case PEERUP_ICE_END:
      self->has_ended = TRUE;
      if (self->agent != NULL)
        peerup_ice_agent_end_remote_candidates (self->agent);
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
  if (++self->n_messages <= PEERUP_ICE_MESSAGES_MAX)
    return session_take_message (self, message, error);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "the peer says more than ICE needs");
  return FALSE;
}

static gboolean
session_feed (PeerupIceSession *self, const guint8 *data, gsize length, GError **error)
{
  while (length > 0)
    {
      gsize consumed;
      PeerupDecode result = peerup_frame_reader_feed (&self->reader, data, length, &consumed);

      data += consumed;
      length -= consumed;
      if (result == PEERUP_DECODE_NEED_MORE)
        return TRUE;
      if (result != PEERUP_DECODE_DONE)
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "the peer sends what is no ICE message");
          return FALSE;
        }
      if (!session_take_frame (self, error))
        return FALSE;
    }
  return TRUE;
}

/* What is there; FALSE at the end of the stream too. */
static gboolean
session_hear (PeerupIceSession *self, GError **error)
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
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "the peer ended the search for a direct path");
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

/* The phases, in their order */

/* A peer may refuse the stream right after taking the protocol. */
static GError *
explain_refusal (PeerupIceSession *self, GError *error)
{
  const char *peer = peerup_peer_id_get_string (peerup_connection_get_remote_peer (self->options.carrier));
  guint32 code = self->stream != NULL ? peerup_stream_get_reset_code (self->stream) : PEERUP_STREAM_CODE_NONE;

  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET))
    return error;
  if (code == PEERUP_STREAM_CODE_GATED)
    {
      g_error_free (error);
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_DENIED, "%s does not allow a search for a direct path", peer);
    }
  if (code == PEERUP_STREAM_CODE_RESOURCE_LIMIT || code == PEERUP_STREAM_CODE_RATE_LIMITED)
    {
      g_error_free (error);
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "%s is asked for direct paths too often", peer);
    }
  return error;
}

static gboolean
session_open (PeerupIceSession *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) bytes = NULL;
  PeerupIceMessage offer;

  if (!session_open_agent (self, error))
    return FALSE;
  self->stream = dex_await_object (dex_future_first (peerup_connection_open_stream (self->options.carrier),
                                                     dex_timeout_new_deadline (self->deadline), NULL),
                                   &local);
  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "The peer takes no more streams for now");
  else if (self->stream == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (self->ended == NULL)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "Somebody else is faster");
  if (self->stream == NULL || self->ended == NULL)
    return FALSE;
  session_fill_offer (self, &offer, PEERUP_ICE_OFFER);
  bytes = peerup_ice_message_encode (&offer);
  return peerup_negotiate_dial_with (self->stream, PEERUP_ICE_PROTOCOL, bytes, self->deadline, error) != NULL;
}

/* Nothing is allocated for a peer that does not say what it wants. */
static gboolean
session_accept (PeerupIceSession *self, GError **error)
{
  gint64 deadline = MIN (self->deadline, g_get_monotonic_time () + PEERUP_ICE_OFFER_TIMEOUT);
  g_autoptr (GBytes) bytes = peerup_stream_await_message (self->stream, PEERUP_ICE_MESSAGE_MAX, deadline, error);
  g_autoptr (PeerupIceMessage) offer = NULL;
  PeerupIceMessage answer;

  if (bytes != NULL)
    offer = peerup_ice_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (offer == NULL)
    return FALSE;
  if (offer->type != PEERUP_ICE_OFFER)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "the peer does not begin with an offer");
      return FALSE;
    }
  if (!session_open_agent (self, error) || !session_take_offer (self, offer, error))
    return FALSE;
  session_fill_offer (self, &answer, PEERUP_ICE_ANSWER);
  return session_say (self, &answer, error);
}

/* Nothing will come of it any more. */
static gboolean
session_is_over (PeerupIceSession *self)
{
  gboolean is_searching = self->search != NULL && !peerup_ice_search_has_failed (self->search);
  gboolean has_failed = self->agent != NULL && self->has_failed && self->has_ended && self->has_said_end &&
                        !self->has_said_connected && !is_searching;

  return self->ended == NULL || self->has_given_up || has_failed || g_get_monotonic_time () >= self->deadline;
}

static void
set_unreachable (PeerupIceSession *self, GError **error)
{
  g_debug ("ICE: %u candidates tried and %u dropped, connected here %d, there %d, taken there %d, given up there %d",
           self->filter.n_taken, self->filter.n_dropped, self->has_said_connected, self->is_connected, self->is_taken,
           self->has_given_up);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                       peerup_ice_explain (&self->options.nat, &self->nat, self->filter.n_taken > 0));
}

/* Once the controlling side has said that ICE has a path it takes no other; what the controlled one finds was chosen by
 * the controlling side. */
static gboolean
session_find_searched (PeerupIceSession *self)
{
  if (self->search == NULL || (self->controlling && self->has_said_connected))
    return FALSE;
  self->is_searched = (self->fd = peerup_ice_search_take (self->search, &self->remote)) >= 0;
  return self->is_searched;
}

static gboolean
session_has_path (PeerupIceSession *self)
{
  return (self->has_said_connected && self->is_connected) || session_find_searched (self);
}

static void
session_wait (PeerupIceSession *self)
{
  gint64 until = self->search != NULL ? peerup_ice_search_get_deadline (self->search) : G_MAXINT64;
  g_autoptr (GError) error = NULL;

  /* Something came while the turn waited for the stream. Else which one it was the caller finds out. */
  if (!self->is_woken &&
      !dex_await (dex_future_first (peerup_stream_wait (self->stream, G_IO_IN), dex_ref (self->wake),
                                    dex_timeout_new_deadline (MIN (until, self->deadline)), NULL),
                  &error) &&
      !g_error_matches (error, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_debug ("ICE: %s", error->message);
}

/* Says and hears what there is; FALSE when it is over. */
static gboolean
session_turn (PeerupIceSession *self, GError **error)
{
  self->is_woken = FALSE;
  if (self->agent != NULL && !session_say_found (self, error))
    return FALSE;
  if (!session_say_search (self, error) || !session_hear (self, error))
    return FALSE;
  if (!session_is_over (self))
    return TRUE;
  set_unreachable (self, error);
  return FALSE;
}

/* Until both sides have a path. */
static gboolean
session_connect (PeerupIceSession *self, GError **error)
{
  while (session_turn (self, error))
    {
      if (session_has_path (self))
        return TRUE;
      if (self->has_said_connected || !peerup_ice_agent_is_connected (self->agent))
        session_wait (self);
      else if (!session_say_connected (self, error))
        return FALSE;
    }
  return FALSE;
}

static gboolean
session_take_socket (PeerupIceSession *self, GError **error)
{
  PeerupSocketAddress seen;

  if (self->controlling || self->is_searched)
    return TRUE;
  if (!peerup_ice_address_get (&self->pair.remote, &seen) || !peerup_ice_address_get (&self->pair.local, &self->remote))
    g_assert_not_reached ();
  self->fd = peerup_ice_agent_take_at (self->agent, &seen, error);
  return self->fd >= 0;
}

/* The socket is ours. Whoever dials waits until the peer's is its own. */
static gboolean
session_take_over (PeerupIceSession *self, GError **error)
{
  if (!session_take_socket (self, error))
    return FALSE;
  g_clear_pointer (&self->agent, peerup_ice_agent_free);
  g_clear_pointer (&self->search, peerup_ice_search_free);
  if (!session_say (self, &(PeerupIceMessage) { .type = PEERUP_ICE_TAKEN }, error))
    return FALSE;
  while (self->controlling && !self->is_taken)
    {
      session_wait (self);
      if (!session_turn (self, error))
        return FALSE;
    }
  return TRUE;
}

static PeerupConnection *
session_speak_quic (PeerupIceSession *self, GError **error)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (self->options.carrier);
  gint64 deadline = g_get_monotonic_time () + PEERUP_ICE_QUIC_TIMEOUT;
  int fd = self->fd;

  self->fd = -1;
  return dex_await_object (self->controlling
                             ? peerup_swarm_dial_punched (self->options.swarm, fd, &self->remote, peer, deadline)
                             : peerup_swarm_accept_punched (self->options.swarm, fd, &self->remote, peer, deadline),
                           error);
}

static PeerupConnection *
session_run (PeerupIceSession *self, GError **error)
{
  if (!(self->inbound ? session_accept (self, error) : session_open (self, error)))
    return NULL;
  if (!session_connect (self, error) || !session_take_over (self, error))
    return NULL;
  return session_speak_quic (self, error);
}

/* The end */

static void
session_say_failed (PeerupIceSession *self, const GError *error)
{
  g_autofree char *reason = g_utf8_substring (error->message, 0, MIN (g_utf8_strlen (error->message, -1), 120));
  const PeerupIceMessage message = { .type = PEERUP_ICE_FAILED, .reason = reason };
  g_autoptr (GBytes) bytes = peerup_ice_message_encode (&message);

  /* There is room for it, or the peer has to do without. */
  if (peerup_stream_write (self->stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL) > 0)
    peerup_stream_close (self->stream);
  else
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
}

static void
session_leave_stream (PeerupIceSession *self, const GError *error)
{
  if (self->stream == NULL)
    return;
  if (self->ended == NULL)
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_SUPPLANTED);
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL) ||
           g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED) ||
           g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE))
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_PROTOCOL_VIOLATION);
  else if (error != NULL && !self->has_given_up)
    session_say_failed (self, error);
  else
    peerup_stream_close (self->stream);
}

/* The peer has given this up for a session of its own, which comes any moment and cancels this one. */
static void
session_await_supplanting (PeerupIceSession *self)
{
  gint64 until = g_get_monotonic_time () + SUPPLANTED_TIMEOUT;
  g_autoptr (GError) error = NULL;

  if (self->stream == NULL || self->is_offered ||
      peerup_stream_get_reset_code (self->stream) != PEERUP_STREAM_CODE_SUPPLANTED)
    return;
  while (self->ended != NULL &&
         dex_await (dex_future_first (dex_ref (self->wake), dex_timeout_new_deadline (until), NULL), &error))
    continue;
}

static DexFuture *
session_fiber (gpointer data)
{
  PeerupIceSession *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = session_run (self, &error);

  session_leave_stream (self, error);
  if (connection == NULL)
    {
      session_await_supplanting (self);
      error = explain_refusal (self, g_steal_pointer (&error));
    }
  if (self->ended != NULL)
    self->ended (self, connection, error, self->data);
  return dex_future_new_for_boolean (TRUE);
}

static void
session_free (gpointer data)
{
  PeerupIceSession *self = data;

  g_clear_pointer (&self->search, peerup_ice_search_free);
  g_clear_pointer (&self->agent, peerup_ice_agent_free);
  g_clear_fd (&self->fd, NULL);
  peerup_frame_reader_clear (&self->reader);
  g_clear_object (&self->stream);
  g_array_unref (self->found);
  dex_unref (self->wake);
  g_object_unref (self->options.carrier);
  g_object_unref (self->options.swarm);
  g_free (self);
}

PeerupIceSession *
peerup_ice_session_start (const PeerupIceSessionOptions *options, PeerupIceSessionFunc ended, gpointer data)
{
  PeerupIceSession *self = g_new0 (PeerupIceSession, 1);
  const PeerupConnectionInfo *info = peerup_connection_get_info (options->carrier);

  self->options = *options;
  g_object_ref (self->options.swarm);
  g_object_ref (self->options.carrier);
  self->inbound = options->stream != NULL;
  g_set_object (&self->stream, options->stream);
  self->options.stream = NULL;
  self->ended = ended;
  self->data = data;
  self->controlling = info->outbound;
  self->deadline = g_get_monotonic_time () + PEERUP_ICE_SESSION_TIMEOUT;
  self->wake = dex_promise_new ();
  self->found = g_array_new (FALSE, FALSE, sizeof (PeerupIceCandidate));
  self->fd = -1;
  peerup_frame_reader_init (&self->reader, PEERUP_ICE_MESSAGE_MAX);
  /* It frees itself, and ends by its deadline. */
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, session_fiber, self, session_free));
  return self;
}

void
peerup_ice_session_cancel (PeerupIceSession *self)
{
  self->ended = NULL;
  if (self->stream != NULL)
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_SUPPLANTED);
  session_wake (self);
}

gboolean
peerup_ice_session_is_waiting (PeerupIceSession *self)
{
  return !self->inbound && !self->is_offered;
}

PeerupConnection *
peerup_ice_session_get_carrier (PeerupIceSession *self)
{
  return self->options.carrier;
}
