/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* A page of the window about this device and the services it shares. */
#define PEERUP_TYPE_THIS_DEVICE_PAGE (peerup_this_device_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupThisDevicePage, peerup_this_device_page, PEERUP, THIS_DEVICE_PAGE, AdwNavigationPage)

PeerupThisDevicePage *peerup_this_device_page_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
