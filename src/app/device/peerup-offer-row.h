/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/device/peerup-offer.h"
#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* A service of a device: its switch makes it a local port, and the row says how that is used. */
#define PEERUP_TYPE_OFFER_ROW (peerup_offer_row_get_type ())
G_DECLARE_FINAL_TYPE (PeerupOfferRow, peerup_offer_row, PEERUP, OFFER_ROW, AdwActionRow)

/* @templates: (nullable): what Engine1.ListTemplates gave. */
GtkWidget *peerup_offer_row_new (PeerupSession *session, PeerupDBusDevice1 *device, PeerupOffer *offer,
                                 GVariant *templates) G_GNUC_WARN_UNUSED_RESULT;
void peerup_offer_row_set_templates (PeerupOfferRow *self, GVariant *templates);

/* (transfer full) (nullable): the local port of a service, among the session's. */
PeerupDBusForward1 *
peerup_offer_find_forward (PeerupSession *session, const char *peer_id, const char *service) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
