/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The one way into the engine: a call begins, is counted, and is answered from the main loop in the order of what else
 * its caller is told. It lives until its operation has ended, which may be long after the caller has left.
 */
#include "control/peerup-control-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "engine/peerup-engine-metrics.h"

/* Calls of one caller at a time. */
#define CALLS_MAX 1024

static void
on_left (PeerupCaller *caller, gpointer data)
{
  PeerupControlCall *self = data;

  dex_promise_reject (self->left, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The caller is gone")));
}

static PeerupControlCall *
call_new (PeerupControl *control, PeerupCaller *caller, const PeerupOperation *operation, GVariant *parameters)
{
  PeerupControlCall *self = g_atomic_rc_box_new0 (PeerupControlCall);

  self->control = g_object_ref (control);
  self->engine = g_object_ref (control->engine);
  self->caller = g_object_ref (caller);
  self->parameters = g_variant_ref (parameters);
  self->operation = operation;
  self->began = g_get_monotonic_time ();
  self->left = dex_promise_new ();
  self->left_handler = g_signal_connect (caller, "left", G_CALLBACK (on_left), self);
  peerup_caller_begin (caller);
  return self;
}

PeerupControlCall *
peerup_control_call_ref (PeerupControlCall *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
call_clear (gpointer data)
{
  PeerupControlCall *self = data;

  g_signal_handler_disconnect (self->caller, self->left_handler);
  peerup_caller_end (self->caller);
  dex_clear (&self->left);
  g_object_unref (self->caller);
  g_object_unref (self->engine);
  g_object_unref (self->control);
  g_variant_unref (self->parameters);
}

void
peerup_control_call_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, call_clear);
}

DexFuture *
peerup_control_until_left (PeerupControlCall *call, DexFuture *future)
{
  return dex_future_first (future, dex_ref (DEX_FUTURE (call->left)), NULL);
}

/* Answers */

DexFuture *
peerup_control_reply (GVariant *tuple)
{
  return dex_future_new_take_variant (g_variant_take_ref (tuple != NULL ? tuple : g_variant_new ("()")));
}

DexFuture *
peerup_control_reply_value (GVariant *value)
{
  return peerup_control_reply (g_variant_new_tuple (&value, 1));
}

DexFuture *
peerup_control_reply_error (int code, const char *format, ...)
{
  va_list arguments;
  GError *error;

  va_start (arguments, format);
  error = g_error_new_valist (PEERUP_ERROR, code, format, arguments);
  va_end (arguments);
  return dex_future_new_for_error (error);
}

DexFuture *
peerup_control_reply_take_error (GError *error)
{
  g_assert (error != NULL);
  return dex_future_new_for_error (error);
}

/* Counting */

/* The last part of the error's name on the bus: "Unreachable". */
static char *
dup_status (const GError *error)
{
  g_autofree char *name = error != NULL ? g_dbus_error_encode_gerror (error) : NULL;
  const char *dot = name != NULL ? strrchr (name, '.') : NULL;

  return g_strdup (name == NULL ? "ok" : dot != NULL ? dot + 1 : name);
}

static void
count (PeerupControlCall *self, const GError *error)
{
  PeerupEngineMetrics *metrics = peerup_engine_get_metrics (self->engine);
  g_autofree char *face = NULL;
  g_autofree char *status = NULL;

  if (metrics == NULL)
    return;
  face = g_ascii_strup (peerup_caller_get_face (self->caller), -1);
  status = dup_status (error);
  peerup_engine_metrics_count_request (metrics, face, self->operation->name, status,
                                       g_get_monotonic_time () - self->began);
}

/* The run */

typedef struct
{
  PeerupControlCall *call;
  DexPromise *promise;
} Run;

static void
run_free (gpointer data)
{
  Run *run = data;

  peerup_control_call_unref (run->call);
  dex_unref (run->promise);
  g_free (run);
}

static DexFuture *
on_answered (DexFuture *answer, gpointer data)
{
  const Run *run = data;
  g_autoptr (GError) error = NULL;

  dex_future_get_value (answer, &error);
  count (run->call, error);
  peerup_control_outbox_add_answer (run->call->control->outbox, run->promise, answer);
  return dex_future_new_true ();
}

DexFuture *
peerup_control_refuse (const PeerupOperation *operation, GVariant *parameters, PeerupCaller *caller)
{
  g_autoptr (GVariantType) type = NULL;
  g_autofree char *text = NULL;

  if (peerup_caller_has_left (caller))
    return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The caller is gone"));
  if (peerup_caller_get_n_calls (caller) >= CALLS_MAX)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                                  _ ("%d calls of this client are not answered yet: wait for one"), CALLS_MAX);
  if (g_variant_get_size (parameters) > PEERUP_CONTROL_PARAMETERS_MAX)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("What %s is to take is above %d bytes"),
                                  operation->name, PEERUP_CONTROL_PARAMETERS_MAX);
  if (peerup_operation_takes (operation, parameters))
    return NULL;
  type = peerup_operation_dup_in_type (operation);
  text = g_variant_type_dup_string (type);
  return dex_future_new_reject (G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, _ ("%s takes %s and not %s"), operation->name,
                                text, g_variant_get_type_string (parameters));
}

DexFuture *
peerup_control_invoke (PeerupControl *self, PeerupCaller *caller, const PeerupOperation *operation,
                       GVariant *parameters)
{
  g_autoptr (GVariant) taken = g_variant_ref_sink (parameters);
  DexFuture *refusal = peerup_control_refuse (operation, taken, caller);
  PeerupControlOperationFunc function;
  DexFuture *answer;
  Run *run;

  if (refusal != NULL)
    return refusal;
  function = peerup_control_find_function (operation->name);
  g_assert (function != NULL);
  run = g_new (Run, 1);
  run->promise = dex_promise_new ();
  run->call = call_new (self, caller, operation, taken);
  answer = dex_ref (DEX_FUTURE (run->promise));
  /* Nobody who leaves ends an operation that does not want it; its answer is sent in every other case. */
  dex_future_disown (dex_future_finally (function (run->call), on_answered, run, run_free));
  return answer;
}
