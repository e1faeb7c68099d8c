/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "tunnel/peerup-service-private.h"

G_BEGIN_DECLS

/* The services a configuration offers, and those exposed beside it, as a list model of PeerupService. */
#define PEERUP_TYPE_SERVICE_SET (peerup_service_set_get_type ())
G_DECLARE_FINAL_TYPE (PeerupServiceSet, peerup_service_set, PEERUP, SERVICE_SET, GObject)

/* @admit is asked for each stream, and says why it refuses one (see peerup_service_set_admission()); @ask whether one
 * waits first (see peerup_service_set_question()); @data outlives the set. */
PeerupServiceSet *peerup_service_set_new (PeerupServiceAdmitFunc admit, PeerupServiceAskFunc ask,
                                          gpointer data) G_GNUC_WARN_UNUSED_RESULT;
GListModel *peerup_service_set_get_model (PeerupServiceSet *self);
/* Whose they are, in the log; nullable. */
void peerup_service_set_set_profile (PeerupServiceSet *self, const char *profile);
/* Makes the services on @swarm those of @config. Streams end only where a service is gone or
 * disabled, or their peer is no longer on its list. */
void peerup_service_set_apply (PeerupServiceSet *self, PeerupSwarm *swarm, PeerupConfig *config);
/* Whether expose has made it, and the configuration does not have it. */
gboolean peerup_service_set_is_exposed (PeerupServiceSet *self, const char *name);
/* No new streams; resolves to TRUE when the open ones have ended, or at @deadline
 * (monotonic µs) by a reset. Never rejects. */
DexFuture *peerup_service_set_drain (PeerupServiceSet *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Offers one that is no part of the configuration, to all that pass the gate or only to @allowed_peers (nullable,
 * element-type PeerupPeerId), until it is taken back. Returns it, borrowed. Errors: EXISTS, MALFORMED for the name
 * or @address ("HOST:PORT"). */
PeerupService *peerup_service_set_expose (PeerupServiceSet *self, PeerupSwarm *swarm, const char *name,
                                          const char *address, GPtrArray *allowed_peers, GError **error);
/* Ends it and its streams. NOT_FOUND if none of that name was exposed. */
gboolean peerup_service_set_unexpose (PeerupServiceSet *self, const char *name, GError **error);
/* (nullable) (transfer none) */
PeerupService *peerup_service_set_find (PeerupServiceSet *self, const char *name);
/* Ends the streams of peers that may use a service no longer. */
void peerup_service_set_review (PeerupServiceSet *self);
/* Ends and drops every service. */
void peerup_service_set_clear (PeerupServiceSet *self);

G_END_DECLS
