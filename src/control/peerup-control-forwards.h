/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-caller.h"
#include "tunnel/peerup-forward.h"

G_BEGIN_DECLS

typedef struct _PeerupControl PeerupControl;

/* The forwards that callers have made, and what they are called. Each ends with its caller, unless it was to be kept.
 */
typedef struct _PeerupControlForwards PeerupControlForwards;

PeerupControlForwards *peerup_control_forwards_new (PeerupControl *control) G_GNUC_WARN_UNUSED_RESULT;
void peerup_control_forwards_free (PeerupControlForwards *self);

G_END_DECLS
