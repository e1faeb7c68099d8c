/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control-socket.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

#define PEERUP_CONTROL_PATH      "/dev/peerup/PeerUp/Engine"
#define PEERUP_CONTROL_INTERFACE "dev.peerup.PeerUp.Engine1"

/* The engine on D-Bus connections: dev.peerup.PeerUp.Engine1 at PEERUP_CONTROL_PATH, on as
 * many private connections as there are clients. Lives in the engine's thread.
 *
 * Signal: "stop-requested": a client called Stop; whoever runs the engine stops it. */
#define PEERUP_TYPE_CONTROL (peerup_control_get_type ())
G_DECLARE_FINAL_TYPE (PeerupControl, peerup_control, PEERUP, CONTROL, GObject)

PeerupControl *peerup_control_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* Serves clients of this user at the socket of @claim, which is taken over and removed by
 * close(). Authentication is EXTERNAL alone. Blocking, at start-up. */
gboolean peerup_control_listen (PeerupControl *self, PeerupControlClaim *claim, GError **error);
/* Serves one connection that is authenticated already, or that is private to this process. */
gboolean peerup_control_serve (PeerupControl *self, GDBusConnection *connection, GError **error);
/* Sends what is queued, disconnects every client and removes the socket. */
void peerup_control_close (PeerupControl *self);

G_END_DECLS
