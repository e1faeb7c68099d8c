/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A configuration that does not hold goes back to the last one that did, without an engine. */
#include "app/model/peerup-config-mend.h"

#include "../engine/home.h"
#include "config/peerup-config-store.h"

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static gboolean
look (const char *path)
{
  g_autoptr (GAsyncResult) result = NULL;

  peerup_config_mend_look_async (path, NULL, on_result, &result);
  spin_while_not (is_there, &result);
  return peerup_config_mend_look_finish (result);
}

static gboolean
roll_back (const char *path, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  peerup_config_mend_rollback_async (path, NULL, on_result, &result);
  spin_while_not (is_there, &result);
  return peerup_config_mend_rollback_finish (result, error);
}

static void
test_back (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (PeerupConfigStore) store = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *good = NULL;
  g_autofree char *text = NULL;

  home_configure (home, "");
  store = peerup_config_store_new (home->config);
  g_assert_true (peerup_config_store_archive (store, NULL, "daemon", "", &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (home->config, &good, NULL, NULL));
  g_assert_false (look (home->config));
  g_assert_true (g_file_set_contents (home->config, "services: [", -1, NULL));
  g_assert_true (look (home->config));
  g_assert_true (roll_back (home->config, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (home->config, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, good);
}

static void
test_nothing (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (GError) error = NULL;

  home_configure (home, "");
  g_assert_true (g_file_set_contents (home->config, "services: [", -1, NULL));
  g_assert_false (look (home->config));
  g_assert_false (roll_back (home->config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/app/config-mend/back", test_back);
  g_test_add_func ("/app/config-mend/nothing", test_nothing);
  return g_test_run ();
}
