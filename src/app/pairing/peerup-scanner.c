/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A pipeline of GStreamer with two ends: pictures for the eye, and planes of luminances for ZBar. Each end has a thread
 * that drops what comes while it works, so that there is never a queue of pictures. The pipeline belongs to a Line that
 * those threads share with the scanner; what they have for the main loop waits in it, one of each kind.
 *
 * To start and to end a pipeline may wait for PipeWire and for a scan that is under way, and the first start looks
 * through all plugins: both are done in threads, one after the other. */
#include "app/pairing/peerup-scanner.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <string.h>

#include "app/pairing/peerup-camera.h"
#include "app/pairing/peerup-qr-reader.h"

/* Microseconds between two scans, so that a small machine has time for the picture. */
#define PAUSE 80000
/* Decoders are for cameras that only have JPEG at their size. */
#define PIPELINE                                                                                              \
  "capsfilter name=in caps=\"video/x-raw; image/jpeg\" ! decodebin ! tee name=both "                          \
  "both. ! queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! videoconvertscale ! " \
  "video/x-raw, format=BGRx, width=[1,960], height=[1,720], pixel-aspect-ratio=1/1 ! "                        \
  "appsink name=picture max-buffers=1 drop=true sync=false async=false "                                      \
  "both. ! queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! videoconvertscale ! " \
  "video/x-raw, format=GRAY8, width=[1,1920], height=[1,1080], pixel-aspect-ratio=1/1 ! "                     \
  "appsink name=plane max-buffers=1 drop=true sync=false async=false"

/* What the pipeline is made of, and what has it. */
static const struct
{
  const char *element;
  const char *package;
} needed[] = {
  { "pipewiresrc", "gstreamer1.0-pipewire" },
  { "decodebin", "gstreamer1.0-plugins-base" },
  { "videoconvertscale", "gstreamer1.0-plugins-base" },
  { "appsink", "gstreamer1.0-plugins-base" },
};

static int n_lines; /* atomic */

/* Shared with the threads. */
typedef struct
{
  gatomicrefcount n_refs;
  PeerupScanner *owner; /* (nullable): only for the main loop; NULL once it is stopped */
  int stopped;          /* atomic */
  int fd;
  GMutex state;         /* held while the pipeline changes its */
  GstElement *source;   /* (nullable) */
  GstElement *pipeline; /* (nullable) */
  gint64 rested;        /* when the next scan may be; of the thread that scans */
  GMutex lock;          /* of what is below */
  GdkTexture *texture;  /* (nullable) */
  char *found;          /* (nullable) */
  GError *error;        /* (nullable) */
  gboolean told;        /* the main loop will come for it */
} Line;

struct _PeerupScanner
{
  GObject parent_instance;

  Line *line;
  GdkTexture *texture; /* (nullable): the picture */
  guint patience;      /* a source */
  gint64 seen;         /* when the last picture came */
};

static void peerup_scanner_paintable_init (GdkPaintableInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (PeerupScanner, peerup_scanner, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GDK_TYPE_PAINTABLE, peerup_scanner_paintable_init))

static guint started_signal, found_signal, failed_signal;

static void
wipe (char **text)
{
  if (*text != NULL)
    explicit_bzero (*text, strlen (*text));
  g_clear_pointer (text, g_free);
}

/* The line */

static Line *
line_ref (Line *self)
{
  g_atomic_ref_count_inc (&self->n_refs);
  return self;
}

static void
line_unref (Line *self)
{
  if (!g_atomic_ref_count_dec (&self->n_refs))
    return;
  g_assert (self->pipeline == NULL);
  gst_clear_object (&self->source);
  g_clear_object (&self->texture);
  wipe (&self->found);
  g_clear_error (&self->error);
  if (self->fd >= 0)
    g_close (self->fd, NULL);
  g_mutex_clear (&self->state);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean deliver (gpointer data);

/* With the lock held. */
static void
line_tell (Line *self)
{
  if (self->told)
    return;
  self->told = TRUE;
  g_idle_add_full (G_PRIORITY_DEFAULT, deliver, line_ref (self), (GDestroyNotify) line_unref);
}

/* @error: (transfer full): only the first one counts. */
static void
line_fail (Line *self, GError *error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->error != NULL || g_atomic_int_get (&self->stopped))
    {
      g_error_free (error);
      return;
    }
  self->error = error;
  line_tell (self);
}

/* Pictures, in their thread */

static GdkTexture *
copy_picture (GstSample *sample)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  g_autoptr (GBytes) bytes = NULL;
  gsize stride, height;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample)) ||
      !gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ))
    return NULL;
  stride = (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);
  height = (gsize) GST_VIDEO_FRAME_HEIGHT (&frame);
  /* Copied, as the camera has few buffers. */
  bytes = g_bytes_new (GST_VIDEO_FRAME_PLANE_DATA (&frame, 0), stride * height);
  gst_video_frame_unmap (&frame);
  return gdk_memory_texture_new (GST_VIDEO_INFO_WIDTH (&info), GST_VIDEO_INFO_HEIGHT (&info), GDK_MEMORY_B8G8R8X8,
                                 bytes, stride);
}

static GstFlowReturn
on_picture (GstAppSink *sink, gpointer data)
{
  Line *self = data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  g_autoptr (GdkTexture) texture = NULL;

  if (g_atomic_int_get (&self->stopped))
    return GST_FLOW_EOS;
  if (sample != NULL)
    texture = copy_picture (sample);
  if (texture != NULL)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

      g_set_object (&self->texture, texture);
      line_tell (self);
    }
  return GST_FLOW_OK;
}

/* Codes, in theirs */

/* (transfer full) (nullable): "" for one that holds no text. */
static char *
scan (GstSample *sample)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  gboolean any = FALSE;
  char *text;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample)) ||
      !gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ))
    return NULL;
  text = peerup_qr_reader_scan (GST_VIDEO_FRAME_PLANE_DATA (&frame, 0), (guint) GST_VIDEO_FRAME_WIDTH (&frame),
                                (guint) GST_VIDEO_FRAME_HEIGHT (&frame),
                                (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0), &any);
  gst_video_frame_unmap (&frame);
  return text == NULL && any ? g_strdup ("") : text;
}

static GstFlowReturn
on_plane (GstAppSink *sink, gpointer data)
{
  Line *self = data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  g_autofree char *text = NULL;

  if (g_atomic_int_get (&self->stopped))
    return GST_FLOW_EOS;
  if (sample == NULL || g_get_monotonic_time () < self->rested)
    return GST_FLOW_OK;
  text = scan (sample);
  self->rested = g_get_monotonic_time () + (text != NULL ? PEERUP_SCANNER_REST : PAUSE);
  if (text != NULL)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

      wipe (&self->found);
      self->found = g_steal_pointer (&text);
      line_tell (self);
    }
  return GST_FLOW_OK;
}

/* Troubles, in any */

static GError *
new_missing (const char *element, const char *package)
{
  return g_error_new (PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_PLUGIN,
                      /* TRANSLATORS: the first %s is a part of GStreamer, the second one a package of Debian */
                      _ ("GStreamer's element “%s” is not installed: install the package %s, then try again."), element,
                      package);
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *details = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &details);
  if (error != NULL)
    g_debug ("the camera's pipeline failed: %s (%s)", error->message, details);
  if (error != NULL || GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    line_fail (data, g_error_new (PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_LOST,
                                  _ ("It was disconnected, or another program uses it. Connect it, then try again.")));
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* Start and end, in threads that are not the main loop's */

static GstElement *
new_source (int fd, GError **error)
{
  g_autoptr (GstStructure) properties =
    gst_structure_new ("properties", "media.type", G_TYPE_STRING, "Video", "media.category", G_TYPE_STRING, "Capture",
                       "media.role", G_TYPE_STRING, "Camera", NULL);
  GstElement *source;

  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++)
    {
      g_autoptr (GstElementFactory) factory = gst_element_factory_find (needed[i].element);

      if (factory == NULL)
        {
          g_propagate_error (error, new_missing (needed[i].element, needed[i].package));
          return NULL;
        }
    }
  source = gst_element_factory_make ("pipewiresrc", NULL);
  if (source != NULL)
    g_object_set (gst_object_ref_sink (source), "fd", fd, "client-name", "Peer-Up", "stream-properties", properties,
                  NULL);
  else
    g_propagate_error (error, new_missing (needed[0].element, needed[0].package));
  return source;
}

static void
take_samples (GstElement *bin, const char *name, GstFlowReturn (*take) (GstAppSink *, gpointer), Line *line)
{
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (bin), name);
  GstAppSinkCallbacks callbacks = { .new_sample = take };

  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, line_ref (line), (GDestroyNotify) line_unref);
}

/* With the state held. */
static gboolean
line_build (Line *self, GError **error)
{
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) in = NULL;
  g_autoptr (GstBus) bus = NULL;

  if (!gst_init_check (NULL, NULL, error))
    return FALSE;
  if (self->source == NULL)
    self->source = new_source (self->fd, error);
  if (self->source == NULL)
    return FALSE;
  pipeline = gst_parse_launch_full (PIPELINE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
  if (pipeline == NULL)
    return FALSE;
  gst_object_ref_sink (pipeline);
  take_samples (pipeline, "picture", on_picture, self);
  take_samples (pipeline, "plane", on_plane, self);
  /* Beside the others, and in no bin of its own: what is live then starts all of them at once. */
  in = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  gst_bin_add (GST_BIN (pipeline), self->source);
  if (!gst_element_link (self->source, in))
    {
      g_set_error_literal (error, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_FAILED,
                           _ ("Its pictures are of no kind that is known."));
      return FALSE;
    }
  bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, line_ref (self), (GDestroyNotify) line_unref);
  self->pipeline = g_steal_pointer (&pipeline);
  return TRUE;
}

static gpointer
start_thread (gpointer data)
{
  Line *self = data;
  GError *error = NULL;

  g_mutex_lock (&self->state);
  if (!g_atomic_int_get (&self->stopped))
    {
      if (!line_build (self, &error))
        {
          if (error->domain != PEERUP_CAMERA_ERROR)
            {
              GError *own = g_error_new (PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_PLUGIN,
                                         /* TRANSLATORS: %s is what GStreamer says of it */
                                         _ ("GStreamer cannot be used: %s"), error->message);

              g_error_free (error);
              error = own;
            }
          line_fail (self, error);
        }
      /* Its own words are on the bus already, where it has any. */
      else if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        line_fail (self, g_error_new_literal (PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_FAILED,
                                              _ ("It cannot be opened. Another program may use it.")));
    }
  g_mutex_unlock (&self->state);
  line_unref (self);
  return NULL;
}

static gpointer
stop_thread (gpointer data)
{
  Line *self = data;

  g_mutex_lock (&self->state);
  if (self->pipeline != NULL)
    {
      g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);

      gst_element_set_state (self->pipeline, GST_STATE_NULL);
      gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
      gst_clear_object (&self->pipeline);
    }
  g_mutex_unlock (&self->state);
  line_unref (self);
  g_atomic_int_add (&n_lines, -1);
  return NULL;
}

static void
run (const char *name, GThreadFunc function, Line *line)
{
  g_thread_unref (g_thread_new (name, function, line_ref (line)));
}

/* In the main loop */

static void
fail (PeerupScanner *self, const GError *error)
{
  g_autoptr (PeerupScanner) hold = g_object_ref (self);

  peerup_scanner_stop (self);
  g_signal_emit (self, failed_signal, 0, error);
}

static void
show (PeerupScanner *self, GdkTexture *texture)
{
  gboolean first = self->texture == NULL;
  gboolean resized = first || gdk_texture_get_width (texture) != gdk_texture_get_width (self->texture) ||
                     gdk_texture_get_height (texture) != gdk_texture_get_height (self->texture);

  g_set_object (&self->texture, texture);
  self->seen = g_get_monotonic_time ();
  if (resized)
    gdk_paintable_invalidate_size (GDK_PAINTABLE (self));
  gdk_paintable_invalidate_contents (GDK_PAINTABLE (self));
  if (first)
    g_signal_emit (self, started_signal, 0);
}

static gboolean
deliver (gpointer data)
{
  Line *line = data;
  g_autoptr (PeerupScanner) hold = line->owner != NULL ? g_object_ref (line->owner) : NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;

  g_mutex_lock (&line->lock);
  line->told = FALSE;
  texture = g_steal_pointer (&line->texture);
  found = g_steal_pointer (&line->found);
  error = line->error != NULL ? g_error_copy (line->error) : NULL;
  g_mutex_unlock (&line->lock);
  if (line->owner != NULL && texture != NULL)
    show (line->owner, texture);
  if (line->owner != NULL && found != NULL)
    g_signal_emit (line->owner, found_signal, 0, found);
  if (line->owner != NULL && error != NULL)
    fail (line->owner, error);
  wipe (&found);
  return G_SOURCE_REMOVE;
}

/* A camera that stands still tells nobody. */
static gboolean
on_patience (gpointer data)
{
  PeerupScanner *self = data;
  g_autoptr (GError) error = NULL;

  if (g_get_monotonic_time () - self->seen < PEERUP_SCANNER_PATIENCE * (gint64) G_USEC_PER_SEC)
    return G_SOURCE_CONTINUE;
  self->patience = 0;
  error = g_error_new_literal (PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_LOST,
                               _ ("It gives no pictures. Another program may use it, or it is switched off."));
  fail (self, error);
  return G_SOURCE_REMOVE;
}

void
peerup_scanner_stop (PeerupScanner *self)
{
  g_return_if_fail (PEERUP_IS_SCANNER (self));
  g_clear_handle_id (&self->patience, g_source_remove);
  if (self->line == NULL)
    return;
  self->line->owner = NULL;
  g_atomic_int_set (&self->line->stopped, TRUE);
  run ("camera-stop", stop_thread, self->line);
  g_clear_pointer (&self->line, line_unref);
}

guint
peerup_scanner_count (void)
{
  return (guint) g_atomic_int_get (&n_lines);
}

/* As a paintable */

static void
peerup_scanner_snapshot (GdkPaintable *paintable, GdkSnapshot *snapshot, double width, double height)
{
  PeerupScanner *self = PEERUP_SCANNER (paintable);

  if (self->texture == NULL)
    return;
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) width, 0));
  gtk_snapshot_scale (snapshot, -1, 1);
  gtk_snapshot_append_texture (snapshot, self->texture, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  gtk_snapshot_restore (snapshot);
}

static int
peerup_scanner_get_width (GdkPaintable *paintable)
{
  PeerupScanner *self = PEERUP_SCANNER (paintable);

  return self->texture != NULL ? gdk_texture_get_width (self->texture) : 0;
}

static int
peerup_scanner_get_height (GdkPaintable *paintable)
{
  PeerupScanner *self = PEERUP_SCANNER (paintable);

  return self->texture != NULL ? gdk_texture_get_height (self->texture) : 0;
}

static void
peerup_scanner_paintable_init (GdkPaintableInterface *interface)
{
  interface->snapshot = peerup_scanner_snapshot;
  interface->get_intrinsic_width = peerup_scanner_get_width;
  interface->get_intrinsic_height = peerup_scanner_get_height;
}

static void
peerup_scanner_dispose (GObject *object)
{
  PeerupScanner *self = PEERUP_SCANNER (object);

  peerup_scanner_stop (self);
  g_clear_object (&self->texture);
  G_OBJECT_CLASS (peerup_scanner_parent_class)->dispose (object);
}

static void
peerup_scanner_class_init (PeerupScannerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_scanner_dispose;
  started_signal =
    g_signal_new ("started", PEERUP_TYPE_SCANNER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  found_signal = g_signal_new ("found", PEERUP_TYPE_SCANNER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                               G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  failed_signal =
    g_signal_new ("failed", PEERUP_TYPE_SCANNER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
peerup_scanner_init (PeerupScanner *self)
{
  Line *line = g_new0 (Line, 1);

  g_atomic_ref_count_init (&line->n_refs);
  g_mutex_init (&line->state);
  g_mutex_init (&line->lock);
  line->owner = self;
  line->fd = -1;
  self->line = line;
  self->seen = g_get_monotonic_time ();
  self->patience = g_timeout_add_seconds (1, on_patience, self);
  g_atomic_int_inc (&n_lines);
}

PeerupScanner *
peerup_scanner_new (int fd)
{
  PeerupScanner *self = g_object_new (PEERUP_TYPE_SCANNER, NULL);

  self->line->fd = fd;
  run ("camera-start", start_thread, self->line);
  return self;
}

PeerupScanner *
peerup_scanner_new_for_source (GstElement *source)
{
  PeerupScanner *self = g_object_new (PEERUP_TYPE_SCANNER, NULL);

  self->line->source = gst_object_ref_sink (source);
  run ("camera-start", start_thread, self->line);
  return self;
}
