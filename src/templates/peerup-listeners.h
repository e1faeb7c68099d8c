/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>
#include <netinet/in.h>

G_BEGIN_DECLS

/* How many are listed at most. */
#define PEERUP_LISTENERS_MAX 256

/* A TCP port that listens on this machine, and that it reaches itself without leaving it. */
typedef struct
{
  char probe[INET6_ADDRSTRLEN]; /* where to ask: an address of the loopback, "127.0.0.1" */
  char host[INET6_ADDRSTRLEN];  /* what to write: "localhost", or the same where it listens on no other */
  guint16 port;
} PeerupListener;

/**
 * peerup_listeners_read:
 *
 * The ports that listen on the loopback or on every address, each once and in their order, without those of this
 * process. Blocking, as the kernel makes two short lists.
 *
 * Errors: of G_FILE_ERROR, where there is no /proc.
 *
 * Returns: (transfer full) (nullable) (element-type PeerupListener)
 */
GArray *peerup_listeners_read (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether one of @listeners answers at @host, "localhost" or an address of the loopback. */
gboolean peerup_listeners_have (GArray *listeners, const char *host, guint16 port);
/* Whether @host means this machine: "localhost" or an address of the loopback. */
gboolean peerup_listeners_is_local (const char *host);

/* What read() is made of: adds those of @table, of the form of /proc/net/tcp or tcp6. @own: (nullable) a set of socket
 * numbers (guint64) to leave out. Lines of another form are passed over. */
void peerup_listeners_add (GArray *listeners, const char *table, GHashTable *own);

G_END_DECLS
