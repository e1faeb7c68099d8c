/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

#include "protocols/peerup-dcutr.h"
#include "protocols/peerup-identify.h"
#include "protocols/peerup-ping.h"
#include "relay/peerup-relay-client.h"
#include "relay/peerup-relay-server.h"

G_BEGIN_DECLS

/* Our program of the interoperability suite: README.md is the contract it keeps. Everything
 * that waits runs in fibers of the main thread. */

#define INTEROP_ECHO   "/echo/1.0.0"
#define INTEROP_SINK   "/sink/1.0.0"
#define INTEROP_SOURCE "/source/1.0.0"
#define INTEROP_RESET  "/reset/1.0.0"
#define INTEROP_NOBODY "/nobody/serves/this/1.0.0"

/* What the byte sent to INTEROP_RESET is added to for the code of the reset, unless it is 0. */
#define INTEROP_CODES 0x1000

/* The command line, as given. */
typedef struct
{
  char *transport;   /* NULL: tcp */
  char *certificate; /* of a listener with wss, as the next */
  char *certificate_key;
  char *security;   /* not over QUIC, but inside of circuits */
  char *at;         /* where to listen; NULL: any port of loopback */
  gboolean punches; /* upgrades relayed connections to direct ones */
  char *key;
  char **allow;
  char **services;
  char *address;
  char *relay; /* to reserve at; NULL: none */
  char *action;
  char *protocol;
  gint64 bytes; /* -1: the case's own */
  int count;    /* 0: the case's own */
  int code;
  int streams;     /* a peer may have open; 0: the swarm's own */
  gboolean relays; /* a listener that serves hop too: bytes and count (seconds) bound its circuits */
  int ttl;         /* seconds of its reservations; 0: the relay's own */
  double timeout;
  char *check; /* autonat: what to ask about */
} InteropOptions;

gboolean interop_options_want_quic (const InteropOptions *options);

/* Both are called in a fiber and serve @swarm as the contract says. G_OPTION_ERROR: the caller
 * was asked for something that is not in the contract; nothing has been printed then. */
gboolean interop_listen (PeerupSwarm *swarm, PeerupRelayClient *relays, const InteropOptions *options, GError **error);
/* Whether the options name a case and an address; G_OPTION_ERROR. Asked before interop_dial(). */
gboolean interop_dial_check (const InteropOptions *options, GError **error);
/* FALSE without an error: the case failed, and its result line has said so. */
gboolean interop_dial (PeerupSwarm *swarm, const InteropOptions *options, GError **error);

/* autonat: serves it, or asks @options->address; in a fiber. FALSE without an error as above. */
gboolean interop_autonat (PeerupSwarm *swarm, const InteropOptions *options, GError **error);

/* Serves hop as the options say, and tells how much it has to do. */
PeerupRelayServer *interop_relay_serve (PeerupSwarm *swarm, const InteropOptions *options) G_GNUC_WARN_UNUSED_RESULT;
/* Keeps a reservation at @address from now on, and tells of each; once for a program. */
gboolean interop_relay_reserve (PeerupRelayClient *relays, PeerupSwarm *swarm, const char *address, GError **error);

/* Upgrades relayed connections to direct ones from now on, either way round: our sockets are where the first peer that
 * is no relayed one sees us. */
PeerupDcutr *interop_punch (PeerupSwarm *swarm, PeerupIdentify *identify) G_GNUC_WARN_UNUSED_RESULT;

/* Lines of JSON. @members is (transfer full), and gets @event as its first member. */
void interop_emit (const char *event, JsonObject *members);
void interop_print (FILE *file, JsonObject *members);
JsonArray *interop_strings (const char *const *strings) G_GNUC_WARN_UNUSED_RESULT;
/* With /p2p of @peer at the end. */
JsonArray *interop_addresses_of (GPtrArray *addresses, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
void interop_describe_connection (JsonObject *members, PeerupConnection *connection);
void interop_describe_info (JsonObject *members, PeerupPeerInfo *info);

/* Reads lines of standard input and calls @func with each. Resolves to TRUE at "quit", end of file or SIGTERM. */
typedef void (*InteropLineFunc) (const char *line, gpointer data);
DexFuture *interop_read_commands (InteropLineFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* What a listener serves, and "protocol ID" adds: /echo/1.0.0 under the name @protocol. */
void interop_serve (PeerupSwarm *swarm);
void interop_serve_echo (PeerupSwarm *swarm, const char *protocol);

/* The pattern. Sends @n bytes of it from @offset on, and hashes them where @sum is given. */
gboolean
interop_send (PeerupStream *stream, guint64 offset, guint64 n, GChecksum *sum, gint64 deadline, GError **error);
/* Reads to the end; FALSE where the bytes are not the pattern from @offset on. */
gboolean
interop_receive (PeerupStream *stream, guint64 offset, guint64 *n, GChecksum *sum, gint64 deadline, GError **error);

G_END_DECLS
