/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Reads a command line that is not finished, and tells what may come next. Forgiving, as half of it may still be
 * wrong; no files, no engine.
 */
#include "cli/peerup-complete.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-commands.h"
#include "cli/peerup-help-text.h"
#include "cli/peerup-help.h"

typedef struct
{
  const GOptionEntry *entry; /* nullable */
  const char *value;         /* nullable: behind the "=" */
} Flag;

static const GOptionEntry *
find_entry (const GOptionEntry *entries, const char *word, gsize length)
{
  for (; entries != NULL && entries->long_name != NULL; entries++)
    if ((word[1] == '-' && strlen (entries->long_name) == length - 2 &&
         strncmp (entries->long_name, word + 2, length - 2) == 0) ||
        (word[1] != '-' && length == 2 && entries->short_name == word[1]))
      return entries;
  return NULL;
}

static Flag
parse_flag (const GOptionEntry *common, const PeerupCommand *command, const char *word)
{
  gsize length = strcspn (word, "=");
  Flag flag = { .value = word[length] == '=' ? word + length + 1 : NULL };

  flag.entry = find_entry (common, word, length);
  if (flag.entry == NULL && command != NULL)
    flag.entry = find_entry (command->options, word, length);
  return flag;
}

static gboolean
takes_value (const GOptionEntry *entry)
{
  return entry != NULL && entry->arg != G_OPTION_ARG_NONE;
}

static gboolean
is_one_of (const GOptionEntry *entries, const GOptionEntry *entry)
{
  for (; entries->long_name != NULL; entries++)
    if (entries == entry)
      return TRUE;
  return FALSE;
}

/* Keeps what every command takes: which configuration is meant. */
static void
keep_value (const GOptionEntry *entry, const char *value)
{
  if (entry->arg == G_OPTION_ARG_FILENAME || entry->arg == G_OPTION_ARG_STRING)
    {
      char **place = entry->arg_data;

      g_free (*place);
      *place = g_strdup (value);
    }
  else if (entry->arg == G_OPTION_ARG_STRING_ARRAY)
    {
      char ***place = entry->arg_data;

      g_strfreev (*place);
      *place = g_new0 (char *, 2);
      (*place)[0] = g_strdup (value);
    }
}

/* "[list|revoke" and "ID]" of a synopsis: what may stand there. */
static char **
parse_kinds (const char *text)
{
  g_autofree char *bare = g_strdup (text);
  char *ellipsis = strstr (bare, "…");

  if (ellipsis != NULL)
    memmove (ellipsis, ellipsis + strlen ("…"), strlen (ellipsis + strlen ("…")) + 1);
  g_strdelimit (bare, "[]", ' ');
  return g_strsplit (g_strstrip (bare), "|", -1);
}

static gboolean
is_kind (const char *text, const char *kind)
{
  g_auto (GStrv) kinds = parse_kinds (text != NULL ? text : "");

  return g_strv_contains ((const char *const *) kinds, kind);
}

/* What the argument number @position is called; the last one that has an ellipsis goes on. */
static char **
kinds_of_argument (const PeerupCommand *command, guint position)
{
  g_auto (GStrv) names = g_strsplit (command->arguments, " ", -1);
  guint n = g_strv_length (names);

  if (position < n)
    return parse_kinds (names[position]);
  if (n > 0 && strstr (names[n - 1], "…") != NULL)
    return parse_kinds (names[n - 1]);
  return g_new0 (char *, 1);
}

static gboolean
is_group (const char *first)
{
  gsize length = strlen (first);

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    if (strncmp (command->name, first, length) == 0 && command->name[length] == ' ')
      return TRUE;
  return FALSE;
}

typedef struct
{
  const GOptionEntry *pending; /* nullable: wants the next word for its value */
  guint n_words;               /* that are no options */
  gboolean ended;              /* by "--" */
} State;

static guint
count_name (const PeerupCommand *command)
{
  return strchr (command->name, ' ') != NULL ? 2 : 1;
}

/* How many of the words are no part of the command's name. */
static guint
count_arguments (PeerupComplete *self, State *state)
{
  return state->n_words - count_name (self->command);
}

static void
keep_peer (PeerupComplete *self, State *state, const char *word)
{
  g_auto (GStrv) kinds = NULL;

  if (self->command == NULL || state->n_words < count_name (self->command))
    return;
  kinds = kinds_of_argument (self->command, count_arguments (self, state));
  if (g_strv_contains ((const char *const *) kinds, "PEER"))
    self->peer = word;
}

static void
take_word (PeerupComplete *self, State *state, const GOptionEntry *common, const char *word)
{
  if (state->pending != NULL && g_str_equal (word, "="))
    return;
  if (state->pending != NULL)
    {
      if (is_kind (state->pending->arg_description, "PEER"))
        self->peer = word;
      if (is_one_of (common, state->pending))
        keep_value (state->pending, word);
      state->pending = NULL;
    }
  else if (!state->ended && g_str_equal (word, "--"))
    state->ended = TRUE;
  else if (!state->ended && word[0] == '-' && word[1] != '\0')
    {
      Flag flag = parse_flag (common, self->command, word);

      if (takes_value (flag.entry) && flag.value == NULL)
        state->pending = flag.entry;
      else if (takes_value (flag.entry) && is_kind (flag.entry->arg_description, "PEER"))
        self->peer = flag.value;
      else if (flag.value != NULL && takes_value (flag.entry) && is_one_of (common, flag.entry))
        keep_value (flag.entry, flag.value);
    }
  else
    {
      if (state->n_words == 0)
        {
          self->first = word;
          self->command = peerup_command_find (word, NULL);
        }
      else if (state->n_words == 1 && peerup_command_find (self->first, word) != NULL)
        self->command = peerup_command_find (self->first, word);
      keep_peer (self, state, word);
      state->n_words++;
    }
}

static void
look_at_word (PeerupComplete *self, State *state, const GOptionEntry *common)
{
  Flag flag = { 0 };

  if (state->pending == NULL && !state->ended && self->word[0] == '-')
    flag = parse_flag (common, self->command, self->word);
  if (state->pending != NULL || (takes_value (flag.entry) && flag.value != NULL))
    {
      const GOptionEntry *entry = state->pending != NULL ? state->pending : flag.entry;

      self->kinds = parse_kinds (entry->arg_description != NULL ? entry->arg_description : "");
      if (state->pending == NULL)
        {
          self->before = g_strndup (self->word, flag.value - self->word);
          self->word = flag.value;
        }
      else if (g_str_equal (self->word, "="))
        self->word = "";
      return;
    }
  self->options = !state->ended && self->word[0] == '-';
  if (self->options)
    return;
  self->commands = state->n_words == 0;
  self->verbs = state->n_words == 1 && is_group (self->first);
  if (self->command != NULL)
    self->kinds = kinds_of_argument (self->command, count_arguments (self, state));
}

PeerupComplete *
peerup_complete_new (char **words, guint index)
{
  PeerupComplete *self = g_new0 (PeerupComplete, 1);
  GOptionEntry common[PEERUP_CLI_MAX_COMMON];
  State state = { 0 };

  self->cli = g_new0 (PeerupCli, 1);
  peerup_cli_fill_common_options (self->cli, common);
  for (guint i = 0; i < index && words[i] != NULL; i++)
    take_word (self, &state, common, words[i]);
  self->word = index < g_strv_length (words) ? words[index] : "";
  look_at_word (self, &state, common);
  if (self->before == NULL)
    self->before = g_strdup ("");
  if (self->kinds == NULL)
    self->kinds = g_new0 (char *, 1);
  return self;
}

void
peerup_complete_free (PeerupComplete *self)
{
  peerup_cli_clear (self->cli);
  g_free (self->cli);
  g_free (self->before);
  g_strfreev (self->kinds);
  g_free (self);
}

gboolean
peerup_complete_wants (PeerupComplete *self, const char *kind)
{
  return g_strv_contains ((const char *const *) self->kinds, kind);
}

gboolean
peerup_complete_wants_theirs (PeerupComplete *self)
{
  return self->peer != NULL && self->command != NULL && peerup_complete_wants (self, "SERVICE") &&
         (self->command->run == cmd_proxy || self->command->run == cmd_daemon_connect);
}

/* One word, which no shell and no terminal takes for anything else. */
static gboolean
is_plain (const char *value)
{
  for (const char *p = value; p[0] != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_isgraph (c) || (c < 0x80 && !g_ascii_isalnum (c) && strchr ("._-/:=,@+…", (int) c) == NULL))
        return FALSE;
    }
  return value[0] != '\0';
}

char *
peerup_complete_format (PeerupComplete *self, const char *value, const char *description)
{
  g_autofree char *line = NULL;

  if (!g_str_has_prefix (value, self->word) || !g_utf8_validate (value, -1, NULL) || !is_plain (value))
    return NULL;
  line = g_strdup (description);
  for (char *p = line; p[0] != '\0'; p++)
    if (g_ascii_iscntrl (p[0]))
      p[0] = ' ';
  return g_strdup_printf ("%s%s\t%s", self->before, value, line);
}

typedef struct
{
  PeerupComplete *self;
  GStrvBuilder *lines;
} List;

static void
add (List *list, const char *value, const char *description)
{
  char *line = peerup_complete_format (list->self, value, description);

  if (line != NULL)
    g_strv_builder_take (list->lines, line);
}

/* Each first word once; that of a group with the words that follow it. */
static void
add_commands (List *list)
{
  g_autofree char *last = g_strdup ("");

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_autofree char *first = g_strndup (command->name, strcspn (command->name, " "));
      const PeerupCommand *itself = peerup_command_find (first, NULL);
      g_autofree char *group = g_strdup_printf ("%s …", first);

      if (!peerup_command_is_shown (command) || g_str_equal (first, last))
        continue;
      add (list, first, itself != NULL ? _ (itself->summary) : group);
      g_free (last);
      last = g_steal_pointer (&first);
    }
}

static void
add_verbs (List *list)
{
  gsize length = strlen (list->self->first);

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    if (strncmp (command->name, list->self->first, length) == 0 && command->name[length] == ' ')
      add (list, command->name + length + 1, _ (command->summary));
}

static void
add_options (List *list, const GOptionEntry *options)
{
  for (; options != NULL && options->long_name != NULL; options++)
    {
      g_autofree char *option = g_strconcat ("--", options->long_name, NULL);

      if (!(options->flags & G_OPTION_FLAG_HIDDEN))
        add (list, option, _ (options->description));
    }
}

static void
add_topics (List *list)
{
  g_auto (GStrv) topics = peerup_help_text_list ("topics");

  for (guint i = 0; topics[i] != NULL; i++)
    {
      g_autofree char *title = peerup_help_get_topic_title (topics[i]);

      add (list, topics[i], title);
    }
}

static void
add_kind (List *list, const char *kind)
{
  if (g_str_equal (kind, "FILE"))
    g_strv_builder_add (list->lines, ":files");
  else if (g_str_equal (kind, "DIR"))
    g_strv_builder_add (list->lines, ":directories");
  else if (g_str_equal (kind, "COMMAND"))
    add_commands (list);
  else if (g_str_equal (kind, "TOPIC"))
    add_topics (list);
  else if (g_ascii_islower (kind[0]))
    add (list, kind, "");
}

char **
peerup_complete_list (PeerupComplete *self)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  List list = { self, lines };
  GOptionEntry common[PEERUP_CLI_MAX_COMMON];

  if (self->options)
    {
      peerup_cli_fill_common_options (NULL, common);
      add_options (&list, self->command != NULL ? self->command->options : NULL);
      add_options (&list, common);
    }
  if (self->commands)
    add_commands (&list);
  if (self->verbs)
    add_verbs (&list);
  for (guint i = 0; self->kinds[i] != NULL; i++)
    add_kind (&list, self->kinds[i]);
  return g_strv_builder_end (lines);
}
