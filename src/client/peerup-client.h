/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "control/peerup-dbus.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* A way to an engine: the daemon's, or one in this very process. Which of the two it is
 * makes no difference to what is called: everything goes through the proxy. */
#define PEERUP_TYPE_CLIENT (peerup_client_get_type ())
G_DECLARE_FINAL_TYPE (PeerupClient, peerup_client, PEERUP, CLIENT, GObject)

/* Resolves to a PeerupClient of the daemon that runs for @config_path. Rejects with
 * PEERUP_ERROR_NOT_FOUND if none does (the message says how to start one), or with the
 * G_IO_ERROR or G_DBUS_ERROR of a daemon that does not answer. */
DexFuture *peerup_client_attach (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
/* Starts an engine in this thread, and resolves to a PeerupClient of it. Rejects as
 * peerup_engine_start_async(). peerup_client_close() is to be awaited. */
DexFuture *peerup_client_embed (const char *config_path, PeerupEngineFlags flags) G_GNUC_WARN_UNUSED_RESULT;
/* The same with the engine in a thread of its own, which goes on whatever this one does: for programs with a window.
 * Nothing but the proxy reaches that engine; its answers and signals come in this thread. The thread is kept for the
 * next engine when this one is closed. */
DexFuture *peerup_client_embed_threaded (const char *config_path, PeerupEngineFlags flags) G_GNUC_WARN_UNUSED_RESULT;
/* As peerup_client_embed_threaded(), and the engine serves its configuration's sockets and the session bus as a daemon
 * does: others attach to it, and it is the only one. Rejects with PEERUP_ERROR_EXISTS where one runs already. Who asks
 * it to stop ends this connection; the engine goes on until peerup_client_close(). */
DexFuture *peerup_client_host (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
/* attach, and embed if no daemon runs. */
DexFuture *peerup_client_open (const char *config_path, PeerupEngineFlags flags) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_client_is_embedded (PeerupClient *self);
PeerupDBusEngine1 *peerup_client_get_proxy (PeerupClient *self);
/* Disconnects; an engine of our own is stopped first, and its streams get up to 5 seconds, or
 * less if @cancellable (nullable) is cancelled. Resolves to TRUE, never rejects. */
DexFuture *peerup_client_close (PeerupClient *self, GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE when the connection is gone, by us or by the daemon. */
DexFuture *peerup_client_wait_closed (PeerupClient *self) G_GNUC_WARN_UNUSED_RESULT;

/* For fibers: a GAsyncReadyCallback whose data is a reference of a DexPromise, which it
 * resolves to the GAsyncResult. */
void peerup_client_ready (GObject *source, GAsyncResult *result, gpointer promise);

G_END_DECLS
