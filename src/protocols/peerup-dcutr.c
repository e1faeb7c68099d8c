/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Direct connection upgrade through relay, both roles, for one swarm. */

#include "protocols/peerup-dcutr.h"

struct _PeerupDcutr
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  GPtrArray *addresses; /* of PeerupMultiaddr, all of the internet */
};

G_DEFINE_FINAL_TYPE (PeerupDcutr, peerup_dcutr, G_TYPE_OBJECT)

void
peerup_dcutr_set_addresses (PeerupDcutr *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_DCUTR (self));

  g_ptr_array_set_size (self->addresses, 0);
  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (self->addresses, peerup_multiaddr_ref (addresses->pdata[i]));
}

DexFuture *
peerup_dcutr_connect (PeerupDcutr *self, PeerupConnection *relayed, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_DCUTR (self), NULL);
  g_return_val_if_fail (PEERUP_IS_CONNECTION (relayed), NULL);

  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "No address is known to tell the peer");
}

static void
peerup_dcutr_dispose (GObject *object)
{
  PeerupDcutr *self = PEERUP_DCUTR (object);

  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_object (&self->swarm);
  G_OBJECT_CLASS (peerup_dcutr_parent_class)->dispose (object);
}

static void
peerup_dcutr_class_init (PeerupDcutrClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_dcutr_dispose;
}

static void
peerup_dcutr_init (PeerupDcutr *self)
{
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

PeerupDcutr *
peerup_dcutr_new (PeerupSwarm *swarm)
{
  PeerupDcutr *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);

  self = g_object_new (PEERUP_TYPE_DCUTR, NULL);
  self->swarm = g_object_ref (swarm);
  return self;
}
