/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "engine/peerup-peer.h"
#include "tunnel/peerup-forward.h"
#include "tunnel/peerup-service.h"
#include "wire/peerup-error.h"

G_BEGIN_DECLS

/**
 * PeerupEngineState:
 * @PEERUP_ENGINE_STOPPED: not started, or stopped
 * @PEERUP_ENGINE_STARTING: reads its files and opens its sockets
 * @PEERUP_ENGINE_RUNNING: at work
 * @PEERUP_ENGINE_STOPPING: takes nothing new and lets open streams end
 *
 * How far an engine is in its life.
 */
typedef enum
{
  PEERUP_ENGINE_STOPPED,
  PEERUP_ENGINE_STARTING,
  PEERUP_ENGINE_RUNNING,
  PEERUP_ENGINE_STOPPING,
} PeerupEngineState;

#define PEERUP_TYPE_ENGINE_STATE (peerup_engine_state_get_type ())
GType peerup_engine_state_get_type (void);

/**
 * PeerupEngineFlags:
 * @PEERUP_ENGINE_DEFAULT: everything the configuration asks for
 * @PEERUP_ENGINE_DIAL_ONLY: the configured identity and names, but no listening and no
 *   services: for a short-lived program that uses what other peers offer
 * @PEERUP_ENGINE_RELAY: relays for others whatever the configuration says of relay.serve, and calls
 *   itself relay-server
 *
 * What an engine is for.
 */
typedef enum /*< flags >*/
{
  PEERUP_ENGINE_DEFAULT = 0,
  PEERUP_ENGINE_DIAL_ONLY = 1 << 0,
  PEERUP_ENGINE_RELAY = 1 << 1,
} PeerupEngineFlags;

#define PEERUP_TYPE_ENGINE_FLAGS (peerup_engine_flags_get_type ())
GType peerup_engine_flags_get_type (void);

/**
 * PeerupEngineRelayState:
 * @PEERUP_ENGINE_RELAY_OFF: it relays for nobody
 * @PEERUP_ENGINE_RELAY_SERVING: others find each other through it
 * @PEERUP_ENGINE_RELAY_DRAINING: it takes nothing new, and circuits that are open go on for a while
 * @PEERUP_ENGINE_RELAY_DRAINED: the same, and no circuit is left
 *
 * What an engine is as a relay of others.
 */
typedef enum
{
  PEERUP_ENGINE_RELAY_OFF,
  PEERUP_ENGINE_RELAY_SERVING,
  PEERUP_ENGINE_RELAY_DRAINING,
  PEERUP_ENGINE_RELAY_DRAINED,
} PeerupEngineRelayState;

#define PEERUP_TYPE_ENGINE_RELAY_STATE (peerup_engine_relay_state_get_type ())
GType peerup_engine_relay_state_get_type (void);

#define PEERUP_TYPE_ENGINE (peerup_engine_get_type ())
/**
 * PeerupEngine:
 *
 * One identity at work: it listens, admits the peers that `authorized_keys` names, offers
 * services to them, and carries local ports to theirs. It belongs to the thread that made
 * it and to the main context that was its default. Changes of its files take effect while
 * it runs.
 *
 * Properties of this and of the objects in its lists notify from the main loop, and so does
 * [signal@Engine::event], which tells all that happens. The other signals, and those of the
 * lists, may be emitted on the small stack of a fiber: a handler of them does little, and from
 * JavaScript they cannot be used. An engine that is dropped while it runs stops.
 *
 * A peer is written as a name of the configuration, a peer ID in any text form, or a
 * multiaddr that ends in `/p2p/ID`; the address in the last is remembered.
 */
G_DECLARE_FINAL_TYPE (PeerupEngine, peerup_engine, PEERUP, ENGINE, GObject)

/* The properties. */
/**
 * PeerupEngine:config-path:
 *
 * The absolute path of the configuration file; %NULL for an engine without one.
 */
/**
 * PeerupEngine:flags:
 *
 * What the engine is for.
 */
/**
 * PeerupEngine:state:
 *
 * How far it is in its life.
 */
/**
 * PeerupEngine:peer-id:
 *
 * Its peer ID in base58; %NULL while it is stopped.
 */
/**
 * PeerupEngine:started-at:
 *
 * Seconds since 1970 when it came to run, 0 while it does not.
 */
/**
 * PeerupEngine:listen-addresses:
 *
 * Multiaddrs where peers reach it, each with `/p2p/ID`.
 */
/**
 * PeerupEngine:problems:
 *
 * What is wrong now and for long, one sentence each.
 */
/**
 * PeerupEngine:peers:
 *
 * A list of [class@Peer].
 */
/**
 * PeerupEngine:services:
 *
 * A list of [class@Service].
 */
/**
 * PeerupEngine:forwards:
 *
 * A list of [class@Forward].
 */
/**
 * PeerupEngine:relay-state:
 *
 * What it is as a relay of others.
 */
/**
 * PeerupEngine:relay-reservations:
 *
 * How many peers can be reached through it.
 */
/**
 * PeerupEngine:config-deadline:
 *
 * Seconds since 1970 when a change of the configuration that waits to be confirmed is taken back, 0 without one.
 */
/**
 * PeerupEngine:identity-store:
 *
 * Where the private key of the identity is: "file", or "keyring" for the login keyring of the desktop.
 */
/**
 * PeerupEngine:relay-circuits:
 *
 * How many circuits it carries for others.
 */

PeerupEngine *peerup_engine_new (const char *config_path, PeerupEngineFlags flags);
const char *peerup_engine_get_config_path (PeerupEngine *self);
PeerupEngineState peerup_engine_get_state (PeerupEngine *self);
const char *peerup_engine_get_peer_id (PeerupEngine *self);
gint64 peerup_engine_get_started_at (PeerupEngine *self);
gint64 peerup_engine_get_config_deadline (PeerupEngine *self);
const char *peerup_engine_get_identity_store (PeerupEngine *self);
char **peerup_engine_dup_listen_addresses (PeerupEngine *self);
char **peerup_engine_dup_problems (PeerupEngine *self);
GListModel *peerup_engine_get_peers (PeerupEngine *self);
GListModel *peerup_engine_get_services (PeerupEngine *self);
GListModel *peerup_engine_get_forwards (PeerupEngine *self);

void peerup_engine_start_async (PeerupEngine *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean peerup_engine_start_finish (PeerupEngine *self, GAsyncResult *result, GError **error);
void peerup_engine_stop_async (PeerupEngine *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean peerup_engine_stop_finish (PeerupEngine *self, GAsyncResult *result, GError **error);

void peerup_engine_connect_async (PeerupEngine *self, const char *peer, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
PeerupPeer *peerup_engine_connect_finish (PeerupEngine *self, GAsyncResult *result, GError **error);
void peerup_engine_ping_async (PeerupEngine *self, const char *peer, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
gint64 peerup_engine_ping_finish (PeerupEngine *self, GAsyncResult *result, GError **error);
PeerupForward *peerup_engine_add_forward (PeerupEngine *self, const char *peer, const char *service, const char *listen,
                                          gboolean any_address, GError **error);
PeerupService *peerup_engine_expose (PeerupEngine *self, const char *name, const char *address, GError **error);
gboolean peerup_engine_unexpose (PeerupEngine *self, const char *name, GError **error);
void peerup_engine_remove_forward (PeerupEngine *self, PeerupForward *forward);

G_END_DECLS
