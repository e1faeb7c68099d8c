/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup invite: a code by which one other device joins, for as long as the command runs, or left with relays. The
 * secrets go to standard output and to the picture that was asked for, nowhere else. Ends with 0 if somebody has
 * joined.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-new-device.h"
#include "cli/peerup-pairing-calls.h"
#include "cli/peerup-pairing-text.h"
#include "cli/peerup-qr-file.h"
#include "qr/peerup-qr.h"

/* Seconds that the files may take once somebody has joined. */
#define FILES_TIME 10

static char *name;
static char **services;
static char *grant_time;
static char *ttl;
static char *picture;
static gboolean leave, original, no_qr, non_interactive;

const GOptionEntry cmd_invite_options[] = {
  { "name", 0, 0, G_OPTION_ARG_STRING, &name, N_ ("What this device is called to the other (its host name)"), "NAME" },
  { "service", 0, 0, G_OPTION_ARG_STRING_ARRAY, &services, N_ ("Whoever joins may use this alone (may be repeated)"),
    "NAME" },
  { "for", 0, 0, G_OPTION_ARG_STRING, &grant_time, N_ ("How long it may: 1h30m, 7d (for good)"), "TIME" },
  { "ttl", 0, 0, G_OPTION_ARG_STRING, &ttl, N_ ("How long the code works (10m)"), "TIME" },
  { "leave", 0, 0, G_OPTION_ARG_NONE, &leave,
    N_ ("Leave the invite, sealed, with the relays of this device, which may be off then"), NULL },
  { "original", 0, 0, G_OPTION_ARG_NONE, &original, N_ ("The weaker kind of code, which older programs can join by"),
    NULL },
  { "qr", 0, 0, G_OPTION_ARG_FILENAME, &picture, N_ ("Draw the QR code into this file, too"), "FILE.png|FILE.svg" },
  { "no-qr", 0, 0, G_OPTION_ARG_NONE, &no_qr, N_ ("Draw no QR code in the terminal"), NULL },
  { "non-interactive", 0, 0, G_OPTION_ARG_NONE, &non_interactive,
    N_ ("Print the bare code, one line, and nothing else"), NULL },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  PeerupCli *cli;
  PeerupClient *client;
  PeerupDBusEngine1 *proxy;
  guint number;        /* of our invite, 0 until there is one */
  GHashTable *changes; /* number to the last that InviteChanged said of it: a change can be told before our number is */
  char *said;          /* nullable: what was told a person last */
  DexPromise *end;     /* resolved when it is over, or interrupted */
  gboolean interrupted;
  guint patience;       /* for the files of who has joined */
  gboolean counts_down; /* one line of the terminal is the time that is left */
  gint64 expires_at;
} Session;

static GVariant *
get_change (Session *self)
{
  return g_hash_table_lookup (self->changes, GUINT_TO_POINTER (self->number));
}

static const char *
get_state (Session *self)
{
  GVariant *change = get_change (self);

  return change != NULL ? peerup_answer_get_string (change, "state") : "open";
}

static gboolean
is_over (Session *self)
{
  return !g_str_equal (get_state (self), "open") && !g_str_equal (get_state (self), "claimed");
}

/* It is used up before the files say who has joined. */
static gboolean
is_known_who (Session *self)
{
  return !g_str_equal (get_state (self), "used") || peerup_answer_get_string (get_change (self), "peer_id")[0] != '\0';
}

static void
end (Session *self)
{
  g_clear_handle_id (&self->patience, g_source_remove);
  if (dex_future_is_pending (DEX_FUTURE (self->end)))
    dex_promise_resolve_boolean (self->end, TRUE);
}

static gboolean
on_patience_end (gpointer data)
{
  Session *self = data;

  self->patience = 0;
  end (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal (gpointer data)
{
  Session *self = data;

  self->interrupted = TRUE;
  end (self);
  return G_SOURCE_CONTINUE;
}

/* What goes to people */

static void
clear_line (Session *self)
{
  if (self->counts_down)
    g_printerr ("\r\033[K");
}

static gboolean
on_second (gpointer data)
{
  Session *self = data;
  g_autofree char *left = peerup_cli_format_duration (self->expires_at - g_get_real_time () / G_USEC_PER_SEC);
  g_autofree char *text =
    g_strdup_printf (_ ("Waiting for the other device, %s left; Ctrl+C takes the invite back. "), left);

  g_printerr ("\r\033[K%s", text);
  return G_SOURCE_CONTINUE;
}

static void
say_state (Session *self)
{
  g_autofree char *text = is_known_who (self) ? peerup_pairing_text_state (get_change (self)) : NULL;

  if (text == NULL || !g_set_str (&self->said, text))
    return;
  clear_line (self);
  peerup_cli_say ("%s", text);
}

/* The last change is told with what there is to compare, by who asked for it. */
static void
take_change (Session *self)
{
  if (get_change (self) == NULL)
    return;
  if (is_over (self) && is_known_who (self))
    {
      end (self);
      return;
    }
  if (is_over (self) && self->patience == 0)
    self->patience = g_timeout_add_seconds (FILES_TIME, on_patience_end, self);
  if (self->cli->json)
    peerup_pairing_print_line (get_change (self));
  else
    say_state (self);
}

static void
on_invite_changed (PeerupDBusEngine1 *proxy, GVariant *invite, gpointer data)
{
  Session *self = data;
  guint number = peerup_answer_get_number (invite, "number");

  g_hash_table_insert (self->changes, GUINT_TO_POINTER (number), g_variant_ref (invite));
  if (self->number != 0 && number == self->number)
    take_change (self);
}

static void
print_qr (GVariant *invite)
{
  const char *link = peerup_answer_get_string (invite, "link");
  g_autofree char *blocks = NULL;

  if (no_qr || link[0] == '\0' || !isatty (STDOUT_FILENO))
    return;
  blocks = peerup_qr_format (link, g_strcmp0 (g_getenv ("TERM"), "dumb") == 0 ? PEERUP_QR_BLOCKS : PEERUP_QR_COLOURED);
  /* Its colours are no decoration: without them a dark terminal shows it inside out. */
  if (blocks != NULL)
    peerup_cli_print_raw (blocks);
  if (blocks != NULL)
    peerup_cli_print ("\n");
}

static void
print_invite (Session *self, GVariant *invite, gint64 seconds)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *rights =
    peerup_pairing_text_rights ((const char *const *) services, seconds, peerup_answer_get_flag (invite, "weak"));
  g_autofree char *wrapped = peerup_cli_wrap (rights, "", 80);
  g_autofree char *card = peerup_pairing_text_invite (invite, isatty (STDOUT_FILENO), now);

  if (self->cli->json)
    peerup_pairing_print_line (invite);
  else if (non_interactive)
    {
      peerup_cli_print ("%s\n", peerup_answer_get_string (invite, "code"));
      peerup_cli_say ("%s", rights);
    }
  else
    {
      peerup_cli_print ("%s\n", wrapped);
      print_qr (invite);
      peerup_cli_print ("%s\n", card);
    }
}

static gboolean
draw_picture (GVariant *invite, GError **error)
{
  const char *link = peerup_answer_get_string (invite, "link");

  return picture == NULL ||
         peerup_qr_file_write (picture, link[0] != '\0' ? link : peerup_answer_get_string (invite, "code"), error);
}

/* The end */

/* (nullable): not there for a peer that was taken away already. */
static GVariant *
ask_verification (Session *self)
{
  GVariant *verification = NULL;

  PEERUP_ASK_ABOUT (self->proxy, get_verification, peerup_answer_get_string (get_change (self), "peer_id"),
                    &verification, NULL);
  return verification;
}

static void
print_joined (Session *self)
{
  g_autoptr (GVariant) verification = ask_verification (self);
  const char *called = verification != NULL ? peerup_answer_get_string (verification, "name") : "";
  g_autofree char *sas = verification != NULL ? peerup_pairing_text_sas (verification) : NULL;

  if (self->cli->json)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (get_change (self));

      g_variant_dict_insert (&dict, "name", "s", called);
      if (sas != NULL)
        g_variant_dict_insert (&dict, "compare", "s", sas);
      peerup_pairing_print_line (g_variant_dict_end (&dict));
      return;
    }
  say_state (self);
  if (sas != NULL)
    peerup_cli_say (_ ("Compare with what it shows:  %s\nand if that is the same, say:  peerup verify %s"), sas,
                    called[0] != '\0' ? called : peerup_answer_get_string (get_change (self), "peer_id"));
  if (peerup_client_is_embedded (self->client))
    peerup_cli_say (_ ("For it to reach this device, run:  peerup daemon"));
}

static int
finish (Session *self)
{
  g_autoptr (GError) error = NULL;

  clear_line (self);
  if (get_change (self) != NULL && g_str_equal (get_state (self), "used") && is_known_who (self))
    {
      print_joined (self);
      return PEERUP_CLI_OK;
    }
  if (!is_known_who (self))
    {
      return peerup_cli_fail_text (
        PEERUP_ERROR_CLOSED,
        _ ("somebody has used the code, and could not be written down: see “peerup pairing list”"));
    }
  if (self->interrupted && !is_over (self))
    {
      if (!peerup_pairing_call_cancel (self->proxy, self->number, &error))
        return peerup_cli_fail (error);
      if (!self->cli->json)
        peerup_cli_say (_ ("The invite is taken back: the code is worth nothing now."));
      return PEERUP_CLI_FAILED;
    }
  if (!is_over (self))
    {
      return peerup_cli_fail_text (PEERUP_ERROR_CLOSED,
                                   _ ("the daemon that kept the invite has ended, and the invite with it"));
    }
  if (self->cli->json)
    peerup_pairing_print_line (get_change (self));
  else
    say_state (self);
  return PEERUP_CLI_FAILED;
}

static void
wait_for_end (Session *self)
{
  guint ticker = 0;

  self->counts_down = !self->cli->json && !non_interactive && isatty (STDERR_FILENO);
  if (self->counts_down)
    ticker = g_timeout_add_seconds (1, on_second, self);
  take_change (self);
  dex_await (dex_future_first (dex_ref (self->end), peerup_client_wait_closed (self->client), NULL), NULL);
  g_clear_handle_id (&ticker, g_source_remove);
}

static GVariant *
make_options (gint64 grant_seconds, gint64 ttl_seconds)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  if (name != NULL)
    g_variant_dict_insert (&dict, "name", "s", name);
  if (services != NULL)
    g_variant_dict_insert (&dict, "services", "^as", services);
  g_variant_dict_insert (&dict, "grant_time", "x", grant_seconds);
  g_variant_dict_insert (&dict, "ttl", "x", ttl_seconds);
  g_variant_dict_insert (&dict, "leave", "b", leave);
  g_variant_dict_insert (&dict, "original", "b", original);
  return g_variant_dict_end (&dict);
}

static int
invite_and_wait (Session *self, gint64 grant_seconds, gint64 ttl_seconds)
{
  g_autoptr (GVariant) invite = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (self->proxy, "invite-changed", G_CALLBACK (on_invite_changed), self);
  if (!peerup_pairing_call_invite (self->proxy, make_options (grant_seconds, ttl_seconds), &invite, &error))
    return peerup_cli_fail (error);
  self->number = peerup_answer_get_number (invite, "number");
  self->expires_at = peerup_answer_get_number (invite, "expires_at");
  if (!draw_picture (invite, &error))
    {
      peerup_pairing_call_cancel (self->proxy, self->number, NULL);
      return peerup_cli_fail (error);
    }
  print_invite (self, invite, grant_seconds);
  if (!leave)
    {
      wait_for_end (self);
      return finish (self);
    }
  if (!self->cli->json)
    peerup_cli_say (
      _ ("It is left with the relays, sealed. “peerup invite list” shows it, and “peerup invite cancel %u” "
         "takes it back."),
      self->number);
  return PEERUP_CLI_OK;
}

static int
run_session (Session *self, gint64 grant_seconds, gint64 ttl_seconds)
{
  int code;

  self->proxy = peerup_client_get_proxy (self->client);
  self->changes = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_variant_unref);
  self->end = dex_promise_new ();
  peerup_cli_catch_signals (self->cli, on_signal, self);
  code = invite_and_wait (self, grant_seconds, ttl_seconds);
  g_signal_handlers_disconnect_by_data (self->proxy, self);
  dex_await (peerup_client_close (self->client, NULL), NULL);
  code = peerup_cli_release_signals (self->cli, code);
  g_hash_table_unref (self->changes);
  dex_unref (self->end);
  g_free (self->said);
  return code;
}

/* Of an option, in seconds; 0 where it was not said. */
static gboolean
parse_time (const char *text, gint64 *seconds, GError **error)
{
  gint64 microseconds = 0;

  if (text != NULL && !peerup_cli_parse_duration (text, &microseconds, error))
    return FALSE;
  *seconds = microseconds > 0 ? MAX (microseconds / G_USEC_PER_SEC, 1) : 0;
  return TRUE;
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;
  Session self = { .cli = cli };
  gint64 grant_seconds, ttl_seconds;

  if (!parse_time (grant_time, &grant_seconds, &error) || !parse_time (ttl, &ttl_seconds, &error))
    return peerup_cli_fail_usage (cli, "%s", error->message);
  if (picture != NULL && !peerup_qr_file_is_known (picture))
    return peerup_cli_fail_usage (cli, _ ("--qr takes a file whose name ends in .png or .svg, unlike “%s”"), picture);
  path = peerup_cli_new_device_ensure (cli, NULL, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_open (path, PEERUP_ENGINE_DEFAULT), &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  self.client = client;
  return run_session (&self, grant_seconds, ttl_seconds);
}

int
cmd_invite (PeerupCli *cli)
{
  peerup_cli_set_log (G_LOG_LEVEL_CRITICAL, FALSE);
  return peerup_cli_run_fiber (cli, run);
}
