/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Reads two counters of an object of the engine once a second while it runs, and tells what they grow by: counters that
 * change with each packet are not told of by themselves.
 *
 * Signal "rate" (gint64 at, double bytes): monotonic microseconds, and bytes a second of both together. */
#define PEERUP_TYPE_METER (peerup_meter_get_type ())
G_DECLARE_FINAL_TYPE (PeerupMeter, peerup_meter, PEERUP, METER, GObject)

/* @proxy: of the object, of the interface that has the properties @in and @out (t). */
PeerupMeter *peerup_meter_new (GDBusProxy *proxy, const char *in, const char *out) G_GNUC_WARN_UNUSED_RESULT;
/* It does not run at first. Nothing is read while it does not. */
void peerup_meter_set_running (PeerupMeter *self, gboolean running);

G_END_DECLS
