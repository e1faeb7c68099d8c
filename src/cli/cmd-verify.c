/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup verify: shows what two people compare, and keeps that they have. Through the daemon if one runs, whose audit
 * tells of it; else in authorized_keys itself, for which no engine is needed.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-pairing-calls.h"
#include "cli/peerup-pairing-text.h"
#include "config/peerup-config-identity.h"
#include "engine/peerup-arguments.h"
#include "trust/peerup-verification.h"

static gboolean yes, no;

const GOptionEntry cmd_verify_options[] = {
  { "yes", 0, 0, G_OPTION_ARG_NONE, &yes, N_ ("They match: keep that the peer is verified"), NULL },
  { "no", 0, 0, G_OPTION_ARG_NONE, &no, N_ ("They do not, or no longer: the peer is not verified"), NULL },
  G_OPTION_ENTRY_NULL,
};

/* Where the facts are: either @proxy, or the rest. */
typedef struct
{
  PeerupDBusEngine1 *proxy;
  PeerupConfig *config;
  PeerupPeerId *own;
  PeerupPeerId *peer;
  const char *path;
} Source;

static void
source_clear (Source *self)
{
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->own, peerup_peer_id_unref);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)

static gboolean
open_files (Source *self, PeerupCli *cli, GError **error)
{
  self->config = peerup_cli_load_config (cli, error);
  if (self->config == NULL)
    return FALSE;
  self->peer = peerup_peer_argument_parse (cli->arguments[0], self->config, NULL, error);
  if (self->peer == NULL)
    return FALSE;
  self->own = peerup_config_identity_load_peer (self->config, FALSE, error);
  self->path = peerup_config_get_authorized_keys_file (self->config);
  if (self->own != NULL && self->path != NULL)
    return TRUE;
  if (self->own != NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                 _ ("%s names no authorized_keys file: set security.authorized_keys_file"),
                 peerup_config_get_path (self->config));
  return FALSE;
}

/* The same as GetVerification. */
static GVariant *
describe (Source *self, const PeerupVerification *found)
{
  const char *label = peerup_config_name_of_peer (self->config, self->peer);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (self->peer));
  g_variant_dict_insert (&dict, "name", "s", label != NULL ? label : "");
  g_variant_dict_insert (&dict, "emoji", "s", found->peers->emoji);
  g_variant_dict_insert (&dict, "digits", "s", found->peers->digits);
  g_variant_dict_insert (&dict, "verified", "b", found->verified);
  if (found->transcript != NULL)
    {
      g_variant_dict_insert (&dict, "transcript_emoji", "s", found->transcript->emoji);
      g_variant_dict_insert (&dict, "transcript_digits", "s", found->transcript->digits);
    }
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static GVariant *
get_verification (Source *self, const char *peer, GError **error)
{
  g_autoptr (PeerupVerification) found = NULL;
  GVariant *answer = NULL;

  if (self->proxy != NULL)
    return PEERUP_ASK_ABOUT (self->proxy, get_verification, peer, &answer, error) ? answer : NULL;
  found = peerup_verification_load (self->path, self->own, self->peer, error);
  return found != NULL ? describe (self, found) : NULL;
}

static gboolean
set_verified (Source *self, const char *peer, gboolean verified, GError **error)
{
  if (self->proxy != NULL)
    return peerup_pairing_call_set_verified (self->proxy, peer, verified, error);
  return peerup_verification_set (self->path, self->own, self->peer, verified, error);
}

/* TRUE if a person said something: *@match is what. */
static gboolean
ask_person (gboolean *match)
{
  char line[16];

  if (!isatty (STDIN_FILENO))
    return FALSE;
  g_printerr ("%s", _ ("Do they match? [y/n] "));
  if (fgets (line, sizeof line, stdin) == NULL)
    return FALSE;
  *match = line[0] == 'y' || line[0] == 'Y';
  return *match || line[0] == 'n' || line[0] == 'N';
}

static void
say_outcome (PeerupCli *cli, gboolean match)
{
  if (match)
    peerup_cli_say (_ ("%s is verified."), cli->arguments[0]);
  else
    peerup_cli_say (
      _ ("%s is not verified. If the strings differ, somebody may be in between: take it away with “peerup "
         "auth remove %s”, and pair again."),
      cli->arguments[0], cli->arguments[0]);
}

static int
print_json (GVariant *verification, gboolean decided, gboolean match)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (verification);

  if (decided)
    g_variant_dict_insert (&dict, "verified", "b", match);
  peerup_cli_print_variant (g_variant_dict_end (&dict));
  return decided && !match ? PEERUP_CLI_FAILED : PEERUP_CLI_OK;
}

static int
verify (PeerupCli *cli, Source *self)
{
  const char *peer = cli->arguments[0];
  g_autoptr (GVariant) verification = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gboolean match = yes, decided = yes || no;

  verification = get_verification (self, peer, &error);
  if (verification == NULL)
    return peerup_cli_fail (error);
  text = peerup_pairing_text_verification (verification);
  if (!cli->json)
    peerup_cli_print ("%s", text);
  if (!decided && !cli->json)
    decided = ask_person (&match);
  if (decided && !set_verified (self, peer, match, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    return print_json (verification, decided, match);
  if (decided)
    say_outcome (cli, match);
  return decided && !match ? PEERUP_CLI_FAILED : PEERUP_CLI_OK;
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Source) source = { 0 };
  int code;

  if (yes && no)
    return peerup_cli_fail_usage (cli, _ ("--yes or --no, not both"));
  path = peerup_cli_find_config (cli, &error);
  if (path == NULL)
    return peerup_cli_fail (error);
  client = dex_await_object (peerup_client_attach (path), NULL);
  if (client != NULL)
    source.proxy = peerup_client_get_proxy (client);
  else if (!open_files (&source, cli, &error))
    return peerup_cli_fail (error);
  code = verify (cli, &source);
  if (client != NULL)
    dex_await (peerup_client_close (client, NULL), NULL);
  return code;
}

int
cmd_verify (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
