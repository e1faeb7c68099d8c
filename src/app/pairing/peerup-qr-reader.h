/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Texts of QR codes out of pictures, in a thread and one picture at a time. Errors: PEERUP_ERROR_NOT_FOUND (there is no
 * QR code in it), TOO_LARGE, MALFORMED (it is no picture, or a broken one), those of GIO for files. Messages are for
 * people. */

/* Pixels of a picture, and bytes of a file, that are looked at. */
#define PEERUP_QR_READER_MAX_PIXELS (64 * 1000 * 1000)
#define PEERUP_QR_READER_MAX_BYTES  (64 * 1024 * 1024)

/* The text of the code in a picture of luminances, a byte a pixel, @stride bytes a row; of several the one that is an
 * invite. NULL for none. In any orientation, dark on light or light on dark. @any: whether there is a code, though it
 * be no text. Any thread. (transfer full) (nullable) */
char *peerup_qr_reader_scan (const guint8 *gray, guint width, guint height, gsize stride,
                             gboolean *any) G_GNUC_WARN_UNUSED_RESULT;
/* Of a picture's file (PNG, JPEG and what else gdk-pixbuf knows). Blocks. "" for a code that is no text. (transfer
 * full) (nullable) */
char *peerup_qr_reader_read_bytes (GBytes *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void
peerup_qr_reader_read_file_async (GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
void peerup_qr_reader_read_texture_async (GdkTexture *texture, GCancellable *cancellable, GAsyncReadyCallback callback,
                                          gpointer data);
/* Of both. (transfer full) (nullable) */
char *peerup_qr_reader_read_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
