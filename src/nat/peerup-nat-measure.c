/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Carries the questions of an inquiry to the servers and the answers back. It lives for one inquiry,
 * with the sockets that it opens, and decides nothing. */

#include "nat/peerup-nat-measure.h"

#include "wire/peerup-error.h"

typedef struct
{
  PeerupUdpSocket *udp;
  PeerupStunSocket *stun;
} FreshSocket;

struct _PeerupNatMeasure
{
  PeerupStunSocket *socket;
  PeerupNatInquiry *inquiry; /* NULL: there is no way to the servers */
  FreshSocket fresh[PEERUP_NAT_N_SOURCES];
  GPtrArray *answers; /* of DexFuture */
  PeerupTimer over;
  PeerupNatMeasureFunc func;
  gpointer data;
};

typedef struct
{
  PeerupNatMeasure *measure;
  guint id;
} Asked;

static void measure_ask (PeerupNatMeasure *self);

static void
on_quic (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  /* Nobody was told of a fresh socket. */
}

/* NULL where the system refuses one: its questions stay unanswered. */
static PeerupStunSocket *
measure_get_socket (PeerupNatMeasure *self, PeerupNatSource source)
{
  FreshSocket *fresh = &self->fresh[source];
  g_autoptr (GError) error = NULL;
  PeerupSocketAddress address;

  if (source == PEERUP_NAT_FROM_SOCKET || fresh->stun != NULL)
    return source == PEERUP_NAT_FROM_SOCKET ? self->socket : fresh->stun;
  peerup_udp_socket_get_address (peerup_stun_socket_get_udp (self->socket), &address);
  peerup_socket_address_set_port (&address, 0);
  fresh->udp = peerup_udp_socket_new (&address, &error);
  if (fresh->udp == NULL)
    {
      g_debug ("No socket to look at the NAT with: %s", error->message);
      return NULL;
    }
  peerup_udp_socket_set_func (fresh->udp, on_quic, NULL);
  fresh->stun = peerup_stun_socket_new (fresh->udp, NULL);
  return fresh->stun;
}

static DexFuture *
on_answered (DexFuture *future, gpointer data)
{
  const Asked *asked = data;
  PeerupNatMeasure *self = asked->measure;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  if (value != NULL)
    {
      const PeerupStunBinding *binding = g_value_get_boxed (value);

      peerup_nat_inquiry_answer (self->inquiry, asked->id, &binding->mapped, &binding->other);
    }
  else
    peerup_nat_inquiry_fail (self->inquiry, asked->id, g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_DENIED));
  measure_ask (self);
  return dex_future_new_true ();
}

static void
measure_put (PeerupNatMeasure *self, const PeerupNatQuestion *question)
{
  PeerupStunSocket *socket = measure_get_socket (self, question->source);
  PeerupStunWants wants = {
    .other = question->wants_other,
    .from_other_port = question->from_other_port,
    .from_other_host = question->from_other_host,
  };
  Asked *asked;

  if (socket == NULL)
    {
      peerup_nat_inquiry_fail (self->inquiry, question->id, TRUE);
      return;
    }
  asked = g_new (Asked, 1);
  asked->measure = self;
  asked->id = question->id;
  g_ptr_array_add (self->answers,
                   dex_future_finally (peerup_stun_socket_ask_for (socket, &question->server, &wants,
                                                                   g_get_monotonic_time () + PEERUP_NAT_ANSWER_TIME),
                                       on_answered, asked, g_free));
}

static void
measure_ask (PeerupNatMeasure *self)
{
  PeerupNatQuestion question;

  while (peerup_nat_inquiry_next (self->inquiry, &question))
    measure_put (self, &question);
  if (peerup_nat_inquiry_is_over (self->inquiry))
    peerup_timer_set (&self->over, 0);
}

static void
on_over (gpointer data)
{
  PeerupNatMeasure *self = data;
  PeerupNatFacts facts = { 0 };

  if (self->inquiry != NULL)
    peerup_nat_inquiry_get_facts (self->inquiry, g_get_monotonic_time (), &facts);
  self->func (self, &facts, self->data);
}

/* The socket's port at the host that the way to @server begins at. */
static gboolean
find_local (PeerupStunSocket *socket, const PeerupSocketAddress *server, PeerupSocketAddress *local)
{
  PeerupSocketAddress bound;
  guint mtu;

  peerup_udp_socket_get_address (peerup_stun_socket_get_udp (socket), &bound);
  if (!peerup_socket_address_is_wildcard (&bound))
    *local = bound;
  else if (!peerup_udp_find_route (server, local, &mtu, NULL))
    return FALSE;
  peerup_socket_address_set_port (local, peerup_socket_address_get_port (&bound));
  return TRUE;
}

PeerupNatMeasure *
peerup_nat_measure_new (PeerupStunSocket *socket, const PeerupSocketAddress *servers, guint n_servers,
                        PeerupNatMeasureFunc func, gpointer data)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  PeerupSocketAddress local;
  PeerupNatMeasure *self;

  g_return_val_if_fail (socket != NULL && servers != NULL && n_servers > 0 && func != NULL, NULL);

  self = g_new0 (PeerupNatMeasure, 1);
  self->socket = socket;
  self->func = func;
  self->data = data;
  self->answers = g_ptr_array_new_with_free_func (dex_unref);
  peerup_timer_init (&self->over, reactor, on_over, self);
  if (find_local (socket, &servers[0], &local))
    {
      self->inquiry = peerup_nat_inquiry_new (&local, servers, n_servers);
      measure_ask (self);
    }
  else
    peerup_timer_set (&self->over, 0);
  return self;
}

void
peerup_nat_measure_free (PeerupNatMeasure *self)
{
  g_return_if_fail (self != NULL);

  peerup_timer_clear (&self->over);
  g_ptr_array_unref (self->answers);
  for (guint i = 0; i < G_N_ELEMENTS (self->fresh); i++)
    {
      g_clear_pointer (&self->fresh[i].stun, peerup_stun_socket_free);
      g_clear_pointer (&self->fresh[i].udp, peerup_udp_socket_free);
    }
  g_clear_pointer (&self->inquiry, peerup_nat_inquiry_free);
  g_free (self);
}
