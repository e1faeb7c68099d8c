/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "stun/peerup-stun-message.h"

G_BEGIN_DECLS

/* Writes a STUN message into the caller's bytes, on the stack. What does not fit is told once,
 * at the end; the bytes are zeros where padding is. */
typedef struct
{
  guint8 *data;
  gsize size;
  gsize length;
  gboolean failed;
} PeerupStunWriter;

/* @transaction: PEERUP_STUN_TRANSACTION_SIZE bytes, random for a request. */
void peerup_stun_writer_init (PeerupStunWriter *self, guint8 *data, gsize size, PeerupStunClass class, guint16 method,
                              const guint8 *transaction);
/* With the method and the transaction ID of @request, which may be classic. */
void peerup_stun_writer_init_answer (PeerupStunWriter *self, guint8 *data, gsize size, PeerupStunClass class,
                                     const PeerupStunMessage *request);
/* @length: at most 65,535. */
void peerup_stun_writer_add (PeerupStunWriter *self, guint16 type, gconstpointer value, gsize length);
/* FINGERPRINT excepted; CHANGE-REQUEST for one. */
void peerup_stun_writer_add_u32 (PeerupStunWriter *self, guint16 type, guint32 value);
/* XOR-MAPPED-ADDRESS or any address in clear. */
void peerup_stun_writer_add_address (PeerupStunWriter *self, guint16 type, const PeerupSocketAddress *address);
/* @code: 300 to 699. @reason: may be "". */
void peerup_stun_writer_add_error (PeerupStunWriter *self, guint code, const char *reason);
/* @types: what the sender is told that we do not know. */
void peerup_stun_writer_add_unknown (PeerupStunWriter *self, const guint16 *types, gsize n);
/* @type: MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256. Nothing may follow but the latter and FINGERPRINT. */
void
peerup_stun_writer_add_integrity (PeerupStunWriter *self, PeerupStunType type, const guint8 *key, gsize key_length);
/* The last thing to add. */
void peerup_stun_writer_add_fingerprint (PeerupStunWriter *self);
/* The message's bytes, or 0 when it did not fit. */
gsize peerup_stun_writer_finish (PeerupStunWriter *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
