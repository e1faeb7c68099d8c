/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Questions in words.
 */
#include "cli/peerup-prompt-text.h"

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

static void
test_questions (void)
{
  const struct
  {
    const char *prompt;
    const char *text;
  } cases[] = {
    { "{'number': <uint32 3>, 'kind': <'access'>, 'name': <'laptop'>, 'service': <'ssh'>, 'answers': <['allow', "
      "'deny', "
      "'later']>}",
      "3: laptop: may it use ssh for an hour? (allow, deny, later)" },
    { "{'number': <uint32 4>, 'kind': <'verify'>, 'name': <''>, 'peer_id': <'12D3'>, 'emoji': <'🐶 🐱'>, 'digits': "
      "<'123456'>, 'answers': <['match', 'differ', 'later']>}",
      "4: 12D3: does it show 🐶 🐱 (123456)? (match, differ, later)" },
    /* Of another version of the engine. */
    { "@a{sv} {}", "0: : does it show  ()? ()" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) prompt = parse (cases[i].prompt);
      g_autofree char *text = peerup_prompt_text_question (prompt);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_consequences (void)
{
  static const char *const answers[] = { "match", "differ", "allow", "deny", "later" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    for (guint j = 0; j < i; j++)
      g_assert_cmpstr (peerup_prompt_text_consequence (answers[i]), !=, peerup_prompt_text_consequence (answers[j]));
  g_assert_cmpstr (peerup_prompt_text_consequence ("later"), ==, "Nothing has changed.");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prompt-text/questions", test_questions);
  g_test_add_func ("/prompt-text/consequences", test_consequences);
  return g_test_run ();
}
