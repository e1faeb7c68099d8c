/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Steps of a command that takes several, as lines under each other. It judges nothing, and
 * holds what was told until it is freed.
 */
#include "cli/peerup-report.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-cli-text.h"
#include "cli/peerup-cli.h"

#define WIDTH       80
#define TEXT_COLUMN 26
#define NEXT_INDENT "          "

struct _PeerupReport
{
  gboolean quiet;
  guint counts[PEERUP_N_REPORTS];
  GVariantBuilder steps;
};

static const struct
{
  const char *id;
  const char *sign;
} results[PEERUP_N_REPORTS] = {
  [PEERUP_REPORT_OK] = { "ok", N_ ("ok") },       [PEERUP_REPORT_KEPT] = { "kept", N_ ("kept") },
  [PEERUP_REPORT_MADE] = { "made", N_ ("made") }, [PEERUP_REPORT_WOULD] = { "would", N_ ("would") },
  [PEERUP_REPORT_NOTE] = { "note", N_ ("note") }, [PEERUP_REPORT_DIFFERS] = { "differs", N_ ("DIFFERS") },
  [PEERUP_REPORT_UNKNOWN] = { "unknown", "?" },   [PEERUP_REPORT_MEND] = { "mend", N_ ("MEND") },
};

PeerupReport *
peerup_report_new (gboolean quiet)
{
  PeerupReport *self = g_new0 (PeerupReport, 1);

  self->quiet = quiet;
  g_variant_builder_init (&self->steps, G_VARIANT_TYPE ("aa{sv}"));
  return self;
}

void
peerup_report_free (PeerupReport *self)
{
  g_variant_builder_clear (&self->steps);
  g_free (self);
}

static char *
paint (PeerupReportResult result, const char *sign)
{
  if (result == PEERUP_REPORT_MEND || result == PEERUP_REPORT_DIFFERS)
    return peerup_cli_paint (PEERUP_CLI_STYLE_BAD, sign);
  return peerup_cli_paint (result == PEERUP_REPORT_OK || result == PEERUP_REPORT_MADE ? PEERUP_CLI_STYLE_GOOD
                                                                                      : PEERUP_CLI_STYLE_NOTE,
                           sign);
}

static char *
pad (const char *text, int columns)
{
  return g_strdup_printf ("%s%*s", text, MAX (columns - (int) peerup_cli_text_width (text), 0), "");
}

static void
print (PeerupReportResult result, const char *title, const char *text, const char *next)
{
  g_autofree char *indent = g_strnfill (TEXT_COLUMN, ' ');
  g_autofree char *wrapped = peerup_cli_wrap (text, indent, WIDTH - TEXT_COLUMN);

  g_autofree char *sign = pad (_ (results[result].sign), 7);
  g_autofree char *padded = pad (title, 16);
  g_autofree char *painted = paint (result, sign);

  peerup_cli_print ("%s %s  %s", painted, padded, wrapped + TEXT_COLUMN);
  if (next != NULL)
    {
      g_auto (GStrv) lines = g_strsplit (next, "\n", -1);
      g_autofree char *joined = g_strjoinv ("\n" NEXT_INDENT, lines);

      peerup_cli_print ("        → %s\n", joined);
    }
}

void
peerup_report_add (PeerupReport *self, PeerupReportResult result, const char *title, const char *next,
                   const char *format, ...)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (!self->quiet)
    print (result, title, text, next);
  self->counts[result]++;
  g_variant_dict_insert (&dict, "step", "s", title);
  g_variant_dict_insert (&dict, "result", "s", results[result].id);
  g_variant_dict_insert (&dict, "text", "s", text);
  if (next != NULL)
    g_variant_dict_insert (&dict, "next", "s", next);
  g_variant_builder_add_value (&self->steps, g_variant_dict_end (&dict));
}

guint
peerup_report_count (PeerupReport *self, PeerupReportResult result)
{
  return self->counts[result];
}

GVariant *
peerup_report_describe (PeerupReport *self)
{
  GVariant *steps = g_variant_builder_end (&self->steps);

  g_variant_builder_init (&self->steps, G_VARIANT_TYPE ("aa{sv}"));
  return steps;
}
