/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Carries the questions of the search for a lifetime. It lives for a run of its owner and has sockets only while a
 * search goes on; it decides nothing but when to close them. */

#include "nat/peerup-nat-meter.h"

/* Microseconds for an answer: three tries. */
#define ANSWER_TIME ((gint64) 2500000)

typedef struct
{
  PeerupUdpSocket *udp;
  PeerupStunSocket *stun;
} OwnSocket;

struct _PeerupNatMeter
{
  PeerupNatLifetime *lifetime;
  PeerupSocketAddress server;
  OwnSocket silent;
  OwnSocket other;
  DexFuture *answer; /* NULL: nothing is asked */
  PeerupTimer timer;
  PeerupNatMeterFunc func;
  gpointer data;
};

static void
on_quic (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  /* Nobody was told of these sockets. */
}

static gboolean
own_socket_open (OwnSocket *self, int family, GError **error)
{
  PeerupSocketAddress address;

  if (!peerup_socket_address_set (&address, family == AF_INET ? "0.0.0.0" : "::", 0))
    g_assert_not_reached ();
  self->udp = peerup_udp_socket_new (&address, error);
  if (self->udp == NULL)
    return FALSE;
  peerup_udp_socket_set_func (self->udp, on_quic, NULL);
  self->stun = peerup_stun_socket_new (self->udp, NULL);
  return TRUE;
}

static void
own_socket_close (OwnSocket *self)
{
  g_clear_pointer (&self->stun, peerup_stun_socket_free);
  g_clear_pointer (&self->udp, peerup_udp_socket_free);
}

/* The silent one first: its questions are sent from the other. */
static void
meter_close (PeerupNatMeter *self)
{
  peerup_timer_stop (&self->timer);
  dex_clear (&self->answer);
  own_socket_close (&self->silent);
  own_socket_close (&self->other);
}

static void
meter_arm (PeerupNatMeter *self)
{
  gint64 deadline = peerup_nat_lifetime_get_deadline (self->lifetime);

  if (deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, deadline);
}

static DexFuture *
on_answered (DexFuture *future, gpointer data)
{
  PeerupNatMeter *self = data;
  const GValue *value = dex_future_get_value (future, NULL);
  gint64 now = g_get_monotonic_time ();

  if (value != NULL)
    peerup_nat_lifetime_answered (self->lifetime, &((PeerupStunBinding *) g_value_get_boxed (value))->mapped, now);
  else
    peerup_nat_lifetime_failed (self->lifetime, now);
  peerup_timer_set (&self->timer, 0);
  return dex_future_new_true ();
}

static void
on_time (gpointer data)
{
  PeerupNatMeter *self = data;
  gint64 now = g_get_monotonic_time ();
  PeerupStunWants wants = { 0 };
  PeerupNatLifetimeAction action;
  guint16 port = 0;

  action = peerup_nat_lifetime_next (self->lifetime, now, &port);
  if (action == PEERUP_NAT_LIFETIME_PROBE)
    {
      wants.port = port;
      wants.sender = self->other.stun;
    }
  if (action != PEERUP_NAT_LIFETIME_NOTHING)
    {
      dex_clear (&self->answer);
      self->answer =
        dex_future_finally (peerup_stun_socket_ask_for (self->silent.stun, &self->server, &wants, now + ANSWER_TIME),
                            on_answered, self, NULL);
    }
  meter_arm (self);
  if (!peerup_nat_lifetime_is_known (self->lifetime))
    return;
  meter_close (self);
  self->func (self, self->data);
}

PeerupNatMeter *
peerup_nat_meter_new (PeerupNatMeterFunc func, gpointer data)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  PeerupNatMeter *self;

  g_return_val_if_fail (func != NULL, NULL);

  self = g_new0 (PeerupNatMeter, 1);
  self->lifetime = peerup_nat_lifetime_new ();
  self->func = func;
  self->data = data;
  peerup_timer_init (&self->timer, reactor, on_time, self);
  return self;
}

void
peerup_nat_meter_free (PeerupNatMeter *self)
{
  g_return_if_fail (self != NULL);

  meter_close (self);
  peerup_timer_clear (&self->timer);
  peerup_nat_lifetime_free (self->lifetime);
  g_free (self);
}

void
peerup_nat_meter_start (PeerupNatMeter *self, const PeerupSocketAddress *server)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (self != NULL && server != NULL);

  meter_close (self);
  self->server = *server;
  if (!own_socket_open (&self->silent, server->any.sa_family, &error) ||
      !own_socket_open (&self->other, server->any.sa_family, &error))
    {
      g_debug ("No socket to measure the NAT with: %s", error->message);
      meter_close (self);
      return;
    }
  peerup_nat_lifetime_start (self->lifetime, g_get_monotonic_time () + PEERUP_NAT_METER_DELAY);
  meter_arm (self);
}

void
peerup_nat_meter_stop (PeerupNatMeter *self)
{
  g_return_if_fail (self != NULL);

  meter_close (self);
  peerup_nat_lifetime_stop (self->lifetime);
}

gboolean
peerup_nat_meter_is_running (PeerupNatMeter *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->silent.stun != NULL;
}

PeerupNatLifetime *
peerup_nat_meter_get_lifetime (PeerupNatMeter *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->lifetime;
}
