/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup status: what the running daemon says of itself, for people or as JSON.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-pairing-calls.h"
#include "cli/peerup-pairing-text.h"
#include "cli/peerup-path-text.h"
#include "cli/peerup-refusals.h"
#include "cli/peerup-relay-service-text.h"
#include "cli/peerup-route-text.h"

typedef struct
{
  PeerupDBusEngine1 *proxy;
  GVariant *peers;
  GVariant *connections;
  GVariant *services;
  GVariant *forwards;
  GVariant *limits;
  GVariant *relays;
  GVariant *service;
  GVariant *paths;
  GVariant *network;
  GVariant *invites; /* without secrets: status is what people send to others */
  GVariant *pairings;
} Status;

static void
status_clear (Status *self)
{
  g_clear_pointer (&self->peers, g_variant_unref);
  g_clear_pointer (&self->connections, g_variant_unref);
  g_clear_pointer (&self->services, g_variant_unref);
  g_clear_pointer (&self->forwards, g_variant_unref);
  g_clear_pointer (&self->limits, g_variant_unref);
  g_clear_pointer (&self->relays, g_variant_unref);
  g_clear_pointer (&self->service, g_variant_unref);
  g_clear_pointer (&self->paths, g_variant_unref);
  g_clear_pointer (&self->network, g_variant_unref);
  g_clear_pointer (&self->invites, g_variant_unref);
  g_clear_pointer (&self->pairings, g_variant_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Status, status_clear)

static gboolean
ask_pairing (Status *self, GError **error)
{
  g_autoptr (GVariant) invites = NULL;

  if (!PEERUP_ASK (self->proxy, list_invites, &invites, error))
    return FALSE;
  self->invites = g_variant_ref_sink (peerup_pairing_without_secrets (invites));
  return PEERUP_ASK (self->proxy, list_pairings, &self->pairings, error);
}

static gboolean
ask_all (Status *self, GError **error)
{
  /* First the paths: each is asked for a sign of life, and all else is then as true as they are. */
  return PEERUP_ASK_ABOUT (self->proxy, list_paths, "", &self->paths, error) &&
         PEERUP_ASK (self->proxy, get_network, &self->network, error) &&
         PEERUP_ASK (self->proxy, list_peers, &self->peers, error) &&
         PEERUP_ASK (self->proxy, list_connections, &self->connections, error) &&
         PEERUP_ASK (self->proxy, list_services, &self->services, error) &&
         PEERUP_ASK (self->proxy, list_forwards, &self->forwards, error) &&
         PEERUP_ASK (self->proxy, list_limits, &self->limits, error) &&
         PEERUP_ASK (self->proxy, list_relays, &self->relays, error) &&
         PEERUP_ASK (self->proxy, get_relay_service, &self->service, error) && ask_pairing (self, error);
}

static gint64
uptime (Status *self)
{
  gint64 since = peerup_dbus_engine1_get_started_at (self->proxy);

  return since > 0 ? g_get_real_time () / G_USEC_PER_SEC - since : 0;
}

static void
print_json (Status *self)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "peer_id", "s", peerup_dbus_engine1_get_peer_id (self->proxy));
  g_variant_dict_insert (&dict, "version", "s", peerup_dbus_engine1_get_version (self->proxy));
  g_variant_dict_insert (&dict, "state", "s", peerup_dbus_engine1_get_state (self->proxy));
  g_variant_dict_insert (&dict, "config", "s", peerup_dbus_engine1_get_config_file (self->proxy));
  g_variant_dict_insert (&dict, "pid", "u", peerup_dbus_engine1_get_process_id (self->proxy));
  g_variant_dict_insert (&dict, "uptime_seconds", "x", uptime (self));
  g_variant_dict_insert (&dict, "listen_addresses", "^as", peerup_dbus_engine1_get_listen_addresses (self->proxy));
  g_variant_dict_insert (&dict, "problems", "^as", peerup_dbus_engine1_get_problems (self->proxy));
  g_variant_dict_insert_value (&dict, "peers", self->peers);
  g_variant_dict_insert_value (&dict, "connections", self->connections);
  g_variant_dict_insert_value (&dict, "services", self->services);
  g_variant_dict_insert_value (&dict, "forwards", self->forwards);
  g_variant_dict_insert_value (&dict, "limits", self->limits);
  g_variant_dict_insert_value (&dict, "relays", self->relays);
  g_variant_dict_insert_value (&dict, "relay_service", self->service);
  g_variant_dict_insert_value (&dict, "paths", self->paths);
  g_variant_dict_insert_value (&dict, "network", self->network);
  g_variant_dict_insert_value (&dict, "invites", self->invites);
  g_variant_dict_insert_value (&dict, "pairings", self->pairings);
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

static void
print_title (const char *title)
{
  g_autofree char *painted = peerup_cli_paint (PEERUP_CLI_STYLE_TITLE, title);

  peerup_cli_print ("%s\n", painted);
}

static void
print_list (const char *title, PeerupTable *table, GVariant *list, void (*add) (PeerupTable *table, GVariant *item))
{
  g_autofree char *text = NULL;

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (list, i);

      add (table, item);
    }
  text = peerup_table_end (table);
  print_title (title);
  peerup_cli_print ("%s", text[0] != '\0' ? text : _ ("  none\n"));
}

/* (nullable) (transfer full): of the peer with that ID. */
static GVariant *
find_paths (Status *self, const char *id)
{
  for (gsize i = 0; i < g_variant_n_children (self->paths); i++)
    {
      g_autoptr (GVariant) paths = g_variant_get_child_value (self->paths, i);

      if (g_str_equal (peerup_answer_get_string (paths, "peer_id"), id))
        return g_steal_pointer (&paths);
    }
  return NULL;
}

/* A relay that is connected as it should be needs no story. */
static gboolean
is_worth_telling (GVariant *paths)
{
  g_autoptr (GVariant) list = peerup_answer_get_list (paths, "paths");

  return peerup_answer_get_string (paths, "explanation")[0] != '\0' || g_variant_n_children (list) > 1;
}

static void
print_peers (Status *self)
{
  print_title (_ ("Peers"));
  peerup_cli_print ("%s", g_variant_n_children (self->peers) == 0 ? _ ("  none\n") : "");
  for (gsize i = 0; i < g_variant_n_children (self->peers); i++)
    {
      g_autoptr (GVariant) peer = g_variant_get_child_value (self->peers, i);
      g_autoptr (GVariant) paths = find_paths (self, peerup_answer_get_string (peer, "id"));
      g_autofree char *name = peerup_path_text_peer (peer, "id");
      g_autofree char *state = peerup_path_text_state (peer);
      g_autofree char *story =
        paths != NULL && is_worth_telling (paths) ? peerup_route_text_paths (paths, g_get_real_time ()) : g_strdup ("");

      peerup_cli_print ("  %s  %s\n%s", name, state, story);
    }
}

static void
print_network (Status *self)
{
  const char *grade = peerup_answer_get_string (self->network, "grade");
  g_autofree char *sentence = g_strdup_printf ("%s: %s", grade, peerup_answer_get_string (self->network, "sentence"));
  g_autofree char *text = peerup_cli_wrap (sentence, "  ", 80);

  if (grade[0] != '\0')
    {
      print_title (_ ("\nReachability"));
      peerup_cli_print ("%s", text);
    }
}

static void
add_relay (PeerupTable *table, GVariant *relay)
{
  g_autofree char *name = peerup_path_text_peer (relay, "id");
  g_autofree char *state = peerup_path_text_relay (relay);

  peerup_table_add (table, name, state);
}

static void
add_service (PeerupTable *table, GVariant *service)
{
  g_autofree char *streams = g_strdup_printf (_ ("%" PRIu64 " in use"), peerup_answer_get_number (service, "active"));

  peerup_table_add (table, peerup_answer_get_string (service, "name"), peerup_answer_get_string (service, "address"),
                    peerup_answer_get_flag (service, "enabled") ? streams : _ ("disabled"));
}

static void
add_forward (PeerupTable *table, GVariant *forward)
{
  g_autofree char *what =
    g_strdup_printf (/* TRANSLATORS: a service, and the peer that has it */ _ ("%s of %s"),
                     peerup_answer_get_string (forward, "service"), peerup_answer_get_string (forward, "peer"));

  peerup_table_add (table, peerup_answer_get_string (forward, "address"), what,
                    peerup_cli_word (peerup_answer_get_string (forward, "state")),
                    peerup_answer_get_string (forward, "error"));
}

/* The first line of each stands out, so that one is told from the next. */
static void
print_problem (guint position, const char *text)
{
  static const char indent[] = "    ";
  g_autofree char *wrapped = peerup_cli_wrap (text, indent, 76);

  if (position == 0)
    print_title (_ ("\nProblems"));
  peerup_cli_print ("  %s", wrapped + strlen (indent));
}

static void
print_text (Status *self)
{
  g_autofree char *age = peerup_cli_format_duration (uptime (self));
  g_autofree char *refusals = peerup_refusals_format (self->limits);
  g_autofree char *pairing = peerup_pairing_text_summary (self->invites, self->pairings);
  g_autofree char *service = peerup_relay_service_format (self->service, g_get_real_time () / G_USEC_PER_SEC);
  const char *const *addresses = peerup_dbus_engine1_get_listen_addresses (self->proxy);
  const char *const *problems = peerup_dbus_engine1_get_problems (self->proxy);

  peerup_cli_print (_ ("%s\n%s for %s, version %s, process %u\n\n"), peerup_dbus_engine1_get_peer_id (self->proxy),
                    peerup_cli_word (peerup_dbus_engine1_get_state (self->proxy)), age,
                    peerup_dbus_engine1_get_version (self->proxy), peerup_dbus_engine1_get_process_id (self->proxy));
  print_title (_ ("Listening on"));
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    peerup_cli_print ("  %s\n", addresses[i]);
  for (guint i = 0; problems != NULL && problems[i] != NULL; i++)
    print_problem (i, problems[i]);
  peerup_cli_print ("\n");
  print_peers (self);
  print_network (self);
  if (g_variant_n_children (self->relays) > 0)
    print_list (_ ("\nRelays"), peerup_table_new ("  ", 2), self->relays, add_relay);
  if (service != NULL)
    peerup_cli_print (_ ("\nRelaying\n%s"), service);
  print_list (_ ("\nServices"), peerup_table_new ("  ", 3), self->services, add_service);
  print_list (_ ("\nForwards"), peerup_table_new ("  ", 4), self->forwards, add_forward);
  if (pairing != NULL)
    peerup_cli_print (_ ("\nPairing: %s\n"), pairing);
  if (refusals != NULL)
    peerup_cli_print (_ ("\nRefused: %s\n"), refusals);
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Status) status = { 0 };

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_attach (path), &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  status.proxy = peerup_client_get_proxy (client);
  if (!ask_all (&status, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    print_json (&status);
  else
    print_text (&status);
  return PEERUP_CLI_OK;
}

int
cmd_status (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
