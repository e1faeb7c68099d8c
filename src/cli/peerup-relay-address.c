/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* From what a person writes for a relay to the addresses that are tried, and back to the
 * shortest text. Whether anybody is there, and who, is not its business.
 */
#include "cli/peerup-relay-address.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-error.h"

/* A name as DNS has it (RFC 1035 2.3.4). */
#define NAME_MAX_LENGTH 253

/* The ways to one port. QUIC first: it is what is used where it gets through. */
static const char *const both[] = { "/udp/%u/quic-v1", "/tcp/%u" };

static gboolean
fail (GError **error, const char *text, const char *reason)
{
  g_set_error (
    error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
    _ ("“%s” is no address of a relay%s%s: write an IP address or a host name, with :PORT behind it unless that is "
       "7777 (203.0.113.7, [2001:db8::7]:7777), or a multiaddr (/ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…)"),
    text, reason != NULL ? ", " : "", reason != NULL ? reason : "");
  return FALSE;
}

void
peerup_relay_address_free (PeerupRelayAddress *self)
{
  g_ptr_array_unref (self->addresses);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self);
}

static void
add (PeerupRelayAddress *self, const char *host, const char *format, guint16 port)
{
  g_autofree char *number = g_strdup_printf ("%u", port);
  g_auto (GStrv) parts = g_strsplit (format, "%u", 2);
  PeerupMultiaddr *address = peerup_multiaddr_newf ("%s%s%s%s", host, parts[0], number, parts[1]);

  if (g_ptr_array_find_with_equal_func (self->addresses, address, peerup_multiaddr_equal, NULL))
    peerup_multiaddr_unref (address);
  else
    g_ptr_array_add (self->addresses, address);
}

/* @host: as a multiaddr has it, "/ip4/…". */
static void
add_both (PeerupRelayAddress *self, const char *host, guint16 port)
{
  for (guint i = 0; i < G_N_ELEMENTS (both); i++)
    add (self, host, both[i], port);
}

static gboolean
is_name (const char *text)
{
  gsize length = strlen (text);

  if (length == 0 || length > NAME_MAX_LENGTH || text[0] == '-' || text[0] == '.' || strstr (text, "..") != NULL)
    return FALSE;
  /* An address with a digit too much is not a name that happens to exist. */
  if (strspn (text, "0123456789.") == length)
    return FALSE;
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("-._", *c) == NULL)
      return FALSE;
  return TRUE;
}

/* (nullable): "203.0.113.7" as "/ip4/203.0.113.7", and so on. */
static char *
host_to_multiaddr (const char *host)
{
  g_autoptr (GInetAddress) inet = NULL;
  const char *percent = strchr (host, '%');
  g_autofree char *literal = percent != NULL ? g_strndup (host, percent - host) : g_strdup (host);

  inet = g_inet_address_new_from_string (literal);
  if (inet == NULL)
    return is_name (host) ? g_strconcat ("/dns/", host, NULL) : NULL;
  if (g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV4)
    return percent == NULL ? g_strconcat ("/ip4/", literal, NULL) : NULL;
  if (percent == NULL)
    return g_strconcat ("/ip6/", literal, NULL);
  if (percent[1] == '\0' || strchr (percent, '/') != NULL)
    return NULL;
  return g_strconcat ("/ip6zone/", percent + 1, "/ip6/", literal, NULL);
}

/* "HOST", "HOST:PORT", "[IPV6]", "[IPV6]:PORT", and IPv6 without brackets, which has no port. */
static gboolean
split (const char *text, char **host, const char **port)
{
  const char *colon = strchr (text, ':');

  *port = NULL;
  if (text[0] == '[')
    {
      const char *bracket = strchr (text, ']');

      if (bracket == NULL || (bracket[1] != '\0' && bracket[1] != ':') || memchr (text, ':', bracket - text) == NULL)
        return FALSE;
      *host = g_strndup (text + 1, bracket - text - 1);
      *port = bracket[1] == ':' ? bracket + 2 : NULL;
      return TRUE;
    }
  if (colon != NULL && strchr (colon + 1, ':') == NULL)
    *port = colon + 1;
  *host = *port != NULL ? g_strndup (text, colon - text) : g_strdup (text);
  return TRUE;
}

static gboolean
parse_host_port (PeerupRelayAddress *self, const char *text, GError **error)
{
  g_autofree char *host = NULL;
  g_autofree char *multiaddr = NULL;
  const char *port;
  guint64 number = PEERUP_RELAY_DEFAULT_PORT;

  if (split (text, &host, &port))
    multiaddr = host_to_multiaddr (host);
  if (multiaddr == NULL)
    return fail (error, text, NULL);
  if (port != NULL && !g_ascii_string_to_unsigned (port, 10, 1, 65535, &number, NULL))
    return fail (error, text, _ ("as a port is a number from 1 to 65535"));
  add_both (self, multiaddr, (guint16) number);
  if (port == NULL)
    add (self, multiaddr, "/tcp/%u/ws", PEERUP_RELAY_WEBSOCKET_PORT);
  return TRUE;
}

/* How many components say where the host is: 0 for none that this is about. */
static guint
count_host (PeerupMultiaddr *address)
{
  PeerupMultiaddrComponent component;
  guint n = 1;

  peerup_multiaddr_get_component (address, 0, &component);
  if (component.code == PEERUP_MULTIADDR_IP6ZONE && peerup_multiaddr_get_n_components (address) > 1)
    peerup_multiaddr_get_component (address, n++, &component);
  switch ((int) component.code)
    {
    case PEERUP_MULTIADDR_IP4:
    case PEERUP_MULTIADDR_IP6:
    case PEERUP_MULTIADDR_DNS:
    case PEERUP_MULTIADDR_DNS4:
    case PEERUP_MULTIADDR_DNS6:
      return n;
    default:
      return 0;
    }
}

/* "/ip4/203.0.113.7" of an address that begins so. */
static char *
get_host_part (PeerupMultiaddr *address, guint n_host)
{
  const char *text = peerup_multiaddr_get_string (address);
  const char *end = text;

  /* A name and a value each. */
  for (guint i = 0; i < 2 * n_host; i++)
    end = strchr (end + 1, '/') != NULL ? strchr (end + 1, '/') : end + strlen (end);
  return g_strndup (text, end - text);
}

static gboolean
parse_multiaddr (PeerupRelayAddress *self, const char *text, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupMultiaddr) whole = peerup_multiaddr_new_from_string (text, &reason);
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autofree char *host = NULL;
  const char *transport;
  guint n_host;

  if (whole == NULL)
    return fail (error, text, reason->message);
  if (peerup_multiaddr_find (whole, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL))
    return fail (error, text, _ ("as no relay is reached through another"));
  self->peer = peerup_multiaddr_dup_peer_id (whole);
  address = peerup_multiaddr_without_peer_id (whole);
  n_host = address != NULL ? count_host (address) : 0;
  if (n_host == 0)
    return fail (error, text, _ ("as it does not say where the relay is"));
  transport = peerup_relay_address_get_transport (address);
  host = get_host_part (address, n_host);
  if (peerup_multiaddr_get_n_components (address) == n_host)
    {
      add_both (self, host, PEERUP_RELAY_DEFAULT_PORT);
      add (self, host, "/tcp/%u/ws", PEERUP_RELAY_WEBSOCKET_PORT);
    }
  else
    g_ptr_array_add (self->addresses, peerup_multiaddr_ref (address));
  if (g_str_equal (transport, "tcp") || g_str_equal (transport, "quic"))
    add_both (self, host, peerup_relay_address_get_port (address));
  return TRUE;
}

PeerupRelayAddress *
peerup_relay_address_parse (const char *text, GError **error)
{
  g_autoptr (PeerupRelayAddress) self = g_new0 (PeerupRelayAddress, 1);
  g_autoptr (PeerupPeerId) peer = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  peer = text[0] != '/' ? peerup_peer_id_new_from_string (text, NULL) : NULL;
  if (peer != NULL)
    {
      fail (error, text, _ ("but a peer ID, which does not say where it is"));
      return NULL;
    }
  if (!(text[0] == '/' ? parse_multiaddr (self, text, error) : parse_host_port (self, text, error)))
    return NULL;
  return g_steal_pointer (&self);
}

const char *
peerup_relay_address_get_transport (PeerupMultiaddr *address)
{
  guint n = peerup_multiaddr_get_n_components (address);
  PeerupMultiaddrComponent last;

  peerup_multiaddr_get_component (address, n - 1, &last);
  if (last.code == PEERUP_MULTIADDR_P2P && n > 1)
    peerup_multiaddr_get_component (address, n - 2, &last);
  if (last.code == PEERUP_MULTIADDR_TCP)
    return "tcp";
  if (last.code == PEERUP_MULTIADDR_QUIC_V1)
    return "quic";
  return last.code == PEERUP_MULTIADDR_WS || last.code == PEERUP_MULTIADDR_WSS ? "websocket" : "other";
}

char *
peerup_relay_address_dup_host (PeerupMultiaddr *address)
{
  guint n_host = count_host (address);
  g_autofree char *part = n_host > 0 ? get_host_part (address, n_host) : NULL;
  g_auto (GStrv) words = part != NULL ? g_strsplit (part, "/", -1) : NULL;

  if (part == NULL)
    return NULL;
  return n_host == 1 ? g_strdup (words[2]) : g_strdup_printf ("%s%%%s", words[4], words[2]);
}

guint16
peerup_relay_address_get_port (PeerupMultiaddr *address)
{
  PeerupMultiaddrComponent component;

  if (!peerup_multiaddr_find (address, PEERUP_MULTIADDR_TCP, &component) &&
      !peerup_multiaddr_find (address, PEERUP_MULTIADDR_UDP, &component))
    return 0;
  return component.value[0] << 8 | component.value[1];
}

char *
peerup_relay_address_format (const char *host, guint16 port)
{
  if (port == PEERUP_RELAY_DEFAULT_PORT)
    return g_strdup (host);
  return g_strdup_printf (strchr (host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}
