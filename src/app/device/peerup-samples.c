/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A ring of samples. No clock and no toolkit. */
#include "app/device/peerup-samples.h"

#include <math.h>

struct _PeerupSamples
{
  GObject parent_instance;

  PeerupSample ring[PEERUP_SAMPLES_MAX];
  guint first;
  guint length;
};

G_DEFINE_FINAL_TYPE (PeerupSamples, peerup_samples, G_TYPE_OBJECT)

static guint changed_signal;

static void
peerup_samples_class_init (PeerupSamplesClass *klass)
{
  changed_signal =
    g_signal_new ("changed", PEERUP_TYPE_SAMPLES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_samples_init (PeerupSamples *self)
{
}

PeerupSamples *
peerup_samples_new (void)
{
  return g_object_new (PEERUP_TYPE_SAMPLES, NULL);
}

void
peerup_samples_add (PeerupSamples *self, gint64 at, double value)
{
  g_return_if_fail (PEERUP_IS_SAMPLES (self));
  if (!isfinite (value) || value < 0)
    return;
  if (self->length > 0 && at <= peerup_samples_get (self, self->length - 1).at)
    return;
  self->ring[(self->first + self->length) % PEERUP_SAMPLES_MAX] = (PeerupSample) { at, value };
  if (self->length < PEERUP_SAMPLES_MAX)
    self->length++;
  else
    self->first = (self->first + 1) % PEERUP_SAMPLES_MAX;
  g_signal_emit (self, changed_signal, 0);
}

guint
peerup_samples_get_length (PeerupSamples *self)
{
  g_return_val_if_fail (PEERUP_IS_SAMPLES (self), 0);
  return self->length;
}

PeerupSample
peerup_samples_get (PeerupSamples *self, guint i)
{
  g_return_val_if_fail (PEERUP_IS_SAMPLES (self) && i < self->length, ((PeerupSample) { 0, 0 }));
  return self->ring[(self->first + i) % PEERUP_SAMPLES_MAX];
}

gboolean
peerup_samples_get_range (PeerupSamples *self, gint64 since, double *min, double *max)
{
  gboolean found = FALSE;

  g_return_val_if_fail (PEERUP_IS_SAMPLES (self), FALSE);
  for (guint i = 0; i < self->length; i++)
    {
      PeerupSample sample = peerup_samples_get (self, i);

      if (sample.at < since)
        continue;
      *min = found ? MIN (*min, sample.value) : sample.value;
      *max = found ? MAX (*max, sample.value) : sample.value;
      found = TRUE;
    }
  return found;
}

double
peerup_samples_round_up (double value)
{
  double power;

  if (!isfinite (value) || value <= 0)
    return 1;
  power = pow (10, floor (log10 (value)));
  /* What is lost in the last digit must not double the scale. */
  value = value / power - 1e-9;
  return (value <= 1 ? 1 : value <= 2 ? 2 : value <= 5 ? 5 : 10) * power;
}

gboolean
peerup_counter_feed (PeerupCounter *self, gint64 at, guint64 total, double *rate)
{
  gboolean holds = self->known && total >= self->total && at > self->at;

  if (holds)
    *rate = (double) (total - self->total) * G_USEC_PER_SEC / (double) (at - self->at);
  if (!self->known || holds || total < self->total)
    *self = (PeerupCounter) { at, total, TRUE };
  return holds;
}
