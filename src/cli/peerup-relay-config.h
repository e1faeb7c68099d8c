/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where "peerup relay setup" puts the files of a relay. */
#define PEERUP_RELAY_DIRECTORY "/etc/peerup"
#define PEERUP_RELAY_CONFIG    "relay-server.yaml"

/* The configuration of this machine's relay: @explicit_path (nullable), the first that exists of
 * ./relay-server.yaml and /etc/peerup/relay-server.yaml, else what peerup_config_find() finds.
 * NOT_FOUND with what to do; PERMISSION where it cannot be seen, with the way to see it. */
char *peerup_relay_config_find (const char *explicit_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
