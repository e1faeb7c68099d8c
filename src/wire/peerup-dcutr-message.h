/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* The messages of direct connection upgrade through relay (DCUtR.md), without the varint length in front. */

/* Bytes of one message at most. */
#define PEERUP_DCUTR_MESSAGE_MAX 4096
/* Addresses of a message that are kept at most, the first ones; what comes after is dropped. */
#define PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX 64

/* As on the wire. */
typedef enum
{
  PEERUP_DCUTR_CONNECT = 100,
  PEERUP_DCUTR_SYNC = 300,
} PeerupDcutrType;

typedef struct
{
  PeerupDcutrType type;
  GPtrArray
    *addresses; /* of PeerupMultiaddr: where the sender's sockets are seen from outside; never NULL once decoded */
} PeerupDcutrMessage;

/* A type that is not known, or none, is MALFORMED, as is what is not a message; above PEERUP_DCUTR_MESSAGE_MAX:
 * TOO_LARGE. A bad address is dropped. */
PeerupDcutrMessage *
peerup_dcutr_message_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Framed, behind its length. @addresses: nullable; left out from where the message would pass
 * PEERUP_DCUTR_MESSAGE_MAX, or PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX of them. */
GBytes *peerup_dcutr_message_encode (PeerupDcutrType type, GPtrArray *addresses) G_GNUC_WARN_UNUSED_RESULT;
void peerup_dcutr_message_free (PeerupDcutrMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupDcutrMessage, peerup_dcutr_message_free)

G_END_DECLS
