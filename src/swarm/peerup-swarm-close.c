/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * How a swarm ends while its peers are told: in which order, and for how long that is waited for.
 * One that is dropped without it just ends. */

#include "swarm/peerup-swarm-private.h"

/* Microseconds for the other ends of relayed connections to close theirs too. */
#define RELAYED_CLOSE_TIMEOUT G_USEC_PER_SEC

static void
swarm_cancel_pending (PeerupSwarm *self)
{
  g_autoptr (GList) dials =
    g_list_concat (g_hash_table_get_values (self->dials), g_hash_table_get_values (self->direct_dials));
  g_autoptr (GList) upgrading = g_hash_table_get_keys (self->upgrading);
  g_autoptr (GPtrArray) openings = g_ptr_array_copy (self->openings, NULL, NULL);

  for (GList *l = dials; l != NULL; l = l->next)
    peerup_dial_cancel (l->data);
  for (guint i = 0; i < openings->len; i++)
    peerup_opening_cancel (openings->pdata[i]);
  for (GList *l = upgrading; l != NULL; l = l->next)
    peerup_stream_reset (l->data, PEERUP_STREAM_CODE_SHUTDOWN);
}

/* (nullable): resolves when they have closed. */
static DexFuture *
swarm_close_connections (PeerupSwarm *self, gboolean relayed_only)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self, NULL);
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);

  for (guint i = 0; i < list->len; i++)
    {
      if (relayed_only && !peerup_swarm_is_relayed (list->pdata[i]))
        continue;
      g_ptr_array_add (futures, peerup_connection_wait_closed (list->pdata[i]));
      peerup_connection_close (list->pdata[i], PEERUP_CONNECTION_CODE_SHUTDOWN);
    }
  return futures->len > 0 ? dex_future_allv ((DexFuture *const *) futures->pdata, futures->len) : NULL;
}

static DexFuture *
swarm_close_rest (PeerupSwarm *self)
{
  DexFuture *closed = swarm_close_connections (self, FALSE);

  peerup_swarm_stop_quic (self);
  return closed != NULL ? closed : dex_future_new_for_boolean (TRUE);
}

/* Lets go of the swarm: whoever waits may keep the future, and this with it. */
static DexFuture *
on_relayed_closed (DexFuture *future, gpointer data)
{
  g_autoptr (PeerupSwarm) self = g_steal_pointer ((PeerupSwarm **) data);

  return swarm_close_rest (self);
}

static void
free_held (gpointer data)
{
  g_clear_object ((GObject **) data);
  g_free (data);
}

/* What goes through a relay says its good-bye over the connection to it, so that one closes later. */
DexFuture *
peerup_swarm_close (PeerupSwarm *self)
{
  DexFuture *relayed, *closing;
  PeerupSwarm **held;

  self->closed = TRUE;
  peerup_swarm_stop_listening (self);
  peerup_swarm_clear_guests (self);
  swarm_cancel_pending (self);
  relayed = swarm_close_connections (self, TRUE);
  if (relayed == NULL)
    return swarm_close_rest (self);
  held = g_new (PeerupSwarm *, 1);
  *held = g_object_ref (self);
  closing = dex_future_finally (dex_future_first (relayed, dex_timeout_new_usec (RELAYED_CLOSE_TIMEOUT), NULL),
                                on_relayed_closed, held, free_held);
  /* It ends soon, also when nobody waits for it. */
  dex_future_disown (dex_ref (closing));
  return closing;
}
