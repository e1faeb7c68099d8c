/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Questions of the engine in words. @prompt: one of ListPrompts, a{sv}. */

/* What the peer is called, or its ID; borrowed. */
const char *peerup_prompt_text_peer (GVariant *prompt);
/* "may it use ssh for an hour?" */
char *peerup_prompt_text_about (GVariant *prompt) G_GNUC_WARN_UNUSED_RESULT;
/* "match, differ, later" */
char *peerup_prompt_text_answers (GVariant *prompt) G_GNUC_WARN_UNUSED_RESULT;
/* The whole in one line, with its number. */
char *peerup_prompt_text_question (GVariant *prompt) G_GNUC_WARN_UNUSED_RESULT;
/* What an answer has done. */
const char *peerup_prompt_text_consequence (const char *answer);

G_END_DECLS
