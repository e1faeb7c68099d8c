/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What is asked about a device before it is done. They are shown above @parent, and say in its toasts what became of
 * it. */

/* @until: seconds since 1970, the end of the day that was chosen. @widget: that was given; it is there. */
typedef void (*PeerupDayChosen) (GtkWidget *widget, gint64 until, gpointer data);

/* Until when? @chosen is not called where nothing was. */
void peerup_device_choose_day (GtkWidget *parent, PeerupDayChosen chosen, gpointer data);
void peerup_device_rename (GtkWidget *parent, PeerupSession *session, PeerupDBusDevice1 *device);
void peerup_device_remove (GtkWidget *parent, PeerupSession *session, PeerupDBusDevice1 *device);
/* The same for a pairing that only this side has completed. */
void peerup_device_undo_pairing (GtkWidget *parent, PeerupSession *session, PeerupDBusDevice1 *device);

G_END_DECLS
