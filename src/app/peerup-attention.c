/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Whether a window is to be seen, and whether it has the keyboard. It holds nothing: what is so is with the windows. */
#include "app/peerup-attention.h"

static void
update (PeerupNotify *notify)
{
  GtkApplication *application = g_object_get_data (G_OBJECT (notify), "peerup-application");
  PeerupAttention attention = PEERUP_ATTENTION_NONE;

  for (const GList *link = gtk_application_get_windows (application); link != NULL; link = link->next)
    {
      GtkWindow *window = link->data;

      if (!gtk_widget_get_visible (GTK_WIDGET (window)) || gtk_window_is_suspended (window))
        continue;
      attention = MAX (attention, gtk_window_is_active (window) ? PEERUP_ATTENTION_ACTIVE : PEERUP_ATTENTION_VISIBLE);
    }
  peerup_notify_set_attention (notify, attention);
}

static void
on_added (PeerupNotify *notify, GtkWindow *window)
{
  static const char *const facts[] = { "notify::visible", "notify::is-active", "notify::suspended" };

  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    g_signal_connect_object (window, facts[i], G_CALLBACK (update), notify, G_CONNECT_SWAPPED);
  update (notify);
}

PeerupNotify *
peerup_attention_notify_new (GtkApplication *application, PeerupSession *session, GSettings *settings)
{
  PeerupNotify *notify = peerup_notify_new (G_APPLICATION (application), session, settings);

  /* Not owned: it owns what is notified of. */
  g_object_set_data (G_OBJECT (notify), "peerup-application", application);
  g_signal_connect_object (application, "window-added", G_CALLBACK (on_added), notify, G_CONNECT_SWAPPED);
  g_signal_connect_object (application, "window-removed", G_CALLBACK (update), notify,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  for (const GList *link = gtk_application_get_windows (application); link != NULL; link = link->next)
    on_added (notify, link->data);
  return notify;
}
