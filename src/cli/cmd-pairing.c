/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup invite list and cancel, peerup pairing list and undo: what pairing has under way, by the daemon if one runs,
 * else by an engine of its own. Secrets of codes are not shown.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-pairing-calls.h"
#include "cli/peerup-pairing-text.h"

/* Does the work of a command over the interface. */
typedef gboolean (*Work) (PeerupCli *cli, PeerupDBusEngine1 *proxy, GError **error);

static int
run (PeerupCli *cli, Work work)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;

  peerup_cli_set_log (G_LOG_LEVEL_CRITICAL, FALSE);
  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_open (path, PEERUP_ENGINE_DEFAULT), &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  work (cli, peerup_client_get_proxy (client), &error);
  dex_await (peerup_client_close (client, NULL), NULL);
  return error == NULL ? PEERUP_CLI_OK : peerup_cli_fail (error);
}

static gboolean
list_invites (PeerupCli *cli, PeerupDBusEngine1 *proxy, GError **error)
{
  g_autoptr (GVariant) invites = NULL;
  g_autoptr (GVariant) public = NULL;
  g_autofree char *text = NULL;

  if (!PEERUP_ASK (proxy, list_invites, &invites, error))
    return FALSE;
  public = g_variant_ref_sink (peerup_pairing_without_secrets (invites));
  text = peerup_pairing_text_invites (public, g_get_real_time () / G_USEC_PER_SEC);
  if (cli->json)
    peerup_cli_print_variant (public);
  else if (text[0] != '\0')
    peerup_cli_print ("%s", text);
  else
    peerup_cli_say (_ ("There is no invite: make one with “peerup invite”."));
  return TRUE;
}

static int
run_list_invites (PeerupCli *cli)
{
  return run (cli, list_invites);
}

int
cmd_invite_list (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_list_invites);
}

static gboolean
cancel_invite (PeerupCli *cli, PeerupDBusEngine1 *proxy, GError **error)
{
  guint64 number = 0;

  if (!g_ascii_string_to_unsigned (cli->arguments[0], 10, 1, PEERUP_CODE_NUMBER_MAX, &number, NULL))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("“%s” is no number of an invite: “peerup invite list” shows them"), cli->arguments[0]);
      return FALSE;
    }
  if (!peerup_pairing_call_cancel (proxy, number, error))
    return FALSE;
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'number': <%u>, 'status': <'cancelled'>}", (guint) number));
  else
    peerup_cli_say (_ ("Invite %u is taken back: its code is worth nothing now."), (guint) number);
  return TRUE;
}

static int
run_cancel_invite (PeerupCli *cli)
{
  return run (cli, cancel_invite);
}

int
cmd_invite_cancel (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_cancel_invite);
}

static gboolean
list_pairings (PeerupCli *cli, PeerupDBusEngine1 *proxy, GError **error)
{
  g_autoptr (GVariant) pairings = NULL;
  g_autofree char *text = NULL;

  if (!PEERUP_ASK (proxy, list_pairings, &pairings, error))
    return FALSE;
  text = peerup_pairing_text_half (pairings, g_get_real_time () / G_USEC_PER_SEC);
  if (cli->json)
    peerup_cli_print_variant (pairings);
  else if (text[0] != '\0')
    peerup_cli_print ("%s", text);
  else
    peerup_cli_say (_ ("No pairing is half done. “peerup auth list” shows the devices that are paired."));
  return TRUE;
}

static int
run_list_pairings (PeerupCli *cli)
{
  return run (cli, list_pairings);
}

int
cmd_pairing_list (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_list_pairings);
}

static gboolean
undo_pairing (PeerupCli *cli, PeerupDBusEngine1 *proxy, GError **error)
{
  const char *peer = cli->arguments[0];

  if (!peerup_pairing_call_undo (proxy, peer, error))
    return FALSE;
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'peer': <%s>, 'status': <'undone'>}", peer));
  else
    peerup_cli_say (_ ("The pairing with %s is taken back on this device. Take it back there, too."), peer);
  return TRUE;
}

static int
run_undo_pairing (PeerupCli *cli)
{
  return run (cli, undo_pairing);
}

int
cmd_pairing_undo (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_undo_pairing);
}
