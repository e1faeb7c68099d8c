/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which paths have died, found out by use. It closes nothing. */

#include "swarm/peerup-path-watch.h"

struct _PeerupPathWatch
{
  PeerupSwarm *swarm;
};

PeerupPathWatch *
peerup_path_watch_new (PeerupSwarm *swarm)
{
  PeerupPathWatch *self = g_new0 (PeerupPathWatch, 1);

  self->swarm = g_object_ref (swarm);
  return self;
}

void
peerup_path_watch_free (PeerupPathWatch *self)
{
  g_object_unref (self->swarm);
  g_free (self);
}

DexFuture *
peerup_path_watch_probe_all (PeerupPathWatch *self)
{
  return dex_future_new_true ();
}

DexFuture *
peerup_path_watch_probe (PeerupPathWatch *self, PeerupPeerId *peer)
{
  return dex_future_new_true ();
}

gint64
peerup_path_watch_get_heard_at (PeerupPathWatch *self, PeerupConnection *connection)
{
  return peerup_connection_get_opened_at (connection);
}
