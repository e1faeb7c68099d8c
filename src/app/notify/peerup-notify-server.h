/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether somebody shows notifications to a person here: the portal in a sandbox, else GNOME's shell or any server of
 * org.freedesktop.Notifications. One that the bus starts when it is needed is started once, to see whether it can be.
 *
 * Property "available" (gboolean) notifies. */
#define PEERUP_TYPE_NOTIFY_SERVER (peerup_notify_server_get_type ())
G_DECLARE_FINAL_TYPE (PeerupNotifyServer, peerup_notify_server, PEERUP, NOTIFY_SERVER, GObject)

/* @connection: (nullable): the session bus; NULL: there is none, and nobody. */
PeerupNotifyServer *peerup_notify_server_new (GDBusConnection *connection) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_notify_server_get_available (PeerupNotifyServer *self);

G_END_DECLS
