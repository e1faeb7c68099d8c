/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a device says of itself as a relay of others, with more than "peerup status" has room for.
 * Text from an answer, which may leave things out.
 */
#include "cli/peerup-relay-own.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-cli.h"
#include "cli/peerup-relay-service-text.h"

static void
append_row (GString *out, const char *label, const char *text)
{
  g_string_append_printf (out, "  %s%*s %s\n", label, MAX (12 - (int) peerup_cli_text_width (label), 0), "", text);
}

static char *
format_circuit_limits (GVariant *limits, const char *duration, const char *data)
{
  guint64 seconds = peerup_answer_get_number (limits, duration), bytes = peerup_answer_get_number (limits, data);
  g_autofree char *time = seconds > 0 ? peerup_cli_format_duration ((gint64) seconds) : g_strdup (_ ("any time"));
  g_autofree char *amount = bytes > 0 ? peerup_cli_format_bytes (bytes) : NULL;

  return g_strdup_printf ("%s%s%s", time, amount != NULL ? ", " : _ (", any amount"), amount != NULL ? amount : "");
}

static void
append_addresses (GString *out, GVariant *service)
{
  g_autoptr (GVariant) addresses = g_variant_lookup_value (service, "addresses", G_VARIANT_TYPE_STRING_ARRAY);

  for (gsize i = 0; addresses != NULL && i < g_variant_n_children (addresses); i++)
    {
      const char *address;

      g_variant_get_child (addresses, i, "&s", &address);
      append_row (out, i == 0 ? _ ("addresses") : "", address);
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
  g_autoptr (GVariant) limits = get_limits (service);
  g_autofree char *text = peerup_relay_service_format (service, now);
  g_autofree char *circuit = NULL;
  GString *out;

  if (text == NULL)
    return NULL;
  circuit = format_circuit_limits (limits, "authorized_session_duration", "authorized_session_data_limit");
  out = g_string_new (_ ("This device is a relay\n"));
  g_string_append (out, text);
  append_row (out, _ ("a circuit"), circuit);
  append_addresses (out, service);
  return g_string_free_and_steal (out);
}
