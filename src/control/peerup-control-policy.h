/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>
#include <gio/gio.h>

#include "control/peerup-operations.h"

G_BEGIN_DECLS

/* The annotation of a method that says what polkit is asked for, "read" or "change", where that is not told by HTTP's
 * GET. */
#define PEERUP_OPERATION_POLKIT "dev.peerup.PeerUp.Polkit"

typedef enum
{
  PEERUP_CONTROL_READ,   /* polkit's action dev.peerup.PeerUp.read */
  PEERUP_CONTROL_CHANGE, /* dev.peerup.PeerUp.change */
} PeerupControlAction;

/* Who on the system bus may do what: root and the user of this process may do all; for others polkit is asked. */
typedef struct _PeerupControlPolicy PeerupControlPolicy;

PeerupControlPolicy *peerup_control_policy_new (GDBusConnection *bus) G_GNUC_WARN_UNUSED_RESULT;
PeerupControlPolicy *peerup_control_policy_ref (PeerupControlPolicy *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_control_policy_unref (PeerupControlPolicy *self);
PeerupControlAction peerup_control_policy_get_action (const PeerupOperation *operation);
/* Resolves to TRUE. Rejects with PERMISSION, whose text names the action, also where polkit does not answer.
 * @interactive: the caller waits while a person is asked. @cancellable ends that: the sender is gone. */
DexFuture *peerup_control_policy_check (PeerupControlPolicy *self, const char *sender, PeerupControlAction action,
                                        gboolean interactive, GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
