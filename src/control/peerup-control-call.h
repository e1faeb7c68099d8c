/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* Bytes of the arguments of a call: more than any operation takes, which are a configuration at most. */
#define PEERUP_CONTROL_PARAMETERS_MAX (2 * 1024 * 1024)

/* (nullable): the rejection of a call that peerup_control_invoke() would not begin: of a @caller that has left or has
 * too many, with @parameters that are too large or of other types. */
DexFuture *peerup_control_refuse (const PeerupOperation *operation, GVariant *parameters,
                                  PeerupCaller *caller) G_GNUC_WARN_UNUSED_RESULT;

/* One call of an operation, from the moment its arguments are known to be of the right types until it is answered.
 * Belongs to the engine's thread. Counted. */
typedef struct
{
  PeerupControl *control;
  PeerupEngine *engine;
  PeerupCaller *caller;
  GVariant *parameters; /* the tuple of the arguments that go in */

  /* Of peerup-control-call.c. */
  const PeerupOperation *operation;
  DexPromise *left;
  gulong left_handler;
  gint64 began;
} PeerupControlCall;

PeerupControlCall *peerup_control_call_ref (PeerupControlCall *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_control_call_unref (gpointer self);

/* What every operation is: resolves to the tuple (G_TYPE_VARIANT) of what goes out, or rejects with what people are to
 * read. @call is borrowed; who needs it after returning takes a reference. Where the caller leaves, nobody awaits the
 * future any longer. Called in the engine's thread, and not inside a fiber. */
typedef DexFuture *(*PeerupControlOperationFunc) (PeerupControlCall *call);

/* @future, which is taken and dropped as soon as the caller leaves: for those that may be dropped at any time. */
DexFuture *peerup_control_until_left (PeerupControlCall *call, DexFuture *future) G_GNUC_WARN_UNUSED_RESULT;
/* An answer that is there at once. @tuple: floating or owned, is consumed; NULL for nothing. */
DexFuture *peerup_control_reply (GVariant *tuple) G_GNUC_WARN_UNUSED_RESULT;
/* A tuple of one: @value is floating. */
DexFuture *peerup_control_reply_value (GVariant *value) G_GNUC_WARN_UNUSED_RESULT;
/* Of PEERUP_ERROR. */
DexFuture *
peerup_control_reply_error (int code, const char *format, ...) G_GNUC_PRINTF (2, 3) G_GNUC_WARN_UNUSED_RESULT;
/* @error is consumed. */
DexFuture *peerup_control_reply_take_error (GError *error) G_GNUC_WARN_UNUSED_RESULT;

/* A signal of the interface is due: @parameters are consumed if floating. @only: nullable, whom to tell alone. May be
 * called in a fiber; it is told from the main loop, in the order of the calls. */
void peerup_control_emit (PeerupControl *self, const char *name, GVariant *parameters, PeerupCaller *only);
/* A property of Engine1 has another value, which is kept here; consumed if floating. Told as above, if it is another.
 */
void peerup_control_set_property (PeerupControl *self, const char *name, GVariant *value);

/* The function of an operation: peerup_control_op_list_peers() for ListPeers. All are named in peerup-control-table.c.
 * (nullable) */
PeerupControlOperationFunc peerup_control_find_function (const char *name);

G_END_DECLS
