/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* See internet.h. */

#include "internet.h"

#include <sched.h>

#include "../transport/transport-test.h"

static const char commands[] =
  "link set lo up\n"
  "address add " INTERNET_CLIENT "/32 dev lo\n"
  "address add " INTERNET_CLIENT_2 "/32 dev lo\n"
  "address add " INTERNET_CLIENT_3 "/32 dev lo\n"
  "address add " INTERNET_SERVER "/32 dev lo\n"
  "address add " INTERNET_STRANGER "/32 dev lo\n"
  "route replace local " INTERNET_CLIENT " dev lo table local src " INTERNET_SERVER "\n"
  "route replace local " INTERNET_CLIENT_2 " dev lo table local src " INTERNET_SERVER "\n"
  "route replace local " INTERNET_CLIENT_3 " dev lo table local src " INTERNET_STRANGER "\n"
  "route replace local " INTERNET_SERVER " dev lo table local src " INTERNET_CLIENT "\n"
  "route replace local " INTERNET_STRANGER " dev lo table local src " INTERNET_SERVER "\n";

const char *
internet_enter (void)
{
  g_autoptr (GSubprocess) ip = NULL;
  g_autoptr (GError) error = NULL;

  if (unshare (CLONE_NEWNET) != 0)
    return "No network namespace may be made here";
  ip = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "ip", "-batch", "-", NULL);
  if (ip == NULL)
    return "There is no ip command here";
  if (!g_subprocess_communicate_utf8 (ip, commands, NULL, NULL, NULL, &error) || !g_subprocess_get_successful (ip))
    return "The addresses of a test cannot be set here";
  return NULL;
}

static gboolean
gate (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data, GError **error)
{
  Party *self = data;

  if (outbound || self->allowed == NULL ||
      g_ptr_array_find_with_equal_func (self->allowed, peer, peerup_peer_id_equal, NULL))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "not on the list");
  return FALSE;
}

static void
on_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  ((Party *) data)->opened++;
}

static void
on_refused (PeerupSwarm *swarm, PeerupPeerId *peer, const char *address, const char *reason, gpointer data)
{
  ((Party *) data)->refused++;
}

static void
on_secret (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  ((Party *) data)->n_streams++;
  g_object_unref (stream);
}

void
party_init (Party *self, guint8 seed)
{
  g_autoptr (PeerupPrivateKey) identity = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bytes[32];

  memset (bytes, seed, sizeof bytes);
  identity = peerup_private_key_new_from_seed (bytes, NULL);
  *self = (Party) { .swarm = peerup_swarm_new (identity, &error) };
  g_assert_no_error (error);
  g_signal_connect (self->swarm, "connection-opened", G_CALLBACK (on_opened), self);
  g_signal_connect (self->swarm, "refused", G_CALLBACK (on_refused), self);
  peerup_swarm_set_gate (self->swarm, gate, self, NULL);
  peerup_swarm_add_protocol (self->swarm, PARTY_SECRET, on_secret, self, NULL);
}

void
party_clear (Party *self)
{
  gpointer gone = self->swarm;

  if (self->swarm == NULL)
    return;
  dex_unref (test_finish (peerup_swarm_close (self->swarm)));
  g_object_add_weak_pointer (G_OBJECT (self->swarm), &gone);
  g_object_unref (self->swarm);
  test_wait_gone (&gone);
  g_clear_pointer (&self->allowed, g_ptr_array_unref);
  self->swarm = NULL;
}

PeerupPeerId *
party_id (Party *self)
{
  return peerup_swarm_get_peer_id (self->swarm);
}

void
party_allow (Party *self, Party *other)
{
  if (self->allowed == NULL)
    self->allowed = g_ptr_array_new ();
  if (other != NULL)
    g_ptr_array_add (self->allowed, party_id (other));
}

PeerupMultiaddr *
party_listen (Party *self, const char *address)
{
  g_autoptr (PeerupMultiaddr) parsed = peerup_multiaddr_newf ("%s", address);
  g_autoptr (DexFuture) listening = test_finish (peerup_swarm_listen (self->swarm, parsed));
  g_autoptr (GPtrArray) all = peerup_swarm_dup_listen_addresses (self->swarm);

  g_assert_true (dex_future_is_resolved (listening));
  return peerup_multiaddr_ref (all->pdata[all->len - 1]);
}

void
party_learn (Party *self, Party *other, PeerupMultiaddr *address)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  g_ptr_array_add (addresses, address);
  peerup_swarm_add_addresses (self->swarm, party_id (other), addresses);
}

PeerupConnection *
party_connect (Party *self, Party *other)
{
  g_autoptr (GError) error = NULL;
  PeerupConnection *connection = test_take_object (peerup_swarm_connect (self->swarm, party_id (other)), &error);

  g_assert_no_error (error);
  return connection;
}
