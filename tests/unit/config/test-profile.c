/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "config/peerup-profile.h"

#include <glib/gstdio.h>

#include "wire/peerup-error.h"

static void
test_names (void)
{
  const char *const good[] = { "work", "a", "0", "my-home-2" };
  const char *const bad[] = { "", "-a", "a-", "Work", "a b", "a/b", "..", ".", "ä", "a.b" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (peerup_profile_check (good[i], NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_profile_check (bad[i], &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
make_profile (const char *name)
{
  g_autofree char *config = peerup_profile_dup_config (name);
  g_autofree char *directory = g_path_get_dirname (config);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents (config, "", 0, NULL));
}

static void
test_list (void)
{
  g_autofree char *directory = g_build_filename (g_get_user_config_dir (), "peerup", "profiles", NULL);
  g_autofree char *expected = g_build_filename (directory, "work", "config.yaml", NULL);
  g_autofree char *config = peerup_profile_dup_config ("work");
  g_autofree char *empty = g_build_filename (directory, "empty", NULL);
  g_autofree char *no_name = g_build_filename (directory, "No", NULL);
  g_autofree char *no_config = g_build_filename (no_name, "config.yaml", NULL);
  g_auto (GStrv) none = peerup_profile_list ();
  g_auto (GStrv) some = NULL;

  g_assert_cmpstr (config, ==, expected);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  make_profile ("work");
  make_profile ("home");
  g_assert_cmpint (g_mkdir (empty, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (no_name, 0700), ==, 0);
  g_assert_true (g_file_set_contents (no_config, "", 0, NULL));
  some = peerup_profile_list ();
  g_assert_cmpstrv (some, ((const char *const[]) { "home", "work", NULL }));
}

static void
assert_name (const char *path, const char *expected)
{
  g_autofree char *name = peerup_profile_dup_name (path);

  g_assert_cmpstr (name, ==, expected);
}

static void
test_name (void)
{
  g_autofree char *own = peerup_profile_dup_config ("work");
  g_autofree char *other = g_strconcat (own, ".bak", NULL);
  g_autofree char *usual = g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
  g_autofree char *bad = g_build_filename (g_get_user_config_dir (), "peerup", "profiles", "No", "config.yaml", NULL);
  g_autofree char *around =
    g_build_filename (g_get_user_config_dir (), "peerup", ".", "profiles", "work", "config.yaml", NULL);

  assert_name (own, "work");
  assert_name (around, "work");
  assert_name ("/etc/peerup/profiles/home/config.yaml", "home");
  assert_name ("/etc/peerup/config.yaml", NULL);
  assert_name ("/srv/profiles/home/config.yaml", NULL);
  assert_name ("config.yaml", NULL);
  assert_name (other, NULL);
  assert_name (usual, NULL);
  assert_name (bad, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/profile/names", test_names);
  g_test_add_func ("/profile/list", test_list);
  g_test_add_func ("/profile/name", test_name);
  return g_test_run ();
}
