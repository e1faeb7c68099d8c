/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Which devices a dialog is about. */
#include "app/widgets/peerup-prompt-claims.h"

static guint n_changes;

static void
on_changed (GObject *object)
{
  n_changes++;
}

static void
test_claims (void)
{
  g_autoptr (GObject) watcher = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GObject) one = g_object_new (G_TYPE_OBJECT, NULL);
  GObject *other = g_object_new (G_TYPE_OBJECT, NULL);

  n_changes = 0;
  peerup_prompt_claims_watch (watcher, on_changed);
  g_assert_false (peerup_prompt_is_claimed ("a"));
  peerup_prompt_claim (one, "a");
  peerup_prompt_claim (other, "a");
  peerup_prompt_claim (other, "b");
  g_assert_cmpuint (n_changes, ==, 3);
  g_assert_true (peerup_prompt_is_claimed ("a"));
  g_assert_true (peerup_prompt_is_claimed ("b"));
  g_assert_false (peerup_prompt_is_claimed ("c"));
  peerup_prompt_release (one);
  g_assert_cmpuint (n_changes, ==, 4);
  g_assert_true (peerup_prompt_is_claimed ("a"));
  /* Once is enough. */
  peerup_prompt_release (one);
  g_assert_cmpuint (n_changes, ==, 4);
  g_object_unref (other);
  g_assert_cmpuint (n_changes, ==, 5);
  g_assert_false (peerup_prompt_is_claimed ("a"));
  g_assert_false (peerup_prompt_is_claimed ("b"));
}

/* Nobody is told who is gone. */
static void
test_watcher_ends (void)
{
  GObject *watcher = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GObject) owner = g_object_new (G_TYPE_OBJECT, NULL);

  n_changes = 0;
  peerup_prompt_claims_watch (watcher, on_changed);
  g_object_unref (watcher);
  peerup_prompt_claim (owner, "a");
  peerup_prompt_release (owner);
  g_assert_cmpuint (n_changes, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/prompt-claims/claims", test_claims);
  g_test_add_func ("/app/prompt-claims/watcher-ends", test_watcher_ends);
  return g_test_run ();
}
