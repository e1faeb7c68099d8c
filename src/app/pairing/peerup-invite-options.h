/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What an invite is to give: the first page of Invite. It also lists the invites that are open already.
 *
 * Signal "create": the person wants one. */
#define PEERUP_TYPE_INVITE_OPTIONS (peerup_invite_options_get_type ())
G_DECLARE_FINAL_TYPE (PeerupInviteOptions, peerup_invite_options, PEERUP, INVITE_OPTIONS, AdwNavigationPage)

PeerupInviteOptions *peerup_invite_options_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
/* a{sv} for CreateInvite; floating. */
GVariant *peerup_invite_options_get (PeerupInviteOptions *self) G_GNUC_WARN_UNUSED_RESULT;
/* While one is made. */
void peerup_invite_options_set_busy (PeerupInviteOptions *self, gboolean busy);

G_END_DECLS
