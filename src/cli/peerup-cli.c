/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* From words to a command and its arguments. Flags stand anywhere: those that every
 * command has also before its name. Nothing is read or changed before the whole line makes sense.
 */
#include "cli/peerup-cli.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <libdex.h>
#include <signal.h>
#include <stdlib.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "cli/peerup-cli-text.h"
#include "config/peerup-profile.h"
#include "service/peerup-log.h"

/* Commands do more on their stack than protocols: options, JSON, file edits. */
#define STACK (512 * 1024)

void
peerup_cli_clear (PeerupCli *self)
{
  g_clear_pointer (&self->arguments, g_strfreev);
  g_clear_pointer (&self->config, g_free);
  g_clear_pointer (&self->colour, g_free);
  g_clear_pointer (&self->profiles, g_strfreev);
}

const PeerupCommand *
peerup_command_find (const char *first, const char *second)
{
  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      gsize length = strlen (first);

      if (strncmp (command->name, first, length) != 0)
        continue;
      if (command->name[length] == '\0')
        return command;
      if (command->name[length] == ' ' && second != NULL && g_str_equal (command->name + length + 1, second))
        return command;
    }
  return NULL;
}

gboolean
peerup_command_is_shown (const PeerupCommand *command)
{
  return command->name[0] != '_';
}

/* The second words there are after @first, or NULL if it begins no command. */
static char *
list_verbs (const char *first)
{
  g_autoptr (GString) verbs = g_string_new (NULL);
  gsize length = strlen (first);

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    if (strncmp (command->name, first, length) == 0 && command->name[length] == ' ')
      g_string_append_printf (verbs, "%s%s", verbs->len > 0 ? ", " : "", command->name + length + 1);
  return verbs->len > 0 ? g_string_free (g_steal_pointer (&verbs), FALSE) : NULL;
}

static GError *
unknown_command (const char *first, const char *second)
{
  g_autofree char *verbs = list_verbs (first);

  if (verbs == NULL)
    return g_error_new (G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                        _ ("there is no command “%s”; “peerup help” lists what there is"), first);
  if (second == NULL)
    return g_error_new (G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s: say which: %s"), first, verbs);
  return g_error_new (G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s: there is no “%s”; there is %s"), first, second,
                      verbs);
}

/* The positions of the first two words that are no flags, 0 for none. --config and --profile take the
 * word after them; flags of a command come after its name. */
static void
find_words (char **argv, guint *first, guint *second)
{
  static const char *const with_value[] = { "--config", "--profile", "--color", NULL };

  *first = *second = 0;
  for (guint i = 1; argv[i] != NULL && *second == 0; i++)
    {
      if (g_str_equal (argv[i], "--"))
        return;
      if (g_strv_contains (with_value, argv[i]) && argv[i + 1] != NULL)
        i++;
      else if (argv[i][0] == '-' && argv[i][1] != '\0')
        continue;
      else if (*first == 0)
        *first = i;
      else
        *second = i;
    }
}

/* "-c3": GOption wants the value in a word of its own. */
static gboolean
is_glued (const PeerupCommand *command, const char *word)
{
  if (word[0] != '-' || word[1] == '-' || word[1] == '\0' || word[2] == '\0')
    return FALSE;
  for (const GOptionEntry *entry = command->options; entry != NULL && entry->long_name != NULL; entry++)
    if (entry->short_name == word[1])
      return entry->arg != G_OPTION_ARG_NONE;
  return FALSE;
}

static void
add_word (GStrvBuilder *builder, const PeerupCommand *command, const char *word)
{
  const char flag[] = { '-', word[0] != '\0' ? word[1] : '\0', '\0' };

  if (!is_glued (command, word))
    {
      g_strv_builder_add (builder, word);
      return;
    }
  g_strv_builder_add (builder, flag);
  g_strv_builder_add (builder, word + 2);
}

/* @argv without the words of the command's name. */
static char **
without_name (char **argv, const PeerupCommand *command, guint first, guint second)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean two = strchr (command->name, ' ') != NULL, ended = FALSE;

  for (guint i = 0; argv[i] != NULL; i++)
    {
      if (i == first || (two && i == second))
        continue;
      ended = ended || g_str_equal (argv[i], "--");
      if (ended)
        g_strv_builder_add (builder, argv[i]);
      else
        add_word (builder, command, argv[i]);
    }
  return g_strv_builder_end (builder);
}

void
peerup_cli_fill_common_options (PeerupCli *self, GOptionEntry *entries)
{
  const GOptionEntry common[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, self != NULL ? &self->json : NULL, N_ ("Print results as JSON"), NULL },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, self != NULL ? &self->config : NULL, N_ ("Use this configuration"),
      "FILE" },
    { "color", 0, 0, G_OPTION_ARG_STRING, self != NULL ? &self->colour : NULL, N_ ("When to use colours (auto)"),
      "auto|always|never" },
    { "profile", 0, 0, G_OPTION_ARG_STRING_ARRAY, self != NULL ? &self->profiles : NULL,
      N_ ("Use the configuration of this profile"), "PROFILE" },
    G_OPTION_ENTRY_NULL,
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (common) <= PEERUP_CLI_MAX_COMMON);
  memcpy (entries, common, sizeof common);
}

static GOptionContext *
new_context (const PeerupCommand *command, PeerupCli *self)
{
  GOptionEntry common[PEERUP_CLI_MAX_COMMON];
  GOptionContext *context = g_option_context_new (NULL);

  peerup_cli_fill_common_options (self, common);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, common, NULL);
  if (command->options != NULL)
    g_option_context_add_main_entries (context, command->options, NULL);
  return context;
}

static gboolean
check_count (const PeerupCommand *command, char **arguments, GError **error)
{
  guint n = g_strv_length (arguments);

  if (n >= command->min_arguments && n <= command->max_arguments)
    return TRUE;
  if (n > command->max_arguments)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s: “%s” is one word too many; usage: peerup %s %s"),
                 command->name, arguments[command->max_arguments], command->name, command->arguments);
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s: something is missing; usage: peerup %s %s"),
                 command->name, command->name, command->arguments);
  return FALSE;
}

/* @words without the first "--", which GOption leaves where an argument behind it begins with a dash. */
static char **
without_dashes (char **words)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean found = FALSE;

  for (; words[0] != NULL; words++)
    if (found || !g_str_equal (words[0], "--"))
      g_strv_builder_add (builder, words[0]);
    else
      found = TRUE;
  return g_strv_builder_end (builder);
}

/* Only what runs engines takes more than one profile. */
static gboolean
check_profiles (PeerupCli *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  for (guint i = 0; self->profiles != NULL && self->profiles[i] != NULL && local_error == NULL; i++)
    {
      if (!peerup_profile_check (self->profiles[i], &local_error))
        break;
      if (i > 0 && !g_str_equal (self->command->name, "daemon"))
        g_set_error_literal (&local_error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--profile is given twice"));
      else if (self->config != NULL)
        g_set_error_literal (&local_error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                             _ ("--config and --profile exclude each other: each names a configuration"));
      for (guint j = 0; j < i && local_error == NULL; j++)
        if (g_str_equal (self->profiles[i], self->profiles[j]))
          g_set_error (&local_error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--profile %s is given twice"),
                       self->profiles[i]);
    }
  if (local_error == NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "%s: %s", self->command->name, local_error->message);
  return FALSE;
}

static gboolean
check_colour (PeerupCli *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (self->colour == NULL || peerup_cli_set_colour (self->colour, &local_error))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: %s", self->command->name, local_error->message);
  return FALSE;
}

static gboolean
parse_options (PeerupCli *self, char **words, GError **error)
{
  g_autoptr (GOptionContext) context = new_context (self->command, self);
  g_autoptr (GError) local_error = NULL;

  if (!g_option_context_parse_strv (context, &words, &local_error))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s: %s; see “peerup help %s”"),
                   self->command->name, local_error->message, self->command->name);
      g_strfreev (words);
      return FALSE;
    }
  self->arguments = without_dashes (words + 1);
  g_strfreev (words);
  return check_count (self->command, self->arguments, error) && check_profiles (self, error) &&
         check_colour (self, error);
}

/* "peerup --version", "peerup service add --help", "peerup help service add" by other names. */
static gboolean
asks_for (char **argv, const char *flag, char letter)
{
  const char short_flag[] = { '-', letter, '\0' };

  for (guint i = 1; argv[i] != NULL && !g_str_equal (argv[i], "--"); i++)
    if (g_str_equal (argv[i], flag) || (letter != '\0' && g_str_equal (argv[i], short_flag)))
      return TRUE;
  return FALSE;
}

static gboolean
parse_help (PeerupCli *self, const char *first, const char *second)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *verbs = first != NULL ? list_verbs (first) : NULL;

  self->command = peerup_command_find ("help", NULL);
  if (first != NULL)
    g_strv_builder_add (builder, first);
  if (second != NULL && verbs != NULL)
    g_strv_builder_add (builder, second);
  self->arguments = g_strv_builder_end (builder);
  return TRUE;
}

gboolean
peerup_cli_parse (PeerupCli *self, char **argv, GError **error)
{
  const char *first_word, *second_word;
  guint first, second;

  find_words (argv, &first, &second);
  first_word = first > 0 ? argv[first] : NULL;
  second_word = second > 0 ? argv[second] : NULL;
  if (asks_for (argv, "--help", 'h'))
    return parse_help (self, first_word, second_word);
  if (first_word == NULL && asks_for (argv, "--version", '\0'))
    first_word = "version";
  if (first_word == NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                           _ ("say what to do; “peerup help” lists what there is"));
      return FALSE;
    }
  self->command = peerup_command_find (first_word, second_word);
  if (self->command == NULL)
    {
      g_propagate_error (error, unknown_command (first_word, second_word));
      return FALSE;
    }
  if (first == 0)
    {
      self->arguments = g_new0 (char *, 1);
      return TRUE;
    }
  return parse_options (self, without_name (argv, self->command, first, second), error);
}

typedef struct
{
  PeerupCli *cli;
  int (*run) (PeerupCli *cli);
} Run;

static DexFuture *
run_fiber (gpointer data)
{
  const Run *run = data;

  return dex_future_new_for_int (run->run (run->cli));
}

int
peerup_cli_run_fiber (PeerupCli *self, int (*run) (PeerupCli *cli))
{
  Run data = { self, run };
  g_autoptr (DexFuture) future = NULL;
  const GValue *value;

  dex_init ();
  future = dex_scheduler_spawn (NULL, STACK, run_fiber, &data, NULL);
  /* Between two iterations nobody would own it, and g_main_context_invoke() of another thread would run there what is
   * meant for this one. */
  if (!g_main_context_acquire (NULL))
    g_assert_not_reached ();
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  g_main_context_release (NULL);
  value = dex_future_get_value (future, NULL);
  g_assert (value != NULL);
  return g_value_get_int (value);
}

static gboolean
check_environment (GError **error)
{
  const char *levels = g_getenv (PEERUP_LOG_ENVIRONMENT);

  if (levels == NULL || peerup_log_set_from_text (levels, error))
    return TRUE;
  g_prefix_error (error, _ ("%s in the environment: "), PEERUP_LOG_ENVIRONMENT);
  return FALSE;
}

static gboolean
on_signal (gpointer data)
{
  PeerupCli *self = data;

  self->on_signal (self->signal_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer data)
{
  PeerupCli *self = data;

  self->interrupted = TRUE;
  return on_signal (self);
}

void
peerup_cli_catch_signals (PeerupCli *self, GSourceFunc func, gpointer data)
{
  g_assert (self->on_signal == NULL);
  self->on_signal = func;
  self->signal_data = data;
  self->signal_sources[0] = g_unix_signal_add (SIGINT, on_interrupt, self);
  self->signal_sources[1] = g_unix_signal_add (SIGTERM, on_signal, self);
  self->signal_sources[2] = g_unix_signal_add (SIGHUP, on_signal, self);
}

int
peerup_cli_release_signals (PeerupCli *self, int code)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->signal_sources); i++)
    g_clear_handle_id (&self->signal_sources[i], g_source_remove);
  self->on_signal = NULL;
  return self->interrupted ? PEERUP_CLI_INTERRUPTED : code;
}

static void
end_at_once (int number)
{
  _exit (PEERUP_CLI_INTERRUPTED);
}

/* Nothing is left half written by a command that ends in its middle. Who has SIGINT ignored, as what shells run in
 * the background, means it. */
static void
end_on_interrupt (void)
{
  const struct sigaction end = { .sa_handler = end_at_once };
  struct sigaction old;

  if (sigaction (SIGINT, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
    sigaction (SIGINT, &end, NULL);
}

int
peerup_cli_main (char **argv)
{
  PeerupCli self = { 0 };
  g_autoptr (GError) error = NULL;
  int code;

  g_set_prgname ("peerup");
  peerup_cli_set_json (asks_for (argv, "--json", '\0'));
  /* What programs read is the same everywhere. */
  if (asks_for (argv, "--json", '\0'))
    setlocale (LC_MESSAGES, "C");
  peerup_cli_set_log (G_LOG_LEVEL_MESSAGE, FALSE);
  end_on_interrupt ();
  if (check_environment (&error) && peerup_cli_parse (&self, argv, &error))
    code = self.command->run (&self);
  else
    code = peerup_cli_fail_parse (error);
  peerup_cli_clear (&self);
  return code;
}
