/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-paths.h"

G_BEGIN_DECLS

/* (transfer full) of PeerupPathEvent, empty. */
GPtrArray *peerup_path_history_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* At the end; the oldest make room. @connection: nullable. Takes @text. */
void peerup_path_history_add (GPtrArray *events, PeerupPathEventType type, PeerupConnection *connection, char *text);

/* "direct", "punched" or "relayed"; static. */
const char *peerup_path_get_kind (PeerupConnection *connection);
/* (transfer full): "192.0.2.7 port 4001 over QUIC"; the relay's ID of a relayed one. */
char *peerup_path_describe (PeerupConnection *connection) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) (nullable): the relay of a relayed connection. */
PeerupPeerId *peerup_path_dup_relay (PeerupConnection *connection) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
