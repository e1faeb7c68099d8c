/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the person chose for this desktop, as data/dev.peerup.PeerUp.gschema.xml describes it: nothing of the engine.
 * (transfer full) (nullable): NULL where the schema is not installed; then all is as the schema's defaults, and
 * nothing is kept. */
GSettings *peerup_settings_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* @settings: (nullable); @otherwise: the schema's default of @key, for where there is no schema. */
gboolean peerup_settings_get_boolean (GSettings *settings, const char *key, gboolean otherwise);

G_END_DECLS
