/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Pictures as cameras give them go through the real pipeline: codes are read out of them, however they are held; what
 * is none is told as none; and the camera is let go whatever happens, without the main loop waiting for it. */
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>
#include <gst/app/gstappsrc.h>
#include <math.h>
#include <string.h>

#include "app/pairing/peerup-camera.h"
#include "app/pairing/peerup-scanner.h"
#include "qr/peerup-qr.h"

#define WIDTH    640
#define HEIGHT   480
#define PATIENCE 60 /* seconds */
#define TEXT                                                                                                          \
  "peerup:join?P1X201BK1YB54WFR2P7460PRNJ73DV3J61PEA7XM05CTSGQDPWWJDKE0EHHGQQR2XSHRMGWHP9SJ6KATZBNGMX7CYR1D4G0G7G000" \
  "8159H8MA8KX4"

/* A picture with @text's code in it: @module pixels a module, turned by @angle, each pixel the mean of what is @blur
 * around it, and up to @noise off. (transfer full) */
static guint8 *
draw (const char *text, double module, double angle, int blur, int noise)
{
  g_autoptr (GBytes) png = peerup_qr_to_png (text, 8);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (png);
  g_autoptr (GdkPixbuf) code = gdk_pixbuf_new_from_stream (stream, NULL, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  g_autofree guint8 *sharp = g_malloc (WIDTH * HEIGHT);
  guint8 *plane = g_malloc (WIDTH * HEIGHT);
  int size = gdk_pixbuf_get_width (code), stride = gdk_pixbuf_get_rowstride (code);
  int channels = gdk_pixbuf_get_n_channels (code);
  const guint8 *pixels = gdk_pixbuf_read_pixels (code);
  double scale = 8 / module, sine = sin (angle), cosine = cos (angle);

  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      {
        double dx = x - WIDTH / 2, dy = y - HEIGHT / 2;
        int u = (int) floor ((dx * cosine + dy * sine) * scale + size / 2.0);
        int v = (int) floor ((dy * cosine - dx * sine) * scale + size / 2.0);

        /* A wall, and a card on it. */
        sharp[y * WIDTH + x] =
          u >= 0 && u < size && v >= 0 && v < size ? (guint8) (40 + pixels[v * stride + u * channels] * 3 / 4) : 150;
      }
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      {
        int sum = 0, n = 0;

        for (int j = MAX (y - blur, 0); j <= MIN (y + blur, HEIGHT - 1); j++)
          for (int i = MAX (x - blur, 0); i <= MIN (x + blur, WIDTH - 1); i++, n++)
            sum += sharp[j * WIDTH + i];
        plane[y * WIDTH + x] =
          (guint8) CLAMP (sum / n + (noise > 0 ? g_rand_int_range (random, -noise, noise) : 0), 0, 255);
      }
  return plane;
}

/* A camera, and who looks. */
typedef struct
{
  GstElement *source;
  PeerupScanner *scanner;
  guint8 *plane; /* what it sees */
  guint feeding;
  guint64 n_frames;
  gboolean started;
  GPtrArray *found;
  GArray *times; /* of those */
  GError *error;
} Camera;

static gboolean
feed (gpointer data)
{
  Camera *self = data;
  GstBuffer *buffer = gst_buffer_new_memdup (self->plane, WIDTH * HEIGHT);

  GST_BUFFER_PTS (buffer) = self->n_frames++ * GST_SECOND / 20;
  gst_app_src_push_buffer (GST_APP_SRC (self->source), buffer);
  return G_SOURCE_CONTINUE;
}

static void
on_started (PeerupScanner *scanner, Camera *self)
{
  self->started = TRUE;
}

static void
on_found (PeerupScanner *scanner, const char *text, Camera *self)
{
  gint64 now = g_get_monotonic_time ();

  g_ptr_array_add (self->found, g_strdup (text));
  g_array_append_val (self->times, now);
}

static void
on_failed (PeerupScanner *scanner, GError *error, Camera *self)
{
  g_assert_null (self->error);
  self->error = g_error_copy (error);
}

static void
watch (Camera *self)
{
  self->found = g_ptr_array_new_with_free_func (g_free);
  self->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_signal_connect (self->scanner, "started", G_CALLBACK (on_started), self);
  g_signal_connect (self->scanner, "found", G_CALLBACK (on_found), self);
  g_signal_connect (self->scanner, "failed", G_CALLBACK (on_failed), self);
}

/* @plane: (transfer full) */
static void
begin (Camera *self, guint8 *plane)
{
  g_autoptr (GstCaps) caps =
    gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "GRAY8", "width", G_TYPE_INT, WIDTH, "height",
                         G_TYPE_INT, HEIGHT, "framerate", GST_TYPE_FRACTION, 20, 1, NULL);

  self->plane = plane;
  self->source = gst_object_ref_sink (gst_element_factory_make ("appsrc", NULL));
  g_object_set (self->source, "caps", caps, "format", GST_FORMAT_TIME, "is-live", TRUE, "max-buffers", (guint64) 4,
                "leaky-type", 2, NULL);
  self->scanner = peerup_scanner_new_for_source (self->source);
  self->feeding = g_timeout_add (20, feed, self);
  watch (self);
}

static void
wait_let_go (void)
{
  gint64 end = g_get_monotonic_time () + PATIENCE * (gint64) G_USEC_PER_SEC;

  while (peerup_scanner_count () > 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
}

static void
end (Camera *self)
{
  g_clear_handle_id (&self->feeding, g_source_remove);
  g_clear_object (&self->scanner);
  wait_let_go ();
  gst_clear_object (&self->source);
  g_clear_pointer (&self->plane, g_free);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  g_clear_pointer (&self->times, g_array_unref);
  g_clear_error (&self->error);
}

static gboolean
on_late (gpointer data)
{
  g_error ("nothing came of it");
  return G_SOURCE_REMOVE;
}

static void
wait_found (Camera *self, guint n)
{
  guint late = g_timeout_add_seconds (PATIENCE, on_late, NULL);

  while (self->found->len < n && self->error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_no_error (self->error);
  g_source_remove (late);
}

static void
wait_failed (Camera *self)
{
  guint late = g_timeout_add_seconds (PATIENCE, on_late, NULL);

  while (self->error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (late);
}

typedef struct
{
  const char *name;
  double module, angle;
  int blur, noise;
} Pose;

static const Pose poses[] = {
  { "straight", 6, 0, 0, 0 },      { "upside-down", 6, G_PI, 0, 0 }, { "turned", 5, 0.3, 0, 0 },
  { "turned-more", 5, 2.1, 0, 0 }, { "small", 2.5, 0, 0, 0 },        { "small-and-turned", 3, 0.1, 0, 0 },
  { "blurred", 6, 0, 2, 0 },       { "noisy", 6, 0, 0, 15 },         { "as-in-life", 5, -0.15, 1, 15 },
};

static void
test_pose (gconstpointer data)
{
  const Pose *pose = data;
  Camera camera = { 0 };

  begin (&camera, draw (TEXT, pose->module, pose->angle, pose->blur, pose->noise));
  wait_found (&camera, 1);
  g_assert_cmpstr (camera.found->pdata[0], ==, TEXT);
  end (&camera);
}

/* The picture is there, the right way round for a mirror, and nothing is found where there is nothing. */
static void
test_picture (void)
{
  Camera camera = { 0 };
  guint8 *plane = g_malloc (WIDTH * HEIGHT);
  g_autoptr (GtkSnapshot) snapshot = NULL;
  g_autoptr (GskRenderNode) node = NULL;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
  cairo_t *cairo = cairo_create (surface);
  const guint8 *row;
  guint n = 0;

  for (int i = 0; i < WIDTH * HEIGHT; i++)
    plane[i] = i % WIDTH < WIDTH / 2 ? 16 : 235;
  begin (&camera, plane);
  while (!camera.started || n++ < 200)
    g_main_context_iteration (NULL, TRUE);
  g_assert_no_error (camera.error);
  g_assert_cmpuint (camera.found->len, ==, 0);
  g_assert_cmpint (gdk_paintable_get_intrinsic_width (GDK_PAINTABLE (camera.scanner)), ==, WIDTH);
  g_assert_cmpint (gdk_paintable_get_intrinsic_height (GDK_PAINTABLE (camera.scanner)), ==, HEIGHT);
  /* Nodes are there without a display, but not before. */
  g_type_ensure (GSK_TYPE_TEXTURE_NODE);
  snapshot = gtk_snapshot_new ();
  gdk_paintable_snapshot (GDK_PAINTABLE (camera.scanner), snapshot, WIDTH, HEIGHT);
  node = gtk_snapshot_free_to_node (g_steal_pointer (&snapshot));
  gsk_render_node_draw (node, cairo);
  cairo_surface_flush (surface);
  row = cairo_image_surface_get_data (surface) + (gsize) cairo_image_surface_get_stride (surface) * HEIGHT / 2;
  g_assert_cmpint (row[4 * 10 + 1], >, 200);
  g_assert_cmpint (row[4 * (WIDTH - 10) + 1], <, 50);
  cairo_destroy (cairo);
  cairo_surface_destroy (surface);
  end (&camera);
}

/* One code is told once a second, whatever it is, and the next one after it. */
static void
test_foreign (void)
{
  Camera camera = { 0 };

  begin (&camera, draw ("https://example.org/join", 8, 0, 0, 0));
  wait_found (&camera, 2);
  g_assert_cmpstr (camera.found->pdata[0], ==, "https://example.org/join");
  g_assert_cmpint (g_array_index (camera.times, gint64, 1) - g_array_index (camera.times, gint64, 0), >,
                   PEERUP_SCANNER_REST * 9 / 10);
  g_free (camera.plane);
  camera.plane = draw ("WIFI:T:WPA;S:home;P:secret;;", 8, 0, 0, 0);
  while (!g_str_has_prefix (camera.found->pdata[camera.found->len - 1], "WIFI:"))
    wait_found (&camera, camera.found->len + 1);
  g_free (camera.plane);
  camera.plane = draw (TEXT, 6, 0, 0, 0);
  while (!g_str_equal (camera.found->pdata[camera.found->len - 1], TEXT))
    wait_found (&camera, camera.found->len + 1);
  end (&camera);
}

/* The camera goes in the middle. */
static void
test_lost (void)
{
  Camera camera = { 0 };

  begin (&camera, draw (TEXT, 6, 0, 0, 0));
  wait_found (&camera, 1);
  g_clear_handle_id (&camera.feeding, g_source_remove);
  gst_app_src_end_of_stream (GST_APP_SRC (camera.source));
  wait_failed (&camera);
  g_assert_error (camera.error, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_LOST);
  end (&camera);
}

/* It stays, and gives nothing. */
static void
test_still (void)
{
  Camera camera = { 0 };

  begin (&camera, draw (TEXT, 6, 0, 0, 0));
  g_clear_handle_id (&camera.feeding, g_source_remove);
  wait_failed (&camera);
  g_assert_error (camera.error, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_LOST);
  g_assert_false (camera.started);
  end (&camera);
}

/* Whenever it is stopped, nothing is told any more, and the camera is let go. */
static void
test_stopped (void)
{
  for (guint turns = 0; turns < 40; turns += 3)
    {
      Camera camera = { 0 };
      guint n;

      begin (&camera, draw (TEXT, 6, 0, 0, 0));
      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (NULL, TRUE);
      peerup_scanner_stop (camera.scanner);
      peerup_scanner_stop (camera.scanner);
      n = camera.found->len;
      wait_let_go ();
      g_assert_cmpuint (camera.found->len, ==, n);
      g_assert_no_error (camera.error);
      end (&camera);
    }
}

/* In a process of its own, where GStreamer has no plugins. */
static void
test_no_plugin (void)
{
  if (g_test_subprocess ())
    {
      Camera camera = { 0 };
      g_autofree char *registry = g_build_filename (g_get_tmp_dir (), "peerup-no-plugins.XXXXXX", NULL);
      int fd = g_mkstemp (registry);

      g_assert_cmpint (fd, >=, 0);
      g_close (fd, NULL);
      g_assert_true (g_setenv ("GST_PLUGIN_SYSTEM_PATH_1_0", "/nowhere", TRUE));
      g_assert_true (g_setenv ("GST_REGISTRY_1_0", registry, TRUE));
      camera.scanner = peerup_scanner_new (-1);
      watch (&camera);
      wait_failed (&camera);
      g_unlink (registry);
      g_assert_error (camera.error, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_PLUGIN);
      g_printerr ("%s\n", camera.error->message);
      end (&camera);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*pipewiresrc*gstreamer1.0-pipewire*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!g_test_subprocess ())
    gst_init (NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (poses); i++)
    {
      g_autofree char *path = g_strconcat ("/app/scanner/pose/", poses[i].name, NULL);

      g_test_add_data_func (path, &poses[i], test_pose);
    }
  g_test_add_func ("/app/scanner/picture", test_picture);
  g_test_add_func ("/app/scanner/foreign", test_foreign);
  g_test_add_func ("/app/scanner/lost", test_lost);
  g_test_add_func ("/app/scanner/still", test_still);
  g_test_add_func ("/app/scanner/stopped", test_stopped);
  g_test_add_func ("/app/scanner/no-plugin", test_no_plugin);
  return g_test_run ();
}
