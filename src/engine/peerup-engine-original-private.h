/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-original.h"
#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* Microseconds for each read and write of an inviter's, and for all that a joiner does. */
#define PEERUP_ORIGINAL_READ_TIMEOUT (10 * G_USEC_PER_SEC)
#define PEERUP_ORIGINAL_JOIN_TIMEOUT (30 * G_USEC_PER_SEC)

/* For tests that have no ten seconds: instead of PEERUP_ORIGINAL_READ_TIMEOUT, µs. */
void peerup_engine_original_set_read_timeout (PeerupEngineOriginal *self, gint64 timeout);
/* What both roles do. In a fiber: one frame without its header. As the stream, and MALFORMED and TOO_LARGE. */
GBytes *peerup_original_await_frame (PeerupStream *stream, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The join of peerup_engine_original_join(); @engine runs. */
DexFuture *peerup_original_join_start (PeerupEngine *engine, const PeerupInviteCode *code, const char *name,
                                       PeerupJoinFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
