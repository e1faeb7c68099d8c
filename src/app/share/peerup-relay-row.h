/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* A relay that this device uses: how it does, whose it is, and more when it is opened. */
#define PEERUP_TYPE_RELAY_ROW (peerup_relay_row_get_type ())
G_DECLARE_FINAL_TYPE (PeerupRelayRow, peerup_relay_row, PEERUP, RELAY_ROW, AdwExpanderRow)

GtkWidget *peerup_relay_row_new (PeerupSession *session, PeerupDBusRelay1 *relay) G_GNUC_WARN_UNUSED_RESULT;
/* The peer ID. */
const char *peerup_relay_row_get_id (PeerupRelayRow *self);
/* @rtt_us: microseconds, 0 while it is not known; the engine does not tell of it by itself. */
void peerup_relay_row_set_rtt (PeerupRelayRow *self, gint64 rtt_us);

G_END_DECLS
