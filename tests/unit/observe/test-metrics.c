/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The registry against the text that Prometheus reads, letter by letter. */
#include "observe/peerup-metrics.h"

#include <math.h>

static const char *const direction_service[] = { "direction", "service", NULL };
static const char *const service[] = { "service", NULL };

static void
assert_text (PeerupMetrics *metrics, PeerupMetricsFormat format, const char *expected)
{
  g_autofree char *text = peerup_metrics_write (metrics, format);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_empty (void)
{
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();

  peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_unused", "Nothing.", NULL);
  assert_text (metrics, PEERUP_METRICS_TEXT, "");
  assert_text (metrics, PEERUP_METRICS_OPENMETRICS, "# EOF\n");
}

static void
test_sorted (void)
{
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *bytes = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_proxy_bytes_total",
                                                  "Bytes carried.", direction_service);
  PeerupMetricFamily *active =
    peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_active", "Streams that are open.", NULL);

  peerup_metric_add (peerup_metric_family_get (bytes, "tx", "ssh", NULL), 512);
  peerup_metric_add (peerup_metric_family_get (bytes, "rx", "web", NULL), 1);
  peerup_metric_add (peerup_metric_family_get (bytes, "rx", "ssh", NULL), 1000);
  peerup_metric_add (peerup_metric_family_get (bytes, "rx", "ssh", NULL), 24);
  peerup_metric_set (peerup_metric_family_get (active, NULL), 3);
  peerup_metric_add (peerup_metric_family_get (active, NULL), -5);
  assert_text (metrics, PEERUP_METRICS_TEXT,
               "# HELP peerup_active Streams that are open.\n"
               "# TYPE peerup_active gauge\n"
               "peerup_active -2\n"
               "# HELP peerup_proxy_bytes_total Bytes carried.\n"
               "# TYPE peerup_proxy_bytes_total counter\n"
               "peerup_proxy_bytes_total{direction=\"rx\",service=\"ssh\"} 1024\n"
               "peerup_proxy_bytes_total{direction=\"rx\",service=\"web\"} 1\n"
               "peerup_proxy_bytes_total{direction=\"tx\",service=\"ssh\"} 512\n");
}

static void
test_openmetrics (void)
{
  static const double bounds[] = { 0.5, 1, 2 };
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *calls =
    peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "calls_total", "The \"calls\".", NULL);
  PeerupMetricFamily *time = peerup_metrics_add_histogram (metrics, "time_seconds", "Time.", NULL, bounds, 3);

  peerup_metric_add (peerup_metric_family_get (calls, NULL), 7);
  peerup_metric_observe (peerup_metric_family_get (time, NULL), 1.5);
  assert_text (metrics, PEERUP_METRICS_OPENMETRICS,
               "# HELP calls The \\\"calls\\\".\n"
               "# TYPE calls counter\n"
               "calls_total 7\n"
               "# HELP time_seconds Time.\n"
               "# TYPE time_seconds histogram\n"
               "time_seconds_bucket{le=\"0.5\"} 0\n"
               "time_seconds_bucket{le=\"1.0\"} 0\n"
               "time_seconds_bucket{le=\"2.0\"} 1\n"
               "time_seconds_bucket{le=\"+Inf\"} 1\n"
               "time_seconds_sum 1.5\n"
               "time_seconds_count 1\n"
               "# EOF\n");
  g_assert_cmpstr (peerup_metrics_format_get_content_type (PEERUP_METRICS_OPENMETRICS), ==,
                   "application/openmetrics-text; version=1.0.0; charset=utf-8");
  g_assert_cmpstr (peerup_metrics_format_get_content_type (PEERUP_METRICS_TEXT), ==,
                   "text/plain; version=0.0.4; charset=utf-8");
}

static void
test_escaping (void)
{
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *family =
    peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_odd", "One \\ two\nthree \"four\".", service);

  peerup_metric_set (peerup_metric_family_get (family, "a\\b\"c\nd{e},f=é", NULL), 1);
  peerup_metric_set (peerup_metric_family_get (family, "not \xff UTF-8", NULL), 2);
  peerup_metric_set (peerup_metric_family_get (family, "", NULL), 3);
  assert_text (metrics, PEERUP_METRICS_TEXT,
               "# HELP peerup_odd One \\\\ two\\nthree \"four\".\n"
               "# TYPE peerup_odd gauge\n"
               "peerup_odd{service=\"\"} 3\n"
               "peerup_odd{service=\"a\\\\b\\\"c\\nd{e},f=é\"} 1\n"
               "peerup_odd{service=\"not \xef\xbf\xbd UTF-8\"} 2\n");
}

/* Two values never share a figure, however they are written. */
static void
test_values_that_look_alike (void)
{
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *family =
    peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_pairs_total", "Pairs.", direction_service);

  peerup_metric_add (peerup_metric_family_get (family, "a\",service=\"b", "c", NULL), 1);
  peerup_metric_add (peerup_metric_family_get (family, "a", "b\",service=\"c", NULL), 2);
  assert_text (metrics, PEERUP_METRICS_TEXT,
               "# HELP peerup_pairs_total Pairs.\n"
               "# TYPE peerup_pairs_total counter\n"
               "peerup_pairs_total{direction=\"a\",service=\"b\\\",service=\\\"c\"} 2\n"
               "peerup_pairs_total{direction=\"a\\\",service=\\\"b\",service=\"c\"} 1\n");
}

static void
test_histogram (void)
{
  static const double bounds[] = { 1, 2, 4, 8 };
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *family =
    peerup_metrics_add_histogram (metrics, "peerup_proxy_duration_seconds", "How long.", service, bounds, 4);
  PeerupMetric *ssh = peerup_metric_family_get (family, "ssh", NULL);

  peerup_metric_observe (ssh, 0);
  peerup_metric_observe (ssh, 2);      /* a bound belongs to its bucket */
  peerup_metric_observe (ssh, 2.0001); /* and what is above it to the next */
  peerup_metric_observe (ssh, 8);
  peerup_metric_observe (ssh, 1e9);
  assert_text (metrics, PEERUP_METRICS_TEXT,
               "# HELP peerup_proxy_duration_seconds How long.\n"
               "# TYPE peerup_proxy_duration_seconds histogram\n"
               "peerup_proxy_duration_seconds_bucket{service=\"ssh\",le=\"1\"} 1\n"
               "peerup_proxy_duration_seconds_bucket{service=\"ssh\",le=\"2\"} 2\n"
               "peerup_proxy_duration_seconds_bucket{service=\"ssh\",le=\"4\"} 3\n"
               "peerup_proxy_duration_seconds_bucket{service=\"ssh\",le=\"8\"} 4\n"
               "peerup_proxy_duration_seconds_bucket{service=\"ssh\",le=\"+Inf\"} 5\n"
               "peerup_proxy_duration_seconds_sum{service=\"ssh\"} 1000000012.0001\n"
               "peerup_proxy_duration_seconds_count{service=\"ssh\"} 5\n");
}

static void
test_numbers (void)
{
  static const struct
  {
    double value;
    const char *text;
  } cases[] = {
    { 0, "0" },
    { 0.1, "0.1" },
    { 0.1 * 512, "51.2" },
    { 1.0 / 3, "0.3333333333333333" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 1e15, "1e+15" },
    { 123456789012345, "123456789012345" },
    { 9007199254740993.0, "9007199254740992" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { -2.5, "-2.5" },
    { INFINITY, "+Inf" },
    { -INFINITY, "-Inf" },
    { NAN, "NaN" },
  };
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *family = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "n", "N.", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *expected = g_strdup_printf ("# HELP n N.\n# TYPE n gauge\nn %s\n", cases[i].text);

      peerup_metric_set (peerup_metric_family_get (family, NULL), cases[i].value);
      assert_text (metrics, PEERUP_METRICS_TEXT, expected);
    }
}

static guint
count_lines (PeerupMetrics *metrics)
{
  g_autofree char *text = peerup_metrics_write (metrics, PEERUP_METRICS_TEXT);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  return g_strv_length (lines) - 1;
}

static void
test_bounded (void)
{
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *family =
    peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_many_total", "Many.", service);
  g_autofree char *text = NULL;

  for (guint i = 0; i < PEERUP_METRICS_FAMILY_MAX + 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("service-%u", i);

      peerup_metric_add (peerup_metric_family_get (family, name, NULL), 1);
    }
  /* Those that were there first are still counted by themselves. */
  peerup_metric_add (peerup_metric_family_get (family, "service-0", NULL), 1);
  g_assert_cmpuint (count_lines (metrics), ==, 2 + PEERUP_METRICS_FAMILY_MAX + 1);
  text = peerup_metrics_write (metrics, PEERUP_METRICS_TEXT);
  g_assert_nonnull (strstr (text, "\npeerup_many_total{service=\"other\"} 1000\n"));
  g_assert_nonnull (strstr (text, "\npeerup_many_total{service=\"service-0\"} 2\n"));
  peerup_metric_family_clear (family);
  assert_text (metrics, PEERUP_METRICS_TEXT, "");
}

/* A pointer stays good for as long as its family is not cleared, whatever else comes. */
static void
test_pointers_stay (void)
{
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  PeerupMetricFamily *family = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_a_total", "A.", service);
  PeerupMetric *first = peerup_metric_family_get (family, "m", NULL);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("%c%u", 'a' + i % 26, i);

      g_assert_true (peerup_metric_family_get (family, name, NULL) != first);
      peerup_metric_add (first, 1);
    }
  g_assert_true (peerup_metric_family_get (family, "m", NULL) == first);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/observe/metrics/empty", test_empty);
  g_test_add_func ("/observe/metrics/sorted", test_sorted);
  g_test_add_func ("/observe/metrics/openmetrics", test_openmetrics);
  g_test_add_func ("/observe/metrics/escaping", test_escaping);
  g_test_add_func ("/observe/metrics/values-that-look-alike", test_values_that_look_alike);
  g_test_add_func ("/observe/metrics/histogram", test_histogram);
  g_test_add_func ("/observe/metrics/numbers", test_numbers);
  g_test_add_func ("/observe/metrics/bounded", test_bounded);
  g_test_add_func ("/observe/metrics/pointers-stay", test_pointers_stay);
  return g_test_run ();
}
