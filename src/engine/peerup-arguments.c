/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What people write for a peer and for a place to listen, on any face of the program.
 * Text in, values out; no name is looked up outside of the configuration.
 */
#include "engine/peerup-arguments.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

static GError *
unknown_peer_error (const char *text, PeerupConfig *config)
{
  g_autoptr (GString) names = g_string_new (NULL);
  GPtrArray *known = config != NULL ? peerup_config_get_names (config) : NULL;

  for (guint i = 0; known != NULL && i < known->len && i < 8; i++)
    {
      const PeerupConfigName *name = g_ptr_array_index (known, i);

      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", name->name);
    }
  if (names->len == 0)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                        _ ("“%s” is no peer ID, and no peer has a name yet: use a peer ID, a multiaddr that ends in "
                           "/p2p/PEER-ID, or name it with “peerup auth add PEER --name NAME”"),
                        text);
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                      _ ("no peer is called “%s”, and it is no peer ID: the names in %s are %s%s"), text,
                      peerup_config_get_path (config), names->str, known->len > 8 ? ", …" : "");
}

static PeerupPeerId *
parse_multiaddr (const char *text, PeerupMultiaddr **address, GError **error)
{
  g_autoptr (PeerupMultiaddr) parsed = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;

  parsed = peerup_multiaddr_new_from_string (text, error);
  if (parsed == NULL)
    {
      g_prefix_error (error, _ ("“%s” is not an address: "), text);
      return NULL;
    }
  peer = peerup_multiaddr_dup_peer_id (parsed);
  if (peer == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("“%s” does not say which peer is there: append /p2p/ and its peer ID"), text);
      return NULL;
    }
  if (address != NULL)
    *address = peerup_multiaddr_without_peer_id (parsed);
  return g_steal_pointer (&peer);
}

PeerupPeerId *
peerup_peer_argument_parse (const char *text, PeerupConfig *config, PeerupMultiaddr **address, GError **error)
{
  PeerupPeerId *peer;

  g_return_val_if_fail (text != NULL, NULL);

  if (address != NULL)
    *address = NULL;
  peer = config != NULL ? peerup_config_lookup_name (config, text) : NULL;
  if (peer != NULL)
    return peerup_peer_id_ref (peer);
  if (text[0] == '/')
    return parse_multiaddr (text, address, error);
  peer = peerup_peer_id_new_from_string (text, NULL);
  if (peer == NULL)
    g_propagate_error (error, unknown_peer_error (text, config));
  return peer;
}

const char *
peerup_config_name_of_peer (PeerupConfig *config, PeerupPeerId *peer)
{
  GPtrArray *names = config != NULL ? peerup_config_get_names (config) : NULL;

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const PeerupConfigName *name = g_ptr_array_index (names, i);

      if (peerup_peer_id_equal (name->peer, peer))
        return name->name;
    }
  return NULL;
}

char *
peerup_peer_describe (PeerupConfig *config, PeerupPeerId *peer)
{
  const char *name = peerup_config_name_of_peer (config, peer);

  if (name == NULL)
    return g_strdup (peerup_peer_id_get_string (peer));
  return g_strdup_printf ("%s (%s)", name, peerup_peer_id_get_string (peer));
}

static gboolean
split_host_port (const char *text, char **host, const char **port)
{
  const char *colon = strrchr (text, ':');

  if (text[0] == '[')
    {
      const char *bracket = strchr (text, ']');

      if (bracket == NULL || bracket + 1 != colon)
        return FALSE;
      *host = g_strndup (text + 1, bracket - text - 1);
    }
  else if (colon == NULL)
    *host = NULL;
  else if (memchr (text, ':', colon - text) != NULL)
    return FALSE;
  else
    *host = g_strndup (text, colon - text);
  *port = colon != NULL ? colon + 1 : text;
  return TRUE;
}

static gboolean
parse_host (const char *host, char **address, gboolean *loopback)
{
  g_autoptr (GInetAddress) inet = NULL;

  *loopback = TRUE;
  if (host == NULL || g_str_equal (host, "localhost"))
    return TRUE;
  inet = g_inet_address_new_from_string (host);
  if (inet == NULL)
    return FALSE;
  *loopback = g_inet_address_get_is_loopback (inet);
  *address = g_inet_address_to_string (inet);
  return TRUE;
}

gboolean
peerup_listen_argument_parse (const char *text, char **address, guint *port, gboolean *loopback, GError **error)
{
  g_autofree char *host = NULL;
  const char *digits;
  guint64 number;

  g_return_val_if_fail (text != NULL, FALSE);

  *address = NULL;
  if (!split_host_port (text, &host, &digits) || !g_ascii_string_to_unsigned (digits, 10, 0, 65535, &number, NULL) ||
      !parse_host (host, address, loopback))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("“%s” is no place to listen: write a port from 0 to 65535 (2222), or an IP address and a port "
                      "(127.0.0.1:2222, [::1]:2222)"),
                   text);
      return FALSE;
    }
  *port = (guint) number;
  return TRUE;
}
