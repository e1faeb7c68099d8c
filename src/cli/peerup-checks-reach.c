/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's checks of how others come to this device: its interfaces, the NAT before it, mapped ports, firewalls,
 * the relays it uses. They know only what the control interface says.
 */
#include "cli/peerup-checks.h"

#include <glib/gi18n-lib.h>
#include <sys/timex.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli.h"
#include "cli/peerup-path-text.h"
#include "wire/peerup-multiaddr.h"

void
peerup_check_clock (PeerupFindings *findings, int status)
{
  if (status != TIME_ERROR)
    peerup_findings_add (findings, PEERUP_CHECK_CLOCK, PEERUP_FINDING_OK, _ ("kept right by the system"));
  else
    peerup_findings_take (findings, PEERUP_CHECK_CLOCK, PEERUP_FINDING_NOTE,
                          g_strdup (
                            _ ("nothing keeps this machine's clock right; access that ends at a time ends by it")),
                          g_strdup ("sudo timedatectl set-ntp true"));
}

/* Interfaces */

static char *
join_addresses (GVariant *interface)
{
  g_autoptr (GVariant) list = g_variant_lookup_value (interface, "addresses", G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree const char **addresses = list != NULL ? g_variant_get_strv (list, NULL) : NULL;

  return addresses != NULL ? g_strjoinv (", ", (char **) addresses) : g_strdup ("");
}

void
peerup_check_interfaces (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) list = peerup_answer_get_list (daemon->network, "interfaces");
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) interface = g_variant_get_child_value (list, i);
      g_autofree char *addresses = join_addresses (interface);

      if (!peerup_answer_get_flag (interface, "up") || addresses[0] == '\0')
        continue;
      n++;
      peerup_findings_add (findings, PEERUP_CHECK_INTERFACES, PEERUP_FINDING_OK, "%s: %s",
                           peerup_answer_get_string (interface, "name"), addresses);
    }
  if (n == 0)
    peerup_findings_take (findings, PEERUP_CHECK_INTERFACES, PEERUP_FINDING_MEND,
                          g_strdup (_ ("no interface is up and has an address: this machine is in no network")),
                          g_strdup (_ ("connect a cable or join a wireless network")));
}

/* STUN and NAT */

void
peerup_check_stun (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) nat = peerup_answer_get_list (daemon->network, "nat");
  guint n_answered = 0;

  for (gsize i = 0; i < g_variant_n_children (nat); i++)
    {
      g_autoptr (GVariant) facts = g_variant_get_child_value (nat, i);
      const char *mapped = peerup_answer_get_string (facts, "mapped");

      if (mapped[0] == '\0')
        continue;
      n_answered++;
      peerup_findings_add (findings, PEERUP_CHECK_STUN, PEERUP_FINDING_OK, _ ("relays see this device at %s"), mapped);
    }
  if (n_answered > 0)
    return;
  if (g_variant_n_children (daemon->relays) == 0)
    peerup_findings_take (findings, PEERUP_CHECK_STUN, PEERUP_FINDING_UNKNOWN,
                          g_strdup (_ ("it is relays that tell how this device is seen, and it uses none")),
                          g_strdup ("peerup relay add ADDRESS"));
  else
    peerup_findings_take (findings, PEERUP_CHECK_STUN, PEERUP_FINDING_NOTE,
                          g_strdup (_ ("no relay has answered over UDP, so that direct paths can hardly be found")),
                          g_strdup (_ ("let UDP out in the firewall, and in at the relay's port there")));
}

static void
judge_nat (PeerupFindings *findings, GVariant *facts)
{
  const char *type = peerup_answer_get_string (facts, "nat_type");
  const char *family = g_str_equal (peerup_answer_get_string (facts, "family"), "ipv6") ? "IPv6" : "IPv4";

  if (peerup_answer_get_flag (facts, "shared"))
    peerup_findings_take (findings, PEERUP_CHECK_NAT, PEERUP_FINDING_NOTE,
                          g_strdup_printf (_ ("%s: the provider shares one address among many customers (CGNAT)"),
                                           family),
                          g_strdup (_ ("IPv6 or an address of your own, from the provider, would let others in")));
  if (g_str_equal (type, "symmetric"))
    peerup_findings_take (
      findings, PEERUP_CHECK_NAT, PEERUP_FINDING_NOTE,
      g_strdup_printf (_ ("%s: the router gives every destination another port, so that some peers are "
                          "reached through relays alone"),
                       family),
      g_strdup (_ ("turn on PCP or UPnP in the router, or forward the port to this device")));
  else if (g_str_equal (type, "none"))
    peerup_findings_add (findings, PEERUP_CHECK_NAT, PEERUP_FINDING_OK, _ ("%s: none"), family);
  else if (!g_str_equal (type, "unknown"))
    peerup_findings_add (findings, PEERUP_CHECK_NAT, PEERUP_FINDING_OK,
                         _ ("%s: one that direct paths get through (%s)"), family, type);
}

void
peerup_check_nat (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) nat = peerup_answer_get_list (daemon->network, "nat");
  gboolean is_known = FALSE;

  for (gsize i = 0; i < g_variant_n_children (nat); i++)
    {
      g_autoptr (GVariant) facts = g_variant_get_child_value (nat, i);

      is_known |= !g_str_equal (peerup_answer_get_string (facts, "nat_type"), "unknown");
      judge_nat (findings, facts);
    }
  if (!is_known)
    peerup_findings_take (findings, PEERUP_CHECK_NAT, PEERUP_FINDING_UNKNOWN,
                          g_strdup (_ ("how it behaves is seen through two relays at different addresses")),
                          g_strdup (_ ("peerup relay add ADDRESS, for a second one")));
}

/* Port mapping */

void
peerup_check_port_mapping (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) mappings = peerup_answer_get_list (daemon->network, "mappings");
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (mappings); i++)
    {
      g_autoptr (GVariant) mapping = g_variant_get_child_value (mappings, i);
      const char *external = peerup_answer_get_string (mapping, "external");

      if (external[0] == '\0')
        continue;
      n++;
      peerup_findings_add (findings, PEERUP_CHECK_PORT_MAPPING, PEERUP_FINDING_OK,
                           _ ("the router forwards %s (%s, %s)"), external,
                           peerup_answer_get_string (mapping, "protocol"),
                           peerup_answer_get_string (mapping, "method"));
    }
  if (n == 0)
    peerup_findings_add (findings, PEERUP_CHECK_PORT_MAPPING, PEERUP_FINDING_OK,
                         _ ("the router has been asked for none, or grants none (PCP, NAT-PMP, UPnP)"));
}

/* Reachability and firewalls */

static char *
next_for_port (const char *text)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, NULL);
  PeerupMultiaddrComponent port;
  gboolean udp = address != NULL && peerup_multiaddr_find (address, PEERUP_MULTIADDR_UDP, &port);

  if (address == NULL || (!udp && !peerup_multiaddr_find (address, PEERUP_MULTIADDR_TCP, &port)))
    return g_strdup (_ ("allow its port in the firewalls here and in the router"));
  return g_strdup_printf (_ ("allow %s port %u in the firewalls here and in the router"), udp ? "UDP" : "TCP",
                          port.value[0] << 8 | port.value[1]);
}

void
peerup_check_firewall (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) verdicts = peerup_answer_get_list (daemon->network, "verdicts");
  guint n_reachable = 0, n_unreachable = 0;

  for (gsize i = 0; i < g_variant_n_children (verdicts); i++)
    {
      g_autoptr (GVariant) verdict = g_variant_get_child_value (verdicts, i);
      const char *word = peerup_answer_get_string (verdict, "verdict");
      const char *address = peerup_answer_get_string (verdict, "address");

      n_reachable += g_str_equal (word, "reachable");
      if (!g_str_equal (word, "unreachable"))
        continue;
      n_unreachable++;
      peerup_findings_take (findings, PEERUP_CHECK_FIREWALL, PEERUP_FINDING_NOTE,
                            g_strdup_printf (_ ("somebody outside dialed %s, and did not get through"), address),
                            next_for_port (address));
    }
  if (n_reachable > 0 && n_unreachable == 0)
    peerup_findings_add (findings, PEERUP_CHECK_FIREWALL, PEERUP_FINDING_OK, _ ("lets others in"));
  else if (n_unreachable == 0)
    peerup_findings_add (findings, PEERUP_CHECK_FIREWALL, PEERUP_FINDING_UNKNOWN,
                         _ ("nobody outside has tried to come in yet"));
}

void
peerup_check_reachability (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  const char *grade = peerup_answer_get_string (daemon->network, "grade");
  const char *sentence = peerup_answer_get_string (daemon->network, "sentence");
  const char *advice = peerup_answer_get_string (daemon->network, "advice");
  gboolean is_good = grade[0] >= 'A' && grade[0] <= 'C';

  if (grade[0] == '\0')
    peerup_findings_add (findings, PEERUP_CHECK_REACHABILITY, PEERUP_FINDING_UNKNOWN, _ ("not measured yet"));
  else
    peerup_findings_take (findings, PEERUP_CHECK_REACHABILITY, is_good ? PEERUP_FINDING_OK : PEERUP_FINDING_NOTE,
                          g_strdup_printf ("%s: %s", grade, sentence), advice[0] != '\0' ? g_strdup (advice) : NULL);
}

/* Relays in use */

void
peerup_check_relays (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  gsize n = g_variant_n_children (daemon->relays);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) relay = g_variant_get_child_value (daemon->relays, i);
      g_autofree char *name = peerup_path_text_peer (relay, "id");
      g_autofree char *state = peerup_path_text_relay (relay);
      gboolean is_good = g_str_equal (peerup_answer_get_string (relay, "state"), "reserved") &&
                         !peerup_answer_get_flag (relay, "silent");

      peerup_findings_take (findings, PEERUP_CHECK_RELAYS, is_good ? PEERUP_FINDING_OK : PEERUP_FINDING_NOTE,
                            g_strdup_printf ("%s: %s", name, state),
                            is_good ? NULL : g_strdup (_ ("look at it from here: peerup relay check ADDRESS")));
    }
  if (n == 0)
    peerup_findings_take (findings, PEERUP_CHECK_RELAYS, PEERUP_FINDING_NOTE,
                          g_strdup (_ ("none: peers behind other routers cannot find this device")),
                          g_strdup ("peerup relay add ADDRESS"));
}
