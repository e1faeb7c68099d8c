/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Shows the code of an open invite in every form, the time it has left, and the wrong guesses at it. */
#define PEERUP_TYPE_INVITE_CODE_PAGE (peerup_invite_code_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupInviteCodePage, peerup_invite_code_page, PEERUP, INVITE_CODE_PAGE, AdwNavigationPage)

/* @invite: what CreateInvite has said of it, a{sv}. */
PeerupInviteCodePage *peerup_invite_code_page_new (GVariant *invite) G_GNUC_WARN_UNUSED_RESULT;
/* @guesses: wrong ones so far. */
void peerup_invite_code_page_set_guesses (PeerupInviteCodePage *self, guint guesses);

G_END_DECLS
