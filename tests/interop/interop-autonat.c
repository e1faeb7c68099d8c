/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * autonat: serves AutoNAT v2, or asks one server one question and lets nobody in meanwhile. */

#include "interop.h"
#include "protocols/peerup-autonat.h"
#include "wire/peerup-error.h"

static gboolean
refuse (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data, GError **error)
{
  if (outbound)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "%s is not let in", peerup_peer_id_get_string (peer));
  return FALSE;
}

static void
ignore_line (const char *line, gpointer data)
{
}

static gboolean
serve (PeerupSwarm *swarm, PeerupAutonat *autonat, GError **error)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (swarm);
  PeerupPeerId *peer = peerup_swarm_get_peer_id (swarm);
  JsonObject *members = json_object_new ();
  DexFuture *ended;

  peerup_autonat_set_serving (autonat, TRUE);
  ended = interop_read_commands (ignore_line, NULL);
  json_object_set_string_member (members, "peer", peerup_peer_id_get_string (peer));
  json_object_set_array_member (members, "addrs", interop_addresses_of (addresses, peer));
  interop_emit ("listening", members);
  return dex_await (ended, error);
}

static const char *
verdict_name (PeerupAutonatVerdict verdict)
{
  static const char *const names[] = { "unknown", "reachable", "unreachable" };

  return names[verdict];
}

static PeerupAutonatAnswer *
ask (PeerupSwarm *swarm, PeerupAutonat *autonat, const InteropOptions *options, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) (options->timeout * G_USEC_PER_SEC);
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (options->address, error);
  g_autoptr (GPtrArray) known = g_ptr_array_new ();
  g_autoptr (GPtrArray) checked = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupPeerId) server = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;
  PeerupMultiaddr *check =
    server != NULL ? peerup_multiaddr_new_from_string (options->check != NULL ? options->check : "", error) : NULL;

  if (check == NULL)
    return NULL;
  g_ptr_array_add (checked, check);
  g_ptr_array_add (known, address);
  peerup_swarm_add_addresses (swarm, server, known);
  return dex_await_boxed (peerup_autonat_check (autonat, server, checked, deadline), error);
}

static gboolean
print_answer (const PeerupAutonatAnswer *answer, const GError *error)
{
  JsonObject *members = json_object_new ();

  json_object_set_string_member (members, "do", "autonat");
  json_object_set_boolean_member (members, "ok", answer != NULL);
  json_object_set_string_member (members, "verdict", answer != NULL ? verdict_name (answer->verdict) : "");
  if (answer != NULL && answer->reason != NULL)
    json_object_set_string_member (members, "reason", answer->reason);
  if (error != NULL)
    json_object_set_string_member (members, "error", error->message);
  interop_print (stdout, members);
  return answer != NULL;
}

gboolean
interop_autonat (PeerupSwarm *swarm, const InteropOptions *options, GError **error)
{
  g_autoptr (PeerupMultiaddr) at = peerup_multiaddr_new_from_string (options->at != NULL ? options->at : "", error);
  g_autoptr (PeerupIdentify) identify = NULL;
  g_autoptr (PeerupAutonat) autonat = NULL;
  g_autoptr (GError) failure = NULL;
  PeerupAutonatAnswer *answer;
  gboolean passed;

  if (at == NULL)
    return FALSE;
  identify = peerup_identify_new (swarm);
  autonat = peerup_autonat_new (swarm);
  if (options->address != NULL)
    peerup_swarm_set_gate (swarm, refuse, NULL, NULL);
  if (!dex_await (peerup_swarm_listen (swarm, at), error))
    return FALSE;
  if (options->address == NULL)
    return serve (swarm, autonat, error);
  answer = ask (swarm, autonat, options, &failure);
  passed = print_answer (answer, failure);
  if (answer != NULL)
    g_boxed_free (PEERUP_TYPE_AUTONAT_ANSWER, answer);
  return passed;
}
