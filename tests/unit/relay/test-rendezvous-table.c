/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a relay keeps of invites, with literal times. */

#include "relay/peerup-rendezvous-table.h"

#include "rendezvous-parts.h"

#define NOW G_GINT64_CONSTANT (1700000000)

typedef struct
{
  PeerupRendezvousTable *table;
  PeerupPeerId *a, *b, *c;
  gboolean refuses; /* to keep */
  guint n_kept, n_forgotten, n_gone;
  guint n_left; /* with what was kept last */
  PeerupPeerId *gone;
} Fixture;

static gboolean
keep (const PeerupRendezvousKept *invite, gpointer data, GError **error)
{
  Fixture *self = data;

  g_assert_nonnull (invite->sealed);
  if (self->refuses)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "full");
      return FALSE;
    }
  self->n_kept++;
  self->n_left = invite->left->len;
  return TRUE;
}

static void
forget (const PeerupRendezvousKept *invite, gpointer data)
{
  ((Fixture *) data)->n_forgotten++;
}

static void
gone (PeerupPeerId *visitor, gpointer data)
{
  Fixture *self = data;

  self->n_gone++;
  g_clear_pointer (&self->gone, peerup_peer_id_unref);
  self->gone = peerup_peer_id_ref (visitor);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  static const PeerupRendezvousTableFuncs funcs = { keep, forget, gone };

  *self = (Fixture) { .a = part_peer (1), .b = part_peer (2), .c = part_peer (3) };
  self->table = peerup_rendezvous_table_new (&funcs, self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_rendezvous_table_free (self->table);
  peerup_peer_id_unref (self->a);
  peerup_peer_id_unref (self->b);
  peerup_peer_id_unref (self->c);
  g_clear_pointer (&self->gone, peerup_peer_id_unref);
}

static PeerupRendezvousStatus
do_register (Fixture *self, PeerupPeerId *inviter, guint number, guint32 ttl, guint8 pass, gsize sealed, gint64 now)
{
  g_autoptr (PeerupRendezvousRequest) request = part_register (number, ttl, pass, sealed);
  g_autoptr (GError) error = NULL;
  PeerupRendezvousStatus status = peerup_rendezvous_table_register (self->table, inviter, request, now, &error);

  g_assert_cmpint (status == PEERUP_RENDEZVOUS_LIMIT || status == PEERUP_RENDEZVOUS_UNAVAILABLE, ==, error != NULL);
  return status;
}

static PeerupRendezvousStatus
do_show (Fixture *self, PeerupPeerId *visitor, guint number, PeerupPeerId *inviter, guint8 pass, gint64 now)
{
  g_autoptr (PeerupRendezvousRequest) request = part_show (number, inviter, pass);

  return peerup_rendezvous_table_show (self->table, visitor, request, now);
}

static PeerupRendezvousStatus
do_leave (Fixture *self, PeerupPeerId *joiner, guint number, PeerupPeerId *inviter, guint8 fill, gsize length)
{
  g_autoptr (PeerupRendezvousRequest) request = part_leave (number, inviter, fill, length);
  g_autoptr (GError) error = NULL;

  return peerup_rendezvous_table_leave (self->table, joiner, request, NOW, &error);
}

static void
assert_found (Fixture *self, guint number, PeerupPeerId *asked, gint64 now, PeerupPeerId *expected)
{
  const PeerupRendezvousKept *invite = peerup_rendezvous_table_find (self->table, number, asked, now);

  if (expected == NULL)
    g_assert_null (invite);
  else
    g_assert_true (peerup_peer_id_equal (invite->inviter, expected));
}

static void
test_register_and_find (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (do_register (self, self->a, 42, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
  assert_found (self, 42, NULL, NOW, self->a);
  assert_found (self, 42, self->a, NOW, self->a);
  assert_found (self, 42, self->b, NOW, NULL);
  assert_found (self, 43, NULL, NOW, NULL);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_numbers (self->table), ==, 1);
  g_assert_cmpuint (self->n_kept, ==, 0);
  g_assert_true (peerup_rendezvous_table_unregister (self->table, self->a, 42));
  g_assert_false (peerup_rendezvous_table_unregister (self->table, self->a, 42));
  assert_found (self, 42, NULL, NOW, NULL);
}

/* It is over at its end, and the second before it is not. */
static void
test_expiry (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 1, 600, 5, 100, NOW);
  do_register (self, self->b, 2, 60, 0, 0, NOW);
  g_assert_cmpint (peerup_rendezvous_table_get_next_end (self->table), ==, NOW + 60);
  peerup_rendezvous_table_advance (self->table, NOW + 59);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_numbers (self->table), ==, 2);
  assert_found (self, 2, NULL, NOW + 59, self->b);
  assert_found (self, 2, NULL, NOW + 60, NULL);
  peerup_rendezvous_table_advance (self->table, NOW + 60);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_numbers (self->table), ==, 1);
  g_assert_cmpint (peerup_rendezvous_table_get_next_end (self->table), ==, NOW + 600);
  g_assert_cmpint (do_show (self, self->c, 1, self->a, 5, NOW + 599), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_true (peerup_rendezvous_table_is_visitor (self->table, self->c, NULL, NOW + 599));
  g_assert_false (peerup_rendezvous_table_is_visitor (self->table, self->c, NULL, NOW + 600));
  peerup_rendezvous_table_advance (self->table, NOW + 600);
  g_assert_cmpuint (self->n_forgotten, ==, 1);
  g_assert_cmpuint (self->n_gone, ==, 1);
  g_assert_true (peerup_peer_id_equal (self->gone, self->c));
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 0);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_passes (self->table), ==, 0);
  g_assert_cmpint (peerup_rendezvous_table_get_next_end (self->table), ==, G_MAXINT64);
}

/* By the number alone the first is found, until he goes; who names the inviter finds either. */
static void
test_taken (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 7, 600, 0, 0, NOW);
  g_assert_cmpint (do_register (self, self->b, 7, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_TAKEN);
  assert_found (self, 7, NULL, NOW, self->a);
  assert_found (self, 7, self->b, NOW, self->b);
  g_assert_cmpint (do_register (self, self->a, 7, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
  peerup_rendezvous_table_unregister (self->table, self->a, 7);
  assert_found (self, 7, NULL, NOW, NULL);
  assert_found (self, 7, self->b, NOW, self->b);
  g_assert_cmpint (do_register (self, self->b, 7, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
  assert_found (self, 7, NULL, NOW, self->b);
}

static void
test_replace (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 7, 60, 5, 100, NOW);
  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 1, 50), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_show (self, self->c, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 150);

  /* More time for the same invite: all stays. */
  g_assert_cmpint (do_register (self, self->a, 7, 600, 5, 200, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (peerup_rendezvous_table_get_next_end (self->table), ==, NOW + 600);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 250);
  g_assert_cmpuint (self->n_left, ==, 1);
  g_assert_cmpuint (self->n_gone, ==, 0);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_numbers (self->table), ==, 1);

  /* Another invite of that number. */
  g_assert_cmpint (do_register (self, self->a, 7, 600, 6, 200, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 200);
  g_assert_cmpuint (self->n_gone, ==, 1);
  g_assert_cmpint (do_show (self, self->c, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_DENIED);
  g_assert_cmpuint (self->n_forgotten, ==, 0);

  /* And one of which nothing is left here. */
  g_assert_cmpint (do_register (self, self->a, 7, 600, 6, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpuint (self->n_forgotten, ==, 1);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 0);
}

static void
test_numbers_of_one (Fixture *self, gconstpointer data)
{
  for (guint i = 1; i <= PEERUP_RENDEZVOUS_OF_PEER_MAX; i++)
    g_assert_cmpint (do_register (self, self->a, i, 60 * i, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_register (self, self->a, 100, 60, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_LIMIT);
  g_assert_cmpint (do_register (self, self->a, 1, 60, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_register (self, self->b, 100, 60, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_register (self, self->a, 101, 60, 0, 0, NOW + 60), ==, PEERUP_RENDEZVOUS_OK);
}

static void
test_numbers_in_all (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < PEERUP_RENDEZVOUS_IN_ALL_MAX; i++)
    {
      g_autoptr (PeerupPeerId) inviter = part_peer (1000 + i / PEERUP_RENDEZVOUS_OF_PEER_MAX);

      g_assert_cmpint (do_register (self, inviter, i + 1, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
    }
  g_assert_cmpint (do_register (self, self->a, 9000, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_LIMIT);
  g_assert_cmpint (do_register (self, self->a, 9000, 600, 0, 0, NOW + 600), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_numbers (self->table), ==, 1);
}

static void
test_bytes_in_all (Fixture *self, gconstpointer data)
{
  const guint n = PEERUP_RENDEZVOUS_BYTES_MAX / PEERUP_RENDEZVOUS_SEALED_MAX;
  g_autoptr (PeerupPeerId) first = part_peer (1000);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PeerupPeerId) inviter = part_peer (1000 + i / PEERUP_RENDEZVOUS_OF_PEER_MAX);

      g_assert_cmpint (do_register (self, inviter, i + 1, 600, 0, PEERUP_RENDEZVOUS_SEALED_MAX, NOW), ==,
                       PEERUP_RENDEZVOUS_OK);
    }
  self->n_kept = 0;
  g_assert_cmpint (do_register (self, self->a, 9000, 600, 0, PEERUP_RENDEZVOUS_SEALED_MAX, NOW), ==,
                   PEERUP_RENDEZVOUS_LIMIT);
  g_assert_cmpint (do_leave (self, self->b, 1, first, 1, PEERUP_RENDEZVOUS_SEALED_MAX), ==, PEERUP_RENDEZVOUS_LIMIT);
  g_assert_cmpuint (self->n_kept, ==, 0);
  /* What is replaced counts no second time, and what is not sealed not at all. */
  g_assert_cmpint (do_register (self, first, 1, 600, 0, PEERUP_RENDEZVOUS_SEALED_MAX, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_register (self, self->a, 9000, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
}

static void
test_pass (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 7, 600, 5, 0, NOW);
  do_register (self, self->b, 8, 900, 6, 0, NOW);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_passes (self->table), ==, 2);
  g_assert_cmpint (do_show (self, self->c, 7, self->a, 6, NOW), ==, PEERUP_RENDEZVOUS_DENIED);
  g_assert_cmpint (do_show (self, self->c, 8, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_DENIED);
  g_assert_cmpint (do_show (self, self->c, 7, self->b, 5, NOW), ==, PEERUP_RENDEZVOUS_DENIED);
  g_assert_false (peerup_rendezvous_table_is_visitor (self->table, self->c, NULL, NOW));
  /* By somebody who needs none. */
  g_assert_cmpint (do_show (self, NULL, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_show (self, self->c, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_show (self, self->c, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_true (peerup_rendezvous_table_is_visitor (self->table, self->c, NULL, NOW));
  g_assert_true (peerup_rendezvous_table_is_visitor (self->table, self->c, self->a, NOW));
  g_assert_false (peerup_rendezvous_table_is_visitor (self->table, self->c, self->b, NOW));
  g_assert_cmpint (peerup_rendezvous_table_get_visit_end (self->table, self->c), ==, NOW + 600);

  /* A second one: gone with the last. */
  g_assert_cmpint (do_show (self, self->c, 8, self->b, 6, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (peerup_rendezvous_table_get_visit_end (self->table, self->c), ==, NOW + 900);
  peerup_rendezvous_table_unregister (self->table, self->a, 7);
  g_assert_cmpuint (self->n_gone, ==, 0);
  g_assert_false (peerup_rendezvous_table_is_visitor (self->table, self->c, self->a, NOW));
  g_assert_true (peerup_rendezvous_table_is_visitor (self->table, self->c, self->b, NOW));
  peerup_rendezvous_table_unregister (self->table, self->b, 8);
  g_assert_cmpuint (self->n_gone, ==, 1);
  g_assert_cmpint (peerup_rendezvous_table_get_visit_end (self->table, self->c), ==, 0);
}

/* Everybody knows him now, so his end is nobody's business. */
static void
test_end_visits (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 7, 600, 5, 0, NOW);
  do_show (self, self->c, 7, self->a, 5, NOW);
  peerup_rendezvous_table_end_visits (self->table, self->c);
  peerup_rendezvous_table_end_visits (self->table, self->b);
  g_assert_false (peerup_rendezvous_table_is_visitor (self->table, self->c, NULL, NOW));
  peerup_rendezvous_table_unregister (self->table, self->a, 7);
  g_assert_cmpuint (self->n_gone, ==, 0);
}

static void
test_wrong_passes (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 7, 600, 5, 0, NOW);
  for (guint i = 0; i < PEERUP_RENDEZVOUS_WRONG_MAX - 1; i++)
    g_assert_cmpint (do_show (self, self->c, 7, self->a, 4, NOW), ==, PEERUP_RENDEZVOUS_DENIED);
  g_assert_cmpint (do_show (self, self->c, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_OK);
  /* The same invite again is no way around it. */
  do_register (self, self->a, 7, 600, 5, 0, NOW);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_passes (self->table), ==, 1);
  g_assert_cmpint (do_show (self, self->b, 7, self->a, 4, NOW), ==, PEERUP_RENDEZVOUS_DENIED);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_passes (self->table), ==, 0);
  g_assert_cmpint (do_show (self, self->b, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_DENIED);
  /* Who has come, has come. */
  g_assert_true (peerup_rendezvous_table_is_visitor (self->table, self->c, self->a, NOW));
  /* Another pass begins anew. */
  do_register (self, self->a, 7, 600, 6, 0, NOW);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_passes (self->table), ==, 1);
  g_assert_cmpint (do_show (self, self->b, 7, self->a, 6, NOW), ==, PEERUP_RENDEZVOUS_OK);
  peerup_rendezvous_table_unregister (self->table, self->a, 7);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_passes (self->table), ==, 0);
}

/* A thousand with one true code. */
static void
test_many_visitors (Fixture *self, gconstpointer data)
{
  guint n = 0;

  do_register (self, self->a, 7, 600, 5, 0, NOW);
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (PeerupPeerId) visitor = part_peer (2000 + i);

      n += do_show (self, visitor, 7, self->a, 5, NOW) == PEERUP_RENDEZVOUS_OK;
    }
  g_assert_cmpuint (n, ==, PEERUP_RENDEZVOUS_VISITORS_MAX);
  peerup_rendezvous_table_advance (self->table, NOW + 600);
  g_assert_cmpuint (self->n_gone, ==, PEERUP_RENDEZVOUS_VISITORS_MAX);
}

static void
test_leave (Fixture *self, gconstpointer data)
{
  const PeerupRendezvousKept *invite;
  const PeerupRendezvousLeft *left;

  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 1, 50), ==, PEERUP_RENDEZVOUS_NOT_FOUND);
  do_register (self, self->a, 7, 600, 5, 0, NOW);
  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 1, 50), ==, PEERUP_RENDEZVOUS_NOT_FOUND);
  do_register (self, self->a, 7, 600, 5, 100, NOW);
  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 1, 50), ==, PEERUP_RENDEZVOUS_OK);
  /* In the place of what he has left before. */
  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 2, 60), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpint (do_leave (self, self->c, 7, self->a, 3, 70), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpuint (self->n_left, ==, 2);
  invite = peerup_rendezvous_table_find (self->table, 7, self->a, NOW);
  g_assert_cmpuint (invite->left->len, ==, 2);
  left = invite->left->pdata[0];
  g_assert_true (peerup_peer_id_equal (left->joiner, self->b));
  g_assert_cmpuint (g_bytes_get_size (left->sealed), ==, 60);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 230);
  peerup_rendezvous_table_unregister (self->table, self->a, 7);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 0);
  g_assert_cmpuint (self->n_forgotten, ==, 1);
}

/* Who has shown the pass gets a place that somebody else has, and nobody else does. */
static void
test_places (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 7, 600, 5, 100, NOW);
  for (guint i = 0; i < PEERUP_RENDEZVOUS_LEFT_MAX; i++)
    {
      g_autoptr (PeerupPeerId) joiner = part_peer (100 + i);

      g_assert_cmpint (do_leave (self, joiner, 7, self->a, 1, 10), ==, PEERUP_RENDEZVOUS_OK);
    }
  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 2, 10), ==, PEERUP_RENDEZVOUS_LIMIT);
  do_show (self, self->b, 7, self->a, 5, NOW);
  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 2, 10), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpuint (self->n_left, ==, PEERUP_RENDEZVOUS_LEFT_MAX);
  for (guint i = 0; i < PEERUP_RENDEZVOUS_LEFT_MAX; i++)
    {
      g_autoptr (PeerupPeerId) joiner = part_peer (200 + i);

      do_show (self, joiner, 7, self->a, 5, NOW);
      g_assert_cmpint (do_leave (self, joiner, 7, self->a, 3, 10), ==,
                       i < PEERUP_RENDEZVOUS_LEFT_MAX - 1 ? PEERUP_RENDEZVOUS_OK : PEERUP_RENDEZVOUS_LIMIT);
    }
}

static void
test_left_by_one (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i <= PEERUP_RENDEZVOUS_LEFT_BY_PEER_MAX; i++)
    {
      g_autoptr (PeerupPeerId) inviter = part_peer (100 + i);

      do_register (self, inviter, i + 1, 600, 0, 100, NOW);
      g_assert_cmpint (do_leave (self, self->b, i + 1, inviter, 1, 10), ==,
                       i < PEERUP_RENDEZVOUS_LEFT_BY_PEER_MAX ? PEERUP_RENDEZVOUS_OK : PEERUP_RENDEZVOUS_LIMIT);
    }
  peerup_rendezvous_table_advance (self->table, NOW + 600);
  do_register (self, self->a, 1, 600, 0, 100, NOW);
  g_assert_cmpint (do_leave (self, self->b, 1, self->a, 1, 10), ==, PEERUP_RENDEZVOUS_OK);
}

/* What cannot be written down changes nothing. */
static void
test_keeper_refuses (Fixture *self, gconstpointer data)
{
  const PeerupRendezvousKept *invite;

  self->refuses = TRUE;
  g_assert_cmpint (do_register (self, self->a, 7, 600, 5, 100, NOW), ==, PEERUP_RENDEZVOUS_UNAVAILABLE);
  assert_found (self, 7, NULL, NOW, NULL);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_numbers (self->table), ==, 0);
  self->refuses = FALSE;
  g_assert_cmpint (do_register (self, self->a, 7, 600, 5, 100, NOW), ==, PEERUP_RENDEZVOUS_OK);
  self->refuses = TRUE;
  g_assert_cmpint (do_register (self, self->a, 7, 900, 6, 200, NOW), ==, PEERUP_RENDEZVOUS_UNAVAILABLE);
  g_assert_cmpint (do_leave (self, self->b, 7, self->a, 1, 50), ==, PEERUP_RENDEZVOUS_UNAVAILABLE);
  invite = peerup_rendezvous_table_find (self->table, 7, NULL, NOW);
  g_assert_cmpint (invite->expires, ==, NOW + 600);
  g_assert_cmpuint (invite->left->len, ==, 0);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 100);
  g_assert_cmpint (do_show (self, self->b, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_OK);
  /* What is not sealed needs no disk. */
  g_assert_cmpint (do_register (self, self->a, 8, 600, 0, 0, NOW), ==, PEERUP_RENDEZVOUS_OK);
}

static void
test_restore (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) sealed = part_sealed (1, 100);
  g_autoptr (GBytes) hash = part_hash (5);
  g_autoptr (GPtrArray) left = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_rendezvous_left_free);
  PeerupRendezvousKept kept = {
    .inviter = self->a,
    .number = 7,
    .expires = NOW + 600,
    .pass_hash = hash,
    .sealed = sealed,
    .left = left,
    .by_number = TRUE,
  };

  g_ptr_array_add (left, peerup_rendezvous_left_new (self->b, sealed));
  g_assert_false (peerup_rendezvous_table_restore (self->table, &kept, NOW + 600));
  g_assert_true (peerup_rendezvous_table_restore (self->table, &kept, NOW));
  g_assert_false (peerup_rendezvous_table_restore (self->table, &kept, NOW));
  g_assert_cmpuint (self->n_kept, ==, 0);
  assert_found (self, 7, NULL, NOW, self->a);
  g_assert_cmpint (do_show (self, self->c, 7, self->a, 5, NOW), ==, PEERUP_RENDEZVOUS_OK);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_bytes (self->table), ==, 200);
  /* One whose number was somebody else's. */
  kept.inviter = self->b;
  kept.number = 8;
  kept.by_number = FALSE;
  g_assert_true (peerup_rendezvous_table_restore (self->table, &kept, NOW));
  assert_found (self, 8, NULL, NOW, NULL);
  assert_found (self, 8, self->b, NOW, self->b);
}

/* A clock that is set back makes an invite last longer, and nothing come back. */
static void
test_clock (Fixture *self, gconstpointer data)
{
  do_register (self, self->a, 7, 600, 5, 0, NOW);
  peerup_rendezvous_table_advance (self->table, NOW - 100000);
  assert_found (self, 7, NULL, NOW - 100000, self->a);
  peerup_rendezvous_table_advance (self->table, NOW + 100000);
  g_assert_cmpuint (peerup_rendezvous_table_get_n_numbers (self->table), ==, 0);
  assert_found (self, 7, NULL, NOW, NULL);
}

#define ADD(path, func) g_test_add ("/relay/rendezvous-table/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("register-and-find", test_register_and_find);
  ADD ("expiry", test_expiry);
  ADD ("taken", test_taken);
  ADD ("replace", test_replace);
  ADD ("numbers-of-one", test_numbers_of_one);
  ADD ("numbers-in-all", test_numbers_in_all);
  ADD ("bytes-in-all", test_bytes_in_all);
  ADD ("pass", test_pass);
  ADD ("end-visits", test_end_visits);
  ADD ("wrong-passes", test_wrong_passes);
  ADD ("many-visitors", test_many_visitors);
  ADD ("leave", test_leave);
  ADD ("places", test_places);
  ADD ("left-by-one", test_left_by_one);
  ADD ("keeper-refuses", test_keeper_refuses);
  ADD ("restore", test_restore);
  ADD ("clock", test_clock);
  return g_test_run ();
}
