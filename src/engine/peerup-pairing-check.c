/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What can be refused of a code before anybody is asked: it is our own, of another network, or would change nothing.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"

static gboolean
check_network (PeerupEnginePairing *self, const PeerupInviteCode *code, GError **error)
{
  const char *own = peerup_pairing_get_network (self);

  if (code->kind != PEERUP_CODE_LONG || g_strcmp0 (code->network, own) == 0)
    return TRUE;
  g_set_error (
    error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
    _ ("The code is of the network %s, and this device is in %s: set discovery.network in %s to the same on both "
       "devices, and invite anew"),
    code->network != NULL ? code->network : _ ("for everybody"), own != NULL ? own : _ ("the one for everybody"),
    self->engine->config_path);
  return FALSE;
}

gboolean
peerup_pairing_check_new (PeerupEnginePairing *self, PeerupPeerId *inviter, GError **error)
{
  PeerupEngine *engine = self->engine;
  g_autofree char *who = NULL;

  /* A half pairing is asked for. */
  if (peerup_engine_trust_is_open (engine->trust) || !peerup_engine_trust_sees (engine->trust, inviter, NULL) ||
      peerup_pairing_find_record_of (self, inviter) != NULL)
    return TRUE;
  who = peerup_engine_describe (engine, inviter);
  g_set_error (
    error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
    _ ("This device is already paired with %s. For more services, have them granted there, with: peerup grant add. "
       "If it no longer knows this device, remove it here first, with: peerup auth remove %s"),
    who, peerup_peer_id_get_string (inviter));
  return FALSE;
}

static gboolean
is_own (PeerupEnginePairing *self, const PeerupInviteCode *code)
{
  const PeerupOpenInvite *open = peerup_pairing_find_invite (self, code->number);

  if (code->inviter != NULL)
    return peerup_peer_id_equal (code->inviter, peerup_pairing_get_own_id (self));
  return code->kind == PEERUP_CODE_SPOKEN && open != NULL && open->words != NULL &&
         g_bytes_equal (open->words, code->secret);
}

static gboolean
check_services (PeerupEnginePairing *self, const char *const *services, GError **error)
{
  for (guint i = 0; services != NULL && services[i] != NULL; i++)
    if (peerup_config_find_service (self->engine->config, services[i]) == NULL)
      {
        g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                     _ ("There is no service %s on this device: see peerup service list"), services[i]);
        return FALSE;
      }
  return TRUE;
}

gboolean
peerup_pairing_check_code (PeerupEnginePairing *self, const PeerupInviteCode *code, const char *const *services,
                           GError **error)
{
  if (is_own (self, code))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER,
                           _ ("This code was made by this very device: enter it on the other one"));
      return FALSE;
    }
  return check_services (self, services, error) && check_network (self, code, error) &&
         (code->inviter == NULL || peerup_pairing_check_new (self, code->inviter, error));
}
