/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "../swarm/swarm-node.h"
#include "../transport/delay-line.h"

/* A connection of @node to @relay along @line: TLS and yamux, as over TCP. */
void connect_along (Node *node, Node *relay, DelayLine *line);
