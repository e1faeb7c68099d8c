/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A page of the window about this device and the services it shares. */
#include "app/share/peerup-this-device-page.h"

struct _PeerupThisDevicePage
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
};

G_DEFINE_FINAL_TYPE (PeerupThisDevicePage, peerup_this_device_page, ADW_TYPE_NAVIGATION_PAGE)

static void
peerup_this_device_page_dispose (GObject *object)
{
  PeerupThisDevicePage *self = PEERUP_THIS_DEVICE_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_THIS_DEVICE_PAGE);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_this_device_page_parent_class)->dispose (object);
}

static void
peerup_this_device_page_class_init (PeerupThisDevicePageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_this_device_page_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/dev/peerup/PeerUp/share/peerup-this-device-page.ui");
}

static void
peerup_this_device_page_init (PeerupThisDevicePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupThisDevicePage *
peerup_this_device_page_new (PeerupSession *session)
{
  PeerupThisDevicePage *self = g_object_new (PEERUP_TYPE_THIS_DEVICE_PAGE, NULL);

  self->session = g_object_ref (session);
  return self;
}
