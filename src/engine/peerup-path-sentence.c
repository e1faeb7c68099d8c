/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* From facts about a path to words for people: by which path, why by none better, what would help. Pure.
 */
#include "engine/peerup-path-sentence.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"

#define FORWARD_A_PORT N_ ("a port forwarding on either side would help")

gboolean
peerup_path_is_hard_nat (const PeerupNatFacts *nat)
{
  return nat != NULL && nat->has_nat && nat->mapping >= PEERUP_NAT_ADDRESS_DEPENDENT && nat->port_step == 0;
}

/* (transfer full): what follows "because". */
static char *
explain_reason (const PeerupPathState *state)
{
  const GError *error = state->error;

  if (state->udp_blocked)
    return g_strdup (_ ("this network lets no UDP out; another network, or a rule in its firewall that allows UDP, "
                        "would help"));
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION))
    return g_strdup_printf (_ ("the program on the other side knows no way through NATs; %s"), _ (FORWARD_A_PORT));
  if (peerup_path_is_hard_nat (state->nat) && g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE))
    return g_strdup_printf (_ ("the router here gives every destination another port; %s"), _ (FORWARD_A_PORT));
  if (error != NULL)
    {
      gsize length = strlen (error->message);

      length -= length > 0 && error->message[length - 1] == '.';
      return g_strdup_printf (_ ("none was found: %.*s; %s"), (int) length, error->message, _ (FORWARD_A_PORT));
    }
  return g_strdup (_ ("nobody has looked for a direct path yet: that is done when it is used"));
}

char *
peerup_path_explain (const PeerupPathState *state)
{
  g_autofree char *path = NULL;
  g_autofree char *reason = NULL;

  if (state->best == NULL)
    return g_strdup (_ ("Not connected."));
  path = peerup_path_describe (state->best);
  if (peerup_connection_is_silent (state->best))
    return g_strdup_printf (_ ("Not answering by %s; other paths are tried."), path);
  if (peerup_connection_get_info (state->best)->punched)
    return g_strdup_printf (_ ("Directly, to %s, through the NATs of both sides."), path);
  if (!peerup_swarm_is_relayed (state->best))
    return g_strdup_printf (_ ("Directly, to %s."), path);
  if (state->searching)
    return g_strdup_printf (_ ("Through relay %s for now: a direct path is being looked for."), state->relay);
  reason = explain_reason (state);
  return g_strdup_printf (_ ("Through relay %s, because %s."), state->relay, reason);
}
