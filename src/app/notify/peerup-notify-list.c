/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The objects of a list, in its order, so that those that leave it are known. Lives as long as who follows. */
#include "app/notify/peerup-notify-list.h"

struct _PeerupNotifyList
{
  GListModel *model;
  GPtrArray *items; /* of GObject, as in @model */
  PeerupNotifyListFunc added, changed, removed;
  gpointer data;
};

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  PeerupNotifyList *self = data;

  self->changed (object, self->data);
}

static void
leave (PeerupNotifyList *self, GObject *object)
{
  g_signal_handlers_disconnect_by_data (object, self);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  PeerupNotifyList *self = data;
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < removed; i++)
    {
      GObject *object = g_ptr_array_steal_index (self->items, position);

      leave (self, object);
      g_ptr_array_add (gone, object);
    }
  for (guint i = 0; i < added; i++)
    {
      GObject *object = g_list_model_get_item (model, position + i);

      g_ptr_array_insert (self->items, (int) (position + i), object);
      if (self->changed != NULL)
        g_signal_connect (object, "notify", G_CALLBACK (on_notify), self);
    }
  for (guint i = 0; i < gone->len; i++)
    self->removed (gone->pdata[i], self->data);
  for (guint i = 0; i < added; i++)
    self->added (self->items->pdata[position + i], self->data);
}

PeerupNotifyList *
peerup_notify_list_new (GListModel *model, PeerupNotifyListFunc added, PeerupNotifyListFunc changed,
                        PeerupNotifyListFunc removed, gpointer data)
{
  PeerupNotifyList *self = g_new0 (PeerupNotifyList, 1);

  self->model = g_object_ref (model);
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->added = added;
  self->changed = changed;
  self->removed = removed;
  self->data = data;
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), self);
  on_items_changed (model, 0, 0, g_list_model_get_n_items (model), self);
  return self;
}

void
peerup_notify_list_free (PeerupNotifyList *self)
{
  g_signal_handlers_disconnect_by_data (self->model, self);
  for (guint i = 0; i < self->items->len; i++)
    leave (self, self->items->pdata[i]);
  g_ptr_array_unref (self->items);
  g_object_unref (self->model);
  g_free (self);
}
