/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-server.h"

G_BEGIN_DECLS

/* The original's administration of a relay: groups made, listed and revoked at /v1/pair, with a socket and a token of
 * its own beside the relay's configuration. Its answers have no envelope. */

/* (transfer full): ".relay-admin.sock" and ".relay-admin.cookie" beside @config_path. */
char *peerup_http_original_relay_dup_socket_path (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_original_relay_dup_cookie_path (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;

/* Serves it. Freed before @control is closed. Errors as peerup_http_server_listen(). */
PeerupHttpServer *peerup_http_original_relay_new (PeerupControl *control, const char *config_path,
                                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For tests: its routes, and the answers' JSON (transfer full). @group: one of ListGroups. */
const PeerupHttpRoute *peerup_http_original_relay_get_routes (guint *n_routes);
char *peerup_http_original_relay_group_json (const char *const *codes, GVariant *group) G_GNUC_WARN_UNUSED_RESULT;
/* @groups: all of ListGroups. */
char *peerup_http_original_relay_groups_json (GVariant *groups) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
