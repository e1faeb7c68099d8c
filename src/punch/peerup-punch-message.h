/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "punch/peerup-port-search.h"
#include "stun/peerup-stun-message.h"

G_BEGIN_DECLS

/* What the two sides of a port search say to each other: STUN Binding (RFC 8489), with FINGERPRINT and with a
 * MESSAGE-INTEGRITY by short-term credentials (9.1) without a USERNAME, as a key is drawn for one search. The
 * password is the 16 bytes of that key and one more that names the sender, so that nobody's own words come back to
 * it as the other's: 1 for the controlling side, 0 for the controlled one. */
typedef enum
{
  PEERUP_PUNCH_PROBE,      /* a request */
  PEERUP_PUNCH_NOMINATION, /* a request with USE-CANDIDATE (RFC 8445 16.1): of the controlling side alone */
  PEERUP_PUNCH_ANSWER,     /* a success, to either of them, with XOR-MAPPED-ADDRESS */
  PEERUP_PUNCH_FAREWELL,   /* an indication with USE-CANDIDATE: of the controlling side alone, which is done */
} PeerupPunchKind;

/* Bytes: 52 for a probe, 56 for a nomination and a farewell, 64 for an answer over IPv4 and 76 over IPv6. */
#define PEERUP_PUNCH_MESSAGE_SIZE_MAX 76

typedef struct
{
  PeerupPunchKind kind;
  guint8 transaction[PEERUP_STUN_TRANSACTION_SIZE];
} PeerupPunchMessage;

/* @mapped: for an answer, where the request came from; NULL else. @key: PEERUP_PORT_SEARCH_KEY_SIZE bytes. The length.
 */
gsize peerup_punch_message_write (const PeerupPunchMessage *self, const PeerupSocketAddress *mapped, const guint8 *key,
                                  gboolean from_controlling,
                                  guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX]) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE, at no cost of memory, for whatever is not such a message of that side with that key, and for one that has
 * attributes which one must know to understand it. */
gboolean peerup_punch_message_read (PeerupPunchMessage *self, const guint8 *data, gsize length, const guint8 *key,
                                    gboolean from_controlling) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
