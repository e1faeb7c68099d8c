/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A splice and a clock. It lives from the OK of both ends until its owner frees it. Reaching a
 * limit is told with a reset, as the specification wants it and not as an end, which could pass
 * for the real one. It buffers nothing: what a slow reader does not take waits in the stream of
 * its sender, whose window grows no more then, and stops him there. */

#include "relay/peerup-relay-circuit.h"

#include <glib/gi18n-lib.h>

#include "transport/peerup-splice.h"
#include "wire/peerup-error.h"

struct _PeerupRelayCircuit
{
  PeerupStream *hop;
  PeerupStream *stop;
  PeerupSplice *splice;
  PeerupTimer timer; /* the end of the duration, or of the lingering */
  gint64 ends_at;    /* monotonic µs; G_MAXINT64: never */
  PeerupCircuitLimit limit;
  GError *over; /* while it lingers: the limit that was passed */
  gboolean ended;
  PeerupRelayCircuitFunc func;
  gpointer data;
};

static void
circuit_reset (PeerupRelayCircuit *self, guint32 code)
{
  peerup_stream_reset (self->hop, code);
  peerup_stream_reset (self->stop, code);
}

static void
circuit_end (PeerupRelayCircuit *self, const GError *error)
{
  self->ended = TRUE;
  peerup_timer_stop (&self->timer);
  self->func (self, error, self->data);
}

static void
on_time (gpointer data)
{
  PeerupRelayCircuit *self = data;

  if (self->over == NULL)
    self->over = g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("The circuit has reached its limit of %u seconds"),
                              self->limit.duration);
  peerup_splice_cancel (self->splice, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  circuit_reset (self, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  circuit_end (self, self->over);
}

static void
on_spliced (PeerupSplice *splice, PeerupStream *failed, const GError *error, gpointer data)
{
  PeerupRelayCircuit *self = data;

  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT))
    {
      circuit_end (self, error);
      return;
    }
  self->over = g_error_copy (error);
  peerup_timer_set (&self->timer, MIN (self->ends_at, g_get_monotonic_time () + PEERUP_RELAY_LINGER));
}

PeerupRelayCircuit *
peerup_relay_circuit_new (PeerupStream *hop, PeerupStream *stop, const PeerupCircuitLimit *limit,
                          PeerupRelayCircuitFunc func, gpointer data)
{
  PeerupSpliceOptions options = { limit->data != 0 ? limit->data : G_MAXUINT64, PEERUP_RELAY_TURN };
  PeerupRelayCircuit *self = g_new0 (PeerupRelayCircuit, 1);

  peerup_stream_set_lean (hop);
  peerup_stream_set_lean (stop);
  self->hop = g_object_ref (hop);
  self->stop = g_object_ref (stop);
  self->limit = *limit;
  self->func = func;
  self->data = data;
  self->ends_at =
    limit->duration != 0 ? g_get_monotonic_time () + limit->duration * (gint64) G_USEC_PER_SEC : G_MAXINT64;
  peerup_timer_init (&self->timer, peerup_stream_get_reactor (hop), on_time, self);
  if (limit->duration != 0)
    peerup_timer_set (&self->timer, self->ends_at);
  self->splice = peerup_splice_new_full (hop, stop, &options, on_spliced, self);
  return self;
}

/* A splice that has stopped at the limit has ended, and its streams have not. */
void
peerup_relay_circuit_cancel (PeerupRelayCircuit *self, guint32 code)
{
  if (self->ended)
    return;
  self->ended = TRUE;
  peerup_timer_stop (&self->timer);
  peerup_splice_cancel (self->splice, code);
  circuit_reset (self, code);
}

void
peerup_relay_circuit_free (PeerupRelayCircuit *self)
{
  peerup_relay_circuit_cancel (self, PEERUP_STREAM_CODE_NONE);
  peerup_splice_free (self->splice);
  peerup_timer_clear (&self->timer);
  g_clear_error (&self->over);
  g_object_unref (self->hop);
  g_object_unref (self->stop);
  g_free (self);
}

guint64
peerup_relay_circuit_get_bytes (PeerupRelayCircuit *self)
{
  guint64 there, back;

  peerup_splice_get_bytes (self->splice, &there, &back);
  return there + back;
}
