/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Which function carries out which operation. A test proves that the description and this table have the same names.
 */
#include "control/peerup-control-table.h"

#include "control/peerup-control-ops.h"

static const PeerupControlFunction functions[] = {
  { "ListPeers", peerup_control_op_list_peers },
  { "ListServices", peerup_control_op_list_services },
  { "ListPeerServices", peerup_control_op_list_peer_services },
  { "FindServices", peerup_control_op_find_services },
  { "ListTemplates", peerup_control_op_list_templates },
  { "ListForwards", peerup_control_op_list_forwards },
  { "ListLimits", peerup_control_op_list_limits },
  { "ListRelays", peerup_control_op_list_relays },
  { "GetRelayService", peerup_control_op_get_relay_service },
  { "DrainRelay", peerup_control_op_drain_relay },
  { "ResumeRelay", peerup_control_op_resume_relay },
  { "ListGrants", peerup_control_op_list_grants },
  { "AddGrant", peerup_control_op_add_grant },
  { "ExtendGrant", peerup_control_op_extend_grant },
  { "RevokeGrant", peerup_control_op_revoke_grant },
  { "ListConnections", peerup_control_op_list_connections },
  { "GetDiagnostics", peerup_control_op_get_diagnostics },
  { "Ping", peerup_control_op_ping },
  { "Resolve", peerup_control_op_resolve },
  { "Trace", peerup_control_op_trace },
  { "ListPaths", peerup_control_op_list_paths },
  { "GetNetwork", peerup_control_op_get_network },
  { "CreateInvite", peerup_control_op_create_invite },
  { "CancelInvite", peerup_control_op_cancel_invite },
  { "ListInvites", peerup_control_op_list_invites },
  { "CreateGroup", peerup_control_op_create_group },
  { "RevokeGroup", peerup_control_op_revoke_group },
  { "ListGroups", peerup_control_op_list_groups },
  { "Join", peerup_control_op_join },
  { "ListPairings", peerup_control_op_list_pairings },
  { "UndoPairing", peerup_control_op_undo_pairing },
  { "GetVerification", peerup_control_op_get_verification },
  { "SetVerified", peerup_control_op_set_verified },
  { "ListPrompts", peerup_control_op_list_prompts },
  { "AnswerPrompt", peerup_control_op_answer_prompt },
  { "WatchPrompts", peerup_control_op_watch_prompts },
  { "AddForward", peerup_control_op_add_forward },
  { "RemoveForward", peerup_control_op_remove_forward },
  { "Connect", peerup_control_op_connect },
  { "Disconnect", peerup_control_op_disconnect },
  { "Expose", peerup_control_op_expose },
  { "Unexpose", peerup_control_op_unexpose },
  { "EnableService", peerup_control_op_enable_service },
  { "AddService", peerup_control_op_add_service },
  { "ChangeService", peerup_control_op_change_service },
  { "RemoveService", peerup_control_op_remove_service },
  { "ListAuthorized", peerup_control_op_list_authorized },
  { "Authorize", peerup_control_op_authorize },
  { "Deauthorize", peerup_control_op_deauthorize },
  { "SetName", peerup_control_op_set_name },
  { "AddRelay", peerup_control_op_add_relay },
  { "RemoveRelay", peerup_control_op_remove_relay },
  { "GetConfig", peerup_control_op_get_config },
  { "CheckConfig", peerup_control_op_check_config },
  { "ApplyConfig", peerup_control_op_apply_config },
  { "ConfirmConfig", peerup_control_op_confirm_config },
  { "RollbackConfig", peerup_control_op_rollback_config },
  { "DiffConfig", peerup_control_op_diff_config },
  { "SetConfigValue", peerup_control_op_set_config_value },
  { "ListConfigs", peerup_control_op_list_configs },
  { "GetIdentity", peerup_control_op_get_identity },
  { "MoveIdentity", peerup_control_op_move_identity },
  { "SetLogLevels", peerup_control_op_set_log_levels },
  { "GetLogLevels", peerup_control_op_get_log_levels },
  { "Stop", peerup_control_op_stop },
};

const PeerupControlFunction *
peerup_control_table_get (guint *n)
{
  *n = G_N_ELEMENTS (functions);
  return functions;
}

PeerupControlOperationFunc
peerup_control_find_function (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (functions[i].name, name))
      return functions[i].function;
  return NULL;
}
