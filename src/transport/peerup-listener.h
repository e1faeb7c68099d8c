/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-reactor.h"

G_BEGIN_DECLS

/* A local TCP port: 127.0.0.1 and [::1] together, or one address that was asked for. Accepting
 * is bounded per dispatch, and waits when the process is out of descriptors. Owned by
 * whoever made it, in its thread. */
typedef struct _PeerupListener PeerupListener;

/* What to do about a port that the system keeps for itself. */
#define PEERUP_LISTENER_LOW_PORT_HINT                                    \
  "choose a port above 1023, or permit low ones "                        \
  "(AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or a " \
  "lower sysctl net.ipv4.ip_unprivileged_port_start)"

/* For each connection; the callee owns @fd. May free the listener. */
typedef void (*PeerupListenerFunc) (PeerupListener *self, int fd, gpointer data);

/* @address: an IP address, NULL for loopback. @port: 0 for any. MALFORMED; EXISTS: the port
 * is taken; else G_IO_ERROR. The messages name the address and what to do. */
PeerupListener *peerup_listener_new (const char *address, guint port, PeerupListenerFunc func, gpointer data,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether @address and @port can be listened on in principle. MALFORMED. */
gboolean peerup_listener_check (const char *address, guint port, GError **error);
void peerup_listener_free (PeerupListener *self);
/* The real port. */
guint peerup_listener_get_port (PeerupListener *self);
/* A TCP socket to connect from, bound where this one listens on @family (AF_INET, AF_INET6), or -1: what it sends
 * leaves by the same mappings of NATs. No other program can share the port for that. UNSUPPORTED where nothing listens
 * on @family, else G_IO_ERROR. */
int peerup_listener_open_beside (PeerupListener *self, int family, GError **error);
/* While paused connections wait in the kernel's queue. */
void peerup_listener_pause (PeerupListener *self);
void peerup_listener_resume (PeerupListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupListener, peerup_listener_free)

G_END_DECLS
