/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup service find: what runs on this machine and could be offered, as the running daemon finds it. And what “peerup
 * service add” needs of the same: where a service of a template is, which needs no daemon.
 */
#include "cli/peerup-commands.h"

#include "cli/peerup-answers.h"
#include "cli/peerup-attached.h"
#include "cli/peerup-service-place.h"
#include "templates/peerup-find-services.h"

static void
add_row (PeerupTable *table, GVariant *dict)
{
  g_autofree char *name = g_strdup_printf ("%s%s", peerup_answer_get_string (dict, "name"),
                                           peerup_answer_get_flag (dict, "confirmed") ? "" : "?");

  peerup_table_add (table, peerup_answer_get_string (dict, "template"), name,
                    peerup_answer_get_string (dict, "address"), peerup_answer_get_string (dict, "evidence"),
                    peerup_answer_get_flag (dict, "exposed") ? peerup_answer_get_string (dict, "as") : "-");
}

static gboolean
find_services (PeerupCli *cli, PeerupClient *client, GError **error)
{
  g_autoptr (GVariant) found = NULL;
  g_autofree char *text = NULL;
  PeerupTable *table;

  if (!PEERUP_ASK (peerup_client_get_proxy (client), find_services, &found, error))
    return FALSE;
  if (cli->json)
    {
      peerup_cli_print_variant (found);
      return TRUE;
    }
  if (g_variant_n_children (found) == 0)
    peerup_cli_say ("No TCP port listens on this machine, but those of the daemon.");
  table = peerup_table_new ("", 5);
  if (g_variant_n_children (found) > 0)
    peerup_table_add_title (table, "TEMPLATE", "FOUND", "ADDRESS", "EVIDENCE", "SHARED AS");
  for (gsize i = 0; i < g_variant_n_children (found); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (found, i);

      add_row (table, dict);
    }
  text = peerup_table_end (table);
  peerup_cli_print ("%s", text);
  return TRUE;
}

int
cmd_service_find (PeerupCli *cli)
{
  return peerup_attached_run (cli, find_services);
}

/* Where a service of a template is */

static char *
list_ids (PeerupTemplates *templates)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < peerup_templates_get_n (templates); i++)
    if (peerup_templates_get (templates, i)->ports->len > 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", peerup_templates_get (templates, i)->id);
  return g_string_free (text, FALSE);
}

static char *
list_ports (const PeerupTemplate *template)
{
  GString *text = g_string_new (template->ports->len > 1 ? "ports " : "port ");

  for (guint i = 0; i < template->ports->len; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? ", " : "", g_array_index (template->ports, guint16, i));
  return g_string_free (text, FALSE);
}

char *
peerup_service_place_find (const char *name, const char *id, char ***out_tags, GError **error)
{
  g_autoptr (PeerupTemplates) templates = peerup_templates_load ();
  PeerupTemplate *template = peerup_templates_find (templates, id);
  g_autoptr (GPtrArray) found = NULL;
  g_autofree char *text = NULL;

  if (template == NULL || template->ports->len == 0)
    {
      text = list_ids (templates);
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   "“%s” is no template, so say where the service is: “peerup service add %s ADDRESS”. The templates "
                   "are %s",
                   id, name, text);
      return NULL;
    }
  found = dex_await_boxed (peerup_find_template (templates, template), error);
  if (found == NULL)
    return NULL;
  if (found->len > 0)
    {
      *out_tags = g_strdupv (template->tags);
      return g_strdup (((const PeerupFound *) found->pdata[0])->address);
    }
  text = list_ports (template);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
               "nothing answers as %s on %s of this machine: start it, or say where it is: “peerup service add %s "
               "ADDRESS”; “peerup service find” lists what runs here",
               template->name, text, name);
  return NULL;
}
