/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"
#include "config/peerup-new-device.h"

G_BEGIN_DECLS

/* Where a new device has its configuration: --config, or the user's place. */
char *peerup_cli_new_device_path (PeerupCli *cli) G_GNUC_WARN_UNUSED_RESULT;
/* The configuration that is found, as peerup_cli_find_config(); where there is none it is made first, and said. */
char *peerup_cli_new_device_ensure (PeerupCli *cli, const char *network, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
