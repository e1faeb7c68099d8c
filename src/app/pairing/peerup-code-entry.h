/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Takes a code in any form: typed, pasted, of the clipboard, of a picture. The first page of Join.
 *
 * Signals: "chosen" (const char *code): the person goes on with this one, which is whole. "scan": the camera is to look
 * for one. */
#define PEERUP_TYPE_CODE_ENTRY (peerup_code_entry_get_type ())
G_DECLARE_FINAL_TYPE (PeerupCodeEntry, peerup_code_entry, PEERUP, CODE_ENTRY, AdwNavigationPage)

PeerupCodeEntry *peerup_code_entry_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Puts @text in, and goes on with it if it is a code. Else the person sees why it is none. */
void peerup_code_entry_take (PeerupCodeEntry *self, const char *text);
/* Asks for a picture of a code, and takes that. */
void peerup_code_entry_choose_picture (PeerupCodeEntry *self);

G_END_DECLS
