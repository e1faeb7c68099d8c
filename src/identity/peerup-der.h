/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-reader.h"

G_BEGIN_DECLS

/* The tags of X.690 that certificates and keys need. */
typedef enum
{
  PEERUP_DER_BOOLEAN = 0x01,
  PEERUP_DER_INTEGER = 0x02,
  PEERUP_DER_BIT_STRING = 0x03,
  PEERUP_DER_OCTET_STRING = 0x04,
  PEERUP_DER_OID = 0x06,
  PEERUP_DER_UTC_TIME = 0x17,
  PEERUP_DER_GENERALIZED_TIME = 0x18,
  PEERUP_DER_SEQUENCE = 0x30,
  PEERUP_DER_CONTEXT_1_PRIMITIVE = 0x81,
  PEERUP_DER_CONTEXT_2_PRIMITIVE = 0x82,
  PEERUP_DER_CONTEXT_0 = 0xa0,
  PEERUP_DER_CONTEXT_3 = 0xa3,
} PeerupDerTag;

/* Reads one element of exactly @tag: definite length in its shortest form, nothing
 * past what is left. @content (nullable) gets the bytes inside, @whole (nullable) tag and length
 * too. After FALSE @self stands where it stood. */
gboolean peerup_der_read (PeerupReader *self, PeerupDerTag tag, PeerupReader *content,
                          PeerupReader *whole) G_GNUC_WARN_UNUSED_RESULT;
/* The same if @tag comes next; TRUE and an empty @content (data NULL) if another tag or nothing does. */
gboolean
peerup_der_read_optional (PeerupReader *self, PeerupDerTag tag, PeerupReader *content) G_GNUC_WARN_UNUSED_RESULT;
/* A BIT STRING of whole bytes. */
gboolean peerup_der_read_bits (PeerupReader *self, PeerupReader *bits) G_GNUC_WARN_UNUSED_RESULT;
/* An INTEGER above zero in its shortest form, without the sign byte. */
gboolean peerup_der_read_positive (PeerupReader *self, PeerupReader *magnitude) G_GNUC_WARN_UNUSED_RESULT;
/* A UTCTime or GeneralizedTime in the one form that RFC 5280, 4.1.2.5, allows: with seconds, in
 * UTC, without a fraction. @seconds since 1970. */
gboolean peerup_der_read_time (PeerupReader *self, gint64 *seconds) G_GNUC_WARN_UNUSED_RESULT;
/* The dotted form of an OID's content, for messages; "invalid" if it is none. */
char *peerup_der_oid_to_string (const PeerupReader *oid) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_der_equal (const PeerupReader *self, gconstpointer data, gsize length);

G_END_DECLS
