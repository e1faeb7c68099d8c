/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Follows the objects of a list one by one: a GListModel does not say what has left it. */
typedef struct _PeerupNotifyList PeerupNotifyList;

/* @object: not owned; one that has left says what it said last. */
typedef void (*PeerupNotifyListFunc) (gpointer object, gpointer data);

/* @changed: (nullable): any property of an object. Calls @added at once for what is there. */
PeerupNotifyList *peerup_notify_list_new (GListModel *model, PeerupNotifyListFunc added, PeerupNotifyListFunc changed,
                                          PeerupNotifyListFunc removed, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_notify_list_free (PeerupNotifyList *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNotifyList, peerup_notify_list_free)

G_END_DECLS
