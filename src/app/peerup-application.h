/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"
#include "app/peerup-window.h"

G_BEGIN_DECLS

/* The program: one for each profile on a desktop. It owns the session with the engine, which outlives its windows.
 * What it can be asked from outside is in peerup-application-actions.h. */
#define PEERUP_TYPE_APPLICATION (peerup_application_get_type ())
G_DECLARE_FINAL_TYPE (PeerupApplication, peerup_application, PEERUP, APPLICATION, AdwApplication)

PeerupApplication *peerup_application_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer none): the session, which is started if there is none yet, and again where it has lost its engine. Not
 * while the program ends. */
PeerupSession *peerup_application_ensure_session (PeerupApplication *self);
/* (transfer none) (nullable): the main window, if there is one. */
PeerupWindow *peerup_application_get_window (PeerupApplication *self);
/* (transfer none): the main window, made if there is none, and raised. Not while the program ends. */
PeerupWindow *peerup_application_show_window (PeerupApplication *self);
/* Whether it is on its way out: who wants something of it starts it again. */
gboolean peerup_application_is_ending (PeerupApplication *self);
/* Between the two it does not end for want of a window. */
void peerup_application_begin_job (PeerupApplication *self);
void peerup_application_end_job (PeerupApplication *self);
/* Says what a person should know, in the window or, where there is none, as a notification. @text: plain */
void peerup_application_say (PeerupApplication *self, const char *text);
/* Ends it and, if it is ours, the engine. @ask: where connections are in use, ask first in the window, which is shown
 * for it. The second time it waits for nothing. */
void peerup_application_end (PeerupApplication *self, gboolean ask);

G_END_DECLS
