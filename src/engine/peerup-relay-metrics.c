/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The figures of a relay, read when somebody asks. Not who uses it: peers are no labels.
 */
#include "engine/peerup-relay-metrics.h"

struct _PeerupRelayMetrics
{
  PeerupMetricFamily *reservations;
  PeerupMetricFamily *circuits;
  PeerupMetricFamily *draining;
  PeerupMetricFamily *reservations_total;
  PeerupMetricFamily *circuits_total;
  PeerupMetricFamily *bytes_total;
  PeerupMetricFamily *invites;
  PeerupMetricFamily *passes_total;
  PeerupMetricFamily *stun_requests_total;
};

PeerupRelayMetrics *
peerup_relay_metrics_new (PeerupMetrics *metrics)
{
  static const char *const result[] = { "result", NULL };
  PeerupRelayMetrics *self = g_new0 (PeerupRelayMetrics, 1);

  self->reservations = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_relay_active_reservations",
                                           "Reservations that are held.", NULL);
  self->circuits = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_relay_active_circuits",
                                       "Circuits that are open, or are being opened.", NULL);
  self->draining = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_relay_draining",
                                       "1 while nothing new is granted because the relay is about to end.", NULL);
  self->reservations_total =
    peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_relay_reservations_total",
                        "Answers to peers that wanted a reservation, or more time for one.", result);
  self->circuits_total = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_relay_circuits_total",
                                             "Answers to peers that wanted a circuit.", result);
  self->bytes_total = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_relay_bytes_total",
                                          "Bytes carried for others, both ways.", NULL);
  self->invites = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_relay_open_invites",
                                      "Invites of peers that may be joined through this relay.", NULL);
  self->passes_total = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_relay_passes_total",
                                           "Passes of invites that strangers have shown.", result);
  self->stun_requests_total = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_relay_stun_requests_total",
                                                  "STUN requests, and what became of them.", result);
  return self;
}

void
peerup_relay_metrics_free (PeerupRelayMetrics *self)
{
  g_free (self);
}

static void
set (PeerupMetricFamily *family, guint64 value)
{
  peerup_metric_set (peerup_metric_family_get (family, NULL), value);
}

static void
set_result (PeerupMetricFamily *family, const char *result, guint64 value)
{
  peerup_metric_set (peerup_metric_family_get (family, result, NULL), value);
}

static void
collect_stun (PeerupRelayMetrics *self, PeerupEngineStun *stun)
{
  PeerupStunServerFigures figures;

  peerup_engine_stun_get_figures (stun, &figures);
  set_result (self->stun_requests_total, "answered", figures.answered);
  set_result (self->stun_requests_total, "rejected", figures.rejected);
  set_result (self->stun_requests_total, "limited", figures.limited);
  set_result (self->stun_requests_total, "ignored", figures.ignored);
}

void
peerup_relay_metrics_collect (PeerupRelayMetrics *self, PeerupEngineRelay *relay, PeerupEngineStun *stun)
{
  PeerupEngineRelayInfo info;

  g_return_if_fail (self != NULL);
  g_return_if_fail (relay != NULL && stun != NULL);

  peerup_engine_relay_get_info (relay, &info);
  if (info.state == PEERUP_ENGINE_RELAY_OFF && info.since == 0)
    return;
  set (self->reservations, info.n_reservations);
  set (self->circuits, info.n_circuits);
  set (self->draining, info.state == PEERUP_ENGINE_RELAY_DRAINING || info.state == PEERUP_ENGINE_RELAY_DRAINED);
  set_result (self->reservations_total, "granted", info.figures.reservations_granted);
  set_result (self->reservations_total, "refused", info.figures.reservations_refused);
  set_result (self->circuits_total, "granted", info.figures.circuits_opened);
  set_result (self->circuits_total, "refused", info.figures.circuits_refused);
  set (self->bytes_total, info.figures.bytes);
  set (self->invites, info.n_invites);
  set_result (self->passes_total, "right", info.rendezvous.passes_shown);
  set_result (self->passes_total, "wrong", info.rendezvous.passes_wrong);
  collect_stun (self, stun);
}
