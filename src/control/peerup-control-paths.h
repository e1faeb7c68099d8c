/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-dbus.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* The calls about where peers are, how they are reached and why. Each completes @invocation, which it takes. */
void peerup_control_resolve (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                             const char *peer);
void peerup_control_trace (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                           const char *peer);
void peerup_control_list_paths (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                const char *peer);
void peerup_control_get_network (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine);

G_END_DECLS
