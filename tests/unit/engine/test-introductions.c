/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Whom relays have introduced, as it is kept: found again, bounded, private, and no more than unknown when the file is
 * broken.
 */
#include "engine/peerup-introductions.h"

#include <glib/gstdio.h>

#include "home.h"

#define GROUP "a1b2c3d4"
#define OTHER "00000000"

typedef struct
{
  Home *home, *peer;
  char *path;
  PeerupIntroductions *introductions;
} Fixture;

static PeerupIntroductions *
load (Fixture *self)
{
  g_autofree char *problem = NULL;
  PeerupIntroductions *introductions = peerup_introductions_load (self->path, &problem);

  g_assert_null (problem);
  return introductions;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->home = home_new ();
  self->peer = home_new ();
  self->path = g_build_filename (self->home->directory, PEERUP_INTRODUCTIONS_NAME, NULL);
  self->introductions = load (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_introductions_free (self->introductions);
  g_free (self->path);
  home_free (self->peer);
  home_free (self->home);
}

static PeerupPeerId *
peer_of (Home *home)
{
  return peerup_private_key_get_peer_id (home->key);
}

static void
test_kept (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupIntroductions) again = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf status;

  g_assert_false (peerup_introductions_have (self->introductions, GROUP, peer_of (self->peer)));
  g_assert_true (peerup_introductions_add (self->introductions, GROUP, peer_of (self->peer), &error));
  g_assert_true (peerup_introductions_add (self->introductions, GROUP, peer_of (self->home), &error));
  g_assert_true (peerup_introductions_add (self->introductions, GROUP, peer_of (self->peer), &error));
  again = load (self);
  g_assert_true (peerup_introductions_have (again, GROUP, peer_of (self->peer)));
  g_assert_true (peerup_introductions_have (again, GROUP, peer_of (self->home)));
  g_assert_false (peerup_introductions_have (again, OTHER, peer_of (self->peer)));
  g_assert_cmpint (g_stat (self->path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

static void
test_forgotten (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupIntroductions) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_introductions_add (self->introductions, GROUP, peer_of (self->peer), &error));
  g_assert_true (peerup_introductions_add (self->introductions, OTHER, peer_of (self->peer), &error));
  g_assert_true (peerup_introductions_forget (self->introductions, GROUP, &error));
  g_assert_true (peerup_introductions_forget (self->introductions, GROUP, &error));
  again = load (self);
  g_assert_false (peerup_introductions_have (again, GROUP, peer_of (self->peer)));
  g_assert_true (peerup_introductions_have (again, OTHER, peer_of (self->peer)));
}

static void
test_broken (Fixture *self, gconstpointer data)
{
  g_autofree char *problem = NULL;
  g_autoptr (PeerupIntroductions) again = NULL;

  g_assert_true (g_file_set_contents (self->path, "no key file", -1, NULL));
  g_assert_cmpint (g_chmod (self->path, 0600), ==, 0);
  again = peerup_introductions_load (self->path, &problem);
  g_assert_nonnull (problem);
  g_assert_false (peerup_introductions_have (again, GROUP, peer_of (self->peer)));
}

static void
test_bounds (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (PeerupIntroductions) full = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < PEERUP_INTRODUCTIONS_GROUPS_MAX; i++)
    {
      g_string_append_printf (text, "[%08x]\npeers=", i);
      for (guint j = 0; i == 0 && j < PEERUP_INTRODUCTIONS_PEERS_MAX; j++)
        g_string_append_printf (text, "%u;", j);
      g_string_append (text, "x;\n");
    }
  g_assert_true (g_file_set_contents (self->path, text->str, -1, NULL));
  g_assert_cmpint (g_chmod (self->path, 0600), ==, 0);
  full = load (self);
  g_assert_false (peerup_introductions_add (full, "00000000", peer_of (self->peer), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_false (peerup_introductions_add (full, GROUP, peer_of (self->peer), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_true (peerup_introductions_add (full, "00000001", peer_of (self->peer), NULL));
}

#define ADD(name, func) g_test_add ("/engine/introductions/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("kept", test_kept);
  ADD ("forgotten", test_forgotten);
  ADD ("broken", test_broken);
  ADD ("bounds", test_bounds);
  return g_test_run ();
}
