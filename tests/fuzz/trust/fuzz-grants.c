/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Whatever stands in the file of grants: what is read of it is the name of a service, and nobody who is not named by
 * an entry of it is let in.
 */
#include "trust/peerup-decision.h"

#define GUEST    "12D3KooWRndVhVZPCiQwHBBBdg769GyrPUW13zxwqQyf9r3ANaba"
#define STRANGER "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq"
#define NOW      1769882400

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char text[] = GUEST " role=guest\n";
  g_autoptr (PeerupAuthorizedKeys) lines = peerup_authorized_keys_parse ((const char *) data, size);
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_parse (text, sizeof text - 1);
  g_autoptr (GPtrArray) grants = peerup_grants_read (lines, "grants", NULL);
  g_autoptr (PeerupPeerId) guest = peerup_peer_id_new_from_string (GUEST, NULL);
  g_autoptr (PeerupPeerId) stranger = peerup_peer_id_new_from_string (STRANGER, NULL);
  const PeerupDecisionFacts facts = { .keys = keys, .grants = grants, .service = "ssh" };
  gboolean named = FALSE;

  for (guint i = 0; grants != NULL && i < grants->len; i++)
    {
      const PeerupGrant *grant = grants->pdata[i];

      g_assert_true (grant->service[0] != '\0' && g_str_is_ascii (grant->service) && strlen (grant->service) < 64);
      named |= peerup_peer_id_equal (grant->peer, guest) && g_str_equal (grant->service, "ssh") && grant->until > NOW;
    }
  g_assert_true (named || !peerup_decide (&facts, guest, NOW).allow);
  g_assert_false (peerup_decide (&facts, stranger, NOW).allow);
  return 0;
}
