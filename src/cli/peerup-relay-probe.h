/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-report.h"
#include "config/peerup-config.h"
#include "swarm/peerup-probe.h"

G_BEGIN_DECLS

/* Asking a relay, without a daemon, from this very machine; in a fiber. */

/* Microseconds that all addresses of a relay get to answer, and that one question to it takes. */
#define PEERUP_RELAY_PROBE_TIMEOUT    (8 * G_USEC_PER_SEC)
#define PEERUP_RELAY_QUESTION_TIMEOUT (8 * G_USEC_PER_SEC)

/* A swarm that only dials; with the identity of @config, or of nobody if it is NULL: the relay would take
 * two of one identity for one, and a daemon may be there with it. */
PeerupSwarm *peerup_relay_probe_swarm (PeerupConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): always there. */
PeerupProbe *peerup_relay_probe_dial (PeerupSwarm *swarm, GPtrArray *addresses) G_GNUC_WARN_UNUSED_RESULT;
 * for the rest to be notes. */
void peerup_relay_probe_report (PeerupProbe *probe, PeerupReport *report);
/* (nullable) (transfer none): the best connection of @probe, QUIC first, that is still open. */
PeerupConnection *peerup_relay_probe_get_connection (PeerupProbe *probe);
/* A reservation over it, which is given back when the swarm closes. @expires: seconds since 1970. DENIED, GATED
 * or LIMIT when the relay does not want us; see peerup_relay_reserve(). */
gboolean peerup_relay_probe_reserve (PeerupSwarm *swarm, PeerupProbe *probe, gint64 *expires, char **limits,
                                     GError **error);
/* What to do about a reservation that was refused with @error; nullable. */
char *peerup_relay_probe_advise (PeerupPeerId *self, const GError *error) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): where the relay's UDP port at @address sees this machine. */
char *peerup_relay_probe_stun (PeerupSwarm *swarm, PeerupMultiaddr *address, const char *host,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends the swarm, and waits until that is done. */
void peerup_relay_probe_end (PeerupSwarm *swarm);

G_END_DECLS
