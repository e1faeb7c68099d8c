/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The page before a Join. What it shows is what the code itself says. */
#include "app/pairing/peerup-join-confirm.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/pairing/peerup-machine-name.h"
#include "app/pairing/peerup-page-focus.h"
#include "app/pairing/peerup-service-choice.h"
#include "app/widgets/peerup-copy-row.h"

struct _PeerupJoinConfirm
{
  AdwNavigationPage parent_instance;

  GtkWidget *join;
  PeerupCopyRow *inviter_row;
  GtkWidget *spoken_row;
  AdwActionRow *network_row;
  GtkWidget *left_row;
  GtkWidget *weak_row;
  AdwExpanderRow *places_row;
  GtkCheckButton *everything;
  GtkCheckButton *chosen;
  GtkCheckButton *nothing;
  AdwPreferencesGroup *chosen_group;
  AdwEntryRow *name;
  PeerupServiceChoice *services;
  gboolean unasked;
};

G_DEFINE_FINAL_TYPE (PeerupJoinConfirm, peerup_join_confirm, ADW_TYPE_NAVIGATION_PAGE)

static guint join_signal;

GVariant *
peerup_join_confirm_get (PeerupJoinConfirm *self, gboolean wait)
{
  static const char *const none[] = { NULL };
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name))));

  if (*name != '\0')
    g_variant_dict_insert (&dict, "name", "s", name);
  if (gtk_check_button_get_active (self->chosen))
    {
      g_auto (GStrv) services = peerup_service_choice_dup (self->services);

      g_variant_dict_insert (&dict, "services", "^as", services);
    }
  else if (gtk_check_button_get_active (self->nothing))
    g_variant_dict_insert (&dict, "services", "^as", none);
  if (wait)
    g_variant_dict_insert (&dict, "wait", "b", TRUE);
  return g_variant_dict_end (&dict);
}

static void
on_join (PeerupJoinConfirm *self)
{
  g_signal_emit (self, join_signal, 0);
}

static void
on_toggled (PeerupJoinConfirm *self)
{
  gtk_widget_set_sensitive (self->join, !gtk_check_button_get_active (self->chosen) ||
                                          peerup_service_choice_has_any (self->services));
}

static void
add_places (PeerupJoinConfirm *self, GPtrArray *addresses, const char *title)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autofree char *text = peerup_text_clean_to (peerup_multiaddr_get_string (addresses->pdata[i]), 200);
      GtkWidget *row = peerup_copy_row_new (title, text);

      adw_expander_row_add_row (self->places_row, row);
      gtk_widget_set_visible (GTK_WIDGET (self->places_row), TRUE);
    }
}

static void
show_code (PeerupJoinConfirm *self, const PeerupInviteCode *code)
{
  g_autofree char *network = peerup_text_clean (code->network);

  gtk_widget_set_visible (self->spoken_row, code->kind == PEERUP_CODE_SPOKEN);
  gtk_widget_set_visible (self->weak_row, code->kind == PEERUP_CODE_ORIGINAL || code->kind == PEERUP_CODE_RELAY);
  gtk_widget_set_visible (self->left_row, code->left);
  gtk_widget_set_visible (GTK_WIDGET (self->network_row), *network != '\0');
  adw_action_row_set_subtitle (self->network_row, network);
  if (code->inviter != NULL)
    {
      peerup_copy_row_set_text (self->inviter_row, peerup_peer_id_get_string (code->inviter));
      gtk_widget_set_visible (GTK_WIDGET (self->inviter_row), TRUE);
    }
  add_places (self, code->addresses, _ ("Directly"));
  add_places (self, code->relays, _ ("Through a Relay"));
}

static void
on_shown (AdwNavigationPage *page)
{
  PeerupJoinConfirm *self = PEERUP_JOIN_CONFIRM (page);

  if (self->unasked)
    peerup_page_focus (page, GTK_WIDGET (self->name), NULL);
  else
    peerup_page_focus (page, self->join, self->join);
}

static void
peerup_join_confirm_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), PEERUP_TYPE_JOIN_CONFIRM);
  G_OBJECT_CLASS (peerup_join_confirm_parent_class)->dispose (object);
}

static void
peerup_join_confirm_class_init (PeerupJoinConfirmClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_join_confirm_dispose;
  join_signal = g_signal_new ("join", PEERUP_TYPE_JOIN_CONFIRM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (PEERUP_TYPE_COPY_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/pairing/peerup-join-confirm.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, join);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, inviter_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, spoken_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, network_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, left_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, weak_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, places_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, everything);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, chosen);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, nothing);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, chosen_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupJoinConfirm, name);
  gtk_widget_class_bind_template_callback (widget_class, on_join);
  gtk_widget_class_bind_template_callback (widget_class, on_toggled);
}

static void
peerup_join_confirm_init (PeerupJoinConfirm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_shown), NULL);
}

PeerupJoinConfirm *
peerup_join_confirm_new (PeerupSession *session, const PeerupInviteCode *code, gboolean unasked)
{
  PeerupJoinConfirm *self = g_object_new (PEERUP_TYPE_JOIN_CONFIRM, NULL);
  g_autofree char *name = peerup_machine_name_dup (session);

  self->unasked = unasked;
  self->services = peerup_service_choice_new (session);
  adw_preferences_group_add (self->chosen_group, GTK_WIDGET (self->services));
  g_signal_connect_object (self->services, "changed", G_CALLBACK (on_toggled), self, G_CONNECT_SWAPPED);
  gtk_editable_set_text (GTK_EDITABLE (self->name), name);
  show_code (self, code);
  return self;
}
