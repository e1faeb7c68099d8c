/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What operations answer, as the data of the original's answers: dictionaries (a{sv}) whose members have the original's
 * names and stand in its order. Members that the original leaves out where they are empty are left out. Everything
 * returned is floating. */

/* GET /v1/status. @properties: of Engine1. @network: GetNetwork's dictionary. @now: seconds since 1970. */
GVariant *peerup_http_original_status (GVariant *properties, GVariant *peers, GVariant *services, GVariant *network,
                                       gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* GET /v1/services, of ListServices. */
GVariant *peerup_http_original_services (GVariant *services) G_GNUC_WARN_UNUSED_RESULT;
/* GET /v1/peers, of ListPeers: those that are connected. @all: with those whose program is another one. @addresses
 * (a{sv}): where each is known to be (as), by peer ID. */
GVariant *peerup_http_original_peers (GVariant *peers, GVariant *addresses, gboolean all) G_GNUC_WARN_UNUSED_RESULT;
/* GET /v1/paths, of ListPeers: the path to each that is connected. */
GVariant *peerup_http_original_paths (GVariant *peers) G_GNUC_WARN_UNUSED_RESULT;
/* GET /v1/auth, of ListAuthorized. */
GVariant *peerup_http_original_auth (GVariant *authorized) G_GNUC_WARN_UNUSED_RESULT;
/* POST /v1/traceroute, of Trace. @target: as it was asked for. */
GVariant *peerup_http_original_trace (const char *target, GVariant *trace) G_GNUC_WARN_UNUSED_RESULT;
/* POST /v1/resolve, of Resolve. @name: as it was asked for. */
GVariant *peerup_http_original_resolve (const char *name, GVariant *answer) G_GNUC_WARN_UNUSED_RESULT;

/* POST /v1/ping: one ping. @rtt: microseconds. @path: as Ping has it, empty if there was none. @error: (nullable) */
GVariant *peerup_http_original_ping (guint seq, const char *peer_id, guint64 rtt, const char *path,
                                     const char *error) G_GNUC_WARN_UNUSED_RESULT;
/* @results: of peerup_http_original_ping(), all of them. */
GVariant *peerup_http_original_pings (GVariant *results) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
