/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A page of the window about one device that is authorized. */
#include "app/device/peerup-device-page.h"

struct _PeerupDevicePage
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
  PeerupDBusDevice1 *device;
};

G_DEFINE_FINAL_TYPE (PeerupDevicePage, peerup_device_page, ADW_TYPE_NAVIGATION_PAGE)

static void
peerup_device_page_dispose (GObject *object)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_DEVICE_PAGE);
  g_clear_object (&self->session);
  g_clear_object (&self->device);
  G_OBJECT_CLASS (peerup_device_page_parent_class)->dispose (object);
}

static void
peerup_device_page_class_init (PeerupDevicePageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_device_page_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/dev/peerup/PeerUp/device/peerup-device-page.ui");
}

static void
peerup_device_page_init (PeerupDevicePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupDevicePage *
peerup_device_page_new (PeerupSession *session, PeerupDBusDevice1 *device)
{
  PeerupDevicePage *self = g_object_new (PEERUP_TYPE_DEVICE_PAGE, NULL);

  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  return self;
}
