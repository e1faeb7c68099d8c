/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "ice/peerup-ice-agent.h"
#include "ice/peerup-ice-search.h"
#include "ice/peerup-ice-session.h"
#include "transport/multistream/peerup-multistream.h"
#include "wire/peerup-frame.h"

G_BEGIN_DECLS

struct _PeerupIceSession
{
  PeerupIceSessionOptions options; /* the objects are held */
  PeerupIceSessionFunc ended;      /* NULL once it was cancelled */
  gpointer data;
  gboolean controlling;
  gboolean inbound; /* the peer opened the stream */
  gint64 deadline;

  PeerupStream *stream;           /* NULL until there is one */
  PeerupMultistream *negotiation; /* NULL once the protocol is agreed on */
  PeerupFrameReader reader;
  DexPromise *wake;  /* what the fiber waits for beside the stream */
  gboolean is_woken; /* since its last turn began */

  PeerupIceAgent *agent;
  GArray *found; /* of PeerupIceCandidate, to be told */
  gboolean has_gathered;
  gboolean has_said_end;
  gint64 reflexive_at; /* when the peer was told how our NAT shows us; 0: not yet */
  gboolean has_failed;
  PeerupIceSearch *search; /* NULL: there is none */

  /* The peer */
  guint n_messages;
  PeerupIceFilter filter;
  PeerupIceNat nat;
  gint64 offered_at;     /* when we got its credentials; 0: not yet */
  GArray *held;          /* of PeerupIceCandidate, that are not tried yet */
  gboolean has_ended;    /* it has told all its candidates */
  gboolean has_told_end; /* to the agent */
  gboolean is_connected; /* it says, and names @pair */
  PeerupIcePair pair;    /* as it sees it */
  gboolean is_taken;
  gboolean has_given_up;

  /* The path */
  int fd;
  PeerupSocketAddress remote;
  GPtrArray *early; /* nullable, of GBytes: what came on it too soon */
};

/* What is said; see peerup-ice-signal.c. In the session's fiber. */
gboolean peerup_ice_session_say (PeerupIceSession *self, const PeerupIceMessage *message, GError **error);
/* The first message of each side; the stream is fresh for an OFFER. */
gboolean peerup_ice_session_say_offer (PeerupIceSession *self, PeerupIceMessageType type, GError **error);
/* Candidates and the search's, as far as there is something new. */
gboolean peerup_ice_session_say_news (PeerupIceSession *self, GError **error);
void peerup_ice_session_say_failed (PeerupIceSession *self, const GError *error);

/* What is heard: all that is there. FALSE at the end of the stream too. */
gboolean peerup_ice_session_hear (PeerupIceSession *self, GError **error);
gboolean peerup_ice_session_take_offer (PeerupIceSession *self, const PeerupIceMessage *message, GError **error);

/* PeerupIceSearch's wake; @data is the session. */
void peerup_ice_session_wake (gpointer data);
/* Tries what was held, if its time has come; when that is, monotonic µs, or G_MAXINT64. */
gint64 peerup_ice_session_release (PeerupIceSession *self);

G_END_DECLS
