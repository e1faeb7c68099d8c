/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Expose and Unexpose: services that the configuration does not have. They end with the engine.
 */
#include "control/peerup-control-ops.h"
#include "control/peerup-control-options.h"
#include "engine/peerup-arguments.h"

/* (transfer full): NULL on an error. */
static GPtrArray *
parse_allowed (PeerupEngine *engine, const char *const *allowed, GError **error)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);

  for (guint i = 0; allowed[i] != NULL; i++)
    {
      PeerupPeerId *peer = peerup_peer_argument_parse (allowed[i], engine->config, NULL, error);

      if (peer == NULL)
        return NULL;
      g_ptr_array_add (peers, peer);
    }
  return g_steal_pointer (&peers);
}

DexFuture *
peerup_control_op_expose (PeerupControlCall *call)
{
  g_autofree const char **allowed = NULL;
  const PeerupControlOption known = { "allowed", "as", &allowed };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GPtrArray) peers = NULL;
  g_autoptr (GError) error = NULL;
  const char *name, *address;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &name, &address, &options);
  if (call->engine->swarm == NULL || call->engine->trust == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, "The engine takes no connections, so it offers nothing");
  if (!peerup_control_read_options (options, &known, 1, &error) ||
      (allowed != NULL && (peers = parse_allowed (call->engine, allowed, &error)) == NULL) ||
      peerup_service_set_expose (call->engine->services, call->engine->swarm, name, address, peers, &error) == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}

DexFuture *
peerup_control_op_unexpose (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  const char *name;

  g_variant_get (call->parameters, "(&s)", &name);
  if (peerup_service_set_find (call->engine->services, name) != NULL &&
      !peerup_service_set_is_exposed (call->engine->services, name))
    return peerup_control_reply_error (PEERUP_ERROR_DENIED,
                                       "The service “%s” is one of the configuration: EnableService switches it off",
                                       name);
  if (!peerup_service_set_unexpose (call->engine->services, name, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}
