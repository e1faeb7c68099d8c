/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* Peers that relay for us: those in authorized_keys that are connected, without a relay between, and say in
 * identify that they serve hop. The nearest two of them (see peerup-peer-relays.h) are used in addition to the
 * configured relays, until they say so no more, refuse, cannot be reached or are no longer authorized. */
typedef struct _PeerupEngineRelayChoice PeerupEngineRelayChoice;

/* Of @engine, whose swarm, identify and relay client outlive it. */
PeerupEngineRelayChoice *peerup_engine_relay_choice_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_relay_choice_free (PeerupEngineRelayChoice *self);
/* Whether any are needed; at first they are. Who can be reached himself needs none and leaves the places
 * to others. */
void peerup_engine_relay_choice_set_wanted (PeerupEngineRelayChoice *self, gboolean wanted);
/* The configuration or who is authorized has changed: looks at all who are connected again. */
void peerup_engine_relay_choice_review (PeerupEngineRelayChoice *self);
/* @peer may no longer be used. */
void peerup_engine_relay_choice_revoke (PeerupEngineRelayChoice *self, PeerupPeerId *peer);

G_END_DECLS
