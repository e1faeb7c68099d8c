/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The long code: everything that is needed to find the inviter and to prove the invite, and nothing else. Text in
 * groups of five between dashes, in Crockford's base32; peerup-code-frame.c adds length and checks. Pure functions.
 * The payload:
 *
 *   1 byte    format 1 in the high four bits; 1 left, 2 network, 4 the inviter's ID in full
 *   2         number
 *   16        secret
 *   32        inviter: its Ed25519 key, or a length and the bytes of its ID
 *   1 + n     network
 *   1         relays in the high four bits, entries of own addresses in the low ones
 *             the entries
 *             each relay: 1 byte (entries; 0x80 the ID in full), the ID as above, the entries
 *
 * One value has one payload: what is not written as we would write it is refused.
 */
#include "code/peerup-code-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-bytes.h"
#include "wire/peerup-label.h"

#define VERSION  1
#define LEFT     1
#define NETWORK  2
#define FULL_ID  4
#define KEY_SIZE 32
#define RELAY_ID 0x80
#define GROUP    5

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* In either case; the letters that are left out stand for what they look like. */
static int
get_symbol (char character)
{
  char upper = g_ascii_toupper (character);
  const char *found = strchr (alphabet, upper == 'I' || upper == 'L' ? '1'
                                        : upper == 'O'               ? '0'
                                        : upper == 'U'               ? 'V'
                                                                     : upper);

  return found != NULL && *found != '\0' ? (int) (found - alphabet) : -1;
}

static gboolean
fail (PeerupError code, GError **error, const char *message)
{
  g_set_error_literal (error, PEERUP_ERROR, (int) code, message);
  return FALSE;
}

/* Writing */

/* (nullable): the key of an Ed25519 ID. */
static PeerupPublicKey *
dup_short_key (const PeerupPeerId *id)
{
  g_autoptr (PeerupPublicKey) key = peerup_peer_id_dup_public_key (id);

  return key != NULL && peerup_public_key_get_key_type (key) == PEERUP_KEY_ED25519 ? g_steal_pointer (&key) : NULL;
}

static void
write_id (const PeerupPeerId *id, GByteArray *out)
{
  g_autoptr (PeerupPublicKey) key = dup_short_key (id);
  gsize length;
  const guint8 *bytes =
    key != NULL ? peerup_public_key_get_data (key, &length) : peerup_peer_id_get_bytes (id, &length);

  if (key == NULL)
    g_byte_array_append (out, &(guint8) { (guint8) length }, 1);
  g_byte_array_append (out, bytes, (guint) length);
}

static gboolean
is_full_id (const PeerupPeerId *id)
{
  g_autoptr (PeerupPublicKey) key = dup_short_key (id);

  return key == NULL;
}

/* One relay with its addresses, as they are gathered from a list in which any order will do. */
typedef struct
{
  PeerupPeerId *id;
  GPtrArray *addresses;
} Relay;

static void
clear_relay (gpointer data)
{
  Relay *self = data;

  peerup_peer_id_unref (self->id);
  g_ptr_array_unref (self->addresses);
}

static Relay *
get_relay (GArray *relays, PeerupPeerId *id)
{
  Relay relay;

  for (guint i = 0; i < relays->len; i++)
    {
      if (peerup_peer_id_equal (g_array_index (relays, Relay, i).id, id))
        return &g_array_index (relays, Relay, i);
    }
  relay.id = peerup_peer_id_ref (id);
  relay.addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_array_append_val (relays, relay);
  return &g_array_index (relays, Relay, relays->len - 1);
}

static GArray *
gather_relays (GPtrArray *addresses, GError **error)
{
  g_autoptr (GArray) relays = g_array_new (FALSE, FALSE, sizeof (Relay));

  g_array_set_clear_func (relays, clear_relay);
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupPeerId) id = peerup_multiaddr_dup_peer_id (addresses->pdata[i]);
      PeerupMultiaddr *bare = id != NULL ? peerup_multiaddr_without_peer_id (addresses->pdata[i]) : NULL;

      if (bare == NULL)
        {
          fail (PEERUP_ERROR_UNSUPPORTED, error, _ ("A relay can be in a code only with its address and its peer ID"));
          return NULL;
        }
      g_ptr_array_add (get_relay (relays, id)->addresses, bare);
    }
  return g_steal_pointer (&relays);
}

static gboolean
write_relays (GArray *relays, guint16 *last_port, GByteArray *out, GError **error)
{
  for (guint i = 0; i < relays->len; i++)
    {
      Relay *relay = &g_array_index (relays, Relay, i);
      guint head = out->len, n_entries;

      if (relay->addresses->len > PEERUP_CODE_RELAY_ADDRESSES_MAX)
        return fail (PEERUP_ERROR_TOO_LARGE, error, _ ("A relay has too many addresses for a code"));
      g_byte_array_append (out, &(guint8) { 0 }, 1);
      write_id (relay->id, out);
      if (!peerup_code_addresses_write (relay->addresses, last_port, out, &n_entries, error))
        return FALSE;
      out->data[head] = (guint8) (n_entries | (is_full_id (relay->id) ? RELAY_ID : 0));
    }
  return TRUE;
}

static gboolean
write_places (const PeerupInviteCode *code, GByteArray *out, GError **error)
{
  g_autoptr (GArray) relays = gather_relays (code->relays, error);
  guint head = out->len, n_entries;
  guint16 last_port = 0;

  if (relays == NULL)
    return FALSE;
  if (relays->len > PEERUP_CODE_RELAYS_MAX || code->addresses->len > PEERUP_CODE_ADDRESSES_MAX)
    return fail (PEERUP_ERROR_TOO_LARGE, error, _ ("There are too many relays or addresses for a code"));
  g_byte_array_append (out, &(guint8) { 0 }, 1);
  if (!peerup_code_addresses_write (code->addresses, &last_port, out, &n_entries, error))
    return FALSE;
  out->data[head] = (guint8) (relays->len << 4 | n_entries);
  return write_relays (relays, &last_port, out, error);
}

static void
write_head (const PeerupInviteCode *code, GByteArray *out)
{
  guint flags =
    (code->left ? LEFT : 0) | (code->network != NULL ? NETWORK : 0) | (is_full_id (code->inviter) ? FULL_ID : 0);
  guint8 number[2];

  peerup_store_be16 (number, (guint16) code->number);
  g_byte_array_append (out, &(guint8) { (guint8) (VERSION << 4 | flags) }, 1);
  g_byte_array_append (out, number, sizeof number);
  g_byte_array_append (out, g_bytes_get_data (code->secret, NULL), PEERUP_CODE_SECRET_LENGTH);
  write_id (code->inviter, out);
  if (code->network != NULL)
    {
      g_byte_array_append (out, &(guint8) { (guint8) strlen (code->network) }, 1);
      g_byte_array_append (out, (const guint8 *) code->network, (guint) strlen (code->network));
    }
}

/* Room for the most that passes the limits on relays and addresses, of names of the greatest length. */
#define PAYLOAD_ROOM (16 * 1024)

static PeerupCodeBytes *
write_payload (const PeerupInviteCode *code, GError **error)
{
  g_autoptr (PeerupCodeBytes) out = NULL;

  if (code->network != NULL && !peerup_label_is_valid (code->network, strlen (code->network)))
    {
      fail (PEERUP_ERROR_MALFORMED, error, _ ("The name of the network is none that can be in a code"));
      return NULL;
    }
  out = peerup_code_bytes_new (PAYLOAD_ROOM);
  write_head (code, out);
  if (!write_places (code, out, error))
    return NULL;
  if (out->len > PEERUP_CODE_FRAME_PAYLOAD_MAX)
    {
      fail (PEERUP_ERROR_TOO_LARGE, error, _ ("The addresses are too long for a code: leave some out"));
      return NULL;
    }
  return g_steal_pointer (&out);
}

char *
peerup_code_long_write (const PeerupInviteCode *code, gboolean bare, GError **error)
{
  g_autoptr (PeerupCodeBytes) payload = NULL;
  g_autoptr (PeerupCodeBytes) symbols = NULL;
  GString *text;

  g_return_val_if_fail (code->number >= 1 && code->number <= PEERUP_CODE_NUMBER_MAX, NULL);
  g_return_val_if_fail (code->secret != NULL && g_bytes_get_size (code->secret) == PEERUP_CODE_SECRET_LENGTH, NULL);
  g_return_val_if_fail (code->inviter != NULL, NULL);

  payload = write_payload (code, error);
  if (payload == NULL)
    return NULL;
  symbols = peerup_code_frame_write (payload->data, payload->len);
  text = g_string_sized_new (symbols->len + symbols->len / GROUP + 1);
  for (guint i = 0; i < symbols->len; i++)
    {
      if (!bare && i > 0 && i % GROUP == 0)
        g_string_append_c (text, '-');
      g_string_append_c (text, alphabet[symbols->data[i]]);
    }
  return g_string_free_and_steal (text);
}

/* Reading */

static PeerupPeerId *
read_id (PeerupReader *reader, gboolean full)
{
  g_autoptr (PeerupPublicKey) key = NULL;
  const guint8 *bytes;
  guint8 length = KEY_SIZE;

  if ((full && !peerup_reader_u8 (reader, &length)) || !peerup_reader_bytes (reader, length, &bytes))
    return NULL;
  if (full)
    return peerup_peer_id_new_from_bytes (bytes, length, NULL);
  key = peerup_public_key_new (PEERUP_KEY_ED25519, bytes, length, NULL);
  return key != NULL ? peerup_peer_id_new_from_public_key (key) : NULL;
}

static gboolean
read_network (PeerupReader *reader, PeerupInviteCode *code)
{
  const guint8 *text;
  guint8 length;

  if (!peerup_reader_u8 (reader, &length) || !peerup_reader_bytes (reader, length, &text) ||
      !peerup_label_is_valid ((const char *) text, length))
    return FALSE;
  code->network = g_strndup ((const char *) text, length);
  return TRUE;
}

static gboolean
not_whole (GError **error)
{
  return fail (PEERUP_ERROR_MALFORMED, error, _ ("The code was not made by Peer-Up, or by a version with a fault"));
}

static gboolean
read_head (PeerupReader *reader, PeerupInviteCode *code, GError **error)
{
  const guint8 *secret;
  guint16 number;
  guint8 head;

  if (!peerup_reader_u8 (reader, &head))
    return not_whole (error);
  if (head >> 4 > VERSION || (head >> 4 == VERSION && (head & 15) > (LEFT | NETWORK | FULL_ID)))
    return fail (PEERUP_ERROR_UNSUPPORTED, error,
                 _ ("The code was made by a newer version of Peer-Up: update Peer-Up on this device"));
  if (head >> 4 < VERSION || !peerup_reader_be16 (reader, &number) || number < 1 || number > PEERUP_CODE_NUMBER_MAX ||
      !peerup_reader_bytes (reader, PEERUP_CODE_SECRET_LENGTH, &secret))
    return not_whole (error);
  code->number = number;
  code->left = (head & LEFT) != 0;
  code->secret = peerup_code_secret_new (secret, PEERUP_CODE_SECRET_LENGTH);
  code->inviter = read_id (reader, (head & FULL_ID) != 0);
  return (code->inviter != NULL && (!(head & NETWORK) || read_network (reader, code))) || not_whole (error);
}

static gboolean
read_relay (PeerupReader *reader, guint16 *last_port, PeerupInviteCode *code, GError **error)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupPeerId) id = NULL;
  guint8 head;

  if (!peerup_reader_u8 (reader, &head) || (head & ~RELAY_ID) == 0 ||
      (head & ~RELAY_ID) > PEERUP_CODE_RELAY_ADDRESSES_MAX)
    return not_whole (error);
  id = read_id (reader, (head & RELAY_ID) != 0);
  if (id == NULL)
    return not_whole (error);
  for (guint i = 0; i < (head & ~RELAY_ID); i++)
    {
      if (!peerup_code_addresses_read (reader, last_port, addresses, error))
        return FALSE;
    }
  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (code->relays, peerup_multiaddr_with_peer_id (addresses->pdata[i], id));
  return TRUE;
}

static gboolean
read_places (PeerupReader *reader, PeerupInviteCode *code, GError **error)
{
  guint16 last_port = 0;
  guint8 head;

  if (!peerup_reader_u8 (reader, &head))
    return not_whole (error);
  for (guint i = 0; i < (head & 15); i++)
    {
      if (!peerup_code_addresses_read (reader, &last_port, code->addresses, error))
        return FALSE;
    }
  for (guint i = 0; i < head >> 4; i++)
    {
      if (!read_relay (reader, &last_port, code, error))
        return FALSE;
    }
  return TRUE;
}

static PeerupInviteCode *
read_payload (PeerupCodeBytes *payload, GError **error)
{
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_new (PEERUP_CODE_LONG);
  g_autoptr (PeerupCodeBytes) again = NULL;
  PeerupReader reader = PEERUP_READER_INIT (payload->data, payload->len);

  if (!read_head (&reader, code, error) || !read_places (&reader, code, error))
    return NULL;
  /* This holds the limits and everything else that is written in one way alone. */
  again = reader.left == 0 ? write_payload (code, NULL) : NULL;
  if (again == NULL || again->len != payload->len || memcmp (again->data, payload->data, again->len) != 0)
    {
      not_whole (error);
      return NULL;
    }
  return g_steal_pointer (&code);
}

/* What is wrong, for people. Positions in a fault are from 0. */

static gboolean
explain_one (const PeerupCodeFault *fault, gsize offset, PeerupCodeMistake *mistake, GError **error)
{
  guint n = fault->first + 1, group = fault->first / GROUP + 1, in_group = fault->first % GROUP + 1;

  switch (fault->kind)
    {
    case PEERUP_CODE_FAULT_WRONG:
      return peerup_code_fail_at (mistake, n, n, offset, error,
                                  fault->count > 1
                                    ? _ ("Character %u of the code (number %u of group %u) is wrong, and so "
                                         "are others: compare them")
                                    : _ ("Character %u of the code (number %u of group %u) is wrong"),
                                  n, in_group, group);
    case PEERUP_CODE_FAULT_SWAPPED:
      return peerup_code_fail_at (
        mistake, n, n + 1, offset, error,
        _ ("Characters %u and %u of the code (from number %u of group %u on) have changed places"), n, n + 1, in_group,
        group);
    case PEERUP_CODE_FAULT_MISSING:
      return peerup_code_fail_at (mistake, n, n, offset, error,
                                  _ ("Character %u of the code (number %u of group %u) is missing"), n, in_group,
                                  group);
    case PEERUP_CODE_FAULT_SURPLUS:
      return peerup_code_fail_at (mistake, n, n, offset, error,
                                  _ ("Character %u of the code (number %u of group %u) is one too many"), n, in_group,
                                  group);
    case PEERUP_CODE_FAULT_CUT:
    case PEERUP_CODE_FAULT_TRAILING:
    case PEERUP_CODE_FAULT_SOMEWHERE:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
explain (const PeerupCodeFault *fault, GArray *offsets, gsize end, PeerupCodeMistake *mistake, GError **error)
{
  gsize offset = fault->first < offsets->len ? g_array_index (offsets, gsize, fault->first) : end;
  guint n = fault->first + 1;

  if (fault->kind == PEERUP_CODE_FAULT_CUT && fault->count == 0)
    return peerup_code_fail_at (mistake, n, n, offset, error, _ ("The code is cut short"));
  if (fault->kind == PEERUP_CODE_FAULT_CUT)
    return peerup_code_fail_at (mistake, n, n, offset, error,
                                _ ("The code is cut short: %u of its characters are missing, most likely at the end"),
                                fault->count);
  if (fault->kind == PEERUP_CODE_FAULT_TRAILING)
    return peerup_code_fail_at (mistake, n, fault->last + 1, offset, error,
                                _ ("The code ends after character %u, and %u more follow"), fault->first, fault->count);
  if (fault->kind == PEERUP_CODE_FAULT_SOMEWHERE && fault->count > 0)
    return peerup_code_fail_at (mistake, n, fault->last + 1, offset, error,
                                _ ("%u characters of the code are missing, the first of them among characters %u to %u "
                                   "(groups %u to %u)"),
                                fault->count, n, fault->last + 1, fault->first / GROUP + 1, fault->last / GROUP + 1);
  if (fault->kind == PEERUP_CODE_FAULT_SOMEWHERE)
    return peerup_code_fail_at (mistake, n, fault->last + 1, offset, error,
                                _ ("Something is wrong among characters %u to %u of the code (groups %u to %u)"), n,
                                fault->last + 1, fault->first / GROUP + 1, fault->last / GROUP + 1);
  return explain_one (fault, offset, mistake, error);
}

static gsize
get_end (PeerupTyped *typed)
{
  return g_array_index (typed, PeerupTypedCharacter, typed->len - 1).offset + 1;
}

PeerupInviteCode *
peerup_code_long_read (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error)
{
  g_autoptr (GArray) offsets = NULL;
  g_autoptr (PeerupCodeBytes) symbols = peerup_typed_read_symbols (typed, get_symbol, &offsets, mistake, error);
  g_autoptr (PeerupCodeBytes) payload = NULL;
  PeerupCodeFault fault;

  if (symbols == NULL)
    return NULL;
  payload = peerup_code_frame_read (symbols->data, symbols->len);
  if (payload != NULL)
    return read_payload (payload, error);
  peerup_code_frame_diagnose (symbols->data, symbols->len, &fault);
  explain (&fault, offsets, get_end (typed), mistake, error);
  return NULL;
}

gboolean
peerup_code_long_is_meant (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error)
{
  g_autoptr (GArray) offsets = NULL;
  g_autoptr (PeerupCodeBytes) symbols = peerup_typed_read_symbols (typed, get_symbol, &offsets, NULL, NULL);
  PeerupCodeFault fault;

  if (symbols == NULL || symbols->len == 0 || !peerup_code_frame_diagnose (symbols->data, symbols->len, &fault))
    return FALSE;
  explain (&fault, offsets, get_end (typed), mistake, error);
  return TRUE;
}
