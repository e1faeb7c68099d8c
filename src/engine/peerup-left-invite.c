/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* An invite that was left with relays, as a value and as the text of a key file. What is done with files is
 * peerup-pairing-store.c's.
 */
#include "engine/peerup-left-invite.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define GROUP   "invite"
#define VERSION 1

char *
peerup_left_invite_make_token (guint number)
{
  return g_strdup_printf ("%u-%08x%08x", number, g_random_int (), g_random_int ());
}

gboolean
peerup_left_invite_check_token (const char *token, GError **error)
{
  gsize length = strlen (token);

  if (length > 0 && length <= 64 && strspn (token, "0123456789abcdef-") == length)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("what names the invite does not"));
  return FALSE;
}

static void
free_secret (gpointer data)
{
  GByteArray *array = data;

  explicit_bzero (array->data, array->len);
  g_byte_array_unref (array);
}

/* Bytes that are wiped when they are freed. */
static GBytes *
secret_new (gconstpointer data, gsize length)
{
  GByteArray *array = g_byte_array_sized_new (length);

  g_byte_array_append (array, data, length);
  return g_bytes_new_with_free_func (array->data, array->len, free_secret, array);
}

void
peerup_left_invite_free (PeerupLeftInvite *self)
{
  g_free (self->token);
  g_clear_pointer (&self->secret, g_bytes_unref);
  if (self->code != NULL)
    explicit_bzero (self->code, strlen (self->code));
  g_free (self->code);
  g_clear_pointer (&self->offer, peerup_pairing_offer_free);
  g_free (self);
}

GBytes *
peerup_left_invite_encode (const PeerupLeftInvite *self, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  GBytes *bytes;
  gsize length;

  g_key_file_set_integer (file, GROUP, "version", VERSION);
  g_key_file_set_string (file, GROUP, "token", self->token);
  g_key_file_set_integer (file, GROUP, "number", self->number);
  peerup_pairing_set_bytes (file, GROUP, "secret", self->secret);
  g_key_file_set_string (file, GROUP, "code", self->code);
  g_key_file_set_int64 (file, GROUP, "began", self->term.began_wall);
  g_key_file_set_int64 (file, GROUP, "ends", self->term.ends_wall);
  g_key_file_set_int64 (file, GROUP, "ends-boot", self->term.ends_boot);
  g_key_file_set_string (file, GROUP, "boot-id", self->term.boot_id);
  g_key_file_set_integer (file, GROUP, "guesses", self->guesses);
  g_key_file_set_int64 (file, GROUP, "grant-time", self->grant_time);
  if (!peerup_pairing_set_offer (file, GROUP, "offer", self->offer, error))
    return NULL;
  text = g_key_file_to_data (file, &length, NULL);
  bytes = secret_new (text, length);
  explicit_bzero (text, length);
  return bytes;
}

static gboolean
read_secret (GKeyFile *file, PeerupLeftInvite *self, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_pairing_get_bytes (file, GROUP, "secret", error);

  if (bytes == NULL)
    return FALSE;
  if (g_bytes_get_size (bytes) != PEERUP_CODE_SECRET_LENGTH)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("its secret has another length"));
      return FALSE;
    }
  self->secret = secret_new (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return TRUE;
}

static gboolean
read_term (GKeyFile *file, PeerupLeftInvite *self, GError **error)
{
  g_autofree char *boot_id = g_key_file_get_string (file, GROUP, "boot-id", error);

  if (boot_id == NULL)
    return FALSE;
  self->term.began_wall = g_key_file_get_int64 (file, GROUP, "began", NULL);
  self->term.ends_wall = g_key_file_get_int64 (file, GROUP, "ends", NULL);
  self->term.ends_boot = g_key_file_get_int64 (file, GROUP, "ends-boot", NULL);
  g_strlcpy (self->term.boot_id, boot_id, sizeof self->term.boot_id);
  return TRUE;
}

static gboolean
read_number (GKeyFile *file, PeerupLeftInvite *self, GError **error)
{
  int number = g_key_file_get_integer (file, GROUP, "number", NULL);

  self->token = g_key_file_get_string (file, GROUP, "token", error);
  if (self->token == NULL || !peerup_left_invite_check_token (self->token, error))
    return FALSE;
  self->number = CLAMP (number, 0, PEERUP_CODE_NUMBER_MAX);
  if (number >= 1 && number <= PEERUP_CODE_NUMBER_MAX)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("its number is none"));
  return FALSE;
}

PeerupLeftInvite *
peerup_left_invite_decode (GBytes *text, GError **error)
{
  g_autoptr (PeerupLeftInvite) self = g_new0 (PeerupLeftInvite, 1);
  g_autoptr (GKeyFile) file = peerup_pairing_parse_file (text, error);
  int guesses;

  if (file == NULL || !read_number (file, self, error) || !read_secret (file, self, error) ||
      !read_term (file, self, error))
    return NULL;
  self->code = g_key_file_get_string (file, GROUP, "code", error);
  if (self->code == NULL)
    return NULL;
  self->offer = peerup_pairing_get_offer (file, GROUP, "offer", error);
  if (self->offer == NULL)
    return NULL;
  /* Whatever is written there, it counts against the code. */
  guesses = g_key_file_get_integer (file, GROUP, "guesses", NULL);
  self->guesses = guesses < 0 ? PEERUP_INVITE_GUESSES_MAX : guesses;
  self->grant_time = MAX (g_key_file_get_int64 (file, GROUP, "grant-time", NULL), 0);
  return g_steal_pointer (&self);
}
