/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A service that a device offers to this one, or of which there is a local port. Texts are as the other device wrote
 * them. */
#define PEERUP_TYPE_OFFER (peerup_offer_get_type ())
G_DECLARE_FINAL_TYPE (PeerupOffer, peerup_offer, PEERUP, OFFER, GObject)

const char *peerup_offer_get_name (PeerupOffer *self);
const char *peerup_offer_get_kind (PeerupOffer *self);
/* "media, web"; may be empty. */
const char *peerup_offer_get_tags (PeerupOffer *self);
/* FALSE: it has a local port, and is offered no longer. */
gboolean peerup_offer_is_offered (PeerupOffer *self);

/* Makes @store (of PeerupOffer) what @services (nullable; aa{sv}, as Device1.Services) say, and after that those of the
 * @ports (names of services; they have local ports) that are not among them. What has not changed stays the same item.
 */
void peerup_offer_update_store (GListStore *store, GVariant *services, const char *const *ports);

G_END_DECLS
