/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the commands about authorizations, grants and access lists share. Reads files, changes none.
 */
#include "cli/peerup-cli-trust.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-arguments.h"

gint64
peerup_cli_get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

const char *
peerup_cli_get_keys_file (PeerupConfig *config, GError **error)
{
  const char *path = peerup_config_get_authorized_keys_file (config);

  if (path == NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                 _ ("%s names no authorized_keys file: set security.authorized_keys_file"),
                 peerup_config_get_path (config));
  return path;
}

GPtrArray *
peerup_cli_load_grants (PeerupConfig *config, GError **error)
{
  const char *keys = peerup_cli_get_keys_file (config, error);
  g_autofree char *path = keys != NULL ? peerup_grants_path (keys) : NULL;

  return path != NULL ? peerup_grants_file_load (path, error) : NULL;
}

const char *
peerup_cli_call_peer (PeerupConfig *config, PeerupPeerId *peer)
{
  const char *name = peerup_config_name_of_peer (config, peer);

  return name != NULL ? name : peerup_peer_id_get_string (peer);
}

GVariant *
peerup_cli_describe_grant (PeerupConfig *config, const PeerupGrant *grant, gint64 now)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *name = peerup_config_name_of_peer (config, grant->peer);
  g_autofree char *until = NULL;

  if (grant->until != PEERUP_EXPIRES_NEVER && grant->until != PEERUP_EXPIRES_MALFORMED)
    until = peerup_expires_format (grant->until);
  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (grant->peer));
  if (name != NULL)
    g_variant_dict_insert (&dict, "name", "s", name);
  g_variant_dict_insert (&dict, "service", "s", grant->service);
  if (until != NULL)
    g_variant_dict_insert (&dict, "until", "s", until);
  g_variant_dict_insert (&dict, "active", "b", now < grant->until);
  if (grant->comment != NULL)
    g_variant_dict_insert (&dict, "comment", "s", grant->comment);
  return g_variant_dict_end (&dict);
}
