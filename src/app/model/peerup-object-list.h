/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A GListModel of the engine's objects that have one interface: their typed proxies (PeerupDBusDevice1 and so on), in
 * the order in which they came. What it lists changes with the engine; the list itself stays. */
#define PEERUP_TYPE_OBJECT_LIST (peerup_object_list_get_type ())
G_DECLARE_FINAL_TYPE (PeerupObjectList, peerup_object_list, PEERUP, OBJECT_LIST, GObject)

/* @interface: "dev.peerup.PeerUp.Device1" */
PeerupObjectList *peerup_object_list_new (const char *interface) G_GNUC_WARN_UNUSED_RESULT;
/* @manager: (nullable): whose objects it lists from now on. */
void peerup_object_list_set_manager (PeerupObjectList *self, GDBusObjectManager *manager);
/* (transfer full) (nullable): the first whose string property @name ("peer-id") is @value. */
gpointer
peerup_object_list_find (PeerupObjectList *self, const char *name, const char *value) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
