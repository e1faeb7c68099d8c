/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Who is taken up on whose word, and what that is worth. */

#include "relay/peerup-rendezvous-sponsor.h"

#include "rendezvous-parts.h"
#include "trust/peerup-authorized-keys-file.h"
#include "trust/peerup-decision.h"

#define NOW G_GINT64_CONSTANT (1700000000)

typedef struct
{
  char *directory;
  char *path;
  PeerupPeerId *a, *b, *c;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->directory = part_directory ();
  self->path = g_build_filename (self->directory, "authorized_keys", NULL);
  self->a = part_peer (1);
  self->b = part_peer (2);
  self->c = part_peer (3);
  g_assert_true (peerup_authorized_keys_file_add (self->path, self->a, "inviter", PEERUP_EXPIRES_NEVER, &error));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  part_remove_directory (self->directory);
  g_free (self->directory);
  g_free (self->path);
  peerup_peer_id_unref (self->a);
  peerup_peer_id_unref (self->b);
  peerup_peer_id_unref (self->c);
}

/* The code of the error; -1: it is taken up. */
static int
sponsor (Fixture *self, PeerupPeerId *inviter, PeerupPeerId *joined, gint64 until, gint64 now)
{
  g_autoptr (GError) error = NULL;

  if (peerup_rendezvous_sponsor (self->path, inviter, joined, until, "Laptop", now, &error))
    return -1;
  g_assert_true (error->domain == PEERUP_ERROR);
  return error->code;
}

static PeerupDecision
decide (Fixture *self, PeerupPeerId *peer, const char *service, gint64 now)
{
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_file_load (self->path, NULL);
  PeerupDecisionFacts facts = { .keys = keys, .service = service };

  return peerup_decide (&facts, peer, now);
}

static void
set (Fixture *self, PeerupPeerId *peer, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_authorized_keys_file_set (self->path, peer, key, value, &error));
}

static char *
get_text (Fixture *self)
{
  char *text = NULL;

  g_assert_true (g_file_get_contents (self->path, &text, NULL, NULL));
  return text;
}

static void
test_line (Fixture *self, gconstpointer data)
{
  g_autofree char *expected = g_strdup_printf (
    "%s  # inviter\n%s  sponsor=%s  # Laptop\n%s  expires=2023-11-14T22:23:20Z  sponsor=%s  # Laptop\n",
    peerup_peer_id_get_string (self->a), peerup_peer_id_get_string (self->b), peerup_peer_id_get_string (self->a),
    peerup_peer_id_get_string (self->c), peerup_peer_id_get_string (self->a));
  g_autofree char *text = NULL;

  g_assert_cmpint (sponsor (self, self->a, self->b, PEERUP_EXPIRES_NEVER, NOW), ==, -1);
  g_assert_cmpint (sponsor (self, self->a, self->c, NOW + 600, NOW), ==, -1);
  /* Again: as it stands. */
  g_assert_cmpint (sponsor (self, self->a, self->c, NOW + 900, NOW), ==, -1);
  text = get_text (self);
  g_assert_cmpstr (text, ==, expected);
}

/* He may connect while his inviter may, and use no service. */
static void
test_worth (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (sponsor (self, self->a, self->b, NOW + 600, NOW), ==, -1);
  g_assert_true (decide (self, self->b, NULL, NOW + 599).allow);
  g_assert_false (decide (self, self->b, NULL, NOW + 600).allow);
  g_assert_true (decide (self, self->a, "ssh", NOW).allow);
  g_assert_cmpint (decide (self, self->b, "ssh", NOW).reason, ==, PEERUP_DECISION_NOT_GRANTED);
  set (self, self->a, "expires", "2023-11-14T22:13:30Z");
  g_assert_true (decide (self, self->b, NULL, NOW + 9).allow);
  g_assert_false (decide (self, self->b, NULL, NOW + 10).allow);
  g_assert_true (peerup_authorized_keys_file_remove (self->path, self->a, NULL));
  g_assert_false (decide (self, self->b, NULL, NOW).allow);
}

/* Nobody's word counts who is not in the file himself, whose time is over, who is a guest, or who was brought. */
static void
test_who_may (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (sponsor (self, self->b, self->c, PEERUP_EXPIRES_NEVER, NOW), ==, PEERUP_ERROR_DENIED);
  g_assert_cmpint (sponsor (self, self->a, self->b, PEERUP_EXPIRES_NEVER, NOW), ==, -1);
  g_assert_cmpint (sponsor (self, self->b, self->c, PEERUP_EXPIRES_NEVER, NOW), ==, PEERUP_ERROR_DENIED);
  set (self, self->a, "role", "guest");
  g_assert_cmpint (sponsor (self, self->a, self->c, PEERUP_EXPIRES_NEVER, NOW), ==, PEERUP_ERROR_DENIED);
  set (self, self->a, "role", NULL);
  set (self, self->a, "expires", "2023-11-14T22:13:20Z");
  g_assert_cmpint (sponsor (self, self->a, self->c, PEERUP_EXPIRES_NEVER, NOW), ==, PEERUP_ERROR_DENIED);
  g_assert_cmpint (sponsor (self, self->a, self->c, PEERUP_EXPIRES_NEVER, NOW - 1), ==, -1);
}

/* The owner's own entries are his, what was sponsored is not. */
static void
test_already_there (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPeerId) d = part_peer (4);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  g_assert_true (peerup_authorized_keys_file_add (self->path, self->b, "own", PEERUP_EXPIRES_NEVER, NULL));
  g_assert_true (peerup_authorized_keys_file_add (self->path, self->c, "ended", NOW, NULL));
  before = get_text (self);
  g_assert_cmpint (sponsor (self, self->a, self->b, NOW + 600, NOW), ==, -1);
  g_assert_cmpint (sponsor (self, self->a, self->c, NOW + 600, NOW), ==, PEERUP_ERROR_DENIED);
  after = get_text (self);
  g_assert_cmpstr (before, ==, after);

  g_assert_cmpint (sponsor (self, self->a, d, NOW + 600, NOW), ==, -1);
  g_assert_true (peerup_authorized_keys_file_remove (self->path, self->a, NULL));
  g_assert_false (decide (self, d, NULL, NOW).allow);
  g_assert_cmpint (sponsor (self, self->b, d, NOW + 600, NOW), ==, -1);
  g_assert_true (decide (self, d, NULL, NOW).allow);
}

/* Those whose time is over make room; a file does not grow by being asked. */
static void
test_bounded (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;

  for (guint i = 0; i <= PEERUP_RENDEZVOUS_SPONSORED_MAX; i++)
    {
      g_autoptr (PeerupPeerId) joined = part_peer (100 + i);

      g_assert_cmpint (sponsor (self, self->a, joined, NOW + 600 + i, NOW), ==,
                       i < PEERUP_RENDEZVOUS_SPONSORED_MAX ? -1 : PEERUP_ERROR_LIMIT);
    }
  g_assert_cmpint (sponsor (self, self->a, self->b, NOW + 9000, NOW + 599), ==, PEERUP_ERROR_LIMIT);
  g_assert_cmpint (sponsor (self, self->a, self->b, NOW + 9000, NOW + 602), ==, -1);
  keys = peerup_authorized_keys_file_load (self->path, NULL);
  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (keys), ==, 1 + PEERUP_RENDEZVOUS_SPONSORED_MAX - 3 + 1);
}

static void
test_hostile_name (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;

  g_assert_true (peerup_rendezvous_sponsor (self->path, self->a, self->b, PEERUP_EXPIRES_NEVER,
                                            "x\n12D3KooW role=\r# \x1b", NOW, NULL));
  keys = peerup_authorized_keys_file_load (self->path, NULL);
  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (keys), ==, 2);
  g_assert_true (peerup_authorized_keys_is_sponsored (keys, self->b));
}

static void
test_no_file (Fixture *self, gconstpointer data)
{
  g_autofree char *nowhere = g_build_filename (self->directory, "none", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_rendezvous_sponsor (nowhere, self->a, self->b, PEERUP_EXPIRES_NEVER, NULL, NOW, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_false (g_file_test (nowhere, G_FILE_TEST_EXISTS));
}

#define ADD(path, func) g_test_add ("/relay/rendezvous-sponsor/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("line", test_line);
  ADD ("worth", test_worth);
  ADD ("who-may", test_who_may);
  ADD ("already-there", test_already_there);
  ADD ("bounded", test_bounded);
  ADD ("hostile-name", test_hostile_name);
  ADD ("no-file", test_no_file);
  return g_test_run ();
}
