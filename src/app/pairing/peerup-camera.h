/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Why there is no picture. The messages are for people, and say what to do. */
#define PEERUP_CAMERA_ERROR (peerup_camera_error_quark ())

typedef enum
{
  PEERUP_CAMERA_ERROR_NO_PORTAL, /* the desktop gives no cameras to programs */
  PEERUP_CAMERA_ERROR_NO_CAMERA,
  PEERUP_CAMERA_ERROR_REFUSED,   /* by the person, now or before */
  PEERUP_CAMERA_ERROR_NO_ANSWER, /* the desktop's question was closed */
  PEERUP_CAMERA_ERROR_LOST,      /* it gave pictures, and does no longer */
  PEERUP_CAMERA_ERROR_PLUGIN,    /* a part of GStreamer is not installed */
  PEERUP_CAMERA_ERROR_FAILED,
} PeerupCameraError;

GQuark peerup_camera_error_quark (void);

/* The cameras that the desktop gives, by its portal (org.freedesktop.portal.Camera). The person is asked by the
 * desktop, the first time.
 *
 * Signal "changed": there is a camera where there was none, or the other way round; once it was asked. */
#define PEERUP_TYPE_CAMERA (peerup_camera_get_type ())
G_DECLARE_FINAL_TYPE (PeerupCamera, peerup_camera, PEERUP, CAMERA, GObject)

PeerupCamera *peerup_camera_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE before it was asked. */
gboolean peerup_camera_is_present (PeerupCamera *self);
/* As long as the person thinks it over. */
void
peerup_camera_open_async (PeerupCamera *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* A connection to PipeWire that sees cameras and nothing else, which the caller closes; -1 with an error. */
int peerup_camera_open_finish (PeerupCamera *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
