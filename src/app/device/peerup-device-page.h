/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* A page of the window about one device that is authorized. */
#define PEERUP_TYPE_DEVICE_PAGE (peerup_device_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupDevicePage, peerup_device_page, PEERUP, DEVICE_PAGE, AdwNavigationPage)

PeerupDevicePage *peerup_device_page_new (PeerupSession *session, PeerupDBusDevice1 *device) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
