/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How something ended, with buttons. */
#include "app/pairing/peerup-outcome-page.h"

#include "app/pairing/peerup-page-focus.h"

struct _PeerupOutcomePage
{
  AdwNavigationPage parent_instance;

  AdwStatusPage *status;
  GtkBox *buttons;
  GtkWidget *first; /* (nullable): of the buttons */
  GtkExpander *details_expander;
  GtkLabel *details;
};

G_DEFINE_FINAL_TYPE (PeerupOutcomePage, peerup_outcome_page, ADW_TYPE_NAVIGATION_PAGE)

void
peerup_outcome_page_set_title (PeerupOutcomePage *self, const char *title)
{
  g_return_if_fail (PEERUP_IS_OUTCOME_PAGE (self));
  adw_navigation_page_set_title (ADW_NAVIGATION_PAGE (self), title);
  adw_status_page_set_title (self->status, title);
}

void
peerup_outcome_page_set_description (PeerupOutcomePage *self, const char *description)
{
  g_autofree char *escaped = NULL;

  g_return_if_fail (PEERUP_IS_OUTCOME_PAGE (self));
  /* The status page reads markup there. */
  escaped = description != NULL ? g_markup_escape_text (description, -1) : NULL;
  adw_status_page_set_description (self->status, escaped);
}

void
peerup_outcome_page_set_details (PeerupOutcomePage *self, const char *details)
{
  g_return_if_fail (PEERUP_IS_OUTCOME_PAGE (self));
  gtk_label_set_text (self->details, details != NULL ? details : "");
  gtk_widget_set_visible (GTK_WIDGET (self->details_expander), details != NULL && *details != '\0');
}

GtkWidget *
peerup_outcome_page_add_button (PeerupOutcomePage *self, const char *label, const char *style)
{
  GtkWidget *button;

  g_return_val_if_fail (PEERUP_IS_OUTCOME_PAGE (self), NULL);
  button = gtk_button_new_with_mnemonic (label);
  gtk_button_set_can_shrink (GTK_BUTTON (button), TRUE);
  gtk_widget_add_css_class (button, "pill");
  if (style != NULL)
    gtk_widget_add_css_class (button, style);
  gtk_box_append (self->buttons, button);
  gtk_widget_set_visible (GTK_WIDGET (self->buttons), TRUE);
  if (self->first == NULL)
    self->first = button;
  return button;
}

/* Where a person would look for it: whoever presses Enter on a new page means its first button. */
static void
on_shown (AdwNavigationPage *page)
{
  PeerupOutcomePage *self = PEERUP_OUTCOME_PAGE (page);

  if (self->first != NULL)
    peerup_page_focus (page, self->first, NULL);
}

static void
peerup_outcome_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), PEERUP_TYPE_OUTCOME_PAGE);
  G_OBJECT_CLASS (peerup_outcome_page_parent_class)->dispose (object);
}

static void
peerup_outcome_page_class_init (PeerupOutcomePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_outcome_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/pairing/peerup-outcome-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupOutcomePage, status);
  gtk_widget_class_bind_template_child (widget_class, PeerupOutcomePage, buttons);
  gtk_widget_class_bind_template_child (widget_class, PeerupOutcomePage, details_expander);
  gtk_widget_class_bind_template_child (widget_class, PeerupOutcomePage, details);
}

static void
peerup_outcome_page_init (PeerupOutcomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_shown), NULL);
}

PeerupOutcomePage *
peerup_outcome_page_new (const char *icon, const char *title, const char *description)
{
  PeerupOutcomePage *self = g_object_new (PEERUP_TYPE_OUTCOME_PAGE, NULL);

  if (icon != NULL)
    adw_status_page_set_icon_name (self->status, icon);
  else
    {
      g_autoptr (GdkPaintable) spinner = GDK_PAINTABLE (adw_spinner_paintable_new (GTK_WIDGET (self->status)));

      adw_status_page_set_paintable (self->status, spinner);
    }
  peerup_outcome_page_set_title (self, title);
  peerup_outcome_page_set_description (self, description);
  return self;
}
