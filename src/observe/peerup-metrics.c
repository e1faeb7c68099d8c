/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The registry: families in the order of their names, figures in the order of their labels,
 * whose text is made once, when a figure is. It lives as long as somebody watches, and
 * never grows past PEERUP_METRICS_FAMILY_MAX figures a family, whatever is asked of it.
 */
#include "observe/peerup-metrics.h"

#include <math.h>
#include <string.h>

/* Enough for any double, and for the longest that "%.17g" writes. */
#define NUMBER_MAX G_ASCII_DTOSTR_BUF_SIZE
#define TOTAL      "_total"

struct _PeerupMetricFamily
{
  PeerupMetricType type;
  const char *name;
  const char *help;
  const char *const *labels; /* nullable */
  guint n_labels;
  const double *bounds;
  guint n_bounds;
  GTree *metrics; /* text of the labels to PeerupMetric */
};

struct _PeerupMetric
{
  PeerupMetricFamily *family;
  double value;      /* of a histogram: the sum */
  guint64 count;     /* of a histogram */
  guint64 buckets[]; /* each by itself, for all bounds */
};

struct _PeerupMetrics
{
  GTree *families; /* name to PeerupMetricFamily */
};

static int
compare_keys (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

static void
family_free (gpointer data)
{
  PeerupMetricFamily *self = data;

  g_tree_unref (self->metrics);
  g_free (self);
}

PeerupMetrics *
peerup_metrics_new (void)
{
  PeerupMetrics *self = g_new0 (PeerupMetrics, 1);

  self->families = g_tree_new_full (compare_keys, NULL, NULL, family_free);
  return self;
}

void
peerup_metrics_free (PeerupMetrics *self)
{
  g_return_if_fail (self != NULL);

  g_tree_unref (self->families);
  g_free (self);
}

/* Of a metric, where colons are for others, and of a label. */
static gboolean
is_name (const char *name)
{
  if (!g_ascii_isalpha (*name) && *name != '_')
    return FALSE;
  while (g_ascii_isalnum (*name) || *name == '_')
    name++;
  return *name == '\0';
}

/* The name of a family in OpenMetrics: a counter and a gauge must not share it. */
static gsize
get_stem (const char *name)
{
  gsize length = strlen (name);

  return g_str_has_suffix (name, TOTAL) ? length - strlen (TOTAL) : length;
}

static gboolean
has_family (PeerupMetrics *self, const char *name)
{
  g_autofree char *gauge = g_strndup (name, get_stem (name));
  g_autofree char *counter = g_strconcat (gauge, TOTAL, NULL);

  return g_tree_lookup (self->families, gauge) != NULL || g_tree_lookup (self->families, counter) != NULL;
}

static PeerupMetricFamily *
metrics_add (PeerupMetrics *self, PeerupMetricType type, const char *name, const char *help, const char *const *labels)
{
  PeerupMetricFamily *family = g_new0 (PeerupMetricFamily, 1);

  g_assert (is_name (name) && !has_family (self, name));
  g_assert (g_str_has_suffix (name, TOTAL) == (type == PEERUP_METRIC_COUNTER));

  family->type = type;
  family->name = name;
  family->help = help;
  family->labels = labels;
  while (labels != NULL && labels[family->n_labels] != NULL)
    {
      g_assert (is_name (labels[family->n_labels]) && !g_str_equal (labels[family->n_labels], "le"));
      family->n_labels++;
    }
  family->metrics = g_tree_new_full (compare_keys, NULL, g_free, g_free);
  g_tree_insert (self->families, (char *) name, family);
  return family;
}

PeerupMetricFamily *
peerup_metrics_add (PeerupMetrics *self, PeerupMetricType type, const char *name, const char *help,
                    const char *const *labels)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (type != PEERUP_METRIC_HISTOGRAM, NULL);

  return metrics_add (self, type, name, help, labels);
}

PeerupMetricFamily *
peerup_metrics_add_histogram (PeerupMetrics *self, const char *name, const char *help, const char *const *labels,
                              const double *bounds, guint n_bounds)
{
  PeerupMetricFamily *family;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (n_bounds > 0, NULL);

  for (guint i = 0; i < n_bounds; i++)
    g_assert (isfinite (bounds[i]) && (i == 0 || bounds[i] > bounds[i - 1]));
  family = metrics_add (self, PEERUP_METRIC_HISTOGRAM, name, help, labels);
  family->bounds = bounds;
  family->n_bounds = n_bounds;
  return family;
}

/* What stands between quotation marks, or in the line of a help text, where OpenMetrics alone
 * escapes quotation marks. */
static void
append_escaped (GString *out, const char *text, gboolean quotes)
{
  for (; *text != '\0'; text++)
    {
      if (*text == '\n')
        g_string_append (out, "\\n");
      else if (*text == '\\' || (*text == '"' && quotes))
        g_string_append_printf (out, "\\%c", *text);
      else
        g_string_append_c (out, *text);
    }
}

static void
append_label (GString *out, const char *name, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  g_string_append_printf (out, "%s%s=\"", out->len > 0 ? "," : "", name);
  append_escaped (out, valid, TRUE);
  g_string_append_c (out, '"');
}

static PeerupMetric *
family_add_metric (PeerupMetricFamily *self, const char *key)
{
  PeerupMetric *metric = g_malloc0 (sizeof (PeerupMetric) + self->n_bounds * sizeof (guint64));

  metric->family = self;
  g_tree_insert (self->metrics, g_strdup (key), metric);
  return metric;
}

/* Where those are counted that are too many. */
static PeerupMetric *
family_get_other (PeerupMetricFamily *self)
{
  g_autoptr (GString) key = g_string_new (NULL);
  PeerupMetric *metric;

  for (guint i = 0; i < self->n_labels; i++)
    append_label (key, self->labels[i], PEERUP_METRICS_OTHER);
  metric = g_tree_lookup (self->metrics, key->str);
  return metric != NULL ? metric : family_add_metric (self, key->str);
}

PeerupMetric *
peerup_metric_family_get (PeerupMetricFamily *self, ...)
{
  g_autoptr (GString) key = g_string_new (NULL);
  PeerupMetric *metric;
  const char *value;
  va_list values;
  guint n = 0;

  g_return_val_if_fail (self != NULL, NULL);

  va_start (values, self);
  while ((value = va_arg (values, const char *)) != NULL)
    {
      g_assert (n < self->n_labels);
      append_label (key, self->labels[n++], value);
    }
  va_end (values);
  g_assert (n == self->n_labels);

  metric = g_tree_lookup (self->metrics, key->str);
  if (metric != NULL)
    return metric;
  if (g_tree_nnodes (self->metrics) >= PEERUP_METRICS_FAMILY_MAX)
    return family_get_other (self);
  return family_add_metric (self, key->str);
}

void
peerup_metric_family_clear (PeerupMetricFamily *self)
{
  g_return_if_fail (self != NULL);

  g_tree_remove_all (self->metrics);
}

void
peerup_metric_add (PeerupMetric *self, double amount)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (self->family->type != PEERUP_METRIC_HISTOGRAM);
  g_return_if_fail (amount >= 0 || self->family->type == PEERUP_METRIC_GAUGE);

  self->value += amount;
}

void
peerup_metric_set (PeerupMetric *self, double value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (self->family->type != PEERUP_METRIC_HISTOGRAM);

  self->value = value;
}

void
peerup_metric_observe (PeerupMetric *self, double value)
{
  guint i = 0;

  g_return_if_fail (self != NULL);
  g_return_if_fail (self->family->type == PEERUP_METRIC_HISTOGRAM);

  while (i < self->family->n_bounds && value > self->family->bounds[i])
    i++;
  if (i < self->family->n_bounds)
    self->buckets[i]++;
  self->count++;
  self->value += value;
}

/* The text */

/* The shortest that reads back as the same number. */
static void
append_number (GString *out, double value)
{
  char text[NUMBER_MAX];

  if (isnan (value) || isinf (value))
    {
      g_string_append (out, isnan (value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
      return;
    }
  g_ascii_formatd (text, sizeof text, "%.15g", value);
  if (g_ascii_strtod (text, NULL) != value)
    g_ascii_formatd (text, sizeof text, "%.16g", value);
  if (g_ascii_strtod (text, NULL) != value)
    g_ascii_formatd (text, sizeof text, "%.17g", value);
  g_string_append (out, text);
}

/* OpenMetrics wants the bound of a bucket to look like a fraction. */
static void
append_bound (GString *out, double value, PeerupMetricsFormat format)
{
  gsize start = out->len;

  append_number (out, value);
  if (format == PEERUP_METRICS_OPENMETRICS && strpbrk (out->str + start, ".eI") == NULL)
    g_string_append (out, ".0");
}

static void
append_sample (GString *out, const char *name, const char *suffix, const char *labels, double value)
{
  g_string_append_printf (out, "%s%s", name, suffix);
  if (*labels != '\0')
    g_string_append_printf (out, "{%s}", labels);
  g_string_append_c (out, ' ');
  append_number (out, value);
  g_string_append_c (out, '\n');
}

static void
append_bucket (GString *out, const PeerupMetric *metric, const char *labels, double bound, guint64 count,
               PeerupMetricsFormat format)
{
  g_string_append_printf (out, "%s_bucket{%s%sle=\"", metric->family->name, labels, *labels != '\0' ? "," : "");
  append_bound (out, bound, format);
  g_string_append_printf (out, "\"} %" G_GUINT64_FORMAT "\n", count);
}

static void
append_histogram (GString *out, const PeerupMetric *metric, const char *labels, PeerupMetricsFormat format)
{
  const PeerupMetricFamily *family = metric->family;
  guint64 so_far = 0;

  for (guint i = 0; i < family->n_bounds; i++)
    {
      so_far += metric->buckets[i];
      append_bucket (out, metric, labels, family->bounds[i], so_far, format);
    }
  append_bucket (out, metric, labels, INFINITY, metric->count, format);
  append_sample (out, family->name, "_sum", labels, metric->value);
  append_sample (out, family->name, "_count", labels, metric->count);
}

/* OpenMetrics calls the family of a counter by its name without the suffix. */
static void
append_head (GString *out, const PeerupMetricFamily *family, PeerupMetricsFormat format)
{
  static const char *const types[] = { "counter", "gauge", "histogram" };
  gboolean is_open = format == PEERUP_METRICS_OPENMETRICS;
  int shown = is_open ? get_stem (family->name) : strlen (family->name);

  g_string_append_printf (out, "# HELP %.*s ", shown, family->name);
  append_escaped (out, family->help, is_open);
  g_string_append_printf (out, "\n# TYPE %.*s %s\n", shown, family->name, types[family->type]);
}

typedef struct
{
  GString *out;
  PeerupMetricsFormat format;
} Writer;

static gboolean
write_metric (gpointer key, gpointer value, gpointer data)
{
  const Writer *writer = data;
  const PeerupMetric *metric = value;

  if (metric->family->type == PEERUP_METRIC_HISTOGRAM)
    append_histogram (writer->out, metric, key, writer->format);
  else
    append_sample (writer->out, metric->family->name, "", key, metric->value);
  return FALSE;
}

static gboolean
write_family (gpointer key, gpointer value, gpointer data)
{
  const Writer *writer = data;
  PeerupMetricFamily *family = value;

  if (g_tree_nnodes (family->metrics) == 0)
    return FALSE;
  append_head (writer->out, family, writer->format);
  g_tree_foreach (family->metrics, write_metric, data);
  return FALSE;
}

char *
peerup_metrics_write (PeerupMetrics *self, PeerupMetricsFormat format)
{
  Writer writer = { NULL, format };

  g_return_val_if_fail (self != NULL, NULL);

  writer.out = g_string_new (NULL);
  g_tree_foreach (self->families, write_family, &writer);
  if (format == PEERUP_METRICS_OPENMETRICS)
    g_string_append (writer.out, "# EOF\n");
  return g_string_free_and_steal (writer.out);
}

const char *
peerup_metrics_format_get_content_type (PeerupMetricsFormat format)
{
  return format == PEERUP_METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                              : "text/plain; version=0.0.4; charset=utf-8";
}
