/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-findings.h"
#include "config/peerup-config.h"

G_BEGIN_DECLS

/* The doctor's judgement. Each adds what it finds of one check, from what it is given. */

/* The files, which are read (blocking). */

/* (transfer full) (nullable): the configuration, for the checks of what it names. */
PeerupConfig *peerup_check_configuration (PeerupFindings *findings, const char *path) G_GNUC_WARN_UNUSED_RESULT;
void peerup_check_identity (PeerupFindings *findings, PeerupConfig *config);
/* @now: seconds since 1970. */
void peerup_check_authorized_keys (PeerupFindings *findings, PeerupConfig *config, gint64 now);

/* @status: as adjtimex() gives it: TIME_ERROR where nothing keeps the clock right. */
void peerup_check_clock (PeerupFindings *findings, int status);

/* What the running daemon told. */
typedef struct
{
  const char *config_path;
  const char *version;
  guint process_id;
  gint64 uptime;                /* seconds */
  const char *const *addresses; /* nullable */
  GVariant *facts;              /* as GetDiagnostics gives them */
  GVariant *connections;        /* as ListConnections */
  GVariant *limits;             /* as ListLimits */
  GVariant *relay;              /* as GetRelayService */
  GVariant *relays;             /* as ListRelays */
  GVariant *network;            /* as GetNetwork */
  guint64 receive_max;          /* bytes that the system lets a program ask for; 0: not known */
  guint64 send_max;
} PeerupDaemonFacts;

/* All that follow, and the daemon itself. */
void peerup_check_running (PeerupFindings *findings, const PeerupDaemonFacts *daemon);

void peerup_check_daemon (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_listening (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_main_loop (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_relay (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_limits (PeerupFindings *findings, const PeerupDaemonFacts *daemon);

void peerup_check_interfaces (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_stun (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_nat (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_port_mapping (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_firewall (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_reachability (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_relays (PeerupFindings *findings, const PeerupDaemonFacts *daemon);

void peerup_check_udp (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_udp_buffers (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_udp_offload (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_path_mtu (PeerupFindings *findings, const PeerupDaemonFacts *daemon);
void peerup_check_congestion (PeerupFindings *findings, const PeerupDaemonFacts *daemon);

G_END_DECLS
