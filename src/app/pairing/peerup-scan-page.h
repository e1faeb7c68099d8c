/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Shows what the camera sees until an invite's code is in it. It has the camera while it is to be seen, and no longer.
 *
 * Signals: "chosen" (const char *code), which is whole; the camera is let go. "manual" (gboolean picture): the person
 * would rather type it, or choose a picture. */
#define PEERUP_TYPE_SCAN_PAGE (peerup_scan_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupScanPage, peerup_scan_page, PEERUP, SCAN_PAGE, AdwNavigationPage)

PeerupScanPage *peerup_scan_page_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
