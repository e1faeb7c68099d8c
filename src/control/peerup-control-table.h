/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control-call.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name; /* "Ping" */
  PeerupControlOperationFunc function;
} PeerupControlFunction;

/* All of them, for tests; static. */
const PeerupControlFunction *peerup_control_table_get (guint *n);

G_END_DECLS
