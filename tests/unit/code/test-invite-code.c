/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* An invite as a value, which form a text is, and what any text costs. */
#include "codes.h"

static void
test_copy (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  PeerupInviteCode *first = peerup_invite_code_copy (code);
  g_autoptr (PeerupInviteCode) second = peerup_invite_code_copy (first);

  codes_assert_same (code, first);
  peerup_invite_code_free (first);
  codes_assert_same (code, second);
}

/* A wrong first character makes it look like something else, and it is still found. */
static void
test_first_character (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *text = peerup_invite_code_to_text (code, NULL);
  g_autofree char *without = g_strdup (text + 1);
  g_autofree char *before = g_strconcat ("A", text, NULL);

  for (const char *other = "ABCDEFGHIJKLMNOQRSTUVWXYZ0123456789"; *other != '\0'; other++)
    {
      PeerupCodeMistake mistake;

      text[0] = *other;
      mistake = codes_refuse (text, PEERUP_ERROR_MALFORMED, "Character 1 of the code");
      g_assert_cmpuint (mistake.character, ==, 1);
    }
  codes_refuse (without, PEERUP_ERROR_MALFORMED, "Character 1 of the code (number 1 of group 1) is missing");
  codes_refuse (before, PEERUP_ERROR_MALFORMED, "Character 1 of the code (number 1 of group 1) is one too many");
}

/* What an error says is shown and logged: no more of a code than one character is in it. */
static void
test_nothing_quoted (void)
{
  g_autoptr (PeerupInviteCode) code = codes_new_long ();
  g_autofree char *text = peerup_invite_code_to_text (code, NULL);
  g_auto (GStrv) groups = g_strsplit (text, "-", -1);

  for (gsize i = 0; text[i] != '\0'; i++)
    {
      g_autofree char *typed = g_strdup (text);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupInviteCode) parsed = NULL;

      typed[i] = '!';
      parsed = peerup_invite_code_parse (typed, NULL, &error);
      g_assert_null (parsed);
      for (guint j = 0; groups[j] != NULL; j++)
        {
          if (strlen (groups[j]) == 5)
            g_assert_null (strstr (error->message, groups[j]));
        }
    }
}

/* The longest texts there are, of each kind that takes the most looks; three thousandths of a second are usual. */
static void
test_time (void)
{
  static const char *const fills[] = {
    "P", "P2Y20", "0", "A", "AEAQ-", "4", "otter ", "🦦", "peerup:join?", "%41", "&"
  };
  g_autoptr (PeerupInviteCode) code = codes_new_full ();
  g_autofree char *link = peerup_invite_code_to_link (code, NULL);
  gint64 worst = 0;

  for (guint i = 0; i < G_N_ELEMENTS (fills) * 2; i++)
    {
      g_autoptr (GString) text = g_string_new (i % 2 ? link : "");
      gint64 start;

      while (text->len + strlen (fills[i / 2]) <= PEERUP_CODE_TEXT_MAX)
        g_string_append (text, fills[i / 2]);
      start = g_get_monotonic_time ();
      peerup_invite_code_free (peerup_invite_code_parse (text->str, NULL, NULL));
      worst = MAX (worst, g_get_monotonic_time () - start);
    }
  g_test_message ("The longest of them took %.1f ms", (double) worst / 1000);
  g_assert_cmpint (worst, <, 2 * G_USEC_PER_SEC);
}

static void
test_noise (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint i = 0; i < 300; i++)
    {
      char noise[PEERUP_CODE_TEXT_MAX + 1];
      gsize n = i < 20 ? PEERUP_CODE_TEXT_MAX : (gsize) g_rand_int_range (rand, 1, 300);
      g_autofree char *exact = NULL;

      for (gsize j = 0; j < n; j++)
        noise[j] = (char) g_rand_int_range (rand, i % 2 ? 1 : 32, i % 2 ? 256 : 127);
      noise[n] = '\0';
      exact = g_strdup (noise);
      g_assert_null (peerup_invite_code_parse (exact, NULL, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/invite-code/copy", test_copy);
  g_test_add_func ("/code/invite-code/first-character", test_first_character);
  g_test_add_func ("/code/invite-code/nothing-quoted", test_nothing_quoted);
  g_test_add_func ("/code/invite-code/time", test_time);
  g_test_add_func ("/code/invite-code/noise", test_noise);
  return g_test_run ();
}
