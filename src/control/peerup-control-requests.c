/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a call needs to be counted hangs on its invocation, which GDBus drops when it has been
 * answered. A call that came while metrics were off carries nothing and is not counted.
 */
#include "control/peerup-control-requests.h"

#include "engine/peerup-engine-metrics.h"

typedef struct
{
  PeerupEngine *engine;
  char *method;
  char *status; /* NULL: no error */
  gint64 began;
} Request;

static G_DEFINE_QUARK (peerup - control - request, request)

  static void request_end (gpointer data)
{
  Request *self = data;
  PeerupEngineMetrics *metrics = peerup_engine_get_metrics (self->engine);

  if (metrics != NULL)
    peerup_engine_metrics_count_request (metrics, "DBUS", self->method, self->status != NULL ? self->status : "ok",
                                         g_get_monotonic_time () - self->began);
  g_object_unref (self->engine);
  g_free (self->method);
  g_free (self->status);
  g_free (self);
}

void
peerup_control_request_begin (GDBusMethodInvocation *invocation, PeerupEngine *engine)
{
  Request *self;

  if (peerup_engine_get_metrics (engine) == NULL)
    return;
  self = g_new0 (Request, 1);
  self->engine = g_object_ref (engine);
  self->method = g_strdup (g_dbus_method_invocation_get_method_name (invocation));
  self->began = g_get_monotonic_time ();
  g_object_set_qdata_full (G_OBJECT (invocation), request_quark (), self, request_end);
}

/* The last part of the error's name on the bus: "Unreachable". */
static void
request_set_status (GDBusMethodInvocation *invocation, const GError *error)
{
  Request *self = g_object_get_qdata (G_OBJECT (invocation), request_quark ());
  g_autofree char *name = NULL;
  const char *dot;

  if (self == NULL)
    return;
  name = g_dbus_error_encode_gerror (error);
  dot = strrchr (name, '.');
  g_set_str (&self->status, dot != NULL ? dot + 1 : name);
}

void
peerup_control_take_error (GDBusMethodInvocation *invocation, GError *error)
{
  g_return_if_fail (error != NULL);

  request_set_status (invocation, error);
  g_dbus_method_invocation_take_error (invocation, error);
}

void
peerup_control_return_error (GDBusMethodInvocation *invocation, int code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  peerup_control_take_error (invocation, g_error_new_valist (PEERUP_ERROR, code, format, arguments));
  va_end (arguments);
}
