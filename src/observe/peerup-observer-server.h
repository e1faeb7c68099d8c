/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A few pages over HTTP/1.1 for programs that watch this one: each made when it is asked for,
 * by GET or HEAD, one request a connection. It believes nobody: what asks too slowly, too much
 * or for too long is cut, so that it can be left open for good. Without encryption and
 * without passwords: it listens on loopback unless the owner says otherwise.
 *
 * On loopback, a request must name this machine by an address or as localhost. A web page that
 * has a name of its own lead to 127.0.0.1 (DNS rebinding) therefore reads nothing, and no
 * program that was told an address or localhost to look at notices. */
typedef struct _PeerupObserverServer PeerupObserverServer;

/* Connections at a time. One more takes the place of the oldest, whose request is not complete yet
 * or whose answer is not taken: the slow never shut out who comes after them. */
#define PEERUP_OBSERVER_CONNECTIONS_MAX 16
/* Microseconds from the first to the last byte of a connection. */
#define PEERUP_OBSERVER_TIMEOUT (10 * G_USEC_PER_SEC)
/* Bytes that a request may have after its headers; they are not looked at. */
#define PEERUP_OBSERVER_BODY_MAX (64 * 1024)

typedef struct
{
  guint status;             /* of HTTP; 200 before the page is asked */
  const char *content_type; /* static */
  char *body;               /* (transfer full) */
} PeerupObserverAnswer;

/* @accept: (nullable): what the client said it takes. Answers at once. */
typedef void (*PeerupObserverFunc) (const char *accept, PeerupObserverAnswer *answer, gpointer data);

/* @address: an IP address, NULL for 127.0.0.1 and ::1. @port: 0 for any. Fails as
 * peerup_listener_new(). */
PeerupObserverServer *
peerup_observer_server_new (const char *address, guint port, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Cuts whoever is connected. */
void peerup_observer_server_free (PeerupObserverServer *self);
guint peerup_observer_server_get_port (PeerupObserverServer *self);
/* @path: "/metrics", static. @local_only: others than this machine itself get 403. */
void peerup_observer_server_add_page (PeerupObserverServer *self, const char *path, gboolean local_only,
                                      PeerupObserverFunc func, gpointer data);
/* For other pages on the same port; who is connected stays so. */
void peerup_observer_server_clear_pages (PeerupObserverServer *self);
/* For tests: another time than PEERUP_OBSERVER_TIMEOUT, for connections that come from now on. */
void peerup_observer_server_set_timeout (PeerupObserverServer *self, gint64 microseconds);
guint peerup_observer_server_get_n_connections (PeerupObserverServer *self);

/* Whether OpenMetrics is preferred by @accept (nullable), as RFC 9110 reads it. */
gboolean peerup_observer_prefers_openmetrics (const char *accept);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupObserverServer, peerup_observer_server_free)

G_END_DECLS
