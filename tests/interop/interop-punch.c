/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Direct connection upgrade, both sides of it: where we are seen from outside by what the relay says, and an upgrade as
 * soon as a peer that came through it says that it serves the protocol. */

#include "interop.h"

/* Microseconds for an upgrade: all of its tries. */
#define UPGRADE_TIMEOUT (60 * G_USEC_PER_SEC)

/* Milliseconds from one upgrade that failed to the next. */
#define AGAIN_AFTER 100

/* QUIC dials from where it listens, so that it is seen there. TCP dials from anywhere, and a NAT that keeps the port
 * for one will do so for the other. */
static PeerupMultiaddr *
seen_at (PeerupMultiaddr *listening, PeerupMultiaddr *observed)
{
  PeerupMultiaddrComponent host, port;
  const guint8 *value;

  if (!peerup_multiaddr_find (listening, PEERUP_MULTIADDR_TCP, &port) ||
      !peerup_multiaddr_find (observed, PEERUP_MULTIADDR_IP4, &host))
    return peerup_multiaddr_ref (observed);
  value = host.value;
  return peerup_multiaddr_newf ("/ip4/%u.%u.%u.%u/tcp/%u", value[0], value[1], value[2], value[3],
                                port.value[0] << 8 | port.value[1]);
}

static void
learn_address (PeerupDcutr *dcutr, PeerupSwarm *swarm, PeerupMultiaddr *observed)
{
  g_autoptr (GPtrArray) listening = peerup_swarm_dup_listen_addresses (swarm);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  if (listening->len > 0)
    g_ptr_array_add (addresses, seen_at (listening->pdata[0], observed));
  peerup_dcutr_set_addresses (dcutr, addresses);
  interop_emit ("punching", json_object_new ());
}

typedef struct
{
  PeerupDcutr *dcutr;
  PeerupConnection *connection;
  gboolean again;
} Upgrade;

static Upgrade *
upgrade_new (PeerupDcutr *dcutr, PeerupConnection *connection, gboolean again)
{
  Upgrade *self = g_new (Upgrade, 1);

  *self = (Upgrade) { g_object_ref (dcutr), g_object_ref (connection), again };
  return self;
}

static void
upgrade_free (gpointer data)
{
  Upgrade *self = data;

  g_object_unref (self->dcutr);
  g_object_unref (self->connection);
  g_free (self);
}

static void upgrade (PeerupDcutr *dcutr, PeerupConnection *connection, gboolean again);

static DexFuture *
on_time (DexFuture *future, gpointer data)
{
  Upgrade *self = data;

  upgrade (self->dcutr, self->connection, TRUE);
  return NULL;
}

/* Whose first packet comes to a listener before that side dials has both ends in one role; the engine goes on trying,
 * and so does this, once. */
static DexFuture *
on_upgraded (DexFuture *future, gpointer data)
{
  Upgrade *self = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);
  JsonObject *members = json_object_new ();

  json_object_set_boolean_member (members, "ok", value != NULL);
  if (value == NULL)
    json_object_set_string_member (members, "error", error->message);
  interop_emit ("upgraded", members);
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE) && !self->again)
    dex_future_disown (dex_future_finally (dex_timeout_new_msec (AGAIN_AFTER), on_time,
                                           upgrade_new (self->dcutr, self->connection, TRUE), upgrade_free));
  return NULL;
}

static void
upgrade (PeerupDcutr *dcutr, PeerupConnection *connection, gboolean again)
{
  gint64 deadline = g_get_monotonic_time () + UPGRADE_TIMEOUT;

  dex_future_disown (dex_future_finally (peerup_dcutr_connect (dcutr, connection, deadline), on_upgraded,
                                         upgrade_new (dcutr, connection, again), upgrade_free));
}

static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  PeerupDcutr *dcutr = data;
  PeerupSwarm *swarm = g_object_get_data (G_OBJECT (dcutr), "swarm");

  if (!peerup_swarm_is_relayed (connection))
    {
      if (info->observed_address != NULL && g_object_get_data (G_OBJECT (dcutr), "seen") == NULL)
        learn_address (dcutr, swarm, info->observed_address);
      g_object_set_data (G_OBJECT (dcutr), "seen", dcutr);
      return;
    }
  if (peerup_connection_get_info (connection)->outbound ||
      !peerup_peer_info_has_protocol (info, PEERUP_DCUTR_PROTOCOL) ||
      g_object_get_data (G_OBJECT (connection), "asked") != NULL)
    return;
  g_object_set_data (G_OBJECT (connection), "asked", connection);
  upgrade (dcutr, connection, FALSE);
}

PeerupDcutr *
interop_punch (PeerupSwarm *swarm, PeerupIdentify *identify)
{
  PeerupDcutr *dcutr = peerup_dcutr_new (swarm);

  g_object_set_data_full (G_OBJECT (dcutr), "swarm", g_object_ref (swarm), g_object_unref);
  g_signal_connect (identify, "identified", G_CALLBACK (on_identified), dcutr);
  return dcutr;
}
