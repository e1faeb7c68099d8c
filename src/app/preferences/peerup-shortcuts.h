/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The keys of the program: one table, which the program obeys and people are shown. */

/* Those that are the application's to set. Others are the toolkit's own. */
void peerup_shortcuts_install (GtkApplication *application);
/* All of them, to be read. (transfer floating) */
AdwDialog *peerup_shortcuts_dialog_new (void);

G_END_DECLS
