/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-listener.h"

G_BEGIN_DECLS

/* The programs at both ends of a tunnel: plain non-blocking sockets that the test works by
 * hand, with the main context running wherever it has to wait. */

/* A TCP server that keeps what it accepts. */
typedef struct
{
  PeerupListener *listener;
  GQueue accepted; /* of descriptors */
} Server;

void server_start (Server *self);
void server_stop (Server *self);
/* Waits for a connection. */
int server_take (Server *self);
/* A loopback port on which nobody listens. */
guint sockets_unused_port (void);

/* Connects to [::1] or 127.0.0.1. */
int client_connect (gboolean v6, guint port);
void client_send (int fd, const char *text);
void client_half_close (int fd);
/* Closes with a reset. */
void client_abort (int fd);
/* Waits until exactly @text has come. */
void client_expect (int fd, const char *text);
void client_expect_end (int fd);
void client_expect_reset (int fd);

G_END_DECLS
