/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The groups of an engine: made, revoked and shown. Lives from the swarm's start to its end; what goes on with peers is
 * in peerup-engine-group-relay.c, -member.c and -join.c. It keeps no token: a code is in what create returns, and
 * nowhere else.
 */
#include "engine/peerup-engine-group-private.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>

#include "trust/peerup-authorized-keys-file.h"

/* Shared */

static void
group_clear (gpointer data)
{
  PeerupEngineGroup *self = data;

  g_free (self->path);
}

PeerupEngineGroup *
peerup_engine_group_ref (PeerupEngineGroup *self)
{
  return g_rc_box_acquire (self);
}

void
peerup_engine_group_unref (PeerupEngineGroup *self)
{
  g_rc_box_release_full (self, group_clear);
}

void
peerup_engine_group_tell (PeerupEngineGroup *self, const char *id)
{
  if (self->engine != NULL)
    peerup_engine_emit_group_changed (self->engine, id);
}

PeerupAuthorizedKeys *
peerup_engine_group_load_keys (PeerupEngineGroup *self)
{
  const char *path = peerup_config_get_authorized_keys_file (self->engine->config);

  return path != NULL ? peerup_authorized_keys_file_load (path, NULL) : NULL;
}

const char *
peerup_engine_group_get_attribute (PeerupAuthorizedKeys *keys, PeerupPeerId *peer, const char *key)
{
  for (guint i = 0; keys != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), peer))
      return peerup_authorized_keys_get_attribute (keys, i, key);
  return NULL;
}

/* Making */

/* (nullable) (transfer full): where we are as such a code can say it: IPv4 and plain TCP. */
static PeerupMultiaddr *
choose_address (PeerupEngineGroup *self)
{
  g_autoptr (GPtrArray) addresses = peerup_engine_relay_dup_addresses (self->engine->relay);
  PeerupMultiaddrComponent component;

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (addresses->pdata[i]);

      if (bare == NULL || peerup_multiaddr_get_n_components (bare) != 2)
        continue;
      peerup_multiaddr_get_component (bare, 0, &component);
      if (component.code == PEERUP_MULTIADDR_IP4 && peerup_multiaddr_find (bare, PEERUP_MULTIADDR_TCP, NULL))
        return peerup_multiaddr_ref (addresses->pdata[i]);
    }
  return NULL;
}

static gboolean
check_relay (PeerupEngineGroup *self, GError **error)
{
  PeerupEngineRelayInfo info;

  peerup_engine_relay_get_numbers (self->engine->relay, &info);
  if (self->groups == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("The groups in %s cannot be read"), self->path);
      return FALSE;
    }
  if (info.state == PEERUP_ENGINE_RELAY_SERVING && !info.for_peers)
    return TRUE;
  g_set_error_literal (
    error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
    _ ("This device is no relay, and only a relay makes groups: run this where \"peerup relay serve\" "
       "runs, or pair two devices with: peerup invite"));
  return FALSE;
}

static char **
encode_codes (PeerupMultiaddr *address, const char *network, const guint8 *tokens, guint count, GError **error)
{
  g_autoptr (GStrvBuilder) codes = g_strv_builder_new ();

  for (guint i = 0; i < count; i++)
    {
      g_autoptr (PeerupInviteCode) code = peerup_invite_code_new (PEERUP_CODE_RELAY);
      char *text;

      code->secret = g_bytes_new (tokens + (gsize) i * PEERUP_GROUP_TOKEN_LENGTH, PEERUP_GROUP_TOKEN_LENGTH);
      code->network = g_strdup (network);
      g_ptr_array_add (code->relays, peerup_multiaddr_ref (address));
      text = peerup_invite_code_to_text (code, error);
      if (text == NULL)
        return NULL;
      g_strv_builder_take (codes, text);
    }
  return g_strv_builder_end (codes);
}

static const char *
choose_network (PeerupEngineGroup *self, const PeerupGroupOptions *options)
{
  return options->network != NULL ? options->network : peerup_config_get_network (self->engine->config);
}

static gboolean
check_options (const PeerupGroupOptions *options, const char *network, GError **error)
{
  if (options->ttl > PEERUP_GROUP_TTL_MAX)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           _ ("Codes of a group work for 30 days at most"));
      return FALSE;
    }
  if (network != NULL && !peerup_config_is_service_name (network))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("\"%s\" is no name of a network: 1 to 63 of a-z, 0-9 and -, no - at the ends"), network);
      return FALSE;
    }
  return TRUE;
}

char **
peerup_engine_group_create (PeerupEngineGroup *self, const PeerupGroupOptions *options, char **id, GError **error)
{
  guint8 tokens[PEERUP_GROUP_CODES_MAX * PEERUP_GROUP_TOKEN_LENGTH];
  g_autoptr (PeerupMultiaddr) address = NULL;
  const char *network = choose_network (self, options);
  gint64 ttl = options->ttl != 0 ? options->ttl : PEERUP_GROUP_TTL_DEFAULT;
  g_auto (GStrv) codes = NULL;
  PeerupGroup *group;

  if (!check_relay (self, error) || !check_options (options, network, error))
    return NULL;
  address = choose_address (self);
  if (address == NULL)
    {
      g_set_error_literal (
        error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
        _ ("This relay has no IPv4 address with TCP to tell, and codes of groups can say no other: add "
           "one to network.listen_addresses or relay.announce"));
      return NULL;
    }
  group = peerup_groups_add (self->groups, options->count, g_get_real_time () / G_USEC_PER_SEC, ttl, options->expires,
                             network, tokens, error);
  if (group == NULL)
    return NULL;
  codes = encode_codes (address, network, tokens, options->count, error);
  sodium_memzero (tokens, sizeof tokens);
  if (codes == NULL || !peerup_group_relay_save (self, error))
    {
      g_ptr_array_remove (peerup_groups_get_all (self->groups), group);
      return NULL;
    }
  *id = g_strdup (group->id);
  peerup_group_relay_follow (self);
  peerup_engine_trust_audit (self->engine->trust, "invite-created", NULL, NULL, group->id);
  peerup_engine_group_tell (self, group->id);
  return g_steal_pointer (&codes);
}

gboolean
peerup_engine_group_revoke (PeerupEngineGroup *self, const char *id, GError **error)
{
  PeerupGroup *group = self->groups != NULL ? peerup_groups_find (self->groups, id) : NULL;

  if (group == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   _ ("This relay has no group %s. See: peerup relay pair list"), id);
      return FALSE;
    }
  group->closed = TRUE;
  if (!peerup_group_relay_save (self, error))
    {
      group->closed = FALSE;
      return FALSE;
    }
  peerup_group_relay_follow (self);
  peerup_engine_group_tell (self, id);
  return TRUE;
}

/* Showing */

static void
member_free (gpointer data)
{
  PeerupGroupMember *self = data;

  peerup_peer_id_unref (self->peer);
  g_free (self->name);
  g_free (self);
}

static PeerupGroupInfo *
info_new (const char *id, PeerupPeerId *relay)
{
  PeerupGroupInfo *self = g_new0 (PeerupGroupInfo, 1);

  self->id = g_strdup (id);
  self->relay = relay != NULL ? peerup_peer_id_ref (relay) : NULL;
  self->members = g_ptr_array_new_with_free_func (member_free);
  return self;
}

void
peerup_group_info_free (PeerupGroupInfo *self)
{
  g_free (self->id);
  g_clear_pointer (&self->relay, peerup_peer_id_unref);
  g_free (self->network);
  g_ptr_array_unref (self->members);
  g_free (self);
}

static void
info_add (PeerupGroupInfo *self, PeerupPeerId *peer, const char *name, gint64 at)
{
  PeerupGroupMember *member = g_new0 (PeerupGroupMember, 1);

  member->peer = peerup_peer_id_ref (peer);
  member->name = g_strdup (name != NULL ? name : "");
  member->at = at;
  g_ptr_array_add (self->members, member);
}

static PeerupGroupInfo *
describe_ours (PeerupEngineGroup *self, const PeerupGroup *group)
{
  PeerupGroupInfo *info = info_new (group->id, peerup_swarm_get_peer_id (self->engine->swarm));

  info->ours = TRUE;
  info->network = g_strdup (group->network);
  info->n_codes = group->codes->len;
  info->n_used = peerup_group_get_n_used (group);
  info->expires_at = group->closed ? 0 : group->expires_at;
  for (guint i = 0; i < group->codes->len; i++)
    {
      const PeerupGroupCode *code = group->codes->pdata[i];

      if (code->peer != NULL)
        info_add (info, code->peer, code->name, code->at);
    }
  return info;
}

static PeerupGroupInfo *
find_info (GPtrArray *infos, const char *id)
{
  for (guint i = 0; i < infos->len; i++)
    if (g_str_equal (((PeerupGroupInfo *) infos->pdata[i])->id, id))
      return infos->pdata[i];
  return NULL;
}

/* One entry of authorized_keys that is of group @id. */
static void
describe_entry (PeerupEngineGroup *self, GPtrArray *infos, const char *id, PeerupPeerId *peer, const char *comment)
{
  PeerupGroupInfo *info = find_info (infos, id);
  const char *name = peerup_engine_get_name_of (self->engine, peer);

  if (info != NULL && info->ours)
    return;
  if (info == NULL)
    {
      info = info_new (id, NULL);
      g_ptr_array_add (infos, info);
    }
  if (!peerup_group_is_relay_of_ours (self, peer))
    info_add (info, peer, name != NULL ? name : comment, 0);
  else if (info->relay == NULL)
    info->relay = peerup_peer_id_ref (peer);
}

GPtrArray *
peerup_engine_group_dup_groups (PeerupEngineGroup *self)
{
  GPtrArray *infos = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_group_info_free);
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_engine_group_load_keys (self);
  GPtrArray *ours = self->groups != NULL ? peerup_groups_get_all (self->groups) : NULL;

  for (guint i = 0; ours != NULL && i < ours->len; i++)
    g_ptr_array_add (infos, describe_ours (self, ours->pdata[i]));
  for (guint i = 0; keys != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      g_auto (GStrv) ids = peerup_group_dup_ids (keys, i);

      for (guint j = 0; ids[j] != NULL; j++)
        describe_entry (self, infos, ids[j], peerup_authorized_keys_get_peer (keys, i),
                        peerup_authorized_keys_get_comment (keys, i));
    }
  return infos;
}

/* Life */

static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  peerup_group_relay_identified (data, connection);
}

PeerupEngineGroup *
peerup_engine_group_new (PeerupEngine *engine)
{
  PeerupEngineGroup *self = g_rc_box_new0 (PeerupEngineGroup);
  g_autofree char *directory = g_path_get_dirname (engine->config_path);

  self->engine = engine;
  self->path = g_build_filename (directory, PEERUP_GROUPS_NAME, NULL);
  peerup_group_relay_init (self);
  peerup_group_member_init (self);
  g_signal_connect (engine->identify, "identified", G_CALLBACK (on_identified), self);
  return self;
}

void
peerup_engine_group_free (PeerupEngineGroup *self)
{
  g_signal_handlers_disconnect_by_data (self->engine->identify, self);
  peerup_group_relay_clear (self);
  peerup_group_member_clear (self);
  self->engine = NULL;
  peerup_engine_group_unref (self);
}

void
peerup_engine_group_begin (PeerupEngineGroup *self)
{
  peerup_group_relay_begin (self);
}
