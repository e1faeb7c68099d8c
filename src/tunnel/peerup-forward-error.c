/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The words for the failures of a forward. No state; English only, one sentence or
 * two, always with what can be done. */

#include "tunnel/peerup-forward-error.h"

#include <glib/gi18n-lib.h>

#include "transport/peerup-stream.h"

gboolean
peerup_forward_may_retry (const GError *error)
{
  static const PeerupError answers[] = {
    PEERUP_ERROR_NEGOTIATION, PEERUP_ERROR_GATED,       PEERUP_ERROR_DENIED, PEERUP_ERROR_WRONG_PEER,
    PEERUP_ERROR_RESET,       PEERUP_ERROR_UNSUPPORTED, PEERUP_ERROR_CRYPTO, PEERUP_ERROR_PROTOCOL,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    if (g_error_matches (error, PEERUP_ERROR, answers[i]))
      return FALSE;
  return TRUE;
}

static char *
describe_denied (const char *peer, const char *service, PeerupPeerId *self_id)
{
  return g_strdup_printf (_ ("%s does not let this machine use “%s”: on %s, check that %s is authorized, and among the "
                             "allowed peers of that service"),
                          peer, service, peer, peerup_peer_id_get_string (self_id));
}

static char *
describe_dead_program (const char *peer, const char *service)
{
  return g_strdup_printf (_ ("%s could not reach the program behind “%s”: check on %s that it runs"), peer, service,
                          peer);
}

static char *
describe_full (const char *peer, const char *service)
{
  return g_strdup_printf (_ ("%s carries as many connections to “%s” as it can: close some, or try again later"), peer,
                          service);
}

char *
peerup_forward_describe_refusal (const GError *error, const char *peer, const char *service, PeerupPeerId *self_id)
{
  PeerupError code = error->domain == PEERUP_ERROR ? (PeerupError) error->code : PEERUP_ERROR_UNREACHABLE;

  if (code == PEERUP_ERROR_NEGOTIATION)
    return g_strdup_printf (
      _ ("%s has no service “%s”: on %s, run “peerup service add %s” or “peerup service enable %s”"), peer, service,
      peer, service, service);
  if (code == PEERUP_ERROR_GATED)
    return g_strdup_printf (_ ("%s does not admit this machine: on %s, run “peerup auth add %s”"), peer, peer,
                            peerup_peer_id_get_string (self_id));
  if (code == PEERUP_ERROR_DENIED)
    return describe_denied (peer, service, self_id);
  if (code == PEERUP_ERROR_RESET)
    return describe_dead_program (peer, service);
  if (code == PEERUP_ERROR_LIMIT)
    return describe_full (peer, service);
  if (code == PEERUP_ERROR_WRONG_PEER)
    return g_strdup_printf (
      _ ("Another machine answers in place of %s, so “%s” was not used: %s. Check the address of %s"), peer, service,
      error->message, peer);
  return g_strdup_printf (
    _ ("%s cannot be reached for “%s”: %s. Check that it is on and online, and that Peer-Up runs there"), peer, service,
    error->message);
}

char *
peerup_forward_describe_cut (const GError *error, guint32 reset_code, gboolean had_answer, const char *peer,
                             const char *service, PeerupPeerId *self_id)
{
  if (reset_code == PEERUP_STREAM_CODE_GATED)
    return describe_denied (peer, service, self_id);
  if (reset_code == PEERUP_STREAM_CODE_RESOURCE_LIMIT)
    return describe_full (peer, service);
  if (reset_code == PEERUP_STREAM_CODE_SHUTDOWN)
    return g_strdup_printf (
      _ ("Peer-Up on %s is shutting down, which ended a connection to “%s”: try again when it runs"), peer, service);
  if (!had_answer && g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET))
    return describe_dead_program (peer, service);
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT))
    return g_strdup_printf (_ ("%s does not answer any more, which cut a connection to “%s”. Check that it is on and "
                               "online, and try again"),
                            peer, service);
  return g_strdup_printf (_ ("The connection to “%s” on %s was cut: %s. Try again"), service, peer, error->message);
}
