/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "stun/peerup-stun-message.h"

G_BEGIN_DECLS

/* Tells whoever asks from which address it is seen (RFC 8489 2, Binding, without credentials), in
 * the words of RFC 3489 too; and, where there is a second socket to answer from, what RFC 5780 adds to find out how a
 * NAT behaves: CHANGE-REQUEST, and OTHER-ADDRESS for who sends one, be it with no flag set. RESPONSE-PORT is served
 * always. What it asks for that cannot be done is refused as not known (420).
 * One for all sockets of an engine: bytes and times in, bytes out. It takes PEERUP_STUN_SERVER_SLOTS
 * times 8 bytes however many ask.
 *
 * As an amplifier it is of no use: a Binding request of n bytes is answered with n + 12 for IPv4 and
 * n + 24 for IPv6, or less, which is at most 1.6 and 2.2 times (1.25 and 1.36 with the headers of UDP
 * and IP), and so often a second at most as the two rates say. With OTHER-ADDRESS it is n + 24 at most too: it is told
 * to those only whose request leaves room for it.
 *
 * As a reflector it is of no use either: an answer goes to the IP address that asked, always. RESPONSE-PORT
 * chooses no more than the port there, not one below PEERUP_STUN_SERVER_PORT_MIN, and counts for
 * PEERUP_STUN_SERVER_REDIRECT_COST answers. Who forges the address of his request, and so could name any
 * port anyway, gains nothing by it; who does not can reach his own host, or those behind the same NAT, with some
 * forty bytes five times a second, which that NAT lets in where they have asked this server themselves. */
typedef struct _PeerupStunServer PeerupStunServer;

/* Answers a second, to one IPv4 address or IPv6 /64 and in all. Four seconds' worth may come at once. */
#define PEERUP_STUN_SERVER_RATE_PER_ADDRESS 20
#define PEERUP_STUN_SERVER_RATE             2000
#define PEERUP_STUN_SERVER_BURST            4
/* Addresses are dealt to so many rates, by a secret; those that meet in one share it. */
#define PEERUP_STUN_SERVER_SLOTS 4096
/* Bytes, of a request and its answer: what no link of IPv6 has to fragment. */
#define PEERUP_STUN_SERVER_SIZE_MAX 1232
/* Ports below are other services than a client's. */
#define PEERUP_STUN_SERVER_PORT_MIN 1024
/* What an answer to another port takes of the rate of its address. */
#define PEERUP_STUN_SERVER_REDIRECT_COST 4
/* Bytes by which an answer may be longer than its request: a header and an IPv6 address. */
#define PEERUP_STUN_SERVER_GROWTH_MAX 24

typedef struct
{
  guint64 answered; /* with an address */
  guint64 rejected; /* answered with an error: the request has to be understood whole, and was not (420) */
  guint64 limited;  /* not answered, as too many came */
  guint64 ignored;  /* not answered: no Binding request, or a long one */
} PeerupStunServerFigures;

/* From where answers can leave beside the socket that was asked. */
typedef struct
{
  PeerupSocketAddress address; /* OTHER-ADDRESS: of another port, and of another host if there is one */
  gboolean has_host;           /* the host of @address is another one */
} PeerupStunOther;

/* Which way an answer goes. */
typedef struct
{
  PeerupSocketAddress remote; /* to whom */
  gboolean from_other_port;
  gboolean from_other_host;
} PeerupStunWay;

/* Both rates: 1 to 100,000. @secret: 8 random bytes. */
PeerupStunServer *peerup_stun_server_new (guint rate_per_address, guint rate, guint64 secret) G_GNUC_WARN_UNUSED_RESULT;
void peerup_stun_server_free (PeerupStunServer *self);
/* Writes what to send back, and to @way which way; 0: nothing. @remote: who asks. @other: nullable. @now: monotonic µs,
 * never going back. */
gsize
peerup_stun_server_answer (PeerupStunServer *self, const PeerupStunMessage *request, const PeerupSocketAddress *remote,
                           const PeerupStunOther *other, gint64 now, guint8 answer[PEERUP_STUN_SERVER_SIZE_MAX],
                           PeerupStunWay *way) G_GNUC_WARN_UNUSED_RESULT;
void peerup_stun_server_get_figures (PeerupStunServer *self, PeerupStunServerFigures *figures);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupStunServer, peerup_stun_server_free)

G_END_DECLS
