/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The client of AutoNAT v2 against servers that lie, and against strangers who come while it waits for a dial-back.
 * Servers here are scripts: a fiber for each request. */

#include "../transport/transport-test.h"
#include "internet.h"
#include "protocols/peerup-autonat-dial.h"
#include "protocols/peerup-autonat.h"
#include "protocols/peerup-identify.h"
#include "wire/peerup-autonat-message.h"

#define SOME_ID "12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu"

/* A request that a scripted server got. */
typedef struct
{
  PeerupStream *stream;
  GPtrArray *addresses;
  guint64 nonce;
  PeerupPeerId *client;
} Request;

/* Runs in a fiber, with the request read. */
typedef void (*Script) (Request *request);

/* NULL: the client has gone. */
static PeerupAutonatMessage *
receive (PeerupStream *stream)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = peerup_stream_await_message (stream, PEERUP_AUTONAT_MESSAGE_MAX, test_deadline (), NULL);
  PeerupAutonatMessage *message;

  if (bytes == NULL)
    return NULL;
  message = peerup_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  return message;
}

static void
send_bytes (Request *request, gconstpointer data, gsize length)
{
  /* The client may have gone. */
  peerup_stream_await_write_all (request->stream, data, length, test_deadline (), NULL);
}

static void
send_message (Request *request, PeerupAutonatMessage message)
{
  g_autoptr (GBytes) bytes = peerup_autonat_message_encode (&message);

  send_bytes (request, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
answer (Request *request, guint status, guint index, guint dial_status)
{
  send_message (request, (PeerupAutonatMessage) { .type = PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE,
                                                  .status = status,
                                                  .index = index,
                                                  .dial_status = dial_status });
}

static void
ask_for_data (Request *request, guint index, guint64 n_bytes)
{
  send_message (request, (PeerupAutonatMessage) {
                           .type = PEERUP_AUTONAT_DATA_REQUEST_MESSAGE, .index = index, .n_bytes = n_bytes });
}

static int
dial (Request *request, PeerupMultiaddr *address, guint64 nonce)
{
  g_autoptr (GError) error = NULL;
  int status = dex_await_int (peerup_autonat_dial (request->client, address, nonce, test_deadline ()), &error);

  g_assert_no_error (error);
  return status;
}

static DexFuture *
script_fiber (gpointer data)
{
  PeerupStream *stream = data;
  Script script = (Script) g_object_get_data (G_OBJECT (stream), "script");
  g_autoptr (PeerupAutonatMessage) message = receive (stream);
  Request request = { stream };

  if (message == NULL)
    return dex_future_new_true ();
  request.addresses = message->addresses;
  request.nonce = message->nonce;
  g_assert_cmpint (message->type, ==, PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE);
  g_assert_cmphex (message->nonce, !=, 0);
  request.client = peerup_connection_get_remote_peer (peerup_stream_get_connection (stream));
  script (&request);
  peerup_stream_close (stream);
  return dex_future_new_true ();
}

static void
on_request (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_object_set_data (G_OBJECT (stream), "script", data);
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, script_fiber, stream, g_object_unref));
}

typedef struct
{
  Party client; /* lets nobody in */
  PeerupAutonat *asking;
  PeerupMultiaddr *tcp;
  PeerupMultiaddr *other_tcp; /* on another address */
  PeerupMultiaddr *quic;
} Fixture;

/* Where the client listens, for scripts. */
static Fixture *fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  party_init (&f->client, 1);
  party_allow (&f->client, NULL);
  f->tcp = party_listen (&f->client, "/ip4/" INTERNET_CLIENT "/tcp/0");
  f->other_tcp = party_listen (&f->client, "/ip4/" INTERNET_CLIENT_2 "/tcp/0");
  f->quic = party_listen (&f->client, "/ip4/" INTERNET_CLIENT "/udp/0/quic-v1");
  f->asking = peerup_autonat_new (f->client.swarm);
  fixture = f;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->asking);
  g_clear_pointer (&f->tcp, peerup_multiaddr_unref);
  g_clear_pointer (&f->other_tcp, peerup_multiaddr_unref);
  g_clear_pointer (&f->quic, peerup_multiaddr_unref);
  party_clear (&f->client);
}

static void
start_server (Fixture *f, Party *server, guint8 seed, Script script)
{
  g_autoptr (PeerupMultiaddr) at = NULL;

  party_init (server, seed);
  at = party_listen (server, "/ip4/" INTERNET_SERVER "/tcp/0");
  party_learn (&f->client, server, at);
  peerup_swarm_add_protocol (server->swarm, PEERUP_AUTONAT_DIAL_REQUEST, on_request, script, NULL);
}

static DexFuture *
begin_check (Fixture *f, Party *server, gint64 deadline)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  g_ptr_array_add (addresses, f->tcp);
  return peerup_autonat_check (f->asking, party_id (server), addresses, deadline);
}

/* Lies */

static void
says_nothing (Request *request)
{
}

static void
says_that_it_dialed (Request *request)
{
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_OK);
}

static void
tells_wrong_nonce (Request *request)
{
  /* It is heard, and dropped. */
  g_assert_cmpint (dial (request, request->addresses->pdata[0], request->nonce + 1), ==, PEERUP_AUTONAT_DIAL_OK);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_OK);
}

static void
replays_nonce (Request *request)
{
  g_assert_cmpint (dial (request, request->addresses->pdata[0], request->nonce), ==, PEERUP_AUTONAT_DIAL_OK);
  /* It is no longer expected: dropped, or not even let in where no other check waits. */
  dial (request, request->addresses->pdata[0], request->nonce);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_OK);
}

/* The message may be lost on the way back: the nonce has come all the same. */
static void
says_dial_back_error (Request *request)
{
  g_assert_cmpint (dial (request, request->addresses->pdata[0], request->nonce), ==, PEERUP_AUTONAT_DIAL_OK);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_BACK_ERROR);
}

static void
dials_and_denies (Request *request)
{
  g_assert_cmpint (dial (request, request->addresses->pdata[0], request->nonce), ==, PEERUP_AUTONAT_DIAL_OK);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_ERROR);
}

static void
dials_other_transport (Request *request)
{
  g_assert_cmpint (dial (request, fixture->quic, request->nonce), ==, PEERUP_AUTONAT_DIAL_OK);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_OK);
}

static void
dials_other_address (Request *request)
{
  g_assert_cmpint (dial (request, fixture->other_tcp, request->nonce), ==, PEERUP_AUTONAT_DIAL_OK);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_OK);
}

static void
says_unknown_status (Request *request)
{
  answer (request, 999, 0, PEERUP_AUTONAT_DIAL_OK);
}

static void
says_unknown_dial_status (Request *request)
{
  answer (request, PEERUP_AUTONAT_OK, 0, 999);
}

static void
says_unused (Request *request)
{
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_UNUSED);
}

static void
names_other_index (Request *request)
{
  answer (request, PEERUP_AUTONAT_OK, 1, PEERUP_AUTONAT_DIAL_ERROR);
}

static void
rejects (Request *request)
{
  answer (request, PEERUP_AUTONAT_REQUEST_REJECTED, 0, PEERUP_AUTONAT_DIAL_UNUSED);
}

static void
refuses (Request *request)
{
  answer (request, PEERUP_AUTONAT_DIAL_REFUSED, 0, PEERUP_AUTONAT_DIAL_UNUSED);
}

static void
fails (Request *request)
{
  answer (request, PEERUP_AUTONAT_INTERNAL_ERROR, 0, PEERUP_AUTONAT_DIAL_UNUSED);
}

static void
asks_too_much (Request *request)
{
  ask_for_data (request, 0, 100 * 1024 + 1);
}

static void
asks_for_everything (Request *request)
{
  ask_for_data (request, 0, G_MAXUINT64);
}

static void
asks_for_other_index (Request *request)
{
  ask_for_data (request, 1, 30000);
}

static guint64
count_data (Request *request)
{
  guint64 n = 0;

  while (n < 100 * 1024)
    {
      g_autoptr (PeerupAutonatMessage) message = receive (request->stream);

      g_assert_nonnull (message);
      g_assert_cmpint (message->type, ==, PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE);
      g_assert_cmpuint (message->n_bytes, <=, PEERUP_AUTONAT_DATA_MAX);
      n += message->n_bytes;
    }
  return n;
}

/* It gets that, and not a byte more. */
static void
asks_for_100_kib (Request *request)
{
  ask_for_data (request, 0, 100 * 1024);
  g_assert_cmpuint (count_data (request), ==, 100 * 1024);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_ERROR);
}

static void
asks_twice (Request *request)
{
  ask_for_data (request, 0, 100 * 1024);
  g_assert_cmpuint (count_data (request), ==, 100 * 1024);
  ask_for_data (request, 0, 1);
}

static void
asks_back (Request *request)
{
  send_message (request, (PeerupAutonatMessage) { .type = PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE,
                                                  .addresses = request->addresses,
                                                  .nonce = request->nonce });
}

static void
says_garbage (Request *request)
{
  send_bytes (request, "\x03\xff\xff\xff", 4);
}

static void
says_too_much (Request *request)
{
  /* The length of a message of 1 GiB. */
  send_bytes (request, "\x80\x80\x80\x80\x04", 5);
}

static void
resets (Request *request)
{
  peerup_stream_reset (request->stream, 0);
}

typedef struct
{
  Script script;
  int error; /* -1: none, but the verdict */
  PeerupAutonatVerdict verdict;
  const char *reason; /* nullable: is in it */
} Lie;

static const Lie lies[] = {
  { says_nothing, PEERUP_ERROR_CLOSED, 0, NULL },
  { says_that_it_dialed, -1, PEERUP_AUTONAT_UNKNOWN, "nothing came" },
  { tells_wrong_nonce, -1, PEERUP_AUTONAT_UNKNOWN, "nothing came" },
  { replays_nonce, -1, PEERUP_AUTONAT_REACHABLE, NULL },
  { says_dial_back_error, -1, PEERUP_AUTONAT_REACHABLE, NULL },
  { dials_and_denies, -1, PEERUP_AUTONAT_UNKNOWN, "but it did" },
  { dials_other_transport, -1, PEERUP_AUTONAT_UNKNOWN, "elsewhere" },
  { dials_other_address, -1, PEERUP_AUTONAT_UNKNOWN, "elsewhere" },
  { says_unknown_status, -1, PEERUP_AUTONAT_UNKNOWN, "unknown code 999" },
  { says_unknown_dial_status, -1, PEERUP_AUTONAT_UNKNOWN, "unknown code 999" },
  { says_unused, -1, PEERUP_AUTONAT_UNKNOWN, "unknown code 0" },
  { names_other_index, -1, PEERUP_AUTONAT_UNKNOWN, "not asked for" },
  { rejects, -1, PEERUP_AUTONAT_UNKNOWN, "too often" },
  { refuses, -1, PEERUP_AUTONAT_UNKNOWN, "will not dial" },
  { fails, -1, PEERUP_AUTONAT_UNKNOWN, "inside of the server" },
  { asks_too_much, PEERUP_ERROR_PROTOCOL, 0, "102401 bytes" },
  { asks_for_everything, PEERUP_ERROR_PROTOCOL, 0, "18446744073709551615 bytes" },
  { asks_for_other_index, PEERUP_ERROR_PROTOCOL, 0, "address 1" },
  { asks_for_100_kib, -1, PEERUP_AUTONAT_UNREACHABLE, NULL },
  { asks_twice, PEERUP_ERROR_PROTOCOL, 0, "no answer" },
  { asks_back, PEERUP_ERROR_PROTOCOL, 0, "no answer" },
  { says_garbage, PEERUP_ERROR_MALFORMED, 0, NULL },
  { says_too_much, PEERUP_ERROR_TOO_LARGE, 0, NULL },
  { resets, PEERUP_ERROR_RESET, 0, NULL },
};

static void
assert_outcome (const Lie *lie, DexFuture *check)
{
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (check, &error);
  const PeerupAutonatAnswer *said = value != NULL ? g_value_get_boxed (value) : NULL;
  const char *reason = said != NULL ? said->reason : error->message;

  g_test_message ("%d: %s", (int) (lie - lies), reason);
  if (lie->error >= 0)
    g_assert_error (error, PEERUP_ERROR, lie->error);
  else
    {
      g_assert_no_error (error);
      g_assert_cmpint (said->verdict, ==, lie->verdict);
      g_assert_cmpint (said->local != NULL, ==, lie->verdict == PEERUP_AUTONAT_REACHABLE);
      g_assert_cmpint (said->reason != NULL, ==, lie->verdict == PEERUP_AUTONAT_UNKNOWN);
    }
  if (lie->reason != NULL)
    g_assert_nonnull (strstr (reason, lie->reason));
}

/* One after the other, but for the two that are waited for: those run beside the rest. */
static void
test_lies (Fixture *f, gconstpointer data)
{
  Party servers[G_N_ELEMENTS (lies)];
  DexFuture *checks[G_N_ELEMENTS (lies)];

  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      start_server (f, &servers[i], 10 + i, lies[i].script);
      checks[i] = begin_check (f, &servers[i], test_deadline ());
      if (lies[i].script != says_that_it_dialed && lies[i].script != tells_wrong_nonce)
        test_finish (checks[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      assert_outcome (&lies[i], test_finish (checks[i]));
      dex_unref (checks[i]);
    }
  /* Each server's own connection, and none that was dialed back. */
  g_assert_cmpuint (f->client.opened, ==, G_N_ELEMENTS (lies));
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    party_clear (&servers[i]);
}

/* A server that hangs */

static DexPromise *released; /* the server goes on */
static DexPromise *hanging;  /* it has got the request */

static void
hangs (Request *request)
{
  /* The test did not wait for it. */
  if (hanging == NULL)
    return;
  dex_promise_resolve_boolean (hanging, TRUE);
  dex_await (dex_ref (released), NULL);
  answer (request, PEERUP_AUTONAT_OK, 0, PEERUP_AUTONAT_DIAL_ERROR);
}

static void
test_hang (Fixture *f, gconstpointer data)
{
  g_auto (Party) server = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  hanging = dex_promise_new ();
  released = dex_promise_new ();
  start_server (f, &server, 2, hangs);
  connection = party_connect (&f->client, &server);
  error = test_take_error (begin_check (f, &server, g_get_monotonic_time () + G_USEC_PER_SEC / 2));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  dex_promise_resolve_boolean (released, TRUE);
  test_spin ();
  dex_clear (&hanging);
  dex_clear (&released);
}

/* Strangers */

static GError *
refused_stream (Party *from, PeerupConnection *connection, const char *protocol)
{
  const char *protocols[] = { protocol, NULL };

  return test_take_error (peerup_swarm_open_stream_on (from->swarm, connection, protocols, test_deadline ()));
}

static void
assert_not_served (Party *from, PeerupConnection *connection, const char *protocol)
{
  g_autoptr (GError) error = refused_stream (from, connection, protocol);

  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
}

/* Our own handshake may be done before the client refuses. */
static void
assert_refused (Party *from, Fixture *f, PeerupMultiaddr *address)
{
  g_autoptr (GError) error = NULL;
  guint refused = f->client.refused;
  g_autoptr (PeerupConnection) connection = NULL;

  party_learn (from, &f->client, address);
  connection = test_take_object (peerup_swarm_connect (from->swarm, party_id (&f->client)), &error);
  if (connection != NULL)
    dex_unref (test_finish (peerup_connection_wait_closed (connection)));
  g_assert_cmpuint (f->client.refused, ==, refused + 1);
}

static DexFuture *
tell_wrong_nonce_fiber (gpointer data)
{
  g_autoptr (GBytes) said = peerup_autonat_dial_back_encode (12345);
  g_autoptr (GBytes) heard = NULL;
  g_autoptr (GError) error = NULL;

  peerup_stream_await_write_all (data, g_bytes_get_data (said, NULL), g_bytes_get_size (said), test_deadline (), NULL);
  heard = peerup_stream_await_message (data, 1024, test_deadline (), &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  return NULL;
}

static void
assert_nonce_is_dropped (Party *from, PeerupConnection *connection)
{
  static const char *const protocols[] = { PEERUP_AUTONAT_DIAL_BACK, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream =
    test_take_object (peerup_swarm_open_stream_on (from->swarm, connection, protocols, test_deadline ()), &error);

  g_assert_no_error (error);
  test_run_fiber (tell_wrong_nonce_fiber, stream);
}

static void
assert_expects (Fixture *f, const char *from, gboolean expected)
{
  g_autoptr (PeerupMultiaddr) remote = peerup_multiaddr_newf ("%s", from);

  g_assert_cmpint (peerup_autonat_expects (f->asking, remote), ==, expected);
}

/* At the right moment, from the right host: who is not the dial-back gets nothing, and is gone with the check. */
static void
test_stranger (Fixture *f, gconstpointer data)
{
  g_auto (Party) server = { 0 };
  g_auto (Party) stranger = { 0 };
  g_auto (Party) second = { 0 };
  g_autoptr (PeerupMultiaddr) elsewhere = party_listen (&f->client, "/ip4/" INTERNET_CLIENT_3 "/tcp/0");
  g_autoptr (PeerupIdentify) identify = peerup_identify_new (f->client.swarm);
  PeerupMultiaddr *address = g_str_equal (data, "quic") ? f->quic : f->tcp;
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (DexFuture) check = NULL;
  g_autoptr (GError) error = NULL;

  hanging = dex_promise_new ();
  released = dex_promise_new ();
  start_server (f, &server, 2, hangs);
  party_init (&stranger, 3);
  party_init (&second, 4);
  /* Nobody is asked yet. */
  assert_refused (&stranger, f, address);
  check = begin_check (f, &server, test_deadline ());
  dex_unref (test_finish (dex_ref (hanging)));
  /* From another host, or from anywhere through a relay on this one. */
  assert_refused (&second, f, elsewhere);
  assert_expects (f, "/ip4/" INTERNET_SERVER "/tcp/1", TRUE);
  assert_expects (f, "/ip4/" INTERNET_STRANGER "/tcp/1", FALSE);
  assert_expects (f, "/ip4/" INTERNET_SERVER "/tcp/1/p2p/" SOME_ID "/p2p-circuit", FALSE);
  /* From the server's. A dial that failed before is not tried again at once, unless the address is told anew. */
  party_clear (&stranger);
  party_init (&stranger, 3);
  party_learn (&stranger, &f->client, address);
  connection = party_connect (&stranger, &f->client);
  assert_not_served (&stranger, connection, PARTY_SECRET);
  assert_not_served (&stranger, connection, PEERUP_IDENTIFY_PROTOCOL);
  assert_not_served (&stranger, connection, PEERUP_IDENTIFY_PUSH_PROTOCOL);
  assert_not_served (&stranger, connection, PEERUP_AUTONAT_DIAL_REQUEST);
  assert_nonce_is_dropped (&stranger, connection);
  /* One at a time. */
  party_clear (&second);
  party_init (&second, 4);
  assert_refused (&second, f, address);
  /* Who opens stream after stream is cut off. */
  for (guint i = 0; i < 20 && error == NULL; i++)
    {
      g_autoptr (GError) refused = refused_stream (&stranger, connection, PARTY_SECRET);

      if (!g_error_matches (refused, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION))
        error = g_steal_pointer (&refused);
    }
  g_assert_nonnull (error);
  /* It is nobody for the swarm. */
  g_assert_cmpuint (f->client.opened, ==, 1);
  g_assert_cmpuint (f->client.n_streams, ==, 0);
  {
    g_autoptr (GPtrArray) none = peerup_swarm_dup_connections (f->client.swarm, party_id (&stranger));

    g_assert_cmpuint (none->len, ==, 0);
  }
  g_assert_false (peerup_connection_is_closed (connection));
  dex_promise_resolve_boolean (released, TRUE);
  dex_unref (test_finish (dex_ref (check)));
  g_assert_true (dex_future_is_resolved (check));
  dex_clear (&check);
  dex_unref (test_finish (peerup_connection_wait_closed (connection)));
  party_clear (&stranger);
  party_init (&stranger, 3);
  assert_refused (&stranger, f, address);
  test_spin ();
  g_assert_finalize_object (g_steal_pointer (&identify));
  dex_clear (&hanging);
  dex_clear (&released);
}

/* Those who come and go are counted too. */
static void
test_many_strangers (Fixture *f, gconstpointer data)
{
  g_auto (Party) server = { 0 };
  g_autoptr (DexFuture) check = NULL;

  hanging = dex_promise_new ();
  released = dex_promise_new ();
  start_server (f, &server, 2, hangs);
  check = begin_check (f, &server, test_deadline ());
  dex_unref (test_finish (dex_ref (hanging)));
  for (guint i = 0; i < 4; i++)
    {
      g_auto (Party) stranger = { 0 };
      g_autoptr (PeerupConnection) connection = NULL;
      g_autoptr (PeerupMultiaddr) from = NULL;
      guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

      party_init (&stranger, 10 + i);
      party_learn (&stranger, &f->client, f->tcp);
      connection = party_connect (&stranger, &f->client);
      /* Our side may be done first. */
      from = peerup_multiaddr_newf ("/ip4/" INTERNET_SERVER "/tcp/1");
      while (peerup_autonat_expects (f->asking, from))
        g_main_context_iteration (NULL, TRUE);
      party_clear (&stranger);
      while (i < 3 && !peerup_autonat_expects (f->asking, from))
        g_main_context_iteration (NULL, TRUE);
      g_source_remove (guard);
    }
  {
    g_auto (Party) one_more = { 0 };

    party_init (&one_more, 20);
    assert_refused (&one_more, f, f->tcp);
  }
  dex_promise_resolve_boolean (released, TRUE);
  dex_unref (test_finish (dex_ref (check)));
  dex_clear (&check);
  test_spin ();
  dex_clear (&hanging);
  dex_clear (&released);
}

int
main (int argc, char **argv)
{
  const char *missing = internet_enter ();

  g_test_init (&argc, &argv, NULL);
  dex_init ();
  if (missing != NULL)
    {
      g_print ("1..0 # SKIP %s\n", missing);
      return 0;
    }
#define ADD(name, func, data) g_test_add ("/protocols/autonat-client/" name, Fixture, data, set_up, func, tear_down)
  ADD ("lies", test_lies, NULL);
  ADD ("hang", test_hang, NULL);
  ADD ("stranger/tcp", test_stranger, "tcp");
  ADD ("stranger/quic", test_stranger, "quic");
  ADD ("many-strangers", test_many_strangers, NULL);
  return g_test_run ();
}
