/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "control/peerup-caller.h"
#include "control/peerup-control-socket.h"
#include "control/peerup-operations.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

#define PEERUP_CONTROL_PATH      "/dev/peerup/PeerUp/Engine"
#define PEERUP_CONTROL_INTERFACE "dev.peerup.PeerUp.Engine1"
#define PEERUP_CONTROL_BUS_NAME  "dev.peerup.PeerUp.Engine"

/* The engine on D-Bus connections: dev.peerup.PeerUp.Engine1 at PEERUP_CONTROL_PATH, on as
 * many private connections as there are clients. Lives in the engine's thread.
 *
 * Signals:
 * "stop-requested": a client called Stop; whoever runs the engine stops it.
 * "event" (const char *interface, const char *name, GVariant *parameters, PeerupCaller *only): one signal of the
 *   description is due, for all callers, or for @only (nullable). Emitted from the main loop, never inside a fiber.
 * "property-changed" (const char *name, GVariant *value): of the interface Engine1. */
#define PEERUP_TYPE_CONTROL (peerup_control_get_type ())
G_DECLARE_FINAL_TYPE (PeerupControl, peerup_control, PEERUP, CONTROL, GObject)

PeerupControl *peerup_control_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* Serves clients of this user at the socket of @claim, which is taken over and removed by
 * close(). Authentication is EXTERNAL alone. Blocking, at start-up. */
gboolean peerup_control_listen (PeerupControl *self, PeerupControlClaim *claim, GError **error);
/* Looks after the socket of peerup_control_listen(), which is made anew where it was removed. (nullable) (transfer
 * full): what is not well and cannot be mended, as the end of a sentence. */
char *peerup_control_check_socket (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
/* Serves one connection that is authenticated already, or that is private to this process. */
gboolean peerup_control_serve (PeerupControl *self, GDBusConnection *connection, GError **error);
/* Takes the name PEERUP_CONTROL_BUS_NAME on a bus, and serves there: on the session bus whoever is on it, on the system
 * bus whom polkit allows. Returns at once; a bus that is not there, or goes, or a name that another has, is told in the
 * log and tried again. FALSE: there is no session here, so that no session bus can be. */
gboolean peerup_control_own_bus (PeerupControl *self, GBusType type);

/**
 * peerup_control_invoke:
 * @caller: who asks
 * @parameters: a tuple of the operation's arguments; a floating one is consumed
 *
 * The only way into the engine for every face: what D-Bus and HTTP offer is this. Counts the call for the metrics.
 * Cancelled when the caller leaves.
 *
 * Resolves to the tuple (G_TYPE_VARIANT) of what goes out. Rejects with a PEERUP_ERROR whose text is for people, or
 * G_DBUS_ERROR_INVALID_ARGS where @parameters are of other types.
 */
DexFuture *peerup_control_invoke (PeerupControl *self, PeerupCaller *caller, const PeerupOperation *operation,
                                  GVariant *parameters) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the properties of the interface Engine1, a{sv}. */
GVariant *peerup_control_dup_properties (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
/* Sends what is queued, disconnects every client and removes the socket. */
void peerup_control_close (PeerupControl *self);

G_END_DECLS
