/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The refusals of the limits in one line: what was refused how often, and for each the
 * limit that did most of it. Knows the limits by what the control interface says of them.
 */
#include "cli/peerup-refusals.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-answers.h"
#include "config/peerup-config-size.h"

/* What limits of one kind have refused together. */
typedef struct
{
  const char *what;
  const char *words;
  guint64 n;
  GVariant *worst; /* owned */
  guint64 worst_n;
} Kind;

static void
kind_add (Kind *self, GVariant *limit)
{
  guint64 refused = peerup_answer_get_number (limit, "refused");

  self->n += refused;
  if (refused <= self->worst_n)
    return;
  g_clear_pointer (&self->worst, g_variant_unref);
  self->worst = g_variant_ref (limit);
  self->worst_n = refused;
}

static void
kind_append (const Kind *self, GString *out)
{
  gboolean is_memory = strcmp (self->what, "memory") == 0;
  const char *name = peerup_answer_get_string (self->worst, "name");
  gboolean in_all = strstr (name, "_per_") == NULL;
  guint64 bound = peerup_answer_get_number (self->worst, "limit");
  g_autofree char *size = is_memory ? peerup_config_size_format (bound) : NULL;

  g_string_append_printf (out, "%s%" G_GUINT64_FORMAT " %s", out->len > 0 ? ", " : "", self->n, _ (self->words));
  g_string_append_printf (
    out, /* TRANSLATORS: a number, and at times "a second", follow, and a parenthesis */ _ (" (%s at its limit of "),
    in_all ? _ ("this device") : peerup_answer_get_string (self->worst, "last_refused"));
  if (size != NULL)
    g_string_append (out, size);
  else
    g_string_append_printf (out, "%" G_GUINT64_FORMAT "%s", bound,
                            strstr (name, "_rate") != NULL ? _ (" a second") : "");
  g_string_append_c (out, ')');
}

char *
peerup_refusals_format (GVariant *limits)
{
  Kind kinds[] = { { "connections", N_ ("connections") },
                   { "handshakes", N_ ("handshakes") },
                   { "streams", N_ ("streams") },
                   { "memory", N_ ("streams that filled the memory") } };
  g_autoptr (GString) out = g_string_new (NULL);

  g_return_val_if_fail (g_variant_is_of_type (limits, G_VARIANT_TYPE ("aa{sv}")), NULL);

  for (gsize i = 0; i < g_variant_n_children (limits); i++)
    {
      g_autoptr (GVariant) limit = g_variant_get_child_value (limits, i);

      for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
        if (strcmp (kinds[k].what, peerup_answer_get_string (limit, "what")) == 0)
          kind_add (&kinds[k], limit);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      if (kinds[k].n > 0)
        kind_append (&kinds[k], out);
      g_clear_pointer (&kinds[k].worst, g_variant_unref);
    }
  return out->len > 0 ? g_string_free_and_steal (g_steal_pointer (&out)) : NULL;
}
