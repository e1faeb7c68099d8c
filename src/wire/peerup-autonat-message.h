/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* The messages of AutoNAT v2 (autonat-v2.md), read without and written with the varint length in front. */

/* Bytes of one message on a dial-request stream, and on a dial-back stream, at most. */
#define PEERUP_AUTONAT_MESSAGE_MAX   8192
#define PEERUP_AUTONAT_DIAL_BACK_MAX 1024
/* Addresses of a request that are looked at; what comes after is dropped. */
#define PEERUP_AUTONAT_ADDRESSES_MAX 50
/* Bytes of data in one message of dial data at most. */
#define PEERUP_AUTONAT_DATA_MAX 4096

/* The numbers of the oneof on the wire. */
typedef enum
{
  PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE = 1,
  PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE = 2,
  PEERUP_AUTONAT_DATA_REQUEST_MESSAGE = 3,
  PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE = 4,
} PeerupAutonatMessageType;

/* As on the wire. */
typedef enum
{
  PEERUP_AUTONAT_INTERNAL_ERROR = 0,
  PEERUP_AUTONAT_REQUEST_REJECTED = 100,
  PEERUP_AUTONAT_DIAL_REFUSED = 101,
  PEERUP_AUTONAT_OK = 200,
} PeerupAutonatStatus;

typedef enum
{
  PEERUP_AUTONAT_DIAL_UNUSED = 0,
  PEERUP_AUTONAT_DIAL_ERROR = 100,
  PEERUP_AUTONAT_DIAL_BACK_ERROR = 101,
  PEERUP_AUTONAT_DIAL_OK = 200,
} PeerupAutonatDialStatus;

typedef struct
{
  PeerupAutonatMessageType type;

  /* A request. Of PeerupMultiaddr; NULL where one could not be read, so that the places of the others hold. */
  GPtrArray *addresses;
  guint64 nonce;

  /* An answer; both are any number: the peer's. */
  PeerupAutonatStatus status;
  PeerupAutonatDialStatus dial_status;

  guint32 index; /* an answer and a request for data: of the address that was chosen */
  guint64
    n_bytes; /* a request for data: how many; data: how many bytes of it there are, which are zeros when written */
} PeerupAutonatMessage;

/* Above PEERUP_AUTONAT_MESSAGE_MAX: TOO_LARGE. What is not a message, or not exactly one of the four: MALFORMED. */
PeerupAutonatMessage *
peerup_autonat_message_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Framed. At most PEERUP_AUTONAT_ADDRESSES_MAX addresses, none of them NULL, and PEERUP_AUTONAT_DATA_MAX bytes of
 * data. Addresses are left out from where the message would pass PEERUP_AUTONAT_MESSAGE_MAX. */
GBytes *peerup_autonat_message_encode (const PeerupAutonatMessage *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_autonat_message_free (PeerupAutonatMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupAutonatMessage, peerup_autonat_message_free)

/* What is said on a dial-back stream: the nonce, and that it has come. A nonce that is missing is MALFORMED, a
 * status that is not 0 PROTOCOL; above PEERUP_AUTONAT_DIAL_BACK_MAX: TOO_LARGE. */
gboolean peerup_autonat_dial_back_decode (gconstpointer data, gsize length, guint64 *nonce, GError **error);
GBytes *peerup_autonat_dial_back_encode (guint64 nonce) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_autonat_dial_back_response_decode (gconstpointer data, gsize length, GError **error);
GBytes *peerup_autonat_dial_back_response_encode (void) G_GNUC_WARN_UNUSED_RESULT;

/* "the server refused the request" ... or NULL for a number that is not known. Static. */
const char *peerup_autonat_status_get_text (PeerupAutonatStatus status);

G_END_DECLS
