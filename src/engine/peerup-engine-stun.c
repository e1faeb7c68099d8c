/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The STUN of a swarm's UDP sockets, one PeerupStunSocket each, and the one server that they
 * answer with; while they answer, each has a second socket beside it, to answer from another port (RFC 5780), and those
 * that are bound to different hosts answer for each other. Holds the transports, so that no socket goes before
 * its STUN does; whoever owns this frees it before the swarm is closed.
 */
#include "engine/peerup-engine-stun.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

typedef struct
{
  PeerupQuicTransport *transport;
  PeerupStunSocket *stun;
  PeerupUdpSocket *second_udp; /* NULL: it answers nobody, or there is none */
  PeerupStunSocket *second;
} Place;

struct _PeerupEngineStun
{
  PeerupSwarm *swarm;
  PeerupStunServer *server;
  GPtrArray *places; /* of Place */
  gboolean answering;
  PeerupEngineStunFunc leave; /* nullable */
  gpointer leave_data;
};

static PeerupStunServer *
get_server (PeerupEngineStun *self)
{
  return self->answering ? self->server : NULL;
}

/* Second sockets */

static void
on_quic (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  /* A second socket has STUN only. */
}

static void
place_close_second (Place *self)
{
  peerup_stun_socket_set_others (self->stun, NULL, NULL);
  g_clear_pointer (&self->second, peerup_stun_socket_free);
  g_clear_pointer (&self->second_udp, peerup_udp_socket_free);
}

static void
place_open_second (Place *self, PeerupStunServer *server, guint16 port)
{
  g_autoptr (GError) error = NULL;
  PeerupSocketAddress address;

  if (self->second != NULL)
    return;
  peerup_udp_socket_get_address (peerup_stun_socket_get_udp (self->stun), &address);
  peerup_socket_address_set_port (&address, port);
  self->second_udp = peerup_udp_socket_new (&address, port == 0 ? &error : NULL);
  if (self->second_udp == NULL && port != 0)
    {
      place_open_second (self, server, 0);
      return;
    }
  if (self->second_udp == NULL)
    {
      g_info ("STUN is answered from one port only: %s", error->message);
      return;
    }
  peerup_udp_socket_set_func (self->second_udp, on_quic, NULL);
  self->second = peerup_stun_socket_new (self->second_udp, server);
}

/* The host of where this is bound, and the second port; FALSE: all hosts, or there is none. */
static gboolean
place_get_second (Place *self, PeerupSocketAddress *address)
{
  if (self->second == NULL)
    return FALSE;
  peerup_udp_socket_get_address (self->second_udp, address);
  return !peerup_socket_address_is_wildcard (address);
}

/* One that is bound to another host of the family and has the same second port. */
static Place *
stun_find_other_host (PeerupEngineStun *self, Place *place)
{
  PeerupSocketAddress here, there;

  for (guint i = 0; i < self->places->len; i++)
    if (place_get_second (place, &here) && place_get_second (self->places->pdata[i], &there) &&
        here.any.sa_family == there.any.sa_family && !peerup_socket_address_is_same_host (&here, &there) &&
        peerup_socket_address_get_port (&here) == peerup_socket_address_get_port (&there))
      return self->places->pdata[i];
  return NULL;
}

static void
stun_open_seconds (PeerupEngineStun *self)
{
  PeerupSocketAddress address;
  guint16 port = 0;

  for (guint i = 0; i < self->places->len; i++)
    {
      place_open_second (self->places->pdata[i], self->server, port);
      if (place_get_second (self->places->pdata[i], &address))
        port = peerup_socket_address_get_port (&address);
    }
  for (guint i = 0; i < self->places->len; i++)
    {
      Place *place = self->places->pdata[i];
      Place *other = stun_find_other_host (self, place);

      if (place->second == NULL)
        continue;
      peerup_stun_socket_set_others (place->stun, place->second, other != NULL ? other->stun : NULL);
      peerup_stun_socket_set_others (place->second, place->stun, other != NULL ? other->second : NULL);
    }
}

static void
place_free (gpointer data)
{
  Place *self = data;

  place_close_second (self);
  peerup_stun_socket_free (self->stun);
  g_object_unref (self->transport);
  g_free (self);
}

/* All of them */

static gboolean
stun_has (PeerupEngineStun *self, PeerupQuicTransport *transport)
{
  for (guint i = 0; i < self->places->len; i++)
    if (((Place *) self->places->pdata[i])->transport == transport)
      return TRUE;
  return FALSE;
}

/* Sockets that the swarm has given up. Others may answer from one that goes. */
static void
stun_drop_missing (PeerupEngineStun *self, GPtrArray *transports)
{
  for (guint i = self->places->len; i > 0; i--)
    {
      Place *place = self->places->pdata[i - 1];

      if (g_ptr_array_find (transports, place->transport, NULL))
        continue;
      if (self->leave != NULL)
        self->leave (place->stun, self->leave_data);
      for (guint j = 0; j < self->places->len; j++)
        place_close_second (self->places->pdata[j]);
      g_ptr_array_remove_index (self->places, i - 1);
    }
}

void
peerup_engine_stun_set_leave_func (PeerupEngineStun *self, PeerupEngineStunFunc func, gpointer data)
{
  self->leave = func;
  self->leave_data = data;
}

void
peerup_engine_stun_update (PeerupEngineStun *self)
{
  g_autoptr (GPtrArray) transports = peerup_swarm_dup_quic_transports (self->swarm);

  stun_drop_missing (self, transports);

  for (guint i = 0; i < transports->len; i++)
    {
      Place *place;

      if (stun_has (self, transports->pdata[i]))
        continue;
      place = g_new0 (Place, 1);
      place->transport = g_object_ref (transports->pdata[i]);
      place->stun = peerup_stun_socket_new (peerup_quic_transport_get_socket (place->transport), get_server (self));
      g_ptr_array_add (self->places, place);
    }
  if (self->answering)
    stun_open_seconds (self);
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
  self->places = g_ptr_array_new_with_free_func (place_free);
  peerup_engine_stun_update (self);
  g_signal_connect_swapped (swarm, "addresses-changed", G_CALLBACK (peerup_engine_stun_update), self);
  return self;
}

void
peerup_engine_stun_free (PeerupEngineStun *self)
{
  g_signal_handlers_disconnect_by_data (self->swarm, self);
  peerup_engine_stun_set_answering (self, FALSE);
  g_ptr_array_unref (self->places);
  peerup_stun_server_free (self->server);
  g_object_unref (self->swarm);
  g_free (self);
}

void
peerup_engine_stun_set_answering (PeerupEngineStun *self, gboolean answering)
{
  self->answering = answering;
  for (guint i = 0; i < self->places->len; i++)
    {
      Place *place = self->places->pdata[i];

      peerup_stun_socket_set_server (place->stun, get_server (self));
      if (!answering)
        place_close_second (place);
    }
  if (answering)
    stun_open_seconds (self);
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
  return self->places->len;
}

PeerupStunSocket *
peerup_engine_stun_get_socket (PeerupEngineStun *self, guint index)
{
  g_return_val_if_fail (index < self->places->len, NULL);
  return ((Place *) self->places->pdata[index])->stun;
}
