/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup prompt list and answer: what the running daemon asks a person, and what the person says.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-attached.h"
#include "cli/peerup-prompt-text.h"

static char *
dup_left (GVariant *dict)
{
  gint64 until = (gint64) peerup_answer_get_number (dict, "expires_at");
  gint64 left = until - g_get_real_time () / G_USEC_PER_SEC;

  return until > 0 ? peerup_cli_format_duration (MAX (left, 0)) : g_strdup ("");
}

static void
add_prompt (PeerupTable *table, GVariant *dict)
{
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, peerup_answer_get_number (dict, "number"));
  g_autofree char *question = peerup_prompt_text_about (dict);
  g_autofree char *answers = peerup_prompt_text_answers (dict);
  g_autofree char *left = dup_left (dict);

  peerup_table_add (table, number, peerup_prompt_text_peer (dict), question, answers, left);
}

static gboolean
list_prompts (PeerupCli *cli, PeerupClient *client, GError **error)
{
  g_autoptr (GVariant) prompts = NULL;
  g_autofree char *text = NULL;
  PeerupTable *table;

  if (!PEERUP_ASK (peerup_client_get_proxy (client), list_prompts, &prompts, error))
    return FALSE;
  table = peerup_table_new ("", 5);
  peerup_table_add_title (table, _ ("NUMBER"), _ ("PEER"), _ ("QUESTION"), _ ("ANSWERS"), _ ("WAITS"));
  for (gsize i = 0; i < g_variant_n_children (prompts); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (prompts, i);

      add_prompt (table, dict);
    }
  text = peerup_table_end (table);
  if (cli->json)
    peerup_cli_print_variant (prompts);
  else if (g_variant_n_children (prompts) > 0)
    peerup_cli_print ("%s", text);
  else
    peerup_cli_say (_ ("The daemon asks nothing."));
  return TRUE;
}

int
cmd_prompt_list (PeerupCli *cli)
{
  return peerup_attached_run (cli, list_prompts);
}

static gboolean
answer_prompt (PeerupCli *cli, PeerupClient *client, GError **error)
{
  const char *answer = cli->arguments[1];
  guint64 number = 0;

  if (!g_ascii_string_to_unsigned (cli->arguments[0], 10, 1, G_MAXUINT32, &number, NULL))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("“%s” is no number of a question: “peerup prompt list” shows them"), cli->arguments[0]);
      return FALSE;
    }
  if (!peerup_attached_call (client, "AnswerPrompt", g_variant_new ("(us)", (guint) number, answer), NULL, error))
    return FALSE;
  if (cli->json)
    peerup_cli_print_variant (
      g_variant_new_parsed ("{'number': <%u>, 'answer': <%s>, 'status': <'answered'>}", (guint) number, answer));
  else
    peerup_cli_say ("%s", peerup_prompt_text_consequence (answer));
  return TRUE;
}

int
cmd_prompt_answer (PeerupCli *cli)
{
  return peerup_attached_run (cli, answer_prompt);
}
