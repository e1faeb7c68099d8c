/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

/* When a request is sent again (RFC 8489 6.2.1): RTO in microseconds, Rc, and Rm. */
#define PEERUP_STUN_RETRY_TIMEOUT    ((gint64) 500000)
#define PEERUP_STUN_SENDS_MAX        7
#define PEERUP_STUN_LAST_WAIT_FACTOR 16

/* After @n_sent sends, 1 to PEERUP_STUN_SENDS_MAX: microseconds from the first to the next one,
 * or after the last to when it is given up. Each wait is twice the one before. */
static inline gint64
peerup_stun_get_next_send (guint n_sent)
{
  if (n_sent < PEERUP_STUN_SENDS_MAX)
    return PEERUP_STUN_RETRY_TIMEOUT * ((1 << n_sent) - 1);
  return PEERUP_STUN_RETRY_TIMEOUT * ((1 << (PEERUP_STUN_SENDS_MAX - 1)) - 1 + PEERUP_STUN_LAST_WAIT_FACTOR);
}
