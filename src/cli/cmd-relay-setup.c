/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay setup: from a server to a relay, in one command that can be said again at any
 * time. It looks before it does anything, tells each step, and never writes over a file.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/peerup-relay-address.h"
#include "cli/peerup-relay-check.h"
#include "cli/peerup-relay-config.h"
#include "cli/peerup-relay-places.h"
#include "cli/peerup-relay-setup.h"

static char *directory;
static char *user;
static int port = -1;
static int websocket_port = -1;
static char **public_addresses;
static char **authorize;
static gboolean no_start, dry_run, check, ascii, qr;

const GOptionEntry cmd_relay_setup_options[] = {
  { "config-dir", 0, 0, G_OPTION_ARG_FILENAME, &directory,
    N_ ("Make all files in DIR and touch nothing of the system: needs no root"), "DIR" },
  { "port", 0, 0, G_OPTION_ARG_INT, &port, N_ ("Listen on this port, over TCP and QUIC (7777)"), "PORT" },
  { "websocket-port", 0, 0, G_OPTION_ARG_INT, &websocket_port,
    N_ ("Take WebSocket connections too, on 443 from networks that let nothing out but the web"), "PORT" },
  { "public-address", 0, 0, G_OPTION_ARG_STRING_ARRAY, &public_addresses,
    N_ ("Tell devices this address, where it is not one of this machine's own (may be repeated)"), "IP" },
  { "user", 0, 0, G_OPTION_ARG_STRING, &user, N_ ("The user it runs as (peerup)"), "NAME" },
  { "authorize", 0, 0, G_OPTION_ARG_STRING_ARRAY, &authorize, N_ ("This device may use it (may be repeated)"),
    "PEER-ID" },
  { "no-start", 0, 0, G_OPTION_ARG_NONE, &no_start, N_ ("Do not start it now"), NULL },
  { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, N_ ("Tell what would be done, and do nothing"), NULL },
  { "check", 0, 0, G_OPTION_ARG_NONE, &check, N_ ("Check a relay that was set up, and print its address"), NULL },
  { "qr", 0, 0, G_OPTION_ARG_NONE, &qr, N_ ("With --check: print the QR code also into a file or pipe"), NULL },
  { "ascii", 0, 0, G_OPTION_ARG_NONE, &ascii, N_ ("With --check: draw the QR code with plain characters"), NULL },
  G_OPTION_ENTRY_NULL,
};

/* What an earlier run was told holds for this one, unless it is told otherwise. */
static void
take_from_config (PeerupRelaySetup *self, PeerupConfig *config)
{
  GPtrArray *addresses = config != NULL ? peerup_config_get_listen_addresses (config) : NULL;

  for (guint i = 0; addresses != NULL && i < addresses->len; i++)
    {
      const char *transport = peerup_relay_address_get_transport (addresses->pdata[i]);
      guint16 number = peerup_relay_address_get_port (addresses->pdata[i]);

      if (port < 0 && g_str_equal (transport, "tcp"))
        self->plan.port = number;
      if (websocket_port < 0 && g_str_equal (transport, "websocket"))
        self->plan.websocket_port = number;
    }
}

/* Names are not what --public-address takes; a file that has some is one that a person edited. */
static char **
announced_in (PeerupConfig *config)
{
  g_auto (GStrv) hosts = peerup_relay_announced_hosts (config);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; hosts[i] != NULL; i++)
    if (g_hostname_is_ip_address (hosts[i]))
      g_strv_builder_add (builder, hosts[i]);
  return g_strv_builder_end (builder);
}

/* The configuration last, of what it names. */
static gboolean
make_files (PeerupRelaySetup *self, GError **error)
{
  gboolean made = peerup_relay_setup_act_as_owner (self, error) && peerup_relay_setup_key (self, error) &&
                  peerup_relay_setup_authorized_keys (self, error) && peerup_relay_setup_config (self, error) &&
                  peerup_relay_setup_nft (self, error);

  peerup_relay_setup_act_as_root (self);
  return made;
}

static gboolean
run_steps (PeerupRelaySetup *self, GError **error)
{
  if (self->system && !peerup_relay_setup_user (self, error))
    return FALSE;
  if (!peerup_relay_setup_directory (self, error) || !make_files (self, error) ||
      !peerup_relay_setup_unit (self, error) || !peerup_relay_setup_service (self, error))
    return FALSE;
  peerup_relay_setup_firewall (self);
  return TRUE;
}

static int
print_end (PeerupCli *cli, PeerupRelaySetup *self)
{
  guint n_differ = peerup_report_count (self->report, PEERUP_REPORT_DIFFERS);
  gboolean changed = peerup_report_count (self->report, PEERUP_REPORT_MADE) > 0;
  const char *id = self->key != NULL ? peerup_peer_id_get_string (peerup_private_key_get_peer_id (self->key)) : "";
  const char *sudo = self->system ? "sudo " : "";
  g_autofree char *option = self->system ? g_strdup ("") : g_strdup_printf (" --config-dir %s", self->plan.directory);

  if (cli->json)
    {
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "peer_id", "s", id);
      g_variant_dict_insert (&dict, "changed", "b", changed);
      g_variant_dict_insert (&dict, "differs", "u", n_differ);
      g_variant_dict_insert_value (&dict, "steps", peerup_report_describe (self->report));
      peerup_cli_print_variant (g_variant_dict_end (&dict));
      return PEERUP_CLI_OK;
    }
  if (self->dry_run)
    peerup_cli_print (_ ("\nNothing was done.\n"));
  else if (!changed)
    peerup_cli_print ("%s", n_differ > 0 ? _ ("\nNothing had to be done; what differs was left as it is.\n")
                                         : _ ("\nNothing had to be done.\n"));
  if (!self->dry_run)
    peerup_cli_print (_ ("\nNext, see that it can be reached, and its address for your devices:\n"
                         "  %speerup relay setup --check%s\n"
                         "and let each of them use it, by the ID that “peerup whoami” prints there:\n"
                         "  %speerup relay authorize%s%s%s PEER-ID\n"),
                      sudo, option, sudo, self->system ? "" : " --config ", self->system ? "" : self->plan.directory,
                      self->system ? "" : "/" PEERUP_RELAY_CONFIG);
  return PEERUP_CLI_OK;
}

static char *
find_program (void)
{
  g_autofree char *installed = g_find_program_in_path ("peerup");
  char *self = g_file_read_link ("/proc/self/exe", NULL);

  return self != NULL ? self : g_steal_pointer (&installed);
}

/* (nullable): the user an earlier run was told, who has the directory since; not root. */
static char *
owner_of (const char *path)
{
  struct stat info;
  struct passwd *owner = stat (path, &info) == 0 && info.st_uid != 0 ? getpwuid (info.st_uid) : NULL;

  return owner != NULL ? g_strdup (owner->pw_name) : NULL;
}

static int
set_up (PeerupCli *cli, const char *path)
{
  g_autofree char *program = find_program ();
  g_autofree char *config_path = g_build_filename (path, PEERUP_RELAY_CONFIG, NULL);
  g_autoptr (PeerupConfig) config = NULL;
  g_auto (GStrv) announced = NULL;
  g_autofree char *owner = NULL;
  g_autoptr (GError) error = NULL;
  PeerupRelaySetup self = {
    .plan = { .directory = path,
              .program = program != NULL ? program : "",
              .user = user != NULL ? user : "peerup",
              .port = port > 0 ? port : PEERUP_RELAY_DEFAULT_PORT,
              .websocket_port = websocket_port > 0 ? websocket_port : 0 },
    .dry_run = dry_run,
    .system = g_str_equal (path, PEERUP_RELAY_DIRECTORY),
    .no_start = no_start,
    .authorize = authorize,
  };
  int code;

  owner = user == NULL && self.system ? owner_of (path) : NULL;
  if (owner != NULL)
    self.plan.user = owner;
  if (g_file_test (config_path, G_FILE_TEST_EXISTS))
    config = peerup_config_load (config_path, NULL, NULL);
  take_from_config (&self, config);
  if (public_addresses != NULL)
    announced = g_strdupv (public_addresses);
  else if (config != NULL)
    announced = announced_in (config);
  self.plan.public_addresses = (const char *const *) announced;
  if (!peerup_relay_plan_check (&self.plan, &error))
    return peerup_cli_fail (error);
  self.report = peerup_report_new (cli->json);
  code = run_steps (&self, &error) ? print_end (cli, &self) : peerup_cli_fail (error);
  peerup_relay_setup_clear (&self);
  return code;
}

int
cmd_relay_setup (PeerupCli *cli)
{
  g_autofree char *path = g_canonicalize_filename (directory != NULL ? directory : PEERUP_RELAY_DIRECTORY, NULL);

  if (port == 0 || port > 65535 || port < -1)
    return peerup_cli_fail_usage (cli, _ ("--port is a number from 1 to 65535"));
  if (websocket_port == 0 || websocket_port > 65535 || websocket_port < -1)
    return peerup_cli_fail_usage (cli, _ ("--websocket-port is a number from 1 to 65535"));
  for (guint i = 0; authorize != NULL && authorize[i] != NULL; i++)
    {
      g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (authorize[i], NULL);

      if (peer == NULL)
        return peerup_cli_fail_usage (cli, _ ("--authorize takes a peer ID, which “%s” is not"), authorize[i]);
    }
  if (check)
    return peerup_relay_check_own (cli, path, qr, ascii);
  if (g_str_equal (path, PEERUP_RELAY_DIRECTORY) && geteuid () != 0 && !dry_run)
    {
      return peerup_cli_fail_text (
        PEERUP_ERROR_PERMISSION,
        _ ("a relay of this machine is set up as root: say “sudo peerup relay setup”, or name "
           "a directory of your own with --config-dir, or see what would be done with --dry-run"));
    }
  return set_up (cli, path);
}
