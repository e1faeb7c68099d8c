/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One search for a direct path, as one fiber. It owns the stream, the agent and, at the end, the socket, and frees
 * itself. The controlling side chooses the path; it speaks over it once the peer's signed answer to a check has shown
 * that the peer is there. What is said meanwhile stands in a file of its own. */

#include <glib/gstdio.h>

#include "ice/peerup-ice-reason.h"
#include "ice/peerup-ice-session-private.h"
#include "ice/peerup-ice.h"
#include "transport/peerup-fiber.h"
#include "wire/peerup-error.h"

/* Microseconds that a session of ours that the peer gave up for one of its own waits for that. */
#define SUPPLANTED_TIMEOUT (2 * G_USEC_PER_SEC)
/* Microseconds from when the peer is told how our NAT shows us until checks go to its NAT, so that they arrive after it
 * has sent to us; and for how long a server's answer is waited for. */
#define HOLD_MARGIN  (30 * 1000)
#define HOLD_TIMEOUT (500 * 1000)

/* What is heard of the agent and the search */

void
peerup_ice_session_wake (gpointer data)
{
  PeerupIceSession *self = data;
  g_autoptr (DexPromise) wake = g_steal_pointer (&self->wake);

  self->is_woken = TRUE;
  self->wake = dex_promise_new ();
  dex_promise_resolve_boolean (wake, TRUE);
}

static void
on_candidate (const PeerupIceCandidate *candidate, gpointer data)
{
  PeerupIceSession *self = data;

  g_array_append_val (self->found, *candidate);
  peerup_ice_session_wake (self);
}

static void
on_gathered (gpointer data)
{
  PeerupIceSession *self = data;

  self->has_gathered = TRUE;
  peerup_ice_session_wake (self);
}

static void
on_connected (gpointer data)
{
  peerup_ice_session_wake (data);
}

static void
on_failed (gpointer data)
{
  PeerupIceSession *self = data;

  self->has_failed = TRUE;
  peerup_ice_session_wake (self);
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
    .addresses = self->options.networks.addresses,
    .n_addresses = self->options.networks.n,
    .server = server->any.sa_family != AF_UNSPEC ? server : NULL,
  };

  self->agent = peerup_ice_agent_new (&options, &events, self, error);
  return self->agent != NULL;
}

/* The phases, in their order */

/* A peer may refuse the stream right after taking the protocol, or reset it over an offer that it cannot read: the
 * reset may overtake its answer. Takes @error. */
static GError *
session_explain_reset (PeerupIceSession *self, GError *error)
{
  const char *peer = peerup_peer_id_get_string (peerup_connection_get_remote_peer (self->options.carrier));
  g_autoptr (GError) owned = error;

  if (self->stream == NULL || !g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET))
    return g_steal_pointer (&owned);
  switch (peerup_stream_get_reset_code (self->stream))
    {
    case PEERUP_STREAM_CODE_GATED:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_DENIED, "%s does not allow a search for a direct path", peer);
    case PEERUP_STREAM_CODE_RESOURCE_LIMIT:
    case PEERUP_STREAM_CODE_RATE_LIMITED:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "%s is asked for direct paths too often", peer);
    case PEERUP_STREAM_CODE_NEGOTIATION_FAILED:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION, "%s does not know " PEERUP_ICE_PROTOCOL, peer);
    default:
      return g_steal_pointer (&owned);
    }
}

static gboolean
session_open (PeerupIceSession *self, GError **error)
{
  g_autoptr (GError) local = NULL;

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
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The search was given up");
  return self->stream != NULL && self->ended != NULL && peerup_ice_session_say_offer (self, PEERUP_ICE_OFFER, error);
}

/* Nothing is allocated for a peer that does not say what it wants. */
static gboolean
session_accept (PeerupIceSession *self, GError **error)
{
  gint64 deadline = MIN (self->deadline, g_get_monotonic_time () + PEERUP_ICE_OFFER_TIMEOUT);
  g_autoptr (GBytes) bytes = peerup_stream_await_message (self->stream, PEERUP_ICE_MESSAGE_MAX, deadline, error);
  g_autoptr (PeerupIceMessage) offer = NULL;

  if (bytes != NULL)
    offer = peerup_ice_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (offer == NULL)
    return FALSE;
  if (offer->type != PEERUP_ICE_OFFER)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "ICE: the peer does not begin with an offer");
      return FALSE;
    }
  return session_open_agent (self, error) && peerup_ice_session_take_offer (self, offer, error) &&
         peerup_ice_session_say_offer (self, PEERUP_ICE_ANSWER, error);
}

/* Checks of a reflexive candidate. A NAT that lets in only whom it knows drops them until the peer sends to us, which
 * it cannot before it was told how our own NAT shows us; what is dropped is sent again after 500 ms (RFC 8445 14.3). */

static gboolean
may_translate (const PeerupIceNat *nat)
{
  return nat->translates || !nat->is_measured;
}

static gboolean
session_must_hold (PeerupIceSession *self)
{
  return self->options.server.any.sa_family != AF_UNSPEC && may_translate (&self->options.nat) &&
         may_translate (&self->nat) && self->nat.filtering != PEERUP_NAT_ENDPOINT_INDEPENDENT;
}

/* When it makes sense to send to where the peer's NAT shows it, monotonic µs. */
static gint64
session_get_release_time (PeerupIceSession *self)
{
  if (!session_must_hold (self))
    return self->offered_at;
  if (self->reflexive_at != 0)
    return MAX (self->reflexive_at, self->offered_at) + HOLD_MARGIN;
  return self->offered_at + (self->has_gathered ? 0 : HOLD_TIMEOUT);
}

gint64
peerup_ice_session_release (PeerupIceSession *self)
{
  gint64 at = session_get_release_time (self);
  gboolean is_due = g_get_monotonic_time () >= at;

  for (guint i = 0; self->agent != NULL && i < self->held->len;)
    {
      const PeerupIceCandidate *candidate = &g_array_index (self->held, PeerupIceCandidate, i);

      if (!is_due && candidate->type != PEERUP_ICE_HOST)
        {
          i++;
          continue;
        }
      self->has_failed = FALSE;
      peerup_ice_agent_add_remote_candidates (self->agent, candidate, 1);
      g_array_remove_index (self->held, i);
    }
  if (self->held->len > 0)
    return at;
  if (self->has_ended && !self->has_told_end && self->agent != NULL)
    {
      self->has_told_end = TRUE;
      peerup_ice_agent_end_remote_candidates (self->agent);
    }
  return G_MAXINT64;
}

/* Nothing will come of it any more. */
static gboolean
session_is_over (PeerupIceSession *self)
{
  gboolean is_searching = self->search != NULL && !peerup_ice_search_has_failed (self->search);
  gboolean has_failed = self->agent != NULL && self->has_failed && self->has_ended && self->has_said_end;

  return self->ended == NULL || self->has_given_up || (has_failed && !is_searching) ||
         g_get_monotonic_time () >= self->deadline;
}

static void
set_unreachable (PeerupIceSession *self, GError **error)
{
  g_debug ("ICE: %u candidates tried and %u dropped, given up by the peer: %d", self->filter.n_taken,
           self->filter.n_dropped, self->has_given_up);
  if (self->offered_at == 0)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                         "The other device did not answer when it was asked for a direct path");
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                         peerup_ice_explain (&self->options.nat, &self->nat, self->filter.n_taken > 0));
}

static void
session_wait (PeerupIceSession *self)
{
  gint64 until = self->search != NULL ? peerup_ice_search_get_deadline (self->search) : G_MAXINT64;
  g_autoptr (GError) error = NULL;

  until = MIN (until, self->offered_at != 0 ? peerup_ice_session_release (self) : G_MAXINT64);
  /* Something may have come while the turn waited for the stream. Else which one it was the caller finds out. */
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
  if (!peerup_ice_session_say_news (self, error) || !peerup_ice_session_hear (self, error))
    return FALSE;
  if (!session_is_over (self))
    return TRUE;
  set_unreachable (self, error);
  return FALSE;
}

/* The path */

/* The check that has come through, and the peer's answer to it, were signed: it works both ways. The peer is told which
 * one it is, as each side may know several, and takes its end of it whatever it has heard itself; so nobody answers
 * checks any more, and what comes before the word does is kept. */
static gboolean
session_take_as_controlling (PeerupIceSession *self, GError **error)
{
  PeerupIceMessage message = { .type = PEERUP_ICE_CONNECTED, .has_pair = TRUE };
  PeerupSocketAddress local;

  self->fd = peerup_ice_agent_take (self->agent, &local, &self->remote, error);
  if (self->fd < 0)
    return FALSE;
  if (!peerup_ice_address_set (&message.pair.local, &local) ||
      !peerup_ice_address_set (&message.pair.remote, &self->remote))
    g_assert_not_reached ();
  return peerup_ice_session_say (self, &message, error);
}

/* QUIC answers what comes from there, so it is no less than a candidate; and what came early is the peer's own only if
 * checks came from there too. */
static gboolean
session_take_as_controlled (PeerupIceSession *self, GError **error)
{
  PeerupSocketAddress seen;
  gboolean is_known;

  if (!peerup_ice_address_get (&self->pair.remote, &seen) || !peerup_ice_address_get (&self->pair.local, &self->remote))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "ICE: the peer names a path of no addresses");
      return FALSE;
    }
  is_known = peerup_ice_agent_has_remote (self->agent, &self->remote);
  if (!is_known && !peerup_ice_may_probe (&self->options.networks, &self->remote))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                           "ICE: the peer claims a path from where no peer can be");
      return FALSE;
    }
  self->fd = peerup_ice_agent_take_at (self->agent, &seen, error);
  if (is_known)
    self->early = peerup_ice_agent_take_early (self->agent);
  return self->fd >= 0;
}

/* Here the peer may still be choosing: it is waited for. */
static gboolean
session_take_searched (PeerupIceSession *self, GError **error)
{
  g_clear_pointer (&self->agent, peerup_ice_agent_free);
  g_clear_pointer (&self->search, peerup_ice_search_free);
  if (!peerup_ice_session_say (self, &(PeerupIceMessage) { .type = PEERUP_ICE_TAKEN }, error))
    return FALSE;
  while (self->controlling && !self->is_taken)
    {
      session_wait (self);
      if (!session_turn (self, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
session_find (PeerupIceSession *self, GError **error)
{
  while (session_turn (self, error))
    {
      if (self->controlling && peerup_ice_agent_is_connected (self->agent))
        return session_take_as_controlling (self, error);
      if (self->is_connected)
        return session_take_as_controlled (self, error);
      self->fd = self->search != NULL ? peerup_ice_search_take (self->search, &self->remote) : -1;
      if (self->fd >= 0)
        return session_take_searched (self, error);
      session_wait (self);
    }
  return FALSE;
}

static PeerupConnection *
session_speak_quic (PeerupIceSession *self, GError **error)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (self->options.carrier);
  gint64 deadline = g_get_monotonic_time () + PEERUP_ICE_QUIC_TIMEOUT;
  int fd = g_steal_fd (&self->fd);

  g_clear_pointer (&self->agent, peerup_ice_agent_free);
  g_clear_pointer (&self->search, peerup_ice_search_free);
  return dex_await_object (self->controlling
                             ? peerup_swarm_dial_punched (self->options.swarm, fd, &self->remote, peer, deadline)
                             : peerup_swarm_accept_punched_early (self->options.swarm, fd, &self->remote, peer,
                                                                  self->early, deadline),
                           error);
}

static PeerupConnection *
session_run (PeerupIceSession *self, GError **error)
{
  if (!(self->inbound ? session_accept (self, error) : session_open (self, error)) || !session_find (self, error))
    return NULL;
  return session_speak_quic (self, error);
}

/* The end */

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
    peerup_ice_session_say_failed (self, error);
  else
    peerup_stream_close (self->stream);
}

/* The peer has given this up for a session of its own, which comes any moment and cancels this one. */
static void
session_await_supplanting (PeerupIceSession *self)
{
  gint64 until = g_get_monotonic_time () + SUPPLANTED_TIMEOUT;
  g_autoptr (GError) error = NULL;

  if (self->stream == NULL || self->offered_at != 0 ||
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

  g_clear_pointer (&self->search, peerup_ice_search_free);
  g_clear_pointer (&self->agent, peerup_ice_agent_free);
  session_leave_stream (self, error);
  if (connection == NULL)
    {
      session_await_supplanting (self);
      error = session_explain_reset (self, g_steal_pointer (&error));
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
  g_clear_pointer (&self->negotiation, peerup_multistream_free);
  g_clear_object (&self->stream);
  g_array_unref (self->found);
  g_array_unref (self->held);
  g_clear_pointer (&self->early, g_ptr_array_unref);
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
  self->held = g_array_new (FALSE, FALSE, sizeof (PeerupIceCandidate));
  self->fd = -1;
  peerup_frame_reader_init (&self->reader, PEERUP_ICE_MESSAGE_MAX);
  /* It frees itself, and ends by its deadline. */
  dex_future_disown (peerup_fiber_run (session_fiber, self, session_free));
  return self;
}

void
peerup_ice_session_cancel (PeerupIceSession *self)
{
  self->ended = NULL;
  if (self->stream != NULL)
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_SUPPLANTED);
  peerup_ice_session_wake (self);
}

gboolean
peerup_ice_session_is_waiting (PeerupIceSession *self)
{
  return !self->inbound && self->offered_at == 0;
}

PeerupConnection *
peerup_ice_session_get_carrier (PeerupIceSession *self)
{
  return self->options.carrier;
}
