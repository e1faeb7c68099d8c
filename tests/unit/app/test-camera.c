/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The Camera portal as the desktop's would answer, on a bus of the test's own: every way in which it gives no camera is
 * told apart, and nothing is left of a question that was called off. */
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "app/pairing/peerup-camera.h"

#define PORTAL "/org/freedesktop/portal/desktop"

static const char description[] =
  "<node>"
  "  <interface name='org.freedesktop.portal.Camera'>"
  "    <method name='AccessCamera'><arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
  "    <method name='OpenPipeWireRemote'><arg type='a{sv}' direction='in'/><arg type='h' direction='out'/></method>"
  "    <property name='IsCameraPresent' type='b' access='read'/>"
  "  </interface>"
  "  <interface name='org.freedesktop.host.portal.Registry'>"
  "    <method name='Register'><arg type='s' direction='in'/><arg type='a{sv}' direction='in'/></method>"
  "  </interface>"
  "  <interface name='org.freedesktop.portal.Request'><method name='Close'/></interface>"
  "</node>";

/* What the portal does when it is asked. */
typedef enum
{
  ANSWER,       /* after the call has returned */
  ANSWER_EARLY, /* before */
  OWN_PATH,     /* with a request object of its own naming */
  SILENCE,
  NOT_ALLOWED,
} Manner;

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *connection; /* the portal's */
  GDBusNodeInfo *node;
  guint name;
  gboolean camera_interface, registry; /* it has them */
  gboolean present;
  Manner manner;
  guint response;
  int pipe[2]; /* what it gives as PipeWire */
  guint n_asked, n_registered, n_closed;
  char *app_id;
  char *own; /* of OWN_PATH: the request that is open */
} Portal;

static void
respond (Portal *self, const char *sender, const char *path)
{
  g_dbus_connection_emit_signal (self->connection, sender, path, "org.freedesktop.portal.Request", "Response",
                                 g_variant_new ("(ua{sv})", self->response, NULL), NULL);
}

static void
on_close (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
          GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  Portal *self = data;

  self->n_closed++;
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
add_request (Portal *self, const char *path)
{
  static const GDBusInterfaceVTable table = { .method_call = on_close };

  g_assert_cmpuint (
    g_dbus_connection_register_object (self->connection, path,
                                       g_dbus_node_info_lookup_interface (self->node, "org.freedesktop.portal.Request"),
                                       &table, self, NULL, NULL),
    >, 0);
}

static void
access_camera (Portal *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 0);
  g_autofree char *who = g_strdelimit (g_strdup (sender + 1), ".", '_');
  g_autofree char *path = NULL;
  const char *token = NULL;

  self->n_asked++;
  g_assert_true (g_variant_lookup (options, "handle_token", "&s", &token));
  path = g_strdup_printf (PORTAL "/request/%s/%s", who, self->manner == OWN_PATH ? "ours" : token);
  if (self->manner == NOT_ALLOWED)
    {
      g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.portal.Error.NotAllowed", "locked down");
      return;
    }
  add_request (self, path);
  if (self->manner == ANSWER_EARLY)
    respond (self, sender, path);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", path));
  if (self->manner == ANSWER)
    respond (self, sender, path);
  if (self->manner == OWN_PATH)
    {
      g_clear_pointer (&self->own, g_free);
      self->own = g_strdup (path);
    }
}

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
         GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  Portal *self = data;

  if (g_str_equal (method, "AccessCamera"))
    access_camera (self, parameters, invocation);
  else if (g_str_equal (method, "Register"))
    {
      self->n_registered++;
      g_clear_pointer (&self->app_id, g_free);
      g_variant_get_child (parameters, 0, "s", &self->app_id);
      g_dbus_method_invocation_return_value (invocation, NULL);
    }
  else
    {
      g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();

      g_assert_cmpint (g_unix_fd_list_append (fds, self->pipe[1], NULL), ==, 0);
      g_dbus_method_invocation_return_value_with_unix_fd_list (invocation, g_variant_new ("(h)", 0), fds);
    }
}

static GVariant *
on_get (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *property,
        GError **error, gpointer data)
{
  return g_variant_new_boolean (((Portal *) data)->present);
}

static void
portal_start (Portal *self)
{
  static const GDBusInterfaceVTable table = { .method_call = on_call, .get_property = on_get };
  const char *const names[] = { self->camera_interface ? "org.freedesktop.portal.Camera" : NULL,
                                self->registry ? "org.freedesktop.host.portal.Registry" : NULL };
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  self->connection = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (self->bus),
                                                             G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                               G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                             NULL, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i] != NULL)
      g_assert_cmpuint (g_dbus_connection_register_object (self->connection, PORTAL,
                                                           g_dbus_node_info_lookup_interface (self->node, names[i]),
                                                           &table, self, NULL, NULL),
                        >, 0);
  reply = g_dbus_connection_call_sync (self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "RequestName",
                                       g_variant_new ("(su)", "org.freedesktop.portal.Desktop", 0), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

static void
portal_stop (Portal *self)
{
  g_assert_true (g_dbus_connection_close_sync (self->connection, NULL, NULL));
  g_clear_object (&self->connection);
}

static void
set_up (Portal *self, gconstpointer data)
{
  self->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (self->bus);
  self->node = g_dbus_node_info_new_for_xml (description, NULL);
  g_assert_nonnull (self->node);
  self->camera_interface = self->registry = self->present = TRUE;
  g_assert_true (g_unix_open_pipe (self->pipe, O_CLOEXEC, NULL));
}

static void
tear_down (Portal *self, gconstpointer data)
{
  if (self->connection != NULL)
    portal_stop (self);
  g_dbus_node_info_unref (self->node);
  g_close (self->pipe[0], NULL);
  g_close (self->pipe[1], NULL);
  g_free (self->app_id);
  g_free (self->own);
  g_test_dbus_down (self->bus);
  g_object_unref (self->bus);
}

typedef struct
{
  gboolean done;
  int fd;
  GError *error;
} Opened;

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Opened *self = data;

  self->fd = peerup_camera_open_finish (PEERUP_CAMERA (source), result, &self->error);
  self->done = TRUE;
}

/* -1 with an error. */
static int
try_open (PeerupCamera *camera, GError **error)
{
  Opened opened = { 0 };

  peerup_camera_open_async (camera, NULL, on_opened, &opened);
  while (!opened.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true ((opened.fd >= 0) == (opened.error == NULL));
  if (opened.error != NULL)
    g_propagate_error (error, opened.error);
  return opened.fd;
}

static void
assert_given (Portal *self, PeerupCamera *camera)
{
  g_autoptr (GError) error = NULL;
  int fd = try_open (camera, &error);
  char byte = 0;

  g_assert_no_error (error);
  /* It is the portal's. */
  g_assert_cmpint (write (fd, "x", 1), ==, 1);
  g_assert_cmpint (read (self->pipe[0], &byte, 1), ==, 1);
  g_assert_cmpint (byte, ==, 'x');
  g_close (fd, NULL);
}

static void
assert_failed (PeerupCamera *camera, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (try_open (camera, &error), ==, -1);
  g_assert_error (error, PEERUP_CAMERA_ERROR, code);
  g_assert_cmpuint (strlen (error->message), >, 20);
}

static void
test_given (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();

  self->manner = (Manner) GPOINTER_TO_INT (data);
  portal_start (self);
  g_assert_false (peerup_camera_is_present (camera));
  assert_given (self, camera);
  g_assert_true (peerup_camera_is_present (camera));
  g_assert_cmpuint (self->n_registered, ==, 1);
  g_assert_cmpstr (self->app_id, ==, "dev.peerup.PeerUp");
}

static gboolean
on_click (gpointer data)
{
  Portal *self = data;

  if (self->own != NULL)
    respond (self, NULL, self->own);
  return G_SOURCE_CONTINUE;
}

/* Whoever asked hears late how the request is called. */
static void
test_own_path (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();
  guint clicks = g_timeout_add (10, on_click, self);

  self->manner = OWN_PATH;
  portal_start (self);
  assert_given (self, camera);
  g_source_remove (clicks);
}

static void
test_no_registry (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();

  self->registry = FALSE;
  portal_start (self);
  assert_given (self, camera);
}

static void
test_no_portal (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();

  assert_failed (camera, PEERUP_CAMERA_ERROR_NO_PORTAL);
  /* It is there when one tries again. */
  portal_start (self);
  assert_given (self, camera);
}

/* One that knows no cameras. */
static void
test_small_portal (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();

  self->camera_interface = FALSE;
  portal_start (self);
  assert_failed (camera, PEERUP_CAMERA_ERROR_NO_PORTAL);
}

static void
on_changed (PeerupCamera *camera, guint *n)
{
  ++*n;
}

static void
test_no_camera (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();
  GVariantBuilder changed = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint n = 0;

  self->present = FALSE;
  portal_start (self);
  g_signal_connect (camera, "changed", G_CALLBACK (on_changed), &n);
  assert_failed (camera, PEERUP_CAMERA_ERROR_NO_CAMERA);
  g_assert_cmpuint (self->n_asked, ==, 0);
  g_assert_false (peerup_camera_is_present (camera));
  self->present = TRUE;
  g_variant_builder_add (&changed, "{sv}", "IsCameraPresent", g_variant_new_boolean (TRUE));
  g_dbus_connection_emit_signal (self->connection, NULL, PORTAL, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                 g_variant_new ("(sa{sv}as)", "org.freedesktop.portal.Camera", &changed, NULL), NULL);
  while (n == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (peerup_camera_is_present (camera));
  assert_given (self, camera);
}

static void
test_refused (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();

  portal_start (self);
  self->response = 1;
  assert_failed (camera, PEERUP_CAMERA_ERROR_REFUSED);
  self->response = 2;
  assert_failed (camera, PEERUP_CAMERA_ERROR_NO_ANSWER);
  self->manner = NOT_ALLOWED;
  assert_failed (camera, PEERUP_CAMERA_ERROR_REFUSED);
  self->manner = ANSWER;
  self->response = 0;
  assert_given (self, camera);
}

static void
wait_asked (Portal *self, guint n)
{
  while (self->n_asked < n)
    g_main_context_iteration (NULL, TRUE);
}

/* Whoever asked is gone: the desktop's question goes, too. */
static void
test_cancelled (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Opened opened = { 0 };

  self->manner = SILENCE;
  portal_start (self);
  peerup_camera_open_async (camera, cancellable, on_opened, &opened);
  wait_asked (self, 1);
  g_cancellable_cancel (cancellable);
  while (!opened.done || self->n_closed == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (opened.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&opened.error);
}

static void
test_portal_ends (Portal *self, gconstpointer data)
{
  g_autoptr (PeerupCamera) camera = peerup_camera_new ();
  Opened opened = { 0 };

  self->manner = SILENCE;
  portal_start (self);
  peerup_camera_open_async (camera, NULL, on_opened, &opened);
  wait_asked (self, 1);
  portal_stop (self);
  while (!opened.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (opened.error, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_FAILED);
  g_clear_error (&opened.error);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (Portal *, gconstpointer);
    int data;
  } tests[] = {
    { "given", test_given, ANSWER },
    { "given-early", test_given, ANSWER_EARLY },
    { "given-by-an-old-portal", test_own_path, 0 },
    { "no-registry", test_no_registry, 0 },
    { "no-portal", test_no_portal, 0 },
    { "small-portal", test_small_portal, 0 },
    { "no-camera", test_no_camera, 0 },
    { "refused", test_refused, 0 },
    { "cancelled", test_cancelled, 0 },
    { "portal-ends", test_portal_ends, 0 },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/app/camera/", tests[i].name, NULL);

      g_test_add (path, Portal, GINT_TO_POINTER (tests[i].data), set_up, tests[i].test, tear_down);
    }
  return g_test_run ();
}
