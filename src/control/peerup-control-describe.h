/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* What the D-Bus interface shows of the engine's objects, each an a{sv}; floating. The
 * keys are described in data/dbus. */
GVariant *peerup_control_describe_peer (PeerupPeer *peer);
/* "disconnected", "connecting", "connected". Static. */
const char *peerup_control_peer_state_word (PeerupPeer *peer);
/* "prepared", "committed", "complete". Static. */
const char *peerup_control_pairing_word (PeerupPairingRecordState state);
GVariant *peerup_control_describe_service (PeerupEngine *engine, PeerupService *service);
GVariant *peerup_control_describe_forward (PeerupForward *forward, const char *id);
GVariant *peerup_control_describe_limit (PeerupLimits *limits, PeerupLimit limit);
/* @now: monotonic µs. */
GVariant *peerup_control_describe_relay (const PeerupRelayInfo *info, gint64 now);
/* @name: nullable. */
GVariant *peerup_control_describe_connection (PeerupConnection *connection, const char *name);
GVariant *peerup_control_describe_stream (PeerupStream *stream);
/* Of the calling thread's reactor, too. */
GVariant *peerup_control_describe_diagnostics (PeerupEngine *engine);

G_END_DECLS
