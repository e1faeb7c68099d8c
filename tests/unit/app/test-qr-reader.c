/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* QR codes that src/qr writes are read back, whichever way they are turned and coloured; pictures that are broken, too
 * large or without a code are refused with their reason. */
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

#include "app/pairing/peerup-qr-reader.h"
#include "qr/peerup-qr.h"
#include "wire/peerup-error.h"

#define TEXT                                                                                                          \
  "peerup:join?P1X201BK1YB54WFR2P7460PRNJ73DV3J61PEA7XM05CTSGQDPWWJDKE0EHHGQQR2XSHRMGWHP9SJ6KATZBNGMX7CYR1D4G0G7G000" \
  "8159H8MA8KX4"

static GdkPixbuf *
draw (guint module_size)
{
  g_autoptr (GBytes) png = peerup_qr_to_png (TEXT, module_size);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (png);

  return gdk_pixbuf_new_from_stream (stream, NULL, NULL);
}

static void
assert_read (GdkPixbuf *pixbuf, const char *type)
{
  g_autofree char *file = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_true (gdk_pixbuf_save_to_buffer (pixbuf, &file, &length, type, &error, NULL));
  bytes = g_bytes_new (file, length);
  text = peerup_qr_reader_read_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, TEXT);
}

static void
test_sizes (void)
{
  for (guint size = PEERUP_QR_MODULE_SIZE_MIN; size <= 16; size *= 2)
    {
      g_autoptr (GBytes) png = peerup_qr_to_png (TEXT, size);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = peerup_qr_reader_read_bytes (png, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, TEXT);
    }
}

static void
test_turned (void)
{
  g_autoptr (GdkPixbuf) pixbuf = draw (4);

  for (int angle = 0; angle < 360; angle += 90)
    {
      g_autoptr (GdkPixbuf) turned = gdk_pixbuf_rotate_simple (pixbuf, (GdkPixbufRotation) angle);

      assert_read (turned, "png");
      assert_read (turned, "jpeg");
    }
}

/* @light and @dark: luminances */
static GdkPixbuf *
recolour (guint8 light, guint8 dark)
{
  GdkPixbuf *pixbuf = draw (6);
  guint8 *pixels = gdk_pixbuf_get_pixels (pixbuf);

  for (gsize i = 0; i < gdk_pixbuf_get_byte_length (pixbuf); i++)
    pixels[i] = pixels[i] > 127 ? light : dark;
  return pixbuf;
}

static void
test_colours (void)
{
  g_autoptr (GdkPixbuf) inverted = recolour (0, 255);
  g_autoptr (GdkPixbuf) dark = recolour (70, 5);
  g_autoptr (GdkPixbuf) pale = recolour (250, 180);

  assert_read (inverted, "png");
  assert_read (dark, "png");
  assert_read (pale, "png");
}

/* What is not drawn is white. */
static void
test_transparent (void)
{
  g_autoptr (GdkPixbuf) plain = draw (4);
  g_autoptr (GdkPixbuf) clear = gdk_pixbuf_add_alpha (plain, TRUE, 255, 255, 255);

  assert_read (clear, "png");
}

static void
assert_refused (GBytes *file, int code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = peerup_qr_reader_read_bytes (file, &error);

  g_assert_null (text);
  g_assert_error (error, PEERUP_ERROR, code);
}

static void
test_without (void)
{
  g_autoptr (GdkPixbuf) blank = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 300, 200);
  g_autoptr (GdkPixbuf) dot = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 1, 1);
  GdkPixbuf *const pictures[] = { blank, dot };

  for (gsize i = 0; i < G_N_ELEMENTS (pictures); i++)
    {
      g_autofree char *file = NULL;
      g_autoptr (GBytes) bytes = NULL;
      gsize length;

      gdk_pixbuf_fill (pictures[i], 0xffffffff);
      g_assert_true (gdk_pixbuf_save_to_buffer (pictures[i], &file, &length, "png", NULL, NULL));
      bytes = g_bytes_new (file, length);
      assert_refused (bytes, PEERUP_ERROR_NOT_FOUND);
    }
}

/* Either what was written, or a reason. */
static void
try_bytes (const guint8 *data, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = peerup_qr_reader_read_bytes (bytes, &error);

  if (text != NULL)
    g_assert_no_error (error);
  else
    g_assert_true (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED) ||
                   g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND) ||
                   g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE));
}

/* Files cut and changed anywhere. */
static void
test_broken (void)
{
  g_autoptr (GBytes) png = peerup_qr_to_png (TEXT, 2);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) words = g_bytes_new_static ("this is no picture", 18);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  gsize length;
  const guint8 *data = g_bytes_get_data (png, &length);

  assert_refused (nothing, PEERUP_ERROR_MALFORMED);
  assert_refused (words, PEERUP_ERROR_MALFORMED);
  for (gsize i = 0; i < length; i += 29)
    try_bytes (data, i);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree guint8 *changed = g_memdup2 (data, length);

      for (guint n = 0; n < 3; n++)
        changed[g_rand_int_range (random, 8, (int) length)] = (guint8) g_rand_int_range (random, 0, 256);
      try_bytes (changed, length);
    }
}

/* A PNG's head that promises 10000 pixels each way: refused before there is room for them. */
static void
test_too_large (void)
{
  static const guint8 head[] = { 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00,
                                 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x27, 0x10, 0x00, 0x00,
                                 0x27, 0x10, 0x08, 0x02, 0x00, 0x00, 0x00, 0x35, 0x2c, 0xf5, 0x70 };
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  const guint8 gray[4] = { 0 };
  gboolean any = TRUE;

  g_byte_array_append (file, head, sizeof head);
  g_byte_array_append (file, (const guint8 *) "\0\0\0\0IDAT", 8);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&file));
  assert_refused (bytes, PEERUP_ERROR_TOO_LARGE);
  g_assert_null (peerup_qr_reader_scan (gray, 1u << 16, 1u << 16, 1u << 16, &any));
  g_assert_null (peerup_qr_reader_scan (gray, 0, 4, 0, &any));
  g_assert_false (any);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  char **text = data;
  g_autoptr (GError) error = NULL;

  *text = peerup_qr_reader_read_finish (result, &error);
  g_assert_no_error (error);
}

/* As from the clipboard. */
static void
test_texture (void)
{
  g_autoptr (GdkPixbuf) pixbuf = draw (4);
  g_autoptr (GBytes) pixels = gdk_pixbuf_read_pixel_bytes (pixbuf);
  g_autoptr (GdkTexture) texture =
    gdk_memory_texture_new (gdk_pixbuf_get_width (pixbuf), gdk_pixbuf_get_height (pixbuf), GDK_MEMORY_R8G8B8, pixels,
                            (gsize) gdk_pixbuf_get_rowstride (pixbuf));
  g_autofree char *text = NULL;

  peerup_qr_reader_read_texture_async (texture, NULL, on_read, &text);
  while (text == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (text, ==, TEXT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/qr-reader/sizes", test_sizes);
  g_test_add_func ("/app/qr-reader/turned", test_turned);
  g_test_add_func ("/app/qr-reader/colours", test_colours);
  g_test_add_func ("/app/qr-reader/transparent", test_transparent);
  g_test_add_func ("/app/qr-reader/without", test_without);
  g_test_add_func ("/app/qr-reader/broken", test_broken);
  g_test_add_func ("/app/qr-reader/too-large", test_too_large);
  g_test_add_func ("/app/qr-reader/texture", test_texture);
  return g_test_run ();
}
