/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Figures with names and labels, and their text for Prometheus. Belongs to one thread. It has
 * no clock and reads nothing: who owns it sets what can be read when it is asked for, and
 * counts by pointer what happens in between. */
typedef struct _PeerupMetrics PeerupMetrics;
/* All figures of one name. */
typedef struct _PeerupMetricFamily PeerupMetricFamily;
/* One of them: with one value for each label. */
typedef struct _PeerupMetric PeerupMetric;

/* Figures of one family. Whoever comes after them is counted together with the others of that
 * kind, in a last one whose labels all say PEERUP_METRICS_OTHER. */
#define PEERUP_METRICS_FAMILY_MAX 256
#define PEERUP_METRICS_OTHER      "other"

typedef enum
{
  PEERUP_METRIC_COUNTER, /* only grows; its name ends in _total */
  PEERUP_METRIC_GAUGE,
  PEERUP_METRIC_HISTOGRAM,
} PeerupMetricType;

/* Prometheus' text exposition format 0.0.4 and OpenMetrics 1.0. */
typedef enum
{
  PEERUP_METRICS_TEXT,
  PEERUP_METRICS_OPENMETRICS,
} PeerupMetricsFormat;

PeerupMetrics *peerup_metrics_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Families and figures go with it. */
void peerup_metrics_free (PeerupMetrics *self);

/* (transfer none): a family of counters or gauges. @name and the NULL-terminated @labels (nullable:
 * none) are names as Prometheus has them, and static; a name is added once, and with _total or without. @help: one
 * sentence, static. */
PeerupMetricFamily *peerup_metrics_add (PeerupMetrics *self, PeerupMetricType type, const char *name, const char *help,
                                        const char *const *labels);
/* The same of histograms. @bounds: of the buckets, growing, static; that of all the rest is added. */
PeerupMetricFamily *peerup_metrics_add_histogram (PeerupMetrics *self, const char *name, const char *help,
                                                  const char *const *labels, const double *bounds, guint n_bounds);

/* (transfer none): the figure with these label values (UTF-8, in the order of the labels), which begins
 * with 0 if it is new. It stays until its family is cleared. */
PeerupMetric *peerup_metric_family_get (PeerupMetricFamily *self, ...) G_GNUC_NULL_TERMINATED;
/* Forgets every figure: for a family that is set anew each time it is asked for. */
void peerup_metric_family_clear (PeerupMetricFamily *self);

/* Counters (no negative @amount) and gauges. Allocates nothing. */
void peerup_metric_add (PeerupMetric *self, double amount);
void peerup_metric_set (PeerupMetric *self, double value);
/* Histograms. Allocates nothing. */
void peerup_metric_observe (PeerupMetric *self, double value);

/* (transfer full): everything, sorted by name and labels. Families without figures are left out. */
char *peerup_metrics_write (PeerupMetrics *self, PeerupMetricsFormat format) G_GNUC_WARN_UNUSED_RESULT;
/* The Content-Type of that. Static. */
const char *peerup_metrics_format_get_content_type (PeerupMetricsFormat format);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMetrics, peerup_metrics_free)

G_END_DECLS
