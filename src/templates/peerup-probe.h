/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "templates/peerup-probe-answer.h"

G_BEGIN_DECLS

/* Microseconds of one probe, and those of waiting for a service that may speak first. */
#define PEERUP_PROBE_TIMEOUT (1 * (gint64) G_USEC_PER_SEC)
#define PEERUP_PROBE_LISTEN  (G_USEC_PER_SEC * (gint64) 2 / 5)

/* One conversation with a port of this machine, and no other. */
typedef struct
{
  const char *host; /* an address of the loopback */
  guint16 port;
  gint64 deadline;  /* monotonic µs; PEERUP_PROBE_TIMEOUT holds, too, unless patient */
  DexFuture *until; /* nullable: whatever becomes of it ends the conversation */
  gboolean patient; /* of ask(): a service that is slow may take all of the time */
} PeerupProbeTarget;

/* In a fiber: asks as @template wants. (nullable) (transfer full): the answer, where it is what the template wants;
 * PEERUP_PROBE_ANSWER_MAX bytes of it at most. @other: (optional) (nullable): another answer. */
GByteArray *peerup_probe_ask (const PeerupProbeTarget *target, const PeerupTemplate *template,
                              GByteArray **other) G_GNUC_WARN_UNUSED_RESULT;
/* In a fiber: what the service says unasked within PEERUP_PROBE_LISTEN, up to the end of a line. (nullable) (transfer
 * full): NULL for nothing. */
GByteArray *peerup_probe_listen (const PeerupProbeTarget *target) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
