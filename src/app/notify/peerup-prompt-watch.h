/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Tells the engine whether somebody is here who answers its questions (WatchPrompts). That is so until a caller leaves,
 * hence this one has a connection of its own, which it has only while somebody is. */
#define PEERUP_TYPE_PROMPT_WATCH (peerup_prompt_watch_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPromptWatch, peerup_prompt_watch, PEERUP, PROMPT_WATCH, GObject)

/* @config_path: whose engine runs whenever it is wanted. */
PeerupPromptWatch *peerup_prompt_watch_new (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
/* Soon. It is tried once for each time that it is wanted. To be taken back before the last reference is dropped. */
void peerup_prompt_watch_set_wanted (PeerupPromptWatch *self, gboolean wanted);

G_END_DECLS
