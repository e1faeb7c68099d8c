/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One small file. What it says is read back each time, as other programs change it, too. */
#include "app/background/peerup-autostart.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

/* The specification's reserved characters, and those that are escaped between quotes. */
#define RESERVED " \t\n\"'\\><~|&;$*?#()`"
#define ESCAPED  "\"`$\\"

#define DIRECTORY_MODE 0700
#define FILE_MODE      0644

char *
peerup_autostart_dup_directory (void)
{
  return g_build_filename (g_get_user_config_dir (), "autostart", NULL);
}

static char *
dup_path (const char *directory, const char *id)
{
  g_autofree char *name = g_strconcat (id, ".desktop", NULL);

  return g_build_filename (directory, name, NULL);
}

gboolean
peerup_autostart_is_on (const char *directory, const char *id)
{
  g_autofree char *path = dup_path (directory, id);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  const char *group = G_KEY_FILE_DESKTOP_GROUP;

  return g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL) &&
         g_key_file_has_key (file, group, G_KEY_FILE_DESKTOP_KEY_EXEC, NULL) &&
         !g_key_file_get_boolean (file, group, G_KEY_FILE_DESKTOP_KEY_HIDDEN, NULL) &&
         (!g_key_file_has_key (file, group, "X-GNOME-Autostart-enabled", NULL) ||
          g_key_file_get_boolean (file, group, "X-GNOME-Autostart-enabled", NULL));
}

static void
append_quoted (GString *text, const char *argument)
{
  gboolean quoted = *argument == '\0' || strpbrk (argument, RESERVED) != NULL;

  if (quoted)
    g_string_append_c (text, '"');
  for (const char *c = argument; *c != '\0'; c++)
    {
      if (strchr (ESCAPED, *c) != NULL)
        g_string_append_c (text, '\\');
      if (*c == '%')
        g_string_append_c (text, '%');
      g_string_append_c (text, *c);
    }
  if (quoted)
    g_string_append_c (text, '"');
}

char *
peerup_autostart_quote (const char *const *argv)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; argv[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (text, ' ');
      append_quoted (text, argv[i]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
make_file (const char *id, const char *const *argv)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *command = peerup_autostart_quote (argv);
  const char *group = G_KEY_FILE_DESKTOP_GROUP;

  g_key_file_set_string (file, group, G_KEY_FILE_DESKTOP_KEY_TYPE, G_KEY_FILE_DESKTOP_TYPE_APPLICATION);
  g_key_file_set_string (file, group, G_KEY_FILE_DESKTOP_KEY_NAME, _ ("Peer-Up"));
  g_key_file_set_string (file, group, G_KEY_FILE_DESKTOP_KEY_EXEC, command);
  g_key_file_set_string (file, group, G_KEY_FILE_DESKTOP_KEY_ICON, "dev.peerup.PeerUp");
  g_key_file_set_boolean (file, group, G_KEY_FILE_DESKTOP_KEY_TERMINAL, FALSE);
  g_key_file_set_boolean (file, group, G_KEY_FILE_DESKTOP_KEY_NO_DISPLAY, TRUE);
  g_key_file_set_boolean (file, group, "X-GNOME-UsesNotifications", TRUE);
  g_key_file_set_boolean (file, group, "X-GNOME-Autostart-enabled", TRUE);
  g_key_file_set_string (file, group, "StartupWMClass", id);
  return g_key_file_to_data (file, NULL, NULL);
}

static gboolean
fail (const char *path, int number, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number),
               /* TRANSLATORS: A file, and why: "Permission denied". */
               _ ("Cannot write %1$s: %2$s. Make it writable, then try again"), path, g_strerror (number));
  return FALSE;
}

gboolean
peerup_autostart_set (const char *directory, const char *id, const char *const *argv, GError **error)
{
  g_autofree char *path = dup_path (directory, id);
  g_autofree char *data = NULL;
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (directory != NULL && id != NULL, FALSE);
  if (argv == NULL)
    return g_unlink (path) == 0 || errno == ENOENT || errno == ENOTDIR || fail (path, errno, error);
  if (g_mkdir_with_parents (directory, DIRECTORY_MODE) != 0)
    return fail (path, errno, error);
  data = make_file (id, argv);
  if (g_file_set_contents_full (path, data, -1, G_FILE_SET_CONTENTS_CONSISTENT, FILE_MODE, &reason))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("Cannot write %1$s: %2$s. Make it writable, then try again"),
               path, reason->message);
  return FALSE;
}
