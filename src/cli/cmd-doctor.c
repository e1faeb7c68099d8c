/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup doctor: what can be said of this device now, and what to do about it. It changes
 * nothing, dials nobody, and says what it could not check.
 */
#include "cli/peerup-commands.h"

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-checks.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/timex.h>

/* All that the daemon is asked for. */
typedef struct
{
  GVariant *facts;
  GVariant *connections;
  GVariant *limits;
  GVariant *relay;
  GVariant *relays;
  GVariant *network;
} Answers;

static void
answers_clear (Answers *self)
{
  g_clear_pointer (&self->facts, g_variant_unref);
  g_clear_pointer (&self->connections, g_variant_unref);
  g_clear_pointer (&self->limits, g_variant_unref);
  g_clear_pointer (&self->relay, g_variant_unref);
  g_clear_pointer (&self->relays, g_variant_unref);
  g_clear_pointer (&self->network, g_variant_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answers, answers_clear)

/* 0 where it cannot be read. */
static guint64
read_system_number (const char *path)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? g_ascii_strtoull (text, NULL, 10) : 0;
}

static void
judge (PeerupFindings *findings, PeerupDBusEngine1 *proxy, const Answers *answers, const char *path)
{
  PeerupDaemonFacts daemon = {
    .config_path = path,
    .version = peerup_dbus_engine1_get_version (proxy),
    .process_id = peerup_dbus_engine1_get_process_id (proxy),
    .uptime = g_get_real_time () / G_USEC_PER_SEC - peerup_dbus_engine1_get_started_at (proxy),
    .addresses = peerup_dbus_engine1_get_listen_addresses (proxy),
    .facts = answers->facts,
    .connections = answers->connections,
    .limits = answers->limits,
    .relay = answers->relay,
    .relays = answers->relays,
    .network = answers->network,
    .receive_max = read_system_number ("/proc/sys/net/core/rmem_max"),
    .send_max = read_system_number ("/proc/sys/net/core/wmem_max"),
  };

  peerup_check_running (findings, &daemon);
}

static gboolean
ask_all (PeerupDBusEngine1 *proxy, Answers *answers, GError **error)
{
  return PEERUP_ASK (proxy, get_diagnostics, &answers->facts, error) &&
         PEERUP_ASK (proxy, list_connections, &answers->connections, error) &&
         PEERUP_ASK (proxy, list_limits, &answers->limits, error) &&
         PEERUP_ASK (proxy, get_relay_service, &answers->relay, error) &&
         PEERUP_ASK (proxy, list_relays, &answers->relays, error) &&
         PEERUP_ASK (proxy, get_network, &answers->network, error);
}

static void
note_state (PeerupFindings *findings, PeerupDBusEngine1 *proxy)
{
  g_autofree char *reason =
    g_strdup_printf (_ ("the daemon is %s"), peerup_cli_word (peerup_dbus_engine1_get_state (proxy)));

  peerup_findings_add (findings, PEERUP_CHECK_DAEMON, PEERUP_FINDING_UNKNOWN, "%s",
                       peerup_cli_word (peerup_dbus_engine1_get_state (proxy)));
  peerup_findings_give_up (findings, PEERUP_CHECK_DAEMON, reason);
}

static void
note_silence (PeerupFindings *findings, GError *error)
{
  g_dbus_error_strip_remote_error (error);
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD))
    peerup_findings_take (findings, PEERUP_CHECK_DAEMON, PEERUP_FINDING_MEND,
                          g_strdup (_ ("the daemon that runs is older than this command and cannot be examined")),
                          g_strdup (_ ("restart it")));
  else
    peerup_findings_add (findings, PEERUP_CHECK_DAEMON, PEERUP_FINDING_MEND, "%s", error->message);
  peerup_findings_give_up (findings, PEERUP_CHECK_DAEMON, _ ("no daemon answers"));
}

static void
examine_daemon (PeerupFindings *findings, const char *path, Answers *answers)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client = dex_await_object (peerup_client_attach (path), &error);
  PeerupDBusEngine1 *proxy = client != NULL ? peerup_client_get_proxy (client) : NULL;

  if (client == NULL || !ask_all (proxy, answers, &error))
    note_silence (findings, error);
  else if (g_variant_n_children (answers->facts) == 0)
    note_state (findings, proxy);
  else
    judge (findings, proxy, answers, path);
}

static void
examine_files (PeerupFindings *findings, const char *path)
{
  g_autoptr (PeerupConfig) config = peerup_check_configuration (findings, path);

  if (config == NULL)
    {
      peerup_findings_add (findings, PEERUP_CHECK_IDENTITY, PEERUP_FINDING_UNKNOWN,
                           _ ("not checked: the configuration names its file"));
      peerup_findings_add (findings, PEERUP_CHECK_AUTHORIZED_KEYS, PEERUP_FINDING_UNKNOWN,
                           _ ("not checked: the configuration names its file"));
      return;
    }
  peerup_check_identity (findings, config);
  peerup_check_authorized_keys (findings, config, g_get_real_time () / G_USEC_PER_SEC);
}

static void
examine (PeerupCli *cli, PeerupFindings *findings, Answers *answers)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = peerup_cli_find_config (cli, &error);

  if (path == NULL)
    {
      peerup_findings_add (findings, PEERUP_CHECK_CONFIGURATION, PEERUP_FINDING_MEND, "%s", error->message);
      peerup_findings_give_up (findings, PEERUP_CHECK_CONFIGURATION, _ ("there is no configuration"));
      return;
    }
  examine_files (findings, path);
  peerup_check_clock (findings, adjtimex (&(struct timex) { 0 }));
  examine_daemon (findings, path, answers);
}

static void
print_json (PeerupFindings *findings, const Answers *answers)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "healthy", "b", peerup_findings_count (findings, PEERUP_FINDING_MEND) == 0);
  g_variant_dict_insert_value (&dict, "checks", peerup_findings_describe (findings));
  if (answers->facts != NULL)
    g_variant_dict_insert_value (&dict, "facts", answers->facts);
  if (answers->limits != NULL)
    g_variant_dict_insert_value (&dict, "limits", answers->limits);
  if (answers->relay != NULL)
    g_variant_dict_insert_value (&dict, "relay_service", answers->relay);
  if (answers->relays != NULL)
    g_variant_dict_insert_value (&dict, "relays", answers->relays);
  if (answers->network != NULL)
    g_variant_dict_insert_value (&dict, "network", answers->network);
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

static gboolean
begins_with_word (const char *line, const char *word)
{
  return g_str_has_prefix (line, word) && line[strlen (word)] == ' ';
}

/* What is to be mended is what people look for. */
static void
print_text (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *mend = peerup_findings_get_sign (PEERUP_FINDING_MEND);
      gboolean bad = begins_with_word (lines[i], mend);
      const char *sign = bad ? mend : peerup_findings_get_sign (PEERUP_FINDING_NOTE);
      g_autofree char *painted = peerup_cli_paint (bad ? PEERUP_CLI_STYLE_BAD : PEERUP_CLI_STYLE_NOTE, sign);

      if (bad || begins_with_word (lines[i], sign))
        peerup_cli_print ("%s%s\n", painted, lines[i] + strlen (sign));
      else if (lines[i][0] != '\0' || lines[i + 1] != NULL)
        peerup_cli_print ("%s\n", lines[i]);
    }
}

static int
run (PeerupCli *cli)
{
  g_autoptr (PeerupFindings) findings = peerup_findings_new ();
  g_auto (Answers) answers = { 0 };

  examine (cli, findings, &answers);
  if (cli->json)
    print_json (findings, &answers);
  else
    {
      g_autofree char *text = peerup_findings_format (findings);

      print_text (text);
    }
  return peerup_findings_count (findings, PEERUP_FINDING_MEND) == 0 ? PEERUP_CLI_OK : PEERUP_CLI_FAILED;
}

int
cmd_doctor (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
