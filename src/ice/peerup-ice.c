/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * /peerup/ice/1.0.0 on one swarm: who may begin, and the sessions that are under way, one for a peer.
 * Lives as long as its owner wants; sessions end with it. */

#include "ice/peerup-ice.h"

#include "wire/peerup-error.h"

struct _PeerupIce
{
  GObject parent_instance;
  PeerupSwarm *swarm; /* borrowed: it outlives this */
  PeerupIceAdmitFunc admit;
  gpointer admit_data;
};

G_DEFINE_FINAL_TYPE (PeerupIce, peerup_ice, G_TYPE_OBJECT)

static void
peerup_ice_class_init (PeerupIceClass *klass)
{
}

static void
peerup_ice_init (PeerupIce *self)
{
}

PeerupIce *
peerup_ice_new (PeerupSwarm *swarm)
{
  PeerupIce *self = g_object_new (PEERUP_TYPE_ICE, NULL);

  self->swarm = swarm;
  return self;
}

void
peerup_ice_set_admit_func (PeerupIce *self, PeerupIceAdmitFunc admit, gpointer data)
{
  self->admit = admit;
  self->admit_data = data;
}

void
peerup_ice_set_servers (PeerupIce *self, const PeerupSocketAddress *servers, guint n)
{
}

void
peerup_ice_set_nat (PeerupIce *self, const PeerupNatFacts *facts)
{
}

DexFuture *
peerup_ice_connect (PeerupIce *self, PeerupConnection *carrier, gint64 deadline)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "ICE is not available");
}
