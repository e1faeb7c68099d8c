/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-connection.h"

G_BEGIN_DECLS

/* The signals of the engine as server-sent events: the last ones kept for who comes back, and all streams that are
 * open. Owned by the server. */
typedef struct _PeerupHttpEvents PeerupHttpEvents;

/* Events that are kept. */
#define PEERUP_HTTP_EVENTS_KEPT 256
/* Streams at once. */
#define PEERUP_HTTP_STREAMS_MAX 64

/* @run: tells the events of one start from those of another: eight of 0-9 and a-f. */
PeerupHttpEvents *peerup_http_events_new (const char *run) G_GNUC_WARN_UNUSED_RESULT;
void peerup_http_events_free (PeerupHttpEvents *self);
/* @data: what goes with it, an object. */
void peerup_http_events_emit (PeerupHttpEvents *self, const char *name, GVariant *data);
/* @last_event_id: (nullable): the last that the client has had: what came since is sent first, or an event "Lost" where
 * that is no longer known. FALSE where there are too many streams. */
gboolean peerup_http_events_add (PeerupHttpEvents *self, PeerupHttpConnection *connection, const char *last_event_id);
void peerup_http_events_remove (PeerupHttpEvents *self, PeerupHttpConnection *connection);
guint peerup_http_events_get_n_streams (PeerupHttpEvents *self);

G_END_DECLS
