/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a byte is shown as. The order is on the wire, so to speak: two people compare what two programs made of it, and
 * one of them may be the original. Some have a variation selector (U+FE0F) at their end. */
#define PEERUP_SAS_N_EMOJI 256
extern const char *const peerup_sas_emoji[PEERUP_SAS_N_EMOJI];

G_END_DECLS
