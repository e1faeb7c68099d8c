/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control.h"

G_BEGIN_DECLS

/* What the operations List… answer, aa{sv}; floating. */
GVariant *peerup_control_list_peers (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
GVariant *peerup_control_list_services (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
GVariant *peerup_control_list_forwards (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
/* Without code, link and spoken. */
GVariant *peerup_control_list_invites (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
/* Empty for an engine that admits nobody. */
GVariant *peerup_control_list_grants (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
GVariant *peerup_control_list_relays (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;
GVariant *peerup_control_list_prompts (PeerupControl *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
