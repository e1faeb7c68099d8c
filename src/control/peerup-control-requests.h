/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Counts the calls of the control interface for the engine's metrics: how many, how long, with what
 * outcome. Costs nothing while metrics are off. */

/* @invocation has come, and counts when it has been answered. */
void peerup_control_request_begin (GDBusMethodInvocation *invocation, PeerupEngine *engine);

/* Answer with an error, which is what the call then counts as. Take @invocation. */
void peerup_control_take_error (GDBusMethodInvocation *invocation, GError *error);
void
peerup_control_return_error (GDBusMethodInvocation *invocation, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);

G_END_DECLS
