/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "tunnel/peerup-forward-private.h"

/* Listens on loopback, in threads of its own, until it is dropped. */
GSocketService *echo_start (guint16 *port);
/* Through a forward to it, on which nothing else was said. */
GIOStream *echo_connect (PeerupForward *forward);
/* @text, of at most 63 bytes, comes back. */
void echo_assert (GIOStream *stream, const char *text);
