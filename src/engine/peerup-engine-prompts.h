/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "engine/peerup-prompt-list.h"

G_BEGIN_DECLS

/* What an engine asks people, and what their answers do.
 *
 * "verify" is asked whenever a pairing of any kind is complete here, and waits until it is answered, the peer is
 * verified or gone, or the engine stops: "match" is SetVerified, "differ" undoes the pairing.
 *
 * "access" is asked where somebody watches who shows prompts to a person, and an authorized peer opens a stream to a
 * service that peerup_decide() denies it for the service's list or for a grant that has ended: "allow" grants it for
 * PEERUP_PROMPT_GRANT_TIME. The answer decides nothing by itself: the grant is a fact, and peerup_decide() is asked
 * anew for each stream that waited. */
typedef struct _PeerupEnginePrompts PeerupEnginePrompts;

/* Seconds. */
#define PEERUP_PROMPT_GRANT_TIME 3600

/* For @engine, which outlives it, in its thread. */
PeerupEnginePrompts *peerup_engine_prompts_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_prompts_free (PeerupEnginePrompts *self);
/* The engine runs; it stops: what is open is taken back. Who watches watches on. */
void peerup_engine_prompts_begin (PeerupEnginePrompts *self);
void peerup_engine_prompts_end (PeerupEnginePrompts *self);
/* (transfer none) of PeerupPrompt. */
GListModel *peerup_engine_prompts_get_model (PeerupEnginePrompts *self);

/* What @answer does is done when this returns. NOT_FOUND: the prompt is over; MALFORMED: none of its answers; else why
 * it could not be done, and the prompt stays. */
gboolean peerup_engine_prompts_answer (PeerupEnginePrompts *self, guint number, const char *answer, GError **error);

/* Somebody shows prompts to a person from now on; each call is taken back by one of unwatch. When nobody does any
 * longer, "access" is taken back. */
void peerup_engine_prompts_watch (PeerupEnginePrompts *self);
void peerup_engine_prompts_unwatch (PeerupEnginePrompts *self);
/* The same until @deadline (monotonic µs), for who cannot say that he leaves. */
void peerup_engine_prompts_watch_until (PeerupEnginePrompts *self, gint64 deadline);

/* A pairing with @peer is complete. Nothing is asked where the peer is verified already. In any fiber. */
void peerup_engine_prompts_ask_verify (PeerupEnginePrompts *self, PeerupPeerId *peer);
/* Whether a stream of @peer to @service would wait for an answer. */
gboolean peerup_engine_prompts_may_ask (PeerupEnginePrompts *self, PeerupPeerId *peer, const char *service);
/* NULL: a stream of @peer to @service is to be judged at once. Else it waits until this settles, whatever it says, and
 * is judged then. */
DexFuture *peerup_engine_prompts_ask_access (PeerupEnginePrompts *self, PeerupPeerId *peer,
                                             const char *service) G_GNUC_WARN_UNUSED_RESULT;
/* Peers, services or lists may have changed: looks soon whether what is asked still arises. */
void peerup_engine_prompts_touch (PeerupEnginePrompts *self);

G_END_DECLS
