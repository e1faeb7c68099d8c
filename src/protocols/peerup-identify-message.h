/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* What a sequence of identify messages says, merged as protobuf merges: repeated fields
 * append, the last scalar wins. Bytes only: the signed record is carried, not opened. */
typedef struct
{
  PeerupPublicKey *public_key;       /* nullable */
  GPtrArray *addresses;              /* nullable, of PeerupMultiaddr: NULL when none was sent */
  GPtrArray *protocols;              /* nullable, of char *: NULL when none was sent */
  PeerupMultiaddr *observed_address; /* nullable */
  char *agent;                       /* nullable */
  char *protocol_version;            /* nullable */
  GBytes *signed_record;             /* nullable */
} PeerupIdentifyMessage;

/* Caps on what a peer may send. What is above them is dropped (addresses that do not
 * parse, too), but for the size and number of messages, which are errors. */
#define PEERUP_IDENTIFY_MESSAGE_MAX   8192
#define PEERUP_IDENTIFY_MESSAGES_MAX  10
#define PEERUP_IDENTIFY_PROTOCOLS_MAX 1024
#define PEERUP_IDENTIFY_ADDRESSES_MAX 500
#define PEERUP_IDENTIFY_TEXT_MAX      128
/* Bytes of everything a peer may send, lengths included. */
#define PEERUP_IDENTIFY_BYTES_MAX (PEERUP_IDENTIFY_MESSAGES_MAX * (PEERUP_IDENTIFY_MESSAGE_MAX + 2))
/* Our own: above the first the signed record travels in a message of its own, and the
 * second is the most for either. */
#define PEERUP_IDENTIFY_SPLIT_SIZE 2048
#define PEERUP_IDENTIFY_OWN_MAX    4096

PeerupIdentifyMessage *peerup_identify_message_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_identify_message_free (PeerupIdentifyMessage *self);
/* The whole of what a peer sent: one or more messages, each behind its length. MALFORMED,
 * TOO_LARGE (a message, or its number of fields), LIMIT (an eleventh message). */
PeerupIdentifyMessage *
peerup_identify_message_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One message behind its length, or two when one would be too large. Addresses at the end
 * are left out, then protocols, until it fits PEERUP_IDENTIFY_OWN_MAX without the signed record. */
GBytes *peerup_identify_message_encode (const PeerupIdentifyMessage *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupIdentifyMessage, peerup_identify_message_free)

G_END_DECLS
