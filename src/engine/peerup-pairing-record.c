/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The record of one pairing, as a value and as the text of a key file. What is done with files is
 * peerup-pairing-store.c's. A text is taken whole or not at all.
 */
#include "engine/peerup-left-invite.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define GROUP   "pairing"
#define VERSION 1

G_DEFINE_BOXED_TYPE (PeerupPairingRecord, peerup_pairing_record, peerup_pairing_record_copy, peerup_pairing_record_free)

static const char *const state_words[] = { "prepared", "committed", "complete", NULL };

static void
give_in_kind (PeerupPairingOffer *joiners, const PeerupPairingOffer *inviters)
{
  if (joiners->guest || !inviters->guest)
    return;
  joiners->guest = TRUE;
  g_strfreev (joiners->services);
  joiners->services = g_new0 (char *, 1);
}

PeerupPairingRecord *
peerup_pairing_record_new (PeerupPairingRecordState state, gboolean inviter, const char *kind, PeerupPeerId *peer,
                           const guint8 *transcript, gint64 at, const PeerupPairingOffer *own,
                           const PeerupPairingOffer *theirs)
{
  PeerupPairingRecord *self = g_new0 (PeerupPairingRecord, 1);

  self->state = state;
  self->inviter = inviter;
  self->kind = g_strdup (kind);
  self->peer = peerup_peer_id_ref (peer);
  memcpy (self->id, transcript, sizeof self->id);
  memcpy (self->transcript, transcript, sizeof self->transcript);
  self->at = at;
  self->own = peerup_pairing_offer_copy (own);
  self->theirs = peerup_pairing_offer_copy (theirs);
  /* A joiner that says nothing of what the inviter may, gives what it gets; and to one that gets services alone, it
   * gives nothing. Both sides see it so. */
  if (inviter)
    give_in_kind (self->theirs, self->own);
  else
    give_in_kind (self->own, self->theirs);
  return self;
}

PeerupPairingRecord *
peerup_pairing_record_copy (const PeerupPairingRecord *self)
{
  PeerupPairingRecord *copy = g_memdup2 (self, sizeof *self);

  copy->kind = g_strdup (self->kind);
  copy->peer = peerup_peer_id_ref (self->peer);
  copy->name = g_strdup (self->name);
  copy->own = self->own != NULL ? peerup_pairing_offer_copy (self->own) : NULL;
  copy->theirs = self->theirs != NULL ? peerup_pairing_offer_copy (self->theirs) : NULL;
  copy->invite = g_strdup (self->invite);
  copy->answer = self->answer != NULL ? g_bytes_ref (self->answer) : NULL;
  return copy;
}

void
peerup_pairing_record_free (PeerupPairingRecord *self)
{
  g_free (self->kind);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self->name);
  g_clear_pointer (&self->own, peerup_pairing_offer_free);
  g_clear_pointer (&self->theirs, peerup_pairing_offer_free);
  g_free (self->invite);
  g_clear_pointer (&self->answer, g_bytes_unref);
  g_free (self);
}

char *
peerup_pairing_record_dup_name (const PeerupPairingRecord *self)
{
  return peerup_pairing_hex (self->id, sizeof self->id);
}

/* Values */

char *
peerup_pairing_hex (const guint8 *bytes, gsize length)
{
  GString *hex = g_string_sized_new (2 * length);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (hex, "%02x", bytes[i]);
  return g_string_free_and_steal (hex);
}

gboolean
peerup_pairing_unhex (const char *hex, guint8 *bytes, gsize length, GError **error)
{
  gboolean good = strlen (hex) == 2 * length && strspn (hex, "0123456789abcdef") == 2 * length;

  for (gsize i = 0; good && i < length; i++)
    bytes[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
  if (!good)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("not %zu bytes in hexadecimal"), length);
  return good;
}

void
peerup_pairing_set_bytes (GKeyFile *file, const char *group, const char *key, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autofree char *text = g_base64_encode (data, length);

  g_key_file_set_string (file, group, key, text);
  explicit_bzero (text, strlen (text));
}

GBytes *
peerup_pairing_get_bytes (GKeyFile *file, const char *group, const char *key, GError **error)
{
  g_autofree char *text = g_key_file_get_string (file, group, key, error);
  GBytes *bytes = NULL;
  guint8 *data;
  gsize length;

  if (text == NULL)
    return NULL;
  data = g_base64_decode (text, &length);
  if (length > 0)
    bytes = g_bytes_new_take (data, length);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("%s has no bytes"), key);
  if (length == 0)
    g_free (data);
  explicit_bzero (text, strlen (text));
  return bytes;
}

gboolean
peerup_pairing_set_offer (GKeyFile *file, const char *group, const char *key, const PeerupPairingOffer *offer,
                          GError **error)
{
  g_autoptr (GBytes) bytes = peerup_pairing_offer_encode (offer, error);

  if (bytes != NULL)
    peerup_pairing_set_bytes (file, group, key, bytes);
  return bytes != NULL;
}

PeerupPairingOffer *
peerup_pairing_get_offer (GKeyFile *file, const char *group, const char *key, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_pairing_get_bytes (file, group, key, error);

  return bytes != NULL ? peerup_pairing_offer_decode (bytes, error) : NULL;
}

GKeyFile *
peerup_pairing_parse_file (GBytes *text, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!g_key_file_load_from_bytes (file, text, G_KEY_FILE_NONE, error))
    return NULL;
  return g_steal_pointer (&file);
}

/* Out */

GBytes *
peerup_pairing_record_encode (const PeerupPairingRecord *self, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *id = peerup_pairing_record_dup_name (self);
  g_autofree char *transcript = peerup_pairing_hex (self->transcript, sizeof self->transcript);
  char *text;
  gsize length;

  g_key_file_set_integer (file, GROUP, "version", VERSION);
  g_key_file_set_string (file, GROUP, "state", state_words[self->state]);
  g_key_file_set_boolean (file, GROUP, "inviter", self->inviter);
  g_key_file_set_string (file, GROUP, "kind", self->kind);
  g_key_file_set_string (file, GROUP, "peer", peerup_peer_id_get_string (self->peer));
  if (self->name != NULL)
    g_key_file_set_string (file, GROUP, "name", self->name);
  g_key_file_set_string (file, GROUP, "id", id);
  g_key_file_set_string (file, GROUP, "transcript", transcript);
  g_key_file_set_int64 (file, GROUP, "at", self->at);
  g_key_file_set_integer (file, GROUP, "number", self->number);
  if (self->invite != NULL)
    g_key_file_set_string (file, GROUP, "invite", self->invite);
  g_key_file_set_boolean (file, GROUP, "applied", self->applied);
  g_key_file_set_int64 (file, GROUP, "until", self->until);
  if (self->answer != NULL)
    peerup_pairing_set_bytes (file, GROUP, "answer", self->answer);
  if (!peerup_pairing_set_offer (file, GROUP, "own", self->own, error) ||
      !peerup_pairing_set_offer (file, GROUP, "theirs", self->theirs, error))
    return NULL;
  text = g_key_file_to_data (file, &length, NULL);
  return g_bytes_new_take (text, length);
}

/* In */

static gboolean
read_state (GKeyFile *file, PeerupPairingRecord *self, GError **error)
{
  g_autofree char *word = g_key_file_get_string (file, GROUP, "state", error);

  for (guint i = 0; word != NULL && state_words[i] != NULL; i++)
    if (g_str_equal (word, state_words[i]))
      {
        self->state = i;
        return TRUE;
      }
  if (word != NULL)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("its state is none"));
  return FALSE;
}

static gboolean
read_peer (GKeyFile *file, PeerupPairingRecord *self, GError **error)
{
  g_autofree char *text = g_key_file_get_string (file, GROUP, "peer", error);

  if (text != NULL)
    self->peer = peerup_peer_id_new_from_string (text, error);
  return self->peer != NULL;
}

static gboolean
read_ids (GKeyFile *file, PeerupPairingRecord *self, GError **error)
{
  g_autofree char *id = g_key_file_get_string (file, GROUP, "id", error);
  g_autofree char *transcript = id != NULL ? g_key_file_get_string (file, GROUP, "transcript", error) : NULL;

  return transcript != NULL && peerup_pairing_unhex (id, self->id, sizeof self->id, error) &&
         peerup_pairing_unhex (transcript, self->transcript, sizeof self->transcript, error);
}

static gboolean
read_version (GKeyFile *file, GError **error)
{
  int version = g_key_file_get_integer (file, GROUP, "version", NULL);

  if (version == VERSION)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, _ ("its version is %d, and this program knows %d"),
               version, VERSION);
  return FALSE;
}

/* What may be missing. */
static void
read_rest (GKeyFile *file, PeerupPairingRecord *self)
{
  self->inviter = g_key_file_get_boolean (file, GROUP, "inviter", NULL);
  self->name = g_key_file_get_string (file, GROUP, "name", NULL);
  self->at = g_key_file_get_int64 (file, GROUP, "at", NULL);
  self->number = CLAMP (g_key_file_get_integer (file, GROUP, "number", NULL), 0, PEERUP_CODE_NUMBER_MAX);
  self->invite = g_key_file_get_string (file, GROUP, "invite", NULL);
  self->applied = g_key_file_get_boolean (file, GROUP, "applied", NULL);
  self->until = g_key_file_get_int64 (file, GROUP, "until", NULL);
  if (g_key_file_has_key (file, GROUP, "answer", NULL))
    self->answer = peerup_pairing_get_bytes (file, GROUP, "answer", NULL);
}

PeerupPairingRecord *
peerup_pairing_record_decode (GBytes *text, GError **error)
{
  g_autoptr (PeerupPairingRecord) self = g_new0 (PeerupPairingRecord, 1);
  g_autoptr (GKeyFile) file = peerup_pairing_parse_file (text, error);

  if (file == NULL || !read_version (file, error) || !read_state (file, self, error) ||
      !read_peer (file, self, error) || !read_ids (file, self, error))
    return NULL;
  self->kind = g_key_file_get_string (file, GROUP, "kind", error);
  if (self->kind == NULL)
    return NULL;
  self->own = peerup_pairing_get_offer (file, GROUP, "own", error);
  if (self->own == NULL)
    return NULL;
  self->theirs = peerup_pairing_get_offer (file, GROUP, "theirs", error);
  if (self->theirs == NULL)
    return NULL;
  read_rest (file, self);
  if (self->invite != NULL && !peerup_left_invite_check_token (self->invite, error))
    return NULL;
  return g_steal_pointer (&self);
}
