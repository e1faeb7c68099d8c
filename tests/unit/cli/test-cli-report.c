/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Steps as a variant, and their count. */
#include "cli/peerup-report.h"

static void
test_described (void)
{
  g_autoptr (PeerupReport) report = peerup_report_new (TRUE);
  g_autoptr (GVariant) steps = NULL;
  g_autoptr (GVariant) wanted = g_variant_ref_sink (
    g_variant_new_parsed ("[{'step': <'key'>, 'result': <'made'>, 'text': <'7 files'>},"
                          " {'step': <'unit'>, 'result': <'differs'>, 'text': <'so'>, 'next': <'- a\\n+ b'>}]"));

  peerup_report_add (report, PEERUP_REPORT_MADE, "key", NULL, "%u files", 7);
  peerup_report_add (report, PEERUP_REPORT_DIFFERS, "unit", "- a\n+ b", "so");
  steps = g_variant_ref_sink (peerup_report_describe (report));
  g_assert_cmpuint (g_variant_n_children (steps), ==, 2);
  for (gsize i = 0; i < 2; i++)
    {
      g_autoptr (GVariant) step = g_variant_get_child_value (steps, i);
      g_autoptr (GVariant) other = g_variant_get_child_value (wanted, i);
      g_autoptr (GVariantDict) dict = g_variant_dict_new (step);
      GVariantIter iter;
      const char *key;
      GVariant *value;

      g_assert_cmpuint (g_variant_n_children (step), ==, g_variant_n_children (other));
      g_variant_iter_init (&iter, other);
      while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
        {
          g_autoptr (GVariant) found = g_variant_dict_lookup_value (dict, key, NULL);

          g_assert_nonnull (found);
          g_assert_true (g_variant_equal (found, value));
          g_variant_unref (value);
        }
    }
}

static void
test_counted (void)
{
  g_autoptr (PeerupReport) report = peerup_report_new (TRUE);

  for (PeerupReportResult result = 0; result < PEERUP_N_REPORTS; result++)
    {
      g_assert_cmpuint (peerup_report_count (report, result), ==, 0);
      for (guint i = 0; i <= result; i++)
        peerup_report_add (report, result, "step", NULL, "text");
    }
  for (PeerupReportResult result = 0; result < PEERUP_N_REPORTS; result++)
    g_assert_cmpuint (peerup_report_count (report, result), ==, result + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/report/described", test_described);
  g_test_add_func ("/cli/report/counted", test_counted);
  return g_test_run ();
}
