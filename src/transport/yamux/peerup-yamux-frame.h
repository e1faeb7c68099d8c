/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PEERUP_YAMUX_HEADER_SIZE 12u

/* The frame types and flags of the yamux specification, "Framing". */
typedef enum
{
  PEERUP_YAMUX_DATA = 0,
  PEERUP_YAMUX_WINDOW_UPDATE = 1,
  PEERUP_YAMUX_PING = 2,
  PEERUP_YAMUX_GOAWAY = 3,
} PeerupYamuxFrameType;

#define PEERUP_YAMUX_SYN 0x1u
#define PEERUP_YAMUX_ACK 0x2u
#define PEERUP_YAMUX_FIN 0x4u
#define PEERUP_YAMUX_RST 0x8u

/* A frame header whose fields agree with each other. @length: bytes that follow
 * (data), delta or reset code (window update), opaque value (ping), code (go away). */
typedef struct
{
  PeerupYamuxFrameType type;
  guint16 flags;
  guint32 id;
  guint32 length;
} PeerupYamuxFrame;

/* Decodes the first 12 of @length bytes and checks what can be told from the header alone: version
 * 0, known type and flags, id 0 for the session's frames and only for them, a ping
 * that is either a request or an answer. PEERUP_ERROR_PROTOCOL, or PEERUP_ERROR_MALFORMED if there are
 * fewer bytes. */
gboolean peerup_yamux_frame_decode (PeerupYamuxFrame *self, const guint8 *data, gsize length,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_yamux_frame_encode (const PeerupYamuxFrame *self, guint8 data[PEERUP_YAMUX_HEADER_SIZE]);

G_END_DECLS
