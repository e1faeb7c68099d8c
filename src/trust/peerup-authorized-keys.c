/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * An authorized_keys file as a list of lines, with an index of its entries by decoded peer ID
 * that is made anew after each edit. One owner, one thread; no file, no clock. It never fails
 * open: of two entries for one peer the earlier expiry counts, an expiry that cannot be
 * read is in the past, and lines that are no entry are reported, never skipped in silence.
 */
#include "trust/peerup-authorized-keys.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _PeerupAuthorizedKeys
{
  GPtrArray *lines; /* of PeerupAuthorizedLine */
  gboolean final_newline;
  GArray *entries;   /* of guint: index of the line */
  GHashTable *peers; /* PeerupPeerId, borrowed -> Standing */
};

/* What the entries of one peer say together; of two that differ, the less. */
typedef struct
{
  guint line; /* of the first, from 0 */
  gint64 expires;
  gboolean guest;
  gboolean sponsored;
  PeerupPeerId *sponsor; /* NULL though it is sponsored: nobody whose word counts */
} Standing;

static void
standing_free (gpointer data)
{
  Standing *self = data;

  g_clear_pointer (&self->sponsor, peerup_peer_id_unref);
  g_free (self);
}

static PeerupAuthorizedLine *
get_line (PeerupAuthorizedKeys *self, guint index)
{
  return self->lines->pdata[index];
}

static PeerupAuthorizedLine *
get_entry (PeerupAuthorizedKeys *self, guint entry)
{
  return get_line (self, g_array_index (self->entries, guint, entry));
}

static void
standing_add_sponsor (Standing *self, const char *text)
{
  g_autoptr (PeerupPeerId) sponsor = peerup_peer_id_new_from_string (text, NULL);

  if (!self->sponsored)
    self->sponsor = g_steal_pointer (&sponsor);
  else if (self->sponsor != NULL && (sponsor == NULL || !peerup_peer_id_equal (sponsor, self->sponsor)))
    g_clear_pointer (&self->sponsor, peerup_peer_id_unref);
  self->sponsored = TRUE;
}

static void
standing_add (Standing *self, const PeerupAuthorizedLine *line)
{
  const char *sponsor = peerup_authorized_line_get_attribute (line, PEERUP_AUTHORIZED_KEYS_SPONSOR);
  const char *guest = PEERUP_AUTHORIZED_KEYS_ROLE "=" PEERUP_AUTHORIZED_KEYS_GUEST;

  self->expires = MIN (self->expires, line->expires);
  self->guest |= g_ptr_array_find_with_equal_func (line->words, guest, g_str_equal, NULL);
  if (sponsor != NULL)
    standing_add_sponsor (self, sponsor);
}

static void
reindex (PeerupAuthorizedKeys *self)
{
  g_array_set_size (self->entries, 0);
  g_hash_table_remove_all (self->peers);
  for (guint i = 0; i < self->lines->len; i++)
    {
      PeerupAuthorizedLine *line = get_line (self, i);
      Standing *standing;

      if (line->peer == NULL)
        continue;
      g_array_append_val (self->entries, i);
      standing = g_hash_table_lookup (self->peers, line->peer);
      if (standing == NULL)
        {
          standing = g_new (Standing, 1);
          *standing = (Standing) { .line = i, .expires = PEERUP_EXPIRES_NEVER };
          g_hash_table_insert (self->peers, line->peer, standing);
        }
      standing_add (standing, line);
    }
}

PeerupAuthorizedKeys *
peerup_authorized_keys_parse (const char *text, gsize length)
{
  PeerupAuthorizedKeys *self;

  g_return_val_if_fail (text != NULL || length == 0, NULL);

  self = g_new0 (PeerupAuthorizedKeys, 1);
  self->lines = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_authorized_line_free);
  self->entries = g_array_new (FALSE, FALSE, sizeof (guint));
  self->peers = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, standing_free);
  self->final_newline = length == 0 || text[length - 1] == '\n';
  while (length > 0)
    {
      const char *newline = memchr (text, '\n', length);
      gsize size = newline != NULL ? (gsize) (newline - text) : length;

      g_ptr_array_add (self->lines, peerup_authorized_line_parse (text, size));
      size += newline != NULL;
      text += size;
      length -= size;
    }
  reindex (self);
  return self;
}

void
peerup_authorized_keys_free (PeerupAuthorizedKeys *self)
{
  g_return_if_fail (self != NULL);

  g_hash_table_unref (self->peers);
  g_array_unref (self->entries);
  g_ptr_array_unref (self->lines);
  g_free (self);
}

GBytes *
peerup_authorized_keys_to_bytes (PeerupAuthorizedKeys *self)
{
  GByteArray *bytes;

  g_return_val_if_fail (self != NULL, NULL);

  bytes = g_byte_array_new ();
  for (guint i = 0; i < self->lines->len; i++)
    {
      PeerupAuthorizedLine *line = get_line (self, i);

      g_byte_array_append (bytes, (const guint8 *) line->text, line->length);
      if (i + 1 < self->lines->len || self->final_newline)
        g_byte_array_append (bytes, (const guint8 *) "\n", 1);
    }
  return g_byte_array_free_to_bytes (bytes);
}

guint
peerup_authorized_keys_get_n_entries (PeerupAuthorizedKeys *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->entries->len;
}

PeerupPeerId *
peerup_authorized_keys_get_peer (PeerupAuthorizedKeys *self, guint entry)
{
  g_return_val_if_fail (self != NULL && entry < self->entries->len, NULL);

  return get_entry (self, entry)->peer;
}

guint
peerup_authorized_keys_get_line (PeerupAuthorizedKeys *self, guint entry)
{
  g_return_val_if_fail (self != NULL && entry < self->entries->len, 0);

  return g_array_index (self->entries, guint, entry) + 1;
}

const char *
peerup_authorized_keys_get_comment (PeerupAuthorizedKeys *self, guint entry)
{
  g_return_val_if_fail (self != NULL && entry < self->entries->len, NULL);

  return get_entry (self, entry)->comment;
}

const char *
peerup_authorized_keys_get_attribute (PeerupAuthorizedKeys *self, guint entry, const char *key)
{
  g_return_val_if_fail (self != NULL && entry < self->entries->len && key != NULL, NULL);

  return peerup_authorized_line_get_attribute (get_entry (self, entry), key);
}

gint64
peerup_authorized_keys_get_expires (PeerupAuthorizedKeys *self, guint entry)
{
  g_return_val_if_fail (self != NULL && entry < self->entries->len, PEERUP_EXPIRES_MALFORMED);

  return get_entry (self, entry)->expires;
}

char **
peerup_authorized_keys_dup_problems (PeerupAuthorizedKeys *self)
{
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->lines->len; i++)
    if (get_line (self, i)->problem != NULL)
      g_strv_builder_take (texts, g_strdup_printf ("line %u: %s", i + 1, get_line (self, i)->problem));
  return g_strv_builder_end (texts);
}

static void
add_note_on_words (GStrvBuilder *texts, const PeerupAuthorizedLine *line, guint number)
{
  const char *role = peerup_authorized_line_get_attribute (line, PEERUP_AUTHORIZED_KEYS_ROLE);
  const char *sponsor = peerup_authorized_line_get_attribute (line, PEERUP_AUTHORIZED_KEYS_SPONSOR);
  g_autoptr (PeerupPeerId) id = sponsor != NULL ? peerup_peer_id_new_from_string (sponsor, NULL) : NULL;

  if (role != NULL && !g_str_equal (role, PEERUP_AUTHORIZED_KEYS_GUEST))
    g_strv_builder_take (texts, g_strdup_printf ("line %u: its role is not known here and limits nothing; one that is: "
                                                 "role=" PEERUP_AUTHORIZED_KEYS_GUEST,
                                                 number));
  if (sponsor != NULL && id == NULL)
    g_strv_builder_take (texts,
                         g_strdup_printf (_ ("line %u: its sponsor is not a peer ID, so the peer is refused"), number));
}

char **
peerup_authorized_keys_dup_notes (PeerupAuthorizedKeys *self)
{
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->entries->len; i++)
    {
      guint index = g_array_index (self->entries, guint, i);
      PeerupAuthorizedLine *line = get_line (self, index);
      const Standing *standing = g_hash_table_lookup (self->peers, line->peer);

      if (line->expires == PEERUP_EXPIRES_MALFORMED)
        g_strv_builder_take (texts,
                             g_strdup_printf (_ ("line %u: the expiry cannot be read, so the peer is refused; write "
                                                 "it like expires=2030-12-31T18:00:00Z"),
                                              index + 1));
      add_note_on_words (texts, line, index + 1);
      if (standing->line != index)
        g_strv_builder_take (texts,
                             g_strdup_printf (_ ("line %u: the peer stands on line %u too; the earlier expiry counts"),
                                              index + 1, standing->line + 1));
    }
  return g_strv_builder_end (texts);
}

/* FALSE: it has a sponsor whose word does not count. */
static gboolean
find_earliest_end (PeerupAuthorizedKeys *self, const Standing *standing, gint64 *end)
{
  const Standing *sponsor;

  *end = standing->expires;
  if (!standing->sponsored)
    return TRUE;
  sponsor = standing->sponsor != NULL ? g_hash_table_lookup (self->peers, standing->sponsor) : NULL;
  if (sponsor == NULL || sponsor->sponsored)
    return FALSE;
  *end = MIN (*end, sponsor->expires);
  return TRUE;
}

PeerupAuthorization
peerup_authorized_keys_lookup (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, gint64 now, gint64 *expires)
{
  const Standing *standing;
  gint64 end;

  g_return_val_if_fail (self != NULL && peer != NULL, PEERUP_AUTHORIZATION_NONE);

  standing = g_hash_table_lookup (self->peers, peer);
  if (standing == NULL || !find_earliest_end (self, standing, &end))
    return PEERUP_AUTHORIZATION_NONE;
  if (expires != NULL)
    *expires = end;
  return now < end ? PEERUP_AUTHORIZATION_VALID : PEERUP_AUTHORIZATION_EXPIRED;
}

gboolean
peerup_authorized_keys_is_guest (PeerupAuthorizedKeys *self, const PeerupPeerId *peer)
{
  const Standing *standing;

  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);

  standing = g_hash_table_lookup (self->peers, peer);
  return standing != NULL && standing->guest;
}

gboolean
peerup_authorized_keys_is_sponsored (PeerupAuthorizedKeys *self, const PeerupPeerId *peer)
{
  const Standing *standing;

  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);

  standing = g_hash_table_lookup (self->peers, peer);
  return standing != NULL && standing->sponsored;
}

guint
peerup_authorized_keys_append (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, const char *comment)
{
  g_return_val_if_fail (self != NULL && peer != NULL, 0);

  g_ptr_array_add (self->lines, peerup_authorized_line_new (peer, comment));
  self->final_newline = TRUE;
  reindex (self);
  return self->entries->len - 1;
}

gboolean
peerup_authorized_keys_add (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, const char *comment, GError **error)
{
  const Standing *standing;

  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);

  standing = g_hash_table_lookup (self->peers, peer);
  if (standing != NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS, _ ("peer %s is listed already, on line %u"),
                   peerup_peer_id_get_string (peer), standing->line + 1);
      return FALSE;
    }
  (void) peerup_authorized_keys_append (self, peer, comment);
  return TRUE;
}

static gboolean
check_listed (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, GError **error)
{
  if (g_hash_table_contains (self->peers, peer))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("peer %s is not listed"),
               peerup_peer_id_get_string (peer));
  return FALSE;
}

static gboolean
is_entry_of (PeerupAuthorizedKeys *self, guint entry, const PeerupPeerId *peer)
{
  return peerup_peer_id_equal (get_entry (self, entry)->peer, peer);
}

void
peerup_authorized_keys_remove_entry (PeerupAuthorizedKeys *self, guint entry)
{
  g_return_if_fail (self != NULL && entry < self->entries->len);

  g_ptr_array_remove_index (self->lines, g_array_index (self->entries, guint, entry));
  reindex (self);
}

gboolean
peerup_authorized_keys_remove (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, GError **error)
{
  g_autoptr (PeerupPeerId) held = NULL;

  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);

  /* @peer may be borrowed from a line that goes. */
  held = peerup_peer_id_ref ((PeerupPeerId *) peer);
  if (!check_listed (self, peer, error))
    return FALSE;
  for (guint i = self->entries->len; i > 0; i--)
    if (is_entry_of (self, i - 1, peer))
      peerup_authorized_keys_remove_entry (self, i - 1);
  return TRUE;
}

static gboolean
check_attribute (const char *key, const char *value, GError **error)
{
  gint64 seconds;

  if (key[0] == '\0' || key[strspn (key, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-")] != '\0')
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           _ ("an attribute's name is made of letters, digits, '_', '.' and '-'"));
      return FALSE;
    }
  if (value == NULL)
    return TRUE;
  if (strlen (value) > PEERUP_AUTHORIZED_VALUE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("the value of %s is longer than %d bytes"), key,
                   PEERUP_AUTHORIZED_VALUE_MAX);
      return FALSE;
    }
  for (const char *at = value; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at) || *at == '#')
      {
        g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                     _ ("the value of %s may have neither white space nor '#' nor control or non-ASCII characters"),
                     key);
        return FALSE;
      }
  if (value[0] == '\0' ||
      (g_str_equal (key, PEERUP_AUTHORIZED_KEYS_EXPIRES) && !peerup_expires_parse (value, &seconds)))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("\"%s\" is no value for %s%s"), value, key,
                   value[0] != '\0' ? _ (": write it like 2030-12-31T18:00:00Z") : "");
      return FALSE;
    }
  return TRUE;
}

gboolean
peerup_authorized_keys_set_entry (PeerupAuthorizedKeys *self, guint entry, const char *key, const char *value,
                                  GError **error)
{
  PeerupAuthorizedLine *edited;
  guint index;

  g_return_val_if_fail (self != NULL && entry < self->entries->len && key != NULL, FALSE);

  if (!check_attribute (key, value, error))
    return FALSE;
  index = g_array_index (self->entries, guint, entry);
  edited = peerup_authorized_line_with (get_line (self, index), key, value);
  if (edited == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("line %u would be longer than %d bytes"), index + 1,
                   PEERUP_AUTHORIZED_LINE_MAX);
      return FALSE;
    }
  peerup_authorized_line_free (self->lines->pdata[index]);
  self->lines->pdata[index] = edited;
  reindex (self);
  return TRUE;
}

gboolean
peerup_authorized_keys_set (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, const char *key, const char *value,
                            GError **error)
{
  g_autoptr (PeerupPeerId) held = NULL;

  g_return_val_if_fail (self != NULL && peer != NULL && key != NULL, FALSE);

  held = peerup_peer_id_ref ((PeerupPeerId *) peer);
  if (!check_attribute (key, value, error) || !check_listed (self, peer, error))
    return FALSE;
  for (guint i = 0; i < self->entries->len; i++)
    if (is_entry_of (self, i, peer) && !peerup_authorized_keys_set_entry (self, i, key, value, error))
      return FALSE;
  return TRUE;
}
