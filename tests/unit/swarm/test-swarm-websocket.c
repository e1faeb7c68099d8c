/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Swarms joined by WebSocket, with TLS around it and without, and what else comes to such a port. */

#include "../transport/web-certificate.h"
#include "swarm-node.h"
#include "transport/peerup-socket-stream.h"

#define WS  "/ip4/127.0.0.1/tcp/0/ws"
#define WSS "/ip4/127.0.0.1/tcp/0/tls/ws"

/* Many messages each way. */
#define BULK 1000000

typedef struct
{
  const char *listen;
  const char *securities[2];
} Kind;

static const Kind ws_tls = { WS, { "/tls/1.0.0" } };
static const Kind ws_noise = { WS, { "/noise" } };
static const Kind wss_tls = { WSS, { "/tls/1.0.0" } };
static const Kind wss_noise = { WSS, { "/noise" } };

static void
init_listener (Node *node, const char *listen)
{
  g_auto (WebCertificate) certificate = { 0 };

  web_certificate_init (&certificate);
  node_init (node, 2, NODE_SILENT);
  peerup_swarm_set_websocket_certificate (node->swarm, certificate.certificate_file, certificate.key_file);
  /* It has been read when it listens. */
  node_listen (node, listen);
}

static char *
first_address (Node *node)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (node->swarm);

  g_assert_cmpuint (addresses->len, ==, 1);
  return g_strdup (peerup_multiaddr_get_string (addresses->pdata[0]));
}

static guint
port_of (Node *node)
{
  g_autofree char *address = first_address (node);
  g_auto (GStrv) parts = g_strsplit (address, "/", -1);

  return g_ascii_strtoull (parts[4], NULL, 10);
}

/* Echo */

static DexFuture *
write_bulk (gpointer data)
{
  g_autofree guint8 *bytes = g_malloc (BULK);

  for (gsize i = 0; i < BULK; i++)
    bytes[i] = test_pattern (i);
  g_assert_true (peerup_stream_await_write_all (data, bytes, BULK, test_deadline (), NULL));
  peerup_stream_close_write (data);
  return dex_future_new_for_boolean (TRUE);
}

static DexFuture *
echo_bulk (gpointer data)
{
  g_autoptr (DexFuture) writing = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, write_bulk, data, NULL);
  g_autofree guint8 *bytes = g_malloc (BULK);

  g_assert_true (peerup_stream_await_read_exact (data, bytes, BULK, test_deadline (), NULL));
  for (gsize i = 0; i < BULK; i++)
    g_assert_cmpuint (bytes[i], ==, test_pattern (i));
  g_assert_cmpint (peerup_stream_await_read (data, bytes, 1, test_deadline (), NULL), ==, 0);
  g_assert_true (dex_await (dex_ref (writing), NULL));
  return dex_future_new_for_boolean (TRUE);
}

static void
assert_address (PeerupMultiaddr *address, const char *pattern)
{
  g_assert_nonnull (address);
  g_assert_true (g_pattern_match_simple (pattern, peerup_multiaddr_get_string (address)));
}

static void
run_echo (gconstpointer data)
{
  const Kind *kind = data;
  const char *pattern = g_str_equal (kind->listen, WS) ? "/ip4/127.0.0.1/tcp/*/ws" : "/ip4/127.0.0.1/tcp/*/tls/ws";
  const char *protocols[] = { NODE_ECHO, NULL };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GPtrArray) theirs = NULL;
  g_autoptr (GError) error = NULL;
  const PeerupConnectionInfo *info;

  node_init (&a, 1, NODE_SILENT);
  peerup_swarm_set_securities (a.swarm, kind->securities);
  init_listener (&b, kind->listen);
  node_learn (&a, &b);
  stream = test_take_object (peerup_swarm_open_stream (a.swarm, node_id (&b), protocols, test_deadline ()), &error);
  g_assert_no_error (error);
  info = peerup_connection_get_info (peerup_stream_get_connection (stream));
  g_assert_cmpstr (info->transport, ==, "websocket");
  g_assert_cmpstr (info->security, ==, kind->securities[0]);
  g_assert_cmpstr (info->muxer, ==, "/yamux/1.0.0");
  assert_address (info->local_address, pattern);
  assert_address (info->remote_address, pattern);
  test_run_fiber (echo_bulk, stream);
  theirs = peerup_swarm_dup_connections (b.swarm, node_id (&a));
  g_assert_cmpuint (theirs->len, ==, 1);
  info = peerup_connection_get_info (theirs->pdata[0]);
  g_assert_cmpstr (info->transport, ==, "websocket");
  assert_address (info->remote_address, pattern);
}

/* Dials that come to nothing */

static GError *
dial_error (Node *self, Node *other, const char *address)
{
  node_learn_address (self, other, address);
  return test_take_error (peerup_swarm_connect (self->swarm, node_id (other)));
}

/* Somebody else than who is wanted is there: the certificate of the web says nothing about that. */
static void
run_wrong_peer (gconstpointer data)
{
  const Kind *kind = data;
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&c, 3, NODE_SILENT);
  peerup_swarm_set_securities (a.swarm, kind->securities);
  init_listener (&b, kind->listen);
  address = first_address (&b);
  error = dial_error (&a, &c, address);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_cmpuint (b.opened, ==, 0);
}

/* Every transport's port, dialed as each of the others: it fails at once, on both sides, with words. */
static void
test_mistaken_ports (void)
{
  static const char *const listens[] = { "/ip4/127.0.0.1/tcp/0", WS, WSS };
  static const char *const dials[] = { "", "/ws", "/wss" };

  for (guint i = 0; i < G_N_ELEMENTS (listens); i++)
    for (guint j = 0; j < G_N_ELEMENTS (dials); j++)
      {
        g_auto (Node) a = { 0 };
        g_auto (Node) b = { 0 };
        g_autofree char *address = NULL;
        g_autoptr (GError) error = NULL;

        if (i == j)
          continue;
        node_init (&a, 1, NODE_SILENT);
        init_listener (&b, listens[i]);
        address = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u%s", port_of (&b), dials[j]);
        error = dial_error (&a, &b, address);
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
        g_assert_nonnull (strstr (error->message, address));
        g_assert_cmpuint (b.opened, ==, 0);
      }
}

/* Listening */

static void
test_no_certificate (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", WSS);
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) half = NULL;
  g_autoptr (GError) absent = NULL;

  node_init (&node, 1, NODE_SILENT);
  none = test_take_error (peerup_swarm_listen (node.swarm, address));
  g_assert_error (none, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_nonnull (strstr (none->message, "network.websocket.certificate_file and network.websocket.key_file"));
  peerup_swarm_set_websocket_certificate (node.swarm, "/absent/certificate.pem", NULL);
  half = test_take_error (peerup_swarm_listen (node.swarm, address));
  g_assert_error (half, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_nonnull (strstr (half->message, "set network.websocket.key_file"));
  peerup_swarm_set_websocket_certificate (node.swarm, "/absent/certificate.pem", "/absent/key.pem");
  absent = test_take_error (peerup_swarm_listen (node.swarm, address));
  g_assert_error (absent, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (absent->message, "/absent/certificate.pem"));
}

static void
test_addresses (void)
{
  static const struct
  {
    const char *listen;
    const char *announced;
  } rows[] = {
    { "/ip4/127.0.0.1/tcp/0/wss", "/ip4/127.0.0.1/tcp/*/tls/ws" },
    { "/ip4/127.0.0.1/tcp/0/tls/sni/relay.example/ws", "/ip4/127.0.0.1/tcp/*/tls/sni/relay.example/ws" },
    { "/ip6/::1/tcp/0/ws", "/ip6/::1/tcp/*/ws" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };
      g_autofree char *address = NULL;
      g_autoptr (PeerupConnection) connection = NULL;

      node_init (&a, 1, NODE_SILENT);
      init_listener (&b, rows[i].listen);
      address = first_address (&b);
      g_assert_true (g_pattern_match_simple (rows[i].announced, address));
      node_learn (&a, &b);
      connection = node_connect (&a, &b);
      g_assert_cmpstr (peerup_multiaddr_get_string (peerup_connection_get_info (connection)->remote_address), ==,
                       address);
    }
}

/* Where a name is dialed, its own is what is asked for, and the address it stands for is found. */
static void
test_name (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autofree char *address = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  node_init (&a, 1, NODE_SILENT);
  init_listener (&b, WSS);
  address = g_strdup_printf ("/dns4/localhost/tcp/%u/wss", port_of (&b));
  node_learn_address (&a, &b, address);
  connection = node_connect (&a, &b);
  g_assert_cmpstr (peerup_connection_get_info (connection)->transport, ==, "websocket");
}

/* What is no swarm */

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define ASK GET "Upgrade: websocket\r\nConnection: Upgrade\r\n" KEY "Sec-WebSocket-Version: 13\r\n\r\n"

typedef struct
{
  guint port;
  const char *text;
  gsize length;
  gsize step;       /* bytes written at a time */
  const char *head; /* how the answer begins */
  const char *tail; /* and how it ends */
} Talk;

/* Writes, and reads to the end, which the other side makes. */
static DexFuture *
talk_fiber (gpointer data)
{
  const Talk *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_socket_connect ("127.0.0.1", self->port, test_deadline ()), &error);
  g_autoptr (GBytes) answer = NULL;
  const char *text;
  gsize length;

  g_assert_no_error (error);
  for (gsize at = 0; at < self->length; at += self->step)
    {
      g_assert_true (peerup_stream_await_write_all (stream, self->text + at, MIN (self->step, self->length - at),
                                                    test_deadline (), &error));
      /* The other side is to see it by itself. */
      if (self->step == 1)
        dex_await (dex_timeout_new_usec (0), NULL);
    }
  answer = peerup_stream_await_rest (stream, 4096, test_deadline (), &error);
  g_assert_no_error (error);
  text = g_bytes_get_data (answer, &length);
  g_assert_cmpuint (length, >, strlen (self->head) + strlen (self->tail));
  g_assert_cmpmem (text, strlen (self->head), self->head, strlen (self->head));
  g_assert_cmpmem (text + length - strlen (self->tail), strlen (self->tail), self->tail, strlen (self->tail));
  return dex_future_new_for_boolean (TRUE);
}

static void
talk (const char *text, gsize length, gsize step, const char *head, const char *tail)
{
  g_auto (Node) node = { 0 };
  Talk self = { 0, text, length, step, head, tail };

  init_listener (&node, WS);
  self.port = port_of (&node);
  test_run_fiber (talk_fiber, &self);
  g_assert_cmpuint (node.opened, ==, 0);
}

static void
test_plain_get (void)
{
  talk (GET "\r\n", strlen (GET "\r\n"), 1000, "HTTP/1.1 426 Upgrade Required\r\n", "version 13\n");
}

static void
test_oversized_header (void)
{
  g_autofree char *field = g_strnfill (20000, 'x');
  g_autofree char *text = g_strconcat (GET "X: ", field, "\r\n\r\n", NULL);

  talk (text, strlen (text), 1000, "HTTP/1.1 431 ", "8192 bytes\n");
}

/* Who breaks the rules is told so: 1002. */
static void
test_unmasked_frame (void)
{
  talk (ASK "\x82\x01x", strlen (ASK) + 3, 1000, "HTTP/1.1 101 ", "\r\n\x88\x02\x03\xea");
}

/* One byte at a time it takes longer, and no more than that. */
static void
test_trickle (void)
{
  talk (ASK "\x82\x01x", strlen (ASK) + 3, 1, "HTTP/1.1 101 ", "\x88\x02\x03\xea");
}

/* A dialer that waits for the listener's hello gets it in the end. */
static DexFuture *
wait_for_hello (gpointer data)
{
  static const char hello[] = "\r\n\r\n\x82\x14\x13/multistream/1.0.0\n";
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_socket_connect ("127.0.0.1", GPOINTER_TO_UINT (data), test_deadline ()), NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  char byte;

  g_assert_true (peerup_stream_await_write_all (stream, ASK, strlen (ASK), test_deadline (), NULL));
  while (!g_str_has_suffix (text->str, hello))
    {
      g_assert_true (peerup_stream_await_read_exact (stream, &byte, 1, test_deadline (), NULL));
      g_string_append_c (text, byte);
    }
  return dex_future_new_for_boolean (TRUE);
}

static void
test_hello (void)
{
  g_auto (Node) node = { 0 };

  init_listener (&node, WS);
  test_run_fiber (wait_for_hello, GUINT_TO_POINTER (port_of (&node)));
}

/* Who says nothing does not hold up the swarm's end; node_clear() checks the time. */
static void
run_silent (gconstpointer data)
{
  const Kind *kind = data;
  g_auto (Node) node = { 0 };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  init_listener (&node, kind->listen);
  stream = test_take_object (peerup_socket_connect ("127.0.0.1", port_of (&node), test_deadline ()), &error);
  g_assert_no_error (error);
  test_assert_writes (stream, g_str_equal (kind->listen, WS) ? "GET / " : "\x16\x03\x01");
  test_spin ();
}

static void
add_kinds (const char *name, GTestDataFunc func)
{
  static const struct
  {
    const char *name;
    const Kind *kind;
  } kinds[] = {
    { "ws-tls", &ws_tls }, { "ws-noise", &ws_noise }, { "wss-tls", &wss_tls }, { "wss-noise", &wss_noise }
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strconcat ("/swarm/websocket/", name, "/", kinds[i].name, NULL);

      g_test_add_data_func (path, kinds[i].kind, func);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  add_kinds ("echo", run_echo);
  add_kinds ("wrong-peer", run_wrong_peer);
  g_test_add_func ("/swarm/websocket/mistaken-ports", test_mistaken_ports);
  g_test_add_func ("/swarm/websocket/no-certificate", test_no_certificate);
  g_test_add_func ("/swarm/websocket/addresses", test_addresses);
  g_test_add_func ("/swarm/websocket/name", test_name);
  g_test_add_func ("/swarm/websocket/plain-get", test_plain_get);
  g_test_add_func ("/swarm/websocket/oversized-header", test_oversized_header);
  g_test_add_func ("/swarm/websocket/unmasked-frame", test_unmasked_frame);
  g_test_add_func ("/swarm/websocket/trickle", test_trickle);
  g_test_add_func ("/swarm/websocket/hello", test_hello);
  g_test_add_data_func ("/swarm/websocket/silent/ws", &ws_tls, run_silent);
  g_test_add_data_func ("/swarm/websocket/silent/wss", &wss_tls, run_silent);
  return g_test_run ();
}
