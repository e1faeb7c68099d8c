/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a connection's path does now. Counters never go back; -1 where a time is not known
 * and 0 where a size is not, for not every transport tells everything. Over TCP it is the
 * kernel that tells, which counts in segments: congestion_window and bytes_in_flight are
 * whole ones, packets_lost is what was sent again, and path_mtu the payload of one. */
typedef struct
{
  guint64 bytes_received; /* as the transport counts them, with its overhead */
  guint64 bytes_sent;
  guint64 packets_sent;
  guint64 packets_lost; /* of those sent, as far as known: later ones may turn out to have arrived */
  gint64 rtt;           /* smoothed, microseconds; so are the next two */
  gint64 rtt_min;
  gint64 rtt_variation;
  guint64 congestion_window; /* bytes; so are the next three */
  guint64 bytes_in_flight;
  guint64 delivery_rate;        /* a second */
  guint path_mtu;               /* of one packet's payload */
  guint64 bytes_acknowledged;   /* of those sent, where the peer's system tells */
  guint64 bytes_unacknowledged; /* that have left, the lost ones included */
  gint64 acknowledged_ago;      /* microseconds since its last acknowledgment, -1 if that is not known */
} PeerupConnectionFigures;

/* What a stream has done. Counters never go back. */
typedef struct
{
  guint64 bytes_received; /* of payload: what its reader took */
  guint64 bytes_sent;     /* what it took of its writer; not all of that need have left yet */
  gint64 opened_at;       /* monotonic microseconds */
  gint64 packets_lost;    /* with data of this stream; -1 where that cannot be told */
} PeerupStreamFigures;

G_END_DECLS
