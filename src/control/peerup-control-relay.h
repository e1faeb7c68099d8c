/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-dbus.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* The calls about relaying for others. Each completes @invocation, which it takes. */
void
peerup_control_get_relay_service (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine);
void peerup_control_drain_relay (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                 guint64 timeout_ms);
void peerup_control_resume_relay (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine);

G_END_DECLS
