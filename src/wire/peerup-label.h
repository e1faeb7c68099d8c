/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What services and networks are named by: a DNS label in lower case, ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ */
#define PEERUP_LABEL_MAX 63

gboolean peerup_label_is_valid (const char *text, gsize length);
/* Whether "/peerup/LABEL/1.0.0" is no service but a protocol of Peer-Up itself, or of the original. */
gboolean peerup_label_is_own_protocol (const char *label);

G_END_DECLS
