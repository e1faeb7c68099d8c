/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's judgement of the files of a device, sound and broken.
 */
#include "cli/peerup-checks.h"

#include <glib/gstdio.h>
#include <string.h>

#include "../engine/home.h"

#define NOW 1800000000 /* seconds */

/* What is found of all the files. */
static char *
check_files (Home *home)
{
  g_autoptr (PeerupFindings) findings = peerup_findings_new ();
  g_autoptr (PeerupConfig) config = peerup_check_configuration (findings, home->config);

  if (config != NULL)
    {
      peerup_check_identity (findings, config);
      peerup_check_authorized_keys (findings, config, NOW);
    }
  return peerup_findings_format (findings);
}

static void
assert_finds (Home *home, const char *sign, const char *title, const char *words)
{
  g_autofree char *text = check_files (home);
  g_autofree char *line = g_strdup_printf ("%-5s %-15s", sign, title);
  g_auto (GStrv) parts = g_strsplit_set (text, " \n", -1);
  g_autoptr (GString) joined = g_string_new (NULL);

  g_assert_nonnull (strstr (text, line));
  for (guint i = 0; parts[i] != NULL; i++)
    if (parts[i][0] != '\0')
      g_string_append_printf (joined, "%s ", parts[i]);
  if (strstr (joined->str, words) == NULL)
    g_error ("“%s” is not in %s", words, text);
}

static void
write_keys (Home *home, const char *text)
{
  g_assert_true (
    g_file_set_contents_full (home->authorized_keys, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static void
test_sound (void)
{
  g_autoptr (Home) home = home_new ();
  g_autofree char *text = check_files (home);

  assert_finds (home, "ok", "configuration", "is valid");
  assert_finds (home, "ok", "identity", home_get_id (home));
  assert_finds (home, "ok", "authorized keys", "1 peer may connect");
  g_assert_true (g_str_has_suffix (text, "\nNothing to mend.\n"));
}

static void
test_configuration (void)
{
  g_autoptr (Home) home = home_new ();

  home_configure (home, "colour: red\n");
  assert_finds (home, "note", "configuration", "colour");
  home_configure (home, "network: []\n");
  assert_finds (home, "MEND", "configuration", home->config);
  g_assert_cmpint (g_chmod (home->config, 0644), ==, 0);
  assert_finds (home, "MEND", "configuration", "chmod 600");
}

static void
test_identity (void)
{
  g_autoptr (Home) home = home_new ();
  g_autofree char *key = g_build_filename (home->directory, "identity.key", NULL);

  g_assert_cmpint (g_chmod (key, 0640), ==, 0);
  assert_finds (home, "MEND", "identity", "chmod 600");
  g_assert_cmpint (g_unlink (key), ==, 0);
  assert_finds (home, "MEND", "identity", key);
}

static void
test_authorized_keys (void)
{
  g_autoptr (Home) home = home_new ();
  g_autofree char *expired = g_strdup_printf ("%s expires=2027-01-15T07:59:59Z\n", home_get_id (home));
  g_autofree char *valid = g_strdup_printf ("%s expires=2027-01-15T08:00:01Z\n", home_get_id (home));

  write_keys (home, "# nobody\n");
  assert_finds (home, "MEND", "authorized keys", "authorizes nobody");
  assert_finds (home, "MEND", "authorized keys", "→ peerup auth add PEER-ID");
  write_keys (home, valid);
  assert_finds (home, "ok", "authorized keys", "1 peer may connect");
  write_keys (home, expired);
  assert_finds (home, "MEND", "authorized keys", "and 1 more could until their time was over");
  write_keys (home, "nonsense\n");
  assert_finds (home, "MEND", "authorized keys", "line 1");
  g_assert_cmpint (g_unlink (home->authorized_keys), ==, 0);
  assert_finds (home, "MEND", "authorized keys", home->authorized_keys);
}

static void
test_gating_is_off (void)
{
  g_autoptr (Home) home = home_new ();
  g_autofree char *text = NULL;
  g_autoptr (GString) open = NULL;

  g_assert_true (g_file_get_contents (home->config, &text, NULL, NULL));
  open = g_string_new (text);
  g_string_replace (open, "enable_connection_gating: true", "enable_connection_gating: false", 0);
  g_assert_true (g_file_set_contents_full (home->config, open->str, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  assert_finds (home, "MEND", "authorized keys", "EVERY peer");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/cli/checks/sound-files", test_sound);
  g_test_add_func ("/cli/checks/configuration", test_configuration);
  g_test_add_func ("/cli/checks/identity", test_identity);
  g_test_add_func ("/cli/checks/authorized-keys", test_authorized_keys);
  g_test_add_func ("/cli/checks/gating-off", test_gating_is_off);
  return g_test_run ();
}
