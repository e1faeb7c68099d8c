/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"
#include "code/peerup-invite-code.h"

G_BEGIN_DECLS

/* Says whose code it is, as far as the code tells, and asks what that device may use here, before anything is done.
 *
 * Signal "join": the person wants to. */
#define PEERUP_TYPE_JOIN_CONFIRM (peerup_join_confirm_get_type ())
G_DECLARE_FINAL_TYPE (PeerupJoinConfirm, peerup_join_confirm, PEERUP, JOIN_CONFIRM, AdwNavigationPage)

/* @unasked: the code came by itself, so that a key that was meant for something else must not accept it. */
PeerupJoinConfirm *peerup_join_confirm_new (PeerupSession *session, const PeerupInviteCode *code,
                                            gboolean unasked) G_GNUC_WARN_UNUSED_RESULT;
/* a{sv} of Join. @wait: for a device that is away. Floating. */
GVariant *peerup_join_confirm_get (PeerupJoinConfirm *self, gboolean wait) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
