/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the daemon asks, and what came of it, as people read it.
 */
#include "cli/peerup-prompt-text.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-answers.h"

const char *
peerup_prompt_text_peer (GVariant *prompt)
{
  const char *name = peerup_answer_get_string (prompt, "name");

  return name[0] != '\0' ? name : peerup_answer_get_string (prompt, "peer_id");
}

char *
peerup_prompt_text_about (GVariant *prompt)
{
  if (g_str_equal (peerup_answer_get_string (prompt, "kind"), "access"))
    return g_strdup_printf (_ ("may it use %s for an hour?"), peerup_answer_get_string (prompt, "service"));
  return g_strdup_printf (_ ("does it show %s (%s)?"), peerup_answer_get_string (prompt, "emoji"),
                          peerup_answer_get_string (prompt, "digits"));
}

char *
peerup_prompt_text_answers (GVariant *prompt)
{
  g_auto (GStrv) answers = NULL;

  return g_variant_lookup (prompt, "answers", "^as", &answers) ? g_strjoinv (", ", answers) : g_strdup ("");
}

char *
peerup_prompt_text_question (GVariant *prompt)
{
  g_autofree char *about = peerup_prompt_text_about (prompt);
  g_autofree char *answers = peerup_prompt_text_answers (prompt);

  return g_strdup_printf ("%" G_GUINT64_FORMAT ": %s: %s (%s)", peerup_answer_get_number (prompt, "number"),
                          peerup_prompt_text_peer (prompt), about, answers);
}

const char *
peerup_prompt_text_consequence (const char *answer)
{
  static const char *const consequences[][2] = {
    { "match", N_ ("The device is noted as verified.") },
    { "differ", N_ ("The pairing is taken back on this device: somebody may have been in between.") },
    { "allow", N_ ("The service is granted for an hour.") },
    { "deny", N_ ("It is refused, and not asked again for ten minutes.") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (consequences); i++)
    if (g_str_equal (answer, consequences[i][0]))
      return _ (consequences[i][1]);
  return _ ("Nothing has changed.");
}
