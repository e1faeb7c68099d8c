/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"
#include "wire/peerup-circuit.h"

G_BEGIN_DECLS

/* One circuit that a relay carries: the hop and the stop stream joined from the moment both ends
 * have said OK, within its limit. Owned by whoever made it, in the thread of its streams. */
typedef struct _PeerupRelayCircuit PeerupRelayCircuit;

/* Bytes that a circuit moves one way before it is another one's turn. */
#define PEERUP_RELAY_TURN (128 * 1024)
/* Microseconds between the last byte that the limit allows and the reset, which would overtake it. */
#define PEERUP_RELAY_LINGER G_USEC_PER_SEC

/* Called once, from the reactor: @error is NULL if both ends have ended the circuit in order, LIMIT
 * at its limit, else why it was cut. Both streams are closed or reset. May free the circuit. */
typedef void (*PeerupRelayCircuitFunc) (PeerupRelayCircuit *self, const GError *error, gpointer data);

/* Takes references. A byte above @limit->data in either direction, which is not passed on, and
 * @limit->duration seconds from now reset both streams with RESOURCE_LIMIT; 0: not bounded. */
PeerupRelayCircuit *peerup_relay_circuit_new (PeerupStream *hop, PeerupStream *stop, const PeerupCircuitLimit *limit,
                                              PeerupRelayCircuitFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Resets both streams with @code if it has not ended. The callback is not called any more. */
void peerup_relay_circuit_cancel (PeerupRelayCircuit *self, guint32 code);
/* Cancels with PEERUP_STREAM_CODE_NONE first if it has not ended. */
void peerup_relay_circuit_free (PeerupRelayCircuit *self);
/* Bytes passed on so far, both ways. */
guint64 peerup_relay_circuit_get_bytes (PeerupRelayCircuit *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRelayCircuit, peerup_relay_circuit_free)

G_END_DECLS
