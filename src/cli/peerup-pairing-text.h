/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "code/peerup-invite-code.h"

G_BEGIN_DECLS

/* Invites and pairings in words. Dictionaries are those of the control interface, a{sv}; times are seconds. Texts of
 * several lines end with a line end, sentences do not. */

/* What whoever joins may do: @services nullable, @grant_time 0 for ever. */
char *
peerup_pairing_text_rights (const char *const *services, gint64 grant_time, gboolean weak) G_GNUC_WARN_UNUSED_RESULT;
/* The invite in all forms that it has, for a person to choose from, without a picture. @bold: the spoken code stands
 * out. */
char *peerup_pairing_text_invite (GVariant *invite, gboolean bold, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* How an invite ended or goes on: "Laptop is joining…", "The time of the code is over: nobody has joined". NULL for one
 * that is open and was never tried. */
char *peerup_pairing_text_state (GVariant *invite) G_GNUC_WARN_UNUSED_RESULT;
/* Invites (aa{sv}) as a table; the secrets are not in it. */
char *peerup_pairing_text_invites (GVariant *invites, gint64 now) G_GNUC_WARN_UNUSED_RESULT;

/* Of JoinProgress; NULL for what nobody needs to know. */
char *peerup_pairing_text_progress (const char *state, const char *detail) G_GNUC_WARN_UNUSED_RESULT;
/* What Join has brought, and what to do next. @daemon: one runs. */
char *peerup_pairing_text_joined (GVariant *pairing, gboolean daemon, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* The line of @text that a code was mistyped in, fit to be shown, and a caret below the wrong character; @mistake is
 * known. At most @width columns, which are at least 16. */
char *
peerup_pairing_text_mistake (const char *text, const PeerupCodeMistake *mistake, guint width) G_GNUC_WARN_UNUSED_RESULT;

/* The best of the strings to compare, in one line: "🐙 🌵 🚀 🎈  123-456". */
char *peerup_pairing_text_sas (GVariant *verification) G_GNUC_WARN_UNUSED_RESULT;
/* All of them, and what equal ones say. */
char *peerup_pairing_text_verification (GVariant *verification) G_GNUC_WARN_UNUSED_RESULT;
/* ListPairings (aa{sv}): each with what a person can do. */
char *peerup_pairing_text_half (GVariant *pairings, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* Both in one line for status: "2 invites are open; 1 pairing is half done: …". NULL for none. */
char *peerup_pairing_text_summary (GVariant *invites, GVariant *pairings) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full) "ssh, web and nas". */
char *peerup_pairing_text_list (const char *const *words) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
