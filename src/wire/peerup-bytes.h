/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>
#include <string.h>

/* Integers at any alignment, in the order the name says. The caller has checked
 * that the bytes are there. */

static inline guint16
peerup_load_be16 (const guint8 *from)
{
  return (guint16) (from[0] << 8 | from[1]);
}

static inline guint32
peerup_load_be32 (const guint8 *from)
{
  guint32 value;

  memcpy (&value, from, sizeof value);
  return GUINT32_FROM_BE (value);
}

static inline guint64
peerup_load_be64 (const guint8 *from)
{
  guint64 value;

  memcpy (&value, from, sizeof value);
  return GUINT64_FROM_BE (value);
}

static inline void
peerup_store_be16 (guint8 *to, guint16 value)
{
  to[0] = (guint8) (value >> 8);
  to[1] = (guint8) value;
}

static inline void
peerup_store_be32 (guint8 *to, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (to, &value, sizeof value);
}

static inline void
peerup_store_be64 (guint8 *to, guint64 value)
{
  value = GUINT64_TO_BE (value);
  memcpy (to, &value, sizeof value);
}

static inline void
peerup_store_le64 (guint8 *to, guint64 value)
{
  value = GUINT64_TO_LE (value);
  memcpy (to, &value, sizeof value);
}
