/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup service find: what runs on this machine and could be offered, as the running daemon finds it. And what “peerup
 * service add” needs of the same: where a service of a template is. That needs no daemon, but asks one that runs what
 * is not this machine's.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <string.h>

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
    peerup_cli_say (_ ("No TCP port listens on this machine, but those of the daemon."));
  table = peerup_table_new ("", 5);
  if (g_variant_n_children (found) > 0)
    peerup_table_add_title (table, _ ("TEMPLATE"), _ ("FOUND"), _ ("ADDRESS"), _ ("EVIDENCE"), _ ("SHARED AS"));
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
  GString *text = g_string_new (g_dngettext (GETTEXT_PACKAGE, "port ", "ports ", template->ports->len));

  for (guint i = 0; i < template->ports->len; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? ", " : "", g_array_index (template->ports, guint16, i));
  return g_string_free (text, FALSE);
}

/* (transfer full) (nullable): the ports of the running daemon's forwards; none where none runs. */
static GArray *
list_forwarded (PeerupCli *cli, GError **error)
{
  g_autofree char *path = peerup_cli_find_config (cli, error);
  g_autoptr (GArray) ports = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GVariant) forwards = NULL;
  g_autoptr (GError) reason = NULL;

  if (path == NULL)
    return NULL;
  client = dex_await_object (peerup_client_attach (path), &reason);
  if (client == NULL && g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return g_steal_pointer (&ports);
  if (client == NULL || !PEERUP_ASK (peerup_client_get_proxy (client), list_forwards, &forwards, &reason))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  for (gsize i = 0; i < g_variant_n_children (forwards); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (forwards, i);
      const char *colon = strrchr (peerup_answer_get_string (dict, "address"), ':');
      guint64 number;

      if (colon != NULL && g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &number, NULL))
        {
          guint16 port = (guint16) number;

          g_array_append_val (ports, port);
        }
    }
  return g_steal_pointer (&ports);
}

static void
set_not_found (const PeerupTemplate *template, const char *name, const GArray *forwarded, GError **error)
{
  g_autofree char *text = list_ports (template);

  for (guint i = 0; i < forwarded->len; i++)
    if (peerup_template_has_port (template, g_array_index (forwarded, guint16, i)))
      {
        g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                     _ ("port %u of this machine is a forward to a peer's service, which is not offered to others: to "
                        "share a %s of this machine, say where it is: “peerup service add %s ADDRESS”"),
                     g_array_index (forwarded, guint16, i), template->name, name);
        return;
      }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
               _ ("nothing answers as %s on %s of this machine: start it, or say where it is: “peerup service add %s "
                  "ADDRESS”; “peerup service find” lists what runs here"),
               template->name, text, name);
}

char *
peerup_service_place_find (PeerupCli *cli, const char *name, const char *id, char ***out_tags, GError **error)
{
  g_autoptr (PeerupTemplates) templates = peerup_templates_load ();
  PeerupTemplate *template = peerup_templates_find (templates, id);
  g_autoptr (GArray) forwarded = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autofree char *text = NULL;

  if (template == NULL || template->ports->len == 0)
    {
      text = list_ids (templates);
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   _ (
                     "“%s” is no template, so say where the service is: “peerup service add %s ADDRESS”. The templates "
                     "are %s"),
                   id, name, text);
      return NULL;
    }
  forwarded = list_forwarded (cli, error);
  if (forwarded == NULL)
    return NULL;
  found = dex_await_boxed (peerup_find_template (templates, template, forwarded), error);
  if (found == NULL)
    return NULL;
  if (found->len > 0)
    {
      *out_tags = g_strdupv (template->tags);
      return g_strdup (((const PeerupFound *) found->pdata[0])->address);
    }
  set_not_found (template, name, forwarded, error);
  return NULL;
}
