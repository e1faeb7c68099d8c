/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A row with something to be copied: its button does so and says it in a toast, as does a click or Enter on the row.
 * Nothing that it shows is markup.
 *
 * Properties: "text" (nullable): what is copied. It is the subtitle, too, unless that was set to something else.
 * "copied-text" (nullable): what the toast says; NULL for "Copied to the clipboard". */
#define PEERUP_TYPE_COPY_ROW (peerup_copy_row_get_type ())
G_DECLARE_FINAL_TYPE (PeerupCopyRow, peerup_copy_row, PEERUP, COPY_ROW, AdwActionRow)

/* @title: plain. @text: (nullable) */
GtkWidget *peerup_copy_row_new (const char *title, const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* @text: (nullable): nothing can be copied then. */
void peerup_copy_row_set_text (PeerupCopyRow *self, const char *text);
/* (nullable) (transfer none) */
const char *peerup_copy_row_get_text (PeerupCopyRow *self);

G_END_DECLS
