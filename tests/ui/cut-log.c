/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* For LD_PRELOAD: at each SIGUSR2 writes the texts of the labels that show and are cut short to the file that
 * PEERUP_CUT_LOG names, one on a line, and an empty line behind them. Only the toolkit knows: what a screen reader
 * hears is whole. */
#include <dlfcn.h>
#include <glib-unix.h>
#include <gtk/gtk.h>
#include <stdio.h>

static FILE *cuts;

static void
look_at (GtkWidget *widget)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (GTK_IS_LABEL (widget) && pango_layout_is_ellipsized (gtk_label_get_layout (GTK_LABEL (widget))))
    {
      g_autofree char *text = g_strdup (gtk_label_get_text (GTK_LABEL (widget)));

      fprintf (cuts, "%s\n", g_strdelimit (text, "\n", ' '));
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    look_at (child);
}

static gboolean
look (gpointer data)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *link = windows; link != NULL; link = link->next)
    look_at (link->data);
  fprintf (cuts, "\n");
  fflush (cuts);
  return G_SOURCE_CONTINUE;
}

G_MODULE_EXPORT void
gtk_window_present (GtkWindow *window)
{
  void (*present) (GtkWindow *) = dlsym (RTLD_NEXT, "gtk_window_present");
  const char *path = g_getenv ("PEERUP_CUT_LOG");

  present (window);
  if (cuts != NULL || path == NULL)
    return;
  cuts = fopen (path, "w");
  if (cuts == NULL)
    g_error ("%s cannot be written", path);
  g_unix_signal_add (SIGUSR2, look, NULL);
}
