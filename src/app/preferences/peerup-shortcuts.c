/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The keys, and the dialog that lists them. */
#include "app/preferences/peerup-shortcuts.h"

#include <glib/gi18n.h>

#define WIDTH  460
#define HEIGHT 560

static const struct
{
  const char *group; /* (nullable): that of the one before */
  const char *title;
  const char *action; /* (nullable): the toolkit does it */
  const char *key;
} shortcuts[] = {
  { N_ ("Devices"), N_ ("Invite a Device"), "win.invite", "<Control>n" },
  { NULL, N_ ("Join with a Code"), "win.join('')", "<Control>j" },
  { NULL, N_ ("Search"), "win.search", "<Control>f" },
  { N_ ("General"), N_ ("Main Menu"), NULL, "F10" },
  { NULL, N_ ("Preferences"), "app.preferences", "<Control>comma" },
  { NULL, N_ ("Keyboard Shortcuts"), "app.shortcuts", "<Control>question" },
  { NULL, N_ ("Help"), "app.help('')", "F1" },
  { NULL, N_ ("Close Window"), "window.close", "<Control>w" },
  { NULL, N_ ("Quit"), "app.quit", "<Control>q" },
};

void
peerup_shortcuts_install (GtkApplication *application)
{
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    if (shortcuts[i].action != NULL)
      gtk_application_set_accels_for_action (application, shortcuts[i].action,
                                             (const char *[]) { shortcuts[i].key, NULL });
}

/* "Ctrl+N", in the language of the person. (transfer full) */
static char *
dup_label (const char *key)
{
  GdkModifierType mods;
  guint keyval;

  if (!gtk_accelerator_parse (key, &keyval, &mods))
    return g_strdup (key);
  return gtk_accelerator_get_label (keyval, mods);
}

/* As caps of keys, which look so in every theme that knows shortcuts. (transfer floating) */
static GtkWidget *
make_caps (const char *label)
{
  GtkWidget *box = g_object_new (GTK_TYPE_BOX, "css-name", "shortcut", "spacing", 6, "valign", GTK_ALIGN_CENTER,
                                 "accessible-role", GTK_ACCESSIBLE_ROLE_GROUP, NULL);
  g_auto (GStrv) caps = g_strsplit (label, "+", -1);

  for (guint i = 0; caps[i] != NULL; i++)
    {
      GtkWidget *cap = gtk_label_new (caps[i]);

      gtk_widget_add_css_class (cap, "keycap");
      gtk_box_append (GTK_BOX (box), cap);
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (box), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return box;
}

static GtkWidget *
make_row (const char *title, const char *key)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *label = dup_label (key);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), make_caps (label));
  return row;
}

AdwDialog *
peerup_shortcuts_dialog_new (void)
{
  AdwDialog *dialog = adw_dialog_new ();
  GtkWidget *view = adw_toolbar_view_new (), *page = adw_preferences_page_new ();
  AdwPreferencesGroup *group = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    {
      if (shortcuts[i].group != NULL)
        {
          group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
          adw_preferences_group_set_title (group, _ (shortcuts[i].group));
          adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), group);
        }
      adw_preferences_group_add (group, make_row (_ (shortcuts[i].title), shortcuts[i].key));
    }
  adw_toolbar_view_add_top_bar (ADW_TOOLBAR_VIEW (view), adw_header_bar_new ());
  adw_toolbar_view_set_content (ADW_TOOLBAR_VIEW (view), page);
  adw_dialog_set_title (dialog, _ ("Keyboard Shortcuts"));
  adw_dialog_set_content_width (dialog, WIDTH);
  adw_dialog_set_content_height (dialog, HEIGHT);
  adw_dialog_set_child (dialog, view);
  return dialog;
}
