/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* AddForward, RemoveForward and ListForwards, and whose the forwards are.
 */
#include "control/peerup-control-forwards.h"

#include <glib/gi18n-lib.h>

#include "control/peerup-control-describe.h"
#include "control/peerup-control-lists.h"
#include "control/peerup-control-ops.h"
#include "control/peerup-control-options.h"
#include "control/peerup-control-private.h"

struct _PeerupControlForwards
{
  PeerupControl *control; /* owns this */
  GPtrArray *owned;       /* of Owned */
  guint last_id;
};

/* A forward, whose it is, and what it is called. */
typedef struct
{
  PeerupControlForwards *forwards;
  char *id;
  PeerupForward *forward;
  PeerupCaller *caller;          /* (nullable): it is kept */
  PeerupForwardState told_state; /* what it was told with, and the error */
  char *told_error;
} Owned;

/* Once for a change of both: they are often notified together. */
static void
on_notify (PeerupForward *forward, GParamSpec *pspec, gpointer data)
{
  Owned *owned = data;
  PeerupForwardState state = peerup_forward_get_state (forward);
  const char *error = peerup_forward_get_last_error (forward);
  PeerupControl *control = owned->forwards->control;
  gboolean is_news = g_set_str (&owned->told_error, error);

  peerup_control_objects_touch (control->objects, PEERUP_CONTROL_FORWARDS);
  if (!is_news && owned->told_state == state)
    return;
  owned->told_state = state;
  peerup_control_emit (control, "ForwardChanged",
                       g_variant_new ("(sss)", owned->id, peerup_forward_state_to_string (state),
                                      error != NULL ? error : ""),
                       NULL);
}

static void on_left (PeerupCaller *caller, gpointer data);

static void
owned_free (gpointer data)
{
  Owned *owned = data;

  g_signal_handlers_disconnect_by_data (owned->forward, owned);
  if (owned->caller != NULL)
    g_signal_handlers_disconnect_by_func (owned->caller, on_left, owned);
  g_clear_object (&owned->caller);
  g_object_unref (owned->forward);
  g_free (owned->id);
  g_free (owned->told_error);
  g_free (owned);
}

static void
end_owned (Owned *owned)
{
  PeerupControl *control = owned->forwards->control;

  peerup_engine_remove_forward (control->engine, owned->forward);
  g_ptr_array_remove_fast (owned->forwards->owned, owned);
  peerup_control_objects_touch (control->objects, PEERUP_CONTROL_FORWARDS);
}

static void
on_left (PeerupCaller *caller, gpointer data)
{
  end_owned (data);
}

static Owned *
add_owned (PeerupControlForwards *self, PeerupForward *forward, PeerupCaller *caller)
{
  Owned *owned = g_new0 (Owned, 1);

  owned->forwards = self;
  owned->told_state = peerup_forward_get_state (forward);
  owned->id = g_strdup_printf ("forward-%u", ++self->last_id);
  owned->forward = g_object_ref (forward);
  g_signal_connect (forward, "notify", G_CALLBACK (on_notify), owned);
  if (caller != NULL)
    {
      owned->caller = g_object_ref (caller);
      g_signal_connect (caller, "left", G_CALLBACK (on_left), owned);
    }
  g_ptr_array_add (self->owned, owned);
  peerup_control_objects_touch (self->control->objects, PEERUP_CONTROL_FORWARDS);
  return owned;
}

DexFuture *
peerup_control_op_add_forward (PeerupControlCall *call)
{
  g_autoptr (PeerupForward) forward = NULL;
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;
  gboolean any_address = FALSE, keep = peerup_caller_get_keeps (call->caller);
  const PeerupControlOption known[] = { { "any-address", "b", &any_address }, { "keep", "b", &keep } };
  const char *peer, *service, *listen;
  const Owned *owned;

  g_variant_get (call->parameters, "(&s&s&s@a{sv})", &peer, &service, &listen, &options);
  if (peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error))
    forward = peerup_engine_add_forward (call->engine, peer, service, listen, any_address, &error);
  if (forward == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  owned = add_owned (call->control->forwards, forward, keep ? NULL : call->caller);
  address = peerup_engine_forward_address (forward);
  return peerup_control_reply (g_variant_new ("(ss)", owned->id, address));
}

DexFuture *
peerup_control_op_remove_forward (PeerupControlCall *call)
{
  GPtrArray *all = call->control->forwards->owned;
  const char *id;

  g_variant_get (call->parameters, "(&s)", &id);
  for (guint i = 0; i < all->len; i++)
    {
      if (!g_str_equal (((Owned *) all->pdata[i])->id, id))
        continue;
      end_owned (all->pdata[i]);
      return peerup_control_reply (NULL);
    }
  return peerup_control_reply_error (PEERUP_ERROR_NOT_FOUND, _ ("No forward is called “%s”"), id);
}

GVariant *
peerup_control_list_forwards (PeerupControl *self)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < self->forwards->owned->len; i++)
    {
      const Owned *owned = self->forwards->owned->pdata[i];

      g_variant_builder_add_value (&builder, peerup_control_describe_forward (owned->forward, owned->id));
    }
  return g_variant_builder_end (&builder);
}

DexFuture *
peerup_control_op_list_forwards (PeerupControlCall *call)
{
  return peerup_control_reply_value (peerup_control_list_forwards (call->control));
}

PeerupControlForwards *
peerup_control_forwards_new (PeerupControl *control)
{
  PeerupControlForwards *self = g_new0 (PeerupControlForwards, 1);

  self->control = control;
  self->owned = g_ptr_array_new_with_free_func (owned_free);
  return self;
}

void
peerup_control_forwards_free (PeerupControlForwards *self)
{
  g_ptr_array_unref (self->owned);
  g_free (self);
}
