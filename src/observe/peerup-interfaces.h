/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One family of the addresses of this machine's interfaces: those that others may reach, so
 * neither loopback nor link-local ones. */
typedef struct
{
  guint n_addresses;
  guint64 digest; /* other addresses have another, in all likelihood; their order does not matter */
} PeerupInterfaceAddresses;

typedef struct
{
  PeerupInterfaceAddresses ipv4;
  PeerupInterfaceAddresses ipv6;
} PeerupInterfaces;

/* Those that are up now; none where the system cannot tell. Blocking, one call of the kernel. */
void peerup_interfaces_read (PeerupInterfaces *self);
gboolean peerup_interface_addresses_equal (const PeerupInterfaceAddresses *a, const PeerupInterfaceAddresses *b);

G_END_DECLS
