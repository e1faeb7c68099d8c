/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a device says of itself as a relay of others, in words. Text from an answer, which may
 * leave things out.
 */
#include "cli/peerup-relay-own.h"

#include "cli/peerup-answers.h"
#include "cli/peerup-cli.h"

#define ROW "  %-12s %s\n"

static char *
format_state (GVariant *service, gint64 now)
{
  const char *state = peerup_answer_get_string (service, "state");
  gint64 since = (gint64) peerup_answer_get_number (service, "since");
  g_autofree char *time = since > 0 && since <= now ? peerup_cli_format_duration (now - since) : NULL;

  if (!g_str_equal (state, "serving") || time == NULL)
    return g_strdup (state);
  return g_strdup_printf ("serving for %s%s", time,
                          peerup_answer_get_flag (service, "for_peers") ? ", authorized peers alone" : "");
}

/* "3 of 128 now; 17 granted, 2 refused since the start" */
static char *
format_use (GVariant *service, GVariant *limits, const char *name, const char *limit, const char *done,
            const char *refused, const char *verb)
{
  g_autofree char *max = g_strdup_printf (" of %" G_GUINT64_FORMAT, peerup_answer_get_number (limits, limit));

  return g_strdup_printf ("%" G_GUINT64_FORMAT "%s now; %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT
                          " refused since the start",
                          peerup_answer_get_number (service, name),
                          peerup_answer_get_number (limits, limit) > 0 ? max : "",
                          peerup_answer_get_number (service, done), verb, peerup_answer_get_number (service, refused));
}

static char *
format_circuit_limits (GVariant *limits, const char *duration, const char *data)
{
  guint64 seconds = peerup_answer_get_number (limits, duration), bytes = peerup_answer_get_number (limits, data);
  g_autofree char *time = seconds > 0 ? peerup_cli_format_duration ((gint64) seconds) : g_strdup ("any time");
  g_autofree char *amount = bytes > 0 ? peerup_cli_format_bytes (bytes) : NULL;

  return g_strdup_printf ("%s%s%s", time, amount != NULL ? ", " : ", any amount", amount != NULL ? amount : "");
}

static void
append_addresses (GString *out, GVariant *service)
{
  g_autoptr (GVariant) addresses = g_variant_lookup_value (service, "addresses", G_VARIANT_TYPE_STRING_ARRAY);

  for (gsize i = 0; addresses != NULL && i < g_variant_n_children (addresses); i++)
    {
      const char *address;

      g_variant_get_child (addresses, i, "&s", &address);
      g_string_append_printf (out, ROW, i == 0 ? "addresses" : "", address);
    }
}

static GVariant *
get_limits (GVariant *service)
{
  GVariant *limits = g_variant_lookup_value (service, "limits", G_VARIANT_TYPE_VARDICT);

  return limits != NULL ? limits : g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
}

char *
peerup_relay_own_format (GVariant *service, gint64 now)
{
  const char *state = peerup_answer_get_string (service, "state");
  g_autoptr (GVariant) limits = get_limits (service);
  g_autofree char *how = format_state (service, now);
  g_autofree char *reservations = format_use (service, limits, "reservations", "max_reservations",
                                              "reservations_granted", "reservations_refused", "granted");
  g_autofree char *circuits =
    format_use (service, limits, "circuits", "max_circuits_total", "circuits_opened", "circuits_refused", "opened");
  g_autofree char *bytes = peerup_cli_format_bytes (peerup_answer_get_number (service, "bytes"));
  g_autofree char *authorized =
    format_circuit_limits (limits, "authorized_session_duration", "authorized_session_data_limit");
  GString *out;

  if (state[0] == '\0' || (g_str_equal (state, "off") && peerup_answer_get_number (service, "since") == 0))
    return NULL;
  out = g_string_new ("This device is a relay\n");
  g_string_append_printf (out, ROW ROW ROW ROW ROW, "state", how, "reservations", reservations, "circuits", circuits,
                          "carried", bytes, "a circuit", authorized);
  append_addresses (out, service);
  return g_string_free_and_steal (out);
}
