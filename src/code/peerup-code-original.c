/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The codes of the original peer-up, version 1 (from peer to peer) and 2 (pairing by a relay): RFC 4648 base32 without
 * padding, in groups of four. Pure functions. There are no check characters, so a mistyped code is refused only where
 * it stops making sense; bits to spare at the end are not looked at, as the original does not.
 *
 *   1 byte    version
 *   8 or 16   token
 *   4, 2      IPv4 address and TCP port of the relay
 *   1 + R     the relay's ID
 *   1 + L     network, L 0 for none
 *   rest      version 1: the inviter's ID
 */
#include "code/peerup-code-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-bytes.h"
#include "wire/peerup-label.h"

#define GROUP 4

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* 0 and 8 can only be what they look like; 1 might be I or L. */
static int
get_symbol (char character)
{
  char upper = g_ascii_toupper (character);
  const char *found = strchr (alphabet, upper == '0' ? 'O' : upper == '8' ? 'B' : upper);

  return found != NULL && *found != '\0' ? (int) (found - alphabet) : -1;
}

static gboolean
find_relay (GPtrArray *relays, PeerupMultiaddrComponent *ip, PeerupMultiaddrComponent *port,
            PeerupMultiaddrComponent *id)
{
  for (guint i = 0; i < relays->len; i++)
    {
      if (peerup_multiaddr_get_n_components (relays->pdata[i]) != 3)
        continue;
      peerup_multiaddr_get_component (relays->pdata[i], 0, ip);
      peerup_multiaddr_get_component (relays->pdata[i], 1, port);
      peerup_multiaddr_get_component (relays->pdata[i], 2, id);
      if (ip->code == PEERUP_MULTIADDR_IP4 && port->code == PEERUP_MULTIADDR_TCP && id->code == PEERUP_MULTIADDR_P2P)
        return TRUE;
    }
  return FALSE;
}

static void
append_prefixed (GByteArray *out, gconstpointer data, gsize length)
{
  g_byte_array_append (out, &(guint8) { (guint8) length }, 1);
  g_byte_array_append (out, data, (guint) length);
}

static char *
format (const GByteArray *bytes, gboolean bare)
{
  g_autoptr (PeerupCodeBytes) symbols = peerup_code_bytes_new (2 * bytes->len);
  GString *text = g_string_sized_new (3 * bytes->len);

  peerup_code_symbols_from_bytes (symbols, bytes->data, bytes->len);
  for (guint i = 0; i < symbols->len; i++)
    {
      if (!bare && i > 0 && i % GROUP == 0)
        g_string_append_c (text, '-');
      g_string_append_c (text, alphabet[symbols->data[i]]);
    }
  return g_string_free_and_steal (text);
}

char *
peerup_code_original_write (const PeerupInviteCode *code, gboolean bare, GError **error)
{
  gboolean relay = code->kind == PEERUP_CODE_RELAY;
  gsize token = relay ? PEERUP_CODE_RELAY_TOKEN_LENGTH : PEERUP_CODE_ORIGINAL_TOKEN_LENGTH;
  const char *network = code->network != NULL ? code->network : "";
  g_autoptr (PeerupCodeBytes) bytes = peerup_code_bytes_new (256);
  PeerupMultiaddrComponent ip, port, id;
  const guint8 *inviter;
  gsize length;

  g_return_val_if_fail (code->secret != NULL && g_bytes_get_size (code->secret) == token, NULL);
  g_return_val_if_fail (relay || code->inviter != NULL, NULL);

  if (!find_relay (code->relays, &ip, &port, &id))
    {
      g_set_error_literal (
        error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
        _ ("A code of this kind can only name a relay with an IPv4 address and a TCP port, and there is "
           "none"));
      return NULL;
    }
  if (code->network != NULL && !peerup_label_is_valid (network, strlen (network)))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           _ ("The name of the network is none that can be in a code"));
      return NULL;
    }
  g_byte_array_append (bytes, &(guint8) { relay ? 2 : 1 }, 1);
  g_byte_array_append (bytes, g_bytes_get_data (code->secret, NULL), (guint) token);
  g_byte_array_append (bytes, ip.value, (guint) ip.length);
  g_byte_array_append (bytes, port.value, (guint) port.length);
  append_prefixed (bytes, id.value, id.length);
  append_prefixed (bytes, network, strlen (network));
  if (!relay)
    {
      inviter = peerup_peer_id_get_bytes (code->inviter, &length);
      g_byte_array_append (bytes, inviter, (guint) length);
    }
  return format (bytes, bare);
}

static gboolean
not_whole (GError **error)
{
  g_set_error_literal (
    error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
    _ ("The code makes no sense: a character is wrong, missing or one too many. Codes of this kind do "
       "not say which"));
  return FALSE;
}

static gboolean
read_version (PeerupReader *reader, guint8 *version, GError **error)
{
  if (!peerup_reader_u8 (reader, version))
    return not_whole (error);
  if (*version == 1 || *version == 2)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                       *version == 0
                         ? _ ("The code is of a version that is not supported: ask for a new one")
                         : _ ("The code is of a newer version than this Peer-Up knows, or its first character "
                              "is wrong: compare it, or update Peer-Up"));
  return FALSE;
}

static gboolean
read_prefixed (PeerupReader *reader, const guint8 **bytes, guint8 *length)
{
  return peerup_reader_u8 (reader, length) && peerup_reader_bytes (reader, *length, bytes);
}

static gboolean
read_relay (PeerupReader *reader, PeerupInviteCode *code)
{
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (PeerupMultiaddr) bare = NULL;
  const guint8 *ip, *bytes;
  guint16 port;
  guint8 length;

  if (!peerup_reader_bytes (reader, 4, &ip) || !peerup_reader_be16 (reader, &port) || port == 0 ||
      !read_prefixed (reader, &bytes, &length))
    return FALSE;
  id = peerup_peer_id_new_from_bytes (bytes, length, NULL);
  if (id == NULL)
    return FALSE;
  bare = peerup_multiaddr_newf ("/ip4/%u.%u.%u.%u/tcp/%u", ip[0], ip[1], ip[2], ip[3], port);
  g_ptr_array_add (code->relays, peerup_multiaddr_with_peer_id (bare, id));
  return TRUE;
}

static gboolean
read_network (PeerupReader *reader, PeerupInviteCode *code)
{
  const guint8 *text;
  guint8 length;

  if (!read_prefixed (reader, &text, &length) || (length > 0 && !peerup_label_is_valid ((const char *) text, length)))
    return FALSE;
  code->network = length > 0 ? g_strndup ((const char *) text, length) : NULL;
  return TRUE;
}

static PeerupInviteCode *
read_bytes (PeerupCodeBytes *bytes, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (bytes->data, bytes->len);
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_new (PEERUP_CODE_ORIGINAL);
  gsize token = PEERUP_CODE_ORIGINAL_TOKEN_LENGTH;
  const guint8 *secret;
  guint8 version;

  if (!read_version (&reader, &version, error))
    return NULL;
  if (version == 2)
    {
      code->kind = PEERUP_CODE_RELAY;
      token = PEERUP_CODE_RELAY_TOKEN_LENGTH;
    }
  if (peerup_reader_bytes (&reader, token, &secret) && read_relay (&reader, code) && read_network (&reader, code))
    {
      code->secret = peerup_code_secret_new (secret, token);
      if (version == 2 && reader.left == 0)
        return g_steal_pointer (&code);
      code->inviter = version == 1 ? peerup_peer_id_new_from_bytes (reader.data, reader.left, NULL) : NULL;
      if (code->inviter != NULL)
        return g_steal_pointer (&code);
    }
  not_whole (error);
  return NULL;
}

PeerupInviteCode *
peerup_code_original_read (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error)
{
  g_autoptr (GArray) offsets = NULL;
  g_autoptr (PeerupCodeBytes) symbols = peerup_typed_read_symbols (typed, get_symbol, &offsets, mistake, error);
  g_autoptr (PeerupCodeBytes) bytes = NULL;
  guint n_spare;

  if (symbols == NULL)
    return NULL;
  bytes = peerup_code_bytes_new (symbols->len);
  peerup_code_symbols_to_bytes (symbols->data, symbols->len, bytes, &n_spare);
  /* No number of whole bytes ends so. */
  if (n_spare >= 5)
    {
      not_whole (error);
      return NULL;
    }
  return read_bytes (bytes, error);
}
