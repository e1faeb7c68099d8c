/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "interop.h"

G_BEGIN_DECLS

/* One dial, in one fiber: what was asked for, and the members of its result line. */
typedef struct
{
  PeerupSwarm *swarm;
  PeerupIdentify *identify;
  PeerupPeerId *peer;
  PeerupConnection *connection; /* NULL before interop_dial_connect() */
  const char *protocol;
  guint64 bytes;
  guint count;
  guint8 code;
  gint64 deadline;
  JsonObject *result;
} InteropDial;

typedef gboolean (*InteropCaseFunc) (InteropDial *self, GError **error);

typedef struct
{
  const char *name;
  InteropCaseFunc run;
  const char *protocol;
  guint64 bytes;
  guint count;
} InteropCase;

/* Ends in an entry without a name. */
extern const InteropCase interop_cases[];

/* InteropCaseFunc, those that have files of their own. */
gboolean interop_run_early (InteropDial *self, GError **error);
gboolean interop_run_early_unsupported (InteropDial *self, GError **error);
gboolean interop_run_parallel (InteropDial *self, GError **error);
gboolean interop_run_sequential (InteropDial *self, GError **error);
gboolean interop_run_burst (InteropDial *self, GError **error);
gboolean interop_run_crowd (InteropDial *self, GError **error);
gboolean interop_run_idle (InteropDial *self, GError **error);

gboolean interop_dial_connect (InteropDial *self, GError **error);
PeerupStream *interop_dial_open (InteropDial *self, const char *protocol, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One round trip in microseconds, or -1. */
gint64 interop_dial_ping (InteropDial *self, PeerupPinger *pinger, GError **error);
/* The same, and the peer has to answer on the connection of this dial. */
gboolean interop_dial_ping_once (InteropDial *self, GError **error);
/* Both ways at once: sends the pattern from @sent on up to self->bytes and half-closes, and reads to the
 * end what has to be the pattern from @received on; @n and @sum are of what came. */
gboolean interop_dial_exchange (InteropDial *self, PeerupStream *stream, guint64 sent, guint64 received, guint64 *n,
                                GChecksum *sum, GError **error);
/* For the result line; FALSE if @n bytes are not what was asked for. */
gboolean interop_dial_note_received (InteropDial *self, guint64 n, GChecksum *sum, gint64 start, GError **error);
/* Connects and waits for the answer to identify. */
PeerupPeerInfo *interop_dial_identify (InteropDial *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
