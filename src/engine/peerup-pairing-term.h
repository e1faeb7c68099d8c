/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long a code works, by two clocks: the one on the wall, which people see and anybody may set, and the time since
 * the machine was started, which goes on while it sleeps. Whichever says first that it is over, is right: neither a
 * clock that is set back nor one that is set forward makes it longer. No clock is read here but by now(). */
typedef struct
{
  gint64 wall; /* seconds since 1970 */
  gint64 boot; /* seconds since the machine was started */
  char boot_id[37];
} PeerupPairingNow;

typedef struct
{
  gint64 began_wall, ends_wall;
  gint64 ends_boot;
  char boot_id[37]; /* of the start that ends_boot counts from */
} PeerupPairingTerm;

void peerup_pairing_now (PeerupPairingNow *now);
void peerup_pairing_term_begin (PeerupPairingTerm *self, const PeerupPairingNow *now, gint64 seconds);
/* Seconds that are left; 0: it is over. After a new start of the machine the wall's clock counts alone; set to before
 * the beginning, it says nothing, and it is over. */
gint64 peerup_pairing_term_get_left (const PeerupPairingTerm *self, const PeerupPairingNow *now);

G_END_DECLS
