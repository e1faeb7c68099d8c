/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "control/peerup-caller.h"

G_BEGIN_DECLS

/* What goes out to callers, in the order in which it came: changes of properties first, then signals and answers. All
 * of it leaves from the main loop of the context that was the thread's default when it was made, so that whatever a
 * face does with it never runs on the small stack of a fiber. */
typedef struct _PeerupControlOutbox PeerupControlOutbox;

typedef struct
{
  void (*properties) (GHashTable *changed, gpointer data); /* a set of names */
  void (*event) (const char *name, GVariant *parameters, PeerupCaller *only, gpointer data);
} PeerupControlOutboxFuncs;

PeerupControlOutbox *
peerup_control_outbox_new (const PeerupControlOutboxFuncs *funcs, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Answers that are in it reject with CLOSED. */
void peerup_control_outbox_free (PeerupControlOutbox *self);

/* @name: static. */
void peerup_control_outbox_add_property (PeerupControlOutbox *self, const char *name);
/* @name: static; @parameters: consumed if floating; @only: nullable. */
void
peerup_control_outbox_add_event (PeerupControlOutbox *self, const char *name, GVariant *parameters, PeerupCaller *only);
/* @promise is settled as @answer is, which has been. */
void peerup_control_outbox_add_answer (PeerupControlOutbox *self, DexPromise *promise, DexFuture *answer);
/* Lets all of it go at once; not in a fiber. */
void peerup_control_outbox_flush (PeerupControlOutbox *self);

G_END_DECLS
