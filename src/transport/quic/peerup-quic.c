/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Everything on one socket: which connection a packet belongs to, what begins one, and
 * what those get that belong to none. It keeps nothing for a packet whose sender has not
 * been admitted, and sends nothing that is larger than what it answers. */

#include "transport/quic/peerup-quic.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "transport/quic/peerup-quic-private.h"

/* RFC 9000 14.1: a smaller datagram with an Initial is dropped, and gets no version negotiation. */
#define INITIAL_MIN 1200
/* RFC 9000 10.3: the smallest packet that can be a stateless reset, and one more than the largest
 * that we send, which must be smaller than what it answers. */
#define RESET_MIN 21
#define RESET_MAX 42
/* Nanoseconds that a Retry token is good for. */
#define RETRY_LIFETIME (10 * (ngtcp2_duration) NGTCP2_SECONDS)

typedef struct
{
  guint8 length;
  guint8 data[NGTCP2_MAX_CIDLEN];
} CidKey;

static guint
cid_hash (gconstpointer key)
{
  const CidKey *self = key;
  guint32 hash = 0;

  /* They are random, but those of a client's first packet are the client's choice. */
  for (guint i = 0; i < self->length; i++)
    hash = hash * 31 + self->data[i];
  return hash;
}

static gboolean
cid_equal (gconstpointer a, gconstpointer b)
{
  const CidKey *x = a, *y = b;

  return x->length == y->length && memcmp (x->data, y->data, x->length) == 0;
}

static CidKey
cid_key (const guint8 *data, gsize length)
{
  CidKey key = { .length = length };

  g_assert (length <= sizeof key.data);
  memcpy (key.data, data, length);
  return key;
}

void
peerup_quic_add_cid (PeerupQuicConn *conn, const guint8 *data, gsize length)
{
  CidKey key = cid_key (data, length);
  ngtcp2_cid cid;

  ngtcp2_cid_init (&cid, data, length);
  g_array_append_val (conn->cids, cid);
  g_hash_table_insert (conn->quic->cids, g_memdup2 (&key, sizeof key), conn);
}

void
peerup_quic_remove_cid (PeerupQuicConn *conn, const guint8 *data, gsize length)
{
  CidKey key = cid_key (data, length);

  for (guint i = 0; i < conn->cids->len; i++)
    {
      const ngtcp2_cid *cid = &g_array_index (conn->cids, ngtcp2_cid, i);

      if (cid->datalen != length || memcmp (cid->data, data, length) != 0)
        continue;
      g_array_remove_index_fast (conn->cids, i);
      break;
    }
  if (g_hash_table_lookup (conn->quic->cids, &key) == conn)
    g_hash_table_remove (conn->quic->cids, &key);
}

/* Their digest is kept, so that the time a search takes tells nothing of them (RFC 9000 10.3.1); no
 * connection ID is ever equal to one. */
static void
digest_token (const guint8 *token, guint8 *digest)
{
  guint8 full[32];

  if (gnutls_hash_fast (GNUTLS_DIG_SHA256, token, NGTCP2_STATELESS_RESET_TOKENLEN, full) != 0)
    g_error ("GnuTLS has no SHA-256");
  memcpy (digest, full, NGTCP2_STATELESS_RESET_TOKENLEN);
}

void
peerup_quic_add_token (PeerupQuicConn *conn, const guint8 *token)
{
  guint8 digest[NGTCP2_STATELESS_RESET_TOKENLEN];

  digest_token (token, digest);
  peerup_quic_add_cid (conn, digest, sizeof digest);
}

void
peerup_quic_remove_token (PeerupQuicConn *conn, const guint8 *token)
{
  guint8 digest[NGTCP2_STATELESS_RESET_TOKENLEN];

  digest_token (token, digest);
  peerup_quic_remove_cid (conn, digest, sizeof digest);
}

/* The connection that a packet with a short header and an unknown ID ends, by the token it ends with. */
static PeerupQuicConn *
find_reset (PeerupQuic *self, const guint8 *data, gsize length)
{
  CidKey key = { .length = NGTCP2_STATELESS_RESET_TOKENLEN };
  PeerupQuicConn *conn;

  if (length < RESET_MIN)
    return NULL;
  digest_token (data + length - NGTCP2_STATELESS_RESET_TOKENLEN, key.data);
  conn = g_hash_table_lookup (self->cids, &key);
  return conn != NULL && conn->conn != NULL ? peerup_quic_conn_ref (conn) : NULL;
}

void
peerup_quic_forget (PeerupQuicConn *conn)
{
  while (conn->cids->len > 0)
    {
      ngtcp2_cid cid = g_array_index (conn->cids, ngtcp2_cid, conn->cids->len - 1);

      peerup_quic_remove_cid (conn, cid.data, cid.datalen);
    }
  peerup_quic_conn_set_closed (conn);
  g_hash_table_remove (conn->quic->conns, conn);
}

void
peerup_quic_make_reset_token (PeerupQuic *self, const ngtcp2_cid *cid, guint8 *token)
{
  if (ngtcp2_crypto_generate_stateless_reset_token (token, self->options.secret, sizeof self->options.secret, cid) != 0)
    g_error ("GnuTLS has no HKDF");
}

/* Packets of no connection */

static void
answer (PeerupQuic *self, const PeerupDatagrams *to, guint8 *data, ngtcp2_ssize length)
{
  PeerupDatagrams datagrams = {
    .local = to->local,
    .remote = to->remote,
    .data = data,
    .length = length,
    .segment = length,
  };

  if (length > 0)
    self->events->send (&datagrams, self->data);
}

static void
negotiate_version (PeerupQuic *self, const PeerupDatagrams *from, gsize length, const ngtcp2_version_cid *ids)
{
  static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1 };
  guint8 packet[INITIAL_MIN], random;

  if (length < INITIAL_MIN || gnutls_rnd (GNUTLS_RND_NONCE, &random, 1) != 0)
    return;
  answer (self, from, packet,
          ngtcp2_pkt_write_version_negotiation (packet, sizeof packet, random, ids->scid, ids->scidlen, ids->dcid,
                                                ids->dcidlen, versions, G_N_ELEMENTS (versions)));
}

static void
reset_stateless (PeerupQuic *self, const PeerupDatagrams *from, gsize length, const ngtcp2_version_cid *ids)
{
  guint8 packet[RESET_MAX], random[RESET_MAX];
  ngtcp2_stateless_reset_token token;
  ngtcp2_cid cid;
  gsize size = MIN (length - 1, RESET_MAX);

  if (length <= RESET_MIN || ids->dcidlen != PEERUP_QUIC_CID_LENGTH ||
      gnutls_rnd (GNUTLS_RND_NONCE, random, sizeof random) != 0)
    return;
  ngtcp2_cid_init (&cid, ids->dcid, ids->dcidlen);
  peerup_quic_make_reset_token (self, &cid, token.data);
  answer (self, from, packet,
          ngtcp2_pkt_write_stateless_reset2 (packet, size, &token, random, size - sizeof token.data));
}

static void
ask_retry (PeerupQuic *self, const PeerupDatagrams *from, const ngtcp2_pkt_hd *head, ngtcp2_tstamp now)
{
  guint8 packet[INITIAL_MIN], token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2], random[PEERUP_QUIC_CID_LENGTH];
  ngtcp2_ssize token_length;
  ngtcp2_cid scid;

  if (gnutls_rnd (GNUTLS_RND_RANDOM, random, sizeof random) != 0)
    return;
  ngtcp2_cid_init (&scid, random, sizeof random);
  token_length =
    ngtcp2_crypto_generate_retry_token2 (token, self->retry_secret, sizeof self->retry_secret, head->version,
                                         &from->remote.any, peerup_socket_address_get_length (&from->remote), &scid,
                                         &head->dcid, now);
  if (token_length < 0)
    return;
  answer (self, from, packet,
          ngtcp2_crypto_write_retry (packet, sizeof packet, head->version, &head->scid, &scid, &head->dcid, token,
                                     token_length));
}

void
peerup_quic_retry (PeerupQuic *self, const PeerupDatagrams *from, const guint8 *data, gsize length, ngtcp2_tstamp now)
{
  ngtcp2_pkt_hd head;

  if (ngtcp2_accept (&head, data, length) == 0)
    ask_retry (self, from, &head, now);
}

/* TRUE when the token proves the sender's address; @original is then the first connection ID. */
static gboolean
check_retry (PeerupQuic *self, const PeerupDatagrams *from, const ngtcp2_pkt_hd *head, ngtcp2_cid *original,
             ngtcp2_tstamp now)
{
  return head->tokenlen > 0 && head->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2 &&
         ngtcp2_crypto_verify_retry_token2 (original, head->token, head->tokenlen, self->retry_secret,
                                            sizeof self->retry_secret, head->version, &from->remote.any,
                                            peerup_socket_address_get_length (&from->remote), &head->dcid,
                                            RETRY_LIFETIME, now) == 0;
}

static PeerupQuicConn *
begin_inbound (PeerupQuic *self, const PeerupDatagrams *from, const guint8 *data, gsize length, gint64 now)
{
  PeerupQuicConn *conn;
  ngtcp2_pkt_hd head;
  ngtcp2_cid original;
  ngtcp2_tstamp at = (ngtcp2_tstamp) now * NGTCP2_MICROSECONDS;
  gboolean proved;

  if (length < INITIAL_MIN || ngtcp2_accept (&head, data, length) != 0)
    return NULL;
  proved = check_retry (self, from, &head, &original, at);
  if (!proved && self->n_handshakes >= self->options.retry_from)
    {
      ask_retry (self, from, &head, at);
      return NULL;
    }
  if (self->events->admit != NULL && !self->events->admit (&from->remote, self->data))
    return NULL;
  conn = peerup_quic_conn_accept (self, from, &head, proved ? &original : NULL, now);
  self->events->incoming (conn, self->data);
  return conn;
}

/* (transfer full) The connection that a datagram is for. */
static PeerupQuicConn *
find_conn (PeerupQuic *self, const PeerupDatagrams *from, const guint8 *data, gsize length, gint64 now)
{
  ngtcp2_version_cid ids;
  PeerupQuicConn *conn;
  CidKey key;
  int code = ngtcp2_pkt_decode_version_cid (&ids, data, length, PEERUP_QUIC_CID_LENGTH);

  /* ngtcp2 speaks more versions than libp2p does. 0: no version, as in what follows a handshake. */
  if (code == 0 && ids.version != 0 && ids.version != NGTCP2_PROTO_VER_V1)
    code = NGTCP2_ERR_VERSION_NEGOTIATION;
  if (code == NGTCP2_ERR_VERSION_NEGOTIATION && self->options.listening)
    negotiate_version (self, from, length, &ids);
  if (code != 0 || ids.dcidlen > sizeof key.data)
    return NULL;
  key = cid_key (ids.dcid, ids.dcidlen);
  conn = g_hash_table_lookup (self->cids, &key);
  if (conn != NULL)
    return peerup_quic_conn_ref (conn);
  if ((data[0] & 0x80) == 0)
    {
      conn = find_reset (self, data, length);
      if (conn == NULL && self->options.listening)
        reset_stateless (self, from, length, &ids);
      return conn;
    }
  return self->options.listening ? begin_inbound (self, from, data, length, now) : NULL;
}

void
peerup_quic_receive (PeerupQuic *self, const PeerupDatagrams *datagrams, gint64 now)
{
  PeerupQuicConn *current = NULL;
  guint8 current_id[PEERUP_QUIC_CID_LENGTH + 1] = { 0 };

  for (gsize offset = 0; offset < datagrams->length; offset += datagrams->segment)
    {
      const guint8 *data = datagrams->data + offset;
      gsize length = MIN (datagrams->segment, datagrams->length - offset);
      gboolean is_short = length > sizeof current_id && (data[0] & 0x80) == 0;

      /* The packets of a batch nearly always go to one connection. */
      if (current == NULL || !is_short || memcmp (current_id + 1, data + 1, PEERUP_QUIC_CID_LENGTH) != 0)
        {
          PeerupQuicConn *next = find_conn (self, datagrams, data, length, now);

          if (current != NULL && current != next)
            peerup_quic_conn_tell (current, now);
          g_clear_pointer (&current, peerup_quic_conn_unref);
          current = next;
          memset (current_id, 0, sizeof current_id);
          if (is_short)
            memcpy (current_id, data, sizeof current_id);
        }
      if (current != NULL)
        peerup_quic_conn_read (current, datagrams, data, length, now);
    }
  if (current != NULL)
    peerup_quic_conn_tell (current, now);
  g_clear_pointer (&current, peerup_quic_conn_unref);
}

PeerupQuic *
peerup_quic_new (const PeerupQuicOptions *options, const PeerupQuicEvents *events, gpointer data)
{
  PeerupQuic *self = g_new0 (PeerupQuic, 1);

  self->options = *options;
  peerup_certificate_ref (self->options.certificate);
  self->events = events;
  self->data = data;
  self->cids = g_hash_table_new_full (cid_hash, cid_equal, g_free, NULL);
  self->conns = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) peerup_quic_conn_unref, NULL);
  self->pool = peerup_quic_pool_new ();
  if (gnutls_rnd (GNUTLS_RND_KEY, self->retry_secret, sizeof self->retry_secret) != 0)
    g_error ("No random numbers");
  return self;
}

void
peerup_quic_set_listening (PeerupQuic *self, gboolean listening)
{
  self->options.listening = listening;
}

void
peerup_quic_set_bbr (PeerupQuic *self, gboolean bbr)
{
  self->options.bbr = bbr;
}

void
peerup_quic_free (PeerupQuic *self)
{
  GHashTableIter iter;
  gpointer conn;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &conn, NULL))
    peerup_quic_conn_abandon (conn);
  g_hash_table_unref (self->conns);
  g_hash_table_unref (self->cids);
  peerup_quic_pool_unref (self->pool);
  peerup_certificate_unref (self->options.certificate);
  gnutls_memset (self->options.secret, 0, sizeof self->options.secret);
  gnutls_memset (self->retry_secret, 0, sizeof self->retry_secret);
  g_free (self);
}

guint
peerup_quic_get_n_conns (PeerupQuic *self)
{
  return g_hash_table_size (self->conns);
}

guint
peerup_quic_get_n_handshakes (PeerupQuic *self)
{
  return self->n_handshakes;
}
