/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "tunnel/peerup-service-name.h"

G_BEGIN_DECLS

/* A TCP service that peers may use by name: each stream for /peerup/NAME/1.0.0 is joined
 * to a new TCP connection to the target (any host and port this machine reaches). A peer
 * that is not on the access list gets its stream reset with PEERUP_STREAM_CODE_GATED, a
 * target that refuses with PEERUP_STREAM_CODE_NONE. Registered on the swarm while enabled;
 * its streams end when it is disabled, closed or dropped.
 *
 * Properties: "name", "host", "port", "enabled", "active" (streams now), "total" (streams
 * since it was made), "bytes-in" (from peers), "bytes-out" (to peers); the last two do not notify.
 * Signals: "denied" (PeerupPeerId): a peer asked and was refused by the access list.
 *          "failed" (PeerupPeerId, char *reason): the target could not be reached. */
#define PEERUP_TYPE_SERVICE (peerup_service_get_type ())
G_DECLARE_FINAL_TYPE (PeerupService, peerup_service, PEERUP, SERVICE, GObject)

/* The longest a target may take to accept, in microseconds. */
#define PEERUP_SERVICE_DIAL_TIMEOUT (10 * G_USEC_PER_SEC)
/* Streams of one service at a time; more are reset with PEERUP_STREAM_CODE_RESOURCE_LIMIT. */
#define PEERUP_SERVICE_STREAMS_MAX 4096

/* Disabled, open to every peer that passes the gate. MALFORMED for the name, CONFIG for the target. */
PeerupService *peerup_service_new (PeerupSwarm *swarm, const char *name, const char *host, guint port,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *peerup_service_get_name (PeerupService *self);
const char *peerup_service_get_host (PeerupService *self);
guint peerup_service_get_port (PeerupService *self);
/* For new streams; those that are open stay. CONFIG: an empty host or a port that is none. */
gboolean peerup_service_set_target (PeerupService *self, const char *host, guint port, GError **error);
gboolean peerup_service_get_enabled (PeerupService *self);
/* FALSE ends its streams. */
void peerup_service_set_enabled (PeerupService *self, gboolean enabled);
/* @peers: NULL for everyone who passes the gate, else exactly these PeerupPeerId; empty: nobody.
 * Copied. Streams of peers that are no longer allowed are reset at once. */
void peerup_service_set_allowed_peers (PeerupService *self, GPtrArray *peers);
/* (transfer full) (nullable): of PeerupPeerId. */
GPtrArray *peerup_service_dup_allowed_peers (PeerupService *self) G_GNUC_WARN_UNUSED_RESULT;
/* Asked for each new stream besides the list. The gate alone is not enough: it lets every peer
 * through that we dialed ourselves, and such a peer may open streams too. @data outlives the service. */
typedef gboolean (*PeerupServiceAdmitFunc) (PeerupPeerId *peer, gpointer data);
void peerup_service_set_admission (PeerupService *self, PeerupServiceAdmitFunc admit, gpointer data);
/* By both. */
gboolean peerup_service_is_allowed (PeerupService *self, PeerupPeerId *peer);
guint peerup_service_get_active (PeerupService *self);
guint64 peerup_service_get_total (PeerupService *self);
void peerup_service_get_bytes (PeerupService *self, guint64 *in, guint64 *out);
/* Takes no new streams, and resolves to TRUE when those that are open have ended by
 * themselves, or at @deadline (monotonic µs) by a reset with PEERUP_STREAM_CODE_SHUTDOWN.
 * Never rejects. The service is disabled from the first moment. */
DexFuture *peerup_service_drain (PeerupService *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
