/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"
#include "app/notify/peerup-notify-policy.h"

G_BEGIN_DECLS

/* Notifications of what the session's engine tells, and whether anybody is here whom it may ask. What is notified of is
 * peerup-notify-policy.h's; here it is fed, and what comes out is sent, by GNotification, whose buttons are actions of
 * the application: app.show-prompt, app.answer-prompt, app.show-device, app.extend-grant, app.show-relays. */
#define PEERUP_TYPE_NOTIFY (peerup_notify_get_type ())
G_DECLARE_FINAL_TYPE (PeerupNotify, peerup_notify, PEERUP, NOTIFY, GObject)

/* @application: registered, outlives it; @settings: (nullable): which topics are on, followed. */
PeerupNotify *
peerup_notify_new (GApplication *application, PeerupSession *session, GSettings *settings) G_GNUC_WARN_UNUSED_RESULT;
/* Where the person is: NONE at first. Questions are asked of who has a window, or can be notified. */
void peerup_notify_set_attention (PeerupNotify *self, PeerupAttention attention);
/* Whether anybody shows notifications here: what is sent all the same is lost, and GLib warns of it. */
gboolean peerup_notify_get_available (PeerupNotify *self);

G_END_DECLS
