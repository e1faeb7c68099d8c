/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config-monitor.h"
#include "engine/peerup-address-book.h"
#include "engine/peerup-engine-autonat.h"
#include "engine/peerup-engine-change.h"
#include "engine/peerup-engine-devices.h"
#include "engine/peerup-engine-group.h"
#include "engine/peerup-engine-identity.h"
#include "engine/peerup-engine-keep.h"
#include "engine/peerup-engine-lan.h"
#include "engine/peerup-engine-nat.h"
#include "engine/peerup-engine-observe.h"
#include "engine/peerup-engine-original.h"
#include "engine/peerup-engine-pairing.h"
#include "engine/peerup-engine-paths.h"
#include "engine/peerup-engine-peer-relay.h"
#include "engine/peerup-engine-peer-services.h"
#include "engine/peerup-engine-prompts.h"
#include "engine/peerup-engine-relay-choice.h"
#include "engine/peerup-engine-relay.h"
#include "engine/peerup-engine-rendezvous.h"
#include "engine/peerup-engine-store.h"
#include "engine/peerup-engine-stun.h"
#include "engine/peerup-engine-trust.h"
#include "engine/peerup-engine.h"
#include "engine/peerup-peer-list.h"
#include "engine/peerup-problems.h"
#include "engine/peerup-service-set.h"
#include "protocols/peerup-ping.h"
#include "relay/peerup-relay-client.h"
#include "service/peerup-log.h"
#include "tunnel/peerup-forward-private.h"
#include "trust/peerup-file-watch.h"
#include "tunnel/peerup-service-private.h"

G_BEGIN_DECLS

/* Microseconds that open streams get to end when the engine stops. */
#define PEERUP_ENGINE_DRAIN_TIME (5 * G_USEC_PER_SEC)
/* Microseconds a ping may take, connecting included. */
#define PEERUP_ENGINE_PING_TIMEOUT (15 * G_USEC_PER_SEC)

/* What the engine's own files and the rooms above share. The engine calls of C return
 * futures; peerup-engine.h wraps them for everybody else. */
struct _PeerupEngine
{
  GObject parent_instance;

  char *config_path; /* nullable, absolute */
  char *profile;     /* nullable: whose lines of the log are its */
  PeerupEngineFlags flags;
  PeerupEngineState state;
  gint64 started_at;

  /* Present from the start to the end of a run. */
  PeerupConfig *config; /* nullable */
  PeerupConfigMonitor *monitor;
  PeerupEngineStore *store; /* NULL for an engine that only dials */
  PeerupPrivateKey *identity;
  char *identity_file;      /* nullable: where it is from */
  PeerupEngineTrust *trust; /* NULL: nothing is admitted */
  PeerupSwarm *swarm;
  PeerupIdentify *identify;
  PeerupRelayClient *relays;
  PeerupEnginePaths *paths;
  PeerupEngineChange *change;
  PeerupEnginePeerServices *peer_services;
  PeerupEngineKeep *keep;                /* NULL for an engine that only dials */
  PeerupEngineRelay *relay;              /* NULL for an engine that only dials */
  PeerupEngineRendezvous *rendezvous;    /* likewise */
  PeerupEngineStun *stun;                /* likewise */
  PeerupEnginePeerRelay *peer_relay;     /* likewise */
  PeerupEngineRelayChoice *relay_choice; /* likewise */
  PeerupEngineNat *nat;                  /* likewise */
  PeerupEngineAutonat *autonat;          /* likewise */
  PeerupEngineLan *lan;                  /* likewise */
  PeerupEngineOriginal *original;        /* likewise */
  PeerupEngineGroup *group;              /* likewise */
  PeerupEnginePairing *pairing;          /* likewise */
  PeerupAddressBook *book;
  PeerupFileWatch *certificate_watches[2]; /* NULL without such a file; of secure WebSockets */
  GHashTable *pingers;                     /* PeerupPeerId to PeerupPinger */
  PeerupEngineObserver *observer;          /* NULL unless somebody may watch */

  /* Present always. */
  GMainContext *context;
  struct _PeerupEngineEvents *events;
  PeerupPeerList *peers;
  PeerupServiceSet *services;
  PeerupEnginePrompts *prompts;
  GListStore *forwards;
  PeerupEngineDevices *devices;
  PeerupProblems *problems;
  PeerupEngineIdentity *identity_store;
  GHashTable *listen_errors;        /* configured address to why it is not listened on */
  gboolean keys_refused;            /* the authorizations in force are older than the configuration */
  PeerupEngineRelayInfo told_relay; /* as it was notified last */
};

/* Before the start: lines of the log that are known to be this engine's name the profile (nullable). */
void peerup_engine_set_profile (PeerupEngine *self, const char *profile);
/* A message of this engine's: as g_log(). */
#define peerup_engine_say(self, level, ...) \
  peerup_log ((level), &(const PeerupLogFields) { .profile = (self)->profile }, __VA_ARGS__)

/* The writers of properties. */
void peerup_engine_set_state (PeerupEngine *self, PeerupEngineState state);
void peerup_engine_set_problem (PeerupEngine *self, const char *key, const char *text);
void peerup_engine_notify_addresses (PeerupEngine *self);
void peerup_engine_notify_relay (PeerupEngine *self);
void peerup_engine_notify_config_deadline (PeerupEngine *self);
void peerup_engine_notify_identity_store (PeerupEngine *self);
void peerup_engine_emit_grant_ending (PeerupEngine *self, const char *peer_id, const char *name, const char *service,
                                      gint64 until);
/* Emits "trust-changed". */
void peerup_engine_emit_trust_changed (PeerupEngine *self);
/* Emits "group-changed". */
void peerup_engine_emit_group_changed (PeerupEngine *self, const char *id);

/* Emits "event": for peerup-engine-events.c. */
void peerup_engine_emit_event (PeerupEngine *self, const char *name, GVariant *details);

/* Resolves to TRUE when the engine runs. Rejects with what is wrong with the files
 * (PEERUP_ERROR_CONFIG, NOT_FOUND, PERMISSION, MALFORMED), or with UNREACHABLE when no
 * configured address could be listened on; the engine is then stopped. */
DexFuture *peerup_engine_start (PeerupEngine *self) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE when everything is closed. Streams get PEERUP_ENGINE_DRAIN_TIME, or less
 * if @cancellable (nullable) is cancelled. Never rejects. */
DexFuture *peerup_engine_stop (PeerupEngine *self, GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;

/* Whether what a peer begins is welcome; @engine is a PeerupEngine. */
gboolean peerup_engine_admits (PeerupPeerId *peer, gpointer engine);
/* Whether @peer is in authorized_keys, which with connection gating off nobody is, and no guest. */
gboolean peerup_engine_authorizes (PeerupEngine *self, PeerupPeerId *peer);
/* PeerupServiceAdmitFunc; @engine is a PeerupEngine. */
gboolean peerup_engine_admits_to_service (PeerupService *service, PeerupPeerId *peer, PeerupConnection *connection,
                                          gpointer engine);
/* PeerupServiceAskFunc; @engine is a PeerupEngine. */
DexFuture *peerup_engine_asks_about_service (PeerupService *service, PeerupPeerId *peer,
                                             gpointer engine) G_GNUC_WARN_UNUSED_RESULT;
/* Notes whether people have compared what there is to verify of @peer. CONFIG; as peerup_verification_set(), blocking.
 */
gboolean peerup_engine_set_verified (PeerupEngine *self, PeerupPeerId *peer, gboolean verified, GError **error);
/* Lets peers see of us what they may, from when there is a swarm. */
void peerup_engine_show_view (PeerupEngine *self);
/* The parts of taking a configuration into use: what is served, how much of
 * it, which file changes are followed, where to listen. */
void peerup_engine_serve (PeerupEngine *self, PeerupConfig *config);
/* The certificate of secure WebSockets, for who connects from now on; its files are followed. @config: nullable, for
 * none. */
void peerup_engine_apply_certificate (PeerupEngine *self, PeerupConfig *config);
void peerup_engine_apply_congestion (PeerupEngine *self, PeerupConfig *config);
/* @config: nullable, for the defaults of this machine. Nothing that is there is ended. */
void peerup_engine_apply_limits (PeerupEngine *self, PeerupConfig *config);
/* Into the log, for who wonders: what @config says that nothing goes by. */
void peerup_engine_tell_idle_keys (PeerupEngine *self, PeerupConfig *config);
gboolean peerup_engine_watch_config (PeerupEngine *self, GError **error);
/* Resolves to TRUE when at least one address of @config is listened on; the others become
 * problems. Rejects with UNREACHABLE. Addresses that @old (nullable) has are left alone, but
 * those that could not be listened on. */
DexFuture *peerup_engine_listen (PeerupEngine *self, PeerupConfig *old, PeerupConfig *config) G_GNUC_WARN_UNUSED_RESULT;
/* Tries those that could not be listened on, when what was in their way may have gone. */
void peerup_engine_listen_again (PeerupEngine *self);

/* As peerup_peer_argument_parse() with the engine's configuration; an address goes to the
 * peerstore. NOT_FOUND for ourselves. CLOSED if the engine does not run. */
PeerupPeerId *peerup_engine_resolve (PeerupEngine *self, const char *peer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As peerup_engine_expose(), for @allowed_peers (nullable, element-type PeerupPeerId) alone. */
PeerupService *peerup_engine_expose_to (PeerupEngine *self, const char *name, const char *address,
                                        GPtrArray *allowed_peers, GError **error);
/* (transfer full): what messages call the peer. */
char *peerup_engine_describe (PeerupEngine *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to the PeerupPeer, connected. Rejects as peerup_engine_resolve() and peerup_swarm_connect(). */
DexFuture *peerup_engine_connect (PeerupEngine *self, const char *peer) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to microseconds (int64). Rejects as connect, and with TIMEOUT. */
DexFuture *peerup_engine_ping (PeerupEngine *self, const char *peer) G_GNUC_WARN_UNUSED_RESULT;
/* @answer, which is taken and may be dropped at any time, or TIMEOUT after PEERUP_ENGINE_PING_TIMEOUT. */
DexFuture *peerup_engine_answer_in_time (DexFuture *answer, const char *peer) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer none): what peers take and were refused; NULL while the engine is stopped. */
PeerupLimits *peerup_engine_get_limits (PeerupEngine *self);
/* (nullable) (transfer none): NULL while the engine is stopped. */
PeerupRelayClient *peerup_engine_get_relays (PeerupEngine *self);
/* (nullable) (transfer none): what it relays for others; NULL while it is stopped, or if it only dials. */
PeerupEngineRelay *peerup_engine_get_relay (PeerupEngine *self);
/* (transfer full) of PeerupConnection: the live ones, peers in the order of their list, best first for each. */
GPtrArray *peerup_engine_dup_connections (PeerupEngine *self) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer none): the name that the configuration gives @peer. */
const char *peerup_engine_get_name_of (PeerupEngine *self, PeerupPeerId *peer);
/* (nullable) (transfer none) of PeerupMultiaddr: where the configuration says to listen; NULL for an
 * engine that only dials, or is stopped. */
GPtrArray *peerup_engine_get_configured_addresses (PeerupEngine *self);
/* (nullable) (transfer none): why a configured @address is not listened on. */
const char *peerup_engine_get_listen_error (PeerupEngine *self, PeerupMultiaddr *address);
/* "127.0.0.1:2222" of a forward that listens. */
char *peerup_engine_forward_address (PeerupForward *forward) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
