/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>
#include <libdex.h>

#include "transport/peerup-figures.h"
#include "transport/peerup-reactor.h"

G_BEGIN_DECLS

/* A two-way byte stream with half-close, reset codes and back-pressure. A socket, a
 * memory pipe, a TLS or Noise channel, a yamux or QUIC stream and a relayed circuit
 * are all this, so any of them can be spliced to or layered on any other.
 *
 * Three ways to use one stream, for three kinds of callers:
 *  - the data path: peerup_stream_read(), _peek(), _writev(), which never block, and
 *    peerup_stream_arm_read() / _arm_write(), one-shot callbacks from the reactor;
 *  - fibers: peerup_stream_await_*(), which suspend the fiber;
 *  - users of GIO: it is a GIOStream, and both its ends are pollable.
 * One reader and one writer at a time. A stream belongs to one thread.
 *
 * Ends. FIN in either direction is a half-close: reads give 0 and the other direction
 * lives on. A reset ends both directions at once: reads and writes fail with
 * PEERUP_ERROR_RESET; peerup_stream_get_reset_code() has the code. When the connection
 * below dies, they fail with the connection's error. Dropping the last reference of a
 * stream that is not closed resets it.
 *
 * Properties, all read-only: "protocol" (string, nullable), which notifies, and the members of
 * PeerupStreamFigures under their names, "bytes-sent" for bytes_sent, which do not. */
#define PEERUP_TYPE_STREAM (peerup_stream_get_type ())
G_DECLARE_DERIVABLE_TYPE (PeerupStream, peerup_stream, PEERUP, STREAM, GIOStream)

/* Stream error codes of libp2p (go-libp2p core/network), as reset codes. */
#define PEERUP_STREAM_CODE_NONE               0x0000
#define PEERUP_STREAM_CODE_NEGOTIATION_FAILED 0x1001
#define PEERUP_STREAM_CODE_RESOURCE_LIMIT     0x1002
#define PEERUP_STREAM_CODE_RATE_LIMITED       0x1003
#define PEERUP_STREAM_CODE_PROTOCOL_VIOLATION 0x1004
#define PEERUP_STREAM_CODE_SUPPLANTED         0x1005
#define PEERUP_STREAM_CODE_GARBAGE_COLLECTED  0x1006
#define PEERUP_STREAM_CODE_SHUTDOWN           0x1007
#define PEERUP_STREAM_CODE_GATED              0x1008

/* Bytes of stack of the fibers of this program: enough for a handshake under ASan. */
#define PEERUP_FIBER_STACK (128 * 1024)

typedef void (*PeerupStreamReadyFunc) (PeerupStream *stream, gpointer data);

struct _PeerupStreamClass
{
  GIOStreamClass parent_class;

  /* >0 bytes, 0 end of stream, -1 with G_IO_ERROR_WOULD_BLOCK or a final error. */
  gssize (*read) (PeerupStream *self, void *buffer, gsize count, GError **error);
  /* Optional zero-copy: vectors over what is buffered, valid until the next call on
   * the stream; n vectors (0: call read() to learn why), and giving bytes back. */
  gsize (*peek) (PeerupStream *self, GInputVector *vectors, gsize n_vectors);
  void (*consume) (PeerupStream *self, gsize count);
  /* >0 bytes taken (maybe fewer than given), -1 with WOULD_BLOCK or a final error. */
  gssize (*writev) (PeerupStream *self, const GOutputVector *vectors, gsize n_vectors, GError **error);
  /* Which of G_IO_IN (data, end or error) and G_IO_OUT (room or error) hold now. */
  GIOCondition (*poll) (PeerupStream *self);
  /* Optional: somebody waits for these; the subclass must call peerup_stream_notify()
   * when one comes true. Called outside of dispatch too. */
  void (*interest) (PeerupStream *self, GIOCondition condition);
  /* FIN after everything written. Idempotent. */
  void (*close_write) (PeerupStream *self);
  /* Stop reading: what arrives is dropped, the sender is not stalled. Idempotent. */
  void (*close_read) (PeerupStream *self);
  /* Both directions, now. Idempotent; no effect when both directions have ended. */
  void (*reset) (PeerupStream *self, guint32 code);
  /* Optional: what it knows beyond the bytes and the time, which are filled in. */
  void (*get_figures) (PeerupStream *self, PeerupStreamFigures *figures);
  /* Optional: a stream that is a path of its own, or lies right on one, fills in what the
   * path tells; FALSE: nothing. */
  gboolean (*get_path_figures) (PeerupStream *self, PeerupConnectionFigures *figures);

  /* Optional: see peerup_stream_keep_lean(). */
  void (*keep_lean) (PeerupStream *self);

  gpointer padding[5];
};

/* The data path. peek is supported when it returns vectors; a caller always needs read too. */
gssize peerup_stream_read (PeerupStream *self, void *buffer, gsize count, GError **error);
gsize peerup_stream_peek (PeerupStream *self, GInputVector *vectors, gsize n_vectors);
void peerup_stream_consume (PeerupStream *self, gsize count);
gssize peerup_stream_writev (PeerupStream *self, const GOutputVector *vectors, gsize n_vectors, GError **error);
gssize peerup_stream_write (PeerupStream *self, gconstpointer data, gsize count, GError **error);
GIOCondition peerup_stream_poll (PeerupStream *self);
void peerup_stream_close_write (PeerupStream *self);
void peerup_stream_close_read (PeerupStream *self);
/* Bytes that a lean stream takes beyond what the peer's window lets out. */
#define PEERUP_STREAM_LEAN_UNSENT (64 * 1024)
/* For bytes that are passed on between others: little of them waits here, and who reads slowly stops who
 * sends. From now on the peer's window is what a reader that keeps up needs, and no more than at first. What holds
 * nothing itself, a socket or a pipe, ignores it. */
void peerup_stream_keep_lean (PeerupStream *self);
/* close_read and close_write: what was written still arrives. */
void peerup_stream_close (PeerupStream *self);
void peerup_stream_reset (PeerupStream *self, guint32 code);
/* The code of a reset by either side; PEERUP_STREAM_CODE_NONE before one. */
guint32 peerup_stream_get_reset_code (PeerupStream *self);

/* Calls @func once, from the reactor, when the stream can be read (written) or has
 * failed; at the next dispatch if that holds already. A NULL @func disarms. The
 * stream holds no reference on @data: disarm before it goes. */
void peerup_stream_arm_read (PeerupStream *self, PeerupStreamReadyFunc func, gpointer data);
void peerup_stream_arm_write (PeerupStream *self, PeerupStreamReadyFunc func, gpointer data);

/* For fibers. @deadline is monotonic microseconds, or G_MAXINT64 for none; when it
 * passes: PEERUP_ERROR_TIMEOUT. read_exact fails with PEERUP_ERROR_CLOSED at an early end. */
gboolean peerup_stream_await_readable (PeerupStream *self, gint64 deadline, GError **error);
gssize peerup_stream_await_read (PeerupStream *self, void *buffer, gsize count, gint64 deadline, GError **error);
gboolean
peerup_stream_await_read_exact (PeerupStream *self, void *buffer, gsize count, gint64 deadline, GError **error);
gboolean
peerup_stream_await_write_all (PeerupStream *self, gconstpointer data, gsize count, gint64 deadline, GError **error);
/* One varint-length-prefixed message of at most @max bytes; never reads past it. NULL with no
 * error is impossible: an end before the first byte is PEERUP_ERROR_CLOSED. */
GBytes *
peerup_stream_await_message (PeerupStream *self, gsize max, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Everything up to the end of the stream, PEERUP_ERROR_TOO_LARGE above @max. */
GBytes *
peerup_stream_await_rest (PeerupStream *self, gsize max, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE when one of @condition holds (see the poll vfunc). */
DexFuture *peerup_stream_wait (PeerupStream *self, GIOCondition condition) G_GNUC_WARN_UNUSED_RESULT;

void peerup_stream_get_figures (PeerupStream *self, PeerupStreamFigures *figures);
/* Fills in what is known of the path that @self alone goes over: that of the TCP socket below, and
 * all but the bytes. FALSE, and @figures as they were, where there is none or it tells nothing. */
gboolean peerup_stream_get_path_figures (PeerupStream *self, PeerupConnectionFigures *figures);

/* The negotiated protocol, NULL before. peerup_stream_get_connection() stands in peerup-connection.h. */
const char *peerup_stream_get_protocol (PeerupStream *self);
void peerup_stream_set_protocol (PeerupStream *self, const char *protocol);

/* For subclasses. */
PeerupReactor *peerup_stream_get_reactor (PeerupStream *self);
/* Tells that @condition may have become true: armed callbacks are scheduled. */
void peerup_stream_notify (PeerupStream *self, GIOCondition condition);
void peerup_stream_set_reset_code (PeerupStream *self, guint32 code);
GIOCondition peerup_stream_get_armed (PeerupStream *self);

G_END_DECLS
