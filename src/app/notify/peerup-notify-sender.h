/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"
#include "app/notify/peerup-notify-policy.h"

G_BEGIN_DECLS

/* Makes a GNotification of a note, with the words and the buttons, and sends it by the way that GLib finds. */
typedef struct _PeerupNotifySender PeerupNotifySender;

/* @application: registered, outlives it; @session: says which answers a question has. */
PeerupNotifySender *
peerup_notify_sender_new (GApplication *application, PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
void peerup_notify_sender_free (PeerupNotifySender *self);
void peerup_notify_sender_show (PeerupNotifySender *self, const PeerupNote *note);
void peerup_notify_sender_withdraw (PeerupNotifySender *self, const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNotifySender, peerup_notify_sender_free)

G_END_DECLS
