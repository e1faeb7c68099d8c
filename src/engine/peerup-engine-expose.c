/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Services that a program offers while it runs, and that no file knows of.
 */
#include "engine/peerup-engine-private.h"

#include <glib/gi18n-lib.h>

static gboolean
check_serves (PeerupEngine *self, GError **error)
{
  if (self->state != PEERUP_ENGINE_RUNNING)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the engine does not run: start it first"));
      return FALSE;
    }
  if (self->trust != NULL)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                       _ (
                         "this engine only dials, so nobody could use a service of it: give it a configuration, and no "
                         "dial-only flag"));
  return FALSE;
}

PeerupService *
peerup_engine_expose_to (PeerupEngine *self, const char *name, const char *address, GPtrArray *allowed_peers,
                         GError **error)
{
  if (!check_serves (self, error))
    return NULL;
  return peerup_service_set_expose (self->services, self->swarm, name, address, allowed_peers, error);
}

/**
 * peerup_engine_expose:
 * @self: an engine that runs, and does more than dial
 * @name: what peers call the service: a DNS label in lower case
 * @address: `HOST:PORT`, where this machine reaches it
 * @error: return location for an error
 *
 * Offers a TCP service to the authorized peers until it is taken back by
 * [method@Engine.unexpose] or the engine stops. No file remembers it; the services of the
 * configuration are there beside it.
 *
 * Errors: %PEERUP_ERROR_MALFORMED (the name, or the address), %PEERUP_ERROR_EXISTS,
 * %PEERUP_ERROR_CLOSED, %PEERUP_ERROR_UNSUPPORTED (the engine only dials).
 *
 * Returns: (transfer none): the service, which is one of [method@Engine.get_services] now
 */
PeerupService *
peerup_engine_expose (PeerupEngine *self, const char *name, const char *address, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  g_return_val_if_fail (name != NULL && address != NULL, NULL);
  return peerup_engine_expose_to (self, name, address, NULL, error);
}

/**
 * peerup_engine_unexpose:
 * @self: an engine that runs
 * @name: of a service that was exposed
 * @error: return location for an error
 *
 * Takes back what [method@Engine.expose] has offered, and cuts what it carries.
 *
 * Errors: %PEERUP_ERROR_NOT_FOUND (there is none, or it is of the configuration),
 * %PEERUP_ERROR_CLOSED, %PEERUP_ERROR_UNSUPPORTED (the engine only dials).
 *
 * Returns: whether it was there
 */
gboolean
peerup_engine_unexpose (PeerupEngine *self, const char *name, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  return check_serves (self, error) && peerup_service_set_unexpose (self->services, name, error);
}
