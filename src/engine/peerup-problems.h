/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Lasting trouble: one sentence under each key, in the order it came. */
typedef struct _PeerupProblems PeerupProblems;

PeerupProblems *peerup_problems_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_problems_free (PeerupProblems *self);
/* Whose they are, in the log; nullable. */
void peerup_problems_set_profile (PeerupProblems *self, const char *profile);
/* A NULL @text says that it is over. TRUE if this is news; a new text is also logged as a warning. */
gboolean peerup_problems_set (PeerupProblems *self, const char *key, const char *text);
char **peerup_problems_dup (PeerupProblems *self) G_GNUC_WARN_UNUSED_RESULT;
/* The keys of the same, in the same order. */
char **peerup_problems_dup_keys (PeerupProblems *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupProblems, peerup_problems_free)

G_END_DECLS
