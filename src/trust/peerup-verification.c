/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Short authentication strings of an authorized peer, and the mark that people have compared them. The mark is in the
 * peer's line and is that of the strings it stands for, so a line that is written anew for another pairing has none.
 */
#include "trust/peerup-verification.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "trust/peerup-grants.h"

#define TRANSCRIPT_LENGTH 32

void
peerup_verification_free (PeerupVerification *self)
{
  g_clear_pointer (&self->peers, peerup_sas_free);
  g_clear_pointer (&self->transcript, peerup_sas_free);
  g_free (self);
}

/* (nullable): of the hex digits that a line has. */
static PeerupSas *
sas_of_pairing (const char *hex)
{
  guint8 transcript[TRANSCRIPT_LENGTH];

  if (hex == NULL || strlen (hex) != 2 * sizeof transcript)
    return NULL;
  for (gsize i = 0; i < sizeof transcript; i++)
    {
      int high = g_ascii_xdigit_value (hex[2 * i]), low = g_ascii_xdigit_value (hex[2 * i + 1]);

      if (high < 0 || low < 0)
        return NULL;
      transcript[i] = high << 4 | low;
    }
  return peerup_sas_new_for_transcript (transcript, sizeof transcript);
}

static gboolean
find_entry (PeerupAuthorizedKeys *keys, PeerupPeerId *peer, guint *entry, GError **error)
{
  for (*entry = 0; *entry < peerup_authorized_keys_get_n_entries (keys); (*entry)++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, *entry), peer))
      return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
               _ ("%s is not authorized here, so there is nothing to verify"), peerup_peer_id_get_string (peer));
  return FALSE;
}

PeerupVerification *
peerup_verification_load (const char *path, PeerupPeerId *own, PeerupPeerId *peer, GError **error)
{
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_file_load (path, error);
  PeerupVerification *self;
  const char *mark;
  guint entry;

  if (keys == NULL || !find_entry (keys, peer, &entry, error))
    return NULL;
  self = g_new (PeerupVerification, 1);
  self->peers = peerup_sas_new_for_peers (own, peer);
  self->transcript =
    sas_of_pairing (peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_PAIRING));
  mark = peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_VERIFIED);
  self->verified = g_strcmp0 (mark, self->peers->attribute) == 0 ||
                   (self->transcript != NULL && g_strcmp0 (mark, self->transcript->attribute) == 0);
  return self;
}

gboolean
peerup_verification_set (const char *path, PeerupPeerId *own, PeerupPeerId *peer, gboolean verified, GError **error)
{
  g_autoptr (PeerupVerification) found = peerup_verification_load (path, own, peer, error);
  const PeerupSas *sas;

  if (found == NULL)
    return FALSE;
  sas = found->transcript != NULL ? found->transcript : found->peers;
  return peerup_authorized_keys_file_set (path, peer, PEERUP_AUTHORIZED_KEYS_VERIFIED, verified ? sas->attribute : NULL,
                                          error);
}
