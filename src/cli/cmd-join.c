/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup join: pairs this device with the one that has made a code, and tells what there is to use then. A code is read
 * here first, so that a mistyped one is told at once and changes nothing.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-code-input.h"
#include "cli/peerup-cli-new-device.h"
#include "cli/peerup-pairing-calls.h"
#include "cli/peerup-pairing-text.h"

/* Columns that a mistyped line is shown in. */
#define WIDTH 76

static char *name;
static char **services;
static gboolean stay, non_interactive;

const GOptionEntry cmd_join_options[] = {
  { "name", 0, 0, G_OPTION_ARG_STRING, &name, N_ ("What this device is called to the other (its host name)"), "NAME" },
  { "service", 0, 0, G_OPTION_ARG_STRING_ARRAY, &services,
    N_ ("The other device may use this alone here (may be repeated)"), "NAME" },
  { "wait", 0, 0, G_OPTION_ARG_NONE, &stay, N_ ("If the other device is away, wait for it until the code is over"),
    NULL },
  { "non-interactive", 0, 0, G_OPTION_ARG_NONE, &non_interactive, N_ ("Print the peer ID that was paired with alone"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  PeerupCli *cli;
  PeerupClient *client;
  DexPromise *interrupted;
  char *said; /* nullable: what it is about, as it was told last */
} Session;

static gboolean
on_signal (gpointer data)
{
  Session *self = data;

  if (dex_future_is_pending (DEX_FUTURE (self->interrupted)))
    dex_promise_resolve_boolean (self->interrupted, TRUE);
  return G_SOURCE_CONTINUE;
}

static void
on_progress (PeerupDBusEngine1 *proxy, const char *state, const char *detail, gpointer data)
{
  Session *self = data;
  g_autofree char *text = peerup_pairing_text_progress (state, detail);

  if (text != NULL && g_set_str (&self->said, text))
    peerup_cli_say ("%s", text);
}

static GVariant *
make_options (void)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  if (name != NULL)
    g_variant_dict_insert (&dict, "name", "s", name);
  if (services != NULL)
    g_variant_dict_insert (&dict, "services", "^as", services);
  g_variant_dict_insert (&dict, "wait", "b", stay);
  return g_variant_dict_end (&dict);
}

static void
print_joined (Session *self, GVariant *pairing)
{
  const char *peer = peerup_answer_get_string (pairing, "peer_id");
  g_autoptr (GVariant) verification = NULL;
  g_autofree char *sas = NULL;
  g_autofree char *text = NULL;

  if (PEERUP_ASK_ABOUT (peerup_client_get_proxy (self->client), get_verification, peer, &verification, NULL))
    sas = peerup_pairing_text_sas (verification);
  text = peerup_pairing_text_joined (pairing, !peerup_client_is_embedded (self->client),
                                     g_get_real_time () / G_USEC_PER_SEC);
  if (self->cli->json)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (pairing);

      if (sas != NULL)
        g_variant_dict_insert (&dict, "compare", "s", sas);
      peerup_cli_print_variant (g_variant_dict_end (&dict));
      return;
    }
  if (non_interactive)
    peerup_cli_print ("%s\n", peer);
  if (sas != NULL)
    peerup_cli_say (_ ("Compare with what the other device shows:  %s"), sas);
  if (non_interactive)
    peerup_cli_say ("%s", text);
  else
    peerup_cli_print ("%s", text);
}

static int
join (Session *self, const char *code)
{
  g_autoptr (GVariant) pairing = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (peerup_client_get_proxy (self->client), "join-progress", G_CALLBACK (on_progress), self);
  if (!peerup_pairing_call_join (self->client, code, make_options (), DEX_FUTURE (self->interrupted), &pairing, &error))
    return peerup_cli_fail (error);
  print_joined (self, pairing);
  return PEERUP_CLI_OK;
}

static int
run_session (Session *self, const char *code)
{
  int result;

  self->interrupted = dex_promise_new ();
  peerup_cli_catch_signals (self->cli, on_signal, self);
  result = join (self, code);
  g_signal_handlers_disconnect_by_data (peerup_client_get_proxy (self->client), self);
  dex_await (peerup_client_close (self->client, NULL), NULL);
  result = peerup_cli_release_signals (self->cli, result);
  dex_unref (self->interrupted);
  g_free (self->said);
  return result;
}

static PeerupInviteCode *
parse (const char *text, GError **error)
{
  PeerupCodeMistake mistake = { 0 };
  PeerupInviteCode *code = peerup_invite_code_parse (text, &mistake, error);
  g_autofree char *place = NULL;

  if (code != NULL || !mistake.known)
    return code;
  place = peerup_pairing_text_mistake (text, &mistake, WIDTH);
  peerup_cli_say ("%s", g_strchomp (place));
  return NULL;
}

static int
join_by (PeerupCli *cli, const char *text, GError **error)
{
  g_autoptr (PeerupInviteCode) code = parse (text, error);
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  Session self = { .cli = cli };

  /* Which relays it uses comes with the pairing: until then these know the inviter alone. */
  if (code != NULL)
    path = peerup_cli_new_device_ensure (cli, code->network, error);
  if (path != NULL)
    client = dex_await_object (peerup_client_open (path, PEERUP_ENGINE_DEFAULT), error);
  if (client == NULL)
    return PEERUP_CLI_FAILED;
  self.client = client;
  return run_session (&self, text);
}

static int
run (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  char *text = peerup_code_input_read (cli->arguments, &error);
  int result = PEERUP_CLI_FAILED;

  if (text != NULL)
    {
      result = join_by (cli, text, &error);
      explicit_bzero (text, strlen (text));
      g_free (text);
    }
  return error != NULL ? peerup_cli_fail (error) : result;
}

int
cmd_join (PeerupCli *cli)
{
  peerup_cli_set_log (G_LOG_LEVEL_CRITICAL, FALSE);
  return peerup_cli_run_fiber (cli, run);
}
