/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-checks.h"

/* What a daemon could have told, and what one check makes of it. */

#define CASE_CONFIG "/etc/peerup/config.yaml"

typedef void (*CaseCheck) (PeerupFindings *findings, const PeerupDaemonFacts *daemon);

/* Facts of a healthy daemon but for what is given; NULL for nothing. */
typedef struct
{
  const char *facts;       /* a{sv} */
  const char *connections; /* aa{sv} */
  const char *limits;      /* aa{sv} */
  const char *relay;       /* a{sv} */
  const char *relays;      /* aa{sv} */
  const char *network;     /* a{sv} */
  const char *const *addresses;
  const char *version;
  guint64 receive_max, send_max;
} Case;

static inline GVariant *
case_parse (const char *type, const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value;

  if (text == NULL)
    return g_variant_ref_sink (g_variant_new (type, NULL));
  value = g_variant_parse (G_VARIANT_TYPE (type), text, NULL, NULL, &error);
  g_assert_no_error (error);
  return value;
}

/* The findings of @check, a line each: "mend: text -> next". */
static inline char *
case_check (CaseCheck check, const Case *input)
{
  g_autoptr (PeerupFindings) findings = peerup_findings_new ();
  g_autoptr (GVariant) facts = case_parse ("a{sv}", input->facts);
  g_autoptr (GVariant) connections = case_parse ("aa{sv}", input->connections);
  g_autoptr (GVariant) limits = case_parse ("aa{sv}", input->limits);
  g_autoptr (GVariant) relay = case_parse ("a{sv}", input->relay);
  g_autoptr (GVariant) relays = case_parse ("aa{sv}", input->relays);
  g_autoptr (GVariant) network = case_parse ("a{sv}", input->network);
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  const PeerupDaemonFacts daemon = {
    .config_path = CASE_CONFIG,
    .version = input->version != NULL ? input->version : "0.0",
    .process_id = 4711,
    .uptime = 303,
    .addresses = input->addresses,
    .facts = facts,
    .connections = connections,
    .limits = limits,
    .relay = relay,
    .relays = relays,
    .network = network,
    .receive_max = input->receive_max,
    .send_max = input->send_max,
  };

  check (findings, &daemon);
  list = g_variant_ref_sink (peerup_findings_describe (findings));
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (list, i);
      const char *result = NULL, *text = NULL, *next = NULL;

      g_assert_true (g_variant_lookup (item, "result", "&s", &result) && g_variant_lookup (item, "text", "&s", &text));
      g_variant_lookup (item, "next", "&s", &next);
      g_string_append_printf (out, "%s: %s%s%s\n", result, text, next != NULL ? " -> " : "", next != NULL ? next : "");
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}

static inline void
case_assert (CaseCheck check, const Case *input, const char *expected)
{
  g_autofree char *text = case_check (check, input);

  g_assert_cmpstr (text, ==, expected);
}
