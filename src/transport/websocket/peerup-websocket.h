/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/websocket/peerup-websocket-mask.h"
#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* The longest header of a frame, the longest payload of a control frame, and both together. */
#define PEERUP_WEBSOCKET_HEADER_MAX  14
#define PEERUP_WEBSOCKET_CONTROL_MAX 125
#define PEERUP_WEBSOCKET_FRAME_MAX   (2 + PEERUP_WEBSOCKET_MASK_SIZE + PEERUP_WEBSOCKET_CONTROL_MAX)

/* Status codes of a close (RFC 6455 7.4.1). */
#define PEERUP_WEBSOCKET_NORMAL      1000
#define PEERUP_WEBSOCKET_BROKEN      1002
#define PEERUP_WEBSOCKET_UNSUPPORTED 1003
#define PEERUP_WEBSOCKET_NO_CODE     1005 /* never on the wire */
#define PEERUP_WEBSOCKET_BAD_DATA    1007

/* The frames of one WebSocket, either side of it (RFC 6455 5 to 7), as a machine of bytes that
 * buffers nothing but part of a header and one control frame. libp2p has no use for messages:
 * payload is handed on as it comes, and each piece that is sent is one binary message.
 *
 * Of pings that come faster than pongs can be sent only the last is answered (5.5.3). */
typedef struct _PeerupWebsocket PeerupWebsocket;

/* @client: masks what it sends, and refuses what is masked. */
PeerupWebsocket *peerup_websocket_new (gboolean client) G_GNUC_WARN_UNUSED_RESULT;
void peerup_websocket_free (PeerupWebsocket *self);

/**
 * peerup_websocket_feed:
 * @data: received bytes, which are unmasked where they stand
 * @consumed: (out): how many of them were taken
 * @payload: (out): how many of those, at their end, are payload
 *
 * Takes in bytes up to the end of the first piece of payload among them, of the end of a close
 * frame, or of @data. After a close it takes nothing.
 *
 * Errors: PROTOCOL, UNSUPPORTED (a text message), MALFORMED (a close whose reason is not UTF-8). All
 * are final, and there is a close frame to write that says so.
 */
gboolean peerup_websocket_feed (PeerupWebsocket *self, guint8 *data, gsize length, gsize *consumed, gsize *payload,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the peer's close has come: there is nothing more to read. */
gboolean peerup_websocket_is_ended (const PeerupWebsocket *self);
/* Whether a frame of the peer's has begun and not ended. */
gboolean peerup_websocket_is_within_frame (const PeerupWebsocket *self);

/* Writes the header of a binary message of @length bytes, whose payload a client then has to mask
 * with @mask. A @mask must be fresh and unpredictable for each frame. Returns the header's length.
 * Not after a close frame was written. */
gsize
peerup_websocket_write_header (PeerupWebsocket *self, guint64 length, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
                               guint8 header[PEERUP_WEBSOCKET_HEADER_MAX]) G_GNUC_WARN_UNUSED_RESULT;
/* Asks for a close frame with @code; only the first counts. */
void peerup_websocket_close (PeerupWebsocket *self, guint16 code);
/* Whether there is a control frame to write: a pong or a close. */
gboolean peerup_websocket_has_control (const PeerupWebsocket *self);
/* Writes the next one, which may stand only between other frames. Returns its length, 0 for none. */
gsize peerup_websocket_write_control (PeerupWebsocket *self, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
                                      guint8 frame[PEERUP_WEBSOCKET_FRAME_MAX]) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a close frame was written: no other may follow. */
gboolean peerup_websocket_is_closed (const PeerupWebsocket *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupWebsocket, peerup_websocket_free)

G_END_DECLS
