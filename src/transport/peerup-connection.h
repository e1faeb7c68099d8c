/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"
#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* One authenticated, multiplexed connection to one peer over one path. Subclasses:
 * yamux over TLS or Noise, and QUIC. It lives while somebody holds it (the swarm
 * does, until it is closed) or one of its streams is open.
 *
 * Properties, all read-only. The facts: "peer-id", "transport", "security", "muxer" (strings),
 * "outbound", "limited", "punched" (booleans), "opened-at" (int64, monotonic microseconds), and
 * "local-address", "remote-address" (multiaddrs as strings, nullable), which notify when the
 * path moves; "silent" (boolean), which notifies too. The figures, read from the transport at each asking, never
 * notifying: "n-streams" (uint) and each member of PeerupConnectionFigures under its name, "rtt-min" for rtt_min. To
 * read several of one moment, call peerup_connection_get_figures(). */
#define PEERUP_TYPE_CONNECTION (peerup_connection_get_type ())
G_DECLARE_DERIVABLE_TYPE (PeerupConnection, peerup_connection, PEERUP, CONNECTION, GObject)

/* Connection error codes of libp2p (go-libp2p core/network): yamux GoAway and QUIC application errors. */
#define PEERUP_CONNECTION_CODE_NONE               0x0000
#define PEERUP_CONNECTION_CODE_NEGOTIATION_FAILED 0x1000
#define PEERUP_CONNECTION_CODE_RESOURCE_LIMIT     0x1001
#define PEERUP_CONNECTION_CODE_RATE_LIMITED       0x1002
#define PEERUP_CONNECTION_CODE_PROTOCOL_VIOLATION 0x1003
#define PEERUP_CONNECTION_CODE_SUPPLANTED         0x1004
#define PEERUP_CONNECTION_CODE_GARBAGE_COLLECTED  0x1005
#define PEERUP_CONNECTION_CODE_SHUTDOWN           0x1006
#define PEERUP_CONNECTION_CODE_GATED              0x1007

/* What is known about a connection when it is made; the strings are static. */
typedef struct
{
  PeerupPublicKey *remote_key;
  PeerupPeerId *remote_peer;
  PeerupMultiaddr *local_address;  /* nullable */
  PeerupMultiaddr *remote_address; /* nullable; no /p2p component */
  const char *transport;           /* "tcp", "websocket", "quic-v1", "memory", "relay" */
  const char *security;            /* "/tls/1.0.0", "/noise" */
  const char *muxer;               /* "/yamux/1.0.0" */
  gboolean outbound;
  gboolean limited; /* a relayed connection with limits */
  gboolean punched; /* over a path through NATs that both sides had to open (ICE, DCUtR) */
} PeerupConnectionInfo;

typedef void (*PeerupConnectionStreamFunc) (PeerupConnection *self, PeerupStream *stream, gpointer data);

/* Received bytes that may wait for their readers on any connection, and the steps in which
 * more are asked for. */
#define PEERUP_CONNECTION_FREE_BUFFER (256 * 1024)
#define PEERUP_CONNECTION_BUFFER_STEP (256 * 1024)

/* Whether @bytes more may wait. */
typedef gboolean (*PeerupConnectionReserveFunc) (PeerupConnection *self, gsize bytes, gpointer data);
typedef void (*PeerupConnectionReleaseFunc) (PeerupConnection *self, gsize bytes, gpointer data);

struct _PeerupConnectionClass
{
  GObjectClass parent_class;

  /* Resolves to a PeerupStream, nothing negotiated on it yet. Rejects with
   * PEERUP_ERROR_LIMIT, or the connection's error. */
  DexFuture *(*open_stream) (PeerupConnection *self);
  /* Starts the close with @code; ends in peerup_connection_set_closed(). Idempotent. */
  void (*close) (PeerupConnection *self, guint32 code);
  /* No new streams; the connection closes when the last one has ended. */
  void (*retire) (PeerupConnection *self, guint32 code);
  /* Asks the peer for a sign of life; resolves to the round trip in microseconds (int64). */
  DexFuture *(*ping) (PeerupConnection *self);
  guint (*get_n_streams) (PeerupConnection *self);
  gint64 (*get_rtt) (PeerupConnection *self);
  void (*get_bytes) (PeerupConnection *self, guint64 *received, guint64 *sent);
  /* Optional: what it knows beyond the round trip and the bytes, which are filled in, or knows
   * of them better. */
  void (*get_figures) (PeerupConnection *self, PeerupConnectionFigures *figures);
  /* Optional: looks at what the system knows of answers, and notes it. */
  void (*check_life) (PeerupConnection *self);
  /* Optional; see peerup_connection_set_keep_alive(). */
  void (*set_keep_alive) (PeerupConnection *self, gint64 interval);
  /* Optional: as close, without waiting for anything; borrows @error. */
  void (*abort) (PeerupConnection *self, const GError *error);

  gpointer padding[4];
};

const PeerupConnectionInfo *peerup_connection_get_info (PeerupConnection *self);
PeerupPeerId *peerup_connection_get_remote_peer (PeerupConnection *self);
gint64 peerup_connection_get_opened_at (PeerupConnection *self); /* monotonic µs */
DexFuture *peerup_connection_open_stream (PeerupConnection *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_connection_close (PeerupConnection *self, guint32 code);
/* Ends it at once with @error, which is taken: the peer is out of reach, and nothing is waited for. */
void peerup_connection_abort (PeerupConnection *self, GError *error);
/* Tells the peer to open no more streams here, and closes when the last has ended. */
void peerup_connection_retire (PeerupConnection *self, guint32 code);
/* Whether new streams are to go elsewhere: retired by either side, closing or closed. */
gboolean peerup_connection_is_retired (PeerupConnection *self);
/* Whether the peer gives no sign of life here though it was asked for one: whoever watches paths says so, and takes it
 * back when there is one. New streams go elsewhere meanwhile; nothing is closed. Emits "silent-changed", and
 * notifies. */
void peerup_connection_set_silent (PeerupConnection *self, gboolean silent);
gboolean peerup_connection_is_silent (PeerupConnection *self);
/* How often the path is refreshed while nothing else is sent on it, µs; a transport may know that it can do with less.
 * 0: never while there are no streams, and if the peer wants it no more than we do, it ends after some minutes. */
void peerup_connection_set_keep_alive (PeerupConnection *self, gint64 interval);
/* When a stream was opened or gone last, monotonic µs; when the connection was made if none ever was. */
gint64 peerup_connection_get_used_at (PeerupConnection *self);
DexFuture *peerup_connection_ping (PeerupConnection *self) G_GNUC_WARN_UNUSED_RESULT;

/* Signs of life. The peer owes one since something left that it has to answer, until an answer comes: an
 * acknowledgment where the transport sees those, else whatever the peer sends. An idle connection owes nothing. */
typedef void (*PeerupConnectionLifeFunc) (PeerupConnection *self, gpointer data);
/* Who watches it, one at a time; NULL: nobody. Called when the peer begins to owe something and, while the watch is
 * attentive, at each answer: from within input and output, so note it and return. */
void peerup_connection_set_life_func (PeerupConnection *self, PeerupConnectionLifeFunc func, gpointer data);
void peerup_connection_set_attentive (PeerupConnection *self, gboolean attentive);
/* Monotonic µs. When the peer was heard last, by whatever it sent, the handshake included; when it answered last; and
 * since when it owes an answer, 0: it owes none. */
gint64 peerup_connection_get_heard_at (PeerupConnection *self);
gint64 peerup_connection_get_answered_at (PeerupConnection *self);
gint64 peerup_connection_get_owed_since (PeerupConnection *self);

guint peerup_connection_get_n_streams (PeerupConnection *self);
/* Smoothed round trip in microseconds, -1 while unknown. */
gint64 peerup_connection_get_rtt (PeerupConnection *self);
void peerup_connection_get_bytes (PeerupConnection *self, guint64 *received, guint64 *sent);
void peerup_connection_get_figures (PeerupConnection *self, PeerupConnectionFigures *figures);
/* (transfer full) of PeerupStream: those of this connection that somebody holds, oldest first. */
GPtrArray *peerup_connection_dup_streams (PeerupConnection *self) G_GNUC_WARN_UNUSED_RESULT;
/* Called from the reactor for each stream the peer opens; the callee gets a reference
 * of its own if it keeps it. Streams that came before it was set are delivered when it is. NULL: resets them. */
void peerup_connection_set_stream_func (PeerupConnection *self, PeerupConnectionStreamFunc func, gpointer data);

/* Who counts the memory of received bytes; without anybody the transport's own caps hold alone.
 * Where @reserve refuses, a stream is reset with RESOURCE_LIMIT. What was reserved is released
 * when the bytes are read, when the connection closes, and when the functions are replaced. */
void peerup_connection_set_memory_funcs (PeerupConnection *self, PeerupConnectionReserveFunc reserve,
                                         PeerupConnectionReleaseFunc release, gpointer data);

gboolean peerup_connection_is_closed (PeerupConnection *self);
/* Why it closed: never NULL once closed. A GoAway with 0x1007 is PEERUP_ERROR_GATED and says what to do. */
const GError *peerup_connection_get_error (PeerupConnection *self);
/* Resolves to TRUE when the connection is closed, never rejects. The signal "closed" tells the same. */
DexFuture *peerup_connection_wait_closed (PeerupConnection *self) G_GNUC_WARN_UNUSED_RESULT;

/* For subclasses. init copies the info, taking references. deliver takes the caller's reference.
 * set_retired tells that the peer wants no new streams or that the end has begun.
 * set_closed takes @error, emits "closed" once, and ignores later calls. */
void peerup_connection_init_info (PeerupConnection *self, const PeerupConnectionInfo *info);
/* It came up while both sides opened a path for it; said before anybody is told of the connection. */
void peerup_connection_set_punched (PeerupConnection *self);
/* The path has moved to other addresses, either nullable for unchanged; emits "path-changed". */
void peerup_connection_set_path (PeerupConnection *self, PeerupMultiaddr *local, PeerupMultiaddr *remote);
void peerup_connection_deliver_stream (PeerupConnection *self, PeerupStream *stream);
/* At @now something left that the peer has to answer; or something came; or an answer did, and @owes: there are more to
 * come, from @since on. note_settled: nothing is owed, but no answer came either. */
void peerup_connection_note_sent (PeerupConnection *self, gint64 now);
void peerup_connection_note_heard (PeerupConnection *self, gint64 now);
void peerup_connection_note_answered (PeerupConnection *self, gint64 now, gboolean owes, gint64 since);
void peerup_connection_note_settled (PeerupConnection *self);
void peerup_connection_set_retired (PeerupConnection *self);
/* So many received bytes will wait for their readers. FALSE: not more than before. */
gboolean peerup_connection_set_buffered (PeerupConnection *self, gsize bytes);
void peerup_connection_set_closed (PeerupConnection *self, GError *error);
/* The PeerupConnection that carries @stream, borrowed; NULL for a stream of no connection. The
 * stream keeps it alive. */
PeerupConnection *peerup_stream_get_connection (PeerupStream *stream);
void peerup_stream_set_connection (PeerupStream *stream, PeerupConnection *connection);
/* The error that a remote's close code stands for. */
GError *peerup_connection_error_for_code (PeerupConnection *self, guint32 code) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
