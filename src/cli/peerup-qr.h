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

/* (nullable): @text as a QR code with its white border, lines with their ends; NULL for what is too
 * long for one. */
char *peerup_qr_format (const char *text, PeerupQrStyle style) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
