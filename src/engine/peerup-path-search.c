/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A search is a fiber that starts two others: one dials the known addresses, and those that identify adds to
 * them; one opens the NATs, over the relayed connection, by what the peer knows for that. The first success
 * ends them all. It decides nothing about when, and remembers nothing.
 *
 * Nobody ends these fibers (see peerup-fiber.h): they end by themselves, soon after it is over.
 */
#include "engine/peerup-path-search.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"
#include "transport/peerup-fiber.h"

typedef struct
{
  gatomicrefcount ref_count;
  PeerupPathSearchTools tools;
  PeerupPeerId *peer;
  DexFuture *found;
  DexPromise *result;
  PeerupConnection *carrier; /* NULL before there is one */
  gint64 deadline;
} Search;

static void
search_unref (gpointer data)
{
  Search *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_object (&self->carrier);
  dex_unref (self->found);
  dex_unref (self->result);
  g_clear_object (&self->tools.ice);
  g_clear_object (&self->tools.dcutr);
  g_clear_object (&self->tools.identify);
  g_clear_object (&self->tools.swarm);
  peerup_peer_id_unref (self->peer);
  g_free (self);
}

static DexFuture *
search_spawn (Search *self, DexFiberFunc func)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return peerup_fiber_spawn (func, self, search_unref);
}

static gboolean
search_is_over (Search *self, GError **error)
{
  if (dex_future_is_pending (self->found) && dex_future_is_pending (DEX_FUTURE (self->result)))
    return FALSE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("No longer needed"));
  return TRUE;
}

/* (transfer full) (nullable): what was looked for, where it has come by itself. */
static PeerupConnection *
search_dup_direct (Search *self)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->tools.swarm, self->peer);
  PeerupConnection *best = list->len > 0 ? list->pdata[0] : NULL;

  if (best == NULL || peerup_swarm_is_relayed (best) || peerup_connection_is_silent (best) ||
      peerup_connection_is_retired (best))
    return NULL;
  return g_object_ref (best);
}

/* Known addresses */

static PeerupConnection *
search_dial (Search *self, GError **error)
{
  return dex_await_object (peerup_swarm_connect_direct (self->tools.swarm, self->peer), error);
}

/* What identify tells while a dial runs joins it; what it tells later wants another. */
static DexFuture *
dial_fiber (gpointer data)
{
  Search *self = data;
  g_autoptr (DexFuture) identified = peerup_identify_wait (self->tools.identify, self->carrier);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = search_dial (self, &error);

  if (connection == NULL && dex_future_is_pending (identified))
    {
      /* Who is not identified has told no addresses: there is nothing to add to the first error. */
      if (!dex_await (dex_ref (identified), NULL) || search_is_over (self, NULL))
        return dex_future_new_for_error (g_steal_pointer (&error));
      g_clear_error (&error);
      connection = search_dial (self, &error);
    }
  if (connection == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_take_object (g_steal_pointer (&connection));
}

/* Through NATs */

static DexFuture *
search_climb (Search *self)
{
  if (self->tools.climb != NULL)
    return self->tools.climb (self->carrier, self->deadline, self->tools.climb_data);
  return peerup_ice_connect (self->tools.ice, self->carrier, self->deadline);
}

/* Whether the peer is known to speak DCUtR alone. */
static gboolean
search_wants_dcutr (Search *self)
{
  g_autoptr (PeerupPeerInfo) info = peerup_identify_dup_info (self->tools.identify, self->peer);

  return info != NULL && peerup_peer_info_has_protocol (info, PEERUP_DCUTR_PROTOCOL) &&
         !peerup_peer_info_has_protocol (info, PEERUP_ICE_PROTOCOL);
}

/* The other side begins, at once: it may be that it does not do so because it cannot. */
static gboolean
search_await_turn (Search *self, GError **error)
{
  gint64 turn = peerup_connection_get_opened_at (self->carrier) + PEERUP_PATH_SEARCH_PATIENCE;

  /* Whoever fails to say who it is may still know ICE. */
  dex_await (peerup_identify_wait (self->tools.identify, self->carrier), NULL);
  if (search_is_over (self, error))
    return FALSE;
  if (search_wants_dcutr (self) || g_get_monotonic_time () >= turn)
    return TRUE;
  dex_await (dex_future_first (dex_timeout_new_deadline (turn), dex_ref (self->found), NULL), NULL);
  if (search_is_over (self, error))
    return FALSE;
  if (!peerup_connection_is_closed (self->carrier))
    return TRUE;
  g_propagate_error (error, g_error_copy (peerup_connection_get_error (self->carrier)));
  return FALSE;
}

static DexFuture *
climb_fiber (gpointer data)
{
  Search *self = data;
  gboolean outbound = peerup_connection_get_info (self->carrier)->outbound;
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  if (!outbound && !search_await_turn (self, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (!outbound && search_wants_dcutr (self))
    return peerup_dcutr_connect (self->tools.dcutr, self->carrier, self->deadline);
  connection = dex_await_object (search_climb (self), &error);
  if (connection != NULL)
    return dex_future_new_take_object (g_steal_pointer (&connection));
  if (!outbound && g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION) && !search_is_over (self, NULL))
    return peerup_dcutr_connect (self->tools.dcutr, self->carrier, self->deadline);
  return dex_future_new_for_error (g_steal_pointer (&error));
}

/* Both */

/* Sets the carrier; FALSE with @error when there is none, or with @direct when none is needed. */
static gboolean
search_await_carrier (Search *self, PeerupConnection **direct, GError **error)
{
  g_autoptr (PeerupConnection) connection = search_dup_direct (self);

  if (connection == NULL)
    connection = dex_await_object (peerup_swarm_connect (self->tools.swarm, self->peer), error);
  if (connection == NULL)
    return FALSE;
  if (peerup_connection_is_silent (connection))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                           _ ("it does not answer, nor through a relay"));
      return FALSE;
    }
  if (!peerup_swarm_is_relayed (connection))
    {
      *direct = g_steal_pointer (&connection);
      return FALSE;
    }
  self->carrier = g_steal_pointer (&connection);
  return TRUE;
}

/* (transfer full) (nullable): the direct connection. */
static PeerupConnection *
search_run (Search *self, GError **error)
{
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (DexFuture) dialing = NULL;
  g_autoptr (DexFuture) climbing = NULL;

  if (!search_await_carrier (self, &connection, error))
    return g_steal_pointer (&connection);
  dialing = search_spawn (self, dial_fiber);
  climbing = search_spawn (self, climb_fiber);
  connection = dex_await_object (dex_future_first (dex_future_any (dex_ref (dialing), dex_ref (climbing), NULL),
                                                   dex_ref (self->found), NULL),
                                 error);
  /* What the two sides found out together says more than that no address answers. */
  if (connection == NULL && dex_future_is_rejected (climbing))
    {
      g_clear_error (error);
      dex_future_get_value (climbing, error);
    }
  return g_steal_pointer (&connection);
}

static DexFuture *
search_fiber (gpointer data)
{
  Search *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = search_run (self, &error);

  if (connection != NULL)
    dex_promise_resolve_object (self->result, g_steal_pointer (&connection));
  else
    dex_promise_reject (self->result, g_steal_pointer (&error));
  return dex_future_new_true ();
}

DexFuture *
peerup_path_search (const PeerupPathSearchTools *tools, PeerupPeerId *peer, DexFuture *found)
{
  Search *search = g_new0 (Search, 1);
  g_autoptr (DexFuture) fiber = NULL;
  DexFuture *result;

  g_atomic_ref_count_init (&search->ref_count);
  search->tools = *tools;
  g_object_ref (tools->swarm);
  g_object_ref (tools->identify);
  g_object_ref (tools->ice);
  g_object_ref (tools->dcutr);
  search->peer = peerup_peer_id_ref (peer);
  search->found = dex_ref (found);
  search->result = dex_promise_new ();
  search->deadline = g_get_monotonic_time () + PEERUP_PATH_SEARCH_TIMEOUT;
  result = DEX_FUTURE (dex_ref (search->result));
  fiber = search_spawn (search, search_fiber);
  search_unref (search);
  return result;
}
