/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-dbus.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* The calls about pairings, and whether people have verified them. Each completes @invocation, which it takes. */
void peerup_control_join (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                          const char *code, GVariant *options);
void peerup_control_list_pairings (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine);
void peerup_control_undo_pairing (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                  const char *peer);
void peerup_control_get_verification (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation,
                                      PeerupEngine *engine, const char *peer);
void peerup_control_set_verified (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                  const char *peer, gboolean verified);

G_END_DECLS
