/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The spoken code: there and back, how people type it, and the list of its words. */
#include "codes.h"

static PeerupInviteCode *
new_spoken (guint number, const char *words)
{
  PeerupInviteCode *code = peerup_invite_code_new (PEERUP_CODE_SPOKEN);

  code->number = number;
  code->secret = g_bytes_new (words, strlen (words));
  return code;
}

static void
assert_is (const char *typed, guint number, const char *words)
{
  g_autoptr (PeerupInviteCode) expected = new_spoken (number, words);
  g_autoptr (PeerupInviteCode) code = codes_parse (typed);

  codes_assert_same (expected, code);
}

static void
test_round_trip (void)
{
  g_autoptr (PeerupInviteCode) code = new_spoken (417, "otter violin maple");
  g_autofree char *text = peerup_invite_code_to_text (code, NULL);
  g_autofree char *link = peerup_invite_code_to_link (code, NULL);

  g_assert_cmpstr (text, ==, "417-otter-violin-maple");
  g_assert_cmpstr (link, ==, "peerup:join?417-otter-violin-maple");
  assert_is (text, 417, "otter violin maple");
  assert_is (link, 417, "otter violin maple");
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_bytes_hash, g_bytes_equal);
  g_autoptr (GPtrArray) secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (PeerupInviteCode) code = peerup_invite_code_new (PEERUP_CODE_SPOKEN);
      g_autoptr (PeerupInviteCode) parsed = NULL;
      g_autofree char *text = NULL;
      guint8 random[PEERUP_CODE_WORDS_RANDOM];

      for (guint j = 0; j < sizeof random; j++)
        random[j] = (guint8) g_rand_int (rand);
      code->number = (guint) g_rand_int_range (rand, 1, PEERUP_CODE_NUMBER_MAX + 1);
      code->secret = peerup_code_choose_words (random);
      text = peerup_invite_code_to_text (code, NULL);
      parsed = codes_parse (text);
      codes_assert_same (code, parsed);
      g_ptr_array_add (secrets, g_bytes_ref (code->secret));
      g_hash_table_add (seen, code->secret);
    }
  /* 500 of 2^27 meet with a chance of one in a thousand; of a generator that is worse, for certain. */
  g_assert_cmpuint (g_hash_table_size (seen), >=, 499);
}

/* Each of the three positions takes each word. */
static void
test_choice (void)
{
  for (guint position = 0; position < 3; position++)
    {
      for (guint i = 0; i < PEERUP_CODE_N_WORDS; i++)
        {
          guint8 random[PEERUP_CODE_WORDS_RANDOM] = { 0 };
          g_autoptr (GBytes) secret = NULL;
          g_autofree char *text = NULL;
          g_auto (GStrv) words = NULL;

          random[2 * position] = (guint8) (i >> 8);
          random[2 * position + 1] = (guint8) i;
          secret = peerup_code_choose_words (random);
          text = g_strndup (g_bytes_get_data (secret, NULL), g_bytes_get_size (secret));
          words = g_strsplit (text, " ", -1);
          g_assert_cmpuint (g_strv_length (words), ==, 3);
          g_assert_cmpstr (words[position], ==, peerup_code_words[i]);
          g_assert_cmpstr (words[(position + 1) % 3], ==, peerup_code_words[0]);
        }
    }
}

static void
test_typed (void)
{
  static const char *const typed[] = {
    "417 otter violin maple",
    "417OTTER-violin--Maple",
    "Otter Violin Maple 417",
    "otter, violin, maple, 417.",
    "otter violin maple417",
    "“417-otter-violin-maple”\r\n",
    "0417\notter\nviolin\nmaple\n",
    "417/otter/violin/maple",
    "417: otter + violin + maple!",
    "417-otte-viol-mapl",
    "417–otter—violin\u00a0maple",
    "peerup:join?otter%20violin+maple%20417",
    "<peerup:join?417-otter-violin-maple>",
    "PEERUP:JOIN?417-OTTER-VIOLIN-MAPLE\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (typed); i++)
    assert_is (typed[i], 417, "otter violin maple");
  assert_is ("9999 acorn acorn zigzag", 9999, "acorn acorn zigzag");
  assert_is ("1 acorn acorn zigzag", 1, "acorn acorn zigzag");
}

static void
test_wrong_word (void)
{
  PeerupCodeMistake mistake = codes_refuse ("417-otter-violyn-maple", PEERUP_ERROR_MALFORMED,
                                            "second word is none that codes are made of: did you mean “violin”?");

  g_assert_true (mistake.known);
  g_assert_cmpuint (mistake.character, ==, 9);
  g_assert_cmpuint (mistake.last, ==, 14);
  g_assert_cmpuint (mistake.offset, ==, 10);
  codes_refuse ("417-oter-violin-maple", PEERUP_ERROR_MALFORMED,
                "first word is none that codes are made of: did you mean “otter”?");
  codes_refuse ("417-otter-violin-map1e", PEERUP_ERROR_MALFORMED, "did you mean “maple”?");
  codes_refuse ("417-otter-violin-mple", PEERUP_ERROR_MALFORMED, "did you mean “maple”?");
  codes_refuse ("417-otters-violin-maple", PEERUP_ERROR_MALFORMED, "did you mean “otter”?");
  codes_refuse ("417-ottér-violin-maple", PEERUP_ERROR_MALFORMED, "did you mean “otter”?");
  codes_refuse ("417-ott-violin-maple", PEERUP_ERROR_MALFORMED, "did you mean");
  codes_refuse ("417-otter-violin-xyzzyqqqqqqq", PEERUP_ERROR_MALFORMED, "third word is none that codes are made of");
}

/* Any letter left out, doubled or changed: the word itself is offered. */
static void
assert_offered (const char *slip, const char *word)
{
  guint distance;
  const char *nearest;

  if (peerup_code_find_word (slip) != NULL)
    {
      g_assert_cmpstr (peerup_code_find_word (slip), ==, word);
      return;
    }
  nearest = peerup_code_nearest_word (slip, &distance);
  g_assert_cmpstr (nearest, ==, word);
  g_assert_cmpuint (distance, ==, 1);
}

static void
test_slips (void)
{
  for (guint i = 0; i < PEERUP_CODE_N_WORDS; i += 5)
    {
      const char *word = peerup_code_words[i];

      for (guint j = 0; word[j] != '\0'; j++)
        {
          g_autofree char *without = g_strdup_printf ("%.*s%s", (int) j, word, word + j + 1);
          g_autofree char *doubled = g_strdup_printf ("%.*s%s", (int) j + 1, word, word + j);
          g_autofree char *changed = g_strdup (word);

          changed[j] = changed[j] == 'q' ? 'z' : 'q';
          assert_offered (without, word);
          assert_offered (doubled, word);
          assert_offered (changed, word);
        }
    }
}

static void
test_wrong_parts (void)
{
  codes_refuse ("otter violin maple", PEERUP_ERROR_MALFORMED, "number is missing");
  codes_refuse ("417 otter violin", PEERUP_ERROR_MALFORMED, "here are 2");
  codes_refuse ("417 otter", PEERUP_ERROR_MALFORMED, "here is 1");
  codes_refuse ("417", PEERUP_ERROR_MALFORMED, "here are 0");
  codes_refuse ("417 otter violin maple acorn", PEERUP_ERROR_MALFORMED, "here are 4");
  codes_refuse ("417 otter violin maple 3", PEERUP_ERROR_MALFORMED, "more than one number");
  codes_refuse ("otter 417 violin maple", PEERUP_ERROR_MALFORMED, "before the three words, or after");
  codes_refuse ("0 otter violin maple", PEERUP_ERROR_MALFORMED, "from 1 to 9999");
  codes_refuse ("10000 otter violin maple", PEERUP_ERROR_MALFORMED, "from 1 to 9999");
  codes_refuse ("99999999999999999999999 otter violin maple", PEERUP_ERROR_MALFORMED, "from 1 to 9999");
  codes_refuse ("-5 otter violin", PEERUP_ERROR_MALFORMED, "here are 2");
}

static void
test_truncation (void)
{
  static const char text[] = "417-otter-violin-maple";

  for (gsize i = 0; i < strlen (text); i++)
    {
      g_autofree char *prefix = g_strndup (text, i);

      /* Four letters are the word. */
      if (i == strlen (text) - 1)
        assert_is (prefix, 417, "otter violin maple");
      else
        codes_refuse (prefix, PEERUP_ERROR_MALFORMED, NULL);
    }
}

/* The list */

static guint
get_distance (const char *a, const char *b)
{
  guint rows[2][PEERUP_CODE_WORD_MAX + 1];
  guint n = (guint) strlen (b);

  for (guint j = 0; j <= n; j++)
    rows[0][j] = j;
  for (guint i = 1; i <= strlen (a); i++)
    {
      const guint *above = rows[(i - 1) % 2];
      guint *row = rows[i % 2];

      row[0] = i;
      for (guint j = 1; j <= n; j++)
        row[j] = MIN (above[j - 1] + (a[i - 1] != b[j - 1]), MIN (above[j], row[j - 1]) + 1);
    }
  return rows[strlen (a) % 2][n];
}

/* American Soundex, without the cut after three digits. */
static void
get_sound (const char *word, char sound[PEERUP_CODE_WORD_MAX + 2])
{
  static const char codes[] = "01230120022455012623010202";
  guint n = 0;
  char last = codes[word[0] - 'a'];

  sound[n++] = word[0];
  for (const char *p = word + 1; *p != '\0'; p++)
    {
      char code = codes[*p - 'a'];

      if (*p == 'h' || *p == 'w')
        continue;
      if (code != '0' && code != last && n < 4)
        sound[n++] = code;
      last = code;
    }
  while (n < 4)
    sound[n++] = '0';
  sound[n] = '\0';
}

static void
test_list (void)
{
  for (guint i = 0; i < PEERUP_CODE_N_WORDS; i++)
    {
      const char *word = peerup_code_words[i];

      g_assert_cmpuint (strlen (word), >=, PEERUP_CODE_WORD_MIN);
      g_assert_cmpuint (strlen (word), <=, PEERUP_CODE_WORD_MAX);
      g_assert_cmpuint (strspn (word, "abcdefghijklmnopqrstuvwxyz"), ==, strlen (word));
      if (i > 0)
        g_assert_cmpstr (peerup_code_words[i - 1], <, word);
      g_assert_true (peerup_code_find_word (word) == word);
    }
}

static void
test_no_two_alike (void)
{
  for (guint i = 0; i < PEERUP_CODE_N_WORDS; i++)
    {
      const char *a = peerup_code_words[i];
      char sound_a[PEERUP_CODE_WORD_MAX + 2], sound_b[PEERUP_CODE_WORD_MAX + 2];

      get_sound (a, sound_a);
      for (guint j = i + 1; j < PEERUP_CODE_N_WORDS; j++)
        {
          const char *b = peerup_code_words[j];

          get_sound (b, sound_b);
          if (strncmp (a, b, PEERUP_CODE_WORD_MIN) == 0 || get_distance (a, b) < 3 ||
              (strlen (a) == strlen (b) && strcmp (sound_a, sound_b) == 0))
            g_error ("“%s” and “%s” are too much alike", a, b);
        }
    }
}

/* The list is part of the protocol: two versions that differ in it do not understand each other. */
static void
test_list_stays (void)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < PEERUP_CODE_N_WORDS; i++)
    {
      g_checksum_update (checksum, (const guchar *) peerup_code_words[i], -1);
      g_checksum_update (checksum, (const guchar *) "\n", 1);
    }
  g_assert_cmpstr (g_checksum_get_string (checksum), ==,
                   "182409318bda633b634f64a1fe4d0139c3c092a90e5b93264fcb3af4add23ebd");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/spoken/round-trip", test_round_trip);
  g_test_add_func ("/code/spoken/random", test_random);
  g_test_add_func ("/code/spoken/choice", test_choice);
  g_test_add_func ("/code/spoken/typed", test_typed);
  g_test_add_func ("/code/spoken/wrong-word", test_wrong_word);
  g_test_add_func ("/code/spoken/slips", test_slips);
  g_test_add_func ("/code/spoken/wrong-parts", test_wrong_parts);
  g_test_add_func ("/code/spoken/truncation", test_truncation);
  g_test_add_func ("/code/words/list", test_list);
  g_test_add_func ("/code/words/no-two-alike", test_no_two_alike);
  g_test_add_func ("/code/words/list-stays", test_list_stays);
  return g_test_run ();
}
