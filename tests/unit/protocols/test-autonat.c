/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Client and server of AutoNAT v2 against each other, on hosts of the internet. Those that lie have files of their
 * own: test-autonat-client.c and test-autonat-server.c. */

#include "protocols/peerup-autonat.h"

#include "../transport/transport-test.h"
#include "internet.h"

typedef struct
{
  Party client;
  Party server;
  PeerupAutonat *asking;
  PeerupAutonat *serving;
  PeerupMultiaddr *tcp; /* where the client listens */
  PeerupMultiaddr *quic;
} Fixture;

/* The client's gate lets nobody in. */
static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupMultiaddr) at = NULL;

  party_init (&f->client, 1);
  party_init (&f->server, 2);
  party_allow (&f->client, NULL);
  f->tcp = party_listen (&f->client, "/ip4/" INTERNET_CLIENT "/tcp/0");
  f->quic = party_listen (&f->client, "/ip4/" INTERNET_CLIENT "/udp/0/quic-v1");
  at = party_listen (&f->server, "/ip4/" INTERNET_SERVER "/tcp/0");
  party_learn (&f->client, &f->server, at);
  f->asking = peerup_autonat_new (f->client.swarm);
  f->serving = peerup_autonat_new (f->server.swarm);
  peerup_autonat_set_serving (f->serving, TRUE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->asking);
  g_assert_finalize_object (f->serving);
  g_clear_pointer (&f->tcp, peerup_multiaddr_unref);
  g_clear_pointer (&f->quic, peerup_multiaddr_unref);
  party_clear (&f->client);
  party_clear (&f->server);
}

/* (transfer full) */
static PeerupAutonatAnswer *
check (Fixture *f, PeerupMultiaddr *address, GError **error)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  g_autoptr (DexFuture) checking = NULL;
  const GValue *value;

  g_ptr_array_add (addresses, address);
  checking = test_finish (peerup_autonat_check (f->asking, party_id (&f->server), addresses, test_deadline ()));
  value = dex_future_get_value (checking, error);
  return value != NULL ? g_value_dup_boxed (value) : NULL;
}

static void
answer_free (PeerupAutonatAnswer *answer)
{
  g_boxed_free (PEERUP_TYPE_AUTONAT_ANSWER, answer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupAutonatAnswer, answer_free)

static void
assert_reachable (Fixture *f, PeerupMultiaddr *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupAutonatAnswer) answer = check (f, address, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (answer->reason, ==, NULL);
  g_assert_cmpint (answer->verdict, ==, PEERUP_AUTONAT_REACHABLE);
  g_assert_true (peerup_multiaddr_equal (answer->address, address));
  g_assert_true (peerup_multiaddr_equal (answer->local, address));
  g_assert_true (g_str_has_prefix (peerup_multiaddr_get_string (answer->remote), "/ip4/" INTERNET_SERVER "/"));
  /* The server's own connection alone: a dial-back is none of the swarm. */
  g_assert_cmpuint (f->client.opened, ==, 1);
  g_assert_cmpuint (f->client.refused, ==, 0);
}

static void
test_reachable (Fixture *f, gconstpointer data)
{
  assert_reachable (f, f->tcp);
  assert_reachable (f, f->quic);
}

static void
test_unreachable (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupMultiaddr) nobody = peerup_multiaddr_newf ("/ip4/" INTERNET_CLIENT "/tcp/9");
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupAutonatAnswer) answer = check (f, nobody, &error);

  g_assert_no_error (error);
  g_assert_cmpint (answer->verdict, ==, PEERUP_AUTONAT_UNREACHABLE);
  g_assert_true (peerup_multiaddr_equal (answer->address, nobody));
}

/* Another address than the one that the server sees costs data, and is then dialed too. */
static void
test_dial_data (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupMultiaddr) other = party_listen (&f->client, "/ip4/" INTERNET_CLIENT_2 "/tcp/0");
  g_autoptr (PeerupConnection) connection = party_connect (&f->client, &f->server);
  guint64 received, before, after;

  peerup_connection_get_bytes (connection, &received, &before);
  assert_reachable (f, other);
  peerup_connection_get_bytes (connection, &received, &after);
  g_assert_cmpuint (after - before, >=, 30000);
  g_assert_cmpuint (after - before, <=, 100000 + 10000);
}

static void
test_not_serving (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  peerup_autonat_set_serving (f->serving, FALSE);
  g_assert_null (check (f, f->tcp, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
}

/* Nothing is asked for addresses that are not of the internet, and of one server one thing at a time. */
static void
test_arguments (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupMultiaddr) private = peerup_multiaddr_newf ("/ip4/192.168.1.2/tcp/4001");
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  g_autoptr (DexFuture) first = NULL;
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) busy = NULL;

  g_assert_null (check (f, private, &none));
  g_assert_error (none, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_ptr_array_add (addresses, f->tcp);
  first = peerup_autonat_check (f->asking, party_id (&f->server), addresses, test_deadline ());
  busy = test_take_error (peerup_autonat_check (f->asking, party_id (&f->server), addresses, test_deadline ()));
  g_assert_error (busy, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  dex_unref (test_finish (dex_ref (first)));
  g_assert_true (dex_future_is_resolved (first));
}

/* A check that is given up leaves nothing behind. */
static void
test_given_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  g_ptr_array_add (addresses, f->tcp);
  dex_unref (peerup_autonat_check (f->asking, party_id (&f->server), addresses, test_deadline ()));
  test_spin ();
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
#define ADD(name, func) g_test_add ("/protocols/autonat/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("reachable", test_reachable);
  ADD ("unreachable", test_unreachable);
  ADD ("dial-data", test_dial_data);
  ADD ("not-serving", test_not_serving);
  ADD ("arguments", test_arguments);
  ADD ("given-up", test_given_up);
  return g_test_run ();
}
