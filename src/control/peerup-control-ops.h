/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control-call.h"

G_BEGIN_DECLS

/* The operations, a function each, described in data/dbus; they are PeerupControlOperationFunc and stand in the files
 * peerup-control-ROOM.c by what they are about. Nobody calls them but peerup_control_invoke(). */
DexFuture *peerup_control_op_list_peers (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_services (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_peer_services (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_find_services (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_templates (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_forwards (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_limits (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_relays (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_get_relay_service (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_drain_relay (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_resume_relay (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_grants (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_add_grant (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_extend_grant (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_revoke_grant (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_connections (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_get_diagnostics (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_ping (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_resolve (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_trace (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_paths (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_get_network (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_create_invite (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_cancel_invite (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_invites (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_create_group (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_revoke_group (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_groups (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_join (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_pairings (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_undo_pairing (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_get_verification (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_set_verified (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_prompts (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_answer_prompt (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_watch_prompts (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_add_forward (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_remove_forward (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_connect (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_disconnect (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_expose (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_unexpose (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_enable_service (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_add_service (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_change_service (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_remove_service (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_authorized (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_authorize (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_deauthorize (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_set_name (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_add_relay (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_remove_relay (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_get_config (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_check_config (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_apply_config (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_confirm_config (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_rollback_config (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_diff_config (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_set_config_value (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_list_configs (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_get_identity (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_move_identity (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_stop (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_set_log_levels (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_control_op_get_log_levels (PeerupControlCall *call) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
