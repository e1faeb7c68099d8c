/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Which addresses servers of AutoNAT are asked about. A function of what is given; it keeps nothing, and believes
 * nothing: whoever names an address of somebody else only makes us ask whether we are there.
 */
#include "engine/peerup-autonat-candidates.h"

#include "nat/peerup-reachability.h"

static void
add_candidate (GPtrArray *candidates, PeerupMultiaddr *address)
{
  if (candidates->len < PEERUP_AUTONAT_CANDIDATES_MAX && peerup_reachability_is_global (address) &&
      !g_ptr_array_find_with_equal_func (candidates, address, peerup_multiaddr_equal, NULL))
    g_ptr_array_add (candidates, peerup_multiaddr_ref (address));
}

static gboolean
is_loopback (PeerupMultiaddr *address)
{
  PeerupMultiaddrComponent host;

  peerup_multiaddr_get_component (address, 0, &host);
  if (host.code == PEERUP_MULTIADDR_IP4)
    return host.value[0] == 127;
  return g_str_has_prefix (peerup_multiaddr_get_string (address), "/ip6/::1/");
}

/* Whether a NAT may stand between @listening and the internet. */
static gboolean
is_behind (PeerupMultiaddr *listening)
{
  return !peerup_reachability_is_global (listening) && !is_loopback (listening);
}

/* (transfer full) (nullable): @listening on the host of @seen; NULL if they are of two families. */
static PeerupMultiaddr *
move_to_host (PeerupMultiaddr *listening, PeerupMultiaddr *seen)
{
  g_auto (GStrv) here = g_strsplit (peerup_multiaddr_get_string (listening), "/", 4);
  g_auto (GStrv) there = g_strsplit (peerup_multiaddr_get_string (seen), "/", 4);

  /* "", family, host, the rest */
  if (g_strv_length (here) != 4 || g_strv_length (there) < 3 || !g_str_equal (here[1], there[1]))
    return NULL;
  return peerup_multiaddr_newf ("/%s/%s/%s", there[1], there[2], here[3]);
}

static void
add_behind (GPtrArray *candidates, PeerupMultiaddr *listening, PeerupMultiaddr *seen)
{
  g_autoptr (PeerupMultiaddr) moved = NULL;

  if (peerup_reachability_is_same_kind (seen, listening))
    add_candidate (candidates, seen);
  if (peerup_reachability_is_global (seen))
    moved = move_to_host (listening, seen);
  if (moved != NULL)
    add_candidate (candidates, moved);
}

GPtrArray *
peerup_autonat_candidates_new (GPtrArray *listening, GPtrArray *seen)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < listening->len; i++)
    add_candidate (candidates, listening->pdata[i]);
  for (guint i = 0; i < seen->len; i++)
    for (guint j = 0; j < listening->len; j++)
      if (is_behind (listening->pdata[j]))
        add_behind (candidates, listening->pdata[j], seen->pdata[i]);
  return candidates;
}
