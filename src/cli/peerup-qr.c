/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A QR code as lines of a terminal. What is light is drawn in the foreground, as terminals are
 * dark more often than not; where colours can be set it does not matter.
 */
#include "cli/peerup-qr.h"

#include <qrencode.h>

#define COLOURS "\033[38;5;231;48;5;16m"
#define RESET   "\033[0m"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (QRcode, QRcode_free)

static gboolean
is_light (const QRcode *code, int x, int y)
{
  if (x < 0 || y < 0 || x >= code->width || y >= code->width)
    return TRUE;
  return (code->data[y * code->width + x] & 1) == 0;
}

static void
append_ascii (GString *out, const QRcode *code)
{
  for (int y = -PEERUP_QR_BORDER; y < code->width + PEERUP_QR_BORDER; y++)
    {
      for (int x = -PEERUP_QR_BORDER; x < code->width + PEERUP_QR_BORDER; x++)
        g_string_append (out, is_light (code, x, y) ? "##" : "  ");
      g_string_append_c (out, '\n');
    }
}

/* The border is below the last line, too, where the number of lines is odd. */
static void
append_blocks (GString *out, const QRcode *code, gboolean coloured)
{
  static const char *const blocks[] = { " ", "▄", "▀", "█" };

  for (int y = -PEERUP_QR_BORDER; y < code->width + PEERUP_QR_BORDER; y += 2)
    {
      g_string_append (out, coloured ? COLOURS : "");
      for (int x = -PEERUP_QR_BORDER; x < code->width + PEERUP_QR_BORDER; x++)
        g_string_append (out, blocks[is_light (code, x, y) * 2 + is_light (code, x, y + 1)]);
      g_string_append (out, coloured ? RESET "\n" : "\n");
    }
}

char *
peerup_qr_format (const char *text, PeerupQrStyle style)
{
  g_autoptr (QRcode) code = QRcode_encodeString8bit (text, 0, QR_ECLEVEL_L);
  GString *out;

  if (code == NULL)
    return NULL;
  out = g_string_new (NULL);
  if (style == PEERUP_QR_ASCII)
    append_ascii (out, code);
  else
    append_blocks (out, code, style == PEERUP_QR_COLOURED);
  return g_string_free_and_steal (out);
}
