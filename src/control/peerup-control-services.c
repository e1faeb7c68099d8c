/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Expose and Unexpose: services that the configuration does not have. They end with the engine.
 */
#include "control/peerup-control-ops.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "control/peerup-control-edit.h"
#include "control/peerup-control-options.h"
#include "engine/peerup-arguments.h"
#include "wire/peerup-discovery-message.h"
#include "wire/peerup-label.h"

GPtrArray *
peerup_control_parse_peers (PeerupEngine *engine, const char *const *texts, GError **error)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      PeerupPeerId *peer = peerup_peer_argument_parse (texts[i], engine->config, NULL, error);

      if (peer == NULL)
        return NULL;
      g_ptr_array_add (peers, peer);
    }
  return g_steal_pointer (&peers);
}

static gboolean
check_label (const char *kind, const char *const *tags, GError **error)
{
  if (kind != NULL && kind[0] != '\0' && !peerup_label_is_valid (kind, strlen (kind)))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("a service cannot be of that kind: use 1 to %d of a-z, 0-9 and “-”, as ssh"), PEERUP_LABEL_MAX);
      return FALSE;
    }
  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    if (i >= PEERUP_DISCOVERY_TAGS_MAX || !peerup_discovery_is_tag (tags[i], strlen (tags[i])))
      {
        g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                     "tag %u of the service cannot be told to peers: use %d at most, of 1 to %d bytes of text in one "
                     "line",
                     i + 1, PEERUP_DISCOVERY_TAGS_MAX, PEERUP_DISCOVERY_TAG_MAX);
        return FALSE;
      }
  return TRUE;
}

DexFuture *
peerup_control_op_expose (PeerupControlCall *call)
{
  g_autofree const char **allowed = NULL;
  g_autofree const char **tags = NULL;
  const char *kind = NULL;
  const PeerupControlOption known[] = { { "allowed", "as", &allowed },
                                        { "kind", "s", &kind },
                                        { "tags", "as", &tags } };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GPtrArray) peers = NULL;
  g_autoptr (GError) error = NULL;
  const char *name, *address;
  PeerupService *service = NULL;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &name, &address, &options);
  if (call->engine->swarm == NULL || call->engine->trust == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED,
                                       _ ("The engine takes no connections, so it offers nothing"));
  if (!peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error) ||
      !check_label (kind, tags, &error) ||
      (allowed != NULL && (peers = peerup_control_parse_peers (call->engine, allowed, &error)) == NULL) ||
      (service =
         peerup_service_set_expose (call->engine->services, call->engine->swarm, name, address, peers, &error)) == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  /* Peers are told some moments later, of both. */
  (void) peerup_service_set_label (service, kind, tags);
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
    return peerup_control_reply_error (
      PEERUP_ERROR_DENIED, _ ("The service “%s” is one of the configuration: EnableService switches it off"), name);
  if (!peerup_service_set_unexpose (call->engine->services, name, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}
