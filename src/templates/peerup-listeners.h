/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>
#include <netinet/in.h>

G_BEGIN_DECLS

/* How many are listed at most. */
#define PEERUP_LISTENERS_MAX 1024

/* A TCP port that listens on this machine, and that it reaches itself without leaving it. */
typedef struct
{
  char probe[INET6_ADDRSTRLEN]; /* where to ask: an address of the loopback, "127.0.0.1" */
  char host[INET6_ADDRSTRLEN];  /* what to write: "localhost", or the same where it listens on no other */
  guint16 port;
  gboolean ip4; /* it answers over IPv4 */
  gboolean ip6;
} PeerupListener;

/**
 * peerup_listeners_read:
 * @own: with those of this process
 *
 * The ports that listen on the loopback or on every address, each once and in their order. Blocking, as the kernel
 * makes two short lists; those of connections, which may be long, are not read.
 *
 * Errors: of G_FILE_ERROR, where there is no /proc.
 *
 * Returns: (transfer full) (nullable) (element-type PeerupListener)
 */
GArray *peerup_listeners_read (gboolean own, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether one of @listeners answers at @host, "localhost" or an address of the loopback. */
gboolean peerup_listeners_have (GArray *listeners, const char *host, guint16 port);
/* Whether @host is "localhost", 127.0.0.1 or ::1: then have() knows everything that answers there. */
gboolean peerup_listeners_is_local (const char *host);
/* Whether @listener is what is meant by @host and @port. */
gboolean peerup_listener_is_at (const PeerupListener *listener, const char *host, guint16 port);

/* What read() is made of: adds those of @table, of the form of /proc/net/tcp or tcp6, as far as its last line that is
 * ended; the ends are overwritten. @own: (nullable) a set of socket numbers (guint64) to leave out. Lines of another
 * form are passed over. @more: FALSE where a line was of no listener, so that none is behind it. How many bytes it has
 * taken. */
gsize peerup_listeners_add (GArray *listeners, char *table, GHashTable *own, gboolean *more);

G_END_DECLS
