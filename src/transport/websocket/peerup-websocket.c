/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The frames of one WebSocket. It lives as long as the connection, keeps no payload, and has room
 * for one pong and one close that wait to be written, however many pings come. It does not
 * compress, does not assemble messages, and does not tell text from anything else but to refuse it. */

#include "transport/websocket/peerup-websocket.h"

#include "wire/peerup-bytes.h"

/* The first byte of a header, and the second. */
#define FIN         0x80
#define RESERVED    0x70
#define OPCODE      0x0f
#define MASKED      0x80
#define LENGTH      0x7f
#define LENGTH_IS16 126
#define LENGTH_IS64 127

/* RFC 6455 5.2 */
typedef enum
{
  OPCODE_CONTINUATION = 0,
  OPCODE_TEXT = 1,
  OPCODE_BINARY = 2,
  OPCODE_CLOSE = 8,
  OPCODE_PING = 9,
  OPCODE_PONG = 10,
} Opcode;

typedef struct
{
  guint8 bytes[PEERUP_WEBSOCKET_CONTROL_MAX];
  gsize length;
  gboolean waits; /* to be written */
} Control;

struct _PeerupWebsocket
{
  gboolean client;

  /* Received: a header until it is whole, then a payload until nothing is left of it. */
  guint8 header[PEERUP_WEBSOCKET_HEADER_MAX];
  gsize header_length;
  Opcode opcode;
  guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE];
  guint64 length;
  guint64 left;
  gboolean in_payload;
  gboolean in_message; /* which goes on in a continuation */
  Control control;     /* whose payload is coming */
  gboolean ended;      /* by the peer's close */
  gboolean failed;

  Control pong;
  Control close;
  gboolean close_asked; /* what comes after it counts no more */
  gboolean closed;
};

PeerupWebsocket *
peerup_websocket_new (gboolean client)
{
  PeerupWebsocket *self = g_new0 (PeerupWebsocket, 1);

  self->client = client;
  return self;
}

void
peerup_websocket_free (PeerupWebsocket *self)
{
  g_free (self);
}

/* Sending */

static gsize
write_header (PeerupWebsocket *self, Opcode opcode, guint64 length, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
              guint8 *header)
{
  gsize n = 2;

  header[0] = FIN | opcode;
  if (length < LENGTH_IS16)
    header[1] = (guint8) length;
  else if (length <= G_MAXUINT16)
    {
      header[1] = LENGTH_IS16;
      peerup_store_be16 (header + n, (guint16) length);
      n += 2;
    }
  else
    {
      header[1] = LENGTH_IS64;
      peerup_store_be64 (header + n, length);
      n += 8;
    }
  if (!self->client)
    return n;
  header[1] |= MASKED;
  memcpy (header + n, mask, PEERUP_WEBSOCKET_MASK_SIZE);
  return n + PEERUP_WEBSOCKET_MASK_SIZE;
}

gsize
peerup_websocket_write_header (PeerupWebsocket *self, guint64 length, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
                               guint8 header[PEERUP_WEBSOCKET_HEADER_MAX])
{
  g_assert (!self->closed);

  return write_header (self, OPCODE_BINARY, length, mask, header);
}

static gsize
write_control (PeerupWebsocket *self, Opcode opcode, Control *control, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
               guint8 *frame)
{
  gsize n = write_header (self, opcode, control->length, mask, frame);

  if (self->client)
    peerup_websocket_mask (frame + n, control->bytes, control->length, mask, 0);
  else
    memcpy (frame + n, control->bytes, control->length);
  control->waits = FALSE;
  return n + control->length;
}

gboolean
peerup_websocket_has_control (const PeerupWebsocket *self)
{
  return !self->closed && (self->pong.waits || self->close.waits);
}

gboolean
peerup_websocket_is_closed (const PeerupWebsocket *self)
{
  return self->closed;
}

gsize
peerup_websocket_write_control (PeerupWebsocket *self, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
                                guint8 frame[PEERUP_WEBSOCKET_FRAME_MAX])
{
  if (!peerup_websocket_has_control (self))
    return 0;
  if (self->pong.waits)
    return write_control (self, OPCODE_PONG, &self->pong, mask, frame);
  self->closed = TRUE;
  return write_control (self, OPCODE_CLOSE, &self->close, mask, frame);
}

/* A close without a code is answered by one without. */
void
peerup_websocket_close (PeerupWebsocket *self, guint16 code)
{
  if (self->close_asked)
    return;
  self->close_asked = TRUE;
  self->close.waits = TRUE;
  if (code == PEERUP_WEBSOCKET_NO_CODE)
    return;
  peerup_store_be16 (self->close.bytes, code);
  self->close.length = 2;
}

/* Receiving */

static gboolean
fail (PeerupWebsocket *self, guint16 code, GError **error, int error_code, const char *text)
{
  self->failed = TRUE;
  peerup_websocket_close (self, code);
  g_set_error (error, PEERUP_ERROR, error_code, "WebSocket: %s", text);
  return FALSE;
}

static gboolean
fail_protocol (PeerupWebsocket *self, GError **error, const char *text)
{
  return fail (self, PEERUP_WEBSOCKET_BROKEN, error, PEERUP_ERROR_PROTOCOL, text);
}

static gboolean
is_control (Opcode opcode)
{
  return opcode >= OPCODE_CLOSE;
}

/* What the first two bytes say, before any more are waited for. */
static gboolean
check_start (PeerupWebsocket *self, GError **error)
{
  Opcode opcode = self->header[0] & OPCODE;
  gboolean fin = (self->header[0] & FIN) != 0, masked = (self->header[1] & MASKED) != 0;

  if ((self->header[0] & RESERVED) != 0)
    return fail_protocol (self, error, "the peer set a reserved bit");
  if (opcode > OPCODE_PONG || (opcode > OPCODE_BINARY && opcode < OPCODE_CLOSE))
    return fail_protocol (self, error, "the peer sent a frame of an unknown kind");
  if (masked == self->client)
    return fail_protocol (self, error, self->client ? "the server masked a frame" : "the client did not mask a frame");
  if (is_control (opcode) && (!fin || (self->header[1] & LENGTH) > PEERUP_WEBSOCKET_CONTROL_MAX))
    return fail_protocol (self, error, "the peer sent a control frame in pieces, or one that is too long");
  if (opcode == OPCODE_TEXT)
    return fail (self, PEERUP_WEBSOCKET_UNSUPPORTED, error, PEERUP_ERROR_UNSUPPORTED, "the peer sent text");
  if (!is_control (opcode) && (opcode == OPCODE_CONTINUATION) != self->in_message)
    return fail_protocol (self, error,
                          self->in_message ? "the peer began a message within another"
                                           : "the peer went on with a message that it had not begun");
  return TRUE;
}

static gsize
header_size (PeerupWebsocket *self)
{
  gsize size = 2 + (self->client ? 0 : PEERUP_WEBSOCKET_MASK_SIZE);

  switch (self->header[1] & LENGTH)
    {
    case LENGTH_IS16:
      return size + 2;
    case LENGTH_IS64:
      return size + 8;
    default:
      return size;
    }
}

/* RFC 6455 5.2: "the minimal number of bytes MUST be used", and the top bit of 64 is 0. */
static gboolean
read_length (PeerupWebsocket *self, GError **error)
{
  self->length = self->header[1] & LENGTH;
  if (self->length == LENGTH_IS16)
    {
      self->length = peerup_load_be16 (self->header + 2);
      return self->length >= LENGTH_IS16 || fail_protocol (self, error, "the peer wrote a short length long");
    }
  if (self->length == LENGTH_IS64)
    {
      self->length = peerup_load_be64 (self->header + 2);
      if (self->length <= G_MAXUINT16)
        return fail_protocol (self, error, "the peer wrote a short length long");
      return self->length <= G_MAXINT64 || fail_protocol (self, error, "the peer sent a frame of more than 2^63 bytes");
    }
  return TRUE;
}

static gboolean
begin_payload (PeerupWebsocket *self, GError **error)
{
  if (!read_length (self, error))
    return FALSE;
  self->opcode = self->header[0] & OPCODE;
  if (!self->client)
    memcpy (self->mask, self->header + self->header_length - PEERUP_WEBSOCKET_MASK_SIZE, PEERUP_WEBSOCKET_MASK_SIZE);
  if (!is_control (self->opcode))
    self->in_message = (self->header[0] & FIN) == 0;
  self->control.length = 0;
  self->left = self->length;
  self->header_length = 0;
  self->in_payload = TRUE;
  return TRUE;
}

/* Takes bytes of a header; FALSE only for an error. */
static gboolean
feed_header (PeerupWebsocket *self, const guint8 *data, gsize length, gsize *taken, GError **error)
{
  for (*taken = 0; *taken < length;)
    {
      self->header[self->header_length++] = data[(*taken)++];
      if (self->header_length == 2 && !check_start (self, error))
        return FALSE;
      if (self->header_length >= 2 && self->header_length == header_size (self))
        return begin_payload (self, error);
    }
  return TRUE;
}

/* RFC 6455 7.4 */
static gboolean
is_close_code (guint16 code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static gboolean
handle_close (PeerupWebsocket *self, GError **error)
{
  guint16 code = self->control.length < 2 ? PEERUP_WEBSOCKET_NO_CODE : peerup_load_be16 (self->control.bytes);

  if (self->control.length == 1 || (self->control.length > 1 && !is_close_code (code)))
    return fail_protocol (self, error, "the peer closed with a code that there is not");
  if (self->control.length > 2 &&
      !g_utf8_validate_len ((const char *) self->control.bytes + 2, self->control.length - 2, NULL))
    return fail (self, PEERUP_WEBSOCKET_BAD_DATA, error, PEERUP_ERROR_MALFORMED,
                 "the peer closed with a reason that is not UTF-8");
  self->ended = TRUE;
  peerup_websocket_close (self, code);
  return TRUE;
}

/* A pong that nobody asked for means nothing (RFC 6455 5.5.3), and we ask for none. */
static gboolean
handle_control (PeerupWebsocket *self, GError **error)
{
  if (self->opcode == OPCODE_CLOSE)
    return handle_close (self, error);
  if (self->opcode == OPCODE_PING)
    {
      self->pong = self->control;
      self->pong.waits = TRUE;
    }
  return TRUE;
}

/* Takes bytes of a payload; of data, all that there are. */
static gboolean
feed_payload (PeerupWebsocket *self, guint8 *data, gsize length, gsize *taken, GError **error)
{
  gsize n = (gsize) MIN (length, self->left);

  if (!self->client)
    peerup_websocket_mask (data, data, n, self->mask, self->length - self->left);
  self->left -= n;
  *taken = n;
  self->in_payload = self->left > 0;
  if (!is_control (self->opcode))
    return TRUE;
  if (n > 0)
    memcpy (self->control.bytes + self->control.length, data, n);
  self->control.length += n;
  return self->in_payload || handle_control (self, error);
}

gboolean
peerup_websocket_feed (PeerupWebsocket *self, guint8 *data, gsize length, gsize *consumed, gsize *payload,
                       GError **error)
{
  *consumed = *payload = 0;
  if (self->failed)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The WebSocket has failed");
      return FALSE;
    }
  while (*payload == 0 && !self->ended && *consumed < length)
    {
      gsize taken = 0;

      if (!self->in_payload && !feed_header (self, data + *consumed, length - *consumed, &taken, error))
        return FALSE;
      *consumed += taken;
      /* An empty payload needs no more bytes to be over. */
      if (!self->in_payload || (*consumed == length && self->left > 0))
        continue;
      if (!feed_payload (self, data + *consumed, length - *consumed, &taken, error))
        return FALSE;
      *consumed += taken;
      *payload = is_control (self->opcode) ? 0 : taken;
    }
  return TRUE;
}

gboolean
peerup_websocket_is_ended (const PeerupWebsocket *self)
{
  return self->ended;
}

gboolean
peerup_websocket_is_within_frame (const PeerupWebsocket *self)
{
  return self->in_payload || self->header_length > 0;
}
