/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Packets and handshakes that our machine would not make, for tests of what it makes of them.
 * Short header packets only (RFC 9000 17.3.1), with AES-128-GCM (RFC 9001 5); the secrets come
 * by way of GnuTLS's key log. */

#include "quic-forge.h"

#include <gnutls/crypto.h>
#include <malloc.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <string.h>

#include "transport/quic/peerup-quic-private.h"

#define SECRET 32
#define KEY    16
#define IV     12
#define TAG    16
/* The sample that hides the packet number begins four bytes behind that (RFC 9001 5.4.2). */
#define HEADER (1 + PEERUP_QUIC_CID_LENGTH + 4)

typedef struct
{
  gnutls_aead_cipher_hd_t aead;
  gnutls_cipher_hd_t mask;
  guint8 iv[IV];
} Keys;

struct _Forge
{
  Link *client;
  guint8 secrets[2][SECRET]; /* of the client, of the server */
  Keys keys[2];
  gboolean is_ready;
  guint32 number; /* of the next packet; far ahead of those that the sides sent themselves */
};

/* The key log tells neither whose keys nor what for. */
static Forge *learning;

static int
on_secret (gnutls_session_t session, const char *label, const gnutls_datum_t *secret)
{
  static const char *const labels[] = { "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0" };

  for (guint i = 0; i < 2; i++)
    if (learning != NULL && strcmp (label, labels[i]) == 0)
      {
        g_assert_cmpuint (secret->size, ==, SECRET);
        memcpy (learning->secrets[i], secret->data, SECRET);
      }
  return 0;
}

Forge *
forge_new (Link *client)
{
  Forge *self = g_new0 (Forge, 1);
  gnutls_session_t session = client->conn->session;

  self->client = client;
  self->number = 1000 * 1000;
  learning = self;
  g_assert_cmpint (gnutls_priority_set_direct (session,
                                               "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:"
                                               "+GROUP-X25519:%DISABLE_TLS13_COMPAT_MODE",
                                               NULL),
                   ==, 0);
  gnutls_session_set_keylog_function (session, on_secret);
  return self;
}

void
forge_free (Forge *self)
{
  for (guint i = 0; self->is_ready && i < 2; i++)
    {
      gnutls_aead_cipher_deinit (self->keys[i].aead);
      gnutls_cipher_deinit (self->keys[i].mask);
    }
  if (learning == self)
    learning = NULL;
  g_free (self);
}

/* HKDF-Expand-Label (RFC 8446 7.1). */
static void
expand (const guint8 *secret, const char *label, guint8 *to, gsize length)
{
  guint8 info[64];
  gsize n = 6 + strlen (label);
  gnutls_datum_t key = { (guint8 *) secret, SECRET }, data = { info, 3 + n + 1 };

  info[0] = 0;
  info[1] = length;
  info[2] = n;
  memcpy (info + 3, "tls13 ", 6);
  memcpy (info + 9, label, strlen (label));
  info[3 + n] = 0;
  g_assert_cmpint (gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &key, &data, to, length), ==, 0);
}

static void
keys_init (Keys *self, const guint8 *secret)
{
  static guint8 zeros[16];
  guint8 key[KEY], mask[KEY];
  gnutls_datum_t key_data = { key, sizeof key }, mask_data = { mask, sizeof mask }, zero = { zeros, sizeof zeros };

  expand (secret, "quic key", key, sizeof key);
  expand (secret, "quic iv", self->iv, sizeof self->iv);
  expand (secret, "quic hp", mask, sizeof mask);
  g_assert_cmpint (gnutls_aead_cipher_init (&self->aead, GNUTLS_CIPHER_AES_128_GCM, &key_data), ==, 0);
  g_assert_cmpint (gnutls_cipher_init (&self->mask, GNUTLS_CIPHER_AES_128_CBC, &mask_data, &zero), ==, 0);
}

/* Of one block only, CBC from a vector of zeros is the bare cipher. */
static void
keys_mask (Keys *self, const guint8 *sample, guint8 *to)
{
  static guint8 zeros[16];

  gnutls_cipher_set_iv (self->mask, zeros, sizeof zeros);
  g_assert_cmpint (gnutls_cipher_encrypt2 (self->mask, sample, 16, to, 16), ==, 0);
}

static gsize
seal (Keys *keys, const ngtcp2_cid *to, guint32 number, const guint8 *frames, gsize length, guint8 *packet)
{
  guint8 nonce[IV], mask[16];
  gsize size = length + TAG;

  packet[0] = 0x43;
  g_assert_cmpuint (to->datalen, ==, PEERUP_QUIC_CID_LENGTH);
  memcpy (packet + 1, to->data, to->datalen);
  for (guint i = 0; i < 4; i++)
    packet[HEADER - 4 + i] = number >> (24 - 8 * i);
  memcpy (nonce, keys->iv, sizeof nonce);
  for (guint i = 0; i < 4; i++)
    nonce[IV - 4 + i] ^= packet[HEADER - 4 + i];
  g_assert_cmpint (gnutls_aead_cipher_encrypt (keys->aead, nonce, sizeof nonce, packet, HEADER, TAG, frames, length,
                                               packet + HEADER, &size),
                   ==, 0);
  keys_mask (keys, packet + HEADER, mask);
  packet[0] ^= mask[0] & 0x1f;
  for (guint i = 0; i < 4; i++)
    packet[HEADER - 4 + i] ^= mask[1 + i];
  return HEADER + size;
}

void
forge_send_from (Forge *self, Side *as, const PeerupSocketAddress *from, const guint8 *frames, gsize length)
{
  World *world = as->world;
  gboolean is_client = as == &world->client;
  Side *to = is_client ? &world->server : &world->client;
  guint8 packet[65536], padded[4] = { 0 };
  PeerupQuicConn *conn = is_client ? world_accepted (world)->conn : self->client->conn;
  ngtcp2_cid cid = g_array_index (conn->cids, ngtcp2_cid, is_client ? 1 : 0);

  g_assert_cmpuint (length, <=, sizeof packet - HEADER - TAG);
  for (guint i = 0; !self->is_ready && i < 2; i++)
    keys_init (&self->keys[i], self->secrets[i]);
  self->is_ready = TRUE;
  as->is_puppet = TRUE;
  if (length < sizeof padded)
    {
      memcpy (padded, frames, length);
      frames = padded;
      length = sizeof padded;
    }
  length = seal (&self->keys[is_client ? 0 : 1], &cid, self->number++, frames, length, packet);
  world_inject (world, to, from != NULL ? from : &as->address, packet, length);
}

void
forge_send (Forge *self, Side *as, const guint8 *frames, gsize length)
{
  forge_send_from (self, as, NULL, frames, length);
}

void
forge_add (GByteArray *frames, guint64 value)
{
  guint log = value < 64 ? 0 : value < 16384 ? 1 : value < 1 << 30 ? 2 : 3;
  guint count = 1 << log;
  guint8 bytes[8];

  for (guint i = 0; i < count; i++)
    bytes[i] = value >> (8 * (count - 1 - i));
  bytes[0] |= log << 6;
  g_byte_array_append (frames, bytes, count);
}

static int
on_completed (ngtcp2_conn *conn, void *data)
{
  ((PeerupQuicConn *) data)->established = TRUE;
  return 0;
}

static void
on_random (uint8_t *to, size_t length, const ngtcp2_rand_ctx *context)
{
  gnutls_rnd (GNUTLS_RND_NONCE, to, length);
}

static int
on_new_cid (ngtcp2_conn *conn, ngtcp2_cid *cid, ngtcp2_stateless_reset_token *token, size_t length, void *data)
{
  cid->datalen = length;
  on_random (cid->data, length, NULL);
  on_random (token->data, sizeof token->data, NULL);
  peerup_quic_add_cid (data, cid->data, cid->datalen);
  return 0;
}

static const ngtcp2_callbacks callbacks = {
  .client_initial = ngtcp2_crypto_client_initial_cb,
  .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
  .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
  .handshake_completed = on_completed,
  .encrypt = ngtcp2_crypto_encrypt_cb,
  .decrypt = ngtcp2_crypto_decrypt_cb,
  .hp_mask = ngtcp2_crypto_hp_mask_cb,
  .recv_retry = ngtcp2_crypto_recv_retry_cb,
  .rand = on_random,
  .update_key = ngtcp2_crypto_update_key_cb,
  .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
  .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
  .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
  .get_new_connection_id2 = on_new_cid,
  .get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb,
};

/* In place of the machine's own, under the same IDs and without its checks. */
static void
replace_conn (PeerupQuicConn *conn, const ForgeSession *wanted)
{
  ngtcp2_conn *old = conn->conn;
  const ngtcp2_cid *dcid = ngtcp2_conn_get_dcid (old);
  ngtcp2_settings settings;
  ngtcp2_transport_params params;
  ngtcp2_cid scid;
  int code;

  ngtcp2_conn_get_scid (old, &scid);
  ngtcp2_settings_default (&settings);
  settings.initial_ts = conn->now;
  settings.handshake_timeout = 10 * NGTCP2_SECONDS;
  ngtcp2_transport_params_default (&params);
  params.disable_active_migration = wanted->stays;
  params.max_idle_timeout = (ngtcp2_duration) wanted->idle_timeout * NGTCP2_MICROSECONDS;
  params.initial_max_data = params.initial_max_streams_bidi = wanted->window;
  params.initial_max_stream_data_bidi_local = params.initial_max_stream_data_bidi_remote = wanted->window;
  if (conn->outbound)
    code = ngtcp2_conn_client_new (&conn->conn, dcid, &scid, ngtcp2_conn_get_path (old), NGTCP2_PROTO_VER_V1,
                                   &callbacks, &settings, &params, NULL, conn);
  else
    {
      params.original_dcid = g_array_index (conn->cids, ngtcp2_cid, 0);
      params.original_dcid_present = 1;
      code = ngtcp2_conn_server_new (&conn->conn, dcid, &scid, ngtcp2_conn_get_path (old), NGTCP2_PROTO_VER_V1,
                                     &callbacks, &settings, &params, NULL, conn);
    }
  g_assert_cmpint (code, ==, 0);
  ngtcp2_conn_del (old);
}

static const ForgeSession *parameters_of;

static int
on_parameters_send (gnutls_session_t session, gnutls_buffer_t buffer)
{
  gnutls_buffer_append_data (buffer, parameters_of->parameters, parameters_of->parameters_length);
  return parameters_of->parameters_length;
}

static int
on_parameters_receive (gnutls_session_t session, const unsigned char *data, size_t length)
{
  ngtcp2_crypto_conn_ref *reference = gnutls_session_get_ptr (session);

  return ngtcp2_conn_decode_and_set_remote_transport_params (reference->get_conn (reference), data, length) == 0
           ? 0
           : GNUTLS_E_ILLEGAL_PARAMETER;
}

void
forge_session (Link *link, const ForgeSession *wanted)
{
  PeerupQuicConn *conn = link->conn;
  PeerupCertificate *own = conn->quic->options.certificate;
  gnutls_certificate_credentials_t credentials = wanted->credentials;
  gnutls_datum_t alpn = { (guint8 *) wanted->alpn, wanted->alpn != NULL ? strlen (wanted->alpn) : 0 };

  replace_conn (conn, wanted);
  gnutls_deinit (conn->session);
  gnutls_init (&conn->session,
               GNUTLS_NO_TICKETS | GNUTLS_NO_END_OF_EARLY_DATA | (conn->outbound ? GNUTLS_CLIENT : GNUTLS_SERVER));
  gnutls_priority_set_direct (conn->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE", NULL);
  parameters_of = wanted;
  /* What comes first stays. */
  if (wanted->parameters != NULL)
    gnutls_session_ext_register (conn->session, "parameters", 0x39, GNUTLS_EXT_TLS, on_parameters_receive,
                                 on_parameters_send, NULL, NULL, NULL,
                                 GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_EE);
  if (conn->outbound)
    ngtcp2_crypto_gnutls_configure_client_session (conn->session);
  else
    ngtcp2_crypto_gnutls_configure_server_session (conn->session);
  gnutls_credentials_set (conn->session, GNUTLS_CRD_CERTIFICATE,
                          credentials != NULL ? credentials : peerup_certificate_get_credentials (own));
  if (wanted->alpn != NULL)
    gnutls_alpn_set_protocols (conn->session, &alpn, 1, 0);
  gnutls_session_set_ptr (conn->session, &conn->conn_ref);
  if (!conn->outbound)
    gnutls_certificate_server_set_request (conn->session, GNUTLS_CERT_REQUEST);
  ngtcp2_conn_set_tls_native_handle (conn->conn, conn->session);
}

static gsize hello_count;

static int
on_extension_send (gnutls_session_t session, gnutls_buffer_t buffer)
{
  g_autofree guint8 *zeros = g_malloc0 (hello_count);

  gnutls_buffer_append_data (buffer, zeros, hello_count);
  return hello_count;
}

static int
on_extension_receive (gnutls_session_t session, const unsigned char *data, size_t length)
{
  return 0;
}

void
forge_long_hello (Link *client, gsize count)
{
  hello_count = count;
  gnutls_handshake_set_max_packet_length (client->conn->session, 1 << 20);
  g_assert_cmpint (gnutls_session_ext_register (client->conn->session, "long", 0xfa1a, GNUTLS_EXT_TLS,
                                                on_extension_receive, on_extension_send, NULL, NULL, NULL,
                                                GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO),
                   ==, 0);
}

GBytes *
forge_initial (World *world)
{
  static guint8 buffer[65536];
  g_autoptr (PeerupQuicConn) conn = peerup_quic_dial (world->client.quic, &world->client.address,
                                                      &world->server.address, world->server.peer, 1, world->now);
  PeerupDatagrams datagrams = { .data = buffer };

  g_assert_true (peerup_quic_conn_write (conn, &datagrams, sizeof buffer, world->now));
  peerup_quic_conn_expire (conn, world->now + G_USEC_PER_SEC);
  g_assert_true (peerup_quic_conn_is_gone (conn));
  return g_bytes_new (buffer, datagrams.segment);
}

void
forge_silent (World *world, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) initial = forge_initial (world);
      g_autofree char *host = g_strdup_printf ("203.0.113.%u", i);
      PeerupSocketAddress from;

      g_assert_true (peerup_socket_address_set (&from, host, 5000));
      world_inject (world, &world->server, &from, g_bytes_get_data (initial, NULL), g_bytes_get_size (initial));
    }
}

void
forge_inject (World *world, const char *host, guint port, GBytes *bytes)
{
  PeerupSocketAddress from;

  g_assert_true (peerup_socket_address_set (&from, host, port));
  world_inject (world, &world->server, &from, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

void
forge_assert_nothing_left (World *world)
{
  g_assert_cmpuint (peerup_quic_get_n_conns (world->client.quic), ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
  g_assert_cmpuint (g_hash_table_size (world->client.quic->cids), ==, 0);
  g_assert_cmpuint (g_hash_table_size (world->server.quic->cids), ==, 0);
  g_assert_cmpuint (world->server.n_admitted, ==, world->server.n_released);
}

gboolean
forge_lose_all (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  return FALSE;
}

/* ASan's allocator, where there is one. */
extern gsize __sanitizer_get_current_allocated_bytes (void) __attribute__ ((weak));

gsize
forge_get_heap (void)
{
  return __sanitizer_get_current_allocated_bytes != NULL ? __sanitizer_get_current_allocated_bytes ()
                                                         : mallinfo2 ().uordblks;
}
