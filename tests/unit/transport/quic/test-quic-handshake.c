/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Handshakes over a simulated network: whose are refused and why, what an address has to
 * prove, and what is left of those that come to nothing. */

#include <gnutls/x509.h>
#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS 1000
#define S  G_USEC_PER_SEC

static gboolean
lose_of (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  return from != data;
}

/* A certificate that is in order but not libp2p's; @count bytes of an extension make it large. */
static gnutls_certificate_credentials_t
make_credentials (gsize count)
{
  gnutls_certificate_credentials_t credentials;
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t crt;
  g_autofree guint8 *zeros = g_malloc0 (count + 1);
  gint64 now = g_get_real_time () / S;

  gnutls_certificate_allocate_credentials (&credentials);
  gnutls_x509_privkey_init (&key);
  gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  gnutls_x509_crt_init (&crt);
  gnutls_x509_crt_set_version (crt, 3);
  gnutls_x509_crt_set_key (crt, key);
  gnutls_x509_crt_set_serial (crt, "\1", 1);
  gnutls_x509_crt_set_activation_time (crt, now - 3600);
  gnutls_x509_crt_set_expiration_time (crt, now + 3600);
  if (count > 0)
    gnutls_x509_crt_set_extension_by_oid (crt, "1.3.6.1.4.1.99999.1", zeros, count, 0);
  g_assert_cmpint (gnutls_x509_crt_sign2 (crt, crt, key, GNUTLS_DIG_SHA256, 0), ==, 0);
  g_assert_cmpint (gnutls_certificate_set_x509_key (credentials, &crt, 1, key), ==, 0);
  gnutls_x509_crt_deinit (crt);
  gnutls_x509_privkey_deinit (key);
  return credentials;
}

/* Refusals */

enum
{
  CLIENT = 1,
  SERVER = 2,
};

typedef enum
{
  OWN,
  FOREIGN,
  NONE,
} CertificateKind;

typedef struct
{
  const char *name;
  guint wrong;   /* whose session or certificate it is */
  guint refuses; /* who finds it */
  const char *alpn;
  CertificateKind certificate;
  gint64 wall_time;  /* of the one who refuses */
  const char *found; /* part of the message */
  const char *told;  /* of the other's */
} Refusal;

static const Refusal refusals[] = {
  { "foreign-server", SERVER, CLIENT, "libp2p", FOREIGN, 0, "no libp2p extension", "refused the TLS handshake" },
  { "foreign-client", CLIENT, SERVER, "libp2p", FOREIGN, 0, "no libp2p extension", "refused the TLS handshake" },
  { "bare-client", CLIENT, SERVER, "libp2p", NONE, 0, "handshake failed", "refused the TLS handshake" },
  { "expired-server", 0, CLIENT, NULL, OWN, 6000000000, "expired", "refused the TLS handshake" },
  { "expired-client", 0, SERVER, NULL, OWN, 6000000000, "expired", "refused the TLS handshake" },
  { "early-server", 0, CLIENT, NULL, OWN, 1000000000, "not valid", "refused the TLS handshake" },
  { "early-client", 0, SERVER, NULL, OWN, 1000000000, "not valid", "refused the TLS handshake" },
  { "alpn-client-h3", CLIENT, SERVER, "h3", OWN, 0, "", "No supported application protocol" },
  { "alpn-client-none", CLIENT, SERVER, NULL, OWN, 0, "does not speak libp2p", "No supported application protocol" },
  { "alpn-server-none", SERVER, CLIENT, NULL, OWN, 0, "does not speak libp2p", "No supported application protocol" },
  { "alpn-server-h3", SERVER, CLIENT, "h3", OWN, 0, "", "No supported application protocol" },
};

typedef struct
{
  const Refusal *refusal;
  gnutls_certificate_credentials_t credentials;
} Forgery;

static void
forge_side (Link *link, Forgery *forgery)
{
  ForgeSession session = { .alpn = forgery->refusal->alpn, .credentials = forgery->credentials };

  forge_session (link, &session);
}

static void
forge_incoming (Link *link, WorldEvent event, gpointer data)
{
  if (event == WORLD_INCOMING)
    forge_side (link, data);
}

static void
test_refused (gconstpointer data)
{
  const Refusal *refusal = data;
  g_autoptr (World) world = world_new ();
  Forgery forgery = { refusal, NULL };
  Link *links[2];

  if (refusal->certificate == FOREIGN)
    forgery.credentials = make_credentials (0);
  else if (refusal->certificate == NONE)
    gnutls_certificate_allocate_credentials (&forgery.credentials);
  (refusal->refuses == CLIENT ? &world->client : &world->server)->wall_time = refusal->wall_time;
  if (refusal->wrong == SERVER)
    {
      world->hook = forge_incoming;
      world->hook_data = &forgery;
    }
  links[0] = world_dial (world);
  if (refusal->wrong == CLIENT)
    forge_side (links[0], &forgery);
  world_run (world, world->now + 30 * S);
  links[1] = world_accepted (world);
  for (guint i = 0; i < 2; i++)
    {
      g_test_message ("%s: %s", links[i]->side->name, links[i]->error->message);
      g_assert_cmpuint (links[i]->error->domain, ==, PEERUP_ERROR);
      if ((refusal->refuses & (i == 0 ? CLIENT : SERVER)) != 0)
        {
          g_assert_nonnull (strstr (links[i]->error->message, refusal->found));
          g_assert_false (links[i]->established);
          continue;
        }
      g_assert_error (links[i]->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
      g_assert_nonnull (strstr (links[i]->error->message, refusal->told));
    }
  forge_assert_nothing_left (world);
  if (forgery.credentials != NULL)
    gnutls_certificate_free_credentials (forgery.credentials);
}

static void
test_wrong_peer (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (PeerupPrivateKey) other = peerup_private_key_generate (NULL);
  Link *client;

  peerup_peer_id_unref (world->server.peer);
  world->server.peer = peerup_peer_id_new_from_public_key (peerup_private_key_get_public_key (other));
  client = world_dial (world);
  world_run (world, world->now + 30 * S);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_error (world_accepted (world)->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_false (client->established || world_accepted (world)->established);
  forge_assert_nothing_left (world);
}

/* Several packets */

typedef struct
{
  GRand *rand;
  guint lost;      /* of 1000 */
  guint twice;     /* likewise */
  gint64 late_max; /* µs */
  guint n_initials;
} Chaos;

static gboolean
chaos (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Chaos *self = data;

  self->n_initials += from == &world->client && datagram->length >= 1200 && (datagram->data[0] & 0xf0) == 0xc0;
  if ((guint) g_rand_int_range (self->rand, 0, 1000) < self->lost)
    return FALSE;
  if (self->late_max > 0)
    *delay += g_rand_int_range (self->rand, 0, self->late_max);
  if ((guint) g_rand_int_range (self->rand, 0, 1000) < self->twice)
    world_repeat (world, from, datagram, *delay + g_rand_int_range (self->rand, 0, self->late_max + 1));
  return TRUE;
}

/* A ClientHello over several packets, as those with post-quantum key shares are, in any order and
 * some of it twice. */
static void
test_long_hello (void)
{
  static const guint counts[] = { 900, 1216, 2400, 6000 };

  for (guint seed = 0; seed < 60; seed++)
    {
      g_autoptr (World) world = world_new ();
      Chaos self = { .rand = g_rand_new_with_seed (seed), .twice = 300, .late_max = 8 * MS };
      gint64 began = world->now;
      Link *client;

      world->filter = chaos;
      world->filter_data = &self;
      client = world_dial (world);
      forge_long_hello (client, counts[seed % G_N_ELEMENTS (counts)]);
      g_assert_true (world_run_until (world, &client->established));
      g_assert_cmpuint (self.n_initials, >=, counts[seed % G_N_ELEMENTS (counts)] / 1200 + 1);
      /* Four round trips at most, and no timer. */
      g_assert_cmpint (world->now - began, <, 150 * MS);
      /* What came in the wrong order had to come again; what was left of it goes. */
      world_run (world, world->now + 11 * S);
      g_assert_null (client->error);
      g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
      g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
      g_assert_cmpuint (world->server.n_admitted, ==, world->server.n_released);
      g_rand_free (self.rand);
    }
}

/* The second packet alone makes no handshake: it gets a Retry, which is smaller. */
static void
test_long_hello_torn (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_dial (world);
  GBytes *second;

  forge_long_hello (client, 2400);
  world_tape (world);
  world->filter = forge_lose_all;
  world_run (world, world->now + 1);
  second = world_taped (world, &world->client, 1)->bytes;
  world->client.is_puppet = TRUE;
  for (guint i = 0; i < 10; i++)
    forge_inject (world, "192.0.2.1", 4001, second);
  g_assert_cmpuint (world->server.n_sent, ==, 10);
  g_assert_cmpuint (world->server.n_stateless, ==, 10);
  g_assert_cmpuint (world->server.bytes_sent, <, 10 * 200);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  g_assert_cmpuint (g_hash_table_size (world->server.quic->cids), ==, 0);
  g_assert_cmpuint (world->server.n_admitted, ==, world->server.n_released);
}

/* Nor does one that is too long, whatever it says of its own length. */
static void
test_long_hello_endless (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_dial (world);
  gsize heap = forge_get_heap ();

  forge_long_hello (client, 60000);
  world_run (world, world->now + 5 * S);
  g_assert_error (world_accepted (world)->error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_cmpuint (forge_get_heap (), <, heap + 64 * 1024);
  forge_assert_nothing_left (world);
}

/* The client's key shares are of groups that the server does not take: it is asked for another. */
static void
test_hello_retry (void)
{
  g_autoptr (World) world = world_new ();
  gint64 began = world->now;
  Link *client = world_dial (world);

  g_assert_cmpint (gnutls_priority_set_direct (client->conn->session,
                                               "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X448:"
                                               "+GROUP-SECP521R1:+GROUP-X25519:%DISABLE_TLS13_COMPAT_MODE",
                                               NULL),
                   ==, 0);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpint (world->now - began, >=, 4 * world->delay);
  world_run (world, world->now + S);
  g_assert_true (world_accepted (world)->established);
  g_assert_cmpuint (world->server.n_stateless, ==, 0);
}

/* Until *@data. */
static gboolean
lose_until (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  return world->now >= *(gint64 *) data;
}

/* What opens a NAT is lost at the other's, which opens a moment later: that is tried again soon, and not often. */
static void
test_punching (void)
{
  g_autoptr (World) world = world_new ();
  gint64 began = world->now, opens = began + 250 * MS;
  Link *client;

  world->filter = lose_until;
  world->filter_data = &opens;
  client = world_dial_punching (world);
  world_run (world, opens - 1);
  g_assert_cmpuint (world->client.n_sent, <=, 2);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpint (world->now - began, <, 900 * MS);
  /* Who does not know of NATs takes his time. */
  world->client.n_sent = 0;
  began = world->now;
  opens = began + 250 * MS;
  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpint (world->now - began, >, 900 * MS);
}

/* All that somebody gets who never asked for it. */
static void
test_punching_nobody (void)
{
  g_autoptr (World) world = world_new ();
  gint64 never = G_MAXINT64;
  Link *client;

  world->filter = lose_until;
  world->filter_data = &never;
  client = world_dial_punching (world);
  world_run (world, world->now + 10 * S);
  g_assert_nonnull (client->error);
  g_test_message ("%" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " bytes", world->client.n_sent,
                  world->client.bytes_sent);
  g_assert_cmpuint (world->client.n_sent, <=, 13);
  forge_assert_nothing_left (world);
}

/* Bounds */

/* A handshake whose client says nothing more ends after ten seconds, with all it had. */
static void
test_never_finished (void)
{
  g_autoptr (World) world = world_new ();

  forge_silent (world, 50);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 50);
  world_run (world, world->now + 10 * S - 1);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 50);
  world_run (world, world->now + 1);
  forge_assert_nothing_left (world);
  g_assert_cmpuint (world->server.n_admitted, ==, 50);
}

/* Nobody answers a dial: it ends when it was told to. */
static void
test_dial_timeout (void)
{
  g_autoptr (World) world = world_new ();
  Link *client;

  world->filter = forge_lose_all;
  client = world_dial (world);
  world_run (world, world->now + 10 * S - 1);
  g_assert_null (client->error);
  world_run (world, world->now + 1);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  /* At 0, 1, 3 and 7 s, two or one at a time (RFC 9002 6.2). */
  g_assert_cmpuint (world->client.n_sent, <=, 7);
  forge_assert_nothing_left (world);
}

static gboolean
check_amplification (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  if (from == &world->server)
    g_assert_cmpuint (world->server.bytes_sent, <=, 3 * world->server.bytes_received);
  return data == NULL;
}

static void
forge_large (Link *link, WorldEvent event, gpointer data)
{
  ForgeSession session = { .alpn = "libp2p", .credentials = data };

  if (event == WORLD_INCOMING)
    forge_session (link, &session);
}

/* However much it has to say, a server says no more than three times what it got before the
 * address is proved (RFC 9000 8.1), be it all lost. */
static void
test_amplification (void)
{
  for (guint repeated = 0; repeated < 4; repeated++)
    {
      g_autoptr (World) world = world_new ();
      g_autoptr (GBytes) initial = forge_initial (world);
      gnutls_certificate_credentials_t large = make_credentials (9000);

      world->filter = check_amplification;
      world->filter_data = world;
      world->hook = forge_large;
      world->hook_data = large;
      world->client.is_puppet = TRUE;
      forge_inject (world, "192.0.2.1", 4001, initial);
      for (guint i = 0; i < repeated; i++)
        {
          world_run (world, world->now + S);
          forge_inject (world, "192.0.2.1", 4001, initial);
        }
      world_run (world, world->now + 20 * S);
      /* The bound was felt. */
      g_assert_cmpuint (world->server.bytes_sent, >, 2 * world->server.bytes_received);
      forge_assert_nothing_left (world);
      gnutls_certificate_free_credentials (large);
    }
}

/* Nor does a refusal, with what follows it: packets that are small get less. */
static void
test_amplification_farewell (void)
{
  g_autoptr (World) world = world_new ();
  ForgeSession session = { .alpn = "h3" };
  g_autoptr (GBytes) initial = NULL;
  g_autofree guint8 *small = NULL;
  Link *client = world_dial (world);

  forge_session (client, &session);
  world_tape (world);
  world->filter = check_amplification;
  world->filter_data = world;
  world_run (world, world->now + 1);
  initial = g_bytes_ref (world_taped (world, &world->client, 0)->bytes);
  world->client.is_puppet = TRUE;
  forge_inject (world, "192.0.2.1", 4001, initial);
  g_assert_nonnull (world_accepted (world)->error);
  small = g_memdup2 (g_bytes_get_data (initial, NULL), 22);
  for (guint i = 0; i < 2000; i++)
    world_inject (world, &world->server, &world->client.address, small, 22);
  g_assert_cmpuint (world->server.bytes_sent, <=, 3 * 1200);
  world_run (world, world->now + 5 * S);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
}

/* New keys in the middle of a transfer, from either side and from both at once. */
static void
test_key_update (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (4 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  guint n[2] = { 0 };
  Link *links[2];

  world->server.echo = TRUE;
  world->bandwidth = 500 * 1000;
  links[0] = world_connect (world);
  links[1] = world_accepted (world);
  flow = flow_open (links[0]);
  flow_send (flow, pattern, TRUE);
  world_run (world, world->now + 100 * MS);
  g_assert_true (peerup_quic_conn_update_keys (links[0]->conn, world->now));
  g_assert_false (peerup_quic_conn_update_keys (links[0]->conn, world->now));
  while (!flow->ended)
    {
      world_run (world, world->now + 50 * MS);
      g_assert_null (links[0]->error);
      /* First the one, then the other, then both. */
      for (guint i = 0; i < 2; i++)
        if (world->now / S % 3 == 2 || world->now / S % 3 == i)
          n[i] += peerup_quic_conn_update_keys (links[i]->conn, world->now);
    }
  flow_assert_received (flow, pattern);
  g_assert_cmpuint (n[0], >=, 2);
  g_assert_cmpuint (n[1], >=, 2);
}

/* Whenever it is too early for new keys, or too late, that is said. */
static void
test_key_update_early (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_dial (world);

  g_assert_false (peerup_quic_conn_update_keys (client->conn, world->now));
  while (!client->established)
    {
      world_run (world, world->now + MS);
      if (world_accepted (world) != NULL && !world_accepted (world)->established)
        g_assert_false (peerup_quic_conn_update_keys (world_accepted (world)->conn, world->now));
      if (!client->established)
        g_assert_false (peerup_quic_conn_update_keys (client->conn, world->now));
    }
  peerup_quic_conn_update_keys (client->conn, world->now);
  world_run (world, world->now + S);
  g_assert_null (client->error);
  peerup_quic_conn_close (client->conn, 0, NULL, world->now);
  g_assert_false (peerup_quic_conn_update_keys (client->conn, world->now));
}

/* A thousand handshakes on bad lines: each ends with both sides agreed, or in time with nothing. */
static void
test_thousand (void)
{
  g_autoptr (World) world = world_new ();
  guint n_good = 0;

  for (guint seed = 0; seed < 1000; seed++)
    {
      Chaos self = { .rand = g_rand_new_with_seed (seed), .lost = seed % 5 * 100, .twice = 200, .late_max = 30 * MS };
      Link *client, *server;

      world->filter = chaos;
      world->filter_data = &self;
      client = world_dial (world);
      world_run (world, world->now + 10 * S);
      g_assert_true (client->established || client->error != NULL);
      server = world_accepted (world);
      if (client->established && server->established)
        {
          n_good++;
          g_assert_null (client->error);
          g_assert_null (server->error);
          peerup_quic_conn_close (client->conn, 0, NULL, world->now);
        }
      world->filter = NULL;
      world_run (world, world->now + PEERUP_QUIC_IDLE_TIMEOUT + 10 * S);
      forge_assert_nothing_left (world);
      world_restart (world);
      g_rand_free (self.rand);
    }
  g_test_message ("%u of 1000", n_good);
  g_assert_cmpuint (n_good, >, 950);
}

/* The first packet again, when all is done, is not another connection. */
static void
test_replayed_initial (void)
{
  g_autoptr (World) world = world_new ();
  GBytes *initial;
  Link *client;
  guint64 before;

  world_tape (world);
  client = world_connect (world);
  world_run (world, world->now + S);
  initial = world_taped (world, &world->client, 0)->bytes;
  before = world->server.n_sent;
  for (guint i = 0; i < 100; i++)
    forge_inject (world, i % 2 == 0 ? "192.0.2.1" : "192.0.2.77", 4001, initial);
  world_run (world, world->now + S);
  g_assert_null (client->error);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
  g_assert_cmpuint (world->server.n_admitted, ==, 1);
  g_assert_cmpuint (world->server.n_sent, ==, before);
}

/* The server hears nothing after its answer: the client may be done, the server is not. */
static void
test_half_done (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_dial (world);

  world_run (world, world->now + world->delay);
  world->filter = lose_of;
  world->filter_data = &world->client;
  g_assert_true (world_run_until (world, &client->established));
  g_assert_false (world_accepted (world)->established);
  world_run (world, world->now + 11 * S);
  g_assert_error (world_accepted (world)->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  g_assert_cmpuint (world->server.n_released, ==, 1);
  world_run (world, world->now + PEERUP_QUIC_IDLE_TIMEOUT);
  g_assert_nonnull (client->error);
  forge_assert_nothing_left (world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/handshake/refused/", refusals[i].name, NULL);

      g_test_add_data_func (path, &refusals[i], test_refused);
    }
  g_test_add_func ("/quic/handshake/wrong-peer", test_wrong_peer);
  g_test_add_func ("/quic/handshake/long-hello", test_long_hello);
  g_test_add_func ("/quic/handshake/long-hello/torn", test_long_hello_torn);
  g_test_add_func ("/quic/handshake/long-hello/endless", test_long_hello_endless);
  g_test_add_func ("/quic/handshake/hello-retry", test_hello_retry);
  g_test_add_func ("/quic/handshake/never-finished", test_never_finished);
  g_test_add_func ("/quic/handshake/dial-timeout", test_dial_timeout);
  g_test_add_func ("/quic/handshake/amplification", test_amplification);
  g_test_add_func ("/quic/handshake/amplification/farewell", test_amplification_farewell);
  g_test_add_func ("/quic/handshake/key-update", test_key_update);
  g_test_add_func ("/quic/handshake/key-update/early", test_key_update_early);
  g_test_add_func ("/quic/handshake/punching", test_punching);
  g_test_add_func ("/quic/handshake/punching/nobody", test_punching_nobody);
  g_test_add_func ("/quic/handshake/replayed-initial", test_replayed_initial);
  g_test_add_func ("/quic/handshake/half-done", test_half_done);
  g_test_add_func ("/quic/handshake/thousand", test_thousand);
  return g_test_run ();
}
