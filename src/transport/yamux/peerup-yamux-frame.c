/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The codec of yamux frame headers. It holds nothing and allocates nothing but errors;
 * whether a frame fits the session it came in on is not its business.
 */
#include "transport/yamux/peerup-yamux-frame.h"

#include "wire/peerup-error.h"

#define ALL_FLAGS (PEERUP_YAMUX_SYN | PEERUP_YAMUX_ACK | PEERUP_YAMUX_FIN | PEERUP_YAMUX_RST)

static inline guint32
get_be32 (const guint8 *p)
{
  return (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3];
}

static inline void
put_be32 (guint8 *p, guint32 value)
{
  p[0] = value >> 24;
  p[1] = value >> 16;
  p[2] = value >> 8;
  p[3] = value;
}

/* What is wrong with the header, or NULL. */
static const char *
find_fault (const PeerupYamuxFrame *self)
{
  if ((self->flags & ~ALL_FLAGS) != 0)
    return "unknown flags";
  switch (self->type)
    {
    case PEERUP_YAMUX_DATA:
    case PEERUP_YAMUX_WINDOW_UPDATE:
      return self->id == 0 ? "a stream's frame on stream 0" : NULL;
    case PEERUP_YAMUX_PING:
      if (self->id != 0)
        return "a ping on a stream";
      return self->flags == PEERUP_YAMUX_SYN || self->flags == PEERUP_YAMUX_ACK
               ? NULL
               : "a ping that is neither request nor answer";
    case PEERUP_YAMUX_GOAWAY:
      return self->id != 0 || self->flags != 0 ? "a go away with a stream or flags" : NULL;
    default:
      return "an unknown frame type";
    }
}

gboolean
peerup_yamux_frame_decode (PeerupYamuxFrame *self, const guint8 *data, gsize length, GError **error)
{
  const char *fault;

  if (length < PEERUP_YAMUX_HEADER_SIZE)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "yamux: a header of %" G_GSIZE_FORMAT " bytes", length);
      return FALSE;
    }
  if (data[0] != 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "yamux: version %u instead of 0", data[0]);
      return FALSE;
    }
  self->type = data[1];
  self->flags = data[2] << 8 | data[3];
  self->id = get_be32 (data + 4);
  self->length = get_be32 (data + 8);
  fault = find_fault (self);
  if (fault == NULL)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "yamux: the peer sent %s (type %u, flags 0x%x, stream %u)",
               fault, data[1], self->flags, self->id);
  return FALSE;
}

void
peerup_yamux_frame_encode (const PeerupYamuxFrame *self, guint8 data[PEERUP_YAMUX_HEADER_SIZE])
{
  g_assert (find_fault (self) == NULL);
  data[0] = 0;
  data[1] = self->type;
  data[2] = self->flags >> 8;
  data[3] = self->flags;
  put_be32 (data + 4, self->id);
  put_be32 (data + 8, self->length);
}
