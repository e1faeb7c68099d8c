/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One Join, over a connection to the engine of its own: a Join ends when its caller leaves, and only so can it be
 * called off while all else goes on.
 *
 * Signals: "progress" (const char *state, const char *detail), as JoinProgress; "done" (GVariant *pairing, GError
 * *error), once, in the main loop, unless it was cancelled: one of the two is NULL. */
#define PEERUP_TYPE_JOIN_RUN (peerup_join_run_get_type ())
G_DECLARE_FINAL_TYPE (PeerupJoinRun, peerup_join_run, PEERUP, JOIN_RUN, GObject)

/* Begins at once. @config_path: whose engine. @options: a{sv} of Join; a floating one is consumed. */
PeerupJoinRun *
peerup_join_run_new (const char *config_path, const char *code, GVariant *options) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing is told any longer. What has come to saving is completed all the same. */
void peerup_join_run_cancel (PeerupJoinRun *self);

G_END_DECLS
