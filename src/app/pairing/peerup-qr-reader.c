/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* QR codes out of pictures, with ZBar. A picture is made one of luminances first, over white, and smaller if it is
 * larger than a code ever needs; what is not found then is looked for in twice the size, as ZBar does not see modules
 * of a pixel or two. */
#include "app/pairing/peerup-qr-reader.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gi18n.h>
#include <string.h>
#include <zbar.h>

#include "app/pairing/peerup-code-check.h"
#include "wire/peerup-error.h"

/* Pixels that are scanned at most: a code of ours in a photo of a whole screen is still readable. */
#define SCAN_PIXELS (8 * 1000 * 1000)
/* Pixels of a picture that may be small because its modules are. */
#define SMALL_PIXELS (1000 * 1000)
/* Bytes of a file between two looks at whether it is wanted yet. */
#define CHUNK (256 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (zbar_image_scanner_t, zbar_image_scanner_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (zbar_image_t, zbar_image_destroy)

/* One at a time, whoever asks: a picture may take hundreds of megabytes. */
static GMutex one;

typedef struct
{
  guint8 *pixels;
  guint width, height;
} Gray;

static void
gray_clear (Gray *self)
{
  g_clear_pointer (&self->pixels, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gray, gray_clear)

/* Luminances of @source, each the mean of @factor times @factor pixels of @channels bytes. Transparent is white. */
static void
gray_shrink (Gray *self, const guint8 *source, guint width, guint height, gsize stride, guint channels, guint factor)
{
  self->width = width / factor;
  self->height = height / factor;
  self->pixels = g_malloc ((gsize) self->width * self->height);
  for (guint y = 0; y < self->height; y++)
    for (guint x = 0; x < self->width; x++)
      {
        guint sum = 0;

        for (guint i = 0; i < factor * factor; i++)
          {
            const guint8 *p =
              source + (gsize) (y * factor + i / factor) * stride + (gsize) (x * factor + i % factor) * channels;
            guint value = channels < 3 ? p[0] : (p[0] * 77u + p[1] * 151u + p[2] * 28u) / 256;
            guint alpha = channels == 4 ? p[3] : 255;

            sum += (value * alpha + 255 * (255 - alpha)) / 255;
          }
        self->pixels[(gsize) y * self->width + x] = (guint8) (sum / (factor * factor));
      }
}

static void
gray_double (Gray *self, const guint8 *source, guint width, guint height, gsize stride)
{
  self->width = width * 2;
  self->height = height * 2;
  self->pixels = g_malloc ((gsize) self->width * self->height);
  for (guint y = 0; y < self->height; y++)
    for (guint x = 0; x < self->width; x++)
      self->pixels[(gsize) y * self->width + x] = source[(gsize) (y / 2) * stride + x / 2];
}

/* (transfer full) (nullable): an invite if there is one, else whatever is a text. */
static char *
choose (zbar_image_t *image)
{
  char *best = NULL;

  for (const zbar_symbol_t *s = zbar_image_first_symbol (image); s != NULL; s = zbar_symbol_next (s))
    {
      const char *data = zbar_symbol_get_data (s);
      guint length = zbar_symbol_get_data_length (s);
      g_autofree char *text = NULL;

      if (data == NULL || !g_utf8_validate_len (data, length, NULL))
        continue;
      text = g_strndup (data, length);
      if (best == NULL || peerup_code_check_is_code (text))
        {
          g_free (best);
          best = g_steal_pointer (&text);
        }
      if (peerup_code_check_is_code (best))
        break;
    }
  return best;
}

/* @gray: without gaps between rows. @any: set where there is a code, though it be no text. */
static char *
scan_plane (const guint8 *gray, guint width, guint height, gboolean *any)
{
  g_autoptr (zbar_image_scanner_t) scanner = zbar_image_scanner_create ();
  g_autoptr (zbar_image_t) image = zbar_image_create ();

  zbar_image_scanner_set_config (scanner, 0, ZBAR_CFG_ENABLE, 0);
  zbar_image_scanner_set_config (scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
  zbar_image_scanner_set_config (scanner, 0, ZBAR_CFG_TEST_INVERTED, 1);
  zbar_image_set_format (image, zbar_fourcc ('Y', '8', '0', '0'));
  zbar_image_set_size (image, width, height);
  zbar_image_set_data (image, gray, (gulong) width * height, NULL);
  if (zbar_scan_image (scanner, image) <= 0)
    return NULL;
  *any = TRUE;
  return choose (image);
}

static char *
scan_gray (const Gray *gray, gboolean *any)
{
  g_auto (Gray) twice = { 0 };
  char *text;

  if (gray->width == 0 || gray->height == 0)
    return NULL;
  text = scan_plane (gray->pixels, gray->width, gray->height, any);
  if (*any || (gsize) gray->width * gray->height > SMALL_PIXELS)
    return text;
  gray_double (&twice, gray->pixels, gray->width, gray->height, gray->width);
  return scan_plane (twice.pixels, twice.width, twice.height, any);
}

static guint
find_factor (guint width, guint height)
{
  guint factor = 1;

  while ((gsize) (width / factor) * (height / factor) > SCAN_PIXELS)
    factor++;
  return factor;
}

char *
peerup_qr_reader_scan (const guint8 *gray, guint width, guint height, gsize stride, gboolean *any)
{
  g_auto (Gray) plane = { 0 };

  *any = FALSE;
  if (width == 0 || height == 0 || (gsize) width * height > PEERUP_QR_READER_MAX_PIXELS)
    return NULL;
  gray_shrink (&plane, gray, width, height, stride, 1, find_factor (width, height));
  return scan_gray (&plane, any);
}

/* (transfer full) (nullable): of pixels with @channels bytes of red, green, blue and alpha. */
static char *
scan_colours (const guint8 *pixels, guint width, guint height, gsize stride, guint channels, GError **error)
{
  g_auto (Gray) plane = { 0 };
  gboolean any = FALSE;
  char *text;

  gray_shrink (&plane, pixels, width, height, stride, channels, find_factor (width, height));
  text = scan_gray (&plane, &any);
  if (text == NULL && any)
    return g_strdup ("");
  if (text == NULL)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                         _ ("There is no QR code in the picture that can be read. Take one in which the whole code is "
                            "sharp and upright"));
  return text;
}

static gboolean
is_too_large (gsize width, gsize height, GError **error)
{
  if (width == 0 || height <= PEERUP_QR_READER_MAX_PIXELS / width)
    return FALSE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               /* TRANSLATORS: the two numbers are a width and a height in pixels */
               _ ("The picture is too large (%zu × %zu): cut out the part with the QR code"), width, height);
  return TRUE;
}

/* Files */

typedef struct
{
  gboolean refused;
  GError *error;
} Load;

/* A size of nothing is how a loader is told to give up before it has taken memory for the pixels. */
static void
on_size (GdkPixbufLoader *loader, int width, int height, gpointer data)
{
  Load *load = data;

  if (!load->refused && is_too_large ((gsize) MAX (width, 0), (gsize) MAX (height, 0), &load->error))
    load->refused = TRUE;
  if (load->refused)
    gdk_pixbuf_loader_set_size (loader, 0, 0);
}

/* (transfer full) (nullable) */
static GdkPixbuf *
decode (GBytes *file, GError **error)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  Load load = { 0 };
  gsize length;
  const guint8 *data = g_bytes_get_data (file, &length);
  gboolean whole = TRUE;
  GdkPixbuf *pixbuf;

  g_signal_connect (loader, "size-prepared", G_CALLBACK (on_size), &load);
  for (gsize i = 0; i < length && whole && !load.refused; i += CHUNK)
    whole = gdk_pixbuf_loader_write (loader, data + i, MIN (CHUNK, length - i), NULL);
  /* Both, as a loader is to be closed in any case. */
  whole = gdk_pixbuf_loader_close (loader, NULL) && whole;
  if (load.refused)
    {
      g_propagate_error (error, load.error);
      return NULL;
    }
  pixbuf = whole ? gdk_pixbuf_loader_get_pixbuf (loader) : NULL;
  if (pixbuf != NULL)
    return g_object_ref (pixbuf);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       _ ("This is no picture that can be read, or it is broken: choose a PNG or a JPEG file"));
  return NULL;
}

char *
peerup_qr_reader_read_bytes (GBytes *file, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&one);
  g_autoptr (GdkPixbuf) pixbuf = decode (file, error);

  if (pixbuf == NULL ||
      is_too_large ((gsize) gdk_pixbuf_get_width (pixbuf), (gsize) gdk_pixbuf_get_height (pixbuf), error))
    return NULL;
  return scan_colours (gdk_pixbuf_read_pixels (pixbuf), (guint) gdk_pixbuf_get_width (pixbuf),
                       (guint) gdk_pixbuf_get_height (pixbuf), (gsize) gdk_pixbuf_get_rowstride (pixbuf),
                       (guint) gdk_pixbuf_get_n_channels (pixbuf), error);
}

/* (transfer full) (nullable): at most PEERUP_QR_READER_MAX_BYTES. */
static GBytes *
load_file (GFile *file, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFileInputStream) stream = g_file_read (file, cancellable, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  while (stream != NULL)
    {
      g_autoptr (GBytes) part = g_input_stream_read_bytes (G_INPUT_STREAM (stream), CHUNK, cancellable, error);
      gsize length;
      const guint8 *data;

      if (part == NULL)
        return NULL;
      data = g_bytes_get_data (part, &length);
      if (length == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
      if (bytes->len + length > PEERUP_QR_READER_MAX_BYTES)
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                               _ ("The file is too large for a picture of a code: choose another one"));
          return NULL;
        }
      g_byte_array_append (bytes, data, (guint) length);
    }
  return NULL;
}

static void
return_text (GTask *task, char *text, GError *error)
{
  if (text != NULL)
    g_task_return_pointer (task, text, g_free);
  else
    g_task_return_error (task, error);
}

static void
read_file_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autoptr (GBytes) bytes = load_file (data, cancellable, &error);

  return_text (task, bytes != NULL ? peerup_qr_reader_read_bytes (bytes, &error) : NULL, error);
}

void
peerup_qr_reader_read_file_async (GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, peerup_qr_reader_read_finish);
  g_task_set_task_data (task, g_object_ref (file), g_object_unref);
  g_task_run_in_thread (task, read_file_thread);
}

/* Textures */

static void
read_texture_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&one);
  g_autoptr (GdkTextureDownloader) downloader = gdk_texture_downloader_new (data);
  guint width = (guint) gdk_texture_get_width (data), height = (guint) gdk_texture_get_height (data);
  g_autoptr (GBytes) pixels = NULL;
  GError *error = NULL;
  gsize stride;

  if (is_too_large (width, height, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  gdk_texture_downloader_set_format (downloader, GDK_MEMORY_R8G8B8A8);
  pixels = gdk_texture_downloader_download_bytes (downloader, &stride);
  return_text (task, scan_colours (g_bytes_get_data (pixels, NULL), width, height, stride, 4, &error), error);
}

void
peerup_qr_reader_read_texture_async (GdkTexture *texture, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_source_tag (task, peerup_qr_reader_read_finish);
  g_task_set_task_data (task, g_object_ref (texture), g_object_unref);
  g_task_run_in_thread (task, read_texture_thread);
}

char *
peerup_qr_reader_read_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
