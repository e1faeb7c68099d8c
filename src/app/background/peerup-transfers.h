/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Whether bytes move through services and forwards: property "moving" (gboolean, notifies). It becomes TRUE some
 * seconds after more than a trickle began, and FALSE some seconds after the last of it; a shell that is open, and
 * waits, does not count. While nothing is open, nothing is looked at. */
#define PEERUP_TYPE_TRANSFERS (peerup_transfers_get_type ())
G_DECLARE_FINAL_TYPE (PeerupTransfers, peerup_transfers, PEERUP, TRANSFERS, GObject)

PeerupTransfers *peerup_transfers_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_transfers_is_moving (PeerupTransfers *self);

/* The decision, without a clock: bytes that were counted at each look. */
typedef struct
{
  gboolean begun;
  guint64 last;
  guint quiet; /* looks since it moved */
  gboolean moving;
} PeerupTransfersState;

/* Whether it moves, after another look that has counted @bytes in all. */
gboolean peerup_transfers_look (PeerupTransfersState *state, guint64 bytes);

G_END_DECLS
