/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A page of the window about the relays in use. */
#include "app/share/peerup-relays-page.h"

struct _PeerupRelaysPage
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
};

G_DEFINE_FINAL_TYPE (PeerupRelaysPage, peerup_relays_page, ADW_TYPE_NAVIGATION_PAGE)

static void
peerup_relays_page_dispose (GObject *object)
{
  PeerupRelaysPage *self = PEERUP_RELAYS_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_RELAYS_PAGE);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_relays_page_parent_class)->dispose (object);
}

static void
peerup_relays_page_class_init (PeerupRelaysPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_relays_page_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/dev/peerup/PeerUp/share/peerup-relays-page.ui");
}

static void
peerup_relays_page_init (PeerupRelaysPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupRelaysPage *
peerup_relays_page_new (PeerupSession *session)
{
  PeerupRelaysPage *self = g_object_new (PEERUP_TYPE_RELAYS_PAGE, NULL);

  self->session = g_object_ref (session);
  return self;
}
