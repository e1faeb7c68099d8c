/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Why a device may use a service of this one. Pure. */
#include "app/device/peerup-access.h"

PeerupAccess
peerup_access_find (gboolean guest, gboolean restricted, const char *const *allowed, gboolean granted,
                    const char *peer_id)
{
  if (!guest && !restricted)
    return PEERUP_ACCESS_EVERYBODY;
  if (!guest && allowed != NULL && g_strv_contains (allowed, peer_id))
    return PEERUP_ACCESS_LISTED;
  return granted ? PEERUP_ACCESS_GRANTED : PEERUP_ACCESS_NONE;
}

char **
peerup_access_remove (const char *const *allowed, const char *peer_id)
{
  g_autoptr (GStrvBuilder) left = g_strv_builder_new ();

  for (guint i = 0; allowed != NULL && allowed[i] != NULL; i++)
    if (!g_str_equal (allowed[i], peer_id))
      g_strv_builder_add (left, allowed[i]);
  return g_strv_builder_end (left);
}

char **
peerup_access_add (const char *const *allowed, const char *peer_id)
{
  g_auto (GStrv) others = peerup_access_remove (allowed, peer_id);
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

  g_strv_builder_addv (all, (const char **) others);
  g_strv_builder_add (all, peer_id);
  return g_strv_builder_end (all);
}
