/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-routes.h"

G_BEGIN_DECLS

/* The endpoints of the original's daemon: for its scripts, which find the same names, order and texts here. Handlers
 * take no data. */
const PeerupHttpRoute *peerup_http_original_get_routes (guint *n_routes);

/* POST /v1/ping: bounded in all ways, and over when its client goes. */
DexFuture *peerup_http_original_ping_peer (PeerupHttpRequest *request, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
