/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A relay's groups: made, used, and written as a key file, one section for each group and one for each code of it
 * ("a1b2c3d4", "a1b2c3d4 0"). Lives as long as the relay that keeps it. It reads no clock and no file, and authorizes
 * nobody.
 */
#include "pairing/peerup-groups.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

#include "pairing/peerup-pairing-offer.h"

struct _PeerupGroups
{
  GPtrArray *all; /* of PeerupGroup */
};

static void
code_free (gpointer data)
{
  PeerupGroupCode *self = data;

  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self->name);
  g_free (self);
}

static void
group_free (gpointer data)
{
  PeerupGroup *self = data;

  g_free (self->network);
  g_ptr_array_unref (self->codes);
  g_free (self);
}

static PeerupGroup *
group_new (const char *id)
{
  PeerupGroup *self = g_new0 (PeerupGroup, 1);

  g_strlcpy (self->id, id, sizeof self->id);
  self->codes = g_ptr_array_new_with_free_func (code_free);
  return self;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupGroup, group_free)

PeerupGroups *
peerup_groups_new (void)
{
  PeerupGroups *self = g_new0 (PeerupGroups, 1);

  self->all = g_ptr_array_new_with_free_func (group_free);
  return self;
}

void
peerup_groups_free (PeerupGroups *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->all);
  g_free (self);
}

/* Looking */

GPtrArray *
peerup_groups_get_all (PeerupGroups *self)
{
  return self->all;
}

PeerupGroup *
peerup_groups_find (PeerupGroups *self, const char *id)
{
  for (guint i = 0; i < self->all->len; i++)
    if (g_str_equal (((PeerupGroup *) self->all->pdata[i])->id, id))
      return self->all->pdata[i];
  return NULL;
}

guint
peerup_group_get_n_used (const PeerupGroup *self)
{
  guint n = 0;

  for (guint i = 0; i < self->codes->len; i++)
    n += ((PeerupGroupCode *) self->codes->pdata[i])->peer != NULL;
  return n;
}

static gboolean
takes_codes (const PeerupGroup *self, gint64 now)
{
  /* Made in what is now the future: the clock was set back, and what it says of the end counts for nothing. */
  return !self->closed && now < self->expires_at && now >= self->created_at - PEERUP_GROUP_CLOCK_SLACK;
}

gboolean
peerup_group_is_open (const PeerupGroup *self, gint64 now)
{
  return takes_codes (self, now) && peerup_group_get_n_used (self) < self->codes->len;
}

gboolean
peerup_groups_have_open (PeerupGroups *self, gint64 now)
{
  for (guint i = 0; i < self->all->len; i++)
    if (peerup_group_is_open (self->all->pdata[i], now))
      return TRUE;
  return FALSE;
}

gboolean
peerup_groups_take_codes (PeerupGroups *self, gint64 now)
{
  for (guint i = 0; i < self->all->len; i++)
    if (takes_codes (self->all->pdata[i], now))
      return TRUE;
  return FALSE;
}

PeerupGroupCode *
peerup_group_find_member (const PeerupGroup *self, PeerupPeerId *peer)
{
  for (guint i = 0; i < self->codes->len; i++)
    {
      PeerupGroupCode *code = self->codes->pdata[i];

      if (code->peer != NULL && peerup_peer_id_equal (code->peer, peer))
        return code;
    }
  return NULL;
}

/* Changes */

static gboolean
make_room (PeerupGroups *self, gint64 now, GError **error)
{
  for (guint i = 0; self->all->len >= PEERUP_GROUPS_MAX && i < self->all->len; i++)
    if (!peerup_group_is_open (self->all->pdata[i], now))
      g_ptr_array_remove_index (self->all, i--);
  if (self->all->len < PEERUP_GROUPS_MAX)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
               _ ("This relay has %d groups that may still be joined, and keeps no more; revoke one with: peerup relay "
                  "pair revoke ID"),
               PEERUP_GROUPS_MAX);
  return FALSE;
}

static void
choose_id (PeerupGroups *self, char id[PEERUP_GROUP_ID_LENGTH + 1])
{
  guint8 random[PEERUP_GROUP_ID_LENGTH / 2];

  do
    {
      randombytes_buf (random, sizeof random);
      sodium_bin2hex (id, PEERUP_GROUP_ID_LENGTH + 1, random, sizeof random);
    }
  while (peerup_groups_find (self, id) != NULL);
}

PeerupGroup *
peerup_groups_add (PeerupGroups *self, guint count, gint64 now, gint64 ttl, gint64 member_time, const char *network,
                   guint8 *tokens, GError **error)
{
  char id[PEERUP_GROUP_ID_LENGTH + 1];
  PeerupGroup *group;

  if (count < 1 || count > PEERUP_GROUP_CODES_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("A group has 1 to %d codes, not %u"),
                   PEERUP_GROUP_CODES_MAX, count);
      return NULL;
    }
  if (ttl < 1 || ttl > PEERUP_GROUP_TIME_MAX || member_time < 0 || member_time > PEERUP_GROUP_TIME_MAX)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("A time of the group is out of bounds"));
      return NULL;
    }
  if (!make_room (self, now, error))
    return NULL;
  choose_id (self, id);
  group = group_new (id);
  group->network = g_strdup (network);
  group->created_at = now;
  group->expires_at = now + ttl;
  group->member_time = member_time;
  randombytes_buf (tokens, (gsize) count * PEERUP_GROUP_TOKEN_LENGTH);
  for (guint i = 0; i < count; i++)
    {
      PeerupGroupCode *code = g_new0 (PeerupGroupCode, 1);

      peerup_group_token_hash (tokens + (gsize) i * PEERUP_GROUP_TOKEN_LENGTH, code->hash);
      g_ptr_array_add (group->codes, code);
    }
  g_ptr_array_add (self->all, group);
  return group;
}

static PeerupGroupCode *
find_code (PeerupGroups *self, const guint8 hash[32], PeerupGroup **group)
{
  PeerupGroupCode *found = NULL;

  for (guint i = 0; i < self->all->len; i++)
    {
      PeerupGroup *candidate = self->all->pdata[i];

      for (guint j = 0; j < candidate->codes->len; j++)
        {
          PeerupGroupCode *code = candidate->codes->pdata[j];

          if (sodium_memcmp (code->hash, hash, sizeof code->hash) != 0)
            continue;
          found = code;
          *group = candidate;
        }
    }
  return found;
}

PeerupGroup *
peerup_groups_claim (PeerupGroups *self, const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], PeerupPeerId *peer,
                     const char *name, gint64 now, PeerupGroupCode **code)
{
  PeerupGroup *group = NULL;
  PeerupGroupCode *found;
  guint8 hash[32];

  peerup_group_token_hash (token, hash);
  found = find_code (self, hash, &group);
  if (found == NULL || !takes_codes (group, now))
    return NULL;
  if (found->peer != NULL && !peerup_peer_id_equal (found->peer, peer))
    return NULL;
  if (found->peer == NULL)
    {
      found->peer = peerup_peer_id_ref (peer);
      found->name = g_strdup (name);
      found->at = now;
      found->claimed = TRUE;
      peerup_group_proof (token, group->id, found->proof);
    }
  *code = found;
  return group;
}

gboolean
peerup_groups_expire (PeerupGroups *self, gint64 now)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->all->len; i++)
    {
      PeerupGroup *group = self->all->pdata[i];

      if (group->closed || now < group->expires_at)
        continue;
      group->closed = any = TRUE;
    }
  return any;
}

/* Text */

static void
write_code (GKeyFile *file, const PeerupGroup *group, guint index)
{
  const PeerupGroupCode *code = group->codes->pdata[index];
  g_autofree char *section = g_strdup_printf ("%s %u", group->id, index);
  char hex[2 * 32 + 1];

  sodium_bin2hex (hex, sizeof hex, code->hash, sizeof code->hash);
  g_key_file_set_string (file, section, "hash", hex);
  if (code->peer == NULL)
    return;
  sodium_bin2hex (hex, sizeof hex, code->proof, sizeof code->proof);
  g_key_file_set_string (file, section, "peer", peerup_peer_id_get_string (code->peer));
  g_key_file_set_string (file, section, "name", code->name);
  g_key_file_set_int64 (file, section, "at", code->at);
  g_key_file_set_string (file, section, "proof", hex);
  g_key_file_set_boolean (file, section, "claimed", code->claimed);
}

char *
peerup_groups_to_text (PeerupGroups *self)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  for (guint i = 0; i < self->all->len; i++)
    {
      const PeerupGroup *group = self->all->pdata[i];

      g_key_file_set_int64 (file, group->id, "created", group->created_at);
      g_key_file_set_int64 (file, group->id, "expires", group->expires_at);
      g_key_file_set_int64 (file, group->id, "member-time", group->member_time);
      g_key_file_set_boolean (file, group->id, "closed", group->closed);
      g_key_file_set_integer (file, group->id, "codes", (int) group->codes->len);
      if (group->network != NULL)
        g_key_file_set_string (file, group->id, "network", group->network);
      for (guint j = 0; j < group->codes->len; j++)
        write_code (file, group, j);
    }
  return g_key_file_to_data (file, NULL, NULL);
}

static gboolean
read_hex (GKeyFile *file, const char *section, const char *key, guint8 bytes[32], GError **error)
{
  g_autofree char *hex = g_key_file_get_string (file, section, key, error);
  gsize length = 0;

  if (hex == NULL)
    return FALSE;
  if (strlen (hex) == 64 && sodium_hex2bin (bytes, 32, hex, 64, NULL, &length, NULL) == 0 && length == 32)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("%s of \"%s\" is not 64 hexadecimal digits"), key,
               section);
  return FALSE;
}

static gint64
read_time (GKeyFile *file, const char *section, const char *key, GError **error)
{
  g_autoptr (GError) local = NULL;
  gint64 seconds = g_key_file_get_int64 (file, section, key, &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (seconds < 0 || seconds > G_MAXINT64 / 4)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("%s of \"%s\" is out of bounds"), key, section);
  else
    return seconds;
  return -1;
}

/* Who has used the code of @section, if anybody has. */
static gboolean
read_member (GKeyFile *file, const char *section, PeerupGroupCode *code, GError **error)
{
  g_autofree char *peer = g_key_file_get_string (file, section, "peer", NULL);
  g_autofree char *name = g_key_file_get_string (file, section, "name", NULL);

  if (peer == NULL)
    return TRUE;
  code->peer = peerup_peer_id_new_from_string (peer, error);
  if (code->peer == NULL)
    return FALSE;
  code->name = peerup_pairing_name_sanitize (name != NULL ? name : "", name != NULL ? strlen (name) : 0);
  code->claimed = g_key_file_get_boolean (file, section, "claimed", NULL);
  code->at = read_time (file, section, "at", error);
  return code->at >= 0 && read_hex (file, section, "proof", code->proof, error);
}

static gboolean
read_group (GKeyFile *file, PeerupGroup *group, GError **error)
{
  int n_codes = g_key_file_get_integer (file, group->id, "codes", NULL);

  group->created_at = read_time (file, group->id, "created", error);
  if (group->created_at < 0)
    return FALSE;
  group->expires_at = read_time (file, group->id, "expires", error);
  if (group->expires_at < 0)
    return FALSE;
  group->member_time = read_time (file, group->id, "member-time", error);
  if (group->member_time < 0)
    return FALSE;
  group->closed = g_key_file_get_boolean (file, group->id, "closed", NULL);
  group->network = g_key_file_get_string (file, group->id, "network", NULL);
  if (n_codes < 1 || n_codes > PEERUP_GROUP_CODES_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("codes of \"%s\" is not 1 to %d"), group->id,
                   PEERUP_GROUP_CODES_MAX);
      return FALSE;
    }
  for (int i = 0; i < n_codes; i++)
    {
      g_autofree char *section = g_strdup_printf ("%s %d", group->id, i);
      PeerupGroupCode *code = g_new0 (PeerupGroupCode, 1);

      g_ptr_array_add (group->codes, code);
      if (!read_hex (file, section, "hash", code->hash, error) || !read_member (file, section, code, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_all (PeerupGroups *self, GKeyFile *file, GError **error)
{
  g_auto (GStrv) sections = g_key_file_get_groups (file, NULL);

  for (guint i = 0; sections[i] != NULL; i++)
    {
      g_autoptr (PeerupGroup) group = NULL;

      if (!peerup_group_id_check (sections[i], strlen (sections[i])))
        continue;
      if (self->all->len >= PEERUP_GROUPS_MAX)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("there are more than %d groups"),
                       PEERUP_GROUPS_MAX);
          return FALSE;
        }
      group = group_new (sections[i]);
      if (!read_group (file, group, error))
        return FALSE;
      g_ptr_array_add (self->all, g_steal_pointer (&group));
    }
  return TRUE;
}

PeerupGroups *
peerup_groups_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (PeerupGroups) self = peerup_groups_new ();
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;

  if (length > PEERUP_GROUPS_TEXT_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("A relay's groups take more than %d bytes"),
                   PEERUP_GROUPS_TEXT_MAX);
      return NULL;
    }
  if (length == 0 ||
      (g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, &local) && read_all (self, file, &local)))
    return g_steal_pointer (&self);
  g_set_error (error, PEERUP_ERROR,
               local->domain == PEERUP_ERROR && local->code == PEERUP_ERROR_TOO_LARGE ? PEERUP_ERROR_TOO_LARGE
                                                                                      : PEERUP_ERROR_MALFORMED,
               _ ("A relay's groups cannot be read: %s"), local->message);
  return NULL;
}
