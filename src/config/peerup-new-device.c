/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files of a device that has none yet: an identity, who is authorized, a configuration. What exists is kept, and
 * nothing is asked. Holds nothing.
 */
#include "config/peerup-new-device.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "config/peerup-config-edit.h"
#include "config/peerup-config-identity.h"
#include "config/peerup-config-template.h"
#include "config/peerup-profile.h"
#include "identity/peerup-atomic-file.h"

/* Proposed first, so that a router's rule found in the documentation fits. */
#define DEFAULT_PORT 4821
#define AUTHORIZED_KEYS                                                                  \
  "# Peers that may connect to this device, one a line: PEER-ID  key=value  # comment\n" \
  "# Manage it with “peerup auth”, or with an editor; changes count at once.\n"

static gboolean
can_listen (GSocketType type, guint16 number)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, number);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, type, G_SOCKET_PROTOCOL_DEFAULT, NULL);

  return socket != NULL && g_socket_bind (socket, address, FALSE, NULL);
}

/* A configuration that cannot be read takes no port. */
static gboolean
config_names_port (const char *path, guint16 number)
{
  g_autoptr (PeerupConfig) config = peerup_config_load (path, NULL, NULL);
  g_autofree char *port = g_strdup_printf ("%u", number);

  for (guint i = 0; config != NULL && i < peerup_config_get_listen_addresses (config)->len; i++)
    {
      PeerupMultiaddr *address = peerup_config_get_listen_addresses (config)->pdata[i];
      g_auto (GStrv) parts = g_strsplit (peerup_multiaddr_get_string (address), "/", -1);

      if (g_strv_contains ((const char *const *) parts, port))
        return TRUE;
    }
  return FALSE;
}

/* By another of this person's identities, which need not run now. */
static gboolean
is_named_elsewhere (guint16 number)
{
  g_auto (GStrv) profiles = peerup_profile_list ();
  g_autofree char *usual = peerup_config_find (NULL, NULL);
  gboolean found = usual != NULL && config_names_port (usual, number);

  for (guint i = 0; !found && profiles[i] != NULL; i++)
    {
      g_autofree char *path = peerup_profile_dup_config (profiles[i]);

      found = config_names_port (path, number);
    }
  return found;
}

/* A port that stays, so that an address given to a friend keeps working: one number for TCP
 * and QUIC. */
static guint16
choose_port (void)
{
  guint16 number = DEFAULT_PORT;

  for (guint tries = 0; tries < 32; tries++)
    {
      if (!is_named_elsewhere (number) && can_listen (G_SOCKET_TYPE_STREAM, number) &&
          can_listen (G_SOCKET_TYPE_DATAGRAM, number))
        return number;
      number = g_random_int_range (20000, 32000);
    }
  return 0;
}

static gboolean
make_directory (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (g_mkdir_with_parents (directory, 0700) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), _ ("cannot make the directory %s: %s"), directory,
               g_strerror (errno));
  return FALSE;
}

static PeerupPrivateKey *
load_or_make_key (const char *path, GError **error)
{
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autofree char *moved = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return peerup_key_file_load (path, error);
  moved = peerup_config_identity_find_moved (path);
  if (moved != NULL)
    {
      g_set_error (
        error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
        _ ("This device has an identity already, whose key was moved to the login keyring, as %s says: bring its "
           "configuration back (“peerup config rollback”), or remove that file for another identity"),
        moved);
      return NULL;
    }
  key = peerup_private_key_generate (error);
  if (key == NULL || !make_directory (path, error) || !peerup_key_file_create (path, key, error))
    return NULL;
  return g_steal_pointer (&key);
}

static gboolean
make_authorized_keys (const char *path, GError **error)
{
  if (path == NULL || g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  return make_directory (path, error) &&
         peerup_atomic_file_create (path, AUTHORIZED_KEYS, strlen (AUTHORIZED_KEYS), error);
}

/* (transfer full): of a code for one network alone. */
static char *
with_network (char *text, const char *path, const char *network, GError **error)
{
  g_autofree char *owned = text;
  g_autoptr (PeerupConfigEdit) edit = NULL;

  if (network == NULL)
    return g_steal_pointer (&owned);
  edit = peerup_config_edit_new_from_data (text, strlen (text), path, error);
  if (edit == NULL || !peerup_config_edit_set (edit, "discovery.network", network, error))
    return NULL;
  return g_strdup (peerup_config_edit_get_text (edit, NULL));
}

PeerupConfig *
peerup_new_device_make (const char *path, int port, const char *const *relays, const char *network,
                        PeerupPrivateKey **key, GError **error)
{
  g_autofree char *text =
    with_network (peerup_config_template_new (port >= 0 ? port : choose_port (), relays), path, network, error);
  g_autoptr (PeerupConfig) config =
    text != NULL ? peerup_config_new_from_data (text, strlen (text), path, NULL, error) : NULL;
  g_autoptr (PeerupPrivateKey) made = NULL;

  if (config == NULL || !make_directory (path, error))
    return NULL;
  made = load_or_make_key (peerup_config_get_key_file (config), error);
  /* The configuration last: where it is, everything it names is too. */
  if (made == NULL || !make_authorized_keys (peerup_config_get_authorized_keys_file (config), error) ||
      !peerup_atomic_file_create (path, text, strlen (text), error))
    return NULL;
  *key = g_steal_pointer (&made);
  return g_steal_pointer (&config);
}
