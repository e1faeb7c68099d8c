/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The server of AutoNAT v2 against clients that want it to dial others, to work for nothing, or to wait for ever. A
 * client here speaks byte by byte, in a fiber. */

#include "protocols/peerup-autonat-server.h"

#include "../transport/transport-test.h"
#include "internet.h"
#include "protocols/peerup-autonat.h"
#include "wire/peerup-autonat-message.h"
#include "wire/peerup-frame.h"

typedef struct
{
  Party client;
  Party server;
  Party victim; /* on a third host; counts who connects */
  PeerupAutonat *serving;
  PeerupMultiaddr *own;    /* where the client listens, on the host that the server sees */
  PeerupMultiaddr *theirs; /* where the victim does */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupMultiaddr) at = NULL;

  party_init (&f->client, 1);
  party_init (&f->server, 2);
  party_init (&f->victim, 3);
  f->own = party_listen (&f->client, "/ip4/" INTERNET_CLIENT "/tcp/0");
  f->theirs = party_listen (&f->victim, "/ip4/" INTERNET_STRANGER "/tcp/0");
  at = party_listen (&f->server, "/ip4/" INTERNET_SERVER "/tcp/0");
  party_learn (&f->client, &f->server, at);
  f->serving = peerup_autonat_new (f->server.swarm);
  peerup_autonat_set_serving (f->serving, TRUE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->serving);
  g_clear_pointer (&f->own, peerup_multiaddr_unref);
  g_clear_pointer (&f->theirs, peerup_multiaddr_unref);
  party_clear (&f->client);
  party_clear (&f->server);
  party_clear (&f->victim);
}

/* The client's words */

static PeerupStream *
open_request (Fixture *f)
{
  static const char *const protocols[] = { PEERUP_AUTONAT_DIAL_REQUEST, NULL };
  g_autoptr (GError) error = NULL;
  PeerupStream *stream =
    dex_await_object (peerup_swarm_open_stream (f->client.swarm, party_id (&f->server), protocols, test_deadline ()),
                      &error);

  g_assert_no_error (error);
  return stream;
}

static gboolean
write_message (PeerupStream *stream, PeerupAutonatMessage message, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_autonat_message_encode (&message);

  return peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        test_deadline (), error);
}

static void
write_request (PeerupStream *stream, GPtrArray *addresses)
{
  write_message (stream,
                 (PeerupAutonatMessage) {
                   .type = PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE, .addresses = addresses, .nonce = 12345 },
                 NULL);
}

static gboolean
write_data (PeerupStream *stream, guint64 n_bytes, GError **error)
{
  return write_message (stream,
                        (PeerupAutonatMessage) { .type = PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE, .n_bytes = n_bytes },
                        error);
}

static PeerupAutonatMessage *
read_message (PeerupStream *stream)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = peerup_stream_await_message (stream, PEERUP_AUTONAT_MESSAGE_MAX, test_deadline (), &error);
  PeerupAutonatMessage *message;

  g_assert_no_error (error);
  message = peerup_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  return message;
}

static void
assert_reset (PeerupStream *stream)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = peerup_stream_await_message (stream, PEERUP_AUTONAT_MESSAGE_MAX, test_deadline (), &error);

  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
}

static void
assert_status (PeerupStream *stream, PeerupAutonatStatus status)
{
  g_autoptr (PeerupAutonatMessage) message = read_message (stream);

  g_assert_cmpint (message->type, ==, PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE);
  g_assert_cmpint (message->status, ==, status);
}

static GPtrArray *
list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

/* Runs the data of the test, a DexFiberFunc, with the fixture. */
static void
test_in_fiber (Fixture *f, gconstpointer data)
{
  test_run_fiber (*(const DexFiberFunc *) data, f);
}

/* Addresses that nobody is dialed at */

static void
add_bad_addresses (Fixture *f, GPtrArray *addresses)
{
  static const char *const bad[] = {
    "/ip4/127.0.0.1/tcp/22",
    "/ip4/192.168.1.1/tcp/80",
    "/ip4/10.0.0.1/tcp/80",
    "/ip4/100.64.0.1/tcp/80",
    "/ip4/169.254.169.254/tcp/80",
    "/ip4/224.0.0.1/udp/5353/quic-v1",
    "/ip4/255.255.255.255/udp/9/quic-v1",
    "/ip4/0.0.0.0/tcp/80",
    "/ip4/192.0.2.1/tcp/80",
    "/ip6/::1/tcp/80",
    "/ip6/fe80::1/tcp/80",
    "/ip6/fd00::1/tcp/80",
    "/ip6/ff02::1/udp/1/quic-v1",
    "/ip6/::ffff:1.2.3.4/tcp/80",
    "/ip6/64:ff9b::1.2.3.4/tcp/80",
    "/dns4/localhost/tcp/22",
    "/dnsaddr/example.org",
    "/ip4/" INTERNET_CLIENT "/tcp/0",
    "/ip4/" INTERNET_CLIENT "/udp/53",
    "/ip4/" INTERNET_CLIENT,
    /* No way there from here. */
    "/ip6/2a00:1450::1/tcp/80",
    /* The server's own. */
    "/ip4/" INTERNET_SERVER "/tcp/22",
    /* Through a relay. */
    "/ip4/" INTERNET_CLIENT "/tcp/1/p2p/12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu/p2p-circuit",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", bad[i]));
  /* Somebody else is asked for there. */
  g_ptr_array_add (addresses, peerup_multiaddr_with_peer_id (f->own, party_id (&f->victim)));
}

static DexFuture *
refused_addresses (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PeerupStream) stream = open_request (f);
  g_autoptr (GPtrArray) addresses = list_new ();

  add_bad_addresses (f, addresses);
  write_request (stream, addresses);
  assert_status (stream, PEERUP_AUTONAT_DIAL_REFUSED);
  return NULL;
}

/* The first good one, whatever comes before and behind it, and no other. */
static DexFuture *
first_address (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PeerupStream) stream = open_request (f);
  g_autoptr (GPtrArray) addresses = list_new ();
  g_autoptr (PeerupAutonatMessage) said = NULL;
  guint n;

  add_bad_addresses (f, addresses);
  n = addresses->len;
  g_ptr_array_add (addresses, peerup_multiaddr_with_peer_id (f->own, party_id (&f->client)));
  g_ptr_array_add (addresses, peerup_multiaddr_ref (f->theirs));
  write_request (stream, addresses);
  said = read_message (stream);
  g_assert_cmpint (said->status, ==, PEERUP_AUTONAT_OK);
  g_assert_cmpuint (said->index, ==, n);
  /* It serves no dial-back. */
  g_assert_cmpint (said->dial_status, ==, PEERUP_AUTONAT_DIAL_BACK_ERROR);
  g_assert_cmpuint (f->client.opened, ==, 2);
  g_assert_cmpuint (f->victim.opened, ==, 0);
  return NULL;
}

/* More than fifty are not looked at. Those are bytes of our own, because we would not write so many. */
static DexFuture *
many_addresses (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PeerupStream) stream = open_request (f);
  g_autoptr (GByteArray) request = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  const guint8 private[] = { 0x0a, 0x08, 0x04, 192, 168, 1, 1, 0x06, 0x00, 0x50 };
  const guint8 nonce[] = { 0x11, 1, 2, 3, 4, 5, 6, 7, 8 };
  g_autoptr (GByteArray) body = g_byte_array_new ();
  guint8 head[3] = { 0x0a };
  gsize length;
  const guint8 *own = peerup_multiaddr_get_bytes (f->own, &length);
  const guint8 tag[] = { 0x0a, length };

  for (guint i = 0; i < PEERUP_AUTONAT_ADDRESSES_MAX; i++)
    g_byte_array_append (body, private, sizeof private);
  g_byte_array_append (body, tag, sizeof tag);
  g_byte_array_append (body, own, length);
  g_byte_array_append (body, nonce, sizeof nonce);
  head[1] = 0x80 | (body->len & 0x7f);
  head[2] = body->len >> 7;
  g_byte_array_append (request, head, sizeof head);
  g_byte_array_append (request, body->data, body->len);
  bytes = peerup_frame_new (request->data, request->len);
  peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), test_deadline (),
                                 NULL);
  assert_status (stream, PEERUP_AUTONAT_DIAL_REFUSED);
  return NULL;
}

/* A third party */

/* (transfer full): a stream on which data is asked for before the victim is dialed. */
static PeerupStream *
name_victim (Fixture *f, guint64 *n_bytes)
{
  PeerupStream *stream = open_request (f);
  g_autoptr (GPtrArray) addresses = list_new ();
  g_autoptr (PeerupAutonatMessage) said = NULL;

  g_ptr_array_add (addresses, peerup_multiaddr_ref (f->theirs));
  write_request (stream, addresses);
  said = read_message (stream);
  g_assert_cmpint (said->type, ==, PEERUP_AUTONAT_DATA_REQUEST_MESSAGE);
  g_assert_cmpuint (said->index, ==, 0);
  g_assert_cmpuint (said->n_bytes, >=, 30000);
  g_assert_cmpuint (said->n_bytes, <=, 100000);
  *n_bytes = said->n_bytes;
  return stream;
}

/* One message that is too small is the end, and the victim hears nothing. */
static DexFuture *
small_data (gpointer data)
{
  Fixture *f = data;
  const guint sizes[] = { 0, 1, PEERUP_AUTONAT_SERVER_CHUNK_MIN - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint64 n_bytes;
      g_autoptr (PeerupStream) stream = name_victim (f, &n_bytes);

      write_data (stream, 4000, NULL);
      write_data (stream, sizes[i], NULL);
      assert_reset (stream);
    }
  g_assert_cmpuint (f->victim.opened, ==, 0);
  return NULL;
}

/* Bytes of the message that are not data count for nothing. */
static DexFuture *
padded_data (gpointer data)
{
  Fixture *f = data;
  guint64 n_bytes;
  g_autoptr (PeerupStream) stream = name_victim (f, &n_bytes);
  /* 99 bytes of data, and an unknown field of 4000 beside it. */
  g_autofree guint8 *message = g_malloc0 (2 + 2 + 99 + 3 + 4000);
  g_autoptr (GBytes) bytes = NULL;

  memcpy (message, (guint8[]) { 0x22, 2 + 99, 0x0a, 99 }, 4);
  memcpy (message + 103, (guint8[]) { 0x7a, 0xa0, 0x1f }, 3);
  bytes = peerup_frame_new (message, 2 + 2 + 99 + 3 + 4000);
  peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), test_deadline (),
                                 NULL);
  assert_reset (stream);
  g_assert_cmpuint (f->victim.opened, ==, 0);
  return NULL;
}

/* A million messages: the server is done after the first, and so is the client soon. */
static DexFuture *
endless_data (gpointer data)
{
  Fixture *f = data;
  guint64 n_bytes;
  g_autoptr (PeerupStream) stream = name_victim (f, &n_bytes);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (n < 1000000 && write_data (stream, 1, &error))
    n++;
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_test_message ("%u messages were written", n);
  g_assert_cmpuint (f->victim.opened, ==, 0);
  return NULL;
}

/* Less than was asked for, and then an end or something else. */
static DexFuture *
unpaid (gpointer data)
{
  Fixture *f = data;
  guint64 n_bytes;
  g_autoptr (PeerupStream) ended = name_victim (f, &n_bytes);
  g_autoptr (PeerupStream) other = NULL;
  g_autoptr (GPtrArray) addresses = list_new ();

  for (guint64 left = n_bytes - 1; left > 0; left -= MIN (left, 4000))
    write_data (ended, MIN (left, 4000), NULL);
  peerup_stream_close_write (ended);
  assert_reset (ended);
  other = name_victim (f, &n_bytes);
  g_ptr_array_add (addresses, peerup_multiaddr_ref (f->own));
  write_request (other, addresses);
  assert_reset (other);
  g_assert_cmpuint (f->victim.opened, ==, 0);
  return NULL;
}

/* Who has paid is served, in the smallest pieces too; the last may be as small as it is. */
static DexFuture *
paid (gpointer data)
{
  Fixture *f = data;
  guint64 n_bytes;
  g_autoptr (PeerupStream) stream = name_victim (f, &n_bytes);
  g_autoptr (PeerupAutonatMessage) said = NULL;

  for (guint64 left = n_bytes; left > 0; left -= MIN (left, PEERUP_AUTONAT_SERVER_CHUNK_MIN))
    {
      g_assert_cmpuint (f->victim.opened, ==, 0);
      write_data (stream, MIN (left, PEERUP_AUTONAT_SERVER_CHUNK_MIN), NULL);
    }
  said = read_message (stream);
  g_assert_cmpint (said->status, ==, PEERUP_AUTONAT_OK);
  /* Somebody else is there. */
  g_assert_cmpint (said->dial_status, ==, PEERUP_AUTONAT_DIAL_ERROR);
  g_assert_cmpuint (f->victim.opened, <=, 1);
  return NULL;
}

/* Words out of place */

static DexFuture *
wrong_words (gpointer data)
{
  Fixture *f = data;
  static const char *const words[] = {
    "\x02\x12\x00",         /* an answer */
    "\x02\x22\x00",         /* data */
    "\x01\x00",             /* nothing that is a message */
    "\x81\x40",             /* the length of one that is too long */
    "\x04\x0a\x00\x12\x00", /* two things */
  };
  static const gsize lengths[] = { 3, 3, 2, 2, 5 };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (PeerupStream) stream = open_request (f);

      peerup_stream_await_write_all (stream, words[i], lengths[i], test_deadline (), NULL);
      assert_reset (stream);
    }
  return NULL;
}

/* Limits */

/* Two that hang are all that a peer has. */
static DexFuture *
hanging (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PeerupStream) first = open_request (f);
  guint64 n_bytes;
  g_autoptr (PeerupStream) second = name_victim (f, &n_bytes);
  g_autoptr (PeerupStream) third = open_request (f);

  assert_status (third, PEERUP_AUTONAT_REQUEST_REJECTED);
  g_assert_cmpuint (f->victim.opened, ==, 0);
  peerup_stream_reset (first, 0);
  peerup_stream_reset (second, 0);
  return NULL;
}

static DexFuture *
often (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GPtrArray) addresses = list_new ();

  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/22"));
  for (guint i = 0; i <= PEERUP_AUTONAT_LIMITS_OF_PEER; i++)
    {
      g_autoptr (PeerupStream) stream = open_request (f);

      write_request (stream, addresses);
      assert_status (stream,
                     i < PEERUP_AUTONAT_LIMITS_OF_PEER ? PEERUP_AUTONAT_DIAL_REFUSED : PEERUP_AUTONAT_REQUEST_REJECTED);
    }
  return NULL;
}

/* It ends while it is asked. */
static DexFuture *
no_longer_serving (gpointer data)
{
  Fixture *f = data;
  g_autoptr (PeerupStream) stream = open_request (f);
  g_autoptr (GPtrArray) addresses = list_new ();

  peerup_autonat_set_serving (f->serving, FALSE);
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/22"));
  write_request (stream, addresses);
  assert_status (stream, PEERUP_AUTONAT_DIAL_REFUSED);
  return NULL;
}

int
main (int argc, char **argv)
{
  const char *missing = internet_enter ();
  static const struct
  {
    const char *name;
    DexFiberFunc func;
  } tests[] = {
    { "refused-addresses", refused_addresses },
    { "first-address", first_address },
    { "many-addresses", many_addresses },
    { "small-data", small_data },
    { "padded-data", padded_data },
    { "endless-data", endless_data },
    { "unpaid", unpaid },
    { "paid", paid },
    { "wrong-words", wrong_words },
    { "hanging", hanging },
    { "often", often },
    { "no-longer-serving", no_longer_serving },
  };

  g_test_init (&argc, &argv, NULL);
  dex_init ();
  if (missing != NULL)
    {
      g_print ("1..0 # SKIP %s\n", missing);
      return 0;
    }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/protocols/autonat-server/%s", tests[i].name);

      g_test_add (path, Fixture, &tests[i].func, set_up, test_in_fiber, tear_down);
    }
  return g_test_run ();
}
