/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What joining a group changes in a relay's files, and who its members are by them. Functions of the engine's group;
 * each edit is whole or not done, and the claim that was written before them makes them be done again after a crash. It
 * never takes anything away that somebody has.
 */
#include "engine/peerup-engine-group-private.h"

#include <string.h>

#include "trust/peerup-authorized-keys-file.h"

typedef struct
{
  PeerupPeerId *peer;
  const char *name, *group;
  gint64 now, until;
} Admission;

static gboolean
set_until (PeerupAuthorizedKeys *keys, const Admission *admission, gint64 until, GError **error)
{
  g_autofree char *text = until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (until) : NULL;

  return peerup_authorized_keys_set (keys, admission->peer, PEERUP_AUTHORIZED_KEYS_EXPIRES, text, error);
}

static gboolean
admit_edit (PeerupAuthorizedKeys *keys, gpointer data, GError **error)
{
  const Admission *admission = data;
  gint64 expires = PEERUP_EXPIRES_NEVER;
  PeerupAuthorization before = peerup_authorized_keys_lookup (keys, admission->peer, admission->now, &expires);
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (admission->now);
  g_autofree char *comment =
    admission->name[0] != '\0' ? g_strdup (admission->name) : g_date_time_format (now, "paired-%Y-%m-%d");

  if (before == PEERUP_AUTHORIZATION_NONE && !peerup_authorized_keys_add (keys, admission->peer, comment, error))
    return FALSE;
  if (!set_until (keys, admission,
                  before == PEERUP_AUTHORIZATION_VALID ? MAX (expires, admission->until) : admission->until, error))
    return FALSE;
  return peerup_engine_group_get_attribute (keys, admission->peer, PEERUP_AUTHORIZED_KEYS_GROUP) != NULL ||
         peerup_authorized_keys_set (keys, admission->peer, PEERUP_AUTHORIZED_KEYS_GROUP, admission->group, error);
}

gboolean
peerup_group_admit (PeerupEngineGroup *self, PeerupGroup *group, PeerupGroupCode *code, GError **error)
{
  const char *path = peerup_config_get_authorized_keys_file (self->engine->config);
  Admission admission = { code->peer, code->name, group->id, g_get_real_time () / G_USEC_PER_SEC,
                          group->member_time > 0 ? code->at + group->member_time : PEERUP_EXPIRES_NEVER };

  if (path == NULL || peerup_authorized_keys_file_edit (path, TRUE, admit_edit, &admission, error))
    {
      code->claimed = FALSE;
      return peerup_group_relay_save (self, error);
    }
  code->claimed = FALSE;
  g_clear_pointer (&code->peer, peerup_peer_id_unref);
  g_clear_pointer (&code->name, g_free);
  if (!peerup_group_relay_save (self, NULL))
    g_warning ("A code of group %s counts as used though nobody could be let in by it", group->id);
  return FALSE;
}

/* Who is a member */

static gboolean
is_valid (PeerupAuthorizedKeys *keys, PeerupPeerId *peer, gint64 now)
{
  return keys == NULL || peerup_authorized_keys_lookup (keys, peer, now, NULL) == PEERUP_AUTHORIZATION_VALID;
}

static gboolean
has_peer (GPtrArray *members, PeerupPeerId *peer)
{
  for (guint i = 0; i < members->len; i++)
    if (peerup_peer_id_equal (((PeerupGroupPeer *) members->pdata[i])->peer, peer))
      return TRUE;
  return FALSE;
}

static void
add_member (GPtrArray *members, PeerupPeerId *peer, const char *name, const guint8 *proof, PeerupPeerId *except)
{
  g_autofree char *shown = NULL;

  if ((except != NULL && peerup_peer_id_equal (peer, except)) || has_peer (members, peer) ||
      members->len >= PEERUP_GROUP_MEMBERS_MAX)
    return;
  shown = peerup_pairing_name_sanitize (name != NULL ? name : "", name != NULL ? strlen (name) : 0);
  g_ptr_array_add (members, peerup_group_peer_new (peer, shown, proof));
}

GPtrArray *
peerup_group_dup_members (PeerupEngineGroup *self, const char *id, PeerupPeerId *except, gint64 now)
{
  GPtrArray *members = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_group_peer_free);
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_engine_group_load_keys (self);
  const PeerupGroup *group = self->groups != NULL ? peerup_groups_find (self->groups, id) : NULL;

  for (guint i = 0; group != NULL && i < group->codes->len; i++)
    {
      const PeerupGroupCode *code = group->codes->pdata[i];

      if (code->peer != NULL && !code->claimed && is_valid (keys, code->peer, now))
        add_member (members, code->peer, code->name, code->proof, except);
    }
  /* Those of groups whose codes are forgotten, or that another program of the original's kind has written. */
  for (guint i = 0; keys != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, i);

      if (g_strcmp0 (peerup_authorized_keys_get_attribute (keys, i, PEERUP_AUTHORIZED_KEYS_GROUP), id) == 0 &&
          is_valid (keys, peer, now))
        add_member (members, peer, peerup_authorized_keys_get_comment (keys, i), NULL, except);
    }
  return members;
}
