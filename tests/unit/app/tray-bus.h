/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A session bus of its own, on which the test is both sides, so nothing waits but by turns of the main context. */

/* g_test_run() with it. */
int tray_bus_run (void);

typedef struct
{
  GDBusConnection *client; /* one that looks on */
} TrayBus;

TrayBus *tray_bus_new (void);
void tray_bus_free (TrayBus *bus);
GDBusConnection *tray_bus_connect (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrayBus, tray_bus_free)

/* What @call gives, as the client; @parameters is consumed if floating. (transfer full) (nullable) */
GVariant *tray_bus_call (TrayBus *bus, const char *name, const char *path, const char *interface, const char *method,
                         GVariant *parameters, GError **error);
/* A property's value; fails the test if there is none. */
GVariant *tray_bus_get (TrayBus *bus, const char *name, const char *path, const char *interface, const char *property);
/* Closes it, and lets go of it (transfer full). */
void tray_bus_disconnect (GDBusConnection *connection);
/* All that was sent to @connection before is handled. */
void tray_bus_settle (GDBusConnection *connection);

/* A watcher, with a tray or without. */
typedef struct
{
  GDBusConnection *connection;
  guint object;
  guint name;
  gboolean has_host;
  gboolean refuses;
  gboolean owns;
  guint n_calls;
  GPtrArray *items; /* names that were registered, each time */
} Watcher;

Watcher *watcher_new (gboolean has_host);
/* Its connection ends, too. */
void watcher_free (Watcher *self);
void watcher_set_host (Watcher *self, gboolean has_host);
void watcher_emit (Watcher *self, const char *signal, const char *item);

G_END_DECLS
