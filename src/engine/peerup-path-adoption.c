/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How connections go that a better one has replaced: not before that one is proven, and their streams end
 * by themselves.
 */
#include "engine/peerup-path-adoption.h"

#include "transport/peerup-fiber.h"
#include "wire/peerup-error.h"

/* The connections in @list that its first supersedes. */
static guint
count_superseded (PeerupSwarm *swarm, GPtrArray *list)
{
  guint n = 0;

  for (guint i = 1; i < list->len; i++)
    n += peerup_swarm_supersedes (swarm, list->pdata[0], list->pdata[i]);
  return n;
}

gint64
peerup_path_get_adoption_time (PeerupSwarm *swarm, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (swarm, peer);

  if (count_superseded (swarm, list) == 0)
    return 0;
  return peerup_connection_get_opened_at (list->pdata[0]) + PEERUP_PATH_PROVING_TIME;
}

typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  DexPromise *result;
} Adopt;

static void
adopt_free (gpointer data)
{
  Adopt *self = data;

  g_object_unref (self->swarm);
  peerup_peer_id_unref (self->peer);
  dex_unref (self->result);
  g_free (self);
}

static guint
retire_superseded (PeerupSwarm *swarm, GPtrArray *list)
{
  guint n = 0;

  for (guint i = 1; i < list->len; i++)
    {
      if (!peerup_swarm_supersedes (swarm, list->pdata[0], list->pdata[i]))
        continue;
      peerup_connection_retire (list->pdata[i], PEERUP_CONNECTION_CODE_SUPPLANTED);
      n++;
    }
  return n;
}

static gboolean
prove (PeerupConnection *connection, GError **error)
{
  return dex_await (dex_future_first (peerup_connection_ping (connection),
                                      dex_timeout_new_usec (PEERUP_PATH_PROVING_TIMEOUT), NULL),
                    error);
}

/* Sets @n to the connections that were retired. */
static gboolean
adopt_run (Adopt *self, guint *n, GError **error)
{
  g_autoptr (GPtrArray) before = peerup_swarm_dup_connections (self->swarm, self->peer);
  g_autoptr (GPtrArray) list = NULL;

  *n = 0;
  if (count_superseded (self->swarm, before) == 0)
    return TRUE;
  if (!prove (before->pdata[0], error))
    return FALSE;
  list = peerup_swarm_dup_connections (self->swarm, self->peer);
  /* Another may have come meanwhile, which is not proven. */
  if (list->len > 0 && list->pdata[0] == before->pdata[0])
    *n = retire_superseded (self->swarm, list);
  return TRUE;
}

static DexFuture *
adopt_fiber (gpointer data)
{
  Adopt *self = data;
  g_autoptr (GError) error = NULL;
  guint n;

  if (adopt_run (self, &n, &error))
    dex_promise_resolve_uint (self->result, n);
  else
    dex_promise_reject (self->result, g_steal_pointer (&error));
  return dex_future_new_true ();
}

DexFuture *
peerup_path_adopt (PeerupSwarm *swarm, PeerupPeerId *peer)
{
  Adopt *adopt = g_new (Adopt, 1);
  DexFuture *result;

  adopt->swarm = g_object_ref (swarm);
  adopt->peer = peerup_peer_id_ref (peer);
  adopt->result = dex_promise_new ();
  result = DEX_FUTURE (dex_ref (adopt->result));
  /* It ends by its deadline, and must not be dropped before: see peerup-path-search.c. */
  dex_future_disown (peerup_fiber_run (adopt_fiber, adopt, adopt_free));
  return result;
}
