/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Strangers at a relay's rendezvous: who comes by a pass, for how long, and for what. */

#include "rendezvous-world.h"

#include "trust/peerup-expires.h"

static gint64
soon (void)
{
  return g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
}

static gboolean
has_no_guests (World *self)
{
  return peerup_swarm_get_n_guests (self->relay.swarm) == 0;
}

static gboolean
has_ended_one (World *self)
{
  return self->n_ended == 1 && node_n_connections (&self->relay, &self->stranger) == 0;
}

/* Without an invite that has a pass, strangers are strangers. */
static DexFuture *
test_no_pass (gpointer data)
{
  World *self = data;

  world_show (self, &self->stranger, 42, &self->a, 5, PEERUP_ERROR_DENIED);
  world_register (self, &self->a, 42, 0, 0, -1);
  world_show (self, &self->stranger, 42, &self->a, 5, PEERUP_ERROR_DENIED);
  world_find (self, &self->stranger, 42, NULL, PEERUP_ERROR_DENIED);
  g_assert_cmpuint (self->relay.refused, >, 0);
  return NULL;
}

/* By a pass to one invite, and to all that it is for; the connection that it was shown on is nobody's then. */
static DexFuture *
test_right_pass (gpointer data)
{
  World *self = data;

  world_register (self, &self->a, 42, 5, 200, -1);
  world_register (self, &self->b, 43, 6, 200, -1);
  world_show (self, &self->stranger, 42, &self->a, 5, -1);
  g_assert_cmpuint (node_n_connections (&self->relay, &self->stranger), ==, 0);
  world_find (self, &self->stranger, 42, &self->a, -1);
  g_assert_cmpuint (node_n_connections (&self->relay, &self->stranger), ==, 1);
  world_await (has_no_guests, self);
  world_leave (self, &self->stranger, 42, &self->a, 8, -1);
  world_find (self, &self->stranger, 42, NULL, PEERUP_ERROR_DENIED);
  world_find (self, &self->stranger, 43, &self->b, PEERUP_ERROR_DENIED);
  world_leave (self, &self->stranger, 43, &self->b, 8, PEERUP_ERROR_DENIED);
  world_register (self, &self->stranger, 44, 0, 0, PEERUP_ERROR_DENIED);
  world_expect (peerup_rendezvous_fetch (self->stranger.swarm, node_id (&self->relay), 42, soon ()),
                PEERUP_ERROR_DENIED);
  world_expect (peerup_rendezvous_unregister (self->stranger.swarm, node_id (&self->relay), 42, node_id (&self->other),
                                              PEERUP_EXPIRES_NEVER, NULL, soon ()),
                PEERUP_ERROR_DENIED);
  g_assert_true (peerup_rendezvous_server_is_visitor (self->server, node_id (&self->stranger)));
  g_assert_true (peerup_rendezvous_server_may_reach (self->server, node_id (&self->stranger), node_id (&self->a)));
  g_assert_false (peerup_rendezvous_server_may_reach (self->server, node_id (&self->stranger), node_id (&self->b)));
  /* A second one, on the connection that is there now. */
  world_show (self, &self->stranger, 43, &self->b, 6, -1);
  g_assert_cmpuint (node_n_connections (&self->relay, &self->stranger), ==, 1);
  world_find (self, &self->stranger, 43, &self->b, -1);
  return NULL;
}

/* A peer that needs none shows it all the same, and is what it was. */
static DexFuture *
test_pass_of_a_member (gpointer data)
{
  World *self = data;

  world_register (self, &self->a, 42, 5, 0, -1);
  world_show (self, &self->b, 42, &self->a, 5, -1);
  g_assert_false (peerup_rendezvous_server_is_visitor (self->server, node_id (&self->b)));
  g_assert_cmpuint (node_n_connections (&self->relay, &self->b), ==, 1);
  world_show (self, &self->b, 42, &self->a, 6, PEERUP_ERROR_DENIED);
  g_assert_cmpuint (g_hash_table_size (self->admitted), ==, 0);
  return NULL;
}

static DexFuture *
test_wrong_pass (gpointer data)
{
  World *self = data;
  PeerupRendezvousFigures figures;

  world_register (self, &self->a, 42, 5, 0, -1);
  world_show (self, &self->stranger, 42, &self->a, 6, PEERUP_ERROR_DENIED);
  world_show (self, &self->stranger, 43, &self->a, 5, PEERUP_ERROR_DENIED);
  world_show (self, &self->stranger, 42, &self->b, 5, PEERUP_ERROR_DENIED);
  /* Three times: from that address not even the right one, for a while; and nobody else comes from there. */
  world_show (self, &self->stranger, 42, &self->a, 5, PEERUP_ERROR_LIMIT);
  world_show (self, &self->other, 42, &self->a, 5, PEERUP_ERROR_DENIED);
  g_assert_cmpuint (g_hash_table_size (self->admitted), ==, 0);
  peerup_rendezvous_server_get_figures (self->server, &figures);
  g_assert_cmpuint (figures.passes_wrong, ==, 3);
  g_assert_cmpuint (figures.passes_shown, ==, 0);
  return NULL;
}

/* All that a guest gets is to show a pass. */
static DexFuture *
test_guest (gpointer data)
{
  static const char *const echo[] = { NODE_ECHO, NULL };
  World *self = data;

  world_register (self, &self->a, 42, 5, 0, -1);
  world_find (self, &self->stranger, 42, &self->a, PEERUP_ERROR_DENIED);
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->relay.swarm), ==, 1);
  world_expect (peerup_swarm_open_stream (self->stranger.swarm, node_id (&self->relay), echo, soon ()),
                PEERUP_ERROR_NEGOTIATION);
  world_register (self, &self->stranger, 44, 0, 0, PEERUP_ERROR_DENIED);
  world_leave (self, &self->stranger, 42, &self->a, 8, PEERUP_ERROR_DENIED);
  /* The last invite with a pass is over, and so is being a guest. */
  world_expect (peerup_rendezvous_unregister (self->a.swarm, node_id (&self->relay), 42, NULL, 0, NULL, soon ()), -1);
  world_await (has_no_guests, self);
  world_find (self, &self->stranger, 42, &self->a, PEERUP_ERROR_DENIED);
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->relay.swarm), ==, 0);
  return NULL;
}

/* From one address come so many at once. */
static DexFuture *
test_many_guests (gpointer data)
{
  World *self = data;

  world_register (self, &self->a, 42, 5, 0, -1);
  for (guint i = 0; i < G_N_ELEMENTS (self->more); i++)
    {
      node_init (&self->more[i], 100 + i, NODE_SILENT);
      node_learn (&self->more[i], &self->relay);
      world_find (self, &self->more[i], 42, &self->a, PEERUP_ERROR_DENIED);
    }
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->relay.swarm), ==, PEERUP_RENDEZVOUS_GUESTS_OF_HOST);
  for (guint i = 0; i < G_N_ELEMENTS (self->more); i++)
    peerup_swarm_disconnect (self->more[i].swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  world_await (has_no_guests, self);
  world_show (self, &self->more[0], 42, &self->a, 5, -1);
  return NULL;
}

/* Somebody who has come goes when the invite does. */
static DexFuture *
test_end (gpointer data)
{
  World *self = data;

  world_register (self, &self->a, 42, 5, 0, -1);
  world_show (self, &self->stranger, 42, &self->a, 5, -1);
  world_find (self, &self->stranger, 42, &self->a, -1);
  world_expect (peerup_rendezvous_unregister (self->a.swarm, node_id (&self->relay), 42, NULL, 0, NULL, soon ()), -1);
  world_await (has_ended_one, self);
  world_find (self, &self->stranger, 42, &self->a, PEERUP_ERROR_DENIED);
  return NULL;
}

/* The same by the clock. */
static DexFuture *
test_expiry (gpointer data)
{
  World *self = data;
  g_autoptr (GBytes) hash = part_hash (5);
  g_autoptr (GBytes) sealed = part_sealed (1, 100);

  world_expect (peerup_rendezvous_register (self->a.swarm, node_id (&self->relay), 42, world_in (3),
                                            g_bytes_get_data (hash, NULL), sealed, soon ()),
                -1);
  g_assert_cmpuint (part_count_files (self->directory), ==, 1);
  world_show (self, &self->stranger, 42, &self->a, 5, -1);
  world_await (has_ended_one, self);
  g_assert_cmpuint (part_count_files (self->directory), ==, 0);
  g_assert_cmpuint (peerup_rendezvous_server_get_n_numbers (self->server), ==, 0);
  return NULL;
}

/* Who has joined stays; the others go. */
static DexFuture *
test_sponsor (gpointer data)
{
  World *self = data;
  gint64 until = world_in (3600);

  world_register (self, &self->a, 42, 5, 0, -1);
  world_show (self, &self->stranger, 42, &self->a, 5, -1);
  world_show (self, &self->other, 42, &self->a, 5, -1);
  world_find (self, &self->stranger, 42, &self->a, -1);
  world_expect (peerup_rendezvous_unregister (self->a.swarm, node_id (&self->relay), 42, node_id (&self->stranger),
                                              until, "Laptop", soon ()),
                -1);
  g_assert_true (peerup_peer_id_equal (self->sponsored, node_id (&self->stranger)));
  g_assert_cmpint (ABS (self->sponsored_until - until), <=, 60);
  g_assert_cmpstr (self->sponsored_name, ==, "Laptop");
  g_assert_cmpuint (self->n_ended, ==, 1);
  g_assert_false (g_hash_table_contains (self->admitted, node_id (&self->other)));
  g_assert_cmpuint (node_n_connections (&self->relay, &self->stranger), ==, 1);
  g_assert_false (peerup_rendezvous_server_is_visitor (self->server, node_id (&self->stranger)));
  world_find (self, &self->stranger, 42, NULL, PEERUP_ERROR_NOT_FOUND);
  /* Somebody who never was here, on the word of an inviter whose number is gone; and for ever. */
  world_expect (peerup_rendezvous_unregister (self->a.swarm, node_id (&self->relay), 42, node_id (&self->other),
                                              PEERUP_EXPIRES_NEVER, NULL, soon ()),
                -1);
  g_assert_true (peerup_peer_id_equal (self->sponsored, node_id (&self->other)));
  g_assert_cmpint (self->sponsored_until, ==, PEERUP_EXPIRES_NEVER);
  return NULL;
}

/* The number is free though nobody is taken up. */
static DexFuture *
test_no_sponsor (gpointer data)
{
  World *self = data;

  self->sponsors = FALSE;
  world_register (self, &self->a, 42, 5, 0, -1);
  world_show (self, &self->stranger, 42, &self->a, 5, -1);
  world_expect (peerup_rendezvous_unregister (self->a.swarm, node_id (&self->relay), 42, node_id (&self->stranger),
                                              PEERUP_EXPIRES_NEVER, NULL, soon ()),
                PEERUP_ERROR_DENIED);
  g_assert_cmpuint (peerup_rendezvous_server_get_n_numbers (self->server), ==, 0);
  g_assert_cmpuint (self->n_ended, ==, 1);
  return NULL;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  WORLD_ADD ("/relay/rendezvous-pass/no-pass", test_no_pass);
  WORLD_ADD ("/relay/rendezvous-pass/right-pass", test_right_pass);
  WORLD_ADD ("/relay/rendezvous-pass/pass-of-a-member", test_pass_of_a_member);
  WORLD_ADD ("/relay/rendezvous-pass/wrong-pass", test_wrong_pass);
  WORLD_ADD ("/relay/rendezvous-pass/guest", test_guest);
  WORLD_ADD ("/relay/rendezvous-pass/many-guests", test_many_guests);
  WORLD_ADD ("/relay/rendezvous-pass/end", test_end);
  WORLD_ADD ("/relay/rendezvous-pass/expiry", test_expiry);
  WORLD_ADD ("/relay/rendezvous-pass/sponsor", test_sponsor);
  WORLD_ADD ("/relay/rendezvous-pass/no-sponsor", test_no_sponsor);
  return g_test_run ();
}
