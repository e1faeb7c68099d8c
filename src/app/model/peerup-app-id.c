/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Application IDs. Pure. */
#include "app/model/peerup-app-id.h"

#include "config/peerup-profile.h"

#define HASH_DIGITS 16

char *
peerup_app_id_make (const char *base, const char *config_path, const char *usual_path)
{
  g_autofree char *profile = peerup_profile_dup_name (config_path);
  g_autofree char *hash = NULL;

  if (g_strcmp0 (config_path, usual_path) == 0)
    return g_strdup (base);
  if (profile != NULL)
    return g_strconcat (base, ".Profile-", profile, NULL);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, config_path, -1);
  return g_strdup_printf ("%s.Config-%.*s", base, HASH_DIGITS, hash);
}
