/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* On which message bus the first engine can be called, beside its own socket. */
typedef enum
{
  PEERUP_DAEMON_BUS_DEFAULT, /* the session bus, where there is a session */
  PEERUP_DAEMON_BUS_NONE,
  PEERUP_DAEMON_BUS_SESSION,
  PEERUP_DAEMON_BUS_SYSTEM,
} PeerupDaemonBus;

/* Before peerup_daemon_run(). */
void peerup_daemon_set_bus (PeerupDaemonBus bus);

/* Runs engines with @flags and their controls, in the foreground, until they are told to end: the main
 * program of "peerup daemon" and "peerup relay serve". One engine for each of @configs (NULL-terminated), called what
 * @labels (nullable, as many) say; one that ends or cannot start does not end the others. @level: nullable, levels of
 * the log as in PEERUP_LOG. Blocking; one of the codes of peerup-cli.h. */
int peerup_daemon_run (PeerupCli *cli, const char *const *configs, const char *const *labels, const char *levels,
                       PeerupEngineFlags flags);

G_END_DECLS
