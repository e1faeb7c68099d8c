/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* An engine in a thread of its own, served over one end of a socket pair. These functions are called in a fiber, in the
 * thread of whoever wants the engine, and never touch it themselves. */
typedef struct _PeerupClientThread PeerupClientThread;

/* Returns when the engine runs and serves @fd, which is taken in any case. @host: it also serves the sockets of its
 * configuration and has its name on the session bus, as a daemon; who asks it to stop there ends the connection of @fd.
 * Fails as peerup_engine_start_async() and peerup_control_claim(), and then nothing of it is left. */
PeerupClientThread *peerup_client_thread_new (const char *config_path, PeerupEngineFlags flags, gboolean host, int fd,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stops the engine, and returns when nothing of it is left. Its streams get up to 5 seconds, or less if @cancellable
 * (nullable) is cancelled. */
void peerup_client_thread_stop (PeerupClientThread *self, GCancellable *cancellable);
/* Outside a fiber too. An engine that was not stopped is stopped without waiting for it. */
void peerup_client_thread_free (PeerupClientThread *self);

/* Wraps @fd (taken). There is nobody to authenticate within a process, so nothing is sent and nothing is waited for. */
GDBusConnection *peerup_client_connection_over (int fd, GError **error);

G_END_DECLS
