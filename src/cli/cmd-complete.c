/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup __complete: what the files of data/completions ask. What the program and the configuration know is printed
 * first; what the engine adds has LIMIT, as nobody waits longer for a key. Says nothing of errors.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-complete.h"
#include "cli/peerup-relay-entries.h"
#include "config/peerup-profile.h"

/* Microseconds. People feel a quarter of a second as at once, and starting takes some of it. */
#define LIMIT 100000

typedef struct
{
  PeerupComplete *complete;
  PeerupConfig *config;  /* nullable */
  GHashTable *printed;   /* values */
  GVariantBuilder *list; /* nullable: with --json */
} Session;

/* For the fiber. */
static Session *the_session;

static void
print_line (Session *self, const char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, "\t", 2);

  if (!g_hash_table_add (self->printed, g_strdup (parts[0])))
    return;
  if (self->list != NULL)
    g_variant_builder_add_parsed (self->list, "{'value': <%s>, 'description': <%s>}", parts[0],
                                  parts[1] != NULL ? parts[1] : "");
  else
    peerup_cli_print ("%s\n", line);
}

static void
offer (Session *self, const char *value, const char *description)
{
  g_autofree char *line = peerup_complete_format (self->complete, value, description);

  if (line != NULL)
    print_line (self, line);
}

static void
offer_names (Session *self)
{
  GPtrArray *names = peerup_config_get_names (self->config);

  for (guint i = 0; i < names->len; i++)
    {
      const PeerupConfigName *name = names->pdata[i];

      offer (self, name->name, peerup_peer_id_get_string (name->peer));
    }
}

static void
offer_profiles (Session *self)
{
  g_auto (GStrv) names = peerup_profile_list ();

  for (guint i = 0; names[i] != NULL; i++)
    offer (self, names[i], "");
}

static void
offer_services (Session *self)
{
  GPtrArray *services = peerup_config_get_services (self->config);

  for (guint i = 0; i < services->len; i++)
    {
      const PeerupConfigService *service = services->pdata[i];

      offer (self, service->name, service->local_address != NULL ? service->local_address : "");
    }
}

static void
offer_relays (Session *self)
{
  g_autoptr (GPtrArray) entries = peerup_relay_entries_new (self->config);

  for (guint i = 0; i < entries->len; i++)
    {
      const PeerupRelayEntry *entry = entries->pdata[i];
      g_autofree char *places = peerup_relay_entry_format_places (entry);

      offer (self, peerup_relay_entry_get_label (entry), places);
    }
}

/* Each dictionary of what @ask gives: @value of it, or @other where that is empty. */
static void
offer_list (Session *self, GVariant *list, const char *value, const char *other, const char *description)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (list, i);
      const char *text = peerup_answer_get_string (dict, value);

      offer (self, text[0] != '\0' ? text : peerup_answer_get_string (dict, other),
             peerup_answer_get_string (dict, description));
    }
}

/* As the peer said last: there is no time to ask it. */
static void
offer_theirs (Session *self, GVariant *peers)
{
  for (gsize i = 0; i < g_variant_n_children (peers); i++)
    {
      g_autoptr (GVariant) peer = g_variant_get_child_value (peers, i);
      g_autoptr (GVariant) services = peerup_answer_get_list (peer, "services");

      if (g_str_equal (peerup_answer_get_string (peer, "name"), self->complete->peer) ||
          g_str_equal (peerup_answer_get_string (peer, "id"), self->complete->peer))
        offer_list (self, services, "name", "name", "kind");
    }
}

static void
offer_invites (Session *self, GVariant *list)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (list, i);
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, peerup_answer_get_number (dict, "number"));

      offer (self, number, peerup_answer_get_string (dict, "state"));
    }
}

static void
offer_prompts (Session *self, GVariant *list)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (list, i);
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, peerup_answer_get_number (dict, "number"));
      g_autofree char *about =
        g_strconcat (peerup_answer_get_string (dict, "kind"), " ", peerup_answer_get_string (dict, "name"), NULL);

      offer (self, number, about);
    }
}

static void
ask_engine (Session *self, PeerupDBusEngine1 *proxy)
{
  g_autoptr (GVariant) peers = NULL;
  g_autoptr (GVariant) theirs = NULL;
  g_autoptr (GVariant) services = NULL;
  g_autoptr (GVariant) forwards = NULL;
  g_autoptr (GVariant) invites = NULL;
  g_autoptr (GVariant) prompts = NULL;
  g_autoptr (GVariant) groups = NULL;

  if (peerup_complete_wants (self->complete, "PEER") && PEERUP_ASK (proxy, list_peers, &peers, NULL))
    offer_list (self, peers, "name", "id", "state");
  if (peerup_complete_wants_theirs (self->complete) && PEERUP_ASK (proxy, list_peers, &theirs, NULL))
    offer_theirs (self, theirs);
  else if (peerup_complete_wants (self->complete, "SERVICE") && PEERUP_ASK (proxy, list_services, &services, NULL))
    offer_list (self, services, "name", "name", "address");
  if (peerup_complete_wants (self->complete, "FORWARD") && PEERUP_ASK (proxy, list_forwards, &forwards, NULL))
    offer_list (self, forwards, "id", "id", "address");
  if (peerup_complete_wants (self->complete, "INVITE") && PEERUP_ASK (proxy, list_invites, &invites, NULL))
    offer_invites (self, invites);
  if (peerup_complete_wants (self->complete, "PROMPT") && PEERUP_ASK (proxy, list_prompts, &prompts, NULL))
    offer_prompts (self, prompts);
  if (peerup_complete_wants (self->complete, "ID") && PEERUP_ASK (proxy, list_groups, &groups, NULL))
    offer_list (self, groups, "id", "id", "namespace");
}

static int
run (PeerupCli *cli)
{
  g_autoptr (PeerupClient) client = NULL;

  client = dex_await_object (peerup_client_attach (peerup_config_get_path (the_session->config)), NULL);
  if (client != NULL)
    ask_engine (the_session, peerup_client_get_proxy (client));
  return PEERUP_CLI_OK;
}

/* What is known is printed already. */
static void
end (int number)
{
  _exit (PEERUP_CLI_OK);
}

static void
offer_values (Session *self, PeerupCli *cli)
{
  const struct itimerval limit = { .it_value = { .tv_usec = LIMIT } };
  static const char *const asked[] = { "PEER", "SERVICE", "FORWARD", "INVITE", "PROMPT", "ID" };
  g_autofree char *path = peerup_cli_find_config (self->complete->cli, NULL);
  gboolean asks = FALSE;

  self->config = path != NULL ? peerup_config_load (path, NULL, NULL) : NULL;
  if (peerup_complete_wants (self->complete, "PROFILE"))
    offer_profiles (self);
  if (self->config == NULL)
    return;
  if (peerup_complete_wants (self->complete, "PEER"))
    offer_names (self);
  if (peerup_complete_wants (self->complete, "SERVICE") && !peerup_complete_wants_theirs (self->complete))
    offer_services (self);
  if (peerup_complete_wants (self->complete, "RELAY"))
    offer_relays (self);
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    asks = asks || peerup_complete_wants (self->complete, asked[i]);
  the_session = self;
  if (!asks)
    return;
  if (self->list == NULL)
    {
      signal (SIGALRM, end);
      setitimer (ITIMER_REAL, &limit, NULL);
    }
  peerup_cli_run_fiber (cli, run);
}

int
cmd_complete (PeerupCli *cli)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (PeerupComplete) complete = NULL;
  g_autoptr (GHashTable) printed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = NULL;
  guint64 index;
  Session self = { .printed = printed, .list = cli->json ? &list : NULL };

  if (!g_ascii_string_to_unsigned (cli->arguments[1], 10, 1, G_MAXUINT16, &index, NULL))
    return peerup_cli_fail_usage (cli, _ ("INDEX is a number from 1 up"));
  peerup_cli_set_log (G_LOG_LEVEL_CRITICAL, FALSE);
  complete = self.complete = peerup_complete_new (cli->arguments + 2, (guint) index - 1);
  lines = peerup_complete_list (complete);
  for (guint i = 0; lines[i] != NULL; i++)
    print_line (&self, lines[i]);
  offer_values (&self, cli);
  g_clear_pointer (&self.config, peerup_config_unref);
  if (cli->json)
    peerup_cli_print_variant (g_variant_builder_end (&list));
  else
    g_variant_builder_clear (&list);
  return PEERUP_CLI_OK;
}
