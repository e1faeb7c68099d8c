/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* Two streams joined in memory: the transport of the tests, and of two engines in one process. */
#define PEERUP_TYPE_PIPE_STREAM (peerup_pipe_stream_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPipeStream, peerup_pipe_stream, PEERUP, PIPE_STREAM, PeerupStream)

/* @capacity: bytes that fit in each direction before a writer has to wait. */
void peerup_pipe_stream_new_pair (gsize capacity, PeerupStream **a, PeerupStream **b);

/* For tests: what the other side wrote and this one has not read. */
gsize peerup_pipe_stream_get_pending (PeerupPipeStream *self);

G_END_DECLS
