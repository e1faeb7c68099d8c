/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* The router that the way to the internet begins at, by value. */
typedef struct
{
  PeerupSocketAddress gateway; /* with port 0, and the scope where it is link-local */
  PeerupSocketAddress local;   /* our address on that way, with port 0 */
} PeerupGateway;

/* Asks the system's routes (rtnetlink); sends nothing. FALSE where there is no way, or one without a router, with
 * G_IO_ERROR. @family: AF_INET or AF_INET6. */
gboolean peerup_gateway_find (int family, PeerupGateway *gateway, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads what the system answered: the messages of RTM_NEWROUTE in @length bytes. FALSE: there is no router in it. */
gboolean peerup_gateway_parse (PeerupGateway *gateway, const guint8 *data, gsize length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
