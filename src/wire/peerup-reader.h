/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A cursor over borrowed bytes. Each read compares with what is left first, and
 * moves the cursor only when it succeeds: after FALSE the reader stands where it
 * stood and the out parameters are untouched. Bytes handed out are borrowed from
 * the same buffer. Lives on the stack. */
typedef struct
{
  const guint8 *data;
  gsize left;
} PeerupReader;

#define PEERUP_READER_INIT(bytes, size) { .data = (bytes), .left = (size) }

gboolean peerup_reader_u8 (PeerupReader *self, guint8 *value) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_reader_be16 (PeerupReader *self, guint16 *value) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_reader_be32 (PeerupReader *self, guint32 *value) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_reader_be64 (PeerupReader *self, guint64 *value) G_GNUC_WARN_UNUSED_RESULT;
/* A minimal varint, see peerup_varint_decode(). */
gboolean peerup_reader_varint (PeerupReader *self, guint64 *value) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_reader_bytes (PeerupReader *self, gsize length, const guint8 **bytes) G_GNUC_WARN_UNUSED_RESULT;
/* A varint length of at most @max, then that many bytes. */
gboolean
peerup_reader_prefixed (PeerupReader *self, gsize max, const guint8 **bytes, gsize *length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
