/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "identity/peerup-certificate.h"
#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* QUIC v1 (RFC 9000, 9001, 9002) as libp2p speaks it (quic/README.md), around ngtcp2 and
 * GnuTLS, as a machine: datagrams and times go in, datagrams and events come out. It has
 * no socket, clock, main loop or thread, so tests drive it with literal times.
 *
 * Times are monotonic microseconds. One that is earlier than the one before counts as that.
 *
 * PeerupQuic is everything on one socket: it tells packets apart by connection ID,
 * answers those that belong to no connection (version negotiation, Retry, stateless
 * reset) and begins inbound connections. PeerupQuicConn is a connection, and
 * PeerupQuicChannel one bidirectional stream. */
typedef struct _PeerupQuic PeerupQuic;
typedef struct _PeerupQuicConn PeerupQuicConn;
typedef struct _PeerupQuicChannel PeerupQuicChannel;

/* Bytes of the connection IDs that we give out. */
#define PEERUP_QUIC_CID_LENGTH 8
/* Bytes of the secret from which stateless reset tokens come. */
#define PEERUP_QUIC_SECRET_LENGTH 32
/* Inbound streams at a time unless told otherwise. */
#define PEERUP_QUIC_STREAMS_MAX 1024
/* An inbound handshake that takes longer is forgotten. */
#define PEERUP_QUIC_HANDSHAKE_TIMEOUT (10 * G_USEC_PER_SEC)
/* Silence after which a connection without streams ends (RFC 9000 10.1), if the peer asks for no less: twice what the
 * rarest keep-alive needs. A peer that was asked and is silent is given up long before. */
#define PEERUP_QUIC_IDLE_TIMEOUT (240 * G_USEC_PER_SEC)
/* A peer that is silent for so long while streams are open is probed, and lost when that stays
 * unanswered: 14 s in all. */
#define PEERUP_QUIC_PROBE_AFTER   (5 * G_USEC_PER_SEC)
#define PEERUP_QUIC_PROBE_TIMEOUT (9 * G_USEC_PER_SEC)
/* How often an idle connection that is to be kept is refreshed while no more is known: below the 30 s after which
 * common NATs forget a UDP mapping. */
#define PEERUP_QUIC_KEEP_ALIVE (25 * G_USEC_PER_SEC)
/* And the rarest, where the NAT is known to remember for longer. */
#define PEERUP_QUIC_KEEP_ALIVE_MAX (120 * G_USEC_PER_SEC)
/* Receive windows: at first, and the most they grow to with the path. */
#define PEERUP_QUIC_STREAM_WINDOW         (1024 * 1024)
#define PEERUP_QUIC_STREAM_WINDOW_MAX     (16 * 1024 * 1024)
#define PEERUP_QUIC_CONNECTION_WINDOW     (1536 * 1024)
#define PEERUP_QUIC_CONNECTION_WINDOW_MAX (20 * 1024 * 1024)

/* What the machine tells and asks. Called from within calls into it; "anything" is any call
 * on connections and channels, and never peerup_quic_free(). Members may be NULL unless
 * said otherwise. */
typedef struct
{
  /* Sends a datagram that belongs to no connection's output, at once. Required. */
  void (*send) (const PeerupDatagrams *datagrams, gpointer data);
  /* The link MTU towards @remote in bytes, IP header included; 0: not known. */
  guint (*get_mtu) (const PeerupSocketAddress *remote, gpointer data);
  /* Whether an inbound handshake may begin; FALSE drops it. One release for each TRUE. */
  gboolean (*admit) (const PeerupSocketAddress *remote, gpointer data);
  void (*release) (const PeerupSocketAddress *remote, gpointer data);
  /* Seconds since 1970, for the validity of certificates. Required. */
  gint64 (*get_wall_time) (gpointer data);
  /* An inbound handshake has begun. Borrowed; set its user data here. Required to listen. */
  void (*incoming) (PeerupQuicConn *conn, gpointer data);

  /* With the connection's user data. */
  /* There may be output, or another deadline: call peerup_quic_conn_write() soon, not from here. Required. */
  void (*active) (PeerupQuicConn *conn, gpointer user_data);
  /* The handshake is complete and the peer is who its key says. Anything may be called. */
  void (*established) (PeerupQuicConn *conn, gpointer user_data);
  /* It has ended, once; streams have ended before. @error is borrowed. Anything may be called.
   * Packets may still be answered until peerup_quic_conn_is_gone(), for which expire() goes on. */
  void (*closed) (PeerupQuicConn *conn, const GError *error, gpointer user_data);
  /* The peer has opened a stream: take a reference and set its user data, or reset it. */
  void (*opened) (PeerupQuicConn *conn, PeerupQuicChannel *channel, gpointer user_data);
  /* peerup_quic_conn_open() may work again. */
  void (*openable) (PeerupQuicConn *conn, gpointer user_data);
  /* Its last stream has ended. Anything may be called. */
  void (*drained) (PeerupQuicConn *conn, gpointer user_data);
  /* The connection uses other addresses now. */
  void (*moved) (PeerupQuicConn *conn, gpointer user_data);

  /* Received bytes that wait for their readers will be so many, in all channels of a connection,
   * rounded up. FALSE refuses more of them: their stream is reset with 0x1002. Note it and
   * return: nothing may be called. */
  gboolean (*buffered) (PeerupQuicConn *conn, gsize bytes, gpointer user_data);

  /* With the channel's user data, unless that is NULL. Note it and return: nothing may be called. */
  void (*readable) (PeerupQuicChannel *channel, gpointer user_data);
  void (*writable) (PeerupQuicChannel *channel, gpointer user_data);
} PeerupQuicEvents;

typedef struct
{
  PeerupCertificate *certificate;
  gboolean bbr;       /* else CUBIC (RFC 9438) */
  gboolean listening; /* FALSE: inbound handshakes and strays get no answer */
  guint streams_max;  /* 0: PEERUP_QUIC_STREAMS_MAX */
  guint retry_from;   /* inbound handshakes under way from which on Retry proves the next one's address */
  guint8 secret[PEERUP_QUIC_SECRET_LENGTH]; /* for stateless resets: the same after a restart lets peers notice it */
} PeerupQuicOptions;

/* Both live as long as the machine; @options is copied. */
PeerupQuic *peerup_quic_new (const PeerupQuicOptions *options, const PeerupQuicEvents *events,
                             gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Ends what is left without an event or a packet. */
void peerup_quic_free (PeerupQuic *self);
/* For inbound handshakes, or connections of either kind, that begin from now on; nothing that is there changes. */
void peerup_quic_set_listening (PeerupQuic *self, gboolean listening);
void peerup_quic_set_bbr (PeerupQuic *self, gboolean bbr);
/* Feeds what arrived; the local address must be known. Events come before it returns. */
void peerup_quic_receive (PeerupQuic *self, const PeerupDatagrams *datagrams, gint64 now);
/* Connections, those in their handshake included. */
guint peerup_quic_get_n_conns (PeerupQuic *self);
/* Inbound handshakes under way. */
guint peerup_quic_get_n_handshakes (PeerupQuic *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupQuic, peerup_quic_free)

/* Begins a connection to @expected, or with NULL to whoever is there. @local is what the system's routes say, with the
 * socket's port. (transfer full): the machine holds it as well until it has ended. */
PeerupQuicConn *peerup_quic_dial (PeerupQuic *self, const PeerupSocketAddress *local, const PeerupSocketAddress *remote,
                                  PeerupPeerId *expected, gint64 timeout, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* The same through NATs that both sides open at this moment: the first packets may be lost at the other's, and are sent
 * again after 0.3 s, 0.9 s and so on, not after 1 s and 3 s. */
PeerupQuicConn *
peerup_quic_dial_punching (PeerupQuic *self, const PeerupSocketAddress *local, const PeerupSocketAddress *remote,
                           PeerupPeerId *expected, gint64 timeout, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
PeerupQuicConn *peerup_quic_conn_ref (PeerupQuicConn *self);
void peerup_quic_conn_unref (PeerupQuicConn *self);
void peerup_quic_conn_set_user_data (PeerupQuicConn *self, gpointer user_data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupQuicConn, peerup_quic_conn_unref)

/* Fills @datagrams, whose data must have room for @capacity bytes, at least 65,535, with the next
 * packets to send to one address. FALSE: nothing to send now. */
gboolean peerup_quic_conn_write (PeerupQuicConn *self, PeerupDatagrams *datagrams, gsize capacity, gint64 now);
/* When peerup_quic_conn_expire() wants to be called, G_MAXINT64 for never. */
gint64 peerup_quic_conn_get_deadline (PeerupQuicConn *self);
void peerup_quic_conn_expire (PeerupQuicConn *self, gint64 now);
/* Ends it with an application code (connection codes of libp2p): streams are lost, the peer is
 * told, closed() is emitted before it returns. @error says why, nullable. */
void peerup_quic_conn_close (PeerupQuicConn *self, guint64 code, const GError *error, gint64 now);
gboolean peerup_quic_conn_is_closed (PeerupQuicConn *self);
/* Nothing of it is left in the machine. */
gboolean peerup_quic_conn_is_gone (PeerupQuicConn *self);
gboolean peerup_quic_conn_is_established (PeerupQuicConn *self);
gboolean peerup_quic_conn_is_outbound (PeerupQuicConn *self);
/* Known once established. Borrowed. */
PeerupPublicKey *peerup_quic_conn_get_remote_key (PeerupQuicConn *self);
/* The code of the peer's application close; G_MAXUINT64: it was not closed so. */
guint64 peerup_quic_conn_get_remote_code (PeerupQuicConn *self);
void peerup_quic_conn_get_path (PeerupQuicConn *self, PeerupSocketAddress *local, PeerupSocketAddress *remote);
/* Whether an idle connection is kept from timing out (default: no). One with streams always is. */
void peerup_quic_conn_set_keep_alive (PeerupQuicConn *self, gboolean keep_alive);
/* How often, µs, PEERUP_QUIC_KEEP_ALIVE_MAX at most; that of a connection with streams too. Default
 * PEERUP_QUIC_KEEP_ALIVE. */
void peerup_quic_conn_set_keep_alive_interval (PeerupQuicConn *self, gint64 interval);
/* Asks the peer for a sign of life now. One that gives none for PEERUP_QUIC_PROBE_AFTER and PEERUP_QUIC_PROBE_TIMEOUT
 * together is lost, with or without streams. */
void peerup_quic_conn_probe (PeerupQuicConn *self, gint64 now);
/* Outbound only: from now on from @local (RFC 9000 9). @validate: @local is proved first while the old path
 * stays in use, else it is gone. FALSE: the peer forbids it, or it is too early. */
gboolean
peerup_quic_conn_migrate (PeerupQuicConn *self, const PeerupSocketAddress *local, gboolean validate, gint64 now);
/* New keys (RFC 9001 6). FALSE: too early after the last ones. */
gboolean peerup_quic_conn_update_keys (PeerupQuicConn *self, gint64 now);

typedef struct
{
  gint64 rtt, rtt_min, rtt_variation; /* µs; -1 before the first */
  guint64 congestion_window, bytes_in_flight;
  guint64 bytes_received, bytes_sent, packets_received, packets_sent, packets_lost;
  gsize path_mtu; /* UDP payload */
} PeerupQuicFigures;

/* Times that were given: when a packet of the peer's proved to be from it; when one acknowledged something that was not
 * before; and since when what is in flight waits for that, G_MAXINT64: nothing is. */
typedef struct
{
  gint64 heard_at, answered_at, owed_since;
} PeerupQuicLife;

void peerup_quic_conn_get_life (PeerupQuicConn *self, PeerupQuicLife *life);

void peerup_quic_conn_get_figures (PeerupQuicConn *self, PeerupQuicFigures *figures);

/* Opens a stream: (transfer full). NULL with PEERUP_ERROR_LIMIT while the peer allows no more:
 * openable() tells when; or the connection's error. */
PeerupQuicChannel *peerup_quic_conn_open (PeerupQuicConn *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Streams that neither side has ended fully, with or without a user. */
guint peerup_quic_conn_get_n_channels (PeerupQuicConn *self);

PeerupQuicChannel *peerup_quic_channel_ref (PeerupQuicChannel *self);
void peerup_quic_channel_unref (PeerupQuicChannel *self);
void peerup_quic_channel_set_user_data (PeerupQuicChannel *self, gpointer user_data);

typedef enum
{
  PEERUP_QUIC_READ_WAIT,
  PEERUP_QUIC_READ_DATA,
  PEERUP_QUIC_READ_EOF,
  PEERUP_QUIC_READ_FAILED,
} PeerupQuicReadState;

PeerupQuicReadState peerup_quic_channel_get_read_state (PeerupQuicChannel *self);
gsize peerup_quic_channel_read (PeerupQuicChannel *self, void *buffer, gsize count);
/* Vectors over what waits, valid until the next call into the connection. */
gsize peerup_quic_channel_peek (PeerupQuicChannel *self, GInputVector *vectors, gsize n_vectors);
void peerup_quic_channel_consume (PeerupQuicChannel *self, gsize count);
/* Bytes that write() would take now: a bound on what waits to be sent, not the peer's window. */
gsize peerup_quic_channel_get_room (PeerupQuicChannel *self);
gboolean peerup_quic_channel_can_write (PeerupQuicChannel *self);
/* Emits writable() once there is room, or writes fail. */
void peerup_quic_channel_wait_room (PeerupQuicChannel *self);
/* Copies up to the room; returns how much. */
gsize peerup_quic_channel_writev (PeerupQuicChannel *self, const GOutputVector *vectors, gsize n_vectors);
/* From now on less of what is written waits to be sent, and the receive window does not grow for a
 * reader that is behind. */
void peerup_quic_channel_set_lean (PeerupQuicChannel *self);
/* FIN after what was written. */
void peerup_quic_channel_close_write (PeerupQuicChannel *self);
/* STOP_SENDING: what arrives from now on is dropped. */
void peerup_quic_channel_close_read (PeerupQuicChannel *self);
/* Both directions: RESET_STREAM and STOP_SENDING with @code. */
void peerup_quic_channel_reset (PeerupQuicChannel *self, guint32 code);
gboolean peerup_quic_channel_is_reset (PeerupQuicChannel *self, guint32 *code);
/* Both directions have ended, and the peer has all. */
gboolean peerup_quic_channel_is_done (PeerupQuicChannel *self);
/* Why reads or writes fail. */
GError *peerup_quic_channel_dup_error (PeerupQuicChannel *self) G_GNUC_WARN_UNUSED_RESULT;
/* Packets with data of it that were declared lost. */
guint64 peerup_quic_channel_get_n_lost (PeerupQuicChannel *self);

G_END_DECLS
