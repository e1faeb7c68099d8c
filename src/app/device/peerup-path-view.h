/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  PEERUP_PATH_NONE,
  PEERUP_PATH_DIRECT,
  PEERUP_PATH_RELAYED,
} PeerupPath;

/* A drawing of the way from this device to another: a line for each leg, solid for a direct one, dashed over a relay,
 * and with a gap where there is none. Its description says the same to those who do not see it. */
#define PEERUP_TYPE_PATH_VIEW (peerup_path_view_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPathView, peerup_path_view, PEERUP, PATH_VIEW, GtkWidget)

/* @device, @relay: names, made fit to be shown; @relay: (nullable). @near_us, @far_us: round trips in microseconds, to
 * the relay, and from there on (of a direct path: @near_us alone); 0 where they are not known. */
void peerup_path_view_set (PeerupPathView *self, PeerupPath path, const char *device, const char *relay, gint64 near_us,
                           gint64 far_us);

/* What a relay is called: its name, or "Relay aBc123". (transfer full) */
char *peerup_path_view_dup_relay (const char *name, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
