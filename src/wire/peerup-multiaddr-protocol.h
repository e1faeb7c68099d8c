/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* Private to peerup-multiaddr.c: the kinds of component and how the value of each
 * is checked, read from text and written as text. */

#define PEERUP_MULTIADDR_SIZE_PREFIXED (-1)

typedef struct
{
  PeerupMultiaddrCode code;
  const char *name;
  /* Bytes of the value; 0: there is none; PEERUP_MULTIADDR_SIZE_PREFIXED: a varint says. */
  int size;
  /* The value is the whole rest of the text, and nothing may follow. */
  gboolean terminal;
  /* What a value is, as the end of "… is not". */
  const char *expects;
  /* Appends the bytes of @text. What it appends is checked afterwards. */
  gboolean (*parse) (const char *text, GByteArray *out);
  /* NULL: all bytes of the right size are valid. */
  gboolean (*check) (const guint8 *value, gsize length);
  /* Appends the text of a valid value. */
  void (*format) (const guint8 *value, gsize length, GString *out);
} PeerupMultiaddrProtocol;

/* (nullable) */
const PeerupMultiaddrProtocol *peerup_multiaddr_protocol_by_code (guint64 code);
const PeerupMultiaddrProtocol *peerup_multiaddr_protocol_by_name (const char *name);

/* Not empty, UTF-8, and nothing that a terminal or a log would not show as it is. */
gboolean peerup_multiaddr_is_printable (const guint8 *value, gsize length);

G_END_DECLS
