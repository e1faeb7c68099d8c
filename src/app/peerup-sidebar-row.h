/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* The items of the sidebar that are no devices: GtkStringObjects with these. */
#define PEERUP_SIDEBAR_THIS_DEVICE "this-device"
#define PEERUP_SIDEBAR_RELAYS      "relays"

/* A row of the sidebar. It follows its item, and is used for one after the other. */
#define PEERUP_TYPE_SIDEBAR_ROW (peerup_sidebar_row_get_type ())
G_DECLARE_FINAL_TYPE (PeerupSidebarRow, peerup_sidebar_row, PEERUP, SIDEBAR_ROW, GtkBox)

GtkWidget *peerup_sidebar_row_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
/* @item: (nullable): a PeerupDBusDevice1, or a GtkStringObject as above */
void peerup_sidebar_row_set_item (PeerupSidebarRow *self, GObject *item);
/* Says again what depends on the time. */
void peerup_sidebar_row_refresh (PeerupSidebarRow *self);
/* A screen reader calls @list_item what the row says. */
void peerup_sidebar_row_bind_accessible (PeerupSidebarRow *self, GtkListItem *list_item);

G_END_DECLS
