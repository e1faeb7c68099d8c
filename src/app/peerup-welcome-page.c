/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The page of the window where there is no device yet: the two ways to have one. */
#include "app/peerup-welcome-page.h"

struct _PeerupWelcomePage
{
  AdwNavigationPage parent_instance;
};

G_DEFINE_FINAL_TYPE (PeerupWelcomePage, peerup_welcome_page, ADW_TYPE_NAVIGATION_PAGE)

static void
peerup_welcome_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), PEERUP_TYPE_WELCOME_PAGE);
  G_OBJECT_CLASS (peerup_welcome_page_parent_class)->dispose (object);
}

static void
peerup_welcome_page_class_init (PeerupWelcomePageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_welcome_page_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass), "/dev/peerup/PeerUp/peerup-welcome-page.ui");
}

static void
peerup_welcome_page_init (PeerupWelcomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupWelcomePage *
peerup_welcome_page_new (void)
{
  return g_object_new (PEERUP_TYPE_WELCOME_PAGE, NULL);
}
