/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Why a device may use a service of this one. Pure. */
typedef enum
{
  PEERUP_ACCESS_NONE,      /* it may not */
  PEERUP_ACCESS_EVERYBODY, /* as every device that is paired, and no guest */
  PEERUP_ACCESS_LISTED,    /* it is among those who alone may */
  PEERUP_ACCESS_GRANTED,   /* by a grant alone */
} PeerupAccess;

/* @allowed: (nullable): Service1.AllowedPeers */
PeerupAccess peerup_access_find (gboolean guest, gboolean restricted, const char *const *allowed, gboolean granted,
                                 const char *peer_id);
/* @allowed with @peer_id, or without. (transfer full): a strv, which may be empty */
char **peerup_access_add (const char *const *allowed, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;
char **peerup_access_remove (const char *const *allowed, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
