/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gst/gst.h>
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The pictures of a camera, and the QR codes in them, as long as it lives: a GdkPaintable, mirrored as people know
 * themselves. All that takes time is done in threads of its own; it tells in the main loop.
 *
 * Signals: "started", with the first picture; "found" (const char *text): a QR code, and an empty text for one that
 * holds no text; after one there is none for PEERUP_SCANNER_REST. "failed" (GError of PEERUP_CAMERA_ERROR), once:
 * nothing comes after it. */
#define PEERUP_TYPE_SCANNER (peerup_scanner_get_type ())
G_DECLARE_FINAL_TYPE (PeerupScanner, peerup_scanner, PEERUP, SCANNER, GObject)

/* Microseconds. */
#define PEERUP_SCANNER_REST G_USEC_PER_SEC
/* Seconds without a picture after which there is no camera any more. */
#define PEERUP_SCANNER_PATIENCE 10

/* @fd: a connection to PipeWire, taken over. */
PeerupScanner *peerup_scanner_new (int fd) G_GNUC_WARN_UNUSED_RESULT;
/* @source: floating, with a pad called "src" that gives raw video; where GStreamer is initialised. */
PeerupScanner *peerup_scanner_new_for_source (GstElement *source) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing is told any longer; the camera is let go a moment later. Also what the last reference does. */
void peerup_scanner_stop (PeerupScanner *self);
/* Scanners whose camera is not yet let go; of tests. */
guint peerup_scanner_count (void);

G_END_DECLS
