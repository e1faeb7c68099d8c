/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Dictionaries of another version: what is missing or of another type reads as empty.
 */
#include "cli/peerup-answers.h"

static void
test_readers (void)
{
  g_autoptr (GVariant) dict = g_variant_ref_sink (g_variant_new_parsed (
    "{'text': <'a'>, 'flag': <true>, 'small': <uint32 7>, 'big': <uint64 18446744073709551615>, 'signed': <int64 5>, "
    "'negative': <int64 -1>, 'list': <[{'a': <1>}]>}"));
  g_autoptr (GVariant) list = peerup_answer_get_list (dict, "list");
  g_autoptr (GVariant) no_list = peerup_answer_get_list (dict, "text");
  guint64 number;

  g_assert_cmpstr (peerup_answer_get_string (dict, "text"), ==, "a");
  g_assert_cmpstr (peerup_answer_get_string (dict, "flag"), ==, "");
  g_assert_cmpstr (peerup_answer_get_string (dict, "absent"), ==, "");
  g_assert_true (peerup_answer_get_flag (dict, "flag"));
  g_assert_false (peerup_answer_get_flag (dict, "text"));
  g_assert_cmpuint (peerup_answer_get_number (dict, "small"), ==, 7);
  g_assert_cmpuint (peerup_answer_get_number (dict, "big"), ==, G_MAXUINT64);
  g_assert_cmpuint (peerup_answer_get_number (dict, "signed"), ==, 5);
  g_assert_true (peerup_answer_lookup_number (dict, "signed", &number));
  g_assert_false (peerup_answer_lookup_number (dict, "negative", &number));
  g_assert_cmpuint (number, ==, 0);
  g_assert_false (peerup_answer_lookup_number (dict, "text", &number));
  g_assert_cmpuint (g_variant_n_children (list), ==, 1);
  g_assert_cmpuint (g_variant_n_children (no_list), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/answers/readers", test_readers);
  return g_test_run ();
}
