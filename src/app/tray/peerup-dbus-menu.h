/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "app/tray/peerup-menu-entry.h"

G_BEGIN_DECLS

/* A menu that another program shows: com.canonical.dbusmenu, version 3, at one path of one connection, for as long as
 * it lives. Who shows it is told of what has changed and no more; an entry keeps its number for as long as its key is
 * in the menu, and no number is used again, so that a late click never means another entry.
 *
 * Anybody on the bus may call it: what is asked for is bounded, and what cannot be answered is refused with
 * org.freedesktop.DBus.Error.InvalidArgs or LimitsExceeded.
 *
 * Signal "activated" (const char *key): somebody has chosen that entry, which is enabled. */
#define PEERUP_TYPE_DBUS_MENU (peerup_dbus_menu_get_type ())
G_DECLARE_FINAL_TYPE (PeerupDbusMenu, peerup_dbus_menu, PEERUP, DBUS_MENU, GObject)

/* Numbers or events in one call, and names of properties. */
#define PEERUP_DBUS_MENU_MAX_IDS   1000
#define PEERUP_DBUS_MENU_MAX_NAMES 64

/* (nullable): NULL with @error if something is at @path already. It is empty at first. */
PeerupDbusMenu *
peerup_dbus_menu_new (GDBusConnection *connection, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @root: (transfer full): its children are the menu. */
void peerup_dbus_menu_set_root (PeerupDbusMenu *self, PeerupMenuEntry *root);
/* "normal", or "notice" where the whole wants to be looked at. */
void peerup_dbus_menu_set_notice (PeerupDbusMenu *self, gboolean notice);
/* Shows the entry of that number what it is, for who has changed it by himself: a check that did not come to be. */
void peerup_dbus_menu_repeat (PeerupDbusMenu *self, const char *key);

G_END_DECLS
