/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-dbus.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* The skeleton of dev.peerup.PeerUp.Engine1 for one engine. It calls @stop for Stop. */
typedef void (*PeerupControlStopFunc) (gpointer data);

#define PEERUP_TYPE_CONTROL_OBJECT (peerup_control_object_get_type ())
G_DECLARE_FINAL_TYPE (PeerupControlObject, peerup_control_object, PEERUP, CONTROL_OBJECT, PeerupDBusEngine1Skeleton)

PeerupControlObject *
peerup_control_object_new (PeerupEngine *engine, PeerupControlStopFunc stop, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* @connection is gone: its forwards end. */
void peerup_control_object_drop_connection (PeerupControlObject *self, GDBusConnection *connection);

G_END_DECLS
