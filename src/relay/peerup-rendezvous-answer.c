/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Who may ask a relay's rendezvous for what, and what it answers. Each answer is made at once and whole, so that
 * nothing of the table is borrowed while a peer is waited for. What does not concern a peer it is not told: a pass that
 * is wrong, and an invite that is not there, look alike. */

#include "relay/peerup-rendezvous-server-private.h"

#include "swarm/peerup-swarm.h"
#include "trust/peerup-expires.h"

/* One request while it is answered; borrowed but for the error. */
typedef struct
{
  PeerupRendezvousServer *server;
  PeerupConnection *connection;
  PeerupPeerId *peer;
  const PeerupRendezvousRequest *request;
  gboolean is_member;
  gint64 now;    /* seconds since 1970 */
  GError *error; /* nullable; owned: what the answer borrows its reason from */
} Question;

/* @reason: nullable, borrowed until the answer is encoded. */
static PeerupRendezvousStatus
refuse (PeerupRendezvousAnswer *answer, PeerupRendezvousStatus status, const char *reason)
{
  answer->reason = (char *) reason;
  return status;
}

/* Whoever has shown the pass of the invite may do with it what a member may. */
static gboolean
is_invited (const Question *self)
{
  return self->is_member ||
         (self->request->inviter != NULL &&
          peerup_rendezvous_table_is_visitor (self->server->table, self->peer, self->request->inviter, self->now));
}

/* Inviters */

static PeerupRendezvousStatus
answer_register (Question *self, PeerupRendezvousAnswer *answer)
{
  PeerupRendezvousServer *server = self->server;
  PeerupRendezvousStatus status;

  if (!self->is_member)
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay does not know you");
  if (server->draining)
    return refuse (answer, PEERUP_RENDEZVOUS_UNAVAILABLE, "this relay is about to end");
  if (self->request->sealed != NULL && server->directory == NULL)
    return refuse (answer, PEERUP_RENDEZVOUS_UNAVAILABLE, "nothing can be left with this relay");
  status = peerup_rendezvous_table_register (server->table, self->peer, self->request, self->now, &self->error);
  server->figures.registered += status == PEERUP_RENDEZVOUS_OK || status == PEERUP_RENDEZVOUS_TAKEN;
  if (status == PEERUP_RENDEZVOUS_TAKEN)
    return refuse (answer, status, "somebody else has that number here");
  return refuse (answer, status, self->error != NULL ? self->error->message : NULL);
}

static PeerupRendezvousStatus
sponsor (const Question *self, PeerupRendezvousAnswer *answer)
{
  PeerupRendezvousServer *server = self->server;
  const PeerupRendezvousRequest *request = self->request;
  guint64 most = G_MAXUINT32;
  gint64 until = request->until == 0 ? PEERUP_EXPIRES_NEVER : self->now + (gint64) MIN (request->until, most);
  g_autoptr (GError) error = NULL;

  if (server->host.sponsor == NULL)
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay takes nobody up on somebody else's word");
  if (server->host.sponsor (self->peer, request->joined, until, request->name, server->host.data, &error))
    {
      server->figures.sponsored++;
      peerup_rendezvous_table_end_visits (server->table, request->joined);
      return PEERUP_RENDEZVOUS_OK;
    }
  g_message ("%s is not taken up, for whom %s stands: %s", peerup_peer_id_get_string (request->joined),
             peerup_peer_id_get_string (self->peer), error->message);
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT))
    return refuse (answer, PEERUP_RENDEZVOUS_LIMIT, "too many were taken up here on your word");
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_DENIED))
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay does not take that peer up on your word");
  return refuse (answer, PEERUP_RENDEZVOUS_UNAVAILABLE, "this relay cannot write that down");
}

/* Sponsored first: whoever has joined stays, and the other visitors go. */
static PeerupRendezvousStatus
answer_unregister (const Question *self, PeerupRendezvousAnswer *answer)
{
  PeerupRendezvousStatus status = PEERUP_RENDEZVOUS_OK;

  if (!self->is_member)
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay does not know you");
  if (self->request->joined != NULL)
    status = sponsor (self, answer);
  (void) peerup_rendezvous_table_unregister (self->server->table, self->peer, self->request->number);
  return status;
}

static PeerupRendezvousStatus
answer_fetch (const Question *self, PeerupRendezvousAnswer *answer)
{
  const PeerupRendezvousKept *invite;

  if (!self->is_member)
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay does not know you");
  invite = peerup_rendezvous_table_find (self->server->table, self->request->number, self->peer, self->now);
  if (invite == NULL)
    return refuse (answer, PEERUP_RENDEZVOUS_NOT_FOUND, "you have no such invite here");
  answer->left = invite->left;
  return PEERUP_RENDEZVOUS_OK;
}

/* Joiners */

static gboolean
is_here (PeerupRendezvousServer *server, PeerupPeerId *inviter)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (server->swarm, inviter);

  for (guint i = 0; i < connections->len; i++)
    if (!peerup_swarm_is_relayed (connections->pdata[i]))
      return TRUE;
  return server->host.is_here != NULL && server->host.is_here (inviter, server->host.data);
}

static PeerupRendezvousStatus
answer_find (const Question *self, PeerupRendezvousAnswer *answer)
{
  PeerupRendezvousServer *server = self->server;
  const PeerupRendezvousKept *invite;

  if (!is_invited (self))
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay does not know you");
  invite = peerup_rendezvous_table_find (server->table, self->request->number, self->request->inviter, self->now);
  if (invite == NULL)
    return refuse (answer, PEERUP_RENDEZVOUS_NOT_FOUND, "no such invite is open here");
  server->figures.found++;
  answer->inviter = invite->inviter;
  answer->here = is_here (server, invite->inviter);
  answer->sealed = invite->sealed;
  return PEERUP_RENDEZVOUS_OK;
}

static PeerupRendezvousStatus
show_pass (const Question *self, guint64 host)
{
  PeerupRendezvousServer *server = self->server;
  PeerupRendezvousStatus status =
    peerup_rendezvous_table_show (server->table, self->is_member ? NULL : self->peer, self->request, self->now);

  if (status == PEERUP_RENDEZVOUS_OK)
    server->figures.passes_shown++;
  if (status == PEERUP_RENDEZVOUS_DENIED)
    {
      server->figures.passes_wrong++;
      peerup_rendezvous_rates_count_wrong (server->rates, host, g_get_monotonic_time ());
    }
  return status;
}

/* One who is here as a guest has to come anew. */
static PeerupRendezvousStatus
answer_pass (const Question *self, PeerupRendezvousAnswer *answer)
{
  PeerupRendezvousServer *server = self->server;
  guint64 host = peerup_swarm_get_host (peerup_connection_get_info (self->connection)->remote_address);
  PeerupRendezvousStatus status;

  if (server->draining)
    return refuse (answer, PEERUP_RENDEZVOUS_UNAVAILABLE, "this relay is about to end");
  if (peerup_swarm_is_relayed (self->connection) || (!self->is_member && server->host.admit_until == NULL))
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay lets nobody in by a pass");
  if (!peerup_rendezvous_rates_allow_pass (server->rates, host, g_get_monotonic_time ()))
    return refuse (answer, PEERUP_RENDEZVOUS_LIMIT, "too many wrong passes have come from your address");
  status = show_pass (self, host);
  if (status == PEERUP_RENDEZVOUS_DENIED)
    return refuse (answer, status, "that pass does not count here, or no longer");
  if (status != PEERUP_RENDEZVOUS_OK)
    return refuse (answer, status, "too many have come by that pass");
  if (!self->is_member)
    server->host.admit_until (self->peer, peerup_rendezvous_table_get_visit_end (server->table, self->peer),
                              server->host.data);
  answer->anew = peerup_rendezvous_server_is_guest (server, self->connection);
  return PEERUP_RENDEZVOUS_OK;
}

static PeerupRendezvousStatus
answer_leave (Question *self, PeerupRendezvousAnswer *answer)
{
  PeerupRendezvousServer *server = self->server;
  PeerupRendezvousStatus status;

  if (!is_invited (self))
    return refuse (answer, PEERUP_RENDEZVOUS_DENIED, "this relay does not know you");
  status = peerup_rendezvous_table_leave (server->table, self->peer, self->request, self->now, &self->error);
  server->figures.left += status == PEERUP_RENDEZVOUS_OK;
  if (status == PEERUP_RENDEZVOUS_NOT_FOUND)
    return refuse (answer, status, "no such invite waits here for an answer");
  if (status == PEERUP_RENDEZVOUS_LIMIT && self->error == NULL)
    return refuse (answer, status, "too much has been left here already");
  return refuse (answer, status, self->error != NULL ? self->error->message : NULL);
}

/* All */

static PeerupRendezvousStatus
choose (Question *self, PeerupRendezvousAnswer *answer)
{
  switch (self->request->type)
    {
    case PEERUP_RENDEZVOUS_REGISTER:
      return answer_register (self, answer);
    case PEERUP_RENDEZVOUS_UNREGISTER:
      return answer_unregister (self, answer);
    case PEERUP_RENDEZVOUS_FIND:
      return answer_find (self, answer);
    case PEERUP_RENDEZVOUS_PASS:
      return answer_pass (self, answer);
    case PEERUP_RENDEZVOUS_LEAVE:
      return answer_leave (self, answer);
    case PEERUP_RENDEZVOUS_FETCH:
      return answer_fetch (self, answer);
    default:
      g_assert_not_reached ();
    }
}

GBytes *
peerup_rendezvous_server_answer (PeerupRendezvousServer *self, PeerupConnection *connection, GBytes *bytes)
{
  g_autoptr (PeerupRendezvousRequest) request =
    peerup_rendezvous_request_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  Question question = { .server = self, .connection = connection, .request = request };
  PeerupRendezvousAnswer answer = { 0 };
  GBytes *encoded;

  question.peer = peerup_connection_get_remote_peer (connection);
  question.now = g_get_real_time () / G_USEC_PER_SEC;
  question.is_member = self->host.is_member (question.peer, self->host.data);
  if (request != NULL)
    answer.status = choose (&question, &answer);
  else
    answer.status = refuse (&answer, PEERUP_RENDEZVOUS_MALFORMED, "that is no request");
  self->figures.refused += answer.status != PEERUP_RENDEZVOUS_OK && answer.status != PEERUP_RENDEZVOUS_TAKEN;
  encoded = peerup_rendezvous_answer_encode (&answer);
  g_clear_error (&question.error);
  return encoded;
}

GBytes *
peerup_rendezvous_server_answer_flood (PeerupRendezvousServer *self)
{
  const PeerupRendezvousAnswer answer = {
    .status = PEERUP_RENDEZVOUS_LIMIT,
    .reason = (char *) "that is asked too often",
  };

  self->figures.refused++;
  return peerup_rendezvous_answer_encode (&answer);
}
