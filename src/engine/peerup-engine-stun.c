/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The STUN of a swarm's UDP sockets, one PeerupStunSocket each, and the one server that they
 * answer with. Holds the transports, so that no socket goes before its STUN does; whoever owns this
 * frees it before the swarm is closed.
 */
#include "engine/peerup-engine-stun.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

struct _PeerupEngineStun
{
  PeerupSwarm *swarm;
  PeerupStunServer *server;
  GPtrArray *transports; /* of PeerupQuicTransport */
  GPtrArray *sockets;    /* of PeerupStunSocket, one for each of them */
  gboolean answering;
};

static PeerupStunServer *
get_server (PeerupEngineStun *self)
{
  return self->answering ? self->server : NULL;
}

void
peerup_engine_stun_update (PeerupEngineStun *self)
{
  g_autoptr (GPtrArray) transports = peerup_swarm_dup_quic_transports (self->swarm);

  for (guint i = 0; i < transports->len; i++)
    {
      PeerupQuicTransport *transport = transports->pdata[i];

      if (g_ptr_array_find (self->transports, transport, NULL))
        continue;
      g_ptr_array_add (self->transports, g_object_ref (transport));
      g_ptr_array_add (self->sockets,
                       peerup_stun_socket_new (peerup_quic_transport_get_socket (transport), get_server (self)));
    }
}

PeerupEngineStun *
peerup_engine_stun_new (PeerupSwarm *swarm)
{
  PeerupEngineStun *self = g_new0 (PeerupEngineStun, 1);
  guint64 secret;

  /* Who guesses it can take somebody's share of the answers, and no more. */
  if (gnutls_rnd (GNUTLS_RND_NONCE, &secret, sizeof secret) != 0)
    secret = (guint64) g_random_int () << 32 | g_random_int ();
  self->swarm = g_object_ref (swarm);
  self->server = peerup_stun_server_new (PEERUP_STUN_SERVER_RATE_PER_ADDRESS, PEERUP_STUN_SERVER_RATE, secret);
  self->transports = g_ptr_array_new_with_free_func (g_object_unref);
  self->sockets = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_stun_socket_free);
  peerup_engine_stun_update (self);
  g_signal_connect_swapped (swarm, "addresses-changed", G_CALLBACK (peerup_engine_stun_update), self);
  return self;
}

void
peerup_engine_stun_free (PeerupEngineStun *self)
{
  g_signal_handlers_disconnect_by_data (self->swarm, self);
  g_ptr_array_unref (self->sockets);
  g_ptr_array_unref (self->transports);
  peerup_stun_server_free (self->server);
  g_object_unref (self->swarm);
  g_free (self);
}

void
peerup_engine_stun_set_answering (PeerupEngineStun *self, gboolean answering)
{
  self->answering = answering;
  for (guint i = 0; i < self->sockets->len; i++)
    peerup_stun_socket_set_server (self->sockets->pdata[i], get_server (self));
}

gboolean
peerup_engine_stun_get_answering (PeerupEngineStun *self)
{
  return self->answering;
}

void
peerup_engine_stun_get_figures (PeerupEngineStun *self, PeerupStunServerFigures *figures)
{
  peerup_stun_server_get_figures (self->server, figures);
}

guint
peerup_engine_stun_get_n_sockets (PeerupEngineStun *self)
{
  return self->sockets->len;
}

PeerupStunSocket *
peerup_engine_stun_get_socket (PeerupEngineStun *self, guint index)
{
  g_return_val_if_fail (index < self->sockets->len, NULL);
  return self->sockets->pdata[index];
}
