/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What Grant1 says, in words, and its two operations. The row goes when the grant does. */
#include "app/share/peerup-grant-row.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/share/peerup-share-calls.h"
#include "app/share/peerup-share-text.h"

struct _PeerupGrantRow
{
  AdwActionRow parent_instance;

  PeerupSession *session;
  PeerupDBusGrant1 *grant;
  PeerupShareUsers *users;
};

G_DEFINE_FINAL_TYPE (PeerupGrantRow, peerup_grant_row, ADW_TYPE_ACTION_ROW)

static void
update (PeerupGrantRow *self)
{
  g_autofree char *name = peerup_share_users_dup_grant_name (self->users, self->grant);
  g_autofree char *title = peerup_text_clean (name);
  gint64 until = peerup_dbus_grant1_get_until (self->grant);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *end = until != 0 ? peerup_share_describe_until (until, now) : g_strdup (_ ("always"));
  /* TRANSLATORS: when a permission ends: "May use it until 18:00", "May use it always" */
  g_autofree char *subtitle = g_strdup_printf (_ ("May use it %s"), end);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);
}

static void
extend_grant (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupGrantRow *self = PEERUP_GRANT_ROW (widget);
  gint64 seconds = g_ascii_strtoll (g_variant_get_string (parameter, NULL), NULL, 10);
  gint64 until = seconds != 0 ? g_get_real_time () / G_USEC_PER_SEC + seconds : 0;

  peerup_share_call (widget, self->session, "ExtendGrant",
                     g_variant_new ("(ssx)", peerup_dbus_grant1_get_peer_id (self->grant),
                                    peerup_dbus_grant1_get_service (self->grant), until),
                     _ ("Cannot change when it ends"));
}

static void
revoke_grant (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupGrantRow *self = PEERUP_GRANT_ROW (widget);

  peerup_share_call (widget, self->session, "RevokeGrant",
                     g_variant_new ("(ss)", peerup_dbus_grant1_get_peer_id (self->grant),
                                    peerup_dbus_grant1_get_service (self->grant)),
                     _ ("Cannot revoke it"));
}

static void
peerup_grant_row_dispose (GObject *object)
{
  PeerupGrantRow *self = PEERUP_GRANT_ROW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_GRANT_ROW);
  g_clear_object (&self->session);
  g_clear_object (&self->grant);
  g_clear_object (&self->users);
  G_OBJECT_CLASS (peerup_grant_row_parent_class)->dispose (object);
}

static void
peerup_grant_row_class_init (PeerupGrantRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_grant_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-grant-row.ui");
  /* s: seconds from now, or "0" for ever */
  gtk_widget_class_install_action (widget_class, "grant.extend", "s", extend_grant);
  gtk_widget_class_install_action (widget_class, "grant.revoke", NULL, revoke_grant);
}

static void
peerup_grant_row_init (PeerupGrantRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
peerup_grant_row_new (PeerupSession *session, PeerupDBusGrant1 *grant, PeerupShareUsers *users)
{
  PeerupGrantRow *self = g_object_new (PEERUP_TYPE_GRANT_ROW, NULL);

  self->session = g_object_ref (session);
  self->grant = g_object_ref (grant);
  self->users = g_object_ref (users);
  g_signal_connect_object (grant, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (users, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}
