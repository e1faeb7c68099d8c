/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What programs say first that take each D-Bus address for that of a bus, as "gdbus call --address" and "busctl
 * --address" do: on a private connection they are answered as by a bus with one name on it. Returns what
 * g_dbus_connection_unregister_object() takes, or 0. */
guint peerup_control_hello_register (GDBusConnection *connection, GError **error);

G_END_DECLS
