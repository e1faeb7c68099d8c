/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where profiles are. Looks, and reads and makes nothing.
 */
#include "config/peerup-profile.h"

#include <glib/gi18n-lib.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "wire/peerup-error.h"
#include "wire/peerup-label.h"

#define SYSTEM_DIRECTORY "/etc/peerup/profiles"

static char *
user_directory (void)
{
  return g_build_filename (g_get_user_config_dir (), "peerup", "profiles", NULL);
}

gboolean
peerup_profile_check (const char *name, GError **error)
{
  if (peerup_label_is_valid (name, strlen (name)))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               _ ("“%s” cannot be the name of a profile: use up to %d of a–z, 0–9 and “-”, with no “-” at either end"),
               name, PEERUP_LABEL_MAX);
  return FALSE;
}

/* Root on its own behalf, and not in an environment that leads elsewhere. */
static gboolean
is_system (void)
{
  const struct passwd *user = geteuid () == 0 ? getpwuid (0) : NULL;

  return user != NULL && g_getenv ("XDG_CONFIG_HOME") == NULL && g_str_equal (g_get_home_dir (), user->pw_dir);
}

char *
peerup_profile_dup_config (const char *name)
{
  g_autofree char *directory = user_directory ();
  g_autofree char *own = g_build_filename (directory, name, "config.yaml", NULL);
  g_autofree char *system = g_build_filename (SYSTEM_DIRECTORY, name, "config.yaml", NULL);

  if (g_file_test (own, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&own);
  if (g_file_test (system, G_FILE_TEST_EXISTS) || is_system ())
    return g_steal_pointer (&system);
  return g_steal_pointer (&own);
}

char *
peerup_profile_dup_name (const char *path)
{
  g_autofree char *whole = g_canonicalize_filename (path, NULL);
  g_autofree char *place = g_path_get_dirname (whole);
  g_autofree char *profiles = g_path_get_dirname (place);
  g_autofree char *file = g_path_get_basename (whole);
  g_autofree char *name = g_path_get_basename (place);
  g_autofree char *user = user_directory ();
  g_autofree char *own = g_canonicalize_filename (user, NULL);

  if (!g_str_equal (file, "config.yaml") || !peerup_profile_check (name, NULL) ||
      (!g_str_equal (profiles, own) && !g_str_equal (profiles, SYSTEM_DIRECTORY)))
    return NULL;
  return g_steal_pointer (&name);
}

static void
add_names (GHashTable *names, const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *config = g_build_filename (path, name, "config.yaml", NULL);

      if (peerup_label_is_valid (name, strlen (name)) && g_file_test (config, G_FILE_TEST_EXISTS))
        g_hash_table_add (names, g_strdup (name));
    }
}

char **
peerup_profile_list (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *own = user_directory ();
  g_autoptr (GList) list = NULL;

  add_names (names, own);
  add_names (names, SYSTEM_DIRECTORY);
  list = g_list_sort (g_hash_table_get_keys (names), (GCompareFunc) strcmp);
  for (const GList *name = list; name != NULL; name = name->next)
    g_strv_builder_add (builder, name->data);
  return g_strv_builder_end (builder);
}
