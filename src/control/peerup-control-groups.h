/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-dbus.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* The calls about groups. Each completes @invocation, which it takes. */
void peerup_control_create_group (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                  GVariant *options);
void peerup_control_revoke_group (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                  const char *id);
void peerup_control_list_groups (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine);
/* Emits GroupChanged for as long as @object lives. */
void peerup_control_follow_groups (PeerupDBusEngine1 *object, PeerupEngine *engine);

G_END_DECLS
