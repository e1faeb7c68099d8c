/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "quic-world.h"

G_BEGIN_DECLS

/* Packets of the test's own making in one connection, sealed with its keys: what a peer can say
 * whose QUIC is not ours. It speaks in the name of either side, which is a puppet from then on:
 * it would not understand the answers. */
typedef struct _Forge Forge;

/* @client: fresh from world_dial(). One at a time, as long as its handshake lasts. */
Forge *forge_new (Link *client);
void forge_free (Forge *self);
/* Gives the other side one packet with @frames, padded where it would be too short, at once and
 * from @from, NULL: where the connection is. */
void forge_send_from (Forge *self, Side *as, const PeerupSocketAddress *from, const guint8 *frames, gsize length);
void forge_send (Forge *self, Side *as, const guint8 *frames, gsize length);

/* Appends a variable-length integer (RFC 9000 16). */
void forge_add (GByteArray *frames, guint64 value);

/* How a side shakes hands in place of the machine, before its first packet; it checks nothing of the other. */
typedef struct
{
  const char *alpn;                             /* NULL: none */
  gnutls_certificate_credentials_t credentials; /* NULL: the side's own */
  gboolean stays;                               /* it forbids migration, as js-libp2p does */
  const guint8 *parameters;                     /* its transport parameters as bytes, NULL: what is due */
  gsize parameters_length;
  gint64 idle_timeout; /* that it asks for, µs; 0: none */
  guint64 window;      /* how much it takes, of each kind; 0: nothing */
} ForgeSession;

void forge_session (Link *link, const ForgeSession *session);
/* Makes the ClientHello @count bytes longer than it is, as post-quantum key shares do. */
void forge_long_hello (Link *client, gsize count);
/* What tests send in large numbers: the first packet of a client, each from another one. (transfer full) */
GBytes *forge_initial (World *world);
/* Gives the server a datagram. */
void forge_inject (World *world, const char *host, guint port, GBytes *bytes);
/* And the first packets of @n clients that say no more, each of another address. */
void forge_silent (World *world, guint n);
/* Neither side has anything left of any connection. */
void forge_assert_nothing_left (World *world);
/* Bytes that the process has allocated. */
gsize forge_get_heap (void);
/* A filter: the line is cut. */
gboolean forge_lose_all (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Forge, forge_free)

G_END_DECLS
