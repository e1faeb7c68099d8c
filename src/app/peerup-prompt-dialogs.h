/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* The engine's questions as dialogs of a window: one at a time, each for as long as the engine asks. Those about a
 * device that a dialog has claimed (peerup-prompt-claims.h) are left to that one. Nobody but the person answers. */
#define PEERUP_TYPE_PROMPT_DIALOGS (peerup_prompt_dialogs_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPromptDialogs, peerup_prompt_dialogs, PEERUP, PROMPT_DIALOGS, GObject)

/* @parent: outlives it. */
PeerupPromptDialogs *peerup_prompt_dialogs_new (PeerupSession *session, GtkWidget *parent) G_GNUC_WARN_UNUSED_RESULT;
/* Shows the question of that number now, although it was put off or another one is shown; what a dialog has claimed
 * stays with that one. FALSE if it is over. */
gboolean peerup_prompt_dialogs_show (PeerupPromptDialogs *self, guint number);

G_END_DECLS
