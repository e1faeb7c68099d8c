/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What two people compare to be sure of each other's device: emoji, and the same as digits, both large. They are the
 * engine's, and shown as plain text.
 *
 * Properties: "emoji", "digits" (nullable): where there are no digits, their line is left out. */
#define PEERUP_TYPE_COMPARE_VIEW (peerup_compare_view_get_type ())
G_DECLARE_FINAL_TYPE (PeerupCompareView, peerup_compare_view, PEERUP, COMPARE_VIEW, GtkWidget)

GtkWidget *peerup_compare_view_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* @emoji, @digits: (nullable) */
void peerup_compare_view_set (PeerupCompareView *self, const char *emoji, const char *digits);

G_END_DECLS
