/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "engine/peerup-engine.h"
#include "transport/peerup-connection.h"
#include "trust/peerup-decision.h"

G_BEGIN_DECLS

/* Who may what on a running engine: holds the gater, the grants and the lists of the services, follows their files,
 * asks peerup_decide() and nothing else, ends at the moment what may go on no longer (connections, open streams), warns
 * PEERUP_GRANT_WARNING before a grant ends, and writes the audit. */
typedef struct _PeerupEngineTrust PeerupEngineTrust;

/* For @engine, which has its configuration and its swarm and outlives it. Errors as peerup_gater_new_for_file(). */
PeerupEngineTrust *peerup_engine_trust_new (PeerupEngine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_trust_free (PeerupEngineTrust *self);
/* Takes over the files and the audit of another configuration. On an error the old files stay in force. */
gboolean
peerup_engine_trust_apply (PeerupEngineTrust *self, PeerupConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @service: nullable, for connecting. Audited where @connection (nullable) says by which path; a look (for identify and
 * lists) is peerup_engine_trust_sees(), which is not. */
PeerupDecision peerup_engine_trust_decide (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service,
                                           PeerupConnection *connection);
gboolean peerup_engine_trust_sees (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service);
/* A look with its reason, and in words, with the next step. */
PeerupDecision peerup_engine_trust_look (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service);
char *peerup_engine_trust_dup_sentence (PeerupEngineTrust *self, const PeerupDecision *decision, PeerupPeerId *peer,
                                        const char *service) G_GNUC_WARN_UNUSED_RESULT;
/* Why @peer, which may not connect, may not: "it is not listed in FILE". */
char *peerup_engine_trust_dup_refusal (PeerupEngineTrust *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* Whether @peer may use what it is granted and nothing else, nor see it. */
gboolean peerup_engine_trust_is_guest (PeerupEngineTrust *self, PeerupPeerId *peer);
/* Whether authorized_keys has an entry of @peer, in whatever state that is; without gating it has none. */
gboolean peerup_engine_trust_lists (PeerupEngineTrust *self, PeerupPeerId *peer);
/* (nullable) (transfer none): the entries in force, NULL without gating; until they are read again. */
PeerupAuthorizedKeys *peerup_engine_trust_get_keys (PeerupEngineTrust *self);
/* Whether connection gating is off. */
gboolean peerup_engine_trust_is_open (PeerupEngineTrust *self);
/* The clock was set, or this machine has slept: ends at once what has ended. */
void peerup_engine_trust_clock_changed (PeerupEngineTrust *self);

/* What has changed by us is in force when these return; each is one edit of a file, blocking for an fsync. @until:
 * seconds since 1970 or PEERUP_EXPIRES_NEVER. */
gboolean peerup_engine_trust_grant (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service, gint64 until,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_engine_trust_extend (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service, gint64 until,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_engine_trust_revoke (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lets @peer in until @until without writing that anywhere: a relay's guest with a pass. It may use no service. 0 ends
 * it, and its connections unless it is authorized. */
void peerup_engine_trust_admit_until (PeerupEngineTrust *self, PeerupPeerId *peer, gint64 until);
/* The files were changed by somebody in this process: read them now. */
gboolean peerup_engine_trust_reload (PeerupEngineTrust *self, GError **error);
/* (transfer full) of PeerupGrant. */
GPtrArray *peerup_engine_trust_dup_grants (PeerupEngineTrust *self) G_GNUC_WARN_UNUSED_RESULT;
/* One line of the audit that is no decision: @event "paired", "invite-created", "invite-used", "verified", …; @peer and
 * the rest nullable. "grant-added", "grant-extended", "grant-revoked", "grant-ending", "grant-ended", "peer-added",
 * "peer-changed", "peer-removed" and "peer-ended" come by themselves, when the files are read or the time has come. */
void peerup_engine_trust_audit (PeerupEngineTrust *self, const char *event, PeerupPeerId *peer, const char *service,
                                const char *reason);

G_END_DECLS
