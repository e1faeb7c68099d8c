/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The control's private socket, whoever has made it: the service manager, for whose sockets GDBusServer has no use, or
 * the daemon. */
typedef struct _PeerupControlListener PeerupControlListener;

/* A client of this user has authenticated itself; its messages are delivered from the next turn of the loop on. */
typedef void (*PeerupControlListenerFunc) (GDBusConnection *connection, gpointer data);

/* Milliseconds that a client has for authenticating itself. */
#define PEERUP_CONTROL_LISTENER_PATIENCE (10 * 1000)

/* @fd, which listens, is taken over. Called back in the thread's default main context of now. @patience: milliseconds
 */
PeerupControlListener *peerup_control_listener_new (int fd, guint patience, PeerupControlListenerFunc func,
                                                    gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes no more clients, and forgets those that were not authenticated yet. The socket stays with its maker. */
void peerup_control_listener_free (PeerupControlListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupControlListener, peerup_control_listener_free)

G_END_DECLS
