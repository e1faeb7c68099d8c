/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Groups for the control interface: made, revoked, shown, and every change of one told. Codes leave in the answer of
 * CreateGroup alone; nobody keeps them.
 */
#include "control/peerup-control-groups.h"

#include "control/peerup-control-options.h"
#include "control/peerup-control-requests.h"
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

void
peerup_control_create_group (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                             GVariant *options)
{
  PeerupGroupOptions wanted = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) codes = NULL;

  if (engine->group == NULL)
    g_set_error_literal (&error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The engine does not run");
  else if (read_options (options, &wanted, &error))
    codes = peerup_engine_group_create (engine->group, &wanted, &id, &error);
  if (codes != NULL)
    peerup_dbus_engine1_complete_create_group (object, invocation, id, (const char *const *) codes);
  else
    peerup_control_take_error (invocation, g_steal_pointer (&error));
}

void
peerup_control_revoke_group (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                             const char *id)
{
  g_autoptr (GError) error = NULL;

  if (engine->group == NULL)
    peerup_control_return_error (invocation, PEERUP_ERROR_CLOSED, "The engine does not run");
  else if (peerup_engine_group_revoke (engine->group, id, &error))
    peerup_dbus_engine1_complete_revoke_group (object, invocation);
  else
    peerup_control_take_error (invocation, g_steal_pointer (&error));
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

void
peerup_control_list_groups (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine)
{
  g_autoptr (GPtrArray) groups = engine->group != NULL ? peerup_engine_group_dup_groups (engine->group) : NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; groups != NULL && i < groups->len; i++)
    g_variant_builder_add_value (&builder, describe (groups->pdata[i]));
  peerup_dbus_engine1_complete_list_groups (object, invocation, g_variant_builder_end (&builder));
}

static void
on_group_changed (PeerupEngine *engine, const char *id, PeerupDBusEngine1 *object)
{
  peerup_dbus_engine1_emit_group_changed (object, id);
}

void
peerup_control_follow_groups (PeerupDBusEngine1 *object, PeerupEngine *engine)
{
  g_signal_connect_object (engine, "group-changed", G_CALLBACK (on_group_changed), object, 0);
}
