/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* The main window. What becomes of the program when it is closed is the application's business. Its pages reach each
 * other by its actions alone: win.invite; win.join (s: a code, or empty); win.show-device (s: peer ID);
 * win.show-this-device; win.show-relays; win.show-prompt (u: number of a question); win.add-relay (shows the relays and
 * activates "relays.add" there); win.search */
#define PEERUP_TYPE_WINDOW (peerup_window_get_type ())
G_DECLARE_FINAL_TYPE (PeerupWindow, peerup_window, PEERUP, WINDOW, AdwApplicationWindow)

PeerupWindow *peerup_window_new (GtkApplication *application, PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
/* Activates one of its actions as soon as there is an engine; of those with one name, the last. @action: as "win.join";
 * @parameter: (nullable), consumed if floating */
void peerup_window_do (PeerupWindow *self, const char *action, GVariant *parameter);
/* Says something in passing. @text: plain */
void peerup_window_say (PeerupWindow *self, const char *text);

G_END_DECLS
