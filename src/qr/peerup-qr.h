/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  PEERUP_QR_BLOCKS,   /* half blocks of Unicode, two modules a character, what is light is drawn */
  PEERUP_QR_COLOURED, /* the same in black and white, whatever colours the terminal has */
  PEERUP_QR_ASCII,    /* two characters a module: ## is light, two spaces are dark */
} PeerupQrStyle;

/* Modules of white that a reader needs around the code (ISO/IEC 18004). */
#define PEERUP_QR_BORDER 4

/* Pixels of a module that suit a picture, on a screen and on paper; the fewest that every reader can tell apart; and
 * the most. */
#define PEERUP_QR_MODULE_SIZE     8
#define PEERUP_QR_MODULE_SIZE_MIN 2
#define PEERUP_QR_MODULE_SIZE_MAX 32

/* All of them: @text as a QR code with its white border, in the fewest modules that hold it, and with as much
 * redundancy as these have room for. NULL for an empty text, and for one that is too long. A text in upper-case letters
 * and digits takes two thirds of the room that others take. */

/* (nullable): lines with their ends. */
char *peerup_qr_format (const char *text, PeerupQrStyle style) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer full): a PNG file, black on white. @module_size: pixels, PEERUP_QR_MODULE_SIZE_MIN
 * to _MAX. */
GBytes *peerup_qr_to_png (const char *text, guint module_size) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer full): an SVG file, black on white; it scales, and has PEERUP_QR_MODULE_SIZE pixels a module by
 * itself. */
GBytes *peerup_qr_to_svg (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer full): for those who draw it themselves: a byte a module, 1 where it is dark, row after row,
 * without the border. As many modules a side as peerup_qr_get_size() says. */
GBytes *peerup_qr_to_modules (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* Modules of a side, without the border; 0 where the others are NULL. */
guint peerup_qr_get_size (const char *text);

G_END_DECLS
