/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A relay's state in a few lines, for people: for whom, how much of it is used, what was refused,
 * and what to do where it serves no more. Knows it by what the control interface says.
 */
#include "cli/peerup-relay-service-text.h"

#include "cli/peerup-answers.h"
#include "cli/peerup-cli.h"

static guint64
get_limit (GVariant *service, const char *key)
{
  g_autoptr (GVariant) limits = g_variant_lookup_value (service, "limits", G_VARIANT_TYPE_VARDICT);

  return limits != NULL ? peerup_answer_get_number (limits, key) : 0;
}

static void
append_count (GString *out, guint64 n, const char *noun)
{
  if (n > 0)
    g_string_append_printf (out, "%s%" G_GUINT64_FORMAT " %s%s", out->len > 0 ? " and " : "", n, noun,
                            n == 1 ? "" : "s");
}

char *
peerup_relay_service_format_refused (GVariant *service)
{
  g_autoptr (GString) out = g_string_new (NULL);

  append_count (out, peerup_answer_get_number (service, "reservations_refused"), "reservation");
  append_count (out, peerup_answer_get_number (service, "circuits_refused"), "circuit");
  return out->len > 0 ? g_string_free_and_steal (g_steal_pointer (&out)) : NULL;
}

char *
peerup_relay_service_format_usage (GVariant *service)
{
  guint64 reservations, circuits;

  if (!peerup_answer_lookup_number (service, "reservations", &reservations) ||
      !peerup_answer_lookup_number (service, "circuits", &circuits))
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " reservations and %" G_GUINT64_FORMAT
                          " of %" G_GUINT64_FORMAT " circuits",
                          reservations, get_limit (service, "max_reservations"), circuits,
                          get_limit (service, "max_circuits_total"));
}

static char *
format_state (GVariant *service, gint64 now)
{
  const char *state = peerup_answer_get_string (service, "state");
  guint64 since = peerup_answer_get_number (service, "since");
  g_autofree char *age = peerup_cli_format_duration (MAX (now - (gint64) since, 0));

  if (g_str_equal (state, "serving") && peerup_answer_get_flag (service, "for_peers"))
    return g_strdup_printf ("for authorized peers, for %s: this device has a public address", age);
  if (g_str_equal (state, "serving"))
    return g_strdup_printf ("for everybody who is admitted, for %s", age);
  if (g_str_equal (state, "draining"))
    return g_strdup ("takes nothing new, and waits for its circuits to end");
  if (g_str_equal (state, "drained"))
    return g_strdup ("for nobody since it was drained; to serve again: peerup relay resume");
  return NULL;
}

char *
peerup_relay_service_format (GVariant *service, gint64 now)
{
  g_autofree char *state = format_state (service, now);
  g_autofree char *usage = peerup_relay_service_format_usage (service);
  g_autofree char *refused = peerup_relay_service_format_refused (service);
  g_autofree char *bytes = peerup_cli_format_bytes (peerup_answer_get_number (service, "bytes"));
  g_autoptr (GString) out = NULL;

  if (state == NULL || usage == NULL)
    return NULL;
  out = g_string_new (NULL);
  g_string_append_printf (out, "  %s\n  %s; %s carried since the start\n", state, usage, bytes);
  if (refused != NULL)
    g_string_append_printf (out, "  refused %s\n", refused);
  return g_string_free_and_steal (g_steal_pointer (&out));
}
