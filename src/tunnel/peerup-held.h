/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-connection.h"

G_BEGIN_DECLS

/* Streams that wait for somebody's answer before they are judged. Nothing of them is read meanwhile. */
typedef struct _PeerupHeldStreams PeerupHeldStreams;

/* The wait is over: takes @stream. */
typedef void (*PeerupHeldFunc) (PeerupConnection *connection, PeerupStream *stream, gpointer owner);

/* @owner is borrowed, and outlives it. */
PeerupHeldStreams *peerup_held_streams_new (PeerupHeldFunc func, gpointer owner) G_GNUC_WARN_UNUSED_RESULT;
/* What waits is reset. */
void peerup_held_streams_free (PeerupHeldStreams *self);
guint peerup_held_streams_get_count (PeerupHeldStreams *self);
/* Takes @stream and @until, which may have settled already. */
void
peerup_held_streams_add (PeerupHeldStreams *self, PeerupConnection *connection, PeerupStream *stream, DexFuture *until);
/* Resets what waits with @code; nobody is called. */
void peerup_held_streams_reset (PeerupHeldStreams *self, guint32 code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupHeldStreams, peerup_held_streams_free)

G_END_DECLS
