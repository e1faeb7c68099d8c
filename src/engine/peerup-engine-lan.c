/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* mDNS for an engine: says where it listens, and takes what authorized peers say of themselves into the peerstore,
 * within bounds, as anybody on the LAN can say it. Lives from the start to the end of a run, and has sockets only while
 * the configuration, an invite or somebody who waits wants them. Dials nobody by itself: it tells the paths.
 */
#include "engine/peerup-engine-lan.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"
#include "limits/peerup-rate.h"

/* Addresses of one peer that are taken up at once, and microseconds for one more: the peerstore has room for few, and
 * those that were proven good are among them. */
#define ADDRESSES_BURST    16
#define ADDRESSES_INTERVAL (120 * (gint64) G_USEC_PER_SEC)
/* Peers whose addresses are counted. */
#define PEERS_MAX 256

struct _PeerupEngineLan
{
  PeerupEngine *engine; /* owns this */
  PeerupMdns *mdns;
  GHashTable *invites; /* of numbers */
  GHashTable *rates;   /* PeerupPeerId to PeerupRate */
  gboolean enabled;
};

/* Whether there is mDNS */

static gboolean
lan_wants_mdns (PeerupEngineLan *self)
{
  return self->enabled || g_hash_table_size (self->invites) > 0 || peerup_mdns_is_waited_for (self->mdns);
}

/* That there is no network is no trouble of this engine's. */
static void
lan_tell_problem (PeerupEngineLan *self)
{
  const GError *error = lan_wants_mdns (self) ? peerup_mdns_get_error (self->mdns) : NULL;
  g_autofree char *text = NULL;

  if (error != NULL)
    text =
      g_strdup_printf (_ ("Peers in the same network are not found without help: %s. With discovery.mdns: false in "
                          "%s this is not tried"),
                       error->message, self->engine->config_path);
  peerup_engine_set_problem (self->engine, "mdns", text);
}

static gboolean
lan_start (PeerupEngineLan *self, GError **error)
{
  gboolean started = peerup_mdns_start (self->mdns, error);

  lan_tell_problem (self);
  return started;
}

static void
lan_update (PeerupEngineLan *self)
{
  g_autoptr (GError) error = NULL;

  peerup_mdns_set_announcing (self->mdns, self->enabled);
  if (!lan_wants_mdns (self))
    peerup_mdns_stop (self->mdns);
  else if (!lan_start (self, &error))
    g_debug ("No mDNS: %s", error->message);
  lan_tell_problem (self);
}

static void
on_idle (PeerupMdns *mdns, gpointer data)
{
  PeerupEngineLan *self = data;

  if (!lan_wants_mdns (self))
    peerup_mdns_stop (mdns);
}

/* What is heard */

static PeerupRate *
lan_ensure_rate (PeerupEngineLan *self, PeerupPeerId *peer)
{
  PeerupRate *rate = g_hash_table_lookup (self->rates, peer);

  if (rate != NULL)
    return rate;
  if (g_hash_table_size (self->rates) == PEERS_MAX)
    g_hash_table_remove_all (self->rates);
  rate = g_new0 (PeerupRate, 1);
  g_hash_table_insert (self->rates, peerup_peer_id_ref (peer), rate);
  return rate;
}

/* What is known already costs nothing. */
static void
lan_add_addresses (PeerupEngineLan *self, PeerupPeerId *peer, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) known = peerup_swarm_dup_addresses (self->engine->swarm, peer);
  g_autoptr (GPtrArray) fresh = g_ptr_array_new ();
  PeerupRate *rate = lan_ensure_rate (self, peer);
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < addresses->len; i++)
    if (!g_ptr_array_find_with_equal_func (known, addresses->pdata[i], peerup_multiaddr_equal, NULL) &&
        peerup_rate_take (rate, now, ADDRESSES_BURST, ADDRESSES_INTERVAL))
      g_ptr_array_add (fresh, addresses->pdata[i]);
  peerup_swarm_add_addresses (self->engine->swarm, peer, fresh);
}

static void
on_found (PeerupMdns *mdns, PeerupPeerId *peer, GPtrArray *addresses, gpointer data)
{
  PeerupEngineLan *self = data;

  if (!peerup_engine_authorizes (self->engine, peer))
    return;
  g_debug ("%s is in this network", peerup_peer_id_get_string (peer));
  lan_add_addresses (self, peer, addresses);
  peerup_engine_paths_learned (self->engine->paths, peer);
}

/* Those who wait */

static PeerupMdnsInviter *
take_inviter (DexFuture *future, PeerupEngine *engine)
{
  PeerupMdnsInviter *inviter = g_value_get_boxed (dex_future_get_value (future, NULL));

  if (engine->lan != NULL)
    lan_add_addresses (engine->lan, inviter->peer, inviter->addresses);
  return inviter;
}

static DexFuture *
on_inviter_found (DexFuture *future, gpointer data)
{
  return dex_future_new_take_boxed (PEERUP_TYPE_MDNS_INVITER, peerup_mdns_inviter_copy (take_inviter (future, data)));
}

static DexFuture *
on_peer_found (DexFuture *future, gpointer data)
{
  take_inviter (future, data);
  return dex_future_new_true ();
}

DexFuture *
peerup_engine_lan_find_invite (PeerupEngineLan *self, guint number, gint64 deadline)
{
  g_autoptr (GError) error = NULL;

  if (!lan_start (self, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_then (peerup_mdns_find_invite (self->mdns, number, deadline), on_inviter_found,
                          g_object_ref (self->engine), g_object_unref);
}

DexFuture *
peerup_engine_lan_find_peer (PeerupEngineLan *self, PeerupPeerId *peer, gint64 deadline)
{
  g_autoptr (GError) error = NULL;

  if (!lan_start (self, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_then (peerup_mdns_find_peer (self->mdns, peer, deadline), on_peer_found,
                          g_object_ref (self->engine), g_object_unref);
}

/* What is told */

void
peerup_engine_lan_add_invite (PeerupEngineLan *self, guint number)
{
  g_hash_table_add (self->invites, GUINT_TO_POINTER (number));
  peerup_mdns_add_invite (self->mdns, number);
  lan_update (self);
}

void
peerup_engine_lan_remove_invite (PeerupEngineLan *self, guint number)
{
  g_hash_table_remove (self->invites, GUINT_TO_POINTER (number));
  peerup_mdns_remove_invite (self->mdns, number);
  lan_update (self);
}

static void
on_addresses_changed (PeerupSwarm *swarm, gpointer data)
{
  PeerupEngineLan *self = data;
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (swarm);

  peerup_mdns_set_addresses (self->mdns, addresses);
}

static void
on_network_changed (PeerupSwarm *swarm, gpointer data)
{
  PeerupEngineLan *self = data;

  peerup_mdns_network_changed (self->mdns);
  lan_update (self);
}

/* Life */

void
peerup_engine_lan_apply (PeerupEngineLan *self, PeerupConfig *config)
{
  /* Where relays are, nobody is at home, and some providers take multicast for an attack. */
  self->enabled = peerup_config_get_mdns (config) && (self->engine->flags & PEERUP_ENGINE_RELAY) == 0;
  lan_update (self);
}

void
peerup_engine_lan_review (PeerupEngineLan *self)
{
  peerup_mdns_query (self->mdns);
}

PeerupEngineLan *
peerup_engine_lan_new (PeerupEngine *engine)
{
  PeerupEngineLan *self = g_new0 (PeerupEngineLan, 1);

  self->engine = engine;
  self->mdns = peerup_mdns_new (peerup_swarm_get_peer_id (engine->swarm));
  self->invites = g_hash_table_new (NULL, NULL);
  self->rates =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);
  g_signal_connect (self->mdns, "found", G_CALLBACK (on_found), self);
  g_signal_connect (self->mdns, "idle", G_CALLBACK (on_idle), self);
  g_signal_connect (engine->swarm, "addresses-changed", G_CALLBACK (on_addresses_changed), self);
  g_signal_connect (engine->swarm, "network-changed", G_CALLBACK (on_network_changed), self);
  return self;
}

void
peerup_engine_lan_free (PeerupEngineLan *self)
{
  g_signal_handlers_disconnect_by_data (self->engine->swarm, self);
  g_signal_handlers_disconnect_by_data (self->mdns, self);
  peerup_mdns_stop (self->mdns);
  g_object_unref (self->mdns);
  g_hash_table_unref (self->invites);
  g_hash_table_unref (self->rates);
  g_free (self);
}
