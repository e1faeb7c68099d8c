/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-dbus.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* The calls about invites. Each completes @invocation, which it takes. */
void peerup_control_create_invite (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                   GVariant *options);
void peerup_control_cancel_invite (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                   guint number);
void peerup_control_list_invites (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine);

/* Emits InviteChanged on @object for the invites of @engine, each of its runs, as long as both live. */
void peerup_control_follow_invites (PeerupDBusEngine1 *object, PeerupEngine *engine);

G_END_DECLS
