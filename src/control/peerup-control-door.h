/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control-listener.h"
#include "control/peerup-control-socket.h"

G_BEGIN_DECLS

/* The private socket of a control at its place: where it is removed while the daemon runs, by a person or by what
 * cleans up directories, it is made anew, and who is connected already does not notice. */
typedef struct _PeerupControlDoor PeerupControlDoor;

/* Microseconds that a socket may be gone before that is not well: three more tries. Longer would keep a daemon that
 * nobody reaches; and where a service manager makes the directory, as /run/peerup, a new start alone brings it back. */
#define PEERUP_CONTROL_DOOR_PATIENCE (15 * (gint64) G_USEC_PER_SEC)

/* @claim is taken over, also with an error, and freed with this. @patience: microseconds. @func is told of each client,
 * in the thread's default main context of now. */
PeerupControlDoor *peerup_control_door_new (PeerupControlClaim *claim, gint64 patience, PeerupControlListenerFunc func,
                                            gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Looks, and mends. (nullable) (transfer full): what is not well and cannot be mended, as the end of a sentence. That
 * the socket is gone is of that kind once it could not be made anew for as long as the patience lasts; until then it is
 * told in the log alone. It is tried again all the time, and all else goes on. */
char *peerup_control_door_check (PeerupControlDoor *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_control_door_free (PeerupControlDoor *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupControlDoor, peerup_control_door_free)

G_END_DECLS
