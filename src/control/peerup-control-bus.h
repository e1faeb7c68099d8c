/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _PeerupControl PeerupControl;

/* The control on a message bus: a connection of its own, the face on it, the name, and another try where one of them
 * fails or ends. */
typedef struct _PeerupControlBus PeerupControlBus;

/* NULL: for a session bus where there is no session. */
PeerupControlBus *peerup_control_bus_new (PeerupControl *control, GBusType type) G_GNUC_WARN_UNUSED_RESULT;
void peerup_control_bus_free (PeerupControlBus *self);

G_END_DECLS
