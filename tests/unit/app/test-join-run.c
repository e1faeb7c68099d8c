/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How a Join that finds no engine ends: told once, and not at all once it was called off. That the other ways end well
 * tests/ui shows. */
#include <glib/gstdio.h>
#include <libdex.h>

#include "app/pairing/peerup-join-run.h"
#include "wire/peerup-error.h"

static void
on_done (PeerupJoinRun *run, GVariant *pairing, const GError *error, gpointer data)
{
  guint *n = data;

  g_assert_null (pairing);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  *n += 1;
}

static gboolean
set_settled (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* What is drawn comes after everything else: it must have its turn. */
static void
settle (void)
{
  gboolean settled = FALSE;

  g_idle_add_full (G_PRIORITY_LOW, set_settled, &settled, NULL);
  while (!settled)
    g_main_context_iteration (NULL, TRUE);
}

static char *
make_path (char **directory)
{
  *directory = g_dir_make_tmp ("peerup-join-XXXXXX", NULL);
  return g_build_filename (*directory, "config.yaml", NULL);
}

static void
test_none (void)
{
  g_autofree char *directory = NULL;
  g_autofree char *path = make_path (&directory);
  g_autoptr (PeerupJoinRun) run =
    peerup_join_run_new (path, "417-otter-violin-maple", g_variant_new_parsed ("@a{sv} {}"));
  guint n = 0;

  g_signal_connect (run, "done", G_CALLBACK (on_done), &n);
  while (n == 0)
    g_main_context_iteration (NULL, TRUE);
  settle ();
  g_assert_cmpuint (n, ==, 1);
  g_rmdir (directory);
}

static void
test_cancelled (void)
{
  g_autofree char *directory = NULL;
  g_autofree char *path = make_path (&directory);
  PeerupJoinRun *run = peerup_join_run_new (path, "417-otter-violin-maple", g_variant_new_parsed ("@a{sv} {}"));
  gpointer alive = run;
  guint n = 0;

  g_object_add_weak_pointer (G_OBJECT (run), &alive);
  g_signal_connect (run, "done", G_CALLBACK (on_done), &n);
  peerup_join_run_cancel (run);
  g_object_unref (run);
  while (alive != NULL)
    g_main_context_iteration (NULL, TRUE);
  settle ();
  g_assert_cmpuint (n, ==, 0);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/join-run/none", test_none);
  g_test_add_func ("/app/join-run/cancelled", test_cancelled);
  return g_test_run ();
}
