/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Operations that go on when what has asked for them is closed: what became of them is said in a toast near @origin,
 * which may be gone by then, and so may be undone. */

/* Whether what @widget has in it can be used: not while its dialog waits for an answer. The focus leaves it first, as
 * an entry that is put to sleep with the focus complains. */
void peerup_share_set_usable (GtkWidget *widget, gboolean usable);

/* Says in the banner of a dialog why what it has asked for failed. */
void peerup_share_show_error (AdwBanner *banner, const GError *error);

/* @what: what has failed, if it does: "Cannot revoke it". @parameters: consumed if floating. */
void peerup_share_call (GtkWidget *origin, PeerupSession *session, const char *operation, GVariant *parameters,
                        const char *what);
/* Says that a service was added, with Undo, which removes it again. */
void peerup_share_said_added (GtkWidget *origin, PeerupSession *session, const char *name);
/* Takes @service out of the configuration, with Undo, which puts back what it was. */
void peerup_share_remove_service (GtkWidget *origin, PeerupSession *session, PeerupDBusService1 *service);
/* Switches a service on or off. @failed: (nullable): called with @origin when it failed, if that still lives. */
typedef void (*PeerupShareFailed) (GtkWidget *origin);
void peerup_share_enable_service (GtkWidget *origin, PeerupSession *session, const char *name, gboolean enabled,
                                  PeerupShareFailed failed);

G_END_DECLS
