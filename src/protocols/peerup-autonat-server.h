/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "protocols/peerup-autonat-limits.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* The server of AutoNAT v2 (autonat-v2.md): dials others back, as peerup-autonat-dial.h says. Whoever the swarm's gate
 * admits may ask. It dials global IP addresses of transports that the swarm has, never one of its own machine, one for
 * a request, and within peerup-autonat-limits.h. Another host than the one that asks costs the client as much data as
 * the specification says, more than the dial sends to there, and is dialed after a while of nobody's choice. */
typedef struct _PeerupAutonatServer PeerupAutonatServer;

/* Microseconds for a whole request. */
#define PEERUP_AUTONAT_SERVER_TIMEOUT (15 * G_USEC_PER_SEC)
/* Bytes of data that are asked for: any number from the one to the other. */
#define PEERUP_AUTONAT_SERVER_DATA_MIN 30000
#define PEERUP_AUTONAT_SERVER_DATA_MAX 100000
/* Less data than this in one message, but the last, is only meant to make us work. */
#define PEERUP_AUTONAT_SERVER_CHUNK_MIN 100
/* A dial of another host waits a random time below this, so that many requests are no burst. */
#define PEERUP_AUTONAT_SERVER_WAIT (3 * G_USEC_PER_SEC)

/* Serves until it is freed; what is under way then goes on to its end. */
PeerupAutonatServer *peerup_autonat_server_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
void peerup_autonat_server_free (PeerupAutonatServer *self);

G_END_DECLS
