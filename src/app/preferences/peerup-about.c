/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* About Peer-Up. */
#include "app/preferences/peerup-about.h"

#include <glib/gi18n.h>

#include "peerup-config.h"

static const char *
or_unknown (const char *text)
{
  return text != NULL && *text != '\0' ? text : "unknown";
}

/* Not translated: it is for those who mend things. (transfer full) */
static char *
dup_debug_info (PeerupSession *session)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (session);
  g_autofree char *system = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);
  GdkDisplay *display = gdk_display_get_default ();
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "peerup-gtk %s\n", PEERUP_VERSION);
  if (engine != NULL)
    g_string_append_printf (text, "Engine %s (%s)\n", or_unknown (peerup_dbus_engine1_get_version (engine)),
                            peerup_session_is_embedded (session) ? "in this program" : "daemon");
  else
    g_string_append (text, "Engine: not running\n");
  g_string_append_printf (text, "GTK %u.%u.%u, libadwaita %u.%u.%u, GLib %u.%u.%u\n", gtk_get_major_version (),
                          gtk_get_minor_version (), gtk_get_micro_version (), adw_get_major_version (),
                          adw_get_minor_version (), adw_get_micro_version (), glib_major_version, glib_minor_version,
                          glib_micro_version);
  g_string_append_printf (text, "System: %s\n", or_unknown (system));
  g_string_append_printf (text, "Desktop: %s\n", or_unknown (g_getenv ("XDG_CURRENT_DESKTOP")));
  g_string_append_printf (text, "Display: %s\n", display != NULL ? G_OBJECT_TYPE_NAME (display) : "none");
  g_string_append_printf (text, "Flatpak: %s\n", g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) ? "yes" : "no");
  g_string_append_printf (text, "Language: %s\n", g_get_language_names ()[0]);
  return g_string_free_and_steal (text);
}

AdwDialog *
peerup_about_dialog_new (PeerupSession *session)
{
  AdwDialog *dialog = adw_about_dialog_new ();
  g_autofree char *debug_info = dup_debug_info (session);
  g_autofree char *notes =
    g_markup_printf_escaped ("<p>%s</p><ul><li>%s</li><li>%s</li><li>%s</li><li>%s</li></ul>", _ ("The first release:"),
                             _ ("Pair devices by picture, by spoken words or by a link, and compare what both show"),
                             _ ("Use services of other devices at a port of this one"),
                             _ ("Share services with all of your devices or with one, for as long as you choose"),
                             _ ("See how each device is reached, and why there is no better way"));

  g_object_set (dialog, "application-name", _ ("Peer-Up"), "application-icon", PEERUP_APP_ID, "version", PEERUP_VERSION,
                "comments", _ ("Use what runs on one of your devices from another, as if it were there."), "website",
                PEERUP_SITE, "developer-name", _ ("The Peer-Up authors"), "copyright", _ ("© The Peer-Up authors"),
                "license-type", GTK_LICENSE_LGPL_2_1, "release-notes-version", PEERUP_VERSION, "release-notes", notes,
                "debug-info", debug_info, "debug-info-filename", "peerup-debug-info.txt",
                /* TRANSLATORS: Your names, one on each line. */
                "translator-credits", _ ("translator-credits"), NULL);
  return dialog;
}
