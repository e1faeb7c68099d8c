/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* arm_read or arm_write with a destroy notify, called when the callback has run or
 * is disarmed, replaced or dropped. A NULL @func disarms each of @condition. */
void peerup_stream_arm_full (PeerupStream *self, GIOCondition condition, PeerupStreamReadyFunc func, gpointer data,
                             GDestroyNotify destroy);

/* Disarms those of @condition that are armed with @data, and no others. */
void peerup_stream_disarm_for (PeerupStream *self, GIOCondition condition, gpointer data);

/* The GIO faces of a stream. They borrow it: detach before it goes. */
GInputStream *peerup_stream_input_new (PeerupStream *stream) G_GNUC_WARN_UNUSED_RESULT;
GOutputStream *peerup_stream_output_new (PeerupStream *stream) G_GNUC_WARN_UNUSED_RESULT;
void peerup_stream_input_detach (GInputStream *input);
void peerup_stream_output_detach (GOutputStream *output);

G_END_DECLS
