/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* An interface of this machine, as far as multicast DNS is concerned with it; what the system said at one moment. */
typedef struct
{
  PeerupSocketAddress address; /* port 0 */
  guint prefix;                /* bits that its network has in common */
} PeerupMdnsNetwork;

typedef struct
{
  guint index;
  char *name;
  GArray *networks; /* of PeerupMdnsNetwork; both families, link-local ones too */
} PeerupMdnsInterface;

/* Memberships are few by default (igmp_max_memberships is 20). */
#define PEERUP_MDNS_INTERFACES_MAX 16

PeerupMdnsInterface *peerup_mdns_interface_new (guint index, const char *name) G_GNUC_WARN_UNUSED_RESULT;
PeerupMdnsInterface *peerup_mdns_interface_copy (const PeerupMdnsInterface *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_mdns_interface_free (PeerupMdnsInterface *self);
void peerup_mdns_interface_add (PeerupMdnsInterface *self, const PeerupSocketAddress *address, guint prefix);
/* The same networks in any order. */
gboolean peerup_mdns_interface_equal (const PeerupMdnsInterface *a, const PeerupMdnsInterface *b);
gboolean peerup_mdns_interface_has_family (const PeerupMdnsInterface *self, int family);
/* Whether @host is the address of @self. */
gboolean peerup_mdns_interface_has_host (const PeerupMdnsInterface *self, const PeerupSocketAddress *host);
/* Whether @address is in one of the networks of @self. */
gboolean peerup_mdns_interface_contains (const PeerupMdnsInterface *self, const PeerupSocketAddress *address);
/* Whether what came in from @source is from this link, and not through a router (RFC 6762 11): nobody lowered its
 * @hop_limit (-1: not known) from 255, or it says that it is from one of the networks here. */
gboolean
peerup_mdns_interface_is_near (const PeerupMdnsInterface *self, const PeerupSocketAddress *source, int hop_limit);

/* (transfer full) of PeerupMdnsInterface: those that are up and multicast, and have an address that others can use;
 * neither loopback, where nobody else is, nor tunnels to one other end. PEERUP_MDNS_INTERFACES_MAX at most. */
GPtrArray *peerup_mdns_interfaces_list (void) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMdnsInterface, peerup_mdns_interface_free)

G_END_DECLS
