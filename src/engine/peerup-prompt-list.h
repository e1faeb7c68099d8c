/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-prompt.h"

G_BEGIN_DECLS

/* The questions that are open, and those that are not to be asked again soon. It bounds both, whatever peers do; it has
 * no clock and decides nothing. All times are monotonic µs, but where it says otherwise. */

/* Of each kind at once: of "verify" the oldest makes place for one more, of "access" none more is asked. */
#define PEERUP_PROMPTS_MAX 16
/* How long somebody waits for the answer to "access", and how long the same is not asked again after it was not
 * allowed.
 */
#define PEERUP_PROMPT_TIME  (60 * (gint64) G_USEC_PER_SEC)
#define PEERUP_PROMPT_QUIET (10 * 60 * (gint64) G_USEC_PER_SEC)
/* Of one peer that wait at once. */
#define PEERUP_PROMPT_WAITING_MAX 3
/* Questions that are not to be asked again soon. While there are as many, none is asked. */
#define PEERUP_PROMPT_QUIET_MAX 1024

typedef struct _PeerupPromptList PeerupPromptList;

PeerupPromptList *peerup_prompt_list_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* What is open is taken back. */
void peerup_prompt_list_free (PeerupPromptList *self);
/* (transfer none) of PeerupPrompt: the open ones, the oldest first. */
GListModel *peerup_prompt_list_get_model (PeerupPromptList *self);
/* (nullable) (transfer none) */
PeerupPrompt *peerup_prompt_list_find (PeerupPromptList *self, guint number);

/* Asks whether these strings match; takes back what was asked of @peer before. */
PeerupPrompt *
peerup_prompt_list_ask_verify (PeerupPromptList *self, PeerupPeerId *peer, const char *emoji, const char *digits);
/* Whether one more stream of @peer to @service could wait for an answer. */
gboolean peerup_prompt_list_may_ask (PeerupPromptList *self, PeerupPeerId *peer, const char *service, gint64 now);
/* One more waits: the prompt (transfer none), there already or new; NULL where none may. @expires_at: of a new one,
 * seconds since 1970. */
PeerupPrompt *peerup_prompt_list_ask_access (PeerupPromptList *self, PeerupPeerId *peer, const char *service,
                                             gint64 now, gint64 expires_at, gboolean *is_new);

/* Ends @prompt, which leaves the list before whoever waits is told. Errors as peerup_prompt_answer(). */
gboolean peerup_prompt_list_answer (PeerupPromptList *self, PeerupPrompt *prompt, const char *answer, gint64 now,
                                    GError **error);
void peerup_prompt_list_cancel (PeerupPromptList *self, PeerupPrompt *prompt);
void peerup_prompt_list_cancel_kind (PeerupPromptList *self, PeerupPromptKind kind);
/* Ends those whose time is over, and returns when the next is; G_MAXINT64 for never. @expired: (nullable) of
 * PeerupPrompt, gets those that have ended. */
gint64 peerup_prompt_list_advance (PeerupPromptList *self, gint64 now, GPtrArray *expired);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPromptList, peerup_prompt_list_free)

G_END_DECLS
