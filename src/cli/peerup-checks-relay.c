/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's check of a device that relays for others: whether anybody outside can come to it,
 * and whether it has room. It knows only what the control interface says.
 */
#include "cli/peerup-checks.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-relay-service-text.h"
#include "swarm/peerup-endpoint.h"

/* A name counts: whoever announces one means others to find it. */
static gboolean
is_public (const char *text)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, NULL);
  g_auto (PeerupEndpoint) endpoint = { 0 };

  if (address == NULL)
    return FALSE;
  return !peerup_endpoint_parse (address, &endpoint, NULL) ||
         peerup_endpoint_get_scope (&endpoint) == PEERUP_SCOPE_PUBLIC;
}

static void
judge_addresses (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) addresses = g_variant_lookup_value (daemon->relay, "addresses", G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree const char **list = addresses != NULL ? g_variant_get_strv (addresses, NULL) : NULL;

  for (gsize i = 0; list != NULL && list[i] != NULL; i++)
    if (is_public (list[i]))
      return;
  peerup_findings_take (
    findings, PEERUP_CHECK_RELAY, PEERUP_FINDING_MEND,
    g_strdup (_ ("none of its addresses is public: devices elsewhere cannot reach it")),
    g_strdup_printf (_ ("if a router forwards a port to this device, name the router's address under "
                        "relay.announce in %s, as in /ip4/203.0.113.7/tcp/7777"),
                     daemon->config_path));
}

static void
judge_use (PeerupFindings *findings, const PeerupDaemonFacts *daemon, const char *used, const char *key,
           const char *what)
{
  g_autoptr (GVariant) limits = g_variant_lookup_value (daemon->relay, "limits", G_VARIANT_TYPE_VARDICT);
  guint64 bound = limits != NULL ? peerup_answer_get_number (limits, key) : 0;

  if (bound == 0 || peerup_answer_get_number (daemon->relay, used) < bound)
    return;
  peerup_findings_take (findings, PEERUP_CHECK_RELAY, PEERUP_FINDING_MEND,
                        g_strdup_printf (_ ("all %" PRIu64 " %s are in use: further ones are refused"), bound, what),
                        g_strdup_printf (_ ("raise resources.%s in %s"), key, daemon->config_path));
}

static void
judge_refusals (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autofree char *refused = peerup_relay_service_format_refused (daemon->relay);

  if (refused != NULL)
    peerup_findings_take (findings, PEERUP_CHECK_RELAY, PEERUP_FINDING_NOTE,
                          g_strdup_printf (_ ("refused %s since the start: a limit, somebody without the right, or a "
                                              "device that was not there"),
                                           refused),
                          g_strdup_printf (_ ("if those are devices of yours, look at resources in %s"),
                                           daemon->config_path));
}

void
peerup_check_relay (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  const char *state = peerup_answer_get_string (daemon->relay, "state");
  g_autofree char *usage = peerup_relay_service_format_usage (daemon->relay);

  if (g_str_equal (state, "draining") || g_str_equal (state, "drained"))
    {
      peerup_findings_take (findings, PEERUP_CHECK_RELAY, PEERUP_FINDING_NOTE,
                            g_strdup (_ ("drained: nobody is relayed for any more")),
                            g_strdup (_ ("to serve again: peerup relay resume")));
      return;
    }
  if (!g_str_equal (state, "serving") || usage == NULL)
    {
      peerup_findings_add (findings, PEERUP_CHECK_RELAY, PEERUP_FINDING_OK, _ ("this device relays for nobody"));
      return;
    }
  peerup_findings_add (findings, PEERUP_CHECK_RELAY, PEERUP_FINDING_OK, _ ("serving, %s in use"), usage);
  judge_addresses (findings, daemon);
  judge_use (findings, daemon, "reservations", "max_reservations", _ ("reservations"));
  judge_use (findings, daemon, "circuits", "max_circuits_total", _ ("circuits"));
  judge_refusals (findings, daemon);
}
