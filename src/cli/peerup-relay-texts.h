/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the files of a relay are made of. */
typedef struct
{
  const char *directory; /* absolute */
  const char *program;   /* absolute: what the unit starts */
  const char *user;
  guint16 port;           /* of TCP and QUIC */
  guint16 websocket_port; /* 0: none */
  const char *const *public_addresses; /* nullable: IP literals to announce */
} PeerupRelayPlan;

/* MALFORMED for what cannot stand in these files: a path or user that systemd would read otherwise, an
 * address that is no IP address, equal ports. */
gboolean peerup_relay_plan_check (const PeerupRelayPlan *self, GError **error);
/* Whether the service needs a capability for its ports. */
gboolean peerup_relay_plan_has_low_port (const PeerupRelayPlan *self);

/* The contents of relay-server.yaml, authorized_keys, relay.nft, peerup-relay.service, and the drop-in for
 * ports below 1024. */
char *peerup_relay_text_config (const PeerupRelayPlan *self) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_relay_text_authorized_keys (void) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_relay_text_nft (const PeerupRelayPlan *self) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_relay_text_unit (const PeerupRelayPlan *self) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_relay_text_drop_in (void) G_GNUC_WARN_UNUSED_RESULT;

/* (nullable): where @present and @wanted differ, in lines that begin with "- " (there) and "+ " (would be
 * made); NULL if they do not. Ten lines of each at most. */
char *peerup_relay_text_compare (const char *present, const char *wanted) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
