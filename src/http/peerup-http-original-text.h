/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The original's text form of answers: lines for grep and cut. What goes in are the data of
 * peerup-http-original-data.h; what comes out is (transfer full). */

char *peerup_http_original_status_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_original_services_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_original_peers_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_original_paths_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_original_auth_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
/* @peer: as it was asked for. */
char *peerup_http_original_pings_text (const char *peer, const char *peer_id, GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_original_trace_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_original_resolve_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
/* What has no form of its own: the texts of an a{sv}, in its order, between tabs. */
char *peerup_http_original_fields_text (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;

/* @text as Go's %q writes it, with its quotation marks. */
char *peerup_http_original_quote (const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
