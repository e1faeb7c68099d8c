/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Attaches the session again when a daemon of its profile comes while it has no engine (FAILED or GONE): the
 * directories of its sockets are followed then, and nothing is polled. Starts no engine by itself. */
#define PEERUP_TYPE_DAEMON_WATCH (peerup_daemon_watch_get_type ())
G_DECLARE_FINAL_TYPE (PeerupDaemonWatch, peerup_daemon_watch, PEERUP, DAEMON_WATCH, GObject)

PeerupDaemonWatch *peerup_daemon_watch_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
