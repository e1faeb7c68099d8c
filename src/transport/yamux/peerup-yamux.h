/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* The yamux session machine (specification: yamux/README.md of libp2p/specs): bytes
 * and times go in, bytes and events come out. It has no socket, no clock and no main
 * loop; times are monotonic microseconds. One thread at a time.
 *
 * A channel is one stream of the session as the machine sees it; the word keeps it
 * apart from the PeerupStream that wraps it.
 *
 * Re-entrancy. Events other than send() are collected and delivered when the call that
 * caused them has done its work: once for each channel and kind. An event handler may
 * call everything here but peerup_yamux_feed(); what that causes is delivered after
 * the handler returns. A handler may drop the last reference of the session or of
 * the channel. send() may call nothing here. */
typedef struct _PeerupYamux PeerupYamux;
typedef struct _PeerupYamuxChannel PeerupYamuxChannel;

/* The window every stream starts with in either direction. */
#define PEERUP_YAMUX_INITIAL_WINDOW 262144u
/* Of a lean channel: what may wait for its reader, and the least and the most that its window is. */
#define PEERUP_YAMUX_LEAN_KEPT       16384u
#define PEERUP_YAMUX_LEAN_WINDOW     65536u
#define PEERUP_YAMUX_LEAN_WINDOW_MAX (1024 * 1024u)

/* Codes of GoAway in the yamux specification; libp2p's connection codes
 * (0x1000 and up) are equally valid there. */
#define PEERUP_YAMUX_GOAWAY_NORMAL       0u
#define PEERUP_YAMUX_GOAWAY_PROTOCOL     1u
#define PEERUP_YAMUX_GOAWAY_INTERNAL     2u
#define PEERUP_YAMUX_GOAWAY_RATE_LIMITED 0x1002u

/* The stream codes the machine itself resets with: above a limit, after our GoAway. */
#define PEERUP_YAMUX_RESET_RESOURCE_LIMIT 0x1002u
#define PEERUP_YAMUX_RESET_SHUTDOWN       0x1007u

/**
 * PeerupYamuxLimits:
 * @max_inbound: streams the peer may have open; one more is reset, the session lives
 * @max_backlog: inbound streams not yet accepted; one more is reset
 * @max_outbound: streams we may have open
 * @max_unacked: streams we opened that the peer has not acknowledged yet
 * @max_frame: header and payload of one data frame we send, in bytes, more than 12
 * @max_window: bytes a receive window may grow to, at least %PEERUP_YAMUX_INITIAL_WINDOW
 * @window_budget: bytes all receive windows together may grow to; the initial window of
 *   a stream is never refused
 * @max_buffered: received bytes that wait for their readers, over all streams; the
 *   stream that goes beyond is reset
 * @max_control: frames without payload that we sent and that have not left yet. A peer
 *   that makes us exceed it (a flood of pings or stream opens whose answers it does not
 *   read) loses the session
 */
typedef struct
{
  guint max_inbound;
  guint max_backlog;
  guint max_outbound;
  guint max_unacked;
  guint max_frame;
  guint32 max_window;
  gsize window_budget;
  gsize max_buffered;
  guint max_control;
} PeerupYamuxLimits;

/* 1024, 256, 1024, 256, 64 KiB and a header, 16 MiB, 64 MiB, 128 MiB, 8192. */
extern const PeerupYamuxLimits peerup_yamux_default_limits;

/**
 * PeerupYamuxEvents:
 * @send: takes all the bytes, at once and in order; returns how many bytes of this and
 *   earlier calls have not left yet. The header and payload of a data frame always
 *   come in one call. May be called from any function that changes the session
 * @channel_opened: the peer opened a stream. The channel is borrowed; the session holds
 *   it until it is done. Accept it, or reset it
 * @channel_readable: bytes, or the peer's end of stream, arrived since the last time
 * @channel_writable: the send window was empty and is not any more
 * @channel_closed: the stream is done: see peerup_yamux_channel_get_state(). Delivered
 *   exactly once for each channel that was opened or announced, unless the session is
 *   freed first. What was received and not reset can still be read
 * @can_open: peerup_yamux_open() failed with %PEERUP_ERROR_LIMIT earlier, and would not now
 * @goaway_received: the peer takes no new streams
 * @ping_reply: the answer to our ping, with the round trip in microseconds
 * @buffered: the bytes that wait for their readers, over all streams, will be so many. %FALSE
 *   refuses more of them: their stream is reset. Note it and return: nothing may be called.
 *   Not told of what is lost with the session
 *
 * All but @send may be %NULL.
 */
typedef struct
{
  gsize (*send) (const GOutputVector *vectors, gsize n_vectors, gpointer user_data);
  void (*channel_opened) (PeerupYamuxChannel *channel, gpointer user_data);
  void (*channel_readable) (PeerupYamuxChannel *channel, gpointer user_data);
  void (*channel_writable) (PeerupYamuxChannel *channel, gpointer user_data);
  void (*channel_closed) (PeerupYamuxChannel *channel, gpointer user_data);
  void (*can_open) (gpointer user_data);
  void (*goaway_received) (guint32 code, gpointer user_data);
  void (*ping_reply) (gint64 rtt, gpointer user_data);
  gboolean (*buffered) (gsize bytes, gpointer user_data);
} PeerupYamuxEvents;

/**
 * peerup_yamux_new:
 * @is_client: whether we are the dialer, whose stream ids are odd
 * @limits: (nullable): copied; %NULL for peerup_yamux_default_limits
 * @events: must outlive the session
 * @user_data: must stay valid until the last call into the session returned
 */
PeerupYamux *peerup_yamux_new (gboolean is_client, const PeerupYamuxLimits *limits, const PeerupYamuxEvents *events,
                               gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
PeerupYamux *peerup_yamux_ref (PeerupYamux *self);
/* The last one loses the streams that are left, without an event. */
void peerup_yamux_unref (PeerupYamux *self);

/**
 * peerup_yamux_feed:
 * @now: the time the bytes arrived, never less than in an earlier call
 *
 * Takes bytes in any chunking. What no reader took while the events were delivered is
 * copied; @data need not outlive the call.
 *
 * Returns: %FALSE if the session is dead: %PEERUP_ERROR_PROTOCOL when the peer broke the
 *   rules (a GoAway was sent), %PEERUP_ERROR_LIMIT when it exceeded one, or the error
 *   given to peerup_yamux_terminate(). All streams are lost then.
 */
gboolean peerup_yamux_feed (PeerupYamux *self, const guint8 *data, gsize length, gint64 now,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * peerup_yamux_feed_borrowed:
 *
 * The same without the copy: @data must stay as it is until peerup_yamux_settle(), so
 * that readers that run after this call still read it in place.
 */
gboolean peerup_yamux_feed_borrowed (PeerupYamux *self, const guint8 *data, gsize length, gint64 now,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Copies what is still unread of the bytes fed so far. */
void peerup_yamux_settle (PeerupYamux *self);

/**
 * peerup_yamux_open:
 *
 * Opens a stream; it may be written to at once.
 *
 * Returns: (transfer full): the channel. Errors: that of a dead session;
 *   %PEERUP_ERROR_CLOSED if a GoAway was sent or received, or all 2^31 ids are used;
 *   %PEERUP_ERROR_LIMIT if there are too many streams now (can_open() will tell).
 */
PeerupYamuxChannel *peerup_yamux_open (PeerupYamux *self, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells that all bytes given to send() have left. */
void peerup_yamux_drained (PeerupYamux *self);

/* Sends a ping, unless one is still unanswered (then %FALSE). The machine pings by
 * itself while data arrives, to size the windows. */
gboolean peerup_yamux_ping (PeerupYamux *self, gint64 now);

/* Refuses new streams from now on; those that are open go on. Any 32-bit code. Only
 * the first call sends anything. */
void peerup_yamux_goaway (PeerupYamux *self, guint32 code);

/* The transport is gone, or the session is to end: nothing more is sent from now on, all
 * streams are lost with @error. */
void peerup_yamux_terminate (PeerupYamux *self, const GError *error);

gboolean peerup_yamux_is_dead (PeerupYamux *self);
/* Whether the peer sent a GoAway, and its latest code. */
gboolean peerup_yamux_get_remote_goaway (PeerupYamux *self, guint32 *code);
/* Smoothed round trip in microseconds; 0 before the first answer to a ping. */
gint64 peerup_yamux_get_rtt (PeerupYamux *self);
/* When the last bytes arrived; G_MININT64 before the first. */
gint64 peerup_yamux_get_last_received (PeerupYamux *self);
/* Frames sent so far that call for an answer: data, opened streams and pings, and not what answers the peer's. Counted
 * before send() is called. */
guint64 peerup_yamux_get_n_owing (PeerupYamux *self);
/* When the ping that is still unanswered was sent; G_MININT64 if there is none. */
gint64 peerup_yamux_get_unanswered_ping (PeerupYamux *self);
guint peerup_yamux_get_n_inbound (PeerupYamux *self);
guint peerup_yamux_get_n_outbound (PeerupYamux *self);
/* Received bytes that wait for readers, over all streams. */
gsize peerup_yamux_get_buffered (PeerupYamux *self);

/**
 * PeerupYamuxChannelState:
 * @PEERUP_YAMUX_OPEN: both directions are open
 * @PEERUP_YAMUX_LOCAL_FIN: we sent FIN
 * @PEERUP_YAMUX_REMOTE_FIN: the peer sent FIN
 * @PEERUP_YAMUX_FINISHED: both did
 * @PEERUP_YAMUX_LOCAL_RESET: we reset the stream
 * @PEERUP_YAMUX_REMOTE_RESET: the peer did
 * @PEERUP_YAMUX_LOST: the session ended under the stream
 *
 * The last four are final.
 */
typedef enum
{
  PEERUP_YAMUX_OPEN,
  PEERUP_YAMUX_LOCAL_FIN,
  PEERUP_YAMUX_REMOTE_FIN,
  PEERUP_YAMUX_FINISHED,
  PEERUP_YAMUX_LOCAL_RESET,
  PEERUP_YAMUX_REMOTE_RESET,
  PEERUP_YAMUX_LOST,
} PeerupYamuxChannelState;

/**
 * PeerupYamuxReadState:
 * @PEERUP_YAMUX_READ_WAIT: nothing to read now
 * @PEERUP_YAMUX_READ_DATA: bytes are waiting
 * @PEERUP_YAMUX_READ_EOF: everything was read and the peer sends no more, or we stopped reading
 * @PEERUP_YAMUX_READ_FAILED: the stream was reset, or lost and what had arrived was read
 */
typedef enum
{
  PEERUP_YAMUX_READ_WAIT,
  PEERUP_YAMUX_READ_DATA,
  PEERUP_YAMUX_READ_EOF,
  PEERUP_YAMUX_READ_FAILED,
} PeerupYamuxReadState;

PeerupYamuxChannel *peerup_yamux_channel_ref (PeerupYamuxChannel *self);
void peerup_yamux_channel_unref (PeerupYamuxChannel *self);
guint32 peerup_yamux_channel_get_id (PeerupYamuxChannel *self);
gboolean peerup_yamux_channel_is_inbound (PeerupYamuxChannel *self);
PeerupYamuxChannelState peerup_yamux_channel_get_state (PeerupYamuxChannel *self);
PeerupYamuxReadState peerup_yamux_channel_get_read_state (PeerupYamuxChannel *self);
/* The code of a reset, by whichever side; 0 otherwise. */
guint32 peerup_yamux_channel_get_reset_code (PeerupYamuxChannel *self);
/* Why reading or writing fails: %PEERUP_ERROR_RESET with the code and who did it, the error
 * the session ended with, or %PEERUP_ERROR_CLOSED after our FIN. */
GError *peerup_yamux_channel_dup_error (PeerupYamuxChannel *self) G_GNUC_WARN_UNUSED_RESULT;
gpointer peerup_yamux_channel_get_user_data (PeerupYamuxChannel *self);
void peerup_yamux_channel_set_user_data (PeerupYamuxChannel *self, gpointer user_data);

/* Acknowledges an inbound stream, if no frame of ours has yet. */
void peerup_yamux_channel_accept (PeerupYamuxChannel *self);

/**
 * peerup_yamux_channel_writev:
 * @max: the most bytes to take: what the output above has room for
 *
 * Sends as much as the send window and @max allow, in frames of at most max_frame.
 *
 * Returns: bytes taken; 0 also if the stream takes none any more: see
 *   peerup_yamux_channel_can_write().
 */
gsize peerup_yamux_channel_writev (PeerupYamuxChannel *self, const GOutputVector *vectors, gsize n_vectors, gsize max);
/* Whether our direction is open, whatever the window is now. */
gboolean peerup_yamux_channel_can_write (PeerupYamuxChannel *self);
/* Bytes the peer takes now. */
guint32 peerup_yamux_channel_get_send_window (PeerupYamuxChannel *self);

/* Fills @vectors with what waits, without copying or consuming; returns how many were
 * filled. They hold until the next call that takes this channel, feeds or settles the
 * session, and those peeked at inside an event until the handler returns. */
gsize peerup_yamux_channel_peek (PeerupYamuxChannel *self, GInputVector *vectors, gsize n_vectors);
/* Drops @n bytes, no more than wait, and gives the peer's window back in time. */
void peerup_yamux_channel_consume (PeerupYamuxChannel *self, gsize n, gint64 now);
/* Copies out up to @length bytes and consumes them; 0: see the read state. */
gsize peerup_yamux_channel_read (PeerupYamuxChannel *self, gpointer buffer, gsize length, gint64 now);
/* Bytes that wait for the reader. */
gsize peerup_yamux_channel_get_buffered (PeerupYamuxChannel *self);
/* From now on at most PEERUP_YAMUX_LEAN_KEPT bytes wait for a reader that is behind, once the peer has
 * sent what it was allowed before: the window shrinks, and grows, but not beyond
 * PEERUP_YAMUX_LEAN_WINDOW_MAX, when the reader keeps up. */
void peerup_yamux_channel_set_lean (PeerupYamuxChannel *self);
/* The receive window as it is now. */
guint32 peerup_yamux_channel_get_receive_window (PeerupYamuxChannel *self);

/* Sends FIN: no more writing. Reading goes on. */
void peerup_yamux_channel_close_write (PeerupYamuxChannel *self);
/* Stops reading: what waits and what comes is dropped, and its window is given back so
 * that the peer does not stall. Nothing tells the peer. */
void peerup_yamux_channel_close_read (PeerupYamuxChannel *self, gint64 now);
/* Ends both directions; what waits is dropped. Nothing happens to a stream that is done. */
void peerup_yamux_channel_reset (PeerupYamuxChannel *self, guint32 code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupYamux, peerup_yamux_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupYamuxChannel, peerup_yamux_channel_unref)

G_END_DECLS
