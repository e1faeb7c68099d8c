/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"

G_BEGIN_DECLS

/* One command a file: cmd-NAME.c. */
int cmd_init (PeerupCli *cli);
int cmd_whoami (PeerupCli *cli);
int cmd_identity_show (PeerupCli *cli);
int cmd_identity_keyring (PeerupCli *cli);
int cmd_identity_file (PeerupCli *cli);
int cmd_daemon (PeerupCli *cli);
int cmd_proxy (PeerupCli *cli);
int cmd_ping (PeerupCli *cli);
int cmd_traceroute (PeerupCli *cli);
int cmd_resolve (PeerupCli *cli);
int cmd_service_add (PeerupCli *cli);
int cmd_service_find (PeerupCli *cli);
int cmd_service_remove (PeerupCli *cli);
int cmd_service_enable (PeerupCli *cli);
int cmd_service_disable (PeerupCli *cli);
int cmd_service_list (PeerupCli *cli);
int cmd_service_acl (PeerupCli *cli);
int cmd_grant_list (PeerupCli *cli);
int cmd_grant_add (PeerupCli *cli);
int cmd_grant_extend (PeerupCli *cli);
int cmd_grant_revoke (PeerupCli *cli);
int cmd_relay_setup (PeerupCli *cli);
int cmd_relay_check (PeerupCli *cli);
int cmd_relay_info (PeerupCli *cli);
int cmd_relay_list (PeerupCli *cli);
int cmd_relay_add (PeerupCli *cli);
int cmd_relay_remove (PeerupCli *cli);
int cmd_relay_authorize (PeerupCli *cli);
int cmd_relay_pair (PeerupCli *cli);
int cmd_invite (PeerupCli *cli);
int cmd_invite_list (PeerupCli *cli);
int cmd_invite_cancel (PeerupCli *cli);
int cmd_join (PeerupCli *cli);
int cmd_verify (PeerupCli *cli);
int cmd_pairing_list (PeerupCli *cli);
int cmd_pairing_undo (PeerupCli *cli);
int cmd_prompt_answer (PeerupCli *cli);
int cmd_prompt_list (PeerupCli *cli);
int cmd_prompt_watch (PeerupCli *cli);
int cmd_auth_add (PeerupCli *cli);
int cmd_auth_list (PeerupCli *cli);
int cmd_auth_remove (PeerupCli *cli);
int cmd_auth_validate (PeerupCli *cli);
int cmd_status (PeerupCli *cli);
int cmd_connections (PeerupCli *cli);
int cmd_doctor (PeerupCli *cli);
int cmd_stop (PeerupCli *cli);
int cmd_relay_serve (PeerupCli *cli);
int cmd_relay_drain (PeerupCli *cli);
int cmd_relay_resume (PeerupCli *cli);
int cmd_config_validate (PeerupCli *cli);
int cmd_config_show (PeerupCli *cli);
int cmd_config_sample (PeerupCli *cli);
int cmd_config_explain (PeerupCli *cli);
int cmd_config_schema (PeerupCli *cli);
extern const GOptionEntry cmd_config_apply_options[];
int cmd_config_apply (PeerupCli *cli);
int cmd_config_confirm (PeerupCli *cli);
int cmd_config_diff (PeerupCli *cli);
int cmd_config_list (PeerupCli *cli);
int cmd_config_rollback (PeerupCli *cli);
int cmd_profile_list (PeerupCli *cli);
int cmd_log (PeerupCli *cli);
int cmd_version (PeerupCli *cli);
int cmd_help (PeerupCli *cli);
int cmd_peers (PeerupCli *cli);
int cmd_paths (PeerupCli *cli);
int cmd_services (PeerupCli *cli);
int cmd_forwards (PeerupCli *cli);
int cmd_events (PeerupCli *cli);
int cmd_connect (PeerupCli *cli);
int cmd_disconnect (PeerupCli *cli);
int cmd_expose (PeerupCli *cli);
int cmd_unexpose (PeerupCli *cli);
int cmd_daemon_ping (PeerupCli *cli);
int cmd_daemon_connect (PeerupCli *cli);
int cmd_daemon_disconnect (PeerupCli *cli);
int cmd_manual (PeerupCli *cli);
int cmd_complete (PeerupCli *cli);
int cmd_completion (PeerupCli *cli);

extern const GOptionEntry cmd_connections_options[];
extern const GOptionEntry cmd_daemon_options[];
extern const GOptionEntry cmd_init_options[];
extern const GOptionEntry cmd_invite_options[];
extern const GOptionEntry cmd_join_options[];
extern const GOptionEntry cmd_verify_options[];
extern const GOptionEntry cmd_proxy_options[];
extern const GOptionEntry cmd_ping_options[];
extern const GOptionEntry cmd_peers_options[];
extern const GOptionEntry cmd_events_options[];
extern const GOptionEntry cmd_expose_options[];
extern const GOptionEntry cmd_daemon_connect_options[];
extern const GOptionEntry cmd_relay_drain_options[];
extern const GOptionEntry cmd_service_add_options[];
extern const GOptionEntry cmd_service_acl_options[];
extern const GOptionEntry cmd_grant_options[];
extern const GOptionEntry cmd_relay_setup_options[];
extern const GOptionEntry cmd_relay_add_options[];
extern const GOptionEntry cmd_relay_pair_options[];
extern const GOptionEntry cmd_auth_add_options[];

G_END_DECLS
