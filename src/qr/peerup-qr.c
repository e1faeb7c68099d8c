/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A text as a QR code: as lines of a terminal, as PNG and as SVG. Pure functions. In a terminal what is light is drawn
 * in the foreground, as terminals are dark more often than not; where colours can be set it does not matter. A picture
 * holds the code and nothing else: the text, which may be secret, is not beside it.
 */
#include "qr/peerup-qr.h"

#include <png.h>
#include <qrencode.h>
#include <string.h>

#define COLOURS "\033[38;5;231;48;5;16m"
#define RESET   "\033[0m"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (QRcode, QRcode_free)

/* (nullable): libqrencode splits the text into digits, upper case and bytes by itself. The best level of redundancy
 * that takes no more modules than the least. */
static QRcode *
encode (const char *text)
{
  static const QRecLevel better[] = { QR_ECLEVEL_H, QR_ECLEVEL_Q, QR_ECLEVEL_M };
  g_autoptr (QRcode) least = QRcode_encodeString (text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);

  for (guint i = 0; least != NULL && i < G_N_ELEMENTS (better); i++)
    {
      g_autoptr (QRcode) code = QRcode_encodeString (text, 0, better[i], QR_MODE_8, 1);

      if (code != NULL && code->width == least->width)
        return g_steal_pointer (&code);
    }
  return g_steal_pointer (&least);
}

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
  g_autoptr (QRcode) code = encode (text);
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

/* One byte a pixel; libpng packs them. */
static guint8 *
draw (const QRcode *code, int scale, int side)
{
  guint8 *pixels = g_malloc ((gsize) side * (gsize) side);

  for (int y = 0; y < side; y++)
    {
      guint8 *row = pixels + (gsize) y * (gsize) side;

      if (y % scale != 0)
        {
          memcpy (row, row - side, (gsize) side);
          continue;
        }
      for (int x = 0; x < side; x++)
        row[x] = is_light (code, x / scale - PEERUP_QR_BORDER, y / scale - PEERUP_QR_BORDER) ? 255 : 0;
    }
  return pixels;
}

GBytes *
peerup_qr_to_png (const char *text, guint module_size)
{
  g_autoptr (QRcode) code = NULL;
  png_image image = { .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_GRAY };
  g_autofree guint8 *pixels = NULL;
  g_autofree guint8 *file = NULL;
  png_alloc_size_t length = 0;

  g_return_val_if_fail (module_size >= PEERUP_QR_MODULE_SIZE_MIN && module_size <= PEERUP_QR_MODULE_SIZE_MAX, NULL);

  code = encode (text);
  if (code == NULL)
    return NULL;
  image.width = image.height = (guint) (code->width + 2 * PEERUP_QR_BORDER) * module_size;
  pixels = draw (code, (int) module_size, (int) image.width);
  /* The first call measures. */
  if (!png_image_write_to_memory (&image, NULL, &length, 0, pixels, 0, NULL))
    return NULL;
  file = g_malloc (length);
  if (!png_image_write_to_memory (&image, file, &length, 0, pixels, 0, NULL))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&file), length);
}

/* A rectangle for each run of dark modules in a row. */
static void
append_path (GString *out, const QRcode *code)
{
  for (int y = 0; y < code->width; y++)
    {
      for (int x = 0, run; x < code->width; x += MAX (run, 1))
        {
          for (run = 0; x + run < code->width && !is_light (code, x + run, y);)
            run++;
          if (run > 0)
            g_string_append_printf (out, "M%d %dh%dv1h-%dz", x + PEERUP_QR_BORDER, y + PEERUP_QR_BORDER, run, run);
        }
    }
}

GBytes *
peerup_qr_to_svg (const char *text)
{
  g_autoptr (QRcode) code = encode (text);
  GString *out;
  int side;

  if (code == NULL)
    return NULL;
  side = code->width + 2 * PEERUP_QR_BORDER;
  out = g_string_new (NULL);
  g_string_printf (out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                   "shape-rendering=\"crispEdges\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<path d=\"",
                   side * PEERUP_QR_MODULE_SIZE, side * PEERUP_QR_MODULE_SIZE, side, side, side, side);
  append_path (out, code);
  g_string_append (out, "\"/>\n</svg>\n");
  return g_string_free_to_bytes (out);
}

GBytes *
peerup_qr_to_modules (const char *text)
{
  g_autoptr (QRcode) code = encode (text);
  GByteArray *modules;

  if (code == NULL)
    return NULL;
  modules = g_byte_array_new ();
  for (int y = 0; y < code->width; y++)
    for (int x = 0; x < code->width; x++)
      g_byte_array_append (modules, &(guint8) { !is_light (code, x, y) }, 1);
  return g_byte_array_free_to_bytes (modules);
}

guint
peerup_qr_get_size (const char *text)
{
  g_autoptr (QRcode) code = encode (text);

  return code != NULL ? (guint) code->width : 0;
}
