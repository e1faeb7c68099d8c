/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/background/peerup-background.h"
#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Tells a PeerupBackground how the devices of a session are, in one line: "3 devices connected, 1 relayed". */
#define PEERUP_TYPE_BACKGROUND_STATUS (peerup_background_status_get_type ())
G_DECLARE_FINAL_TYPE (PeerupBackgroundStatus, peerup_background_status, PEERUP, BACKGROUND_STATUS, GObject)

PeerupBackgroundStatus *
peerup_background_status_new (PeerupBackground *background, PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the line, in fewer than 96 characters. @relayed: of @connected */
char *
peerup_background_status_make_text (PeerupSessionState state, guint connected, guint relayed) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
