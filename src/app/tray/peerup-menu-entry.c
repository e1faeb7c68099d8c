/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A menu as data. Pure. */
#include "app/tray/peerup-menu-entry.h"

PeerupMenuEntry *
peerup_menu_entry_new (PeerupMenuKind kind, const char *key, const char *label)
{
  PeerupMenuEntry *self = g_new0 (PeerupMenuEntry, 1);

  self->kind = kind;
  self->key = g_strdup (key);
  self->label = g_strdup (label);
  self->is_enabled = kind == PEERUP_MENU_ACTION || kind == PEERUP_MENU_CHECK;
  return self;
}

void
peerup_menu_entry_free (PeerupMenuEntry *self)
{
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_free (self->key);
  g_free (self->label);
  g_free (self);
}

static void
free_entry (gpointer entry)
{
  peerup_menu_entry_free (entry);
}

PeerupMenuEntry *
peerup_menu_entry_append (PeerupMenuEntry *self, PeerupMenuEntry *child)
{
  if (self->children == NULL)
    self->children = g_ptr_array_new_with_free_func (free_entry);
  g_ptr_array_add (self->children, child);
  return child;
}
