/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How long a code works. Values alone; the clocks are read by peerup_pairing_now().
 */
#include "engine/peerup-pairing-term.h"

#include <time.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* A clock may be corrected by so many seconds right after the beginning. */
#define CORRECTION_MAX 60

void
peerup_pairing_now (PeerupPairingNow *now)
{
  g_autofree char *text = NULL;
  struct timespec boot = { 0 };

  *now = (PeerupPairingNow) { .wall = g_get_real_time () / G_USEC_PER_SEC };
  clock_gettime (CLOCK_BOOTTIME, &boot);
  now->boot = boot.tv_sec;
  if (g_file_get_contents (BOOT_ID, &text, NULL, NULL))
    g_strlcpy (now->boot_id, g_strchomp (text), sizeof now->boot_id);
}

void
peerup_pairing_term_begin (PeerupPairingTerm *self, const PeerupPairingNow *now, gint64 seconds)
{
  *self = (PeerupPairingTerm) {
    .began_wall = now->wall,
    .ends_wall = now->wall + seconds,
    .ends_boot = now->boot + seconds,
  };
  g_strlcpy (self->boot_id, now->boot_id, sizeof self->boot_id);
}

gint64
peerup_pairing_term_get_left (const PeerupPairingTerm *self, const PeerupPairingNow *now)
{
  gint64 left = self->ends_wall - now->wall;

  if (g_str_equal (self->boot_id, now->boot_id))
    left = MIN (left, self->ends_boot - now->boot);
  else if (now->wall < self->began_wall - CORRECTION_MAX)
    left = 0;
  return MAX (left, 0);
}
