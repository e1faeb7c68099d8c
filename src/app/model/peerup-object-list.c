/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows an object manager: an object with the interface is an item. Lives as long as its session, and holds no fact
 * of its own. */
#include "app/model/peerup-object-list.h"

struct _PeerupObjectList
{
  GObject parent_instance;

  char *interface;
  GDBusObjectManager *manager; /* (nullable) */
  GPtrArray *items;            /* of GDBusInterface */
};

static GType
get_item_type (GListModel *model)
{
  return G_TYPE_DBUS_PROXY;
}

static guint
get_n_items (GListModel *model)
{
  return PEERUP_OBJECT_LIST (model)->items->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  const PeerupObjectList *self = PEERUP_OBJECT_LIST (model);

  return position < self->items->len ? g_object_ref (self->items->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PeerupObjectList, peerup_object_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

/* The manager of one connection loses all interfaces of an object and the object itself at once, so an object counts
 * by its path. */
static gboolean
has_path (gconstpointer item, gconstpointer path)
{
  return g_str_equal (g_dbus_proxy_get_object_path (G_DBUS_PROXY (item)), path);
}

static void
on_object_added (GDBusObjectManager *manager, GDBusObject *object, gpointer data)
{
  PeerupObjectList *self = data;
  GDBusInterface *item = g_dbus_object_get_interface (object, self->interface);

  if (item == NULL)
    return;
  g_ptr_array_add (self->items, item);
  g_list_model_items_changed (G_LIST_MODEL (self), self->items->len - 1, 0, 1);
}

static void
on_object_removed (GDBusObjectManager *manager, GDBusObject *object, gpointer data)
{
  PeerupObjectList *self = data;
  guint position;

  if (!g_ptr_array_find_with_equal_func (self->items, g_dbus_object_get_object_path (object), has_path, &position))
    return;
  g_ptr_array_remove_index (self->items, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

void
peerup_object_list_set_manager (PeerupObjectList *self, GDBusObjectManager *manager)
{
  guint removed = self->items->len;

  g_return_if_fail (PEERUP_IS_OBJECT_LIST (self));
  if (self->manager != NULL)
    g_signal_handlers_disconnect_by_data (self->manager, self);
  g_set_object (&self->manager, manager);
  g_ptr_array_set_size (self->items, 0);
  if (manager != NULL)
    {
      GList *objects = g_dbus_object_manager_get_objects (manager);

      for (const GList *link = objects; link != NULL; link = link->next)
        {
          GDBusInterface *item = g_dbus_object_get_interface (link->data, self->interface);

          if (item != NULL)
            g_ptr_array_add (self->items, item);
        }
      g_list_free_full (objects, g_object_unref);
      g_signal_connect_object (manager, "object-added", G_CALLBACK (on_object_added), self, 0);
      g_signal_connect_object (manager, "object-removed", G_CALLBACK (on_object_removed), self, 0);
    }
  if (removed > 0 || self->items->len > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, removed, self->items->len);
}

gpointer
peerup_object_list_find (PeerupObjectList *self, const char *name, const char *value)
{
  g_return_val_if_fail (PEERUP_IS_OBJECT_LIST (self), NULL);
  for (guint i = 0; i < self->items->len; i++)
    {
      g_autofree char *text = NULL;

      g_object_get (self->items->pdata[i], name, &text, NULL);
      if (g_strcmp0 (text, value) == 0)
        return g_object_ref (self->items->pdata[i]);
    }
  return NULL;
}

static void
peerup_object_list_dispose (GObject *object)
{
  PeerupObjectList *self = PEERUP_OBJECT_LIST (object);

  if (self->manager != NULL)
    g_signal_handlers_disconnect_by_data (self->manager, self);
  g_clear_object (&self->manager);
  g_ptr_array_set_size (self->items, 0);
  G_OBJECT_CLASS (peerup_object_list_parent_class)->dispose (object);
}

static void
peerup_object_list_finalize (GObject *object)
{
  PeerupObjectList *self = PEERUP_OBJECT_LIST (object);

  g_ptr_array_unref (self->items);
  g_free (self->interface);
  G_OBJECT_CLASS (peerup_object_list_parent_class)->finalize (object);
}

static void
peerup_object_list_class_init (PeerupObjectListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_object_list_dispose;
  object_class->finalize = peerup_object_list_finalize;
}

static void
peerup_object_list_init (PeerupObjectList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
}

PeerupObjectList *
peerup_object_list_new (const char *interface)
{
  PeerupObjectList *self = g_object_new (PEERUP_TYPE_OBJECT_LIST, NULL);

  self->interface = g_strdup (interface);
  return self;
}
