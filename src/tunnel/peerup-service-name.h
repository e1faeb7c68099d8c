/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A DNS label in lower case: ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ */
gboolean peerup_service_name_is_valid (const char *name);
/* The same, with MALFORMED and what to write instead. */
gboolean peerup_service_name_check (const char *name, GError **error);
/* "/peerup/NAME/1.0.0" for a valid name. */
char *peerup_service_name_to_protocol (const char *name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
