/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the engine says of this device as a relay. Whether it serves because it was told to, or by itself for the
 * authorized peers, only GetRelayService tells, so that is asked whenever the state changes. */
#include "app/share/peerup-own-relay-group.h"

#include <glib/gi18n.h>

#include "app/share/peerup-share-calls.h"
#include "app/share/peerup-share-text.h"
#include "app/widgets/peerup-toast.h"

struct _PeerupOwnRelayGroup
{
  AdwPreferencesGroup parent_instance;

  PeerupSession *session;
  PeerupDBusEngine1 *engine; /* (nullable) */
  GCancellable *cancellable;
  gboolean for_peers; /* as GetRelayService said last */
  AdwActionRow *serve_row;
  GtkImage *state_image;
  GtkSwitch *serve_switch;
  AdwActionRow *needs_row;
  GtkImage *needs_image;
  AdwButtonRow *drain_row;
  AdwButtonRow *resume_row;
};

G_DEFINE_FINAL_TYPE (PeerupOwnRelayGroup, peerup_own_relay_group, ADW_TYPE_PREFERENCES_GROUP)

/* The engine was told to. */
static gboolean
is_told (PeerupOwnRelayGroup *self)
{
  const char *state = self->engine != NULL ? peerup_dbus_engine1_get_relay_state (self->engine) : NULL;

  return g_strcmp0 (state, "serving") == 0 && !self->for_peers;
}

static const char *
get_icon (const char *state)
{
  if (g_strcmp0 (state, "serving") == 0)
    return "object-select-symbolic";
  return g_strcmp0 (state, "draining") == 0 ? "content-loading-symbolic" : "media-playback-stop-symbolic";
}

static char *
describe_needs (PeerupOwnRelayGroup *self, gboolean bad)
{
  guint port = peerup_share_find_port (peerup_dbus_engine1_get_listen_addresses (self->engine));
  const char *sentence = peerup_dbus_engine1_get_grade_sentence (self->engine);
  const char *advice = peerup_dbus_engine1_get_grade_advice (self->engine);
  g_autofree char *needs =
    port != 0 ? g_strdup_printf (_ ("A public address, and port %u let through to this device, TCP and UDP."), port)
              : g_strdup (_ ("A public address, and a port that is let through to this device, TCP and UDP."));

  if (!bad)
    return g_steal_pointer (&needs);
  /* TRANSLATORS: three sentences: what it needs, how it is, what would help */
  return g_strdup_printf (_ ("%s %s %s"), needs, sentence != NULL ? sentence : "", advice != NULL ? advice : "");
}

static void
update (PeerupOwnRelayGroup *self)
{
  const char *state = self->engine != NULL ? peerup_dbus_engine1_get_relay_state (self->engine) : NULL;
  const char *grade = self->engine != NULL ? peerup_dbus_engine1_get_grade (self->engine) : NULL;
  gboolean bad = grade != NULL && grade[0] >= 'C';
  g_autofree char *words = NULL;
  g_autofree char *needs = NULL;

  gtk_widget_set_sensitive (GTK_WIDGET (self), self->engine != NULL);
  if (self->engine == NULL)
    return;
  words =
    peerup_share_describe_own_relay (state, self->for_peers, peerup_dbus_engine1_get_relay_reservations (self->engine),
                                     peerup_dbus_engine1_get_relay_circuits (self->engine));
  needs = describe_needs (self, bad);
  adw_action_row_set_subtitle (self->serve_row, words);
  gtk_image_set_from_icon_name (self->state_image, get_icon (state));
  adw_action_row_set_subtitle (self->needs_row, needs);
  gtk_image_set_from_icon_name (self->needs_image, bad ? "dialog-warning-symbolic" : "dialog-information-symbolic");
  gtk_switch_set_active (self->serve_switch, is_told (self));
  gtk_switch_set_state (self->serve_switch, is_told (self));
  gtk_widget_set_visible (GTK_WIDGET (self->drain_row), is_told (self));
  gtk_widget_set_visible (GTK_WIDGET (self->resume_row),
                          g_strcmp0 (state, "drained") == 0 || g_strcmp0 (state, "draining") == 0);
}

static void
on_service (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupOwnRelayGroup) self = data;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, NULL);
  g_autoptr (GVariant) facts = answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;

  if (facts == NULL || self->session == NULL)
    return;
  self->for_peers = FALSE;
  g_variant_lookup (facts, "for_peers", "b", &self->for_peers);
  update (self);
}

static void
ask (PeerupOwnRelayGroup *self)
{
  if (self->engine != NULL)
    peerup_session_call_async (self->session, "GetRelayService", NULL, self->cancellable, on_service,
                               g_object_ref (self));
}

static void
update_engine (PeerupOwnRelayGroup *self)
{
  static const char *const facts[] = {
    "notify::relay-reservations", "notify::relay-circuits", "notify::grade",
    "notify::grade-sentence",     "notify::grade-advice",   "notify::listen-addresses"
  };

  if (self->engine != NULL)
    g_signal_handlers_disconnect_by_data (self->engine, self);
  g_set_object (&self->engine, peerup_session_get_engine (self->session));
  if (self->engine != NULL)
    {
      g_signal_connect_object (self->engine, "notify::relay-state", G_CALLBACK (ask), self, G_CONNECT_SWAPPED);
      for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
        g_signal_connect_object (self->engine, facts[i], G_CALLBACK (update), self, G_CONNECT_SWAPPED);
    }
  update (self);
  ask (self);
}

/* What a person does */

static void
on_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupOwnRelayGroup) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (self->session == NULL)
    return;
  if (answer == NULL)
    {
      peerup_toast_error (GTK_WIDGET (self), _ ("Cannot change this"), error);
      gtk_switch_set_active (self->serve_switch, is_told (self));
    }
  ask (self);
}

/* The state stays what the engine says. */
static gboolean
on_state_set (PeerupOwnRelayGroup *self, gboolean wanted, GtkSwitch *widget)
{
  if (self->engine != NULL && wanted != is_told (self))
    peerup_session_call_async (self->session, "SetConfigValue",
                               g_variant_new ("(ss)", "relay.serve", wanted ? "true" : ""), self->cancellable, on_set,
                               g_object_ref (self));
  return TRUE;
}

static void
on_response (PeerupOwnRelayGroup *self, const char *response)
{
  if (g_str_equal (response, "drain"))
    peerup_share_call (GTK_WIDGET (self), self->session, "DrainRelay", g_variant_new ("(t)", (guint64) 0),
                       _ ("Cannot end relaying"));
}

static void
on_drain (PeerupOwnRelayGroup *self)
{
  AdwDialog *alert = adw_alert_dialog_new (
    _ ("End Relaying in Good Order?"),
    _ ("Nothing new is taken, and connections that it carries get a while to end or to find another way. It stays "
       "so until you resume it, or Peer-Up starts again."));

  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (alert), "cancel", _ ("_Cancel"), "drain", _ ("_End"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (alert), "drain", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (alert), "cancel");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (alert), "cancel");
  g_signal_connect_object (alert, "response", G_CALLBACK (on_response), self, G_CONNECT_SWAPPED);
  adw_dialog_present (alert, GTK_WIDGET (self));
}

static void
on_resume (PeerupOwnRelayGroup *self)
{
  peerup_share_call (GTK_WIDGET (self), self->session, "ResumeRelay", NULL, _ ("Cannot resume relaying"));
}

/* Object */

static void
peerup_own_relay_group_dispose (GObject *object)
{
  PeerupOwnRelayGroup *self = PEERUP_OWN_RELAY_GROUP (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_OWN_RELAY_GROUP);
  g_clear_object (&self->engine);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_own_relay_group_parent_class)->dispose (object);
}

static void
peerup_own_relay_group_finalize (GObject *object)
{
  g_object_unref (PEERUP_OWN_RELAY_GROUP (object)->cancellable);
  G_OBJECT_CLASS (peerup_own_relay_group_parent_class)->finalize (object);
}

static void
peerup_own_relay_group_class_init (PeerupOwnRelayGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_own_relay_group_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_own_relay_group_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-own-relay-group.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupOwnRelayGroup, serve_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupOwnRelayGroup, state_image);
  gtk_widget_class_bind_template_child (widget_class, PeerupOwnRelayGroup, serve_switch);
  gtk_widget_class_bind_template_child (widget_class, PeerupOwnRelayGroup, needs_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupOwnRelayGroup, needs_image);
  gtk_widget_class_bind_template_child (widget_class, PeerupOwnRelayGroup, drain_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupOwnRelayGroup, resume_row);
  gtk_widget_class_bind_template_callback (widget_class, on_state_set);
  gtk_widget_class_bind_template_callback (widget_class, on_drain);
  gtk_widget_class_bind_template_callback (widget_class, on_resume);
}

static void
peerup_own_relay_group_init (PeerupOwnRelayGroup *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
peerup_own_relay_group_set_session (PeerupOwnRelayGroup *self, PeerupSession *session)
{
  g_return_if_fail (PEERUP_IS_OWN_RELAY_GROUP (self));
  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "notify::engine", G_CALLBACK (update_engine), self, G_CONNECT_SWAPPED);
  update_engine (self);
}
