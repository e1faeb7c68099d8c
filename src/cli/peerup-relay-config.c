/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Finding the configuration of a relay, which is not that of the person who asks. Looks, and
 * reads nothing.
 */
#include "cli/peerup-relay-config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "config/peerup-config.h"

char *
peerup_relay_config_find (const char *explicit_path, GError **error)
{
  g_autofree char *here = g_canonicalize_filename (PEERUP_RELAY_CONFIG, NULL);
  static const char system[] = PEERUP_RELAY_DIRECTORY "/" PEERUP_RELAY_CONFIG;
  g_autoptr (GError) local_error = NULL;
  char *path;

  if (explicit_path != NULL)
    return peerup_config_find (explicit_path, error);
  if (access (here, F_OK) == 0)
    return g_steal_pointer (&here);
  if (access (system, F_OK) == 0)
    return g_strdup (system);
  if (errno == EACCES)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                   _ (
                     "%s is not yours to see: run this command with sudo, or name another configuration with --config"),
                   PEERUP_RELAY_DIRECTORY);
      return NULL;
    }
  path = peerup_config_find (NULL, &local_error);
  if (path == NULL)
    g_set_error (
      error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
      _ ("there is no relay on this machine: neither ./%s nor %s exists. “sudo peerup relay setup” makes one"),
      PEERUP_RELAY_CONFIG, system);
  return path;
}
