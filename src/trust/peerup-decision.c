/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The decision: facts and a time in, a verdict out. No state, no clock, no file. Where facts contradict each
 * other the least of them counts, so of two grants the one that ends first.
 */
#include "trust/peerup-decision.h"

#include <glib/gi18n-lib.h>

static PeerupDecision
allow (PeerupDecisionReason reason, gint64 until)
{
  return (PeerupDecision) { TRUE, reason, until };
}

static PeerupDecision
deny (PeerupDecisionReason reason)
{
  return (PeerupDecision) { FALSE, reason, 0 };
}

static gboolean
is_listed (const PeerupDecisionFacts *facts, PeerupPeerId *peer)
{
  return g_ptr_array_find_with_equal_func (facts->listed, peer, peerup_peer_id_equal, NULL);
}

/* FALSE: there is none, and has been none. */
static gboolean
find_grant (const PeerupDecisionFacts *facts, PeerupPeerId *peer, gint64 *until)
{
  gboolean found = FALSE;

  *until = PEERUP_EXPIRES_NEVER;
  for (guint i = 0; facts->grants != NULL && i < facts->grants->len; i++)
    {
      const PeerupGrant *grant = g_ptr_array_index (facts->grants, i);

      if (!g_str_equal (grant->service, facts->service) || !peerup_peer_id_equal (grant->peer, peer))
        continue;
      *until = MIN (*until, grant->until);
      found = TRUE;
    }
  return found;
}

static PeerupDecision
decide_by_grant (const PeerupDecisionFacts *facts, PeerupPeerId *peer, gint64 now, gint64 until,
                 PeerupDecisionReason otherwise)
{
  gint64 end;

  if (!find_grant (facts, peer, &end))
    return deny (otherwise);
  return now < end ? allow (PEERUP_DECISION_GRANTED, MIN (until, end)) : deny (PEERUP_DECISION_GRANT_ENDED);
}

/* Somebody else vouches for it, who has no say in what else is here. */
static gboolean
is_sponsored (const PeerupDecisionFacts *facts, PeerupPeerId *peer)
{
  return facts->keys != NULL && peerup_authorized_keys_is_sponsored (facts->keys, peer);
}

static PeerupDecision
decide_service (const PeerupDecisionFacts *facts, PeerupPeerId *peer, gint64 now, gint64 until)
{
  if (peerup_decision_is_guest (facts, peer) || is_sponsored (facts, peer))
    return decide_by_grant (facts, peer, now, until, PEERUP_DECISION_NOT_GRANTED);
  if (facts->listed == NULL)
    return allow (facts->keys != NULL ? PEERUP_DECISION_AUTHORIZED : PEERUP_DECISION_OPEN, until);
  if (is_listed (facts, peer))
    return allow (PEERUP_DECISION_LISTED, until);
  return decide_by_grant (facts, peer, now, until, PEERUP_DECISION_NOT_LISTED);
}

PeerupDecision
peerup_decide (const PeerupDecisionFacts *facts, PeerupPeerId *peer, gint64 now)
{
  gint64 until = PEERUP_EXPIRES_NEVER;
  PeerupAuthorization authorization = PEERUP_AUTHORIZATION_VALID;

  g_return_val_if_fail (facts != NULL && peer != NULL, deny (PEERUP_DECISION_UNKNOWN));

  if (facts->keys != NULL)
    authorization = peerup_authorized_keys_lookup (facts->keys, peer, now, &until);
  if (authorization != PEERUP_AUTHORIZATION_VALID && facts->service == NULL && now < facts->admitted_until)
    return allow (PEERUP_DECISION_ADMITTED, facts->admitted_until);
  if (authorization == PEERUP_AUTHORIZATION_NONE)
    return deny (PEERUP_DECISION_UNKNOWN);
  if (authorization == PEERUP_AUTHORIZATION_EXPIRED)
    return deny (PEERUP_DECISION_EXPIRED);
  if (facts->service == NULL)
    return allow (facts->keys != NULL ? PEERUP_DECISION_AUTHORIZED : PEERUP_DECISION_OPEN, until);
  return decide_service (facts, peer, now, until);
}

gboolean
peerup_decision_is_guest (const PeerupDecisionFacts *facts, PeerupPeerId *peer)
{
  g_return_val_if_fail (facts != NULL && peer != NULL, TRUE);

  return facts->keys != NULL && peerup_authorized_keys_is_guest (facts->keys, peer);
}

const char *
peerup_decision_get_word (PeerupDecisionReason reason)
{
  static const char *const words[] = {
    [PEERUP_DECISION_OPEN] = "open",
    [PEERUP_DECISION_AUTHORIZED] = "authorized",
    [PEERUP_DECISION_LISTED] = "listed",
    [PEERUP_DECISION_GRANTED] = "granted",
    [PEERUP_DECISION_UNKNOWN] = "unknown",
    [PEERUP_DECISION_EXPIRED] = "expired",
    [PEERUP_DECISION_GRANT_ENDED] = "grant-ended",
    [PEERUP_DECISION_NOT_LISTED] = "not-listed",
    [PEERUP_DECISION_NOT_GRANTED] = "not-granted",
    [PEERUP_DECISION_ADMITTED] = "admitted",
  };

  g_return_val_if_fail ((guint) reason < G_N_ELEMENTS (words), "unknown");

  return words[reason];
}

/* " until 2026-01-31T18:00:00Z", or nothing. */
static char *
dup_until (gint64 until)
{
  g_autofree char *time = until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (until) : NULL;

  return time != NULL ? g_strconcat (" until ", time, NULL) : g_strdup ("");
}

static char *
dup_allowance (const PeerupDecision *self, const char *name, const char *service)
{
  g_autofree char *until = dup_until (self->until);

  if (service == NULL)
    return g_strdup_printf (_ ("%s may connect%s%s"), name, until,
                            self->reason == PEERUP_DECISION_OPEN ? _ (", because connection gating is off") : "");
  return g_strdup_printf (_ ("%s may use %s%s%s"), name, service, until,
                          self->reason == PEERUP_DECISION_GRANTED ? _ (", by a grant") : "");
}

char *
peerup_decision_dup_sentence (const PeerupDecision *self, const char *name, const char *peer_id, const char *service)
{
  g_return_val_if_fail (self != NULL && name != NULL && peer_id != NULL, NULL);

  if (self->allow)
    return dup_allowance (self, name, service);
  switch (self->reason)
    {
    case PEERUP_DECISION_EXPIRED:
      return g_strdup_printf (
        _ ("the authorization of %s has ended; to renew it: peerup auth remove %s, and peerup auth add "
           "%s"),
        name, peer_id, peer_id);
    case PEERUP_DECISION_GRANT_ENDED:
      return g_strdup_printf (_ ("the grant of %s to %s has ended; to renew it: peerup grant add %s %s --for 7d"),
                              service, name, peer_id, service);
    case PEERUP_DECISION_NOT_LISTED:
      return g_strdup_printf (
        _ ("%s is not on the list of the service %s; to allow it: peerup service acl %s --allow %s, "
           "or for a while: peerup grant add %s %s --for 7d"),
        name, service, service, peer_id, peer_id, service);
    case PEERUP_DECISION_NOT_GRANTED:
      return g_strdup_printf (
        _ ("%s may use what it is granted alone, and %s it is not; to grant it: peerup grant add %s %s --for 7d"), name,
        service, peer_id, service);
    case PEERUP_DECISION_UNKNOWN:
    case PEERUP_DECISION_OPEN:
    case PEERUP_DECISION_AUTHORIZED:
    case PEERUP_DECISION_LISTED:
    case PEERUP_DECISION_GRANTED:
    case PEERUP_DECISION_ADMITTED:
    default:
      return g_strdup_printf (_ ("%s is not listed in authorized_keys; to admit it: peerup auth add %s"), name,
                              peer_id);
    }
}
