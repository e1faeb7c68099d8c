/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Where what peers begin meets the limits: each handshake, connection and stream is counted
 * when it comes, and given back when its object is done, whoever holds that. What we dial
 * is our own wish and not counted; the streams that a dialed peer opens are. */

#include "swarm/peerup-swarm-private.h"

/* A program that has no configuration: small enough for any machine, and the same on all. */
static const PeerupLimitsMachine modest = { G_GUINT64_CONSTANT (4) << 30, 16384, 2 };

/* Refusals are told at most this often: a flood of them must not become a flood of words. */
#define TELL_INTERVAL G_USEC_PER_SEC

static G_DEFINE_QUARK (peerup - admitted, admitted);

/* On a connection or stream that was counted; its end gives it back. */
typedef struct
{
  PeerupLimits *limits;
  PeerupPeerId *peer;
  guint64 host;
} Admitted;

static Admitted *
admitted_new (PeerupSwarm *swarm, PeerupPeerId *peer, guint64 host)
{
  Admitted *self = g_new (Admitted, 1);

  self->limits = peerup_limits_ref (swarm->limits);
  self->peer = peerup_peer_id_ref (peer);
  self->host = host;
  return self;
}

static void
admitted_free (Admitted *self)
{
  peerup_limits_unref (self->limits);
  peerup_peer_id_unref (self->peer);
  g_free (self);
}

static void
end_connection (gpointer data)
{
  Admitted *self = data;

  peerup_limits_end_connection (self->limits, self->host, self->peer);
  admitted_free (self);
}

static void
end_stream (gpointer data)
{
  Admitted *self = data;

  peerup_limits_end_stream (self->limits, self->peer);
  admitted_free (self);
}

PeerupLimits *
peerup_swarm_limits_new (void)
{
  PeerupLimitsSettings settings;

  peerup_limits_settings_init (&settings, &modest);
  return peerup_limits_new (&settings);
}

/* Where to put the words of a refusal; NULL when nobody would get them. */
static GError **
swarm_wants_words (PeerupSwarm *self, GError **error)
{
  return g_get_monotonic_time () >= self->tell_at ? error : NULL;
}

static void
swarm_tell (PeerupSwarm *self, const GError *error)
{
  if (error == NULL)
    return;
  self->tell_at = g_get_monotonic_time () + TELL_INTERVAL;
  g_signal_emit_by_name (self, "limited", error->message);
}

/* Handshakes */

guint64
peerup_swarm_get_host (PeerupMultiaddr *address)
{
  guint64 key = 0;

  if (address == NULL)
    return 0;
  for (guint i = 0; i < peerup_multiaddr_get_n_components (address); i++)
    {
      PeerupMultiaddrComponent component;

      peerup_multiaddr_get_component (address, i, &component);
      /* The relay's address is not the peer's, and many come through one relay. */
      if (component.code == PEERUP_MULTIADDR_P2P_CIRCUIT)
        return 0;
      if (key != 0 || (component.code != PEERUP_MULTIADDR_IP4 && component.code != PEERUP_MULTIADDR_IP6))
        continue;
      for (gsize byte = 0; byte < MIN (component.length, sizeof key); byte++)
        key = key << 8 | component.value[byte];
    }
  return key;
}

gboolean
peerup_swarm_admit_handshake (PeerupSwarm *self, guint64 host)
{
  g_autoptr (GError) error = NULL;
  gboolean good =
    peerup_limits_begin_handshake (self->limits, host, g_get_monotonic_time (), swarm_wants_words (self, &error));

  swarm_tell (self, error);
  return good;
}

void
peerup_swarm_release_handshake (PeerupSwarm *self, guint64 host)
{
  peerup_limits_end_handshake (self->limits, host);
}

guint
peerup_swarm_get_retry_threshold (PeerupSwarm *self)
{
  const guint64 *bounds = peerup_limits_get_settings (self->limits)->values;
  guint64 threshold = MIN (bounds[PEERUP_LIMIT_HANDSHAKES] / 8, bounds[PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS] / 2);

  return MIN (threshold, G_MAXUINT);
}

/* Connections and streams */

gboolean
peerup_swarm_admit_connection (PeerupSwarm *self, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  guint64 host = peerup_swarm_get_host (info->remote_address);
  g_autoptr (GError) error = NULL;

  if (info->outbound)
    return TRUE;
  if (!peerup_limits_begin_connection (self->limits, host, info->remote_peer, swarm_wants_words (self, &error)))
    {
      swarm_tell (self, error);
      return FALSE;
    }
  g_object_set_qdata_full (G_OBJECT (connection), admitted_quark (), admitted_new (self, info->remote_peer, host),
                           end_connection);
  return TRUE;
}

void
peerup_swarm_release_connection (PeerupConnection *connection)
{
  g_object_set_qdata (G_OBJECT (connection), admitted_quark (), NULL);
  peerup_connection_set_memory_funcs (connection, NULL, NULL, NULL);
}

static gboolean
reserve_memory (PeerupConnection *connection, gsize bytes, gpointer swarm)
{
  PeerupSwarm *self = swarm;
  g_autoptr (GError) error = NULL;
  gboolean good = peerup_limits_reserve (self->limits, peerup_connection_get_remote_peer (connection), bytes,
                                         swarm_wants_words (self, &error));

  swarm_tell (self, error);
  return good;
}

static void
release_memory (PeerupConnection *connection, gsize bytes, gpointer swarm)
{
  peerup_limits_release (((PeerupSwarm *) swarm)->limits, peerup_connection_get_remote_peer (connection), bytes);
}

void
peerup_swarm_count_memory (PeerupSwarm *self, PeerupConnection *connection)
{
  peerup_connection_set_memory_funcs (connection, reserve_memory, release_memory, self);
}

gboolean
peerup_swarm_admit_stream (PeerupSwarm *self, PeerupConnection *connection, PeerupStream *stream)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  PeerupLimit limit;
  g_autoptr (GError) error = NULL;

  if (!peerup_limits_begin_stream (self->limits, peer, g_get_monotonic_time (), &limit,
                                   swarm_wants_words (self, &error)))
    {
      swarm_tell (self, error);
      peerup_stream_reset (stream, peerup_limit_is_rate (limit) ? PEERUP_STREAM_CODE_RATE_LIMITED
                                                                : PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      return FALSE;
    }
  g_object_set_qdata_full (G_OBJECT (stream), admitted_quark (), admitted_new (self, peer, 0), end_stream);
  return TRUE;
}

/* Settings */

void
peerup_swarm_set_limits (PeerupSwarm *self, PeerupLimits *limits)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));
  g_return_if_fail (limits != NULL);
  g_return_if_fail (g_hash_table_size (self->upgrading) == 0);
  peerup_limits_ref (limits);
  peerup_limits_unref (self->limits);
  self->limits = limits;
}

PeerupLimits *
peerup_swarm_get_limits (PeerupSwarm *self)
{
  g_return_val_if_fail (PEERUP_IS_SWARM (self), NULL);
  return self->limits;
}
