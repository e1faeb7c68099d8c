/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay info: all that the daemon knows of the relays it uses, and of the relay that this
 * machine is: its own daemon and the relay's may be two, with two configurations.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <libdex.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-path-text.h"
#include "cli/peerup-relay-config.h"
#include "cli/peerup-relay-daemon.h"
#include "cli/peerup-relay-entries.h"
#include "cli/peerup-relay-own.h"

/* "2 h 5 min, at 18:05" */
static char *
format_end (gint64 seconds)
{
  gint64 left = seconds - g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);
  g_autofree char *clock = time != NULL ? g_date_time_format (time, "%H:%M") : NULL;
  g_autofree char *duration = peerup_cli_format_duration (MAX (left, 0));

  return clock != NULL ? g_strdup_printf (_ ("in %s, at %s"), duration, clock)
                       : g_strdup_printf (_ ("in %s"), duration);
}

static char *
format_limits (GVariant *relay)
{
  guint64 seconds = peerup_answer_get_number (relay, "limit_seconds");
  guint64 bytes = peerup_answer_get_number (relay, "limit_bytes");
  g_autofree char *time = seconds > 0 ? peerup_cli_format_duration ((gint64) seconds) : NULL;
  g_autofree char *data = bytes > 0 ? peerup_cli_format_bytes (bytes) : NULL;

  if (!peerup_answer_get_flag (relay, "limited"))
    return g_strdup (_ ("none that it tells"));
  if (data == NULL)
    return g_strdup_printf (_ ("a connection through it may last %s"), time != NULL ? time : _ ("any time"));
  return g_strdup_printf (_ ("a connection through it may last %s and carry %s each way"),
                          time != NULL ? time : _ ("any time"), data);
}

/* The columns of a terminal, where printf() counts bytes. */
static G_GNUC_PRINTF (2, 3) void print_row (const char *label, const char *format, ...)
{
  int space = MAX (12 - (int) peerup_cli_text_width (label), 0);
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  peerup_cli_print ("  %s%*s %s\n", label, space, "", text);
}

static void
print_addresses (const PeerupRelayEntry *entry, const char *own, gboolean reserved)
{
  for (guint i = 0; i < entry->addresses->len; i++)
    print_row (i == 0 ? _ ("reached at") : "", "%s", peerup_multiaddr_get_string (entry->addresses->pdata[i]));
  for (guint i = 0; reserved && i < entry->addresses->len; i++)
    print_row (i == 0 ? _ ("this device") : "", "%s/p2p-circuit/p2p/%s",
               peerup_multiaddr_get_string (entry->addresses->pdata[i]), own);
}

static void
print_facts (GVariant *relay)
{
  g_autofree char *state = peerup_path_text_relay (relay);
  gboolean reserved = peerup_relay_daemon_is_reserved (relay);
  guint64 number;

  print_row (_ ("state"), "%s", state);
  if (reserved && peerup_answer_lookup_number (relay, "expires_at", &number))
    {
      g_autofree char *end = format_end ((gint64) number);

      print_row (_ ("reservation"), _ ("ends %s, and is renewed before"), end);
    }
  if (peerup_answer_lookup_number (relay, "rtt_us", &number))
    {
      g_autofree char *rtt = peerup_cli_format_rtt ((gint64) number);

      print_row (_ ("round trip"), "%s", rtt);
    }
  if (reserved)
    {
      g_autofree char *limits = format_limits (relay);

      print_row (_ ("limits"), "%s", limits);
    }
  number = peerup_answer_get_number (relay, "failures");
  if (number > 0)
    print_row (_ ("failures"), _ ("%" PRIu64 " in a row"), number);
}

static void
print_relay (const PeerupRelayEntry *entry, GVariant *relay, const char *own)
{
  peerup_cli_print ("%s\n", peerup_relay_entry_get_label (entry));
  if (entry->name != NULL)
    print_row (_ ("peer ID"), "%s", peerup_peer_id_get_string (entry->peer));
  if (relay != NULL)
    print_facts (relay);
  else
    print_row (_ ("state"), "%s", _ ("the daemon has not taken it up"));
  print_addresses (entry, own, peerup_relay_daemon_is_reserved (relay));
}

static GVariant *
describe_relays (GPtrArray *entries, GVariant *relays, const PeerupRelayEntry *only)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < entries->len; i++)
    {
      const PeerupRelayEntry *entry = entries->pdata[i];
      g_autoptr (GVariant) relay = peerup_relay_daemon_lookup (relays, entry->peer);

      if (only == NULL || only == entry)
        g_variant_builder_add_value (&list, peerup_relay_entry_describe (entry, relay));
    }
  return g_variant_builder_end (&list);
}

static void
print_json (GPtrArray *entries, GVariant *relays, const PeerupRelayEntry *only, GVariant *service)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert_value (&dict, "relays", describe_relays (entries, relays, only));
  if (only == NULL && service != NULL)
    g_variant_dict_insert_value (&dict, "service", service);
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

static void
print_text (GPtrArray *entries, GVariant *relays, const PeerupRelayEntry *only, const char *own, GVariant *service)
{
  g_autofree char *text =
    only == NULL && service != NULL ? peerup_relay_own_format (service, g_get_real_time () / G_USEC_PER_SEC) : NULL;
  const char *between = "";

  for (guint i = 0; i < entries->len; i++)
    {
      const PeerupRelayEntry *entry = entries->pdata[i];
      g_autoptr (GVariant) relay = peerup_relay_daemon_lookup (relays, entry->peer);

      if (only != NULL && only != entry)
        continue;
      peerup_cli_print ("%s", between);
      print_relay (entry, relay, own);
      between = "\n";
    }
  if (text != NULL)
    peerup_cli_print ("%s%s", between, text);
  else if (entries->len == 0)
    peerup_cli_say (_ ("No relay yet: add one with “peerup relay add ADDRESS”."));
}

/* The device's own daemon; where it has no configuration, or none runs, the relay's. As its user, whoever asks. */
static PeerupClient *
attach (PeerupCli *cli, char **path, GError **error)
{
  g_autofree char *relay_path = NULL;
  g_autoptr (GError) local_error = NULL;

  *path = peerup_config_find (cli->config, &local_error);
  if (cli->config == NULL && (*path == NULL || !peerup_relay_daemon_runs (*path)))
    relay_path = peerup_relay_config_find (NULL, *path == NULL ? error : NULL);
  if (relay_path != NULL)
    g_set_str (path, relay_path);
  if (*path == NULL && cli->config != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  if (*path == NULL || !peerup_relay_become_owner (*path, error))
    return NULL;
  return dex_await_object (peerup_client_attach (*path), error);
}

/* (nullable): an older daemon does not say. */
static GVariant *
ask_service (PeerupClient *client)
{
  g_autoptr (GError) error = NULL;
  GVariant *service = NULL;

  if (!PEERUP_ASK (peerup_client_get_proxy (client), get_relay_service, &service, &error))
    return NULL;
  return service;
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GVariant) relays = NULL;
  g_autoptr (GVariant) service = NULL;
  g_autoptr (GError) error = NULL;
  const PeerupRelayEntry *only = NULL;

  client = attach (cli, &path, &error);
  config = client != NULL ? peerup_config_load (path, NULL, &error) : NULL;
  if (config == NULL || (relays = peerup_relay_daemon_list (client, &error)) == NULL)
    return peerup_cli_fail (error);
  entries = peerup_relay_entries_new (config);
  if (cli->arguments[0] != NULL && (only = peerup_relay_entries_find (entries, cli->arguments[0], &error)) == NULL)
    return peerup_cli_fail (error);
  service = ask_service (client);
  if (cli->json)
    print_json (entries, relays, only, service);
  else
    print_text (entries, relays, only, peerup_dbus_engine1_get_peer_id (peerup_client_get_proxy (client)), service);
  return PEERUP_CLI_OK;
}

int
cmd_relay_info (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
