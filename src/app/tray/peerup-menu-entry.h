/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A menu as data: a tree of entries, made anew whenever something has changed. */

typedef enum
{
  PEERUP_MENU_ACTION,
  PEERUP_MENU_CHECK,
  PEERUP_MENU_TEXT, /* says something, and cannot be chosen */
  PEERUP_MENU_SEPARATOR,
} PeerupMenuKind;

typedef struct _PeerupMenuEntry PeerupMenuEntry;
struct _PeerupMenuEntry
{
  PeerupMenuKind kind;
  char *key;           /* what it is, over all changes; of its own in the tree */
  char *label;         /* (nullable): plain text, as it is to be seen */
  gboolean is_enabled; /* it can be chosen */
  gboolean is_checked; /* of a CHECK */
  GPtrArray *children; /* (nullable): of PeerupMenuEntry: it is a submenu */
};

/* @label: (nullable) */
PeerupMenuEntry *
peerup_menu_entry_new (PeerupMenuKind kind, const char *key, const char *label) G_GNUC_WARN_UNUSED_RESULT;
void peerup_menu_entry_free (PeerupMenuEntry *self);
/* @child: (transfer full). Returns it. */
PeerupMenuEntry *peerup_menu_entry_append (PeerupMenuEntry *self, PeerupMenuEntry *child);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMenuEntry, peerup_menu_entry_free)

G_END_DECLS
