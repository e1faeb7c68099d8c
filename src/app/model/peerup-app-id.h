/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The name by which a desktop knows the window of one configuration, so that there is one for each: @base for
 * @usual_path, @base.Profile-NAME for a profile's, and @base.Config-HASH for any other. Paths: absolute. (transfer
 * full) */
char *peerup_app_id_make (const char *base, const char *config_path, const char *usual_path) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
