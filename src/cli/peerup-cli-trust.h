/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"
#include "trust/peerup-grants.h"

G_BEGIN_DECLS

/* The files of trust as commands use them: a running daemon follows what is changed in them. */

/* (nullable) (transfer none): CONFIG if @config names no authorized_keys file. */
const char *peerup_cli_get_keys_file (PeerupConfig *config, GError **error);
/* (transfer full) of PeerupGrant. */
GPtrArray *peerup_cli_load_grants (PeerupConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer none): the name that @config gives @peer, or its ID. */
const char *peerup_cli_call_peer (PeerupConfig *config, PeerupPeerId *peer);
/* (transfer floating) of a grant: peer_id, name, service, until (RFC 3339, left out: for ever), active, comment. */
GVariant *peerup_cli_describe_grant (PeerupConfig *config, const PeerupGrant *grant, gint64 now);
gint64 peerup_cli_get_now (void);

G_END_DECLS
