/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Unsigned varints as multiformats has them: seven bits a byte, least significant
 * first, the shortest encoding only, at most 9 bytes (63 bits). */
#define PEERUP_VARINT_SIZE_MAX 9
#define PEERUP_VARINT_MAX      ((guint64) G_MAXINT64)

/**
 * PeerupDecode:
 * @PEERUP_DECODE_DONE: one whole item was read
 * @PEERUP_DECODE_NEED_MORE: nothing wrong so far, but the item is not whole
 * @PEERUP_DECODE_MALFORMED: no continuation can make this right
 * @PEERUP_DECODE_TOO_LARGE: the declared length is above the cap
 */
typedef enum
{
  PEERUP_DECODE_DONE,
  PEERUP_DECODE_NEED_MORE,
  PEERUP_DECODE_MALFORMED,
  PEERUP_DECODE_TOO_LARGE,
} PeerupDecode;

/* Reads one varint from the front of @data. DONE sets @value and @consumed; the
 * other answers (NEED_MORE, MALFORMED) leave both alone. */
PeerupDecode
peerup_varint_decode (const guint8 *data, gsize length, guint64 *value, gsize *consumed) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes that @value takes, 1 to 9; 0 if it is above PEERUP_VARINT_MAX. */
gsize peerup_varint_size (guint64 value);
/* Writes @value and returns the bytes written; 0, and nothing written, if it is
 * above PEERUP_VARINT_MAX or needs more than @capacity. */
gsize peerup_varint_encode (guint64 value, guint8 *out, gsize capacity) G_GNUC_WARN_UNUSED_RESULT;
/* @value must not be above PEERUP_VARINT_MAX. */
void peerup_varint_append (GByteArray *out, guint64 value);

G_END_DECLS
