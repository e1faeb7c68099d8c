/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PEERUP_TYPE_SERVICE (peerup_service_get_type ())
/**
 * PeerupService:
 *
 * A TCP service that peers may use by name: each stream for `/peerup/NAME/1.0.0` is joined
 * to a new TCP connection to the target, any host and port this machine reaches. The
 * engine makes it as its configuration says.
 *
 * Every property notifies but the bytes, which are read when asked.
 */
G_DECLARE_FINAL_TYPE (PeerupService, peerup_service, PEERUP, SERVICE, GObject)

/* The properties. */
/**
 * PeerupService:name:
 *
 * What peers call it.
 */
/**
 * PeerupService:host:
 *
 * The host of the target.
 */
/**
 * PeerupService:port:
 *
 * The port of the target.
 */
/**
 * PeerupService:enabled:
 *
 * Whether it is offered. Setting it to %FALSE ends its streams.
 */
/**
 * PeerupService:kind:
 *
 * What sort of service peers are told it is, as "ssh"; empty where nobody has said.
 */
/**
 * PeerupService:tags:
 *
 * Words for people that peers are told of it.
 */
/**
 * PeerupService:active:
 *
 * How many streams it carries now.
 */
/**
 * PeerupService:total:
 *
 * How many streams it has carried since it was made.
 */
/**
 * PeerupService:bytes-in:
 *
 * Bytes from peers since it was made. Does not notify.
 */
/**
 * PeerupService:bytes-out:
 *
 * Bytes to peers since it was made. Does not notify.
 */
/**
 * PeerupService:health:
 *
 * Whether something answers at the target: "answers", "silent", or "unknown" where nobody has looked yet.
 */
/**
 * PeerupService:health-text:
 *
 * What that means, as "Nothing answers on port 8096"; empty while all is well.
 */

const char *peerup_service_get_name (PeerupService *self);
const char *peerup_service_get_host (PeerupService *self);
guint peerup_service_get_port (PeerupService *self);
gboolean peerup_service_get_enabled (PeerupService *self);
const char *peerup_service_get_kind (PeerupService *self);
const char *const *peerup_service_get_tags (PeerupService *self);
guint peerup_service_get_active (PeerupService *self);
guint64 peerup_service_get_total (PeerupService *self);
void peerup_service_get_bytes (PeerupService *self, guint64 *in, guint64 *out);

G_END_DECLS
