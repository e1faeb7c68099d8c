/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup connect, disconnect, expose, unexpose and daemon disconnect: changes of the running daemon that no file keeps.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-attached.h"

static char **allow;
static char *kind;
static char **tags;

const GOptionEntry cmd_expose_options[] = {
  { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &allow, N_ ("Only this peer may use it (may be repeated)"), "PEER" },
  { "kind", 0, 0, G_OPTION_ARG_STRING, &kind, N_ ("What sort of service peers are told it is, as ssh"), "KIND" },
  { "tag", 0, 0, G_OPTION_ARG_STRING_ARRAY, &tags, N_ ("A word that peers are told of it (may be repeated)"), "TAG" },
  G_OPTION_ENTRY_NULL,
};

static gboolean
connect_peer (PeerupCli *cli, PeerupClient *client, GError **error)
{
  g_autoptr (GVariant) answer = NULL;
  const char *id, *path;

  if (!peerup_attached_call (client, "Connect", g_variant_new ("(s)", cli->arguments[0]), &answer, error))
    return FALSE;
  g_variant_get (answer, "(&s&s)", &id, &path);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'peer_id': <%s>, 'path': <%s>}", id, path));
  else
    peerup_cli_print (_ ("%s is connected, %s\n"), cli->arguments[0], path);
  return TRUE;
}

int
cmd_connect (PeerupCli *cli)
{
  return peerup_attached_run (cli, connect_peer);
}

/* What has one argument and no answer: @what has become of it. */
static gboolean
change (PeerupCli *cli, PeerupClient *client, const char *method, const char *what, GError **error)
{
  const char *name = cli->arguments[0];

  if (!peerup_attached_call (client, method, g_variant_new ("(s)", name), NULL, error))
    return FALSE;
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'name': <%s>, 'status': <%s>}", name, what));
  else
    peerup_cli_say (/* TRANSLATORS: a peer or service, and what became of it: "disconnected", "no longer offered" */ _ (
                      "%s is %s."),
                    name, _ (what));
  return TRUE;
}

static gboolean
disconnect_peer (PeerupCli *cli, PeerupClient *client, GError **error)
{
  return change (cli, client, "Disconnect", N_ ("disconnected"), error);
}

int
cmd_disconnect (PeerupCli *cli)
{
  return peerup_attached_run (cli, disconnect_peer);
}

static gboolean
unexpose (PeerupCli *cli, PeerupClient *client, GError **error)
{
  return change (cli, client, "Unexpose", N_ ("no longer offered"), error);
}

int
cmd_unexpose (PeerupCli *cli)
{
  return peerup_attached_run (cli, unexpose);
}

static gboolean
remove_forward (PeerupCli *cli, PeerupClient *client, GError **error)
{
  return change (cli, client, "RemoveForward", N_ ("disconnected"), error);
}

int
cmd_daemon_disconnect (PeerupCli *cli)
{
  return peerup_attached_run (cli, remove_forward);
}

static gboolean
expose (PeerupCli *cli, PeerupClient *client, GError **error)
{
  const char *name = cli->arguments[0];
  g_autofree char *address = peerup_cli_complete_address (cli->arguments[1]);
  GVariantDict options = G_VARIANT_DICT_INIT (NULL);

  if (allow != NULL)
    g_variant_dict_insert (&options, "allowed", "^as", allow);
  if (kind != NULL)
    g_variant_dict_insert (&options, "kind", "s", kind);
  if (tags != NULL)
    g_variant_dict_insert (&options, "tags", "^as", tags);
  if (!peerup_attached_call (client, "Expose",
                             g_variant_new ("(ss@a{sv})", name, address, g_variant_dict_end (&options)), NULL, error))
    return FALSE;
  if (cli->json)
    peerup_cli_print_variant (
      g_variant_new_parsed ("{'name': <%s>, 'address': <%s>, 'status': <'exposed'>}", name, address));
  else
    peerup_cli_say (_ ("Service %s (%s) is offered until the daemon ends."), name, address);
  return TRUE;
}

int
cmd_expose (PeerupCli *cli)
{
  return peerup_attached_run (cli, expose);
}
