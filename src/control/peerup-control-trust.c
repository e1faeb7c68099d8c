/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Grants over the control interface: shown, given, extended and taken away. What is changed is in the file and in
 * force when the call returns. Whoever may call may do all of it: the socket is its user's alone.
 */
#include "control/peerup-control-lists.h"

#include <glib/gi18n-lib.h>
#include "control/peerup-control-ops.h"
#include "control/peerup-control-private.h"

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

/* (nullable) */
static PeerupEngineTrust *
get_trust (PeerupControlCall *call, GError **error)
{
  if (call->engine->trust == NULL)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                         _ ("The engine takes no connections, so it has no grants"));
  return call->engine->trust;
}

GVariant *
peerup_control_list_grants (PeerupControl *self)
{
  PeerupEngineTrust *trust = self->engine->trust;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) grants = trust != NULL ? peerup_engine_trust_dup_grants (trust) : NULL;

  for (guint i = 0; grants != NULL && i < grants->len; i++)
    g_variant_builder_add_value (&builder, describe_grant (self->engine, grants->pdata[i]));
  return g_variant_builder_end (&builder);
}

DexFuture *
peerup_control_op_list_grants (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;

  if (get_trust (call, &error) == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply_value (peerup_control_list_grants (call->control));
}

static gboolean
read_until (gint64 *until, GError **error)
{
  if (*until == FOREVER)
    *until = PEERUP_EXPIRES_NEVER;
  if (*until > g_get_real_time () / G_USEC_PER_SEC)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("That end is over already"));
  return FALSE;
}

static DexFuture *
answer (gboolean done, GError *error)
{
  return done ? peerup_control_reply (NULL) : peerup_control_reply_take_error (error);
}

DexFuture *
peerup_control_op_add_grant (PeerupControlCall *call)
{
  g_autoptr (PeerupPeerId) id = NULL;
  GError *error = NULL;
  PeerupEngineTrust *trust = get_trust (call, &error);
  const char *peer, *service;
  gboolean done;
  gint64 until;

  g_variant_get (call->parameters, "(&s&sx)", &peer, &service, &until);
  id = trust != NULL ? peerup_engine_resolve (call->engine, peer, &error) : NULL;
  done = id != NULL && peerup_service_name_check (service, &error) && read_until (&until, &error) &&
         peerup_engine_trust_grant (trust, id, service, until, &error);
  return answer (done, error);
}

DexFuture *
peerup_control_op_extend_grant (PeerupControlCall *call)
{
  g_autoptr (PeerupPeerId) id = NULL;
  GError *error = NULL;
  PeerupEngineTrust *trust = get_trust (call, &error);
  const char *peer, *service;
  gboolean done;
  gint64 until;

  g_variant_get (call->parameters, "(&s&sx)", &peer, &service, &until);
  id = trust != NULL ? peerup_engine_resolve (call->engine, peer, &error) : NULL;
  done = id != NULL && read_until (&until, &error) && peerup_engine_trust_extend (trust, id, service, until, &error);
  return answer (done, error);
}

DexFuture *
peerup_control_op_revoke_grant (PeerupControlCall *call)
{
  g_autoptr (PeerupPeerId) id = NULL;
  GError *error = NULL;
  PeerupEngineTrust *trust = get_trust (call, &error);
  const char *peer, *service;
  gboolean done;

  g_variant_get (call->parameters, "(&s&s)", &peer, &service);
  id = trust != NULL ? peerup_engine_resolve (call->engine, peer, &error) : NULL;
  done = id != NULL && peerup_engine_trust_revoke (trust, id, service[0] != '\0' ? service : NULL, &error);
  return answer (done, error);
}
