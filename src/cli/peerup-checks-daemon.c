/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's checks of the running daemon: itself, its addresses, its dispatches and what
 * it refused. They know only what the control interface says.
 */
#include "cli/peerup-checks.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-cli.h"
#include "cli/peerup-refusals.h"
#include "peerup-config.h"
#include "wire/peerup-multiaddr.h"

/* What a dispatch of the data path should stay below, what would make a window's frame late, and
 * what the first bucket of the histogram ends at; microseconds. */
#define DISPATCH_GOAL 2048
#define DISPATCH_LATE 16384
#define BUCKET        64
/* Of fewer turns, 99 of 100 says nothing. */
#define TURNS_TO_JUDGE 1000

/* What is wrong for long is told under the check that it belongs to. */
static gboolean
is_told_elsewhere (PeerupFindings *findings, const char *key)
{
  if (g_str_has_prefix (key, "listen /"))
    return TRUE;
  return (g_str_equal (key, "trust") || g_str_equal (key, "authorized_keys")) &&
         peerup_findings_get_result (findings, PEERUP_CHECK_AUTHORIZED_KEYS) != PEERUP_FINDING_OK;
}

static void
add_problems (PeerupFindings *findings, GVariant *facts)
{
  g_autoptr (GVariant) problems = g_variant_lookup_value (facts, "problems", G_VARIANT_TYPE ("a{ss}"));
  const char *key, *text;
  GVariantIter iter;

  if (problems == NULL)
    return;
  g_variant_iter_init (&iter, problems);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &text))
    if (!is_told_elsewhere (findings, key))
      peerup_findings_add (findings, PEERUP_CHECK_DAEMON, PEERUP_FINDING_MEND, "%s", text);
}

void
peerup_check_daemon (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autofree char *age = peerup_cli_format_duration (daemon->uptime);

  peerup_findings_add (findings, PEERUP_CHECK_DAEMON, PEERUP_FINDING_OK, _ ("running for %s, version %s, process %u"),
                       age, daemon->version, daemon->process_id);
  if (!g_str_equal (daemon->version, PEERUP_VERSION))
    peerup_findings_take (findings, PEERUP_CHECK_DAEMON, PEERUP_FINDING_NOTE,
                          g_strdup_printf (_ ("this command has version %s"), PEERUP_VERSION),
                          g_strdup (_ ("restart the daemon to have both at the same one")));
  add_problems (findings, daemon->facts);
}

/* The ports of one transport. */
typedef struct
{
  GString *text; /* "4821", "4821, 4822" */
  guint n;
} Ports;

static void
ports_add (Ports *self, guint port)
{
  g_autofree char *text = g_strdup_printf ("%u", port);
  g_auto (GStrv) known = g_strsplit (self->text->str, ", ", -1);

  if (g_strv_contains ((const char *const *) known, text))
    return;
  g_string_append_printf (self->text, "%s%s", self->n++ > 0 ? ", " : "", text);
}

/* "/ip4/192.0.2.7/udp/4821/quic-v1/p2p/ID" */
static void
ports_of (const char *const *addresses, Ports *quic, Ports *tcp)
{
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (addresses[i], "/", -1);

      /* Those through a relay have its port. */
      if (g_strv_length (parts) < 5 || g_strv_contains ((const char *const *) parts, "p2p-circuit"))
        continue;
      if (g_str_equal (parts[3], "tcp"))
        ports_add (tcp, g_ascii_strtoull (parts[4], NULL, 10));
      else if (g_str_equal (parts[3], "udp") && g_strcmp0 (parts[5], "quic-v1") == 0)
        ports_add (quic, g_ascii_strtoull (parts[4], NULL, 10));
    }
}

static char *
ports_format (const Ports *self, const char *transport)
{
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s on port %s", "%s on ports %s", self->n), transport,
                          self->text->str);
}

static void
judge_ports (PeerupFindings *findings, const PeerupDaemonFacts *daemon, const Ports *quic, const Ports *tcp)
{
  const PeerupCheck check = PEERUP_CHECK_LISTENING;
  guint n = daemon->addresses != NULL ? g_strv_length ((char **) daemon->addresses) : 0;
  g_autofree char *addresses = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u address", "%u addresses", n), n);

  g_autofree char *quic_ports = ports_format (quic, "QUIC");
  g_autofree char *tcp_ports = ports_format (tcp, "TCP");

  if (quic->n == 0 && tcp->n == 0)
    peerup_findings_take (findings, check, PEERUP_FINDING_MEND, g_strdup (_ ("peers can reach this device nowhere")),
                          g_strdup_printf (_ ("look at network.listen_addresses in %s"), daemon->config_path));
  else if (quic->n == 0)
    peerup_findings_take (
      findings, check, PEERUP_FINDING_NOTE,
      g_strdup_printf (_ ("TCP alone, on port %s; QUIC is faster and outlives a change of the network"),
                       tcp->text->str),
      g_strdup_printf (_ ("add /ip4/0.0.0.0/udp/%u/quic-v1 to network.listen_addresses in %s"),
                       (guint) g_ascii_strtoull (tcp->text->str, NULL, 10), daemon->config_path));
  else if (tcp->n == 0)
    peerup_findings_take (findings, check, PEERUP_FINDING_NOTE,
                          g_strdup_printf (_ ("QUIC alone, on port %s; networks that block UDP cannot reach it"),
                                           quic->text->str),
                          g_strdup_printf (_ ("add /ip4/0.0.0.0/tcp/%u to network.listen_addresses in %s"),
                                           (guint) g_ascii_strtoull (quic->text->str, NULL, 10), daemon->config_path));
  else if (g_str_equal (quic->text->str, tcp->text->str))
    peerup_findings_add (findings, check, PEERUP_FINDING_OK,
                         g_dngettext (GETTEXT_PACKAGE, "QUIC and TCP on port %s, at %s",
                                      "QUIC and TCP on ports %s, at %s", tcp->n),
                         tcp->text->str, addresses);
  else
    peerup_findings_add (findings, check,
                         PEERUP_FINDING_OK, /* TRANSLATORS: "QUIC on port 1" and "TCP on ports 2, 3"; "4 addresses" */
                         _ ("%s and %s, at %s"), quic_ports, tcp_ports, addresses);
}

static gboolean
is_problem (GVariant *facts, const char *address)
{
  g_autoptr (GVariant) problems = g_variant_lookup_value (facts, "problems", G_VARIANT_TYPE ("a{ss}"));
  g_autofree char *key = g_strconcat ("listen ", address, NULL);

  return problems != NULL && g_variant_lookup (problems, key, "&s", NULL);
}

/* What is wrong with an address, without its name where that comes first anyway. */
static void
judge_address (PeerupFindings *findings, const PeerupDaemonFacts *daemon, const char *address, const char *error)
{
  g_autofree char *prefix = g_strconcat (address, ": ", NULL);

  peerup_findings_add (findings, PEERUP_CHECK_LISTENING,
                       is_problem (daemon->facts, address) ? PEERUP_FINDING_MEND : PEERUP_FINDING_NOTE,
                       _ ("not on %s: %s"), address,
                       g_str_has_prefix (error, prefix) ? error + strlen (prefix) : error);
}

void
peerup_check_listening (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) listening = peerup_answer_get_list (daemon->facts, "listening");
  Ports quic = { g_string_new (NULL), 0 }, tcp = { g_string_new (NULL), 0 };

  ports_of (daemon->addresses, &quic, &tcp);
  judge_ports (findings, daemon, &quic, &tcp);
  for (gsize i = 0; i < g_variant_n_children (listening); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (listening, i);
      const char *address = peerup_answer_get_string (item, "address");
      const char *error = peerup_answer_get_string (item, "error");

      if (error[0] != '\0')
        judge_address (findings, daemon, address, error);
    }
  g_string_free (quic.text, TRUE);
  g_string_free (tcp.text, TRUE);
}

/* "less than 2.05 ms", for a bucket; the last has no end. */
static char *
format_bucket (gsize bucket, gsize n_buckets)
{
  g_autofree char *bound = NULL;

  if (bucket + 1 < n_buckets)
    bound = peerup_cli_format_rtt ((gint64) BUCKET << bucket);
  else
    bound = peerup_cli_format_rtt ((gint64) BUCKET << (bucket - 1));
  return g_strdup_printf (bucket + 1 < n_buckets ? _ ("less than %s") : _ ("more than %s"), bound);
}

/* In which bucket the @rank-th of them is, counted from 1. */
static gsize
find_bucket (const guint64 *counts, gsize n, guint64 rank)
{
  guint64 seen = 0;

  for (gsize i = 0; i < n; i++)
    {
      seen += counts[i];
      if (seen >= rank)
        return i;
    }
  return n - 1;
}

static PeerupFindingResult
judge_bucket (gsize bucket)
{
  gint64 end = (gint64) BUCKET << bucket;

  if (end > DISPATCH_LATE)
    return PEERUP_FINDING_MEND;
  return end > DISPATCH_GOAL ? PEERUP_FINDING_NOTE : PEERUP_FINDING_OK;
}

static void
judge_main_loop (PeerupFindings *findings, const guint64 *counts, gsize n)
{
  guint64 total = 0, late = 0;
  PeerupFindingResult result;
  gsize p99;
  g_autofree char *p99_text = NULL;
  g_autofree char *longest = NULL;
  g_autofree char *late_text = NULL;

  for (gsize i = 0; i < n; i++)
    {
      total += counts[i];
      late += judge_bucket (i) != PEERUP_FINDING_OK ? counts[i] : 0;
    }
  if (total < TURNS_TO_JUDGE)
    {
      peerup_findings_add (findings, PEERUP_CHECK_MAIN_LOOP, PEERUP_FINDING_UNKNOWN,
                           _ ("too little was sent and received yet to tell how prompt it is"));
      return;
    }
  p99 = find_bucket (counts, n, total - total / 100);
  result = judge_bucket (p99);
  p99_text = format_bucket (p99, n);
  longest = format_bucket (find_bucket (counts, n, total), n);
  late_text = late > 0 ? g_strdup_printf (_ ("%" PRIu64 " took longer than 2 ms"), late)
                       : g_strdup (_ ("none took longer than 2 ms"));
  peerup_findings_take (findings, PEERUP_CHECK_MAIN_LOOP, result,
                        g_strdup_printf (_ ("of %" PRIu64 " turns 99 %% took %s, and the longest %s; %s"), total,
                                         p99_text, longest, late_text),
                        result == PEERUP_FINDING_OK
                          ? NULL
                          : g_strdup (
                              _ ("see what else keeps this device busy (uptime); if nothing does, it is a fault of "
                                 "Peer-Up: report it with what “peerup doctor --json” prints")));
}

void
peerup_check_main_loop (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GVariant) dispatches = g_variant_lookup_value (daemon->facts, "dispatches", G_VARIANT_TYPE ("at"));
  const guint64 *counts;
  gsize n;

  if (dispatches == NULL)
    return;
  counts = g_variant_get_fixed_array (dispatches, &n, sizeof counts[0]);
  /* The shifts stay defined whatever another version sends. */
  if (n > 1 && n < 40)
    judge_main_loop (findings, counts, n);
}

static char *
format_usage (GVariant *limit)
{
  gboolean is_memory = g_str_equal (peerup_answer_get_string (limit, "what"), "memory");
  guint64 used = peerup_answer_get_number (limit, "used"), bound;
  g_autofree char *used_size = peerup_cli_format_bytes (used);
  g_autofree char *bound_size = NULL;

  if (!peerup_answer_lookup_number (limit, "limit", &bound))
    return g_strdup_printf ("%" G_GUINT64_FORMAT " %s", used,
                            peerup_cli_word (peerup_answer_get_string (limit, "name")));
  if (!is_memory)
    return g_strdup_printf (/* TRANSLATORS: "3 of 100 connections" */ _ ("%" PRIu64 " of %" PRIu64 " %s"), used, bound,
                            peerup_cli_word (peerup_answer_get_string (limit, "name")));
  bound_size = peerup_cli_format_bytes (bound);
  return g_strdup_printf (_ ("%s of %s memory"), used_size, bound_size);
}

void
peerup_check_limits (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  g_autoptr (GString) usage = g_string_new (NULL);
  g_autofree char *refusals = peerup_refusals_format (daemon->limits);

  for (gsize i = 0; i < g_variant_n_children (daemon->limits); i++)
    {
      g_autoptr (GVariant) limit = g_variant_get_child_value (daemon->limits, i);
      g_autofree char *text = NULL;

      if (!g_variant_lookup (limit, "used", "t", NULL))
        continue;
      text = format_usage (limit);
      g_string_append_printf (usage, "%s%s", usage->len > 0 ? ", " : "", text);
    }
  if (usage->len > 0)
    peerup_findings_add (findings, PEERUP_CHECK_LIMITS, PEERUP_FINDING_OK,
                         refusals == NULL ? _ ("peers take %s; nothing was refused") : _ ("peers take %s"), usage->str);
  if (refusals != NULL)
    peerup_findings_take (findings, PEERUP_CHECK_LIMITS, PEERUP_FINDING_NOTE,
                          g_strdup_printf (_ ("refused: %s"), refusals),
                          g_strdup_printf (_ ("if those are devices of yours, raise network.limits in %s"),
                                           daemon->config_path));
}

void
peerup_check_running (PeerupFindings *findings, const PeerupDaemonFacts *daemon)
{
  peerup_check_daemon (findings, daemon);
  peerup_check_listening (findings, daemon);
  peerup_check_interfaces (findings, daemon);
  peerup_check_udp (findings, daemon);
  peerup_check_udp_buffers (findings, daemon);
  peerup_check_udp_offload (findings, daemon);
  peerup_check_path_mtu (findings, daemon);
  peerup_check_congestion (findings, daemon);
  peerup_check_stun (findings, daemon);
  peerup_check_nat (findings, daemon);
  peerup_check_port_mapping (findings, daemon);
  peerup_check_firewall (findings, daemon);
  peerup_check_reachability (findings, daemon);
  peerup_check_relays (findings, daemon);
  peerup_check_main_loop (findings, daemon);
  peerup_check_relay (findings, daemon);
  peerup_check_limits (findings, daemon);
}
