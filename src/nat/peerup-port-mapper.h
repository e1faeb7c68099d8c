/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-port-mapping-message.h"

G_BEGIN_DECLS

/* Asks one gateway for ports, by PCP, or where it does not know that, by NAT-PMP (IPv4), and keeps what it gets: renews
 * at half the lifetime, maps again at once when the gateway has forgotten (RFC 6887 8.5), ends what is no longer
 * wanted. Datagrams and times in, datagrams and deadlines out; the caller sees to it that what comes is from the
 * gateway and its port. @now: monotonic µs, never going back.
 *
 * A gateway may lie. It is asked PEERUP_PORT_MAPPER_PACKETS_MAX times a minute at most, whatever it says, and what
 * it gives out is used for advertising only where it agrees with what others see; that is the caller's part. */
typedef struct _PeerupPortMapper PeerupPortMapper;

#define PEERUP_PORT_MAPPER_PORTS_MAX 8
/* Seconds that a mapping is asked for, and that one is believed to last at most. */
#define PEERUP_PORT_MAPPER_LIFETIME     7200
#define PEERUP_PORT_MAPPER_LIFETIME_MAX 86400
/* Requests of one minute, in all; a few more at the beginning. */
#define PEERUP_PORT_MAPPER_PACKETS_MAX 30
/* Microseconds until a gateway that was silent, or that refused, is asked again. */
#define PEERUP_PORT_MAPPER_RETRY (600 * (gint64) G_USEC_PER_SEC)
/* Microseconds between questions whether the gateway still remembers. */
#define PEERUP_PORT_MAPPER_CHECK (300 * (gint64) G_USEC_PER_SEC)

typedef enum
{
  PEERUP_PORT_MAPPER_ASKING, /* no answer yet */
  PEERUP_PORT_MAPPER_WORKS,  /* it has given out at least one port */
  PEERUP_PORT_MAPPER_FAILED, /* it refuses, or nobody answers; it is asked again later */
} PeerupPortMapperState;

/* One port. */
typedef struct
{
  guint8 protocol; /* IPPROTO_UDP or IPPROTO_TCP */
  guint16 port;    /* ours */
  gboolean is_held;
  PeerupSocketAddress external; /* where the gateway says it is seen; AF_UNSPEC: it does not say where */
  gint64 expires_at;
} PeerupPortMapped;

/* @client: our address towards the gateway. @random: 12 random bytes, by which it is known that nobody else answers. */
PeerupPortMapper *
peerup_port_mapper_new (const PeerupSocketAddress *client,
                        const guint8 random[PEERUP_PORT_MAPPING_NONCE_SIZE]) G_GNUC_WARN_UNUSED_RESULT;
void peerup_port_mapper_free (PeerupPortMapper *self);
/* A port that is wanted from now on; one that is there already, or too many, changes nothing. */
void peerup_port_mapper_add (PeerupPortMapper *self, guint8 protocol, guint16 port, gint64 now);
/* Ends all of them; next() then writes what tells the gateway. */
void peerup_port_mapper_withdraw (PeerupPortMapper *self, gint64 now);
/* Whether the gateway has confirmed that, or was told as often as is worth it. */
gboolean peerup_port_mapper_is_withdrawn (PeerupPortMapper *self);

/* Writes a datagram that is due; 0: none is. */
gsize peerup_port_mapper_next (PeerupPortMapper *self, gint64 now,
                               guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE]) G_GNUC_WARN_UNUSED_RESULT;
/* When next() is to be called again; G_MAXINT64: when something else has happened. */
gint64 peerup_port_mapper_get_deadline (PeerupPortMapper *self);
/* What the gateway sent, to us or to everybody. TRUE when what follows has changed. */
gboolean peerup_port_mapper_take (PeerupPortMapper *self, const guint8 *data, gsize length, gint64 now);
/* The gateway has nobody who listens there (ICMP). Likewise. */
gboolean peerup_port_mapper_refused (PeerupPortMapper *self, gint64 now);
/* What time alone changes. Likewise; to be called at the deadline, before next(). */
gboolean peerup_port_mapper_advance (PeerupPortMapper *self, gint64 now);

PeerupPortMapperState peerup_port_mapper_get_state (PeerupPortMapper *self);
/* "PCP" or "NAT-PMP": what is spoken. */
const char *peerup_port_mapper_get_protocol (PeerupPortMapper *self);
guint peerup_port_mapper_get_n_ports (PeerupPortMapper *self);
void peerup_port_mapper_get_port (PeerupPortMapper *self, guint index, PeerupPortMapped *port);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPortMapper, peerup_port_mapper_free)

G_END_DECLS
