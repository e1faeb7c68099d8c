/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "stun/peerup-stun-message.h"

G_BEGIN_DECLS

/* Tells whoever asks from which address it is seen (RFC 8489 2, Binding, without credentials), in
 * the words of RFC 3489 too.
 * One for all sockets of an engine: bytes and times in, bytes out. It takes PEERUP_STUN_SERVER_SLOTS
 * times 8 bytes however many ask.
 *
 * As an amplifier it is of no use: a Binding request of n bytes is answered with n + 12 for IPv4 and
 * n + 24 for IPv6, or less, which is at most 1.6 and 2.2 times (1.25 and 1.36 with the headers of UDP
 * and IP), and so often a second at most as the two rates say. */
typedef struct _PeerupStunServer PeerupStunServer;

/* Answers a second, to one IPv4 address or IPv6 /64 and in all. Four seconds' worth may come at once. */
#define PEERUP_STUN_SERVER_RATE_PER_ADDRESS 20
#define PEERUP_STUN_SERVER_RATE             2000
#define PEERUP_STUN_SERVER_BURST            4
/* Addresses are dealt to so many rates, by a secret; those that meet in one share it. */
#define PEERUP_STUN_SERVER_SLOTS 4096
/* Bytes, of a request and its answer: what no link of IPv6 has to fragment. */
#define PEERUP_STUN_SERVER_SIZE_MAX 1232
/* Bytes by which an answer may be longer than its request: a header and an IPv6 address. */
#define PEERUP_STUN_SERVER_GROWTH_MAX 24

typedef struct
{
  guint64 answered; /* with an address */
  guint64 rejected; /* answered with an error: the request has to be understood whole, and was not (420) */
  guint64 limited;  /* not answered, as too many came */
  guint64 ignored;  /* not answered: no Binding request, or a long one */
} PeerupStunServerFigures;

/* Both rates: 1 to 100,000. @secret: 8 random bytes. */
PeerupStunServer *peerup_stun_server_new (guint rate_per_address, guint rate, guint64 secret) G_GNUC_WARN_UNUSED_RESULT;
void peerup_stun_server_free (PeerupStunServer *self);
/* Writes what to send back to @remote; 0: nothing. @now: monotonic µs, never going back. */
gsize
peerup_stun_server_answer (PeerupStunServer *self, const PeerupStunMessage *request, const PeerupSocketAddress *remote,
                           gint64 now, guint8 answer[PEERUP_STUN_SERVER_SIZE_MAX]) G_GNUC_WARN_UNUSED_RESULT;
void peerup_stun_server_get_figures (PeerupStunServer *self, PeerupStunServerFigures *figures);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupStunServer, peerup_stun_server_free)

G_END_DECLS
