/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The messages of pairing at a relay and of its notices: encoded, and decoded whole or not at all. Functions of bytes;
 * what a decoder returns is safe to show and to write to files. It does not know who may say what: that is the
 * engine's.
 */
#include "pairing/peerup-original-pair.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

#include "pairing/peerup-pairing-offer.h"
#include "wire/peerup-bytes.h"
#include "wire/peerup-reader.h"

#define NOTICE_VERSION 0x01
#define REPLY_OK       0x01
#define REPLY_REFUSED  0x00
#define REFUSAL        "pairing failed"

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("A relay's message about a group: %s"), what);
  return FALSE;
}

gboolean
peerup_group_id_check (const char *id, gsize length)
{
  if (length != PEERUP_GROUP_ID_LENGTH)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isdigit (id[i]) && !(id[i] >= 'a' && id[i] <= 'f'))
      return FALSE;
  return TRUE;
}

void
peerup_group_proof (const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], const char *id,
                    guint8 proof[PEERUP_GROUP_PROOF_LENGTH])
{
  crypto_auth_hmacsha256_state state;

  crypto_auth_hmacsha256_init (&state, token, PEERUP_GROUP_TOKEN_LENGTH);
  crypto_auth_hmacsha256_update (&state, (const guint8 *) id, strlen (id));
  crypto_auth_hmacsha256_final (&state, proof);
  sodium_memzero (&state, sizeof state);
}

void
peerup_group_token_hash (const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], guint8 hash[32])
{
  crypto_hash_sha256 (hash, token, PEERUP_GROUP_TOKEN_LENGTH);
}

PeerupGroupPeer *
peerup_group_peer_new (PeerupPeerId *peer, const char *name, const guint8 *proof)
{
  PeerupGroupPeer *self = g_new0 (PeerupGroupPeer, 1);

  self->peer = peerup_peer_id_ref (peer);
  self->name = g_strdup (name);
  if (proof != NULL)
    memcpy (self->proof, proof, sizeof self->proof);
  return self;
}

void
peerup_group_peer_free (PeerupGroupPeer *self)
{
  if (self == NULL)
    return;
  peerup_peer_id_unref (self->peer);
  g_free (self->name);
  g_free (self);
}

/* Bytes of @name that are sent: at most @max, cut at a character. */
static gsize
measure_name (const char *name, gsize max)
{
  gsize length = strlen (name);

  if (length <= max)
    return length;
  return (gsize) (g_utf8_find_prev_char (name, name + max + 1) - name);
}

/* Requests */

void
peerup_group_request_clear (PeerupGroupRequest *self)
{
  sodium_memzero (self->token, sizeof self->token);
  g_clear_pointer (&self->name, g_free);
}

GBytes *
peerup_group_request_encode (const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], const char *name)
{
  gsize length = name != NULL ? measure_name (name, PEERUP_GROUP_NAME_MAX) : 0;
  guint8 *request = g_malloc (PEERUP_GROUP_TOKEN_LENGTH + 1 + length);

  memcpy (request, token, PEERUP_GROUP_TOKEN_LENGTH);
  request[PEERUP_GROUP_TOKEN_LENGTH] = (guint8) length;
  if (length > 0)
    memcpy (request + PEERUP_GROUP_TOKEN_LENGTH + 1, name, length);
  return g_bytes_new_take (request, PEERUP_GROUP_TOKEN_LENGTH + 1 + length);
}

gboolean
peerup_group_request_measure (const guint8 *start, gsize *length, GError **error)
{
  guint8 name_length = start[PEERUP_GROUP_TOKEN_LENGTH];

  if (name_length > PEERUP_GROUP_NAME_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   _ ("A name in a request has %u bytes; at most %d are allowed"), name_length, PEERUP_GROUP_NAME_MAX);
      return FALSE;
    }
  *length = PEERUP_GROUP_TOKEN_LENGTH + 1 + name_length;
  return TRUE;
}

gboolean
peerup_group_request_parse (gconstpointer data, gsize length, PeerupGroupRequest *request, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  const guint8 *token, *name;
  guint8 name_length;

  if (!peerup_reader_bytes (&reader, PEERUP_GROUP_TOKEN_LENGTH, &token) || !peerup_reader_u8 (&reader, &name_length))
    return fail (error, _ ("the request is cut off"));
  if (name_length > PEERUP_GROUP_NAME_MAX)
    return fail (error, _ ("the name in the request is too long"));
  if (!peerup_reader_bytes (&reader, name_length, &name) || reader.left > 0)
    return fail (error, _ ("the request is not as long as it says"));
  memcpy (request->token, token, PEERUP_GROUP_TOKEN_LENGTH);
  request->name = peerup_pairing_name_sanitize ((const char *) name, name_length);
  return TRUE;
}

/* News */

PeerupGroupNews *
peerup_group_news_new (const char *id, guint size)
{
  PeerupGroupNews *self = g_new0 (PeerupGroupNews, 1);

  g_strlcpy (self->id, id, sizeof self->id);
  self->size = size;
  self->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_group_peer_free);
  return self;
}

void
peerup_group_news_free (PeerupGroupNews *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->peers);
  g_free (self);
}

static GByteArray *
begin_news (guint8 first, const PeerupGroupNews *news)
{
  GByteArray *out = g_byte_array_new ();
  guint8 length = PEERUP_GROUP_ID_LENGTH;
  guint8 counts[2] = { (guint8) MIN (news->size, G_MAXUINT8), (guint8) news->peers->len };

  g_assert (peerup_group_id_check (news->id, strlen (news->id)));
  g_assert (news->peers->len <= PEERUP_GROUP_MEMBERS_MAX);
  g_byte_array_append (out, &first, 1);
  g_byte_array_append (out, &length, 1);
  g_byte_array_append (out, (const guint8 *) news->id, length);
  g_byte_array_append (out, counts, sizeof counts);
  return out;
}

static void
append_name (GByteArray *out, const char *name)
{
  guint8 length = (guint8) measure_name (name, PEERUP_GROUP_NAME_MAX);

  g_byte_array_append (out, &length, 1);
  g_byte_array_append (out, (const guint8 *) name, length);
}

GBytes *
peerup_group_reply_encode (const PeerupGroupNews *news)
{
  GByteArray *out = begin_news (REPLY_OK, news);

  for (guint i = 0; i < news->peers->len; i++)
    {
      const PeerupGroupPeer *peer = news->peers->pdata[i];
      gsize id_length;
      const guint8 *id = peerup_peer_id_get_bytes (peer->peer, &id_length);
      guint8 length = (guint8) id_length;

      g_byte_array_append (out, &length, 1);
      g_byte_array_append (out, id, length);
      append_name (out, peer->name);
    }
  return g_byte_array_free_to_bytes (out);
}

GBytes *
peerup_group_refusal_encode (void)
{
  static const guint8 refusal[] = "\x00\x0e" REFUSAL;

  return g_bytes_new_static (refusal, sizeof refusal - 1);
}

GBytes *
peerup_group_notice_encode (const PeerupGroupNews *news)
{
  GByteArray *out = begin_news (NOTICE_VERSION, news);

  for (guint i = 0; i < news->peers->len; i++)
    {
      const PeerupGroupPeer *peer = news->peers->pdata[i];
      const char *id = peerup_peer_id_get_string (peer->peer);
      guint8 length[2];

      peerup_store_be16 (length, (guint16) strlen (id));
      g_byte_array_append (out, length, sizeof length);
      g_byte_array_append (out, (const guint8 *) id, (guint) strlen (id));
      append_name (out, peer->name);
      g_byte_array_append (out, peer->proof, sizeof peer->proof);
    }
  return g_byte_array_free_to_bytes (out);
}

/* What both begin with, after their first byte; @n_peers follow. */
static PeerupGroupNews *
read_news (PeerupReader *reader, guint8 *n_peers, GError **error)
{
  guint8 id_length, size;
  const guint8 *id;
  char text[PEERUP_GROUP_ID_LENGTH + 1] = { 0 };

  if (!peerup_reader_u8 (reader, &id_length) || !peerup_reader_bytes (reader, id_length, &id) ||
      !peerup_reader_u8 (reader, &size) || !peerup_reader_u8 (reader, n_peers))
    {
      fail (error, _ ("it is cut off"));
      return NULL;
    }
  if (!peerup_group_id_check ((const char *) id, id_length))
    {
      fail (error, _ ("the ID of the group is not one: eight of 0-9 and a-f"));
      return NULL;
    }
  memcpy (text, id, PEERUP_GROUP_ID_LENGTH);
  return peerup_group_news_new (text, size);
}

static void
add_once (PeerupGroupNews *news, PeerupPeerId *peer, const guint8 *name, gsize name_length, const guint8 *proof)
{
  g_autofree char *shown = peerup_pairing_name_sanitize ((const char *) name, name_length);

  for (guint i = 0; i < news->peers->len; i++)
    if (peerup_peer_id_equal (((PeerupGroupPeer *) news->peers->pdata[i])->peer, peer))
      return;
  g_ptr_array_add (news->peers, peerup_group_peer_new (peer, shown, proof));
}

static gboolean
read_reply_peer (PeerupReader *reader, PeerupGroupNews *news, GError **error)
{
  guint8 id_length, name_length;
  const guint8 *id, *name;
  g_autoptr (PeerupPeerId) peer = NULL;

  if (!peerup_reader_u8 (reader, &id_length) || !peerup_reader_bytes (reader, id_length, &id) ||
      !peerup_reader_u8 (reader, &name_length) || !peerup_reader_bytes (reader, name_length, &name))
    return fail (error, _ ("the list of members is cut off"));
  peer = peerup_peer_id_new_from_bytes (id, id_length, NULL);
  if (peer == NULL)
    return fail (error, _ ("the ID of a member is none"));
  add_once (news, peer, name, name_length, NULL);
  return TRUE;
}

static gboolean
read_notice_peer (PeerupReader *reader, PeerupGroupNews *news, GError **error)
{
  guint16 id_length;
  guint8 name_length;
  const guint8 *id, *name, *proof;
  g_autofree char *text = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;

  if (!peerup_reader_be16 (reader, &id_length))
    return fail (error, _ ("the list of members is cut off"));
  if (id_length > PEERUP_GROUP_PEER_TEXT_MAX)
    return fail (error, _ ("the ID of a member is longer than IDs are"));
  if (!peerup_reader_bytes (reader, id_length, &id) || !peerup_reader_u8 (reader, &name_length) ||
      !peerup_reader_bytes (reader, name_length, &name) ||
      !peerup_reader_bytes (reader, PEERUP_GROUP_PROOF_LENGTH, &proof))
    return fail (error, _ ("the list of members is cut off"));
  if (memchr (id, '\0', id_length) != NULL)
    return fail (error, _ ("the ID of a member is none"));
  text = g_strndup ((const char *) id, id_length);
  peer = peerup_peer_id_new_from_string (text, NULL);
  if (peer == NULL)
    return fail (error, _ ("the ID of a member is none"));
  add_once (news, peer, name, name_length, proof);
  return TRUE;
}

/* The rest of a message, which is nothing but @n_peers of them. */
static PeerupGroupNews *
read_peers (PeerupReader *reader, gboolean (*read_peer) (PeerupReader *, PeerupGroupNews *, GError **), GError **error)
{
  guint8 n_peers = 0;
  g_autoptr (PeerupGroupNews) news = read_news (reader, &n_peers, error);

  if (news == NULL)
    return NULL;
  for (guint i = 0; i < n_peers; i++)
    if (!read_peer (reader, news, error))
      return NULL;
  if (reader->left > 0)
    {
      fail (error, _ ("there are bytes after its end"));
      return NULL;
    }
  return g_steal_pointer (&news);
}

PeerupGroupNews *
peerup_group_reply_parse (gconstpointer data, gsize length, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  guint8 status;

  if (!peerup_reader_u8 (&reader, &status))
    {
      fail (error, _ ("it is empty"));
      return NULL;
    }
  if (status == REPLY_OK)
    return read_peers (&reader, read_reply_peer, error);
  if (status == REPLY_REFUSED)
    g_set_error_literal (
      error, PEERUP_ERROR, PEERUP_ERROR_GATED,
      _ ("The relay refused the code: it was used, has expired or was revoked, and the relay does not "
         "say which. Ask whoever runs the relay for a new one"));
  else
    fail (error, _ ("its answer is none that is known"));
  return NULL;
}

PeerupGroupNews *
peerup_group_notice_parse (gconstpointer data, gsize length, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  guint8 version;

  if (!peerup_reader_u8 (&reader, &version))
    {
      fail (error, _ ("it is empty"));
      return NULL;
    }
  if (version != NOTICE_VERSION)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                   _ ("A relay's notice is of version %u, which is not known"), version);
      return NULL;
    }
  return read_peers (&reader, read_notice_peer, error);
}
