/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* One question of the engine to a person: as data, with a future for the answer. Whoever shows it (a window, a
 * terminal, a script) reads it and answers with one of its words; whoever asks waits. It has no clock: times are given.
 */
#define PEERUP_TYPE_PROMPT (peerup_prompt_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPrompt, peerup_prompt, PEERUP, PROMPT, GObject)

typedef enum
{
  PEERUP_PROMPT_VERIFY, /* do these strings match on both devices? "match", "differ", "later" */
  PEERUP_PROMPT_ACCESS, /* may that peer use this service? "allow", "deny", "later" */
} PeerupPromptKind;

/* It waits for as long as it takes. */
PeerupPrompt *peerup_prompt_new_verify (guint number, PeerupPeerId *peer, const char *emoji,
                                        const char *digits) G_GNUC_WARN_UNUSED_RESULT;
/* @deadline: monotonic µs from which on it is over; @expires_at: the same for people, seconds since 1970. */
PeerupPrompt *peerup_prompt_new_access (guint number, PeerupPeerId *peer, const char *service, gint64 deadline,
                                        gint64 expires_at) G_GNUC_WARN_UNUSED_RESULT;

guint peerup_prompt_get_number (PeerupPrompt *self);
PeerupPromptKind peerup_prompt_get_kind (PeerupPrompt *self);
/* "verify" or "access" */
const char *peerup_prompt_get_word (PeerupPrompt *self);
PeerupPeerId *peerup_prompt_get_peer (PeerupPrompt *self);
/* Each empty where the kind has none. */
const char *peerup_prompt_get_service (PeerupPrompt *self);
const char *peerup_prompt_get_emoji (PeerupPrompt *self);
const char *peerup_prompt_get_digits (PeerupPrompt *self);
const char *const *peerup_prompt_get_answers (PeerupPrompt *self);
/* Monotonic µs, G_MAXINT64 for never. */
gint64 peerup_prompt_get_deadline (PeerupPrompt *self);
/* Seconds since 1970, 0 for never. */
gint64 peerup_prompt_get_expires_at (PeerupPrompt *self);
gboolean peerup_prompt_is_open (PeerupPrompt *self);

/* Whether @answer could be given now. NOT_FOUND: it is over; MALFORMED: none of its answers. */
gboolean peerup_prompt_check (PeerupPrompt *self, const char *answer, GError **error);
/* What ends it, each once and for all. answer: errors as check; expire: whether @now (monotonic µs) has ended it. */
gboolean peerup_prompt_answer (PeerupPrompt *self, const char *answer, GError **error);
gboolean peerup_prompt_expire (PeerupPrompt *self, gint64 now);
void peerup_prompt_cancel (PeerupPrompt *self);
/* Resolves to the answer (string). Rejects with PEERUP_ERROR_TIMEOUT where nobody has answered in time, and with
 * G_IO_ERROR_CANCELLED where the question came to nothing. */
DexFuture *peerup_prompt_wait (PeerupPrompt *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
