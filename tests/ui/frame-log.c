/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* For LD_PRELOAD: writes a line for each frame of the first window that is presented to the file that PEERUP_FRAME_LOG
 * names, with the microseconds of the monotonic clock when it was painted. From a SIGUSR1 to the next, a frame is
 * wanted at each refresh of the display, as by an animation: a gap then tells that something kept the main loop from
 * it. Ends with the program. */
#include <dlfcn.h>
#include <glib-unix.h>
#include <gtk/gtk.h>
#include <stdio.h>

static FILE *frames;
static guint tick;

static void
painted (GdkFrameClock *clock, gpointer data)
{
  fprintf (frames, "%" G_GINT64_FORMAT "\n", g_get_monotonic_time ());
  fflush (frames);
}

static gboolean
keep_drawing (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  gtk_widget_queue_draw (widget);
  return G_SOURCE_CONTINUE;
}

static gboolean
switch_over (gpointer window)
{
  if (tick == 0)
    {
      tick = gtk_widget_add_tick_callback (window, keep_drawing, NULL, NULL);
      return G_SOURCE_CONTINUE;
    }
  gtk_widget_remove_tick_callback (window, tick);
  tick = 0;
  return G_SOURCE_CONTINUE;
}

G_MODULE_EXPORT void
gtk_window_present (GtkWindow *window)
{
  void (*present) (GtkWindow *) = dlsym (RTLD_NEXT, "gtk_window_present");
  const char *path = g_getenv ("PEERUP_FRAME_LOG");

  present (window);
  if (frames != NULL || path == NULL)
    return;
  frames = fopen (path, "w");
  if (frames == NULL)
    g_error ("%s cannot be written", path);
  g_signal_connect (gtk_widget_get_frame_clock (GTK_WIDGET (window)), "after-paint", G_CALLBACK (painted), NULL);
  g_unix_signal_add (SIGUSR1, switch_over, window);
}
