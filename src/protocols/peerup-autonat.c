/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * AutoNAT v2 for one swarm. Lives as long as the engine's run. */

#include "protocols/peerup-autonat.h"

struct _PeerupAutonat
{
  GObject parent_instance;
  PeerupSwarm *swarm;
};

G_DEFINE_FINAL_TYPE (PeerupAutonat, peerup_autonat, G_TYPE_OBJECT)

static PeerupAutonatAnswer *
answer_copy (const PeerupAutonatAnswer *self)
{
  PeerupAutonatAnswer *copy = g_new0 (PeerupAutonatAnswer, 1);

  *copy = *self;
  copy->reason = g_strdup (self->reason);
  copy->address = self->address != NULL ? peerup_multiaddr_ref (self->address) : NULL;
  copy->local = self->local != NULL ? peerup_multiaddr_ref (self->local) : NULL;
  copy->remote = self->remote != NULL ? peerup_multiaddr_ref (self->remote) : NULL;
  return copy;
}

static void
answer_free (PeerupAutonatAnswer *self)
{
  g_clear_pointer (&self->address, peerup_multiaddr_unref);
  g_clear_pointer (&self->local, peerup_multiaddr_unref);
  g_clear_pointer (&self->remote, peerup_multiaddr_unref);
  g_free (self->reason);
  g_free (self);
}

G_DEFINE_BOXED_TYPE (PeerupAutonatAnswer, peerup_autonat_answer, answer_copy, answer_free)

void
peerup_autonat_set_serving (PeerupAutonat *self, gboolean serving)
{
}

gboolean
peerup_autonat_expects (PeerupAutonat *self, PeerupMultiaddr *remote)
{
  return FALSE;
}

DexFuture *
peerup_autonat_check (PeerupAutonat *self, PeerupPeerId *server, GPtrArray *addresses, gint64 deadline)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "Nobody is asked");
}

static void
peerup_autonat_finalize (GObject *object)
{
  PeerupAutonat *self = PEERUP_AUTONAT (object);

  g_clear_object (&self->swarm);
  G_OBJECT_CLASS (peerup_autonat_parent_class)->finalize (object);
}

static void
peerup_autonat_class_init (PeerupAutonatClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_autonat_finalize;
}

static void
peerup_autonat_init (PeerupAutonat *self)
{
}

PeerupAutonat *
peerup_autonat_new (PeerupSwarm *swarm)
{
  PeerupAutonat *self = g_object_new (PEERUP_TYPE_AUTONAT, NULL);

  self->swarm = g_object_ref (swarm);
  return self;
}
