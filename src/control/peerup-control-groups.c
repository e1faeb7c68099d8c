/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Groups for the control interface: made, revoked, shown, and every change of one told. Codes leave in the answer of
 * CreateGroup alone; nobody keeps them.
 */
#include "control/peerup-control-ops.h"

#include <glib/gi18n-lib.h>
#include "control/peerup-control-options.h"
#include "engine/peerup-engine-group.h"

static gboolean
read_options (GVariant *options, PeerupGroupOptions *wanted, GError **error)
{
  gint64 count = 1;
  const PeerupControlOption known[] = {
    { "count", "x", &count },
    { "ttl", "x", &wanted->ttl },
    { "expires", "x", &wanted->expires },
    { "network", "s", &wanted->network },
  };

  if (!peerup_control_read_options (options, known, G_N_ELEMENTS (known), error))
    return FALSE;
  /* What is out of bounds the engine refuses. */
  wanted->count = (guint) CLAMP (count, 0, G_MAXUINT8);
  return TRUE;
}

DexFuture *
peerup_control_op_create_group (PeerupControlCall *call)
{
  PeerupGroupOptions wanted = { 0 };
  g_autoptr (GVariant) options = g_variant_get_child_value (call->parameters, 0);
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) codes = NULL;

  if (call->engine->group == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  if (read_options (options, &wanted, &error))
    codes = peerup_engine_group_create (call->engine->group, &wanted, &id, &error);
  if (codes == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (g_variant_new ("(s^as)", id, codes));
}

DexFuture *
peerup_control_op_revoke_group (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  const char *id;

  g_variant_get (call->parameters, "(&s)", &id);
  if (call->engine->group == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  if (!peerup_engine_group_revoke (call->engine->group, id, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}

static GVariant *
describe_members (const PeerupGroupInfo *info)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < info->members->len; i++)
    {
      const PeerupGroupMember *member = info->members->pdata[i];
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (member->peer));
      g_variant_dict_insert (&dict, "name", "s", member->name);
      if (member->at != 0)
        g_variant_dict_insert (&dict, "joined_at", "x", member->at);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
describe (const PeerupGroupInfo *info)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "id", "s", info->id);
  g_variant_dict_insert (&dict, "relay_id", "s", info->relay != NULL ? peerup_peer_id_get_string (info->relay) : "");
  g_variant_dict_insert (&dict, "ours", "b", info->ours);
  g_variant_dict_insert_value (&dict, "members", describe_members (info));
  if (!info->ours)
    return g_variant_dict_end (&dict);
  g_variant_dict_insert (&dict, "network", "s", info->network != NULL ? info->network : "");
  g_variant_dict_insert (&dict, "codes", "u", info->n_codes);
  g_variant_dict_insert (&dict, "used", "u", info->n_used);
  if (info->expires_at != 0)
    g_variant_dict_insert (&dict, "expires_at", "x", info->expires_at);
  return g_variant_dict_end (&dict);
}

DexFuture *
peerup_control_op_list_groups (PeerupControlCall *call)
{
  PeerupEngineGroup *group = call->engine->group;
  g_autoptr (GPtrArray) groups = group != NULL ? peerup_engine_group_dup_groups (group) : NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; groups != NULL && i < groups->len; i++)
    g_variant_builder_add_value (&builder, describe (groups->pdata[i]));
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}
