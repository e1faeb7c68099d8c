/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* From words to a command; the table; what help says.
 */
#include "cli/peerup-help.h"

#include <string.h>

static gboolean
parse (PeerupCli *cli, const char *line, GError **error)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);

  *cli = (PeerupCli) { 0 };
  return peerup_cli_parse (cli, argv, error);
}

static void
assert_parses (const char *line, const char *name, const char *arguments, const char *config, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *joined = NULL;
  PeerupCli cli;

  parse (&cli, line, &error);
  g_assert_no_error (error);
  joined = g_strjoinv (" ", cli.arguments);
  g_assert_cmpstr (cli.command->name, ==, name);
  g_assert_cmpstr (joined, ==, arguments);
  g_assert_cmpstr (cli.config, ==, config);
  g_assert_cmpint (cli.json, ==, json);
  peerup_cli_clear (&cli);
}

static void
test_forms (void)
{
  assert_parses ("peerup whoami", "whoami", "", NULL, FALSE);
  assert_parses ("peerup --json whoami", "whoami", "", NULL, TRUE);
  assert_parses ("peerup --config f --json service list", "service list", "", "f", TRUE);
  assert_parses ("peerup service --json list --config=f", "service list", "", "f", TRUE);
  assert_parses ("peerup proxy a --json b c", "proxy", "a b c", NULL, TRUE);
  assert_parses ("peerup ping -c 3 a", "ping", "a", NULL, FALSE);
  assert_parses ("peerup ping a -c3 --interval 1s", "ping", "a", NULL, FALSE);
  assert_parses ("peerup ping -- -a", "ping", "-a", NULL, FALSE);
  assert_parses ("peerup proxy a -- -b c", "proxy", "a -b c", NULL, FALSE);
  assert_parses ("peerup --config ping status", "status", "", "ping", FALSE);
  assert_parses ("peerup auth validate", "auth validate", "", NULL, FALSE);
  assert_parses ("peerup auth validate file", "auth validate", "file", NULL, FALSE);
}

static void
test_help_forms (void)
{
  assert_parses ("peerup --version", "version", "", NULL, FALSE);
  assert_parses ("peerup --help", "help", "", NULL, FALSE);
  assert_parses ("peerup -h", "help", "", NULL, FALSE);
  assert_parses ("peerup ping -h", "help", "ping", NULL, FALSE);
  assert_parses ("peerup ping bob --help", "help", "ping", NULL, FALSE);
  assert_parses ("peerup service add --help", "help", "service add", NULL, FALSE);
  assert_parses ("peerup help service add", "help", "service add", NULL, FALSE);
}

static void
test_errors (void)
{
  const struct
  {
    const char *line, *words;
  } cases[] = {
    { "peerup", "peerup help" },
    { "peerup --json", "peerup help" },
    { "peerup nonsense", "nonsense" },
    { "peerup service", "add, remove, enable, disable, list" },
    { "peerup service nonsense", "nonsense" },
    { "peerup serv add", "serv" },
    { "peerup whoami more", "more" },
    { "peerup proxy a b", "PEER SERVICE PORT" },
    { "peerup proxy a b c d", "“d”" },
    { "peerup whoami --bogus", "--bogus" },
    { "peerup whoami --config", "--config" },
    { "peerup ping a -c x", "x" },
    { "peerup service add a b --comment c", "--comment" },
    { "peerup -- whoami", "peerup help" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      PeerupCli cli;

      g_assert_false (parse (&cli, cases[i].line, &error));
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED);
      g_assert_nonnull (strstr (error->message, cases[i].words));
      g_assert_null (strchr (error->message, '\n'));
      peerup_cli_clear (&cli);
    }
}

static void
test_table (void)
{
  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_auto (GStrv) words = g_strsplit (command->name, " ", -1);
      g_autofree char *help = peerup_help_for_command (command, 200);
      g_autofree char *usage = g_strdup_printf ("peerup %s", command->name);

      g_assert_cmpuint (g_strv_length (words), <=, 2);
      g_assert_true (peerup_command_find (words[0], words[1]) == command);
      g_assert_cmpuint (command->min_arguments, <=, command->max_arguments);
      g_assert_false (g_str_has_suffix (command->summary, "."));
      g_assert_nonnull (command->run);
      g_assert_nonnull (strstr (help, usage));
      g_assert_nonnull (strstr (help, command->summary));
      g_assert_nonnull (strstr (help, "--json"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/parse/forms", test_forms);
  g_test_add_func ("/cli/parse/help", test_help_forms);
  g_test_add_func ("/cli/parse/errors", test_errors);
  g_test_add_func ("/cli/table", test_table);
  return g_test_run ();
}
