/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who calls. Made by a face for each of its clients, and kept by what the client has made for as long as that lives.
 */
#include "control/peerup-caller.h"

struct _PeerupCaller
{
  GObject parent_instance;

  const char *face; /* interned */
  gboolean keeps;
  gboolean has_left;
  guint n_calls;
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (PeerupCaller, peerup_caller, G_TYPE_OBJECT)

static guint left_signal;

PeerupCaller *
peerup_caller_new (const char *face, gboolean keeps)
{
  PeerupCaller *self = g_object_new (PEERUP_TYPE_CALLER, NULL);

  self->face = g_intern_string (face);
  self->keeps = keeps;
  return self;
}

const char *
peerup_caller_get_face (PeerupCaller *self)
{
  return self->face;
}

gboolean
peerup_caller_get_keeps (PeerupCaller *self)
{
  return self->keeps;
}

GCancellable *
peerup_caller_get_cancellable (PeerupCaller *self)
{
  return self->cancellable;
}

gboolean
peerup_caller_has_left (PeerupCaller *self)
{
  return self->has_left;
}

void
peerup_caller_leave (PeerupCaller *self)
{
  g_autoptr (PeerupCaller) keep = g_object_ref (self);

  if (self->has_left)
    return;
  self->has_left = TRUE;
  g_cancellable_cancel (self->cancellable);
  g_signal_emit (self, left_signal, 0);
}

void
peerup_caller_begin (PeerupCaller *self)
{
  self->n_calls++;
}

void
peerup_caller_end (PeerupCaller *self)
{
  g_assert (self->n_calls > 0);
  self->n_calls--;
}

guint
peerup_caller_get_n_calls (PeerupCaller *self)
{
  return self->n_calls;
}

static void
peerup_caller_finalize (GObject *object)
{
  g_clear_object (&PEERUP_CALLER (object)->cancellable);
  G_OBJECT_CLASS (peerup_caller_parent_class)->finalize (object);
}

static void
peerup_caller_class_init (PeerupCallerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_caller_finalize;
  left_signal = g_signal_new ("left", PEERUP_TYPE_CALLER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_caller_init (PeerupCaller *self)
{
  self->cancellable = g_cancellable_new ();
}
