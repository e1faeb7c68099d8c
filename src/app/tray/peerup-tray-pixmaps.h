/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Icons as pixels, for trays that do not find them by their names. A symbolic icon is a shape without a colour, and
 * nobody knows what a tray's is: so it is white with a dark edge, which is to be seen on either. */

/* The icon dev.peerup.PeerUp-@name-symbolic ("connected") in all sizes, as a(iiay): width, height, ARGB32 in network
 * byte order. (transfer floating); NULL with @error if there is no such icon in the program. */
GVariant *peerup_tray_pixmaps_new (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What it does to a shape: @alpha has @size × @size bytes, @argb gets four times as many. */
void peerup_tray_pixmaps_paint (const guint8 *alpha, guint size, guint8 *argb);

G_END_DECLS
