/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Makes errors of PEERUP_ERROR travel over D-Bus as dev.peerup.PeerUp.Error.* and come
 * out as what they were. Once per process, on both sides; calling it again does nothing. */
void peerup_control_register_errors (void);

G_END_DECLS
