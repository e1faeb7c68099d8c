/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-dbus.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* The calls about grants. Each completes @invocation, which it takes. */
void peerup_control_list_grants (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine);
void peerup_control_add_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                               const char *peer, const char *service, gint64 until);
void peerup_control_extend_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                  const char *peer, const char *service, gint64 until);
void peerup_control_revoke_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                  const char *peer, const char *service);
/* Emits GrantEnding for @engine's signal, as long as @object lives. */
void peerup_control_follow_grants (PeerupDBusEngine1 *object, PeerupEngine *engine);

G_END_DECLS
