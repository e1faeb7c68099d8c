/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Lasting trouble, as the engine tells it. One thing at a time; the button leads to all of it. */
#include "app/peerup-trouble-banner.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/widgets/peerup-toast.h"

/* Seconds between two looks at how long a configuration is in use yet. */
#define TICK 5
/* Characters of a problem: whole sentences, with what to do about it. */
#define MAX_PROBLEM 1000

struct _PeerupTroubleBanner
{
  AdwBin parent_instance;

  PeerupSession *session;
  GCancellable *cancellable;
  GSignalGroup *engine;
  AdwBanner *banner;
  guint tick;      /* while a configuration waits */
  gint64 reviewed; /* the deadline of the one that is asked about */
};

G_DEFINE_FINAL_TYPE (PeerupTroubleBanner, peerup_trouble_banner, ADW_TYPE_BIN)

static char *
say_pending (gint64 deadline)
{
  gint64 seconds = deadline - g_get_real_time () / G_USEC_PER_SEC;
  guint minutes = CLAMP ((seconds + 59) / 60, 1, 1000000);

  return g_strdup_printf (ngettext ("A new configuration is used for %u more minute",
                                    "A new configuration is used for %u more minutes", minutes),
                          minutes);
}

static gboolean on_tick (gpointer data);

/* Of what the engine tells: that there is no device yet is no trouble here, and has a page of its own. */
static char **
dup_problems (PeerupDBusEngine1 *engine)
{
  const char *const *all = engine != NULL ? peerup_dbus_engine1_get_problems (engine) : NULL;
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();

  for (guint i = 0; all != NULL && all[i] != NULL; i++)
    if (!peerup_text_is_first_run (all[i]))
      g_strv_builder_take (problems, peerup_text_clean_to (all[i], MAX_PROBLEM));
  return g_strv_builder_end (problems);
}

static void
update (PeerupTroubleBanner *self)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);
  g_auto (GStrv) problems = dup_problems (engine);
  gboolean is_pending = engine != NULL && peerup_dbus_engine1_get_config_pending (engine);
  g_autofree char *title = NULL;

  if (is_pending)
    title = say_pending (peerup_dbus_engine1_get_config_deadline (engine));
  else if (problems[0] != NULL)
    title = g_strdup (problems[0]);
  if (title != NULL)
    {
      adw_banner_set_title (self->banner, title);
      adw_banner_set_button_label (self->banner, is_pending ? _ ("_Review") : _ ("_Details"));
    }
  adw_banner_set_revealed (self->banner, title != NULL);
  if (!is_pending)
    g_clear_handle_id (&self->tick, g_source_remove);
  else if (self->tick == 0)
    self->tick = g_timeout_add_seconds (TICK, on_tick, self);
}

static gboolean
on_tick (gpointer data)
{
  update (data);
  return G_SOURCE_CONTINUE;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupTroubleBanner) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (answer == NULL)
    peerup_toast_error (GTK_WIDGET (self), _ ("Cannot change the configuration"), error);
}

static void
on_response (PeerupTroubleBanner *self, const char *response)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);
  gboolean keep = g_str_equal (response, "keep");

  if (!keep && !g_str_equal (response, "back"))
    return;
  /* Where none waits any more, going back would go to the one before. */
  if (engine == NULL || !peerup_dbus_engine1_get_config_pending (engine) ||
      peerup_dbus_engine1_get_config_deadline (engine) != self->reviewed)
    {
      peerup_toast (GTK_WIDGET (self), _ ("This configuration does not wait any more"));
      return;
    }
  peerup_session_call_async (self->session, keep ? "ConfirmConfig" : "RollbackConfig",
                             keep ? NULL : g_variant_new ("(u)", 0), self->cancellable, on_answered,
                             g_object_ref (self));
}

static void
review (PeerupTroubleBanner *self, PeerupDBusEngine1 *engine)
{
  AdwDialog *dialog = adw_alert_dialog_new (
    _ ("Keep the New Configuration?"),
    _ ("It is in use already. Unless it is kept, the one before it comes back by itself when its time is over."));
  AdwAlertDialog *alert = ADW_ALERT_DIALOG (dialog);

  adw_alert_dialog_add_responses (alert, "later", _ ("_Later"), "back", _ ("_Go Back"), "keep", _ ("_Keep"), NULL);
  adw_alert_dialog_set_response_appearance (alert, "back", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_response_appearance (alert, "keep", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_close_response (alert, "later");
  self->reviewed = peerup_dbus_engine1_get_config_deadline (engine);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

static void
show_help (PeerupTroubleBanner *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "app.help", "s", "trouble");
}

static void
show_problems (PeerupTroubleBanner *self, PeerupDBusEngine1 *engine)
{
  g_auto (GStrv) problems = dup_problems (engine);
  g_autofree char *text = g_strjoinv ("\n\n", problems);
  AdwDialog *dialog = adw_alert_dialog_new (_ ("What Is Wrong"), text);

  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "help", _ ("_Help"), "close", _ ("_Close"), NULL);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "close");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "close");
  g_signal_connect_object (dialog, "response::help", G_CALLBACK (show_help), self, G_CONNECT_SWAPPED);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

static void
on_clicked (PeerupTroubleBanner *self)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);

  if (engine == NULL)
    return;
  if (peerup_dbus_engine1_get_config_pending (engine))
    review (self, engine);
  else
    show_problems (self, engine);
}

void
peerup_trouble_banner_set_session (PeerupTroubleBanner *self, PeerupSession *session)
{
  g_return_if_fail (PEERUP_IS_TROUBLE_BANNER (self) && self->session == NULL);
  self->session = g_object_ref (session);
  self->engine = g_signal_group_new (G_TYPE_OBJECT);
  g_signal_group_connect_object (self->engine, "notify::problems", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_group_connect_object (self->engine, "notify::config-pending", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_group_connect_object (self->engine, "notify::config-deadline", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_object_bind_property (session, "engine", self->engine, "target", G_BINDING_SYNC_CREATE);
  g_signal_connect_object (session, "notify::engine", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

static void
peerup_trouble_banner_dispose (GObject *object)
{
  PeerupTroubleBanner *self = PEERUP_TROUBLE_BANNER (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->tick, g_source_remove);
  /* AdwBin would let go of it once more. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_TROUBLE_BANNER);
  g_clear_object (&self->engine);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_trouble_banner_parent_class)->dispose (object);
}

static void
peerup_trouble_banner_finalize (GObject *object)
{
  g_object_unref (PEERUP_TROUBLE_BANNER (object)->cancellable);
  G_OBJECT_CLASS (peerup_trouble_banner_parent_class)->finalize (object);
}

static void
peerup_trouble_banner_class_init (PeerupTroubleBannerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_trouble_banner_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_trouble_banner_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/peerup-trouble-banner.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupTroubleBanner, banner);
  gtk_widget_class_bind_template_callback (widget_class, on_clicked);
}

static void
peerup_trouble_banner_init (PeerupTroubleBanner *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
