/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* See rendezvous-world.h. */

#include "rendezvous-world.h"

static gboolean
is_member (PeerupPeerId *peer, gpointer data)
{
  return g_hash_table_contains (((World *) data)->members, peer);
}

static gboolean
gate (PeerupPeerId *peer, PeerupMultiaddr *remote, gboolean outbound, gpointer data, GError **error)
{
  World *self = data;

  if (outbound || is_member (peer, self) || g_hash_table_contains (self->admitted, peer))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "not on the list");
  return FALSE;
}

static void
admit_until (PeerupPeerId *peer, gint64 until, gpointer data)
{
  World *self = data;

  if (until > 0)
    {
      g_hash_table_add (self->admitted, peerup_peer_id_ref (peer));
      return;
    }
  self->n_ended++;
  g_assert_true (g_hash_table_remove (self->admitted, peer));
  peerup_swarm_disconnect (self->relay.swarm, peer, PEERUP_CONNECTION_CODE_GATED);
}

static gboolean
sponsor (PeerupPeerId *inviter, PeerupPeerId *joined, gint64 until, const char *name, gpointer data, GError **error)
{
  World *self = data;

  if (!self->sponsors)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_DENIED, "not in this test");
      return FALSE;
    }
  g_hash_table_add (self->members, peerup_peer_id_ref (joined));
  self->sponsored = joined;
  self->sponsored_until = until;
  g_free (self->sponsored_name);
  self->sponsored_name = g_strdup (name);
  return TRUE;
}

static GHashTable *
new_peer_set (void)
{
  return g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
}

static void
begin_server (World *self)
{
  const PeerupRendezvousHost host = {
    .is_member = is_member,
    .admit_until = admit_until,
    .sponsor = sponsor,
    .data = self,
  };

  self->server = peerup_rendezvous_server_new (self->relay.swarm, &host, self->directory);
}

static void
init_peer (World *self, Node *node, guint8 seed, gboolean is_known)
{
  node_init (node, seed, NODE_SILENT);
  node_learn (node, &self->relay);
  if (is_known)
    g_hash_table_add (self->members, peerup_peer_id_ref (node_id (node)));
}

void
world_set_up (World *self, gconstpointer data)
{
  g_autofree char *parent = part_directory ();

  *self = (World) { .members = new_peer_set (), .admitted = new_peer_set (), .sponsors = TRUE };
  self->directory = g_build_filename (parent, "rendezvous", NULL);
  node_init (&self->relay, 1, NODE_TCP);
  peerup_swarm_set_gate (self->relay.swarm, gate, self, NULL);
  init_peer (self, &self->a, 2, TRUE);
  init_peer (self, &self->b, 3, TRUE);
  init_peer (self, &self->stranger, 4, FALSE);
  init_peer (self, &self->other, 5, FALSE);
  begin_server (self);
}

void
world_tear_down (World *self, gconstpointer data)
{
  g_autofree char *parent = g_path_get_dirname (self->directory);

  g_clear_pointer (&self->server, peerup_rendezvous_server_free);
  node_clear (&self->a);
  node_clear (&self->b);
  node_clear (&self->stranger);
  node_clear (&self->other);
  for (guint i = 0; i < G_N_ELEMENTS (self->more); i++)
    node_clear (&self->more[i]);
  node_clear (&self->relay);
  g_hash_table_unref (self->members);
  g_hash_table_unref (self->admitted);
  part_remove_directory (parent);
  g_free (self->directory);
  g_free (self->sponsored_name);
}

void
world_run (World *self, gconstpointer data)
{
  test_run_fiber ((DexFiberFunc) data, self);
}

void
world_restart (World *self)
{
  peerup_rendezvous_server_free (self->server);
  g_hash_table_remove_all (self->admitted);
  begin_server (self);
}

void
world_expect (DexFuture *answer, int code)
{
  g_autoptr (GError) error = NULL;
  gboolean is_well = dex_await (answer, &error);

  if (code == -1)
    g_assert_no_error (error);
  else
    g_assert_error (error, PEERUP_ERROR, code);
  g_assert_cmpint (is_well, ==, code == -1);
}

gint64
world_in (gint64 seconds)
{
  return g_get_real_time () / G_USEC_PER_SEC + seconds;
}

static gint64
soon (void)
{
  return g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
}

void
world_register (World *self, Node *inviter, guint number, guint8 pass, gsize sealed, int code)
{
  g_autoptr (GBytes) hash = pass != 0 ? part_hash (pass) : NULL;
  g_autoptr (GBytes) bytes = sealed > 0 ? part_sealed (7, sealed) : NULL;

  world_expect (peerup_rendezvous_register (inviter->swarm, node_id (&self->relay), number, world_in (600),
                                            hash != NULL ? g_bytes_get_data (hash, NULL) : NULL, bytes, soon ()),
                code);
}

void
world_find (World *self, Node *joiner, guint number, Node *inviter, int code)
{
  world_expect (peerup_rendezvous_find (joiner->swarm, node_id (&self->relay), number,
                                        inviter != NULL ? node_id (inviter) : NULL, soon ()),
                code);
}

void
world_show (World *self, Node *joiner, guint number, Node *inviter, guint8 fill, int code)
{
  guint8 pass[PEERUP_RENDEZVOUS_PASS_LENGTH];

  part_pass (fill, pass);
  world_expect (peerup_rendezvous_present_pass (joiner->swarm, node_id (&self->relay), number, node_id (inviter), pass,
                                                soon ()),
                code);
}

void
world_leave (World *self, Node *joiner, guint number, Node *inviter, guint8 fill, int code)
{
  g_autoptr (GBytes) sealed = part_sealed (fill, 100);

  world_expect (peerup_rendezvous_leave (joiner->swarm, node_id (&self->relay), number, node_id (inviter), sealed,
                                         soon ()),
                code);
}

PeerupRendezvousAnswers *
world_fetch (World *self, Node *inviter, guint number)
{
  g_autoptr (GError) error = NULL;
  PeerupRendezvousAnswers *answers =
    dex_await_boxed (peerup_rendezvous_fetch (inviter->swarm, node_id (&self->relay), number, soon ()), &error);

  g_assert_no_error (error);
  return answers;
}

void
world_await (gboolean (*is_so) (World *self), World *self)
{
  gint64 deadline = soon ();

  while (!is_so (self))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      dex_await (dex_timeout_new_msec (5), NULL);
    }
}
