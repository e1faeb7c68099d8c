/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What lies over a camera's picture: dimmed but for a rounded hole, into which a code is to be held. */
#define PEERUP_TYPE_SCAN_FRAME (peerup_scan_frame_get_type ())
G_DECLARE_FINAL_TYPE (PeerupScanFrame, peerup_scan_frame, PEERUP, SCAN_FRAME, GtkWidget)

G_END_DECLS
