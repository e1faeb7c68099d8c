/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the doctor found, kept in the order of the checks, and told as text or as a
 * variant. It judges nothing: whoever adds a finding has.
 */
#include "cli/peerup-findings.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-cli-text.h"
#include "cli/peerup-cli.h"

/* Columns of the text. */
#define WIDTH       80
#define TEXT_COLUMN 23
#define NEXT_COLUMN 8

typedef struct
{
  PeerupFindingResult result;
  char *text;
  char *next;
} Finding;

struct _PeerupFindings
{
  GArray *checks[PEERUP_N_CHECKS]; /* of Finding */
};

static const struct
{
  const char *id;
  const char *title;
} checks[PEERUP_N_CHECKS] = {
  [PEERUP_CHECK_CONFIGURATION] = { "configuration", N_ ("configuration") },
  [PEERUP_CHECK_IDENTITY] = { "identity", N_ ("identity") },
  [PEERUP_CHECK_AUTHORIZED_KEYS] = { "authorized_keys", N_ ("authorized keys") },
  [PEERUP_CHECK_CLOCK] = { "clock", N_ ("clock") },
  [PEERUP_CHECK_DAEMON] = { "daemon", N_ ("daemon") },
  [PEERUP_CHECK_LISTENING] = { "listening", N_ ("listening") },
  [PEERUP_CHECK_INTERFACES] = { "interfaces", N_ ("interfaces") },
  [PEERUP_CHECK_UDP] = { "udp", "UDP" },
  [PEERUP_CHECK_UDP_BUFFERS] = { "udp_buffers", N_ ("UDP buffers") },
  [PEERUP_CHECK_UDP_OFFLOAD] = { "udp_offload", N_ ("UDP offload") },
  [PEERUP_CHECK_PATH_MTU] = { "path_mtu", N_ ("path MTU") },
  [PEERUP_CHECK_CONGESTION] = { "congestion", N_ ("congestion") },
  [PEERUP_CHECK_STUN] = { "stun", "STUN" },
  [PEERUP_CHECK_NAT] = { "nat", "NAT" },
  [PEERUP_CHECK_PORT_MAPPING] = { "port_mapping", N_ ("port mapping") },
  [PEERUP_CHECK_FIREWALL] = { "firewall", N_ ("firewall") },
  [PEERUP_CHECK_REACHABILITY] = { "reachability", N_ ("reachability") },
  [PEERUP_CHECK_RELAYS] = { "relays", N_ ("relays in use") },
  [PEERUP_CHECK_MAIN_LOOP] = { "main_loop", N_ ("main loop") },
  [PEERUP_CHECK_RELAY] = { "relay", N_ ("relay") },
  [PEERUP_CHECK_LIMITS] = { "limits", N_ ("limits") },
};

static const struct
{
  const char *id;
  const char *sign;
} results[] = {
  [PEERUP_FINDING_OK] = { "ok", N_ ("ok") },
  [PEERUP_FINDING_NOTE] = { "note", N_ ("note") },
  [PEERUP_FINDING_MEND] = { "mend", N_ ("MEND") },
  [PEERUP_FINDING_UNKNOWN] = { "unknown", "?" },
};

static void
finding_clear (gpointer data)
{
  Finding *self = data;

  g_free (self->text);
  g_free (self->next);
}

PeerupFindings *
peerup_findings_new (void)
{
  PeerupFindings *self = g_new (PeerupFindings, 1);

  for (guint i = 0; i < PEERUP_N_CHECKS; i++)
    {
      self->checks[i] = g_array_new (FALSE, FALSE, sizeof (Finding));
      g_array_set_clear_func (self->checks[i], finding_clear);
    }
  return self;
}

void
peerup_findings_free (PeerupFindings *self)
{
  for (guint i = 0; i < PEERUP_N_CHECKS; i++)
    g_array_unref (self->checks[i]);
  g_free (self);
}

void
peerup_findings_take (PeerupFindings *self, PeerupCheck check, PeerupFindingResult result, char *text, char *next)
{
  Finding finding = { result, text, next };

  g_assert (check < PEERUP_N_CHECKS);
  g_array_append_val (self->checks[check], finding);
}

void
peerup_findings_add (PeerupFindings *self, PeerupCheck check, PeerupFindingResult result, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  peerup_findings_take (self, check, result, g_strdup_vprintf (format, arguments), NULL);
  va_end (arguments);
}

void
peerup_findings_give_up (PeerupFindings *self, PeerupCheck first, const char *reason)
{
  for (PeerupCheck check = first; check < PEERUP_N_CHECKS; check++)
    if (self->checks[check]->len == 0)
      peerup_findings_add (self, check, PEERUP_FINDING_UNKNOWN, _ ("not checked: %s"), reason);
}

guint
peerup_findings_count (PeerupFindings *self, PeerupFindingResult result)
{
  guint n = 0;

  for (guint check = 0; check < PEERUP_N_CHECKS; check++)
    for (guint i = 0; i < self->checks[check]->len; i++)
      n += g_array_index (self->checks[check], Finding, i).result == result;
  return n;
}

PeerupFindingResult
peerup_findings_get_result (PeerupFindings *self, PeerupCheck check)
{
  PeerupFindingResult worst = PEERUP_FINDING_OK;

  for (guint i = 0; i < self->checks[check]->len; i++)
    worst = MAX (worst, g_array_index (self->checks[check], Finding, i).result);
  return worst;
}

const char *
peerup_findings_get_sign (PeerupFindingResult result)
{
  return _ (results[result].sign);
}

/* And a space behind it. */
static void
append_cell (GString *out, const char *text, int columns)
{
  g_string_append_printf (out, "%s%*s ", text, MAX (columns - (int) peerup_cli_text_width (text), 0), "");
}

static void
append_finding (GString *out, PeerupCheck check, const Finding *finding)
{
  g_autofree char *indent = g_strnfill (TEXT_COLUMN, ' ');
  g_autofree char *text = peerup_cli_wrap (finding->text, indent, WIDTH - TEXT_COLUMN);
  g_autofree char *next_indent = g_strnfill (NEXT_COLUMN, ' ');

  append_cell (out, _ (results[finding->result].sign), 5);
  append_cell (out, _ (checks[check].title), 15);
  g_string_append_printf (out, " %s", text + TEXT_COLUMN);
  if (finding->next != NULL)
    {
      g_autofree char *next = peerup_cli_wrap (finding->next, next_indent, WIDTH - NEXT_COLUMN);

      g_string_append_printf (out, "      → %s", next + NEXT_COLUMN);
    }
}

static char *
format_summary (PeerupFindings *self)
{
  guint n_mend = peerup_findings_count (self, PEERUP_FINDING_MEND);
  guint n_unknown = peerup_findings_count (self, PEERUP_FINDING_UNKNOWN);
  g_autofree char *unknown = g_strdup_printf (_ (" %u could not be checked."), n_unknown);
  g_autofree char *mend =
    g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u thing to mend.", "%u things to mend.", n_mend), n_mend);

  return g_strconcat (n_mend > 0 ? mend : _ ("Nothing to mend."), n_unknown > 0 ? unknown : "", NULL);
}

char *
peerup_findings_format (PeerupFindings *self)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *summary = format_summary (self);

  for (guint check = 0; check < PEERUP_N_CHECKS; check++)
    for (guint i = 0; i < self->checks[check]->len; i++)
      append_finding (out, check, &g_array_index (self->checks[check], Finding, i));
  g_string_append_printf (out, "\n%s\n", summary);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

static GVariant *
describe_finding (PeerupCheck check, const Finding *finding)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "check", "s", checks[check].id);
  g_variant_dict_insert (&dict, "result", "s", results[finding->result].id);
  g_variant_dict_insert (&dict, "text", "s", finding->text);
  if (finding->next != NULL)
    g_variant_dict_insert (&dict, "next", "s", finding->next);
  return g_variant_dict_end (&dict);
}

GVariant *
peerup_findings_describe (PeerupFindings *self)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint check = 0; check < PEERUP_N_CHECKS; check++)
    for (guint i = 0; i < self->checks[check]->len; i++)
      g_variant_builder_add_value (&builder,
                                   describe_finding (check, &g_array_index (self->checks[check], Finding, i)));
  return g_variant_builder_end (&builder);
}
