/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup status: what the running daemon says of itself, for people or as JSON.
 */
#include "cli/peerup-commands.h"

#include "cli/peerup-refusals.h"
#include "client/peerup-client.h"

typedef struct
{
  PeerupDBusEngine1 *proxy;
  GVariant *peers;
  GVariant *services;
  GVariant *forwards;
  GVariant *limits;
} Status;

static void
status_clear (Status *self)
{
  g_clear_pointer (&self->peers, g_variant_unref);
  g_clear_pointer (&self->services, g_variant_unref);
  g_clear_pointer (&self->forwards, g_variant_unref);
  g_clear_pointer (&self->limits, g_variant_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Status, status_clear)

typedef void (*ListCall) (PeerupDBusEngine1 *proxy, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer data);
typedef gboolean (*ListFinish) (PeerupDBusEngine1 *proxy, GVariant **list, GAsyncResult *result, GError **error);

static gboolean
ask (PeerupDBusEngine1 *proxy, ListCall call, ListFinish finish, GVariant **list, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  call (proxy, dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL && finish (proxy, list, result, error);
}

static gboolean
ask_all (Status *self, GError **error)
{
  return ask (self->proxy, peerup_dbus_engine1_call_list_peers, peerup_dbus_engine1_call_list_peers_finish,
              &self->peers, error) &&
         ask (self->proxy, peerup_dbus_engine1_call_list_services, peerup_dbus_engine1_call_list_services_finish,
              &self->services, error) &&
         ask (self->proxy, peerup_dbus_engine1_call_list_forwards, peerup_dbus_engine1_call_list_forwards_finish,
              &self->forwards, error) &&
         ask (self->proxy, peerup_dbus_engine1_call_list_limits, peerup_dbus_engine1_call_list_limits_finish,
              &self->limits, error);
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
  g_variant_dict_insert_value (&dict, "services", self->services);
  g_variant_dict_insert_value (&dict, "forwards", self->forwards);
  g_variant_dict_insert_value (&dict, "limits", self->limits);
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

static const char *
get_string (GVariant *dict, const char *key)
{
  const char *text = "";

  g_variant_lookup (dict, key, "&s", &text);
  return text;
}

static guint
get_uint (GVariant *dict, const char *key)
{
  guint number = 0;

  g_variant_lookup (dict, key, "u", &number);
  return number;
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
  peerup_cli_print ("%s\n%s", title, text[0] != '\0' ? text : "  none\n");
}

static void
add_peer (PeerupTable *table, GVariant *peer)
{
  const char *name = get_string (peer, "name");
  g_autofree char *round_trip = NULL;
  gint64 rtt;

  if (g_variant_lookup (peer, "rtt_us", "x", &rtt))
    round_trip = peerup_cli_format_rtt (rtt);
  peerup_table_add (table, name[0] != '\0' ? name : get_string (peer, "id"),
                    g_variant_lookup (peer, "path", "s", NULL) ? get_string (peer, "path") : get_string (peer, "state"),
                    round_trip, get_string (peer, "address"), get_string (peer, "agent"));
}

static void
add_service (PeerupTable *table, GVariant *service)
{
  g_autofree char *streams = g_strdup_printf ("%u in use", get_uint (service, "active"));
  gboolean enabled = FALSE;

  g_variant_lookup (service, "enabled", "b", &enabled);
  peerup_table_add (table, get_string (service, "name"), get_string (service, "address"),
                    enabled ? streams : "disabled");
}

static void
add_forward (PeerupTable *table, GVariant *forward)
{
  g_autofree char *what = g_strdup_printf ("%s of %s", get_string (forward, "service"), get_string (forward, "peer"));

  peerup_table_add (table, get_string (forward, "address"), what, get_string (forward, "state"),
                    get_string (forward, "error"));
}

static void
print_text (Status *self)
{
  g_autofree char *age = peerup_cli_format_duration (uptime (self));
  g_autofree char *refusals = peerup_refusals_format (self->limits);
  const char *const *addresses = peerup_dbus_engine1_get_listen_addresses (self->proxy);
  const char *const *problems = peerup_dbus_engine1_get_problems (self->proxy);

  peerup_cli_print ("%s\n%s for %s, version %s, process %u\n\nListening on\n",
                    peerup_dbus_engine1_get_peer_id (self->proxy), peerup_dbus_engine1_get_state (self->proxy), age,
                    peerup_dbus_engine1_get_version (self->proxy), peerup_dbus_engine1_get_process_id (self->proxy));
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    peerup_cli_print ("  %s\n", addresses[i]);
  for (guint i = 0; problems != NULL && problems[i] != NULL; i++)
    peerup_cli_print ("%s  %s\n", i == 0 ? "\nProblems\n" : "", problems[i]);
  peerup_cli_print ("\n");
  print_list ("Peers", peerup_table_new ("  ", 5), self->peers, add_peer);
  print_list ("\nServices", peerup_table_new ("  ", 3), self->services, add_service);
  print_list ("\nForwards", peerup_table_new ("  ", 4), self->forwards, add_forward);
  if (refusals != NULL)
    peerup_cli_print ("\nRefused: %s\n", refusals);
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
