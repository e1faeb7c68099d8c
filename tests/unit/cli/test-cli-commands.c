/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* status, connections and doctor of the real command, with a real daemon and without. The
 * program is named by PEERUP_BIN.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "../engine/home.h"

#include "cli/peerup-cli.h"

/* A device whose commands are run; its daemon, too. */
typedef struct
{
  Home *home;
  char *runtime;
  GSubprocess *daemon;
} Device;

static GSubprocess *
spawn (Device *self, GSubprocessFlags flags, const char *const *words)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (flags);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_strv_builder_add_many (builder, g_getenv ("PEERUP_BIN"), "--config", self->home->config, NULL);
  g_strv_builder_addv (builder, (const char **) words);
  argv = g_strv_builder_end (builder);
  g_subprocess_launcher_setenv (launcher, "XDG_RUNTIME_DIR", self->runtime, TRUE);
  g_subprocess_launcher_setenv (launcher, "G_DEBUG", "fatal-criticals", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv, &error);
  g_assert_no_error (error);
  return process;
}

/* What the command prints; it must end with @code. */
static char *
run (Device *self, int code, const char *const *words)
{
  g_autoptr (GSubprocess) process =
    spawn (self, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, words);
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8 (process, NULL, NULL, &out, &err, &error);
  g_assert_no_error (error);
  if (!g_subprocess_get_if_exited (process) || g_subprocess_get_exit_status (process) != code)
    g_error ("“%s” ended with %d, not %d:\n%s%s", words[0], g_subprocess_get_status (process), code, out, err);
  return g_steal_pointer (&out);
}

#define RUN(device, code, ...) run (device, code, (const char *const[]) { __VA_ARGS__, NULL })

static JsonNode *
run_json (Device *self, int code, const char *command)
{
  g_autofree char *text = RUN (self, code, command, "--json");
  g_autoptr (GError) error = NULL;
  JsonNode *root = json_from_string (text, &error);

  g_assert_no_error (error);
  return root;
}

static void
device_init (Device *self)
{
  self->home = home_new ();
  self->runtime = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  self->daemon = NULL;
}

/* Returns when it says where it listens, which is when it answers. */
static void
device_start_as (Device *self, const char *const *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) log = NULL;
  g_autofree char *line = NULL;

  self->daemon = spawn (self, G_SUBPROCESS_FLAGS_STDERR_PIPE, words);
  log = g_data_input_stream_new (g_subprocess_get_stderr_pipe (self->daemon));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (log), FALSE);
  do
    {
      g_free (line);
      line = g_data_input_stream_read_line (log, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (line);
    }
  while (strstr (line, "Listening on") == NULL);
}

static void
device_start (Device *self)
{
  device_start_as (self, (const char *const[]) { "daemon", NULL });
}

static void
remove_runtime (Device *self)
{
  g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, NULL, "rm", "-r", self->runtime, NULL);

  g_assert_true (g_subprocess_wait_check (process, NULL, NULL));
  g_clear_pointer (&self->runtime, g_free);
}

static void
device_clear (Device *self)
{
  if (self->daemon != NULL)
    {
      g_subprocess_send_signal (self->daemon, SIGTERM);
      g_assert_true (g_subprocess_wait (self->daemon, NULL, NULL));
      g_assert_true (g_subprocess_get_successful (self->daemon));
    }
  g_clear_object (&self->daemon);
  remove_runtime (self);
  g_clear_pointer (&self->home, home_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Device, device_clear)

/* The finding about @check, borrowed of @root. */
static JsonObject *
find_check (JsonNode *root, const char *check)
{
  JsonArray *checks = json_object_get_array_member (json_node_get_object (root), "checks");

  for (guint i = 0; i < json_array_get_length (checks); i++)
    {
      JsonObject *item = json_array_get_object_element (checks, i);

      if (g_str_equal (json_object_get_string_member (item, "check"), check))
        return item;
    }
  g_error ("nothing is said of %s", check);
}

static const char *
get_result (JsonNode *root, const char *check)
{
  return json_object_get_string_member (find_check (root, check), "result");
}

static void
assert_lines_fit (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_utf8_strlen (lines[i], -1) > 80 && strstr (lines[i], "/p2p/") == NULL)
      g_error ("“%s” is longer than 80 characters", lines[i]);
}

/* The listen address of a device that runs. */
static char *
get_address (Device *self)
{
  g_autoptr (JsonNode) status = run_json (self, 0, "status");
  JsonArray *addresses = json_object_get_array_member (json_node_get_object (status), "listen_addresses");

  g_assert_cmpuint (json_array_get_length (addresses), ==, 2);
  return g_strdup (json_array_get_string_element (addresses, 0));
}

#define BOTH "/ip4/127.0.0.1/udp/0/quic-v1, /ip4/127.0.0.1/tcp/0"

static void
test_without_a_daemon (void)
{
  g_auto (Device) device = { 0 };
  g_autofree char *text = NULL;
  g_autofree char *nothing = NULL;
  g_autoptr (JsonNode) root = NULL;

  device_init (&device);
  text = RUN (&device, PEERUP_CLI_FAILED, "doctor");
  assert_lines_fit (text);
  g_assert_nonnull (strstr (text, "ok    authorized keys  1 peer may connect\n"));
  g_assert_nonnull (strstr (text, "MEND  daemon           no daemon runs for"));
  g_assert_nonnull (strstr (text, "?     UDP buffers      not checked: no daemon answers\n"));
  g_assert_true (g_str_has_suffix (text, "\n1 thing to mend. 16 could not be checked.\n"));
  root = run_json (&device, PEERUP_CLI_FAILED, "doctor");
  g_assert_false (json_object_get_boolean_member (json_node_get_object (root), "healthy"));
  g_assert_cmpstr (get_result (root, "identity"), ==, "ok");
  g_assert_cmpstr (get_result (root, "daemon"), ==, "mend");
  g_assert_cmpstr (get_result (root, "limits"), ==, "unknown");
  g_assert_false (json_object_has_member (json_node_get_object (root), "facts"));
  nothing = RUN (&device, PEERUP_CLI_FAILED, "connections");
  g_assert_cmpstr (nothing, ==, "");
}

static void
assert_status (Device *device)
{
  g_autofree char *text = RUN (device, 0, "status");
  g_autoptr (JsonNode) root = run_json (device, 0, "status");
  JsonArray *connections = json_object_get_array_member (json_node_get_object (root), "connections");

  assert_lines_fit (text);
  g_assert_nonnull (strstr (text, "\nPeers\n  server  direct, QUIC, "));
  g_assert_cmpuint (json_array_get_length (connections), ==, 1);
}

static void
assert_connections (Device *device)
{
  g_autofree char *text = RUN (device, 0, "connections");
  g_autoptr (JsonNode) root = run_json (device, 0, "connections");
  JsonObject *item;

  assert_lines_fit (text);
  g_assert_true (g_str_has_prefix (text, "server: direct, QUIC, dialed from here "));
  g_assert_nonnull (strstr (text, "\n    /ipfs/ping/1.0.0"));
  g_assert_cmpuint (json_array_get_length (json_node_get_array (root)), ==, 1);
  item = json_array_get_object_element (json_node_get_array (root), 0);
  g_assert_cmpstr (json_object_get_string_member (item, "name"), ==, "server");
  g_assert_cmpint (json_object_get_int_member (item, "rtt_us"), >, 0);
  g_assert_cmpint (json_object_get_int_member (item, "path_mtu"), >=, 1200);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (item, "streams")), >=, 1);
}

/* The buffers, the offload and the pace are the machine's affair. */
static void
assert_doctor (Device *device)
{
  static const char *const sound[] = { "configuration", "identity", "authorized_keys", "daemon", "listening",
                                       "udp",           "path_mtu", "congestion",      "limits" };
  g_autoptr (GSubprocess) process =
    spawn (device, G_SUBPROCESS_FLAGS_STDOUT_PIPE, (const char *const[]) { "doctor", "--json", NULL });
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *out = NULL;
  gboolean healthy;

  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &out, NULL, NULL));
  root = json_from_string (out, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sound); i++)
    g_assert_cmpstr (get_result (root, sound[i]), ==, "ok");
  get_result (root, "udp_buffers");
  get_result (root, "udp_offload");
  get_result (root, "main_loop");
  healthy = json_object_get_boolean_member (json_node_get_object (root), "healthy");
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, healthy ? PEERUP_CLI_OK : PEERUP_CLI_FAILED);
  g_assert_true (json_object_has_member (json_node_get_object (root), "facts"));
}

static void
test_two_devices (void)
{
  g_auto (Device) server = { 0 };
  g_auto (Device) laptop = { 0 };
  g_autofree char *address = NULL;
  g_autofree char *ping = NULL;
  g_autofree char *names = NULL;

  device_init (&server);
  device_init (&laptop);
  home_listen (server.home, BOTH);
  names = g_strdup_printf ("names: {server: %s}\n", home_get_id (server.home));
  home_configure (laptop.home, names);
  home_authorize (server.home, laptop.home);
  device_start (&server);
  device_start (&laptop);
  address = get_address (&server);
  ping = RUN (&laptop, 0, "ping", "-c", "1", address);
  assert_status (&laptop);
  assert_connections (&laptop);
  assert_doctor (&server);
}

static void
test_relay (void)
{
  g_auto (Device) device = { 0 };
  g_autofree char *serving = NULL;
  g_autofree char *drained = NULL;
  g_autofree char *again = NULL;
  g_autoptr (JsonNode) doctor = NULL;

  device_init (&device);
  home_listen (device.home, BOTH);
  device_start_as (&device, (const char *const[]) { "relay", "serve", NULL });
  serving = RUN (&device, 0, "status");
  assert_lines_fit (serving);
  g_assert_nonnull (strstr (serving, "\nRelaying\n  for everybody who is admitted, for "));
  g_assert_nonnull (strstr (serving, "  0 of 128 reservations and 0 of 1024 circuits; 0 B carried since the start\n"));
  doctor = run_json (&device, PEERUP_CLI_FAILED, "doctor");
  /* It listens on loopback. */
  g_assert_cmpstr (get_result (doctor, "relay"), ==, "ok");
  g_free (RUN (&device, 0, "relay", "drain", "--timeout", "1s"));
  drained = RUN (&device, 0, "status");
  g_assert_nonnull (strstr (drained, "peerup relay resume\n"));
  g_free (RUN (&device, PEERUP_CLI_USAGE, "relay", "drain", "--timeout", "soon"));
  g_free (RUN (&device, 0, "relay", "resume"));
  again = RUN (&device, 0, "status", "--json");
  g_assert_nonnull (strstr (again, "\"serving\""));
}

/* Frame after frame, until it is interrupted. */
static void
test_watch (void)
{
  g_auto (Device) device = { 0 };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) out = NULL;
  guint n_frames = 0;

  device_init (&device);
  device_start (&device);
  process =
    spawn (&device, G_SUBPROCESS_FLAGS_STDOUT_PIPE, (const char *const[]) { "connections", "--watch", "--json", NULL });
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  while (n_frames < 2)
    {
      g_autofree char *line = g_data_input_stream_read_line (out, NULL, NULL, NULL);

      g_assert_nonnull (line);
      n_frames += g_str_equal (line, "[]");
    }
  g_subprocess_send_signal (process, SIGINT);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, PEERUP_CLI_INTERRUPTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/cli/commands/no-daemon", test_without_a_daemon);
  g_test_add_func ("/cli/commands/two-devices", test_two_devices);
  g_test_add_func ("/cli/commands/relay", test_relay);
  g_test_add_func ("/cli/commands/watch", test_watch);
  return g_test_run ();
}
