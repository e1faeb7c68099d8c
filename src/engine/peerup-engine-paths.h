/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "nat/peerup-nat-facts.h"
#include "swarm/peerup-path-watch.h"

G_BEGIN_DECLS

/* Sees to it that each peer in use is reached by the best path there is: whoever is reached through a relay is
 * looked for directly (known addresses, ICE, DCUtR, all at once), again after every change of either network and on a
 * timer that slows down; what was found is adopted, what dies is left. Remembers what happened, for who asks why. */
typedef struct _PeerupEnginePaths PeerupEnginePaths;

/* What happened to a peer's paths, newest last, PEERUP_ENGINE_PATH_EVENTS_MAX at most. */
#define PEERUP_ENGINE_PATH_EVENTS_MAX 32
typedef enum
{
  PEERUP_PATH_OPENED,
  PEERUP_PATH_CLOSED,
  PEERUP_PATH_SILENT,
  PEERUP_PATH_HEARD,
  PEERUP_PATH_MOVED,  /* the connection migrated */
  PEERUP_PATH_SEARCH, /* a direct path is looked for */
  PEERUP_PATH_FAILED, /* none was found; the text says why */
} PeerupPathEventType;

typedef struct
{
  PeerupPathEventType type;
  gint64 at;  /* µs since 1970 */
  char *path; /* "direct", "punched", "relayed"; nullable */
  char *text; /* one sentence: the address, why it ended or was not found */
} PeerupPathEvent;

PeerupEnginePaths *peerup_engine_paths_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_paths_free (PeerupEnginePaths *self);
/* Our NAT and where our sockets are seen from outside have become known or changed. @facts: nullable; @addresses: of
 * PeerupMultiaddr; @servers: STUN servers, the best first. */
void peerup_engine_paths_set_nat (PeerupEnginePaths *self, const PeerupNatFacts *facts, GPtrArray *addresses,
                                  const PeerupSocketAddress *servers, guint n_servers);
/* This machine's network has changed, or it has slept: every peer in use is looked for anew, at once. */
void peerup_engine_paths_changed (PeerupEnginePaths *self);
/* There are new addresses of @peer in the peerstore, near by: it is looked for there if it is in use and not reached
 * directly. */
void peerup_engine_paths_learned (PeerupEnginePaths *self, PeerupPeerId *peer);
PeerupPathWatch *peerup_engine_paths_get_watch (PeerupEnginePaths *self);
/* (transfer none) (element-type PeerupPathEvent) (nullable): NULL for a peer that was never met. */
GPtrArray *peerup_engine_paths_get_events (PeerupEnginePaths *self, PeerupPeerId *peer);
/* (transfer full): one sentence: by which path @peer is reached and why by none better, with what would help. */
char *peerup_engine_paths_explain (PeerupEnginePaths *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a direct path to @peer is looked for now; the engine's devices tell when that changes. */
gboolean peerup_engine_paths_is_searching (PeerupEnginePaths *self, PeerupPeerId *peer);
/* When a direct path is looked for next, monotonic µs; 0: it is not, as there is one or nothing is used. */
gint64 peerup_engine_paths_get_next_search (PeerupEnginePaths *self, PeerupPeerId *peer);

G_END_DECLS
