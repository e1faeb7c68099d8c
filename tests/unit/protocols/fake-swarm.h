/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* A PeerupSwarm of which two can be joined in memory, with failures on order. It takes the
 * place of the real one when a test is linked, so that what stands on the swarm can be
 * tested without handshakes and for answers that a real network gives only now and then. */

PeerupSwarm *fake_swarm_new (guint8 number) G_GNUC_WARN_UNUSED_RESULT;
/* A connection between two; each side gets its own object. */
void fake_swarm_join (PeerupSwarm *a, PeerupSwarm *b);
/* The connections of @self close, on the other side too. */
void fake_swarm_part (PeerupSwarm *self);
/* The next @count streams that @self opens fail so. */
void fake_swarm_fail (PeerupSwarm *self, guint count, PeerupError code);
/* Streams that @self has tried to open. */
guint fake_swarm_get_n_opened (PeerupSwarm *self);
void fake_swarm_set_listen_address (PeerupSwarm *self, const char *address);
/* A stream for @protocol from @self to its only peer, without any waiting. (transfer full) */
PeerupStream *fake_swarm_open (PeerupSwarm *self, const char *protocol) G_GNUC_WARN_UNUSED_RESULT;
/* The only connection of @self, borrowed. */
PeerupConnection *fake_swarm_get_connection (PeerupSwarm *self);

G_END_DECLS
