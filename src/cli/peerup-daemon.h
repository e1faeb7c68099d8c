/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* Runs an engine with @flags and its controls, in the foreground, until it is told to end: the main
 * program of "peerup daemon" and "peerup relay serve". @find gives the configuration. */
int peerup_daemon_run (PeerupCli *cli, char *(*find) (PeerupCli *cli, GError **error), PeerupEngineFlags flags);

G_END_DECLS
