/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A relay's state in a few lines, for people: for whom, how much of it is used, what was refused,
 * and what to do where it serves no more. Knows it by what the control interface says.
 */
#include "cli/peerup-relay-service-text.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli.h"

static guint64
get_limit (GVariant *service, const char *key)
{
  g_autoptr (GVariant) limits = g_variant_lookup_value (service, "limits", G_VARIANT_TYPE_VARDICT);

  return limits != NULL ? peerup_answer_get_number (limits, key) : 0;
}

char *
peerup_relay_service_format_refused (GVariant *service)
{
  g_autoptr (GString) out = g_string_new (NULL);
  guint64 reservations = peerup_answer_get_number (service, "reservations_refused");
  guint64 circuits = peerup_answer_get_number (service, "circuits_refused");

  if (reservations > 0)
    g_string_append_printf (out,
                            g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " reservation", "%" PRIu64 " reservations",
                                         (gulong) reservations),
                            reservations);
  if (reservations > 0 && circuits > 0)
    g_string_append (out, _ (" and "));
  if (circuits > 0)
    g_string_append_printf (
      out, g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " circuit", "%" PRIu64 " circuits", (gulong) circuits), circuits);
  return out->len > 0 ? g_string_free_and_steal (g_steal_pointer (&out)) : NULL;
}

char *
peerup_relay_service_format_usage (GVariant *service)
{
  guint64 reservations, circuits;

  if (!peerup_answer_lookup_number (service, "reservations", &reservations) ||
      !peerup_answer_lookup_number (service, "circuits", &circuits))
    return NULL;
  return g_strdup_printf (_ ("%" PRIu64 " of %" PRIu64 " reservations and %" PRIu64 " of %" PRIu64 " circuits"),
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
    return g_strdup_printf (_ ("for authorized peers, for %s: this device has a public address"), age);
  if (g_str_equal (state, "serving"))
    return g_strdup_printf (_ ("for everybody who is admitted, for %s"), age);
  if (g_str_equal (state, "draining"))
    return g_strdup (_ ("takes nothing new, and waits for its circuits to end"));
  if (g_str_equal (state, "drained"))
    return g_strdup (_ ("for nobody since it was drained; to serve again: peerup relay resume"));
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
  g_string_append_printf (out, _ ("  %s\n  %s; %s carried since the start\n"), state, usage, bytes);
  if (refused != NULL)
    g_string_append_printf (out, _ ("  refused %s\n"), refused);
  return g_string_free_and_steal (g_steal_pointer (&out));
}
