/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup daemon: the engine with its controls, or one for each of several profiles.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-daemon.h"
#include "config/peerup-profile.h"

static gboolean all_profiles;
static char *log_level;
static gboolean no_bus;
static gboolean session_bus;
static gboolean system_bus;

const GOptionEntry cmd_daemon_options[] = {
  { "all-profiles", 0, 0, G_OPTION_ARG_NONE, &all_profiles, N_ ("Run every profile of “peerup profile list”"), NULL },
  { "log-level", 0, 0, G_OPTION_ARG_STRING, &log_level, N_ ("What to log, as in debug, or swarm=debug,all=info"),
    "LEVEL" },
  { "no-bus", 0, 0, G_OPTION_ARG_NONE, &no_bus, N_ ("Be called on no D-Bus but the private one"), NULL },
  { "session-bus", 0, 0, G_OPTION_ARG_NONE, &session_bus, N_ ("Be called on the session bus, even if none is seen"),
    NULL },
  { "system-bus", 0, 0, G_OPTION_ARG_NONE, &system_bus, N_ ("Be called on the system bus, by whom polkit allows"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

/* "debug" is "all=debug". */
static char *
full_levels (void)
{
  if (log_level == NULL || strchr (log_level, '=') != NULL)
    return g_strdup (log_level);
  return g_strconcat ("all=", log_level, NULL);
}

static int
run_profiles (PeerupCli *cli, const char *const *names, const char *levels)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) configs = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    g_strv_builder_take (builder, peerup_profile_dup_config (names[i]));
  configs = g_strv_builder_end (builder);
  /* It is of one unit, and so of one engine: each of several keeps what it learns beside its configuration. */
  g_unsetenv ("STATE_DIRECTORY");
  return peerup_daemon_run (cli, (const char *const *) configs, names, levels, PEERUP_ENGINE_DEFAULT);
}

static int
run_all_profiles (PeerupCli *cli, const char *levels)
{
  g_auto (GStrv) names = peerup_profile_list ();

  if (cli->config != NULL || cli->profiles != NULL)
    return peerup_cli_fail_usage (cli, _ ("--all-profiles stands without --config and --profile"));
  if (names[0] == NULL)
    {
      peerup_cli_say (_ ("peerup: there is no profile yet: make one with “peerup init --profile NAME”"));
      return PEERUP_CLI_FAILED;
    }
  return run_profiles (cli, (const char *const *) names, levels);
}

int
cmd_daemon (PeerupCli *cli)
{
  g_autofree char *levels = full_levels ();
  g_autofree char *path = NULL;
  g_autofree char *profile = NULL;
  g_autoptr (GError) error = NULL;

  if (no_bus + session_bus + system_bus > 1)
    return peerup_cli_fail_usage (cli, _ ("of --no-bus, --session-bus and --system-bus one can be given"));
  peerup_daemon_set_bus (no_bus        ? PEERUP_DAEMON_BUS_NONE
                         : session_bus ? PEERUP_DAEMON_BUS_SESSION
                         : system_bus  ? PEERUP_DAEMON_BUS_SYSTEM
                                       : PEERUP_DAEMON_BUS_DEFAULT);
  if (all_profiles)
    return run_all_profiles (cli, levels);
  if (cli->profiles != NULL && cli->profiles[1] != NULL)
    return run_profiles (cli, (const char *const *) cli->profiles, levels);
  path = peerup_cli_find_config (cli, &error);
  if (path == NULL)
    return peerup_cli_fail (error);
  /* The units of a server name the file. */
  profile = peerup_profile_dup_name (path);
  return peerup_daemon_run (cli, (const char *const[]) { path, NULL },
                            profile != NULL ? (const char *const[]) { profile, NULL } : NULL, levels,
                            PEERUP_ENGINE_DEFAULT);
}
