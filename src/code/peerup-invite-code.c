/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* An invite as a value, and the choice among its forms. The value is the caller's; nothing is kept between calls. It
 * asks neither a clock nor the network whether an invite is still good: it says what is written in it.
 */
#include "code/peerup-code-private.h"

#include <glib/gi18n-lib.h>

PeerupInviteCode *
peerup_invite_code_new (PeerupCodeKind kind)
{
  PeerupInviteCode *self = g_new0 (PeerupInviteCode, 1);

  self->kind = kind;
  self->relays = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  return self;
}

static void
copy_addresses (GPtrArray *to, GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (to, peerup_multiaddr_ref (from->pdata[i]));
}

PeerupInviteCode *
peerup_invite_code_copy (const PeerupInviteCode *self)
{
  PeerupInviteCode *copy = peerup_invite_code_new (self->kind);

  copy->number = self->number;
  copy->secret = self->secret != NULL ? g_bytes_ref (self->secret) : NULL;
  copy->inviter = self->inviter != NULL ? peerup_peer_id_ref (self->inviter) : NULL;
  copy_addresses (copy->relays, self->relays);
  copy_addresses (copy->addresses, self->addresses);
  copy->network = g_strdup (self->network);
  copy->left = self->left;
  return copy;
}

void
peerup_invite_code_free (PeerupInviteCode *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->secret, g_bytes_unref);
  g_clear_pointer (&self->inviter, peerup_peer_id_unref);
  g_ptr_array_unref (self->relays);
  g_ptr_array_unref (self->addresses);
  g_free (self->network);
  g_free (self);
}

/* Adds it if a code with it can be written. */
static gboolean
add (PeerupInviteCode *self, GPtrArray *list, PeerupMultiaddr *address)
{
  g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (address);

  if (bare == NULL || !peerup_code_address_fits (bare) ||
      g_ptr_array_find_with_equal_func (list, address, peerup_multiaddr_equal, NULL))
    return FALSE;
  g_ptr_array_add (list, peerup_multiaddr_ref (address));
  return TRUE;
}

gboolean
peerup_invite_code_add_relay (PeerupInviteCode *self, PeerupMultiaddr *address)
{
  g_autoptr (PeerupPeerId) id = peerup_multiaddr_dup_peer_id (address);
  g_autoptr (GHashTable) others =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  guint n_same = 0;

  if (id == NULL)
    return FALSE;
  for (guint i = 0; i < self->relays->len; i++)
    {
      PeerupPeerId *other = peerup_multiaddr_dup_peer_id (self->relays->pdata[i]);

      if (other == NULL)
        continue;
      n_same += peerup_peer_id_equal (other, id);
      g_hash_table_add (others, other);
    }
  if (n_same >= PEERUP_CODE_RELAY_ADDRESSES_MAX ||
      (n_same == 0 && g_hash_table_size (others) >= PEERUP_CODE_RELAYS_MAX))
    return FALSE;
  return add (self, self->relays, address);
}

gboolean
peerup_invite_code_add_address (PeerupInviteCode *self, PeerupMultiaddr *address)
{
  return self->addresses->len < PEERUP_CODE_ADDRESSES_MAX &&
         !peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P, NULL) && add (self, self->addresses, address);
}

static char *
write_code (const PeerupInviteCode *self, gboolean bare, GError **error)
{
  switch (self->kind)
    {
    case PEERUP_CODE_LONG:
      return peerup_code_long_write (self, bare, error);
    case PEERUP_CODE_SPOKEN:
      return peerup_code_spoken_write (self, error);
    case PEERUP_CODE_ORIGINAL:
    case PEERUP_CODE_RELAY:
      return peerup_code_original_write (self, bare, error);
    default:
      g_return_val_if_reached (NULL);
    }
}

char *
peerup_invite_code_to_text (const PeerupInviteCode *self, GError **error)
{
  return write_code (self, FALSE, error);
}

char *
peerup_invite_code_to_link (const PeerupInviteCode *self, GError **error)
{
  g_autofree char *code = write_code (self, TRUE, error);

  return code != NULL ? g_strconcat ("peerup:join?", code, NULL) : NULL;
}

static gunichar
get_first (PeerupTyped *typed)
{
  return g_unichar_toupper (g_array_index (typed, PeerupTypedCharacter, 0).character);
}

/* By its look: our long codes begin with P and theirs with A, which a slip may have changed. */
static PeerupInviteCode *
read_code (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error)
{
  if (typed->len == 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("There is no code"));
      return NULL;
    }
  if (peerup_code_spoken_is_meant (typed))
    return peerup_code_spoken_read (typed, mistake, error);
  if (get_first (typed) == 'P')
    return peerup_code_long_read (typed, mistake, error);
  if (peerup_code_long_is_meant (typed, mistake, error))
    return NULL;
  if (get_first (typed) == 'A')
    return peerup_code_original_read (typed, mistake, error);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       _ ("This is no code: a code begins with P, or is a number and three words"));
  return NULL;
}

PeerupInviteCode *
peerup_invite_code_parse (const char *text, PeerupCodeMistake *mistake, GError **error)
{
  g_autoptr (PeerupTyped) typed = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  if (mistake != NULL)
    *mistake = (PeerupCodeMistake) { 0 };
  typed = peerup_typed_read (text, mistake, error);
  return typed != NULL ? read_code (typed, mistake, error) : NULL;
}
