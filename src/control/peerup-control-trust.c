/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Grants over the control interface: shown, given, extended and taken away. What is changed is in the file and in
 * force when the call returns. Whoever may call may do all of it: the socket is its user's alone.
 */
#include "control/peerup-control-trust.h"

#include "control/peerup-control-requests.h"

/* On the bus. */
#define FOREVER 0

static GVariant *
describe_grant (PeerupEngine *engine, const PeerupGrant *grant)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *name = peerup_engine_get_name_of (engine, grant->peer);

  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (grant->peer));
  g_variant_dict_insert (&dict, "name", "s", name != NULL ? name : "");
  g_variant_dict_insert (&dict, "service", "s", grant->service);
  g_variant_dict_insert (&dict, "until", "x", grant->until != PEERUP_EXPIRES_NEVER ? grant->until : (gint64) FOREVER);
  if (grant->comment != NULL)
    g_variant_dict_insert (&dict, "comment", "s", grant->comment);
  return g_variant_dict_end (&dict);
}

/* (nullable): the caller has been told if it is NULL. */
static PeerupEngineTrust *
get_trust (GDBusMethodInvocation *invocation, PeerupEngine *engine)
{
  if (engine->trust == NULL)
    peerup_control_return_error (invocation, PEERUP_ERROR_CLOSED,
                                 "The engine takes no connections, so it has no grants");
  return engine->trust;
}

void
peerup_control_list_grants (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine)
{
  PeerupEngineTrust *trust = get_trust (invocation, engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) grants = NULL;

  if (trust == NULL)
    {
      g_variant_builder_clear (&builder);
      return;
    }
  grants = peerup_engine_trust_dup_grants (trust);
  for (guint i = 0; i < grants->len; i++)
    g_variant_builder_add_value (&builder, describe_grant (engine, grants->pdata[i]));
  peerup_dbus_engine1_complete_list_grants (object, invocation, g_variant_builder_end (&builder));
}

static gboolean
read_until (gint64 *until, GError **error)
{
  if (*until == FOREVER)
    *until = PEERUP_EXPIRES_NEVER;
  if (*until > g_get_real_time () / G_USEC_PER_SEC)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "That end is over already");
  return FALSE;
}

void
peerup_control_add_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                          const char *peer, const char *service, gint64 until)
{
  PeerupEngineTrust *trust = get_trust (invocation, engine);
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GError) error = NULL;

  if (trust == NULL)
    return;
  id = peerup_engine_resolve (engine, peer, &error);
  if (id != NULL && peerup_service_name_check (service, &error) && read_until (&until, &error) &&
      peerup_engine_trust_grant (trust, id, service, until, &error))
    peerup_dbus_engine1_complete_add_grant (object, invocation);
  else
    peerup_control_take_error (invocation, g_steal_pointer (&error));
}

void
peerup_control_extend_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                             const char *peer, const char *service, gint64 until)
{
  PeerupEngineTrust *trust = get_trust (invocation, engine);
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GError) error = NULL;

  if (trust == NULL)
    return;
  id = peerup_engine_resolve (engine, peer, &error);
  if (id != NULL && read_until (&until, &error) && peerup_engine_trust_extend (trust, id, service, until, &error))
    peerup_dbus_engine1_complete_extend_grant (object, invocation);
  else
    peerup_control_take_error (invocation, g_steal_pointer (&error));
}

void
peerup_control_revoke_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                             const char *peer, const char *service)
{
  PeerupEngineTrust *trust = get_trust (invocation, engine);
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GError) error = NULL;

  if (trust == NULL)
    return;
  id = peerup_engine_resolve (engine, peer, &error);
  if (id != NULL && peerup_engine_trust_revoke (trust, id, service[0] != '\0' ? service : NULL, &error))
    peerup_dbus_engine1_complete_revoke_grant (object, invocation);
  else
    peerup_control_take_error (invocation, g_steal_pointer (&error));
}

static void
on_grant_ending (PeerupEngine *engine, const char *peer_id, const char *name, const char *service, gint64 until,
                 gpointer data)
{
  peerup_dbus_engine1_emit_grant_ending (data, peer_id, name != NULL ? name : "", service, until);
}

void
peerup_control_follow_grants (PeerupDBusEngine1 *object, PeerupEngine *engine)
{
  g_signal_connect_object (engine, "grant-ending", G_CALLBACK (on_grant_ending), object, 0);
}
