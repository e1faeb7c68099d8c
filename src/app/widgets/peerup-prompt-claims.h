/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Which devices a dialog is about, so that it alone asks the engine's questions about them, and the window does not ask
 * beside it. In the main loop's thread. */

/* Until peerup_prompt_release(), or until @owner is disposed. Claims of several owners add up. @peer_id: copied */
void peerup_prompt_claim (GObject *owner, const char *peer_id);
/* All claims of @owner; nothing if it has none. */
void peerup_prompt_release (GObject *owner);
gboolean peerup_prompt_is_claimed (const char *peer_id);
/* @changed is called with @object, after each change, for as long as @object lives. */
void peerup_prompt_claims_watch (GObject *object, void (*changed) (GObject *object));

G_END_DECLS
