/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One name for the window of each configuration. */
#include "app/model/peerup-app-id.h"

#include <gio/gio.h>

#define BASE "dev.peerup.PeerUp"

static void
assert_id (const char *path, const char *usual, const char *expected)
{
  g_autofree char *id = peerup_app_id_make (BASE, path, usual);

  g_assert_true (g_application_id_is_valid (id));
  g_assert_cmpstr (id, ==, expected);
}

static void
test_ids (void)
{
  g_autofree char *profile = g_build_filename (g_get_user_config_dir (), "peerup/profiles/9-work/config.yaml", NULL);

  assert_id ("/home/a/.config/peerup/config.yaml", "/home/a/.config/peerup/config.yaml", BASE);
  assert_id (profile, "/home/a/.config/peerup/config.yaml", BASE ".Profile-9-work");
  assert_id ("/srv/one.yaml", "/home/a/.config/peerup/config.yaml", BASE ".Config-f315312b01407d2d");
}

/* Two configurations do not share one window. */
static void
test_others_differ (void)
{
  g_autofree char *one = peerup_app_id_make (BASE, "/srv/one.yaml", NULL);
  g_autofree char *other = peerup_app_id_make (BASE, "/srv/other.yaml", NULL);

  g_assert_cmpstr (one, !=, other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/id/ids", test_ids);
  g_test_add_func ("/app/id/others-differ", test_others_differ);
  return g_test_run ();
}
