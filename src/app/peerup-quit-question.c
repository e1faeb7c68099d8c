/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is in use when somebody quits, and the question whether that is to end. */
#include "app/peerup-quit-question.h"

#include <glib/gi18n.h>

static guint
sum (gpointer list, const char *property)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);
      guint active;

      g_object_get (item, property, &active, NULL);
      n += active;
    }
  return n;
}

guint
peerup_quit_count_in_use (PeerupSession *session)
{
  if (session == NULL || !peerup_session_is_embedded (session))
    return 0;
  return sum (peerup_session_get_forwards (session), "active") + sum (peerup_session_get_services (session), "active");
}

AdwDialog *
peerup_quit_question_new (guint n)
{
  g_autofree char *text =
    g_strdup_printf (ngettext ("%u connection is in use and will end. Other devices cannot reach this one any more.",
                               "%u connections are in use and will end. Other devices cannot reach this one any more.",
                               n),
                     n);
  AdwAlertDialog *alert = ADW_ALERT_DIALOG (adw_alert_dialog_new (_ ("Quit Peer-Up?"), text));

  adw_alert_dialog_add_responses (alert, "cancel", _ ("_Cancel"), "quit", _ ("_Quit"), NULL);
  adw_alert_dialog_set_response_appearance (alert, "quit", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (alert, "cancel");
  adw_alert_dialog_set_close_response (alert, "cancel");
  return ADW_DIALOG (alert);
}
