/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

#include "app/notify/peerup-notify.h"

G_BEGIN_DECLS

/* (transfer full): notifications of @session, which are told where the person is, by the windows of @application. It
 * outlives them. @settings: (nullable) */
PeerupNotify *peerup_attention_notify_new (GtkApplication *application, PeerupSession *session,
                                           GSettings *settings) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
