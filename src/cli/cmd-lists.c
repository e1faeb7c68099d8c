/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup peers, paths, services and forwards: what the running daemon has, a line each.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-attached.h"
#include "cli/peerup-path-text.h"

/* Seconds. */
#define AGE_SHOWN 15

static gboolean all;

const GOptionEntry cmd_peers_options[] = {
  { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_ ("Also those that are not connected now"), NULL },
  G_OPTION_ENTRY_NULL,
};

typedef void (*AddRow) (PeerupTable *table, GVariant *dict);

/* @title of @n_columns has been added. */
static void
print_rows (PeerupCli *cli, GVariant *list, PeerupTable *table, AddRow add_row, const char *nothing)
{
  g_autofree char *text = NULL;

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (list, i);

      add_row (table, dict);
    }
  text = peerup_table_end (table);
  if (cli->json)
    peerup_cli_print_variant (list);
  else if (g_variant_n_children (list) > 0)
    peerup_cli_print ("%s", text);
  else
    peerup_cli_say ("%s", nothing);
}

static void
add_peer (PeerupTable *table, GVariant *dict)
{
  g_autofree char *state = peerup_path_text_state (dict);

  peerup_table_add (table, peerup_answer_get_string (dict, "name"), peerup_answer_get_string (dict, "id"), state,
                    peerup_answer_get_string (dict, "agent"));
}

/* Floating. */
static GVariant *
leave_connected (GVariant *peers)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < g_variant_n_children (peers); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (peers, i);

      if (all || g_str_equal (peerup_answer_get_string (dict, "state"), "connected"))
        g_variant_builder_add_value (&list, dict);
    }
  return g_variant_builder_end (&list);
}

static gboolean
list_peers (PeerupCli *cli, PeerupClient *client, GError **error)
{
  g_autoptr (GVariant) peers = NULL;
  g_autoptr (GVariant) shown = NULL;
  PeerupTable *table;

  if (!PEERUP_ASK (peerup_client_get_proxy (client), list_peers, &peers, error))
    return FALSE;
  shown = g_variant_ref_sink (leave_connected (peers));
  table = peerup_table_new ("", 4);
  peerup_table_add_title (table, _ ("NAME"), _ ("PEER ID"), _ ("STATE"), _ ("PROGRAM"));
  print_rows (cli, shown, table, add_peer, _ ("No peer is connected; “peerup peers --all” shows those that were."));
  return TRUE;
}

int
cmd_peers (PeerupCli *cli)
{
  return peerup_attached_run (cli, list_peers);
}

/* A row for each path of a peer. */
static void
add_paths (PeerupTable *table, GVariant *peer)
{
  g_autoptr (GVariant) paths = peerup_answer_get_list (peer, "paths");
  g_autofree char *name = peerup_path_text_peer (peer, "peer_id");

  if (g_variant_n_children (paths) == 0)
    peerup_table_add (table, name, peerup_cli_word (peerup_answer_get_string (peer, "state")), NULL, NULL);
  for (gsize i = 0; i < g_variant_n_children (paths); i++)
    {
      g_autoptr (GVariant) path = g_variant_get_child_value (paths, i);
      g_autofree char *words = peerup_path_text_path (path);
      guint64 rtt;
      g_autofree char *time =
        peerup_answer_lookup_number (path, "rtt_us", &rtt) ? peerup_cli_format_rtt ((gint64) rtt) : NULL;

      peerup_table_add (table, name, words, peerup_answer_get_flag (path, _ ("silent")) ? _ ("silent") : time,
                        peerup_answer_get_string (path, "address"));
    }
}

static gboolean
list_paths (PeerupCli *cli, PeerupClient *client, GError **error)
{
  const char *peer = cli->arguments[0] != NULL ? cli->arguments[0] : "";
  g_autoptr (GVariant) peers = NULL;
  PeerupTable *table;

  if (!PEERUP_ASK_ABOUT (peerup_client_get_proxy (client), list_paths, peer, &peers, error))
    return FALSE;
  table = peerup_table_new ("", 4);
  peerup_table_add_title (table, _ ("PEER"), _ ("PATH"), _ ("ROUND TRIP"), _ ("ADDRESS"));
  print_rows (cli, peers, table, add_paths, _ ("No peer is connected."));
  return TRUE;
}

int
cmd_paths (PeerupCli *cli)
{
  return peerup_attached_run (cli, list_paths);
}

static void
add_service (PeerupTable *table, GVariant *dict)
{
  g_autofree char *in = peerup_cli_format_bytes (peerup_answer_get_number (dict, "bytes_in"));
  g_autofree char *out = peerup_cli_format_bytes (peerup_answer_get_number (dict, "bytes_out"));
  g_autofree char *use =
    g_strdup_printf (_ ("%" PRIu64 " now, %" PRIu64 " in all, %s in, %s out"),
                     peerup_answer_get_number (dict, "active"), peerup_answer_get_number (dict, "total"), in, out);

  peerup_table_add (table, peerup_answer_get_string (dict, "name"), peerup_answer_get_string (dict, "address"),
                    peerup_answer_get_flag (dict, "enabled") ? _ ("offered") : _ ("disabled"), use,
                    peerup_answer_get_string (dict, "health_text"));
}

static void
add_peer_service (PeerupTable *table, GVariant *dict)
{
  g_auto (GStrv) tags = NULL;
  g_autofree char *words = NULL;

  if (g_variant_lookup (dict, "tags", "^as", &tags))
    words = g_strjoinv (", ", tags);
  peerup_table_add (table, peerup_answer_get_string (dict, "name"), peerup_answer_get_string (dict, "kind"), words);
}

/* What is older than an answer takes was not said just now. */
static void
say_age (const char *peer, GVariant *services)
{
  g_autoptr (GVariant) first = g_variant_n_children (services) > 0 ? g_variant_get_child_value (services, 0) : NULL;
  guint64 age = first != NULL ? peerup_answer_get_number (first, "age_us") / G_USEC_PER_SEC : 0;
  g_autofree char *time = peerup_cli_format_duration ((gint64) age);

  if (age >= AGE_SHOWN)
    peerup_cli_say (_ ("%s cannot be asked now: this is what it said %s ago."), peer, time);
}

static gboolean
list_peer_services (PeerupCli *cli, PeerupClient *client, GError **error)
{
  const char *peer = cli->arguments[0];
  g_autofree char *nothing = NULL;
  g_autoptr (GVariant) services = NULL;
  PeerupTable *table;

  if (!PEERUP_ASK_ABOUT (peerup_client_get_proxy (client), list_peer_services, peer, &services, error))
    return FALSE;
  table = peerup_table_new ("", 3);
  peerup_table_add_title (table, _ ("NAME"), _ ("KIND"), _ ("TAGS"));
  nothing =
    g_strdup_printf (_ ("%s offers nothing to this device; there, “peerup service add” and “peerup grant add” do."),
                     peer);
  print_rows (cli, services, table, add_peer_service, nothing);
  if (!cli->json)
    say_age (peer, services);
  return TRUE;
}

static gboolean
list_services (PeerupCli *cli, PeerupClient *client, GError **error)
{
  g_autoptr (GVariant) services = NULL;
  PeerupTable *table;

  if (cli->arguments[0] != NULL)
    return list_peer_services (cli, client, error);
  if (!PEERUP_ASK (peerup_client_get_proxy (client), list_services, &services, error))
    return FALSE;
  table = peerup_table_new ("", 5);
  peerup_table_add_title (table, _ ("NAME"), _ ("ADDRESS"), _ ("STATE"), _ ("USE"), "");
  print_rows (cli, services, table, add_service,
              _ ("No service is offered: add one with “peerup service add NAME ADDRESS”."));
  return TRUE;
}

int
cmd_services (PeerupCli *cli)
{
  return peerup_attached_run (cli, list_services);
}

static void
add_forward (PeerupTable *table, GVariant *dict)
{
  const char *error = peerup_answer_get_string (dict, "error");

  peerup_table_add (table, peerup_answer_get_string (dict, "id"), peerup_answer_get_string (dict, "address"),
                    peerup_answer_get_string (dict, "peer"), peerup_answer_get_string (dict, "service"),
                    error[0] != '\0' ? error : peerup_cli_word (peerup_answer_get_string (dict, "state")));
}

static gboolean
list_forwards (PeerupCli *cli, PeerupClient *client, GError **error)
{
  g_autoptr (GVariant) forwards = NULL;
  PeerupTable *table;

  if (!PEERUP_ASK (peerup_client_get_proxy (client), list_forwards, &forwards, error))
    return FALSE;
  table = peerup_table_new ("", 5);
  peerup_table_add_title (table, _ ("FORWARD"), _ ("ADDRESS"), _ ("PEER"), _ ("SERVICE"), _ ("STATE"));
  print_rows (cli, forwards, table, add_forward, _ ("Nothing is forwarded: “peerup proxy PEER SERVICE PORT” does."));
  return TRUE;
}

int
cmd_forwards (PeerupCli *cli)
{
  return peerup_attached_run (cli, list_forwards);
}
