/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* How many connections end with this program: none where the engine is a daemon's, which goes on. @session:
 * (nullable) */
guint peerup_quit_count_in_use (PeerupSession *session);
/* Whether to quit although @n connections are in use: its response is "quit", or another. (transfer floating) */
AdwDialog *peerup_quit_question_new (guint n) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
