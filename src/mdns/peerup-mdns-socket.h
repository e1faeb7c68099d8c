/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-reactor.h"
#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* Port 5353 with the group of multicast DNS, 224.0.0.251 or ff02::fb, of one family on some interfaces. Shared with the
 * other responders of this machine (avahi-daemon, systemd-resolved), as long as they share it too. Owned by whoever
 * made it, in its thread. */
typedef struct _PeerupMdnsSocket PeerupMdnsSocket;

/* A datagram from @source came in on @interface. @hop_limit: as it arrived, -1: not known. May free the socket. */
typedef void (*PeerupMdnsSocketFunc) (guint interface, const PeerupSocketAddress *source, int hop_limit,
                                      const guint8 *data, gsize length, gpointer user_data);

/* EXISTS: another program has the port for itself; else G_IO_ERROR. */
PeerupMdnsSocket *
peerup_mdns_socket_new (int family, PeerupMdnsSocketFunc func, gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_mdns_socket_free (PeerupMdnsSocket *self);
/* G_IO_ERROR: too many memberships, or the interface is gone. Nothing happens where it is joined already. */
gboolean peerup_mdns_socket_join (PeerupMdnsSocket *self, guint interface, GError **error);
void peerup_mdns_socket_leave (PeerupMdnsSocket *self, guint interface);
/* @to: nullable, for the group. What cannot be sent is lost, as anything may be. */
void peerup_mdns_socket_send (PeerupMdnsSocket *self, guint interface, const PeerupSocketAddress *to,
                              const guint8 *data, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMdnsSocket, peerup_mdns_socket_free)

G_END_DECLS
