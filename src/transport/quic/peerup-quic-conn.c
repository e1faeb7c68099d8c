/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One connection: ngtcp2's state with our policies around it (who is dead, when an
 * idle one is kept) and the calls that ngtcp2 makes. Output stands in
 * peerup-quic-write.c, streams in peerup-quic-channel.c, the end in peerup-quic-end.c.
 *
 * ngtcp2 forbids most calls from within its own, so what a packet brings is noted there
 * and told in peerup_quic_conn_tell(), when it has returned. */

#include <gnutls/crypto.h>
#include <string.h>

#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

/* Microseconds: a keep-alive is sent no more often, however short the peer's idle timeout. */
#define KEEP_ALIVE_MIN G_USEC_PER_SEC
/* Of IP and UDP. */
#define HEADERS_IP4 28
#define HEADERS_IP6 48
/* Payload of UDP without a path MTU that is known to be larger. */
#define PAYLOAD_MIN 1200
#define PAYLOAD_MAX 65000
/* Frames without news that a peer may send, at once and in a second, before ngtcp2 takes it for an attack. Where a way
 * is slower than the next one, all that went by it is sent again before it comes: so four and one flights. */
#define FLIGHT       (PEERUP_QUIC_CONNECTION_WINDOW_MAX / PAYLOAD_MIN)
#define GLITCHES_MAX (4 * FLIGHT)
/* Blocked streams that are tried again after each burst: one whose peer wants no more is found so. */
#define RECHECK_BLOCKED 64
/* How long acknowledgments are held by who only receives: part of the round trip; microseconds. */
#define ACK_RTT_PART 32
#define ACK_HOLD_MAX 1000
/* A third of what is waited before a first packet that may have been lost at a NAT is sent again. */
#define PUNCHING_RTT (100 * NGTCP2_MILLISECONDS)

static const char *const state_names[] = { "handshake", "open", "closing", "closed" };

void
peerup_quic_conn_set_state (PeerupQuicConn *self, PeerupQuicState state)
{
  g_assert (state > self->state);
  g_debug ("quic connection %p: %s -> %s", (gpointer) self, state_names[self->state], state_names[state]);
  self->state = state;
}

ngtcp2_tstamp
peerup_quic_conn_advance (PeerupQuicConn *self, gint64 now)
{
  self->now = MAX (self->now, (ngtcp2_tstamp) now * NGTCP2_MICROSECONDS);
  return self->now;
}

PeerupQuicConn *
peerup_quic_conn_ref (PeerupQuicConn *self)
{
  self->ref_count++;
  return self;
}

void
peerup_quic_conn_unref (PeerupQuicConn *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->conn == NULL && self->channels.length == 0);
  g_clear_pointer (&self->expected, peerup_peer_id_unref);
  g_clear_pointer (&self->remote_key, peerup_public_key_unref);
  g_clear_pointer (&self->farewell, g_bytes_unref);
  g_clear_error (&self->tls_error);
  g_array_unref (self->cids);
  peerup_quic_pool_unref (self->pool);
  g_free (self);
}

void
peerup_quic_conn_active (PeerupQuicConn *self)
{
  if (self->conn != NULL && !self->writing)
    self->quic->events->active (self, self->user_data);
}

/* What ngtcp2 calls. */

static ngtcp2_conn *
get_ngtcp2 (ngtcp2_crypto_conn_ref *reference)
{
  return ((PeerupQuicConn *) reference->user_data)->conn;
}

static void
fill_random (uint8_t *to, size_t length, const ngtcp2_rand_ctx *context)
{
  if (gnutls_rnd (GNUTLS_RND_NONCE, to, length) != 0)
    g_error ("No random numbers");
}

static void
make_cid (ngtcp2_cid *cid, gsize length)
{
  guint8 data[NGTCP2_MAX_CIDLEN];

  if (gnutls_rnd (GNUTLS_RND_RANDOM, data, length) != 0)
    g_error ("No random numbers");
  ngtcp2_cid_init (cid, data, length);
}

static int
on_new_cid (ngtcp2_conn *conn, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token, size_t length, void *data)
{
  PeerupQuicConn *self = data;

  make_cid (cid, length);
  peerup_quic_make_reset_token (self->quic, cid, token->data);
  peerup_quic_add_cid (self, cid->data, cid->datalen);
  return 0;
}

static int
on_remove_cid (ngtcp2_conn *conn, const ngtcp2_cid *cid, void *data)
{
  peerup_quic_remove_cid (data, cid->data, cid->datalen);
  return 0;
}

static int
on_handshake_completed (ngtcp2_conn *conn, void *data)
{
  PeerupQuicConn *self = data;

  if (self->remote_key == NULL || !peerup_quic_tls_has_alpn (self))
    {
      self->no_alpn = TRUE;
      g_clear_error (&self->tls_error);
      self->tls_error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The peer does not speak libp2p");
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
  self->established = TRUE;
  return 0;
}

static int
on_remote_cid (ngtcp2_conn *conn, ngtcp2_connection_id_status_type type, uint64_t seq, const ngtcp2_cid *cid,
               const ngtcp2_stateless_reset_token *token, void *data)
{
  if (token != NULL && type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE)
    peerup_quic_add_token (data, token->data);
  else if (token != NULL)
    peerup_quic_remove_token (data, token->data);
  return 0;
}

static int
on_stateless_reset (ngtcp2_conn *conn, const ngtcp2_pkt_stateless_reset2 *reset, void *data)
{
  ((PeerupQuicConn *) data)->reset_stateless = TRUE;
  return 0;
}

static int
on_stream_open (ngtcp2_conn *conn, int64_t id, void *data)
{
  PeerupQuicConn *self = data;
  PeerupQuicChannel *channel;

  /* We allow the peer none that go one way. */
  if (!ngtcp2_is_bidi_stream (id))
    return 0;
  channel = peerup_quic_channel_new (self, id);
  channel->unannounced = TRUE;
  g_queue_push_tail_link (&self->opened, &channel->opened_link);
  return 0;
}

static int
on_stream_close (ngtcp2_conn *conn, uint32_t flags, int64_t id, uint64_t code, void *data, void *stream)
{
  PeerupQuicConn *self = data;

  if (stream != NULL)
    peerup_quic_channel_finish (stream, NULL);
  if (!ngtcp2_conn_is_local_stream (conn, id))
    ngtcp2_conn_extend_max_streams_bidi (conn, 1);
  /* The last one of a connection that is to end may have been this. */
  self->drained = self->channels.length == 0;
  return 0;
}

static int
on_stream_data (ngtcp2_conn *conn, uint32_t flags, int64_t id, uint64_t offset, const uint8_t *bytes, size_t length,
                void *data, void *stream)
{
  PeerupQuicConn *self = data;

  self->got_data = TRUE;
  if (stream != NULL)
    peerup_quic_channel_received (stream, bytes, length, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
  return 0;
}

static int
on_stream_acked (ngtcp2_conn *conn, int64_t id, uint64_t offset, uint64_t length, void *data, void *stream)
{
  if (stream != NULL)
    peerup_quic_channel_acked (stream, length);
  return 0;
}

static int
on_stream_reset (ngtcp2_conn *conn, int64_t id, uint64_t final_size, uint64_t code, void *data, void *stream)
{
  if (stream != NULL)
    peerup_quic_channel_remote_reset (stream, code);
  return 0;
}

static int
on_stream_window (ngtcp2_conn *conn, int64_t id, uint64_t max_data, void *data, void *stream)
{
  PeerupQuicConn *self = data;
  PeerupQuicChannel *channel = stream;

  if (channel != NULL && channel->queue == &self->blocked)
    peerup_quic_channel_set_queue (channel, &self->ready);
  return 0;
}

static int
on_streams_allowed (ngtcp2_conn *conn, uint64_t max_streams, void *data)
{
  ((PeerupQuicConn *) data)->openable = TRUE;
  return 0;
}

static const ngtcp2_callbacks callbacks = {
  .client_initial = ngtcp2_crypto_client_initial_cb,
  .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
  .recv_crypto_data = peerup_quic_tls_receive,
  .handshake_completed = on_handshake_completed,
  .encrypt = ngtcp2_crypto_encrypt_cb,
  .decrypt = ngtcp2_crypto_decrypt_cb,
  .hp_mask = ngtcp2_crypto_hp_mask_cb,
  .recv_stream_data = on_stream_data,
  .acked_stream_data_offset = on_stream_acked,
  .stream_open = on_stream_open,
  .stream_close = on_stream_close,
  .recv_retry = ngtcp2_crypto_recv_retry_cb,
  .extend_max_local_streams_bidi = on_streams_allowed,
  .rand = fill_random,
  .remove_connection_id = on_remove_cid,
  .update_key = ngtcp2_crypto_update_key_cb,
  .stream_reset = on_stream_reset,
  .extend_max_stream_data = on_stream_window,
  .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
  .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
  .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
  .recv_stateless_reset2 = on_stateless_reset,
  .dcid_status2 = on_remote_cid,
  .get_new_connection_id2 = on_new_cid,
  .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
};

/* Beginnings */

static PeerupQuicConn *
conn_new (PeerupQuic *quic, gboolean outbound, gint64 now)
{
  PeerupQuicConn *self = g_new0 (PeerupQuicConn, 1);

  self->ref_count = 1;
  self->quic = quic;
  self->pool = peerup_quic_pool_ref (quic->pool);
  self->outbound = outbound;
  self->conn_ref = (ngtcp2_crypto_conn_ref) { get_ngtcp2, self };
  self->cids = g_array_new (FALSE, FALSE, sizeof (ngtcp2_cid));
  self->remote_code = G_MAXUINT64;
  self->keep_alive_interval = PEERUP_QUIC_KEEP_ALIVE;
  self->last_received = now;
  self->life = (PeerupQuicLife) { now, now, G_MAXINT64 };
  self->probe_deadline = self->probe_since = self->closing_until = self->burst_until = self->ack_at = G_MAXINT64;
  peerup_quic_conn_advance (self, now);
  peerup_quic_conn_reset_width (self);
  peerup_quic_window_init (&self->window, PEERUP_QUIC_CONNECTION_WINDOW, PEERUP_QUIC_CONNECTION_WINDOW_MAX, self->now);
  g_hash_table_add (quic->conns, peerup_quic_conn_ref (self));
  return self;
}

/* Path MTU discovery tries these in turn and skips what is between the largest that arrived and
 * the smallest that did not. What is larger than an Ethernet frame comes after what fits one, for
 * a probe takes its share of the pace, and the first ones go out beside the first request. */
static void
conn_choose_probes (PeerupQuicConn *self, const PeerupSocketAddress *remote, ngtcp2_settings *settings)
{
  static const guint16 common[] = { 1452, 1432, 1392, 1332, 1252, 8952 };
  PeerupQuic *quic = self->quic;
  guint headers = remote->any.sa_family == AF_INET ? HEADERS_IP4 : HEADERS_IP6;
  guint mtu = quic->events->get_mtu != NULL ? quic->events->get_mtu (remote, quic->data) : 0;
  guint16 largest = mtu > headers + PAYLOAD_MIN ? MIN (mtu - headers, PAYLOAD_MAX) : common[0];
  gsize n = 0;

  if (largest <= 1500 - HEADERS_IP4)
    self->probes[n++] = largest;
  for (gsize i = 0; i < G_N_ELEMENTS (common); i++)
    if (common[i] < largest)
      self->probes[n++] = common[i];
  if (largest > 1500 - HEADERS_IP4)
    self->probes[n++] = largest;
  g_assert (n <= G_N_ELEMENTS (self->probes));
  settings->pmtud_probes = self->probes;
  settings->pmtud_probeslen = n;
  settings->max_tx_udp_payload_size = largest;
}

static void
conn_fill_settings (PeerupQuicConn *self, const PeerupSocketAddress *remote, ngtcp2_settings *settings)
{
  ngtcp2_settings_default (settings);
  settings->cc_algo = self->quic->options.bbr ? NGTCP2_CC_ALGO_BBR : NGTCP2_CC_ALGO_CUBIC;
  settings->initial_ts = self->now;
  settings->handshake_timeout = (ngtcp2_duration) PEERUP_QUIC_HANDSHAKE_TIMEOUT * NGTCP2_MICROSECONDS;
  settings->glitch_ratelim_burst = GLITCHES_MAX;
  settings->glitch_ratelim_rate = FLIGHT;
  conn_choose_probes (self, remote, settings);
}

static void
conn_fill_params (PeerupQuicConn *self, ngtcp2_transport_params *params)
{
  guint streams_max = self->quic->options.streams_max;

  ngtcp2_transport_params_default (params);
  params->initial_max_stream_data_bidi_local = PEERUP_QUIC_STREAM_WINDOW;
  params->initial_max_stream_data_bidi_remote = PEERUP_QUIC_STREAM_WINDOW;
  params->initial_max_data = PEERUP_QUIC_CONNECTION_WINDOW;
  params->initial_max_streams_bidi = streams_max > 0 ? streams_max : PEERUP_QUIC_STREAMS_MAX;
  params->max_idle_timeout = (ngtcp2_duration) PEERUP_QUIC_IDLE_TIMEOUT * NGTCP2_MICROSECONDS;
  params->active_connection_id_limit = 7;
}

PeerupQuicConn *
peerup_quic_conn_accept (PeerupQuic *quic, const PeerupDatagrams *datagram, const ngtcp2_pkt_hd *head,
                         const ngtcp2_cid *original, gint64 now)
{
  PeerupQuicConn *self = conn_new (quic, FALSE, now);
  ngtcp2_path path = peerup_quic_path (&datagram->local, &datagram->remote);
  ngtcp2_settings settings;
  ngtcp2_transport_params params;
  ngtcp2_cid scid;

  self->handshaking = self->admitted = TRUE;
  self->admitted_from = datagram->remote;
  quic->n_handshakes++;
  conn_fill_settings (self, &datagram->remote, &settings);
  conn_fill_params (self, &params);
  params.original_dcid = original != NULL ? *original : head->dcid;
  params.original_dcid_present = 1;
  if (original != NULL)
    {
      params.retry_scid = head->dcid;
      params.retry_scid_present = 1;
      settings.token = head->token;
      settings.tokenlen = head->tokenlen;
      settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
    }
  make_cid (&scid, PEERUP_QUIC_CID_LENGTH);
  peerup_quic_make_reset_token (quic, &scid, params.stateless_reset_token);
  params.stateless_reset_token_present = 1;
  if (ngtcp2_conn_server_new (&self->conn, &head->scid, &scid, &path, head->version, &callbacks, &settings, &params,
                              NULL, self) != 0)
    g_error ("No memory for a connection");
  peerup_quic_add_cid (self, head->dcid.data, head->dcid.datalen);
  peerup_quic_add_cid (self, scid.data, scid.datalen);
  peerup_quic_tls_start (self);
  return self;
}

/* @rtt: what is taken for the round trip until it is known. */
static PeerupQuicConn *
conn_dial (PeerupQuic *quic, const PeerupSocketAddress *local, const PeerupSocketAddress *remote,
           PeerupPeerId *expected, gint64 timeout, ngtcp2_duration rtt, gint64 now)
{
  PeerupQuicConn *self = conn_new (quic, TRUE, now);
  ngtcp2_path path = peerup_quic_path (local, remote);
  ngtcp2_settings settings;
  ngtcp2_transport_params params;
  ngtcp2_cid dcid, scid;

  self->expected = expected != NULL ? peerup_peer_id_ref (expected) : NULL;
  conn_fill_settings (self, remote, &settings);
  settings.handshake_timeout = (ngtcp2_duration) MAX (timeout, 1) * NGTCP2_MICROSECONDS;
  settings.initial_rtt = rtt;
  conn_fill_params (self, &params);
  make_cid (&dcid, NGTCP2_MAX_CIDLEN);
  make_cid (&scid, PEERUP_QUIC_CID_LENGTH);
  if (ngtcp2_conn_client_new (&self->conn, &dcid, &scid, &path, NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params,
                              NULL, self) != 0)
    g_error ("No memory for a connection");
  peerup_quic_add_cid (self, scid.data, scid.datalen);
  peerup_quic_tls_start (self);
  return self;
}

PeerupQuicConn *
peerup_quic_dial (PeerupQuic *quic, const PeerupSocketAddress *local, const PeerupSocketAddress *remote,
                  PeerupPeerId *expected, gint64 timeout, gint64 now)
{
  return conn_dial (quic, local, remote, expected, timeout, NGTCP2_DEFAULT_INITIAL_RTT, now);
}

PeerupQuicConn *
peerup_quic_dial_punching (PeerupQuic *quic, const PeerupSocketAddress *local, const PeerupSocketAddress *remote,
                           PeerupPeerId *expected, gint64 timeout, gint64 now)
{
  return conn_dial (quic, local, remote, expected, timeout, PUNCHING_RTT, now);
}

/* Life */

/* An idle connection is kept by packets that are due before the peer's or our patience ends, unless
 * that is too short for anybody who means it. */
static void
conn_set_keep_alive (PeerupQuicConn *self)
{
  const ngtcp2_transport_params *remote = ngtcp2_conn_get_remote_transport_params (self->conn);
  ngtcp2_duration every = (ngtcp2_duration) self->keep_alive_interval * NGTCP2_MICROSECONDS;

  if (remote != NULL && remote->max_idle_timeout > 0)
    every = CLAMP (remote->max_idle_timeout / 2, (ngtcp2_duration) KEEP_ALIVE_MIN * NGTCP2_MICROSECONDS, every);
  ngtcp2_conn_set_keep_alive_timeout (self->conn, self->keep_alive || self->channels.length > 0 ? every : 0);
}

/* The silence of a peer is watched while streams are open. */
static void
conn_update_probing (PeerupQuicConn *self)
{
  gboolean watched = self->channels.length > 0 && self->state == PEERUP_QUIC_OPEN;

  if (watched == self->watched)
    return;
  self->watched = watched;
  self->probe_since = G_MAXINT64;
  self->probe_deadline =
    watched ? MAX (self->last_received, (gint64) (self->now / NGTCP2_MICROSECONDS)) + PEERUP_QUIC_PROBE_AFTER
            : G_MAXINT64;
  conn_set_keep_alive (self);
}

void
peerup_quic_conn_probe (PeerupQuicConn *self, gint64 now)
{
  if (self->conn == NULL)
    return;
  peerup_quic_conn_advance (self, now);
  self->probe_now = TRUE;
  if (self->probe_deadline == G_MAXINT64 && self->state == PEERUP_QUIC_OPEN)
    {
      self->probe_since = now;
      self->probe_deadline = now + PEERUP_QUIC_PROBE_AFTER + PEERUP_QUIC_PROBE_TIMEOUT;
    }
  /* A keep-alive that is overdue is a PING in the next packet; peerup_quic_conn_wrote() ends it. */
  ngtcp2_conn_set_keep_alive_timeout (self->conn, 1);
  peerup_quic_conn_active (self);
}

void
peerup_quic_conn_wrote (PeerupQuicConn *self)
{
  if (!self->probe_now)
    return;
  self->probe_now = FALSE;
  conn_set_keep_alive (self);
}

/* TRUE when the peer is lost. A process that was stopped looks at what arrived meanwhile
 * before it judges. */
static gboolean
conn_check_silence (PeerupQuicConn *self, gint64 now)
{
  gboolean was_stopped;

  if (now < self->probe_deadline)
    return FALSE;
  was_stopped = now - self->probe_deadline > 2 * G_USEC_PER_SEC;
  if (self->last_received + PEERUP_QUIC_PROBE_AFTER > now ||
      (self->probe_since != G_MAXINT64 && self->last_received > self->probe_since))
    {
      self->probe_since = G_MAXINT64;
      self->probe_deadline = self->watched ? MAX (self->last_received + PEERUP_QUIC_PROBE_AFTER, now + 1) : G_MAXINT64;
      return FALSE;
    }
  if (self->probe_since != G_MAXINT64 && !was_stopped)
    return TRUE;
  self->probe_since = now;
  self->probe_deadline = now + PEERUP_QUIC_PROBE_TIMEOUT;
  peerup_quic_conn_probe (self, now);
  return FALSE;
}

gint64
peerup_quic_conn_get_deadline (PeerupQuicConn *self)
{
  gint64 own = MIN (self->probe_deadline, MIN (self->burst_until, self->ack_at));
  ngtcp2_tstamp expiry;

  if (self->state == PEERUP_QUIC_CLOSED)
    return G_MAXINT64;
  if (self->conn == NULL)
    return self->closing_until;
  expiry = ngtcp2_conn_get_expiry (self->conn);
  if (expiry >= (ngtcp2_tstamp) G_MAXINT64)
    return own;
  return MIN (own, (gint64) ((expiry + NGTCP2_MICROSECONDS - 1) / NGTCP2_MICROSECONDS));
}

void
peerup_quic_conn_expire (PeerupQuicConn *self, gint64 now)
{
  g_autoptr (PeerupQuicConn) held = peerup_quic_conn_ref (self);
  int code;

  if (self->state == PEERUP_QUIC_CLOSING && now >= self->closing_until)
    peerup_quic_forget (self);
  if (self->conn == NULL)
    return;
  peerup_quic_conn_advance (self, now);
  if (conn_check_silence (self, now))
    {
      peerup_quic_conn_lost (self);
      return;
    }
  if (now >= MIN (self->burst_until, self->ack_at))
    peerup_quic_conn_active (self);
  if (ngtcp2_conn_get_expiry (self->conn) > self->now)
    return;
  peerup_quic_conn_check_width (self);
  code = ngtcp2_conn_handle_expiry (self->conn, self->now);
  if (code != 0)
    peerup_quic_conn_fail (self, code);
  else
    peerup_quic_conn_active (self);
}

void
peerup_quic_conn_read (PeerupQuicConn *self, const PeerupDatagrams *from, const guint8 *data, gsize length, gint64 now)
{
  ngtcp2_path path = peerup_quic_path (&from->local, &from->remote);
  ngtcp2_pkt_info info = { .ecn = from->ecn };
  int code;

  if (self->conn == NULL)
    {
      if (self->state == PEERUP_QUIC_CLOSING)
        peerup_quic_conn_repeat_farewell (self);
      return;
    }
  peerup_quic_conn_advance (self, now);
  code = ngtcp2_conn_read_pkt (self->conn, &path, &info, data, length, self->now);
  /* A hello whose beginning is still to come has room in no connection of an unproved address. */
  if (code == NGTCP2_ERR_RETRY)
    peerup_quic_retry (self->quic, from, data, length, self->now);
  if (code != 0)
    peerup_quic_conn_fail (self, code);
  else
    self->last_received = now;
}

static void
conn_tell_established (PeerupQuicConn *self)
{
  PeerupSocketAddress local, remote;

  self->established = FALSE;
  self->announced = TRUE;
  peerup_quic_conn_set_state (self, PEERUP_QUIC_OPEN);
  peerup_quic_conn_get_path (self, &local, &remote);
  peerup_quic_conn_end_handshake (self);
  conn_set_keep_alive (self);
  self->farewell_local = local;
  self->farewell_remote = remote;
  if (self->quic->events->established != NULL)
    self->quic->events->established (self, self->user_data);
}

static void
conn_tell_opened (PeerupQuicConn *self)
{
  PeerupQuicChannel *channel = g_queue_pop_head_link (&self->opened)->data;

  peerup_quic_channel_ref (channel);
  channel->unannounced = FALSE;
  if (self->quic->events->opened != NULL)
    self->quic->events->opened (self, channel, self->user_data);
  else
    peerup_quic_channel_reset (channel, 0);
  peerup_quic_channel_unref (channel);
}

/* The addresses that were told last stand where the farewell's will. */
static void
conn_check_path (PeerupQuicConn *self)
{
  PeerupSocketAddress local, remote;

  peerup_quic_conn_get_path (self, &local, &remote);
  if (peerup_socket_address_equal (&local, &self->farewell_local) &&
      peerup_socket_address_equal (&remote, &self->farewell_remote))
    return;
  self->farewell_local = local;
  self->farewell_remote = remote;
  peerup_quic_conn_reset_width (self);
  if (self->quic->events->moved != NULL)
    self->quic->events->moved (self, self->user_data);
}

static void
conn_recheck_blocked (PeerupQuicConn *self)
{
  gboolean closed = ngtcp2_conn_get_max_data_left (self->conn) == 0;

  self->n_recheck = self->window_closed && !closed ? self->blocked.length : RECHECK_BLOCKED;
  self->window_closed = closed;
}

/* Who only receives acknowledges by the clock rather than each second packet: over a long path
 * packets come one by one, and the packets that acknowledged them cost both ends more than the data. Too
 * little of a round trip to be felt by the sender's estimate of it. */
static gboolean
conn_holds_acks (PeerupQuicConn *self, gint64 now)
{
  PeerupQuicFigures figures;

  if (self->unacked > 0)
    return FALSE;
  if (self->ack_at == G_MAXINT64)
    {
      peerup_quic_conn_get_figures (self, &figures);
      self->ack_at = now + MIN (figures.rtt_min / ACK_RTT_PART, ACK_HOLD_MAX);
    }
  return now < self->ack_at;
}

void
peerup_quic_conn_tell (PeerupQuicConn *self, gint64 now)
{
  g_autoptr (PeerupQuicConn) held = peerup_quic_conn_ref (self);
  gboolean only_data = self->announced && self->got_data;

  self->got_data = FALSE;
  peerup_quic_conn_note_life (self, now);
  if (self->conn != NULL && self->established)
    conn_tell_established (self);
  while (self->conn != NULL && self->announced && self->opened.head != NULL)
    conn_tell_opened (self);
  if (self->conn != NULL && self->announced && self->openable)
    {
      self->openable = FALSE;
      if (self->quic->events->openable != NULL)
        self->quic->events->openable (self, self->user_data);
    }
  if (self->conn != NULL && self->announced)
    conn_check_path (self);
  if (self->conn != NULL && self->drained)
    {
      self->drained = FALSE;
      if (self->channels.length == 0 && self->quic->events->drained != NULL)
        self->quic->events->drained (self, self->user_data);
    }
  if (self->conn == NULL)
    return;
  conn_update_probing (self);
  conn_recheck_blocked (self);
  if (!only_data || !conn_holds_acks (self, now))
    peerup_quic_conn_active (self);
}

PeerupQuicChannel *
peerup_quic_conn_open (PeerupQuicConn *self, GError **error)
{
  PeerupQuicChannel *channel;
  gint64 id;
  int code;

  if (self->conn == NULL || self->state != PEERUP_QUIC_OPEN)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection is not open");
      return NULL;
    }
  code = ngtcp2_conn_open_bidi_stream (self->conn, &id, NULL);
  if (code == NGTCP2_ERR_STREAM_ID_BLOCKED)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "The peer takes no more streams for now");
      return NULL;
    }
  if (code != 0)
    g_error ("No memory for a stream");
  channel = peerup_quic_channel_ref (peerup_quic_channel_new (self, id));
  conn_update_probing (self);
  return channel;
}

void
peerup_quic_conn_set_keep_alive (PeerupQuicConn *self, gboolean keep_alive)
{
  self->keep_alive = keep_alive;
  if (self->conn == NULL || self->state != PEERUP_QUIC_OPEN)
    return;
  conn_set_keep_alive (self);
  peerup_quic_conn_active (self);
}

void
peerup_quic_conn_set_keep_alive_interval (PeerupQuicConn *self, gint64 interval)
{
  self->keep_alive_interval = CLAMP (interval, KEEP_ALIVE_MIN, PEERUP_QUIC_KEEP_ALIVE_MAX);
  peerup_quic_conn_set_keep_alive (self, self->keep_alive);
}

void
peerup_quic_conn_set_closed (PeerupQuicConn *self)
{
  if (self->state != PEERUP_QUIC_CLOSED)
    peerup_quic_conn_set_state (self, PEERUP_QUIC_CLOSED);
}

void
peerup_quic_conn_abandon (PeerupQuicConn *self)
{
  g_autoptr (GError) error =
    g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection's socket has gone");

  while (self->channels.head != NULL)
    peerup_quic_channel_finish (self->channels.head->data, error);
  peerup_quic_conn_drop_ngtcp2 (self);
  peerup_quic_conn_set_closed (self);
  self->quic = NULL;
}
