/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-object-list.h"
#include "app/model/peerup-objects.h"
#include "control/peerup-dbus.h"
#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* What a window has of an engine: the daemon's that runs for the profile, or, where none runs, one of its own in a
 * thread of its own, which then serves the profile's sockets as a daemon would, so that there is never a second. All
 * that is known comes from there by proxies, and the lists stay the same when the engine is another one.
 *
 * Properties (all notify): "state" (PeerupSessionState), "error-text" (why it is FAILED or GONE, in words for people;
 * nullable), "embedded" (the engine is this program's), "engine" (PeerupDBusEngine1, NULL unless it is RUNNING),
 * "devices", "peers", "services", "forwards", "invites", "grants", "relays", "prompts" (PeerupObjectList, constant).
 *
 * Signal "event" (const char *name, GVariant *parameters), detailed by the name: a signal of Engine1, as
 * "event::JoinProgress". */
#define PEERUP_TYPE_SESSION (peerup_session_get_type ())
G_DECLARE_FINAL_TYPE (PeerupSession, peerup_session, PEERUP, SESSION, GObject)

typedef enum
{
  PEERUP_SESSION_STOPPED,  /* not started, or stopped by us */
  PEERUP_SESSION_STARTING, /* an engine is looked for, or made */
  PEERUP_SESSION_RUNNING,
  PEERUP_SESSION_FAILED, /* there is none and none could be made */
  PEERUP_SESSION_GONE,   /* the daemon has ended, or somebody has stopped ours */
} PeerupSessionState;

#define PEERUP_TYPE_SESSION_STATE (peerup_session_state_get_type ())
GType peerup_session_state_get_type (void) G_GNUC_CONST;

/* @config_path: absolute; it need not exist: a new device is made at the first start. */
PeerupSession *peerup_session_new (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
/* Looks for an engine; also again, when it is FAILED or GONE. Nothing while it is STARTING or RUNNING. */
void peerup_session_start (PeerupSession *self);
/* Leaves the engine, and stops it if it is ours: its streams get up to 5 seconds, or less if @cancellable is
 * cancelled. Never fails. */
void
peerup_session_stop_async (PeerupSession *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
void peerup_session_stop_finish (PeerupSession *self, GAsyncResult *result);

const char *peerup_session_get_config_path (PeerupSession *self);
PeerupSessionState peerup_session_get_state (PeerupSession *self);
gboolean peerup_session_is_embedded (PeerupSession *self);
/* (nullable): why it is FAILED or GONE. */
const GError *peerup_session_get_error (PeerupSession *self);
/* (nullable) (transfer none) */
PeerupDBusEngine1 *peerup_session_get_engine (PeerupSession *self);
PeerupObjectList *peerup_session_get_devices (PeerupSession *self);
PeerupObjectList *peerup_session_get_peers (PeerupSession *self);
PeerupObjectList *peerup_session_get_services (PeerupSession *self);
PeerupObjectList *peerup_session_get_forwards (PeerupSession *self);
PeerupObjectList *peerup_session_get_invites (PeerupSession *self);
PeerupObjectList *peerup_session_get_grants (PeerupSession *self);
PeerupObjectList *peerup_session_get_relays (PeerupSession *self);
PeerupObjectList *peerup_session_get_prompts (PeerupSession *self);

/* One operation of Engine1: @parameters is the tuple of what goes in (a floating one is consumed; NULL for none). It
 * has no time limit but the operation's own. PEERUP_ERROR_CLOSED while no engine runs. */
void peerup_session_call_async (PeerupSession *self, const char *operation, GVariant *parameters,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* (transfer full): the tuple of what comes out. The error's text is for people. */
GVariant *
peerup_session_call_finish (PeerupSession *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
