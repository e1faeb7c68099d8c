/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-port-mapper.h"

G_BEGIN_DECLS

/* Asks whatever router answers on this network for ports by UPnP IGD, and keeps them while this lives. It looks for one
 * all the time, as one may be switched on later. IPv4 only. Behind it is libgupnp-igd, in this thread's context;
 * nothing of it is seen elsewhere. */
typedef struct _PeerupUpnp PeerupUpnp;

/* What follows has changed. Called from the main loop; must not free @self. */
typedef void (*PeerupUpnpFunc) (PeerupUpnp *self, gpointer data);

/* @client: our address, which routers are told to forward to. */
PeerupUpnp *
peerup_upnp_new (const PeerupSocketAddress *client, PeerupUpnpFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Does not end what a router has granted; see withdraw(). */
void peerup_upnp_free (PeerupUpnp *self);
/* A port that is wanted from now on. */
void peerup_upnp_add (PeerupUpnp *self, guint8 protocol, guint16 port);
/* Tells the router that none is wanted any more, which takes the main loop some time. */
void peerup_upnp_withdraw (PeerupUpnp *self);

guint peerup_upnp_get_n_ports (PeerupUpnp *self);
void peerup_upnp_get_port (PeerupUpnp *self, guint index, PeerupPortMapped *port);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupUpnp, peerup_upnp_free)

G_END_DECLS
