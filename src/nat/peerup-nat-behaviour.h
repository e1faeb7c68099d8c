/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-nat-facts.h"

G_BEGIN_DECLS

/* How the NAT in front of a UDP socket behaves, by RFC 5780's method with any number of STUN servers: what to ask whom,
 * and what the answers mean. Questions and answers only, no socket and no clock. It asks, as far as
 * each is needed:
 *  - from the socket itself each server, at its first port: what is mapped, and whether the address matters;
 *  - from a fresh socket one server that has a second port (or host): to answer from there, which tells what is let in.
 *    Not from the socket itself, whose traffic of before may have opened the way;
 *  - from another fresh socket all first ports, then all second ports, one behind the other: whether the port
 *    matters to the mapping, and by which steps the NAT deals its ports out.
 * With one server only, mapping stays unknown, unless there is no NAT or its two ports see us differently.
 * Of a NAT whose mapping depends on the address the worst is taken, address and port, until a second port says
 * otherwise.
 *
 * Nothing is sent to an address that a server names, but for another port of the host that it is asked at. */
typedef struct _PeerupNatInquiry PeerupNatInquiry;

/* Servers that are asked; more are left out, and those of a host that is there already. */
#define PEERUP_NAT_SERVERS_MAX 4
/* Questions of one inquiry, at most: datagrams are that times what the sender repeats. */
#define PEERUP_NAT_QUESTIONS_MAX (2 * PEERUP_NAT_SERVERS_MAX + 3 + 2 * PEERUP_NAT_SERVERS_MAX)
/* Ports that lie further apart follow no rule that is of use. */
#define PEERUP_NAT_STEP_MAX 64

typedef enum
{
  PEERUP_NAT_FROM_SOCKET,
  PEERUP_NAT_FROM_FRESH,       /* the same one for all of these, which has sent nothing before the first */
  PEERUP_NAT_FROM_OTHER_FRESH, /* likewise */
  PEERUP_NAT_N_SOURCES,
} PeerupNatSource;

typedef struct
{
  guint id;
  PeerupNatSource source;
  PeerupSocketAddress server;
  gboolean wants_other; /* the rest is as in PeerupStunWants */
  gboolean from_other_port;
  gboolean from_other_host;
} PeerupNatQuestion;

/* @local: of the socket, with the host that the system sends from. @servers: of its family, copied, the best first. */
PeerupNatInquiry *peerup_nat_inquiry_new (const PeerupSocketAddress *local, const PeerupSocketAddress *servers,
                                          guint n_servers) G_GNUC_WARN_UNUSED_RESULT;
void peerup_nat_inquiry_free (PeerupNatInquiry *self);
/* What to ask now, in that order; FALSE: nothing before one of the open questions has ended. */
gboolean peerup_nat_inquiry_next (PeerupNatInquiry *self, PeerupNatQuestion *question) G_GNUC_WARN_UNUSED_RESULT;
/* The question @id has been answered. @other: the server's second address, AF_UNSPEC for none. Late ones, and those
 * that make no sense, do no harm. */
void peerup_nat_inquiry_answer (PeerupNatInquiry *self, guint id, const PeerupSocketAddress *mapped,
                                const PeerupSocketAddress *other);
/* It has not been; @refused: the server says that it does not do that. */
void peerup_nat_inquiry_fail (PeerupNatInquiry *self, guint id, gboolean refused);
/* Open questions may be given up. */
gboolean peerup_nat_inquiry_is_over (PeerupNatInquiry *self);
/* What is known so far. @now: monotonic µs. */
void peerup_nat_inquiry_get_facts (PeerupNatInquiry *self, gint64 now, PeerupNatFacts *facts);

/* Whether @address is one that a carrier's NAT gives out, 100.64.0.0/10 (RFC 6598). */
gboolean peerup_nat_is_shared (const PeerupSocketAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNatInquiry, peerup_nat_inquiry_free)

G_END_DECLS
