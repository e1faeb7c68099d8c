/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* How many the ring keeps, and over how much time a graph shows them: one a second. */
#define PEERUP_SAMPLES_MAX  180
#define PEERUP_SAMPLES_SPAN (PEERUP_SAMPLES_MAX * (gint64) G_USEC_PER_SEC)

typedef struct
{
  gint64 at; /* monotonic microseconds */
  double value;
} PeerupSample;

/* What was measured lately, the oldest of which give way. Signal "changed": there is another one. */
#define PEERUP_TYPE_SAMPLES (peerup_samples_get_type ())
G_DECLARE_FINAL_TYPE (PeerupSamples, peerup_samples, PEERUP, SAMPLES, GObject)

PeerupSamples *peerup_samples_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* @at: later than that of the last one, else it is left out; as is a @value that is negative or no number. */
void peerup_samples_add (PeerupSamples *self, gint64 at, double value);
guint peerup_samples_get_length (PeerupSamples *self);
/* @i: below the length; 0 is the oldest. */
PeerupSample peerup_samples_get (PeerupSamples *self, guint i);
/* Of those not older than @since. FALSE where there are none. */
gboolean peerup_samples_get_range (PeerupSamples *self, gint64 since, double *min, double *max);
/* The least of 1, 2 and 5 times a power of ten that is not below @value: the top of a graph's scale. */
double peerup_samples_round_up (double value);

/* Turns a counter into a rate. All zero before the first. */
typedef struct
{
  gint64 at;
  guint64 total;
  gboolean known;
} PeerupCounter;

/* TRUE with the @rate since the last call, in units a second; FALSE for the first, and where the counter began anew. */
gboolean peerup_counter_feed (PeerupCounter *self, gint64 at, guint64 total, double *rate);

G_END_DECLS
