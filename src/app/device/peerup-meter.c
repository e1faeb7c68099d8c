/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Reads counters. A second in which the answer to the last question is not there yet is left out. */
#include "app/device/peerup-meter.h"

#include "app/device/peerup-samples.h"

struct _PeerupMeter
{
  GObject parent_instance;

  GDBusProxy *proxy;
  char *names[2];
  GCancellable *cancellable; /* (nullable): while it runs */
  guint timer;
  gboolean asking;
  guint64 first; /* of the two, while the second is asked for */
  PeerupCounter counter;
};

G_DEFINE_FINAL_TYPE (PeerupMeter, peerup_meter, G_TYPE_OBJECT)

static guint rate_signal;

static void ask (PeerupMeter *self, guint which);

static void
take (PeerupMeter *self, guint which, guint64 value)
{
  gint64 now = g_get_monotonic_time ();
  double rate;

  if (which == 0)
    {
      self->first = value;
      ask (self, 1);
      return;
    }
  if (peerup_counter_feed (&self->counter, now, self->first + value, &rate))
    g_signal_emit (self, rate_signal, 0, now, rate);
}

static void
on_answer (GObject *source, GAsyncResult *result, guint which, gpointer data)
{
  g_autoptr (PeerupMeter) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);
  g_autoptr (GVariant) value = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->asking = FALSE;
  if (answer == NULL || self->cancellable == NULL)
    return;
  g_variant_get (answer, "(v)", &value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    take (self, which, g_variant_get_uint64 (value));
}

static void
on_first (GObject *source, GAsyncResult *result, gpointer data)
{
  on_answer (source, result, 0, data);
}

static void
on_second (GObject *source, GAsyncResult *result, gpointer data)
{
  on_answer (source, result, 1, data);
}

static void
ask (PeerupMeter *self, guint which)
{
  self->asking = TRUE;
  g_dbus_proxy_call (self->proxy, "org.freedesktop.DBus.Properties.Get",
                     g_variant_new ("(ss)", g_dbus_proxy_get_interface_name (self->proxy), self->names[which]),
                     G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable, which == 0 ? on_first : on_second,
                     g_object_ref (self));
}

static gboolean
on_second_over (gpointer data)
{
  PeerupMeter *self = data;

  if (!self->asking)
    ask (self, 0);
  return G_SOURCE_CONTINUE;
}

void
peerup_meter_set_running (PeerupMeter *self, gboolean running)
{
  g_return_if_fail (PEERUP_IS_METER (self));
  if (running == (self->cancellable != NULL))
    return;
  if (running)
    {
      self->cancellable = g_cancellable_new ();
      self->counter = (PeerupCounter) { 0 };
      self->timer = g_timeout_add_seconds (1, on_second_over, self);
      ask (self, 0);
      return;
    }
  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->asking = FALSE;
}

static void
peerup_meter_dispose (GObject *object)
{
  peerup_meter_set_running (PEERUP_METER (object), FALSE);
  G_OBJECT_CLASS (peerup_meter_parent_class)->dispose (object);
}

static void
peerup_meter_finalize (GObject *object)
{
  PeerupMeter *self = PEERUP_METER (object);

  g_object_unref (self->proxy);
  g_free (self->names[0]);
  g_free (self->names[1]);
  G_OBJECT_CLASS (peerup_meter_parent_class)->finalize (object);
}

static void
peerup_meter_class_init (PeerupMeterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_meter_dispose;
  object_class->finalize = peerup_meter_finalize;
  rate_signal = g_signal_new ("rate", PEERUP_TYPE_METER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                              G_TYPE_INT64, G_TYPE_DOUBLE);
}

static void
peerup_meter_init (PeerupMeter *self)
{
}

PeerupMeter *
peerup_meter_new (GDBusProxy *proxy, const char *in, const char *out)
{
  PeerupMeter *self = g_object_new (PEERUP_TYPE_METER, NULL);

  self->proxy = g_object_ref (proxy);
  self->names[0] = g_strdup (in);
  self->names[1] = g_strdup (out);
  return self;
}
