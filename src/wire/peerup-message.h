/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Generated protobuf messages (wire/proto) from and to bytes, with the checks that
 * the generated code leaves out. */

/* Unpacks the whole of @data. Before anything is allocated one linear pass refuses
 * field number 0, group wire types, varints above 10 bytes, lengths above what is
 * left, and more than @max_fields fields (known and unknown, nested ones included).
 * The caller has capped @length; memory is a small multiple of @length and @max_fields.
 * Errors: MALFORMED, TOO_LARGE (too many fields). Free with peerup_message_free(). */
gpointer peerup_message_unpack (const ProtobufCMessageDescriptor *type, gconstpointer data, gsize length,
                                guint max_fields, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): a message of peerup_message_unpack(), and only such. Fits
 * G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__Identify, peerup_message_free). */
void peerup_message_free (gpointer message);
/* @message: any generated message, cast with &message.base. */
GBytes *peerup_message_pack (const ProtobufCMessage *message) G_GNUC_WARN_UNUSED_RESULT;
/* The same behind its varint length, see peerup-frame.h. */
GBytes *peerup_message_pack_framed (const ProtobufCMessage *message) G_GNUC_WARN_UNUSED_RESULT;

/* Text that a peer sent as a bytes field (our .proto files declare text so, because the
 * generated string type loses the length): a NUL-terminated copy, or NULL if it is longer
 * than @max bytes, has a NUL inside or is not UTF-8. */
char *peerup_message_dup_text (const ProtobufCBinaryData *field, gsize max) G_GNUC_WARN_UNUSED_RESULT;
/* @text and @bytes as a field, borrowed: for messages of our own that are packed at once. */
ProtobufCBinaryData peerup_message_text (const char *text);
ProtobufCBinaryData peerup_message_bytes (GBytes *bytes);

G_END_DECLS
