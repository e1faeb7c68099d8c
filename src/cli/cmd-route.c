/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup traceroute: the way that streams to a peer take now. peerup resolve: whom a name means, and where that
 * peer would be looked for; it dials nobody.
 */
#include "cli/peerup-answers.h"
#include "cli/peerup-commands.h"
#include "cli/peerup-route-text.h"

/* One question about a peer, and the two forms of its answer. */
typedef struct
{
  PeerupAskAboutCall call;
  PeerupAskFinish finish;
  char *(*format) (GVariant *answer, const char *peer);
  GVariant *(*describe) (GVariant *answer, const char *peer);
} Question;

static int
run (PeerupCli *cli, const Question *question)
{
  const char *peer = cli->arguments[0];
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GError) error = NULL;

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_open (path, PEERUP_ENGINE_DIAL_ONLY), &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  peerup_ask_about (peerup_client_get_proxy (client), peer, question->call, question->finish, &answer, &error);
  /* How the way to the engine ends changes nothing of what it said. */
  dex_await (peerup_client_close (client, NULL), NULL);
  if (answer == NULL)
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (question->describe (answer, peer));
  else
    {
      g_autofree char *text = question->format (answer, peer);

      peerup_cli_print ("%s", text);
    }
  return PEERUP_CLI_OK;
}

static int
run_traceroute (PeerupCli *cli)
{
  static const Question question = { peerup_dbus_engine1_call_trace, peerup_dbus_engine1_call_trace_finish,
                                     peerup_route_text_trace, peerup_route_describe_trace };

  return run (cli, &question);
}

static int
run_resolve (PeerupCli *cli)
{
  static const Question question = { peerup_dbus_engine1_call_resolve, peerup_dbus_engine1_call_resolve_finish,
                                     peerup_route_text_resolve, peerup_route_describe_resolve };

  return run (cli, &question);
}

int
cmd_traceroute (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_traceroute);
}

int
cmd_resolve (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_resolve);
}
