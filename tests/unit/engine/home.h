/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "identity/peerup-private-key.h"

/* A device for tests: a directory with an identity, an authorized_keys file that names only
 * the device itself (an empty one would warn), and a configuration that listens on loopback. */
typedef struct
{
  char *directory;
  char *config;
  char *authorized_keys;
  PeerupPrivateKey *key;
} Home;

Home *home_new (void);
/* Removes every file. */
void home_free (Home *home);
const char *home_get_id (Home *home);
void home_authorize (Home *home, Home *other);
/* Replaces the configuration by the usual one and @more (YAML). */
void home_configure (Home *home, const char *more);
/* The same with @limits: "connections: 5, streams: 7". */
void home_limit (Home *home, const char *limits);
/* The same with other @addresses to listen on: "/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.1/udp/0/quic-v1". */
void home_listen (Home *home, const char *addresses);
/* Both. */
void home_listen_and (Home *home, const char *addresses, const char *more);
/* The same with a certificate for secure WebSockets. */
void home_listen_with (Home *home, const char *addresses, const char *certificate_file, const char *key_file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Home, home_free)

/* The usual configuration with network.force_private_reachability. */
void home_be_private (Home *home);

/* Runs the main context until @future (transfer full) is done. */
gboolean await_true (DexFuture *future, GError **error);
gint64 await_int64 (DexFuture *future, GError **error);
gpointer await_object (DexFuture *future, GError **error);
/* Runs it until @condition holds; fails after a minute. */
typedef gboolean (*Condition) (gpointer data);
void spin_while_not (Condition condition, gpointer data);
/* Drops the last reference of @engine (transfer full), which is stopped, and runs the main context until it is gone:
 * what was given up lets go of it in a turn of its own. */
void home_drop_engine (gpointer engine);
