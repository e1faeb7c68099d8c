/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* See relay-lines.h. */

#include "relay-lines.h"

#include "swarm/peerup-swarm-private.h"

static DexFuture *
upgrade (Node *node, PeerupStream *raw, Node *outbound_to)
{
  const PeerupUpgradeOptions options = {
    .outbound = outbound_to != NULL,
    .expected_peer = outbound_to != NULL ? node_id (outbound_to) : NULL,
    .transport = "memory",
    .deadline = test_deadline (),
  };

  return peerup_swarm_upgrade (node->swarm, raw, &options);
}

static gboolean
both_have_ended (gpointer data)
{
  DexFuture **futures = data;

  return !dex_future_is_pending (futures[0]) && !dex_future_is_pending (futures[1]);
}

void
connect_along (Node *node, Node *relay, DelayLine *line)
{
  DexFuture *futures[] = { upgrade (node, line->end[0], relay), upgrade (relay, line->end[1], NULL) };
  PeerupSwarm *swarms[] = { node->swarm, relay->swarm };

  delay_lines_cross (line, 1, both_have_ended, futures);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PeerupConnection) connection = test_take_object (futures[i], NULL);

      g_assert_nonnull (connection);
      peerup_swarm_add_connection (swarms[i], connection);
    }
}
