/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The file of autostart: what is written, what is read of what others wrote, and quoting. */
#include "app/background/peerup-autostart.h"

#include <glib/gstdio.h>

#define ID "dev.peerup.PeerUp.Profile-work"

typedef struct
{
  char *top;
  char *directory;
  char *path;
} Place;

static void
place_init (Place *self)
{
  g_autoptr (GError) error = NULL;

  self->top = g_dir_make_tmp ("peerup-autostart-XXXXXX", &error);
  g_assert_no_error (error);
  self->directory = g_build_filename (self->top, "autostart", NULL);
  self->path = g_build_filename (self->directory, ID ".desktop", NULL);
}

static void
place_clear (Place *self)
{
  g_unlink (self->path);
  g_rmdir (self->directory);
  g_rmdir (self->top);
  g_free (self->top);
  g_free (self->directory);
  g_free (self->path);
}

static void
test_written_and_removed (void)
{
  const char *const argv[] = { "/usr/bin/peerup-gtk", "--hidden", NULL };
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *command = NULL;
  Place place;

  place_init (&place);
  g_assert_false (peerup_autostart_is_on (place.directory, ID));
  /* Nothing to remove, in a directory that is not there. */
  g_assert_true (peerup_autostart_set (place.directory, ID, NULL, &error));
  g_assert_true (peerup_autostart_set (place.directory, ID, argv, &error));
  g_assert_true (peerup_autostart_is_on (place.directory, ID));
  g_assert_true (g_key_file_load_from_file (file, place.path, G_KEY_FILE_NONE, &error));
  command = g_key_file_get_string (file, "Desktop Entry", "Exec", NULL);
  g_assert_cmpstr (command, ==, "/usr/bin/peerup-gtk --hidden");
  g_assert_true (g_key_file_get_boolean (file, "Desktop Entry", "X-GNOME-UsesNotifications", NULL));
  g_assert_true (peerup_autostart_set (place.directory, ID, NULL, &error));
  g_assert_false (g_file_test (place.path, G_FILE_TEST_EXISTS));
  g_assert_no_error (error);
  place_clear (&place);
}

static void
check_read (const char *text, gboolean on)
{
  Place place;

  place_init (&place);
  g_assert_cmpint (g_mkdir (place.directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents (place.path, text, -1, NULL));
  g_assert_cmpint (peerup_autostart_is_on (place.directory, ID), ==, on);
  place_clear (&place);
}

/* As the tools of desktops switch it off. */
static void
test_what_others_wrote (void)
{
  check_read ("[Desktop Entry]\nType=Application\nExec=peerup-gtk --hidden\n", TRUE);
  check_read ("[Desktop Entry]\nType=Application\nExec=peerup-gtk\nX-GNOME-Autostart-enabled=true\n", TRUE);
  check_read ("[Desktop Entry]\nType=Application\nExec=peerup-gtk\nX-GNOME-Autostart-enabled=false\n", FALSE);
  check_read ("[Desktop Entry]\nType=Application\nExec=peerup-gtk\nHidden=true\n", FALSE);
  check_read ("[Desktop Entry]\nType=Application\n", FALSE);
  check_read ("no key file", FALSE);
  check_read ("", FALSE);
}

static void
test_unwritable (void)
{
  const char *const argv[] = { "peerup-gtk", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *inside = NULL;
  Place place;

  place_init (&place);
  g_assert_true (g_file_set_contents (place.directory, "", 0, NULL));
  inside = g_build_filename (place.directory, "autostart", NULL);
  g_assert_false (peerup_autostart_set (inside, ID, argv, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_assert_nonnull (g_strstr_len (error->message, -1, "then try again"));
  g_clear_error (&error);
  /* And there is nothing to remove. */
  g_assert_true (peerup_autostart_set (inside, ID, NULL, &error));
  g_unlink (place.directory);
  /* Where the file should be there is a directory. */
  g_assert_cmpint (g_mkdir_with_parents (place.path, 0700), ==, 0);
  g_assert_false (peerup_autostart_set (place.directory, ID, argv, &error));
  g_assert_nonnull (g_strstr_len (error->message, -1, "Cannot write"));
  g_clear_error (&error);
  g_assert_false (peerup_autostart_set (place.directory, ID, NULL, &error));
  g_assert_nonnull (error);
  g_rmdir (place.path);
  place_clear (&place);
}

/* The shell's rules are near enough to those of Exec to take it apart again, but for "%". */
static void
test_quoting (void)
{
  const char *const plain[] = { "peerup-gtk", "--hidden", NULL };
  const char *const odd[] = { "/opt/peer up/peerup-gtk", "a\"b", "$HOME `x`", "back\\slash", "", "it's", "50%", NULL };
  g_autofree char *simple = peerup_autostart_quote (plain);
  g_autofree char *text = peerup_autostart_quote (odd);
  g_auto (GStrv) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (simple, ==, "peerup-gtk --hidden");
  g_assert_true (g_shell_parse_argv (text, NULL, &again, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (odd) - 2; i++)
    g_assert_cmpstr (again[i], ==, odd[i]);
  g_assert_cmpstr (again[G_N_ELEMENTS (odd) - 2], ==, "50%%");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/background/autostart/written-and-removed", test_written_and_removed);
  g_test_add_func ("/background/autostart/what-others-wrote", test_what_others_wrote);
  g_test_add_func ("/background/autostart/unwritable", test_unwritable);
  g_test_add_func ("/background/autostart/quoting", test_quoting);
  return g_test_run ();
}
