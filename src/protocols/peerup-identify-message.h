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
  GPtrArray       *addresses;        /* nullable, of PeerupMultiaddr: NULL when none was sent */
  GPtrArray       *protocols;        /* nullable, of char *: NULL when none was sent */
  PeerupMultiaddr *observed_address; /* nullable */
  char            *agent;            /* nullable */
  char            *protocol_version; /* nullable */
  GBytes          *signed_record;    /* nullable */
  guint            n_messages;
} PeerupIdentifyMessage;

/* Caps on what a peer may send. What is above them is dropped, but for the size and
 * number of messages, which are errors. */
#define PEERUP_IDENTIFY_MESSAGE_MAX   8192
#define PEERUP_IDENTIFY_MESSAGES_MAX  10
#define PEERUP_IDENTIFY_PROTOCOLS_MAX 1024
#define PEERUP_IDENTIFY_ADDRESSES_MAX 500
#define PEERUP_IDENTIFY_TEXT_MAX      128
/* Our own: above the first the signed record travels in a message of its own, above
 * the second addresses are left out. */
#define PEERUP_IDENTIFY_SPLIT_SIZE    2048
#define PEERUP_IDENTIFY_OWN_MAX       4096

PeerupIdentifyMessage *peerup_identify_message_new    (void) G_GNUC_WARN_UNUSED_RESULT;
void                   peerup_identify_message_free   (PeerupIdentifyMessage *self);
/* Merges one message, without its length prefix. MALFORMED, TOO_LARGE, LIMIT (an eleventh
 * message); @self is then as far as it came and is to be dropped. */
gboolean               peerup_identify_message_merge  (PeerupIdentifyMessage *self,
                                                       gconstpointer          data,
                                                       gsize                  length,
                                                       GError               **error);
/* The messages to send, each behind its length: one, or two when one would be too large.
 * n_messages is not looked at. */
GBytes                *peerup_identify_message_encode (const PeerupIdentifyMessage *self) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes of all fields in one message. */
gsize                  peerup_identify_message_size   (const PeerupIdentifyMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupIdentifyMessage, peerup_identify_message_free)

G_END_DECLS
