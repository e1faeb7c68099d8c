/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup config diff, list, apply, confirm, rollback: by the daemon that runs for the configuration, or else by the
 * files alone. Neither needs the configuration to be there, or to hold: who has lost it is whom these are for.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "client/peerup-client.h"
#include "config/peerup-config-pending.h"
#include "config/peerup-config-store.h"

static char *confirm_timeout;
static char *cause;

const GOptionEntry cmd_config_apply_options[] = {
  { "confirm-timeout", 0, 0, G_OPTION_ARG_STRING, &confirm_timeout,
    N_ ("Take it back by itself unless “peerup config confirm” comes in this time"), "5m" },
  { "cause", 0, 0, G_OPTION_ARG_STRING, &cause, N_ ("Why, for “peerup config list”"), "TEXT" },
  G_OPTION_ENTRY_NULL,
};

/* What a command is about: the daemon, or the files. */
typedef struct
{
  char *path;
  PeerupClient *client; /* NULL: no daemon runs */
  PeerupConfigStore *files;
} Place;

static void
place_clear (Place *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_object (&self->client);
  g_clear_pointer (&self->files, peerup_config_store_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

/* In a fiber. */
static gboolean
place_find (Place *self, PeerupCli *cli, GError **error)
{
  g_autoptr (GError) reason = NULL;

  self->path = peerup_cli_find_config (cli, error);
  if (self->path == NULL)
    return FALSE;
  self->files = peerup_config_store_new (self->path);
  self->client = dex_await_object (peerup_client_attach (self->path), &reason);
  if (self->client != NULL || g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* (nullable): the answer of the daemon. In a fiber. */
static GVariant *
call (Place *self, const char *method, GVariant *parameters, GError **error)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (self->client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  g_dbus_proxy_call (G_DBUS_PROXY (proxy), method, parameters, G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                     dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL ? g_dbus_proxy_call_finish (G_DBUS_PROXY (proxy), result, error) : NULL;
}

static gboolean
read_number (PeerupCli *cli, guint *number, GError **error)
{
  guint64 value;

  *number = 1;
  if (cli->arguments[0] == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (cli->arguments[0], 10, 1, G_MAXUINT, &value, error))
    {
      g_prefix_error (error, _ ("N is a number of “peerup config list”: "));
      return FALSE;
    }
  *number = value;
  return TRUE;
}

/* diff */

static char *
get_diff (Place *place, guint number, GError **error)
{
  g_autoptr (GVariant) answer = NULL;
  char *diff;

  if (place->client == NULL)
    return peerup_config_store_diff (place->files, number, error);
  answer = call (place, "DiffConfig", g_variant_new ("(u)", number), error);
  if (answer == NULL)
    return NULL;
  g_variant_get (answer, "(s)", &diff);
  return diff;
}

static int
diff_fiber (PeerupCli *cli)
{
  g_auto (Place) place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *diff = NULL;
  guint number;

  if (!read_number (cli, &number, &error))
    return peerup_cli_fail (error);
  if (place_find (&place, cli, &error))
    diff = get_diff (&place, number, &error);
  if (diff == NULL)
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'number': <%u>, 'diff': <%s>}", number, diff));
  else if (*diff == '\0')
    peerup_cli_say (_ ("There is no difference."));
  else
    peerup_cli_print ("%s", diff);
  return PEERUP_CLI_OK;
}

int
cmd_config_diff (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, diff_fiber);
}

/* list */

static GVariant *
describe_listed (const PeerupConfigListed *listed)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "number", "u", listed->number);
  g_variant_dict_insert (&dict, "at", "x", listed->entry->time);
  g_variant_dict_insert (&dict, "who", "s", listed->entry->who);
  g_variant_dict_insert (&dict, "cause", "s", listed->entry->cause);
  g_variant_dict_insert (&dict, "bytes", "t", (guint64) listed->bytes);
  g_variant_dict_insert (&dict, "hash", "s", listed->hash);
  return g_variant_dict_end (&dict);
}

static int
list_fiber (PeerupCli *cli)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = peerup_cli_find_config (cli, &error);
  g_autoptr (PeerupConfigStore) files = path != NULL ? peerup_config_store_new (path) : NULL;
  g_autofree char *text = NULL;
  PeerupTable *table;

  if (files != NULL)
    list = peerup_config_store_list (files, &error);
  if (list == NULL)
    return peerup_cli_fail (error);
  table = peerup_table_new ("", 5);
  if (list->len > 0)
    peerup_table_add_title (table, "N", _ ("GOOD SINCE"), _ ("BY"), "", _ ("WHY"));
  for (guint i = 0; i < list->len; i++)
    {
      const PeerupConfigListed *listed = list->pdata[i];
      g_autoptr (GDateTime) at = g_date_time_new_from_unix_local (listed->entry->time);
      g_autofree char *when = g_date_time_format (at, "%Y-%m-%d %H:%M:%S");
      g_autofree char *number = g_strdup_printf ("%u", listed->number);
      g_autofree char *why = g_strescape (listed->entry->cause, NULL);

      if (cli->json)
        g_variant_builder_add_value (&builder, describe_listed (listed));
      peerup_table_add (table, number, when, listed->entry->who, listed->number == 0 ? _ ("in place") : "", why);
    }
  text = peerup_table_end (table);
  if (cli->json)
    peerup_cli_print_variant (g_variant_builder_end (&builder));
  else if (list->len == 0)
    peerup_cli_say (_ ("None is archived yet: the daemon does it when it takes a configuration into use."));
  else
    peerup_cli_print ("%s", text);
  if (!cli->json)
    g_variant_builder_clear (&builder);
  return PEERUP_CLI_OK;
}

int
cmd_config_list (PeerupCli *cli)
{
  return list_fiber (cli);
}

/* What came of a change */

static char *
format_deadline (gint64 deadline)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_local (deadline);

  return g_date_time_format (at, /* TRANSLATORS: a time, for g_date_time_format() */ _ ("%H:%M:%S on %Y-%m-%d"));
}

static void
say_result (const char *done, GVariant *result)
{
  gint64 deadline = 0;
  g_autofree const char **restart = NULL;
  g_autofree char *until = NULL;

  (void) g_variant_lookup (result, "deadline", "x", &deadline);
  (void) g_variant_lookup (result, "restart", "^a&s", &restart);
  if (deadline != 0)
    {
      until = format_deadline (deadline);
      peerup_cli_say (_ ("%s until %s: keep it with “peerup config confirm”, or it is taken back then."), done, until);
    }
  else
    peerup_cli_say ("%s.", done);
  for (guint i = 0; restart != NULL && restart[i] != NULL; i++)
    peerup_cli_say (_ ("%s is used when the daemon is restarted."), restart[i]);
}

static int
report (PeerupCli *cli, const char *done, GVariant *result)
{
  if (cli->json)
    peerup_cli_print_variant (result);
  else
    say_result (done, result);
  return PEERUP_CLI_OK;
}

/* The same by the files alone. */
static int
report_files (PeerupCli *cli, const char *done, gboolean changed)
{
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'changed': <%b>, 'pending': <false>}", changed));
  else
    peerup_cli_say (_ ("%s. No daemon runs for it: it is used when one is started."), done);
  return PEERUP_CLI_OK;
}

/* apply */

static char *
read_file (const char *name, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  if (g_str_equal (name, "-"))
    name = "/dev/stdin";
  if (!g_file_get_contents (name, &text, &length, error))
    return NULL;
  if (length <= PEERUP_CONFIG_MAX_SIZE && g_utf8_validate (text, length, NULL))
    return g_steal_pointer (&text);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
               _ ("%s is not a configuration: text in UTF-8 of at most %d KiB"), name, PEERUP_CONFIG_MAX_SIZE / 1024);
  return NULL;
}

/* Microseconds, in whole seconds: as long as was asked for, or a little longer. */
static gboolean
read_timeout (gint64 *timeout, GError **error)
{
  if (!peerup_cli_parse_duration (confirm_timeout, timeout, error))
    return FALSE;
  if (*timeout < PEERUP_CONFIG_CONFIRM_MIN || *timeout > PEERUP_CONFIG_CONFIRM_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("--confirm-timeout %s: a change can wait from 1 second to 24 hours to be confirmed; give 5m, for "
                      "example"),
                   confirm_timeout);
      return FALSE;
    }
  *timeout = (*timeout + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC * G_USEC_PER_SEC;
  return TRUE;
}

static int
apply_to_daemon (PeerupCli *cli, Place *place, const char *text, gint64 timeout, GError **error)
{
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) result = NULL;
  gboolean changed = TRUE;

  g_variant_dict_insert (&options, "confirm_timeout", "x", timeout / (gint64) G_USEC_PER_SEC);
  if (cause != NULL)
    g_variant_dict_insert (&options, "cause", "s", cause);
  answer = call (place, "ApplyConfig", g_variant_new ("(s@a{sv})", text, g_variant_dict_end (&options)), error);
  if (answer == NULL)
    return peerup_cli_fail (*error);
  result = g_variant_get_child_value (answer, 0);
  (void) g_variant_lookup (result, "changed", "b", &changed);
  return report (cli, changed ? _ ("The configuration is in use") : _ ("The configuration was in use already"), result);
}

static int
apply_fiber (PeerupCli *cli)
{
  g_auto (Place) place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gint64 timeout = 0;
  gboolean changed;
  const PeerupConfigChange change = { "command", cause != NULL ? cause : "", 0, NULL };

  if (confirm_timeout != NULL && !read_timeout (&timeout, &error))
    return peerup_cli_fail (error);
  text = read_file (cli->arguments[0], &error);
  if (text == NULL || !place_find (&place, cli, &error))
    return peerup_cli_fail (error);
  if (place.client != NULL)
    return apply_to_daemon (cli, &place, text, timeout, &error);
  if (timeout != 0)
    {
      g_set_error (&error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   _ ("no daemon runs for %s that could take the change back; start it with “peerup daemon”, or leave "
                      "--confirm-timeout out"),
                   place.path);
      return peerup_cli_fail (error);
    }
  if (!peerup_config_store_apply (place.files, text, strlen (text), &change, &changed, &error))
    return peerup_cli_fail (error);
  return report_files (cli, _ ("The configuration is in place"), changed);
}

int
cmd_config_apply (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, apply_fiber);
}

/* confirm and rollback */

static int
confirm_fiber (PeerupCli *cli)
{
  const PeerupConfigChange change = { "command", "confirmed", 0, NULL };
  g_auto (Place) place = { 0 };
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GError) error = NULL;

  if (place_find (&place, cli, &error) && place.client != NULL)
    answer = call (&place, "ConfirmConfig", NULL, &error);
  else if (error == NULL)
    (void) !peerup_config_store_confirm (place.files, &change, &error);
  if (error != NULL)
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'status': <'confirmed'>}"));
  else
    peerup_cli_say (_ ("The configuration is confirmed."));
  return PEERUP_CLI_OK;
}

int
cmd_config_confirm (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, confirm_fiber);
}

static int
rollback_fiber (PeerupCli *cli)
{
  g_auto (Place) place = { 0 };
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  guint number;

  if (!read_number (cli, &number, &error) || !place_find (&place, cli, &error))
    return peerup_cli_fail (error);
  if (place.client == NULL)
    {
      PeerupConfigChange change = { "command", NULL, 0, NULL };

      why = g_strdup_printf ("rollback %u", number);
      change.cause = why;
      if (!peerup_config_store_rollback (place.files, number, &change, &error))
        return peerup_cli_fail (error);
      return report_files (cli, _ ("The earlier configuration is back in place"), TRUE);
    }
  answer = call (&place, "RollbackConfig", g_variant_new ("(u)", number), &error);
  if (answer == NULL)
    return peerup_cli_fail (error);
  result = g_variant_get_child_value (answer, 0);
  return report (cli, _ ("The earlier configuration is in use again"), result);
}

int
cmd_config_rollback (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, rollback_fiber);
}
