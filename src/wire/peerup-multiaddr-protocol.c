/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The table of multiaddr protocols and the code behind its columns. All constant: no state,
 * no lifetime. Follows go-multiaddr in what it takes, and is stricter where text is concerned:
 * names and paths must be printable UTF-8, so that an address from a peer can be shown, logged
 * and sent over D-Bus as it is. A value that format writes is one that parse reads back.
 */
#include "wire/peerup-multiaddr-protocol.h"

#include <arpa/inet.h>
#include <string.h>

#include "wire/peerup-base.h"
#include "wire/peerup-bytes.h"
#include "wire/peerup-multihash.h"

gboolean
peerup_multiaddr_is_printable (const guint8 *value, gsize length)
{
  const char *text = (const char *) value;

  if (length == 0 || !g_utf8_validate_len (text, length, NULL))
    return FALSE;

  for (const char *p = text; p < text + length; p = g_utf8_next_char (p))
    {
      if (!g_unichar_isprint (g_utf8_get_char (p)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
parse_ip4 (const char *text, GByteArray *out)
{
  guint8 value[4];

  if (inet_pton (AF_INET, text, value) != 1)
    return FALSE;
  g_byte_array_append (out, value, sizeof value);
  return TRUE;
}

static void
format_ip4 (const guint8 *value, gsize length, GString *out)
{
  g_string_append_printf (out, "%u.%u.%u.%u", value[0], value[1], value[2], value[3]);
}

static gboolean
parse_ip6 (const char *text, GByteArray *out)
{
  guint8 value[16];

  if (inet_pton (AF_INET6, text, value) != 1)
    return FALSE;
  g_byte_array_append (out, value, sizeof value);
  return TRUE;
}

/* The first of the longest runs of at least two zero groups. */
static void
find_zero_run (const guint8 *value, guint *start, guint *count)
{
  *start = 8;
  *count = 1;
  for (guint i = 0; i < 8; i++)
    {
      guint end = i;

      while (end < 8 && peerup_load_be16 (value + 2 * end) == 0)
        end++;
      if (end - i > *count)
        {
          *start = i;
          *count = end - i;
        }
    }
}

/* RFC 5952. */
static void
format_ip6 (const guint8 *value, gsize length, GString *out)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  guint zeros;
  guint n_zeros;

  if (memcmp (value, mapped, sizeof mapped) == 0)
    {
      g_string_append (out, "::ffff:");
      format_ip4 (value + sizeof mapped, 4, out);
      return;
    }

  find_zero_run (value, &zeros, &n_zeros);
  for (guint i = 0; i < 8; i++)
    {
      if (i == zeros)
        {
          g_string_append (out, "::");
          i += n_zeros - 1;
          continue;
        }
      if (i > 0 && i != zeros + n_zeros)
        g_string_append_c (out, ':');
      g_string_append_printf (out, "%x", peerup_load_be16 (value + 2 * i));
    }
}

static gboolean
parse_port (const char *text, GByteArray *out)
{
  guint8 value[2];
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT16, &number, NULL))
    return FALSE;
  peerup_store_be16 (value, (guint16) number);
  g_byte_array_append (out, value, sizeof value);
  return TRUE;
}

static void
format_port (const guint8 *value, gsize length, GString *out)
{
  g_string_append_printf (out, "%u", peerup_load_be16 (value));
}

static gboolean
parse_prefix_length (const char *text, GByteArray *out)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT8, &number, NULL))
    return FALSE;
  g_byte_array_append (out, &(guint8) { (guint8) number }, 1);
  return TRUE;
}

static void
format_prefix_length (const guint8 *value, gsize length, GString *out)
{
  g_string_append_printf (out, "%u", value[0]);
}

static gboolean
parse_memory (const char *text, GByteArray *out)
{
  guint8 value[8];
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &number, NULL))
    return FALSE;
  peerup_store_be64 (value, number);
  g_byte_array_append (out, value, sizeof value);
  return TRUE;
}

static void
format_memory (const guint8 *value, gsize length, GString *out)
{
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, peerup_load_be64 (value));
}

static gboolean
parse_text (const char *text, GByteArray *out)
{
  g_byte_array_append (out, (const guint8 *) text, (guint) strlen (text));
  return TRUE;
}

static void
format_text (const guint8 *value, gsize length, GString *out)
{
  g_string_append_len (out, (const char *) value, (gssize) length);
}

static gboolean
check_name (const guint8 *value, gsize length)
{
  return peerup_multiaddr_is_printable (value, length) && memchr (value, '/', length) == NULL;
}

/* Unix socket paths, with their leading slash: the text form shares it with the separator. */
static gboolean
check_path (const guint8 *value, gsize length)
{
  return length >= 2 && value[0] == '/' && value[length - 1] != '/' && peerup_multiaddr_is_printable (value, length);
}

static void
format_path (const guint8 *value, gsize length, GString *out)
{
  format_text (value + 1, length - 1, out);
}

/* Percent encoding. A plus is read as a space, as go does, and never written. */
static gboolean
parse_http_path (const char *text, GByteArray *out)
{
  g_autofree char *spaced = g_strdelimit (g_strdup (text), "+", ' ');
  g_autoptr (GBytes) value = g_uri_unescape_bytes (spaced, -1, NULL, NULL);

  if (value == NULL)
    return FALSE;
  g_byte_array_append (out, g_bytes_get_data (value, NULL), (guint) g_bytes_get_size (value));
  return TRUE;
}

static gboolean
check_not_empty (const guint8 *value, gsize length)
{
  return length > 0;
}

static void
format_http_path (const guint8 *value, gsize length, GString *out)
{
  g_autofree char *text = g_uri_escape_bytes (value, length, NULL);

  g_string_append (out, text);
}

static gboolean
parse_peer_id (const char *text, GByteArray *out)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (text, NULL);
  const guint8 *bytes;
  gsize length;

  if (peer == NULL)
    return FALSE;
  bytes = peerup_peer_id_get_bytes (peer, &length);
  g_byte_array_append (out, bytes, (guint) length);
  return TRUE;
}

static gboolean
check_peer_id (const guint8 *value, gsize length)
{
  return peerup_peer_id_check_bytes (value, length, NULL);
}

static void
format_peer_id (const guint8 *value, gsize length, GString *out)
{
  g_autofree char *text = peerup_base_encode (PEERUP_BASE58, value, length);

  g_string_append (out, text);
}

static gboolean
parse_certificate_hash (const char *text, GByteArray *out)
{
  g_autoptr (GBytes) value = peerup_multibase_decode (text, strlen (text), PEERUP_BASE_BYTES_MAX, NULL);

  if (value == NULL)
    return FALSE;
  g_byte_array_append (out, g_bytes_get_data (value, NULL), (guint) g_bytes_get_size (value));
  return TRUE;
}

static gboolean
check_certificate_hash (const guint8 *value, gsize length)
{
  PeerupMultihash multihash;

  return peerup_multihash_parse (value, length, &multihash, NULL);
}

static void
format_certificate_hash (const guint8 *value, gsize length, GString *out)
{
  g_autofree char *text = peerup_multibase_encode (PEERUP_BASE64_URL, value, length);

  g_string_append (out, text);
}

/* clang-format off */
#define FLAG(code, name) { code, name, 0, FALSE, NULL, NULL, NULL, NULL }
#define PORT(code, name) { code, name, 2, FALSE, "a port from 0 to 65535", parse_port, NULL, format_port }
#define NAME(code, name, expects)   { code, name, PEERUP_MULTIADDR_SIZE_PREFIXED, FALSE, expects, parse_text, check_name, format_text }

static const PeerupMultiaddrProtocol protocols[] = {
  { PEERUP_MULTIADDR_IP4, "ip4", 4, FALSE, "an IPv4 address", parse_ip4, NULL, format_ip4 },
  PORT (PEERUP_MULTIADDR_TCP, "tcp"),
  { PEERUP_MULTIADDR_IP6, "ip6", 16, FALSE, "an IPv6 address", parse_ip6, NULL, format_ip6 },
  NAME (PEERUP_MULTIADDR_IP6ZONE, "ip6zone", "the name of a network zone"),
  { PEERUP_MULTIADDR_IPCIDR, "ipcidr", 1, FALSE, "a prefix length from 0 to 255",
    parse_prefix_length, NULL, format_prefix_length },
  NAME (PEERUP_MULTIADDR_DNS, "dns", "a host name"),
  NAME (PEERUP_MULTIADDR_DNS4, "dns4", "a host name"),
  NAME (PEERUP_MULTIADDR_DNS6, "dns6", "a host name"),
  NAME (PEERUP_MULTIADDR_DNSADDR, "dnsaddr", "a host name"),
  PORT (PEERUP_MULTIADDR_UDP, "udp"),
  FLAG (PEERUP_MULTIADDR_WEBRTC_DIRECT, "webrtc-direct"),
  FLAG (PEERUP_MULTIADDR_WEBRTC, "webrtc"),
  FLAG (PEERUP_MULTIADDR_P2P_CIRCUIT, "p2p-circuit"),
  { PEERUP_MULTIADDR_UNIX, "unix", PEERUP_MULTIADDR_SIZE_PREFIXED, TRUE, "the path of a socket",
    parse_text, check_path, format_path },
  { PEERUP_MULTIADDR_P2P, "p2p", PEERUP_MULTIADDR_SIZE_PREFIXED, FALSE, "a peer ID",
    parse_peer_id, check_peer_id, format_peer_id },
  FLAG (PEERUP_MULTIADDR_TLS, "tls"),
  NAME (PEERUP_MULTIADDR_SNI, "sni", "a host name"),
  FLAG (PEERUP_MULTIADDR_NOISE, "noise"),
  FLAG (PEERUP_MULTIADDR_QUIC, "quic"),
  FLAG (PEERUP_MULTIADDR_QUIC_V1, "quic-v1"),
  FLAG (PEERUP_MULTIADDR_WEBTRANSPORT, "webtransport"),
  { PEERUP_MULTIADDR_CERTHASH, "certhash", PEERUP_MULTIADDR_SIZE_PREFIXED, FALSE, "a certificate hash",
    parse_certificate_hash, check_certificate_hash, format_certificate_hash },
  FLAG (PEERUP_MULTIADDR_WS, "ws"),
  FLAG (PEERUP_MULTIADDR_WSS, "wss"),
  FLAG (PEERUP_MULTIADDR_HTTP, "http"),
  { PEERUP_MULTIADDR_HTTP_PATH, "http-path", PEERUP_MULTIADDR_SIZE_PREFIXED, FALSE, "a percent-encoded path",
    parse_http_path, check_not_empty, format_http_path },
  { PEERUP_MULTIADDR_MEMORY, "memory", 8, FALSE, "a number", parse_memory, NULL, format_memory },
};
/* clang-format on */

const PeerupMultiaddrProtocol *
peerup_multiaddr_protocol_by_code (guint64 code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      if (protocols[i].code == code)
        return &protocols[i];
    }
  return NULL;
}

const PeerupMultiaddrProtocol *
peerup_multiaddr_protocol_by_name (const char *name)
{
  /* The name that /p2p had first. */
  if (g_str_equal (name, "ipfs"))
    name = "p2p";

  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      if (g_str_equal (protocols[i].name, name))
        return &protocols[i];
    }
  return NULL;
}
