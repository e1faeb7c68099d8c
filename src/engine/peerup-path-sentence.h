/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-path-history.h"

G_BEGIN_DECLS

/* What is known about why a peer is reached as it is. */
typedef struct
{
  PeerupConnection *best; /* nullable */
  const char *relay;      /* nullable: what messages call it */
  gboolean searching;
  const GError *error; /* nullable: why the last search found nothing */
  gboolean udp_blocked;
  const PeerupNatFacts *nat; /* nullable */
} PeerupPathState;

/* Whether this NAT gives every destination another port, by no rule: with another of that kind there is no way. */
gboolean peerup_path_is_hard_nat (const PeerupNatFacts *nat);
/* (transfer full): one or two sentences: the path, why no better one, what would help. */
char *peerup_path_explain (const PeerupPathState *state) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
