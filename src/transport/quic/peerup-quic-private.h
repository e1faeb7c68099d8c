/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "transport/quic/peerup-quic-buffer.h"
#include "transport/quic/peerup-quic.h"

G_BEGIN_DECLS

/* Handshake: nobody has proved who they are. Open: streams come and go. Closing: the peer was
 * told and is told again when it goes on (RFC 9000 10.2). Closed: nothing of it is left. */
typedef enum
{
  PEERUP_QUIC_HANDSHAKE,
  PEERUP_QUIC_OPEN,
  PEERUP_QUIC_CLOSING,
  PEERUP_QUIC_CLOSED,
} PeerupQuicState;

/* How far ahead of its readers a peer may send. It doubles while half of it is read within
 * two round trips, of the shortest there were: what only waits in queues makes it no larger. */
typedef struct
{
  guint64 size;
  guint64 max;
  guint64 read; /* bytes, since */
  ngtcp2_tstamp since;
} PeerupQuicWindow;

struct _PeerupQuic
{
  PeerupQuicOptions options;
  const PeerupQuicEvents *events;
  gpointer data;
  GHashTable *cids;  /* CidKey -> PeerupQuicConn, borrowed; the peers' reset tokens' digests as well */
  GHashTable *conns; /* set of PeerupQuicConn, owned */
  guint n_handshakes;
  PeerupQuicPool *pool;
  guint8 retry_secret[PEERUP_QUIC_SECRET_LENGTH];
};

struct _PeerupQuicConn
{
  guint ref_count;
  PeerupQuic *quic; /* NULL once the machine has gone */
  gpointer user_data;
  PeerupQuicState state;
  gboolean outbound;

  ngtcp2_conn *conn;
  gnutls_session_t session;
  ngtcp2_crypto_conn_ref conn_ref;
  guint16 probes[8]; /* payload sizes that path MTU discovery tries; ngtcp2 keeps the pointer */
  PeerupPeerId *expected;
  PeerupPublicKey *remote_key;
  GError *tls_error; /* what our own checks found */
  ngtcp2_tstamp now; /* the latest that ngtcp2 was given */

  GArray *cids;    /* of ngtcp2_cid: under what quic->cids has it */
  GQueue channels; /* those that live: PeerupQuicChannel by their link, owned */
  GQueue opened;   /* of those, by opened_link: not announced yet */
  GQueue ready;    /* of those, by send_link: they have something to send */
  GQueue blocked;  /* likewise, but the peer's window is closed */
  guint n_recheck; /* of those, how many are still to be tried again */
  PeerupQuicPool *pool;
  gsize unsent;       /* bytes of all channels that wait to be sent */
  gsize unacked;      /* and those that wait to be acknowledged as well */
  gsize waiting;      /* received bytes of all channels that are not read */
  gsize told;         /* of them, steps that the user knows of */
  gsize credit;       /* bytes read since the peer may last have been told of more room */
  gsize burst;        /* bytes of the first burst */
  gint64 ack_at;      /* when what arrived is acknowledged at last; G_MAXINT64: nothing waits for it */
  gint64 burst_until; /* when that ends; G_MAXINT64: it has not begun, or it has ended */
  PeerupQuicWindow window;
  guint64 remote_code;

  ngtcp2_tstamp progress_at; /* bytes of streams were acknowledged, or are waited for since */
  ngtcp2_tstamp narrow_until;
  ngtcp2_duration narrow_for; /* the next time */

  gint64 keep_alive_interval;
  gint64 last_received; /* the last packet */
  PeerupQuicLife life;
  guint64 life_packets; /* received, and bytes in flight, when it was looked at last */
  guint64 life_in_flight;
  gint64 probe_deadline; /* when silence is looked at again; G_MAXINT64: without streams */
  gint64 probe_since;    /* G_MAXINT64: not probing */

  GBytes *farewell; /* closing: the packet that says so */
  PeerupSocketAddress farewell_local, farewell_remote;
  PeerupSocketAddress admitted_from; /* whose handshake it was, wherever the path is now */
  gint64 closing_until;
  guint farewell_left; /* packets of the peer until the next one */
  guint farewell_step;

  guint keep_alive : 1;
  guint admitted : 1;    /* owes a release */
  guint handshaking : 1; /* counts among the inbound handshakes */
  guint no_alpn : 1;
  guint reset_stateless : 1; /* the peer knows nothing of it (RFC 9000 10.3) */
  guint window_closed : 1;   /* the connection's, when that was last looked at */
  guint narrow : 1;          /* packets are of the smallest size */
  guint probe_now : 1;
  guint watched : 1;     /* there are streams: silence is looked at without being asked */
  guint established : 1; /* to be told */
  guint openable : 1;    /* to be told */
  guint moved : 1;       /* to be told */
  guint announced : 1;   /* established was told */
  guint writing : 1;     /* within ngtcp2's output, which forbids most calls */
  guint drained : 1;     /* to be told: the last stream has ended */
  guint got_data : 1;    /* by the packets that are not told of yet */
  guint paced : 1;       /* the first burst has ended */
};

/* The frames of a stream that are sent and not acknowledged, in blocks: where each block ends. */
#define PEERUP_QUIC_FLIGHT_BLOCKS 120

typedef struct
{
  guint64 *ends; /* a ring, made when there is a whole block */
  guint first, length;
  guint n_frames; /* of the block that is not whole yet */
  guint64 sent, acked;
} PeerupQuicFlight;

struct _PeerupQuicChannel
{
  guint ref_count;
  PeerupQuicConn *conn; /* owned until done */
  gpointer user_data;
  gint64 id;
  GList link, opened_link, send_link;
  GQueue *queue; /* of ready and blocked, the one it is in */
  PeerupQuicBuffer received;
  PeerupQuicWindow window;
  PeerupQuicBuffer sent; /* until acknowledged; its cursor: until sent */
  PeerupQuicFlight flight;
  gsize turn; /* bytes it has sent in its turn */
  GError *error;
  guint32 code;
  guint lean : 1; /* peerup_quic_channel_set_lean() */
  guint fin_wanted : 1;
  guint fin_sent : 1;
  guint fin_received : 1;
  guint read_closed : 1;
  guint read_failed : 1;
  guint write_failed : 1; /* the peer wants no more, or it was reset */
  guint was_reset : 1;
  guint unannounced : 1; /* in opened */
  guint waits_room : 1;  /* a writer found no room */
  guint done : 1;
};

/* peerup-quic-tls.c. Makes the session of @self, which needs its conn_ref and role. */
void peerup_quic_tls_start (PeerupQuicConn *self);
/* What ngtcp2 calls with TLS's bytes. After the handshake they are of no use, as tickets are off,
 * and are dropped. */
int peerup_quic_tls_receive (ngtcp2_conn *conn, ngtcp2_encryption_level level, uint64_t offset, const uint8_t *bytes,
                             size_t length, void *data);
/* Whether ALPN chose libp2p: GnuTLS lets a peer through that offers none. */
gboolean peerup_quic_tls_has_alpn (PeerupQuicConn *self);

/* peerup-quic.c: the table of connection IDs. */
void peerup_quic_add_cid (PeerupQuicConn *conn, const guint8 *data, gsize length);
void peerup_quic_remove_cid (PeerupQuicConn *conn, const guint8 *data, gsize length);
/* And of the tokens with which the peer ends a connection that it knows nothing of. */
void peerup_quic_add_token (PeerupQuicConn *conn, const guint8 *token);
void peerup_quic_remove_token (PeerupQuicConn *conn, const guint8 *token);
void peerup_quic_forget (PeerupQuicConn *conn);
/* Asks the sender of an Initial to come again with proof of its address. */
void
peerup_quic_retry (PeerupQuic *self, const PeerupDatagrams *from, const guint8 *data, gsize length, ngtcp2_tstamp now);
void peerup_quic_make_reset_token (PeerupQuic *self, const ngtcp2_cid *cid, guint8 *token);

/* peerup-quic-conn.c */
PeerupQuicConn *peerup_quic_conn_accept (PeerupQuic *self, const PeerupDatagrams *datagram, const ngtcp2_pkt_hd *head,
                                         const ngtcp2_cid *original, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* Feeds one datagram. */
void
peerup_quic_conn_read (PeerupQuicConn *self, const PeerupDatagrams *path, const guint8 *data, gsize length, gint64 now);
/* Tells what the packets before brought. */
void peerup_quic_conn_tell (PeerupQuicConn *self, gint64 now);
ngtcp2_tstamp peerup_quic_conn_advance (PeerupQuicConn *self, gint64 now);
void peerup_quic_conn_active (PeerupQuicConn *self);
/* peerup-quic-facts.c: after packets came or left. */
void peerup_quic_conn_note_life (PeerupQuicConn *self, gint64 now);
/* Whether the path may have come to lose large packets: looked at when timers run out. */
void peerup_quic_conn_check_width (PeerupQuicConn *self);
/* The path is another one. */
void peerup_quic_conn_reset_width (PeerupQuicConn *self);
/* What the output ends with: a packet was made. */
void peerup_quic_conn_wrote (PeerupQuicConn *self);
void peerup_quic_conn_set_closed (PeerupQuicConn *self);
/* The machine goes: no event, no packet. */
void peerup_quic_conn_abandon (PeerupQuicConn *self);
void peerup_quic_conn_set_state (PeerupQuicConn *self, PeerupQuicState state);

/* peerup-quic-end.c */
/* An inbound handshake has ended, either way. */
void peerup_quic_conn_end_handshake (PeerupQuicConn *self);
void peerup_quic_conn_drop_ngtcp2 (PeerupQuicConn *self);
/* ngtcp2 cannot go on with @code. */
void peerup_quic_conn_fail (PeerupQuicConn *self, int code);
/* The peer was silent for too long. */
void peerup_quic_conn_lost (PeerupQuicConn *self);
/* Sends the farewell now. */
void peerup_quic_conn_say_farewell (PeerupQuicConn *self);
/* The peer goes on although it was told: told again, ever more rarely. */
void peerup_quic_conn_repeat_farewell (PeerupQuicConn *self);

/* peerup-quic-channel.c */
void peerup_quic_window_init (PeerupQuicWindow *self, guint64 size, guint64 max, ngtcp2_tstamp now);
PeerupQuicChannel *peerup_quic_channel_new (PeerupQuicConn *conn, gint64 id) G_GNUC_WARN_UNUSED_RESULT;
void peerup_quic_channel_received (PeerupQuicChannel *self, const guint8 *data, gsize length, gboolean fin);
void peerup_quic_channel_acked (PeerupQuicChannel *self, guint64 count);
void peerup_quic_channel_remote_reset (PeerupQuicChannel *self, guint64 code);
/* The peer's STOP_SENDING was found when writing. */
void peerup_quic_channel_stopped (PeerupQuicChannel *self);
/* ngtcp2 has forgotten it; @error: with its connection. */
void peerup_quic_channel_finish (PeerupQuicChannel *self, const GError *error);
void peerup_quic_channel_set_queue (PeerupQuicChannel *self, GQueue *queue);
gboolean peerup_quic_channel_wants_send (PeerupQuicChannel *self);
void peerup_quic_channel_sent (PeerupQuicChannel *self, gsize count, gboolean fin);

static inline ngtcp2_path
peerup_quic_path (const PeerupSocketAddress *local, const PeerupSocketAddress *remote)
{
  return (ngtcp2_path) {
    .local = { (ngtcp2_sockaddr *) &local->any, peerup_socket_address_get_length (local) },
    .remote = { (ngtcp2_sockaddr *) &remote->any, peerup_socket_address_get_length (remote) },
  };
}

G_END_DECLS
