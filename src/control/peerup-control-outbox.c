/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A queue with one source, which is ready while there is something in it. Owned by the control. Counted, as an answer
 * may be the last thing that has kept the control.
 */
#include "control/peerup-control-outbox.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"

struct _PeerupControlOutbox
{
  PeerupControlOutboxFuncs funcs;
  gpointer data;
  GMainContext *context;
  GSource *source;     /* NULL: nothing to do */
  GHashTable *changed; /* NULL: over */
  GQueue items;        /* of Item */
};

/* An event, or an answer where there is a promise. */
typedef struct
{
  const char *name;
  GVariant *parameters;
  PeerupCaller *only;
  DexPromise *promise;
  DexFuture *answer;
} Item;

static void
item_free (Item *item)
{
  g_clear_pointer (&item->parameters, g_variant_unref);
  g_clear_object (&item->only);
  dex_clear (&item->promise);
  dex_clear (&item->answer);
  g_free (item);
}

PeerupControlOutbox *
peerup_control_outbox_new (const PeerupControlOutboxFuncs *funcs, gpointer data)
{
  PeerupControlOutbox *self = g_rc_box_new0 (PeerupControlOutbox);

  self->funcs = *funcs;
  self->data = data;
  self->context = g_main_context_ref_thread_default ();
  self->changed = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->items);
  return self;
}

void
peerup_control_outbox_free (PeerupControlOutbox *self)
{
  Item *item;

  while ((item = g_queue_pop_head (&self->items)) != NULL)
    {
      if (item->promise != NULL)
        dex_promise_reject (item->promise,
                            g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine ends")));
      item_free (item);
    }
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_pointer (&self->changed, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_rc_box_release (self);
}

static void
let_go (PeerupControlOutbox *self, Item *item)
{
  g_autoptr (GError) error = NULL;
  const GValue *value;

  if (item->promise == NULL)
    {
      self->funcs.event (item->name, item->parameters, item->only, self->data);
      return;
    }
  value = dex_future_get_value (item->answer, &error);
  if (value != NULL)
    dex_promise_resolve (item->promise, value);
  else
    dex_promise_reject (item->promise, g_steal_pointer (&error));
}

static void
tell_properties (PeerupControlOutbox *self)
{
  g_autoptr (GHashTable) changed = NULL;

  if (g_hash_table_size (self->changed) == 0)
    return;
  changed = g_steal_pointer (&self->changed);
  self->changed = g_hash_table_new (g_str_hash, g_str_equal);
  self->funcs.properties (changed, self->data);
}

/* No more than there is now: who answers with another call must not keep the main loop here. */
static void
let_all_go (PeerupControlOutbox *self)
{
  guint n = self->items.length;

  g_rc_box_acquire (self);
  tell_properties (self);
  for (; n > 0 && self->items.length > 0; n--)
    {
      Item *item = g_queue_pop_head (&self->items);

      let_go (self, item);
      item_free (item);
    }
  g_rc_box_release (self);
}

static gboolean
on_ready (gpointer data)
{
  PeerupControlOutbox *self = g_rc_box_acquire (data);
  gboolean more;

  let_all_go (self);
  more = self->items.length > 0 || (self->changed != NULL && g_hash_table_size (self->changed) > 0);
  if (!more)
    g_clear_pointer (&self->source, g_source_unref);
  g_rc_box_release (self);
  return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
wake (PeerupControlOutbox *self)
{
  if (self->source != NULL)
    return;
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->source, "[peerup] control outbox");
  g_source_set_callback (self->source, on_ready, self, NULL);
  g_source_attach (self->source, self->context);
}

void
peerup_control_outbox_add_property (PeerupControlOutbox *self, const char *name)
{
  g_hash_table_add (self->changed, (gpointer) name);
  wake (self);
}

void
peerup_control_outbox_add_event (PeerupControlOutbox *self, const char *name, GVariant *parameters, PeerupCaller *only)
{
  Item *item = g_new0 (Item, 1);

  item->name = name;
  item->parameters = g_variant_ref_sink (parameters);
  item->only = only != NULL ? g_object_ref (only) : NULL;
  g_queue_push_tail (&self->items, item);
  wake (self);
}

void
peerup_control_outbox_add_answer (PeerupControlOutbox *self, DexPromise *promise, DexFuture *answer)
{
  Item *item = g_new0 (Item, 1);

  item->promise = dex_ref (promise);
  item->answer = dex_ref (answer);
  g_queue_push_tail (&self->items, item);
  wake (self);
}

void
peerup_control_outbox_flush (PeerupControlOutbox *self)
{
  let_all_go (self);
}
