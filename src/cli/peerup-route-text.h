/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The way to a peer in words and as JSON. The dictionaries are those of Trace, Resolve and ListPaths. */

/* A line a hop, and below them why it is this way. */
char *peerup_route_text_trace (GVariant *trace, const char *target) G_GNUC_WARN_UNUSED_RESULT;
/* Floating; the names of the keys are those that scripts know from the first Peer-Up: target, target_id, path and hops
 * (hop, peer_id, name, address, rtt_ms), with explanation, and in each hop transport and leg_ms. */
GVariant *peerup_route_describe_trace (GVariant *trace, const char *target);
char *peerup_route_text_resolve (GVariant *answer, const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* Floating: name, peer_id, source ("local_config", "peer_id" or "address"), connected, addresses. */
GVariant *peerup_route_describe_resolve (GVariant *answer, const char *name);
/* What ListPaths tells of a peer, below the line that names it: why, each path, and what happened last. */
char *peerup_route_text_paths (GVariant *paths, gint64 now) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
