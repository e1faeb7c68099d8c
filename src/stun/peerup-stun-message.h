/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"
#include "wire/peerup-reader.h"

G_BEGIN_DECLS

/* The messages of STUN (RFC 8489), looked at where they lie: nothing is copied or allocated. */

#define PEERUP_STUN_HEADER_SIZE      20
#define PEERUP_STUN_TRANSACTION_SIZE 12
#define PEERUP_STUN_MAGIC_COOKIE     0x2112a442

typedef enum
{
  PEERUP_STUN_REQUEST,
  PEERUP_STUN_INDICATION,
  PEERUP_STUN_SUCCESS,
  PEERUP_STUN_ERROR,
} PeerupStunClass;

/* The only method there is in RFC 8489. */
#define PEERUP_STUN_BINDING 0x001

/* Who does not know a type below this must not act on the message (RFC 8489 14). */
#define PEERUP_STUN_OPTIONAL 0x8000

typedef enum
{
  PEERUP_STUN_MAPPED_ADDRESS = 0x0001,
  PEERUP_STUN_CHANGE_REQUEST = 0x0003, /* RFC 5780 */
  PEERUP_STUN_USERNAME = 0x0006,
  PEERUP_STUN_MESSAGE_INTEGRITY = 0x0008,
  PEERUP_STUN_ERROR_CODE = 0x0009,
  PEERUP_STUN_UNKNOWN_ATTRIBUTES = 0x000a,
  PEERUP_STUN_REALM = 0x0014,
  PEERUP_STUN_NONCE = 0x0015,
  PEERUP_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
  PEERUP_STUN_PASSWORD_ALGORITHM = 0x001d,
  PEERUP_STUN_USERHASH = 0x001e,
  PEERUP_STUN_XOR_MAPPED_ADDRESS = 0x0020,
  PEERUP_STUN_RESPONSE_PORT = 0x0027, /* RFC 5780 */
  PEERUP_STUN_SOFTWARE = 0x8022,
  PEERUP_STUN_FINGERPRINT = 0x8028,
  PEERUP_STUN_RESPONSE_ORIGIN = 0x802b, /* RFC 5780, as is the next */
  PEERUP_STUN_OTHER_ADDRESS = 0x802c,
} PeerupStunType;

/* One that exists is well-formed: its attributes fill it exactly, and a FINGERPRINT is the
 * last of them and right, but for the classic ones, which have none. */
typedef struct
{
  PeerupStunClass class;
  guint16 method;
  gboolean is_classic; /* of RFC 3489: where the magic cookie is now, the transaction ID began */
  gboolean has_fingerprint;
  const guint8 *data; /* borrowed */
  gsize length;
} PeerupStunMessage;

typedef struct
{
  guint16 type;
  guint16 length;
  const guint8 *value; /* borrowed, of no alignment */
} PeerupStunAttribute;

/* @length: of the whole datagram. MALFORMED; without @error a refusal costs no memory. */
gboolean peerup_stun_message_parse (PeerupStunMessage *self, const guint8 *data, gsize length,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* PEERUP_STUN_TRANSACTION_SIZE bytes. */
const guint8 *peerup_stun_message_get_transaction (const PeerupStunMessage *self);

/* On the stack. Goes through the attributes in their order, but for those behind an integrity
 * attribute that it does not cover and that are to be ignored (RFC 8489 14.5, 14.6). */
typedef struct
{
  PeerupReader reader;
  guint16 sealed; /* the last integrity attribute that was passed, or 0 */
} PeerupStunIter;

void peerup_stun_iter_init (PeerupStunIter *self, const PeerupStunMessage *message);
gboolean peerup_stun_iter_next (PeerupStunIter *self, PeerupStunAttribute *attribute) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a message may be acted on that has an attribute of @type: it is optional, or one of
 * RFC 8489's own. CHANGE-REQUEST and RESPONSE-PORT are not: whoever can do what they ask for looks for them. */
gboolean peerup_stun_type_is_understood (guint16 type);
/* How many attributes there are that are not understood; the types of the first @max go to @types. */
gsize peerup_stun_message_find_unknown (const PeerupStunMessage *self, guint16 *types, gsize max);
/* The first of that type; others of it mean nothing (RFC 8489 14). */
gboolean peerup_stun_message_find (const PeerupStunMessage *self, guint16 type,
                                   PeerupStunAttribute *attribute) G_GNUC_WARN_UNUSED_RESULT;
/* An attribute that is an address, XOR-MAPPED-ADDRESS or any of those in clear. FALSE when
 * there is none, or none that can be understood. */
gboolean peerup_stun_message_get_address (const PeerupStunMessage *self, guint16 type,
                                          PeerupSocketAddress *address) G_GNUC_WARN_UNUSED_RESULT;
/* 300 to 699, or 0 when there is no ERROR-CODE that can be understood. */
guint peerup_stun_message_get_error_code (const PeerupStunMessage *self);
/* Whether it has an attribute of @type, MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 (which
 * may be shortened to 16 bytes), made with @key: the password, or what RFC 8489 9.2.2 derives. */
gboolean peerup_stun_message_check_integrity (const PeerupStunMessage *self, PeerupStunType type, const guint8 *key,
                                              gsize key_length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
