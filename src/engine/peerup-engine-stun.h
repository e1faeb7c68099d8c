/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-stun-socket.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* STUN on all UDP sockets of a swarm, next to their QUIC: Binding requests of others are
 * answered while that is switched on, and questions of ours can be asked from each. */
typedef struct _PeerupEngineStun PeerupEngineStun;

/* Follows the sockets that @swarm has and gets. Answers nobody. */
PeerupEngineStun *peerup_engine_stun_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
/* Before the swarm is closed. */
void peerup_engine_stun_free (PeerupEngineStun *self);
/* Called before a socket goes whose transport the swarm has given up, with all that others ask from it to be ended. */
typedef void (*PeerupEngineStunFunc) (PeerupStunSocket *socket, gpointer data);
void peerup_engine_stun_set_leave_func (PeerupEngineStun *self, PeerupEngineStunFunc func, gpointer data);
/* Lets go of sockets that are gone, and takes up those that were opened since: after each listening. */
void peerup_engine_stun_update (PeerupEngineStun *self);
void peerup_engine_stun_set_answering (PeerupEngineStun *self, gboolean answering);
gboolean peerup_engine_stun_get_answering (PeerupEngineStun *self);
/* Since the start. */
void peerup_engine_stun_get_figures (PeerupEngineStun *self, PeerupStunServerFigures *figures);

/* How many sockets there are, and each: borrowed, for peerup_stun_socket_ask(). */
guint peerup_engine_stun_get_n_sockets (PeerupEngineStun *self);
PeerupStunSocket *peerup_engine_stun_get_socket (PeerupEngineStun *self, guint index);

G_END_DECLS
