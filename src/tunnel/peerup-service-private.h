/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "tunnel/peerup-service.h"
#include "tunnel/peerup-service-name.h"

G_BEGIN_DECLS

/* Making and driving a service. A peer that may not use it gets its stream
 * reset with PEERUP_STREAM_CODE_GATED, a target that refuses with PEERUP_STREAM_CODE_NONE.
 * Registered on the swarm while enabled; its streams end when it is disabled, closed or dropped.
 *
 * Signals: "denied" (char *peer_id): a peer asked and was refused by the access list.
 *          "failed" (char *peer_id, char *reason): the target could not be reached. */

/* The longest a target may take to accept, in microseconds. */
#define PEERUP_SERVICE_DIAL_TIMEOUT (10 * G_USEC_PER_SEC)
/* Streams of one service at a time; more are reset with PEERUP_STREAM_CODE_RESOURCE_LIMIT. */
#define PEERUP_SERVICE_STREAMS_MAX 4096

/* Disabled, open to every peer that passes the gate. MALFORMED for the name, CONFIG for the target. */
PeerupService *peerup_service_new (PeerupSwarm *swarm, const char *name, const char *host, guint port,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For new streams; those that are open stay. CONFIG: an empty host or a port that is none. */
gboolean peerup_service_set_target (PeerupService *self, const char *host, guint port, GError **error);
/* What peers are told of it. @kind: nullable, a label; @tags: nullable; both copied. Whether it is another one. */
gboolean peerup_service_set_label (PeerupService *self, const char *kind, const char *const *tags);
/* FALSE ends its streams. */
void peerup_service_set_enabled (PeerupService *self, gboolean enabled);
/* @peers: NULL for everyone who passes the gate, else exactly these PeerupPeerId; empty: nobody.
 * Copied. Streams of peers that are no longer allowed are reset at once. */
void peerup_service_set_allowed_peers (PeerupService *self, GPtrArray *peers);
/* (nullable) (transfer none): of PeerupPeerId. */
GPtrArray *peerup_service_get_allowed_peers (PeerupService *self);
/* Asked for each new stream, and of those that are open whenever peerup_service_review() is called, in place of the
 * list, which is a fact for whoever decides. The gate alone is not enough: it lets every peer through that we dialed
 * ourselves, and such a peer may open streams too. @connection: NULL for a stream that is open. @data outlives the
 * service. */
typedef gboolean (*PeerupServiceAdmitFunc) (PeerupService *self, PeerupPeerId *peer, PeerupConnection *connection,
                                            gpointer data);
void peerup_service_set_admission (PeerupService *self, PeerupServiceAdmitFunc admit, gpointer data);
/* Asked before that for each new stream: NULL to have it judged at once, or a future to hold it until that settles,
 * whatever it says; it is judged then, unless the service is disabled meanwhile. Whoever asks bounds how many wait. */
typedef DexFuture *(*PeerupServiceAskFunc) (PeerupService *self, PeerupPeerId *peer, gpointer data);
void peerup_service_set_question (PeerupService *self, PeerupServiceAskFunc ask, gpointer data);
gboolean peerup_service_is_allowed (PeerupService *self, PeerupPeerId *peer);
/* Resets the streams of peers that may use it no longer, with PEERUP_STREAM_CODE_GATED. */
void peerup_service_review (PeerupService *self);
/* What is known of what is at the target: "unknown", "answers" or "silent", and what that means in words. Its owner
 * looks; a session that reaches it says "answers", too. */
void peerup_service_set_health (PeerupService *self, const char *health, const char *text);
const char *peerup_service_get_health (PeerupService *self);
const char *peerup_service_get_health_text (PeerupService *self);
/* Monotonic µs: when a session has reached the target last; 0 for never. */
gint64 peerup_service_get_reached_at (PeerupService *self);
/* Takes no new streams, and resolves to TRUE when those that are open have ended by
 * themselves, or at @deadline (monotonic µs) by a reset with PEERUP_STREAM_CODE_SHUTDOWN.
 * Never rejects. The service is disabled from the first moment. */
DexFuture *peerup_service_drain (PeerupService *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
