/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text as terminals show it: nothing in it commands the terminal but colours, and those only where they are wanted.
 * Strings that are returned are the caller's. */

typedef enum
{
  PEERUP_CLI_STYLE_TITLE,
  PEERUP_CLI_STYLE_GOOD,
  PEERUP_CLI_STYLE_NOTE,
  PEERUP_CLI_STYLE_BAD,
} PeerupCliStyle;

/* "auto" (the default), "always" or "never"; PEERUP_ERROR_MALFORMED for all else. */
gboolean peerup_cli_set_colour (const char *when, GError **error);
/* Of stdout. "auto": a terminal, TERM is not "dumb", and NO_COLOR is empty. */
gboolean peerup_cli_has_colour (void);
/* @text with the escapes of a style around it; peerup_cli_print() takes them away where they are not wanted. */
char *peerup_cli_paint (PeerupCliStyle style, const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* @text, valid UTF-8, with U+FFFD for each character that would command the terminal or turn the order of others
 * around (control, bidi and other format characters, line separators). Line ends and tabs stay if @lines, escapes of
 * colours if @colours. */
char *peerup_cli_make_safe (const char *text, gboolean lines, gboolean colours) G_GNUC_WARN_UNUSED_RESULT;
/* In columns of a terminal, without the escapes of colours. */
guint peerup_cli_text_width (const char *text);
/* A state, kind of path or limit as the engine names it ("running", "relayed", "streams") in the language of the
 * person; what is no such word is returned as it is. */
const char *peerup_cli_word (const char *word);
/* @text in @width columns, from 1 up: a long ID loses its middle, all else its end, and has "…" there. Colours are lost
 * then. */
char *peerup_cli_shorten (const char *text, guint width) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
