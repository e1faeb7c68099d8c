/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Who may use the services of this device, in words: what the lists of devices and grants say together. Signal
 * "changed": the words may be others now. */
#define PEERUP_TYPE_SHARE_USERS (peerup_share_users_get_type ())
G_DECLARE_FINAL_TYPE (PeerupShareUsers, peerup_share_users, PEERUP, SHARE_USERS, GObject)

PeerupShareUsers *peerup_share_users_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
/* One line about @service. */
char *peerup_share_users_describe (PeerupShareUsers *self, PeerupDBusService1 *service) G_GNUC_WARN_UNUSED_RESULT;
/* For a label of its own; to be isolated in a sentence. */
char *peerup_share_users_dup_name (PeerupShareUsers *self, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;
/* Of a grant, which has a name of its own. */
char *peerup_share_users_dup_grant_name (PeerupShareUsers *self, PeerupDBusGrant1 *grant) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
