/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One icon in the tray: org.kde.StatusNotifierItem, at /StatusNotifierItem of one connection, whose unique name it is
 * known by. It belongs to nobody else: an icon goes when its connection is closed, and there is no other way to take
 * one back from a watcher.
 *
 * It is registered once with each org.kde.StatusNotifierWatcher that comes, however late or often, and again where one
 * has refused it and then gets a tray.
 *
 * Property "shown" (gboolean, notifies): a watcher has taken it, and that one has a tray to show it in.
 *
 * Signals: "activated" (const char *token): somebody has clicked on it; @token is for the window that he wants to see,
 * by XDG activation (nullable). */
#define PEERUP_TYPE_STATUS_NOTIFIER (peerup_status_notifier_get_type ())
G_DECLARE_FINAL_TYPE (PeerupStatusNotifier, peerup_status_notifier, PEERUP, STATUS_NOTIFIER, GObject)

#define PEERUP_STATUS_NOTIFIER_PATH "/StatusNotifierItem"

/* @id: of the application; @title: its name, for people; @menu_path: of the menu, at the same connection. (nullable):
 * NULL with @error where the path is taken. It looks for a watcher once it has an icon. */
PeerupStatusNotifier *peerup_status_notifier_new (GDBusConnection *connection, const char *id, const char *title,
                                                  const char *menu_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @icon_name: of the theme; @pixmaps: the same as a(iiay), as the protocol has it, floating or not; @attention: it is
 * something to be looked at. */
void peerup_status_notifier_set_icon (PeerupStatusNotifier *self, const char *icon_name, GVariant *pixmaps,
                                      gboolean attention);
/* What is said when one points at it: plain text. */
void peerup_status_notifier_set_text (PeerupStatusNotifier *self, const char *text);
gboolean peerup_status_notifier_is_shown (PeerupStatusNotifier *self);

G_END_DECLS
