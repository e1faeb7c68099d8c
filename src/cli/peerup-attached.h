/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"
#include "client/peerup-client.h"

G_BEGIN_DECLS

/* What a command does with the running daemon; in a fiber. */
typedef gboolean (*PeerupAttached) (PeerupCli *cli, PeerupClient *client, GError **error);

/* Attaches to the daemon of the configuration, runs @func, and tells the error of either. The code to end with. */
int peerup_attached_run (PeerupCli *cli, PeerupAttached func);
/* In a fiber: calls @method with @parameters (floating, or NULL for none). @answer (optional) gets the tuple of what it
 * gives. */
gboolean peerup_attached_call (PeerupClient *client, const char *method, GVariant *parameters, GVariant **answer,
                               GError **error);

G_END_DECLS
