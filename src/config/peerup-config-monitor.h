/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "config/peerup-config.h"

G_BEGIN_DECLS

#define PEERUP_TYPE_CONFIG_MONITOR (peerup_config_monitor_get_type ())
G_DECLARE_FINAL_TYPE (PeerupConfigMonitor, peerup_config_monitor, PEERUP, CONFIG_MONITOR, GObject)

/**
 * peerup_config_monitor_new:
 * @config: the configuration in force, whose file is watched
 *
 * Must be called in the thread whose main context shall deliver the signals:
 *
 * - "changed" (PeerupConfig *config, GStrv warnings): the file was changed and holds; @config
 *   is in force from now on. Also after a "problem" that went away, though nothing else changed.
 * - "problem" (const char *message): the file was changed and does not hold, or is gone. The
 *   configuration that was in force stays so. The same message is not repeated.
 *
 * Bursts of writes are awaited (100 ms of quiet), and a file replaced by rename, or reached
 * through a symbolic link, is followed. Fails where the directory cannot be watched.
 */
PeerupConfigMonitor *peerup_config_monitor_new (PeerupConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads the file at once, as after an edit of our own, and emits what comes of it before it returns. Blocking, one
 * small file.
 */
void peerup_config_monitor_reload (PeerupConfigMonitor *self);
/* Puts @config in force, whatever the file says, until the file changes; emits "changed" before it returns. */
void peerup_config_monitor_use (PeerupConfigMonitor *self, PeerupConfig *config);
/* While @held, nothing that the file says is put in force, not by a reload either, and no problem of it is told: only
 * peerup_config_monitor_use() counts. Who ends that reloads, to see what was missed. */
void peerup_config_monitor_hold (PeerupConfigMonitor *self, gboolean held);
/* The configuration in force, borrowed. */
PeerupConfig *peerup_config_monitor_get_config (PeerupConfigMonitor *self);

G_END_DECLS
