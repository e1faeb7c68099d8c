/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay pair: codes by which several devices join the relay of this machine and come to know each other; pair
 * list and pair revoke. The relay's daemon does the work and has to run. Codes go to standard output, a line each, and
 * nowhere else.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-relay-config.h"
#include "cli/peerup-relay-daemon.h"
#include "config/peerup-config.h"

static int count = 1;
static char *ttl_text;
static char *expires_text;
static char *namespace;

const GOptionEntry cmd_relay_pair_options[] = {
  { "count", 0, 0, G_OPTION_ARG_INT, &count, N_ ("How many devices may join: one code each (1)"), "N" },
  { "ttl", 0, 0, G_OPTION_ARG_STRING, &ttl_text, N_ ("How long the codes work: 30m, 2d (1h)"), "TIME" },
  { "expires", 0, 0, G_OPTION_ARG_STRING, &expires_text,
    N_ ("How long whoever joins may use the relay: 12h, 30d (for good)"), "TIME" },
  { "namespace", 0, 0, G_OPTION_ARG_STRING, &namespace, N_ ("The namespace that the codes name (the configuration's)"),
    "NAME" },
  G_OPTION_ENTRY_NULL,
};

static PeerupClient *
attach (PeerupCli *cli, GError **error)
{
  g_autofree char *path = peerup_relay_config_find (cli->config, error);

  if (path == NULL || !peerup_relay_become_owner (path, error))
    return NULL;
  return dex_await_object (peerup_client_attach (path), error);
}

static GAsyncResult *
await_result (DexPromise *promise, GError **error)
{
  return dex_await_object (DEX_FUTURE (promise), error);
}

/* Making */

static gboolean
add_time (GVariantDict *options, const char *key, const char *text, GError **error)
{
  gint64 time;

  if (text == NULL)
    return TRUE;
  if (!peerup_cli_parse_duration (text, &time, error))
    {
      g_prefix_error (error, "--%s: ", key);
      return FALSE;
    }
  g_variant_dict_insert (options, key, "x", MAX (time / G_USEC_PER_SEC, 1));
  return TRUE;
}

/* (nullable): what CreateGroup is asked for. */
static GVariant *
make_options (GError **error)
{
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&options, "count", "x", (gint64) count);
  if (!add_time (&options, "ttl", ttl_text, error) || !add_time (&options, "expires", expires_text, error))
    return NULL;
  if (namespace != NULL)
    g_variant_dict_insert (&options, "network", "s", namespace);
  return g_variant_dict_end (&options);
}

static gboolean
create (PeerupDBusEngine1 *proxy, GVariant *options, char **id, char ***codes, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_create_group (proxy, options, dex_promise_get_cancellable (promise), peerup_client_ready,
                                         dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_create_group_finish (proxy, id, codes, result, error);
}

static void
show_codes (PeerupCli *cli, const char *id, char **codes)
{
  if (cli->json)
    {
      peerup_cli_print_variant (g_variant_new_parsed ("{'id': <%s>, 'codes': <%^as>}", id, codes));
      return;
    }
  for (guint i = 0; codes[i] != NULL; i++)
    peerup_cli_print ("%s\n", codes[i]);
  peerup_cli_say (_ ("Group %s: each of these codes is for one device, which joins with: peerup join CODE"), id);
  peerup_cli_say (_ ("This is the original's weaker kind of pairing: the devices believe this relay about each other. "
                     "Compare the verification codes with: peerup verify PEER"));
}

static int
run_create (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) options = make_options (&error);
  g_autoptr (PeerupClient) client = NULL;
  g_autofree char *id = NULL;
  g_auto (GStrv) codes = NULL;

  if (options == NULL)
    return peerup_cli_fail_usage (cli, "%s", error->message);
  g_variant_ref_sink (options);
  client = attach (cli, &error);
  if (client == NULL || !create (peerup_client_get_proxy (client), options, &id, &codes, &error))
    return peerup_cli_fail (error);
  show_codes (cli, id, codes);
  return PEERUP_CLI_OK;
}

/* Listing */

static char *
describe_state (GVariant *group, gint64 now)
{
  guint64 expires_at;
  guint64 n_codes = peerup_answer_get_number (group, "codes");
  guint64 n_used = peerup_answer_get_number (group, "used");
  g_autofree char *left = NULL;

  if (!peerup_answer_get_flag (group, "ours"))
    return g_strdup_printf (_ ("joined at relay %s"), peerup_answer_get_string (group, "relay_id"));
  if (!peerup_answer_lookup_number (group, "expires_at", &expires_at) || (gint64) expires_at <= now)
    return g_strdup_printf (_ ("%" PRIu64 " of %" PRIu64 " codes used; over"), n_used, n_codes);
  left = peerup_cli_format_duration ((gint64) expires_at - now);
  return g_strdup_printf (_ ("%" PRIu64 " of %" PRIu64 " codes used; %s left"), n_used, n_codes, left);
}

static void
show_group (GVariant *group, gint64 now)
{
  g_autofree char *state = describe_state (group, now);
  g_autoptr (GVariant) members = peerup_answer_get_list (group, "members");

  peerup_cli_print ("%s  %s\n", peerup_answer_get_string (group, "id"), state);
  for (gsize i = 0; i < g_variant_n_children (members); i++)
    {
      g_autoptr (GVariant) member = g_variant_get_child_value (members, i);
      const char *name = peerup_answer_get_string (member, "name");

      peerup_cli_print ("  %s%s%s\n", name, name[0] != '\0' ? "  " : "", peerup_answer_get_string (member, "peer_id"));
    }
}

static int
run_list (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client = attach (cli, &error);
  g_autoptr (GVariant) groups = NULL;

  if (client == NULL || !PEERUP_ASK (peerup_client_get_proxy (client), list_groups, &groups, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (groups);
  else if (g_variant_n_children (groups) == 0)
    peerup_cli_say (_ ("There is no group: make one with “peerup relay pair --count N”."));
  for (gsize i = 0; !cli->json && i < g_variant_n_children (groups); i++)
    {
      g_autoptr (GVariant) group = g_variant_get_child_value (groups, i);

      show_group (group, g_get_real_time () / G_USEC_PER_SEC);
    }
  return PEERUP_CLI_OK;
}

/* Revoking */

static gboolean
revoke_group (PeerupDBusEngine1 *proxy, const char *id, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_revoke_group (proxy, id, dex_promise_get_cancellable (promise), peerup_client_ready,
                                         dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_revoke_group_finish (proxy, result, error);
}

static int
run_revoke (PeerupCli *cli)
{
  const char *id = cli->arguments[1];
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client = attach (cli, &error);

  if (client == NULL || !revoke_group (peerup_client_get_proxy (client), id, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'id': <%s>, 'status': <'revoked'>}", id));
  else
    peerup_cli_say (_ (
                      "Nobody can join group %s any longer. Who has joined stays; “peerup auth remove” takes one out."),
                    id);
  return PEERUP_CLI_OK;
}

int
cmd_relay_pair (PeerupCli *cli)
{
  guint n_arguments = g_strv_length (cli->arguments);

  if (n_arguments == 0)
    return peerup_cli_run_fiber (cli, run_create);
  if (n_arguments == 1 && g_str_equal (cli->arguments[0], "list"))
    return peerup_cli_run_fiber (cli, run_list);
  if (n_arguments == 2 && g_str_equal (cli->arguments[0], "revoke"))
    return peerup_cli_run_fiber (cli, run_revoke);
  return peerup_cli_fail_usage (cli, _ ("what follows is “list”, “revoke ID”, or nothing"));
}
