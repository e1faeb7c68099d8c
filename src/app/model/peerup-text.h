/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Texts that others have written (names, services, tags, agents, errors of peers), made fit to be shown: they are UTF-8
 * in one line, cannot turn the direction of what is around them, do not reach out of their line, and have an end. They
 * are plain text all the same, and no markup: never give them to a label that reads markup. */

/* So many characters at most, with the "…" of a text that was cut. */
#define PEERUP_TEXT_MAX 64

/* For a label of its own. @text: (nullable): as NULL, what has nothing to show gives "". (transfer full) */
char *peerup_text_clean (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* Likewise with a length of one's own, in characters, at least 1. (transfer full) */
char *peerup_text_clean_to (const char *text, guint max) G_GNUC_WARN_UNUSED_RESULT;
/* For a sentence of ours: between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE. "" stays "". (transfer full) */
char *peerup_text_isolate (const char *text) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a problem of the engine's, in whichever language it speaks, is that it knows no other device yet: no trouble
 * here, and told by a page of its own. */
gboolean peerup_text_is_first_run (const char *problem);

G_END_DECLS
