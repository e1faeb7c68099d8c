/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where the daemon's socket is, and who may have it.
 */
#include "control/peerup-control-socket.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct
{
  char *directory;
  char *runtime;
  char *config;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  self->runtime = g_build_filename (self->directory, "run", NULL);
  g_assert_cmpint (g_mkdir (self->runtime, 0700), ==, 0);
  self->config = g_build_filename (self->directory, "config.yaml", NULL);
  g_setenv ("XDG_RUNTIME_DIR", self->runtime, TRUE);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unsetenv ("XDG_RUNTIME_DIR");
  remove_all (self->directory);
  g_free (self->directory);
  g_free (self->runtime);
  g_free (self->config);
}

static PeerupControlClaim *
claim (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  PeerupControlClaim *result = peerup_control_claim (self->config, &error);

  g_assert_no_error (error);
  g_assert_nonnull (result);
  return result;
}

static int
listen_at (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 8), ==, 0);
  return fd;
}

static void
test_candidates (Fixture *self, gconstpointer data)
{
  g_auto (GStrv) both = peerup_control_socket_candidates (self->config);
  g_auto (GStrv) system = peerup_control_socket_candidates ("/etc/peerup/config.yaml");
  g_auto (GStrv) other = NULL;
  g_auto (GStrv) alone = NULL;
  g_autofree char *other_config = g_build_filename (self->directory, "work.yaml", NULL);
  g_autofree char *prefix = g_build_filename (self->runtime, "peerup", "", NULL);

  g_assert_cmpuint (g_strv_length (both), ==, 2);
  g_assert_true (g_str_has_prefix (both[0], prefix));
  g_assert_true (g_str_has_prefix (both[1], self->directory));
  g_assert_true (g_str_has_prefix (system[0], "/run/peerup/"));
  other = peerup_control_socket_candidates (other_config);
  g_assert_cmpstr (other[0], !=, both[0]);
  g_unsetenv ("XDG_RUNTIME_DIR");
  alone = peerup_control_socket_candidates (self->config);
  g_assert_cmpuint (g_strv_length (alone), ==, 1);
  g_assert_cmpstr (alone[0], ==, both[1]);
}

static void
test_claim_is_exclusive (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupControlClaim) first = claim (self);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_control_claim (self->config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_pointer (&first, peerup_control_claim_free);
  first = claim (self);
}

static void
test_live_socket_names_its_process (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupControlClaim) first = claim (self);
  g_autofd int fd = listen_at (peerup_control_claim_get_path (first));
  g_autofree char *pid = g_strdup_printf ("process %d ", getpid ());
  g_autoptr (GError) error = NULL;
  gint64 number = 0;

  g_assert_true (peerup_control_socket_is_live (peerup_control_claim_get_path (first), &number));
  g_assert_cmpint (number, ==, getpid ());
  g_assert_null (peerup_control_claim (self->config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, pid));
}

static void
test_live_socket_at_the_other_place_counts (Fixture *self, gconstpointer data)
{
  g_auto (GStrv) candidates = peerup_control_socket_candidates (self->config);
  g_autofd int fd = listen_at (candidates[1]);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_control_claim (self->config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
}

static void
test_stale_socket_is_replaced (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupControlClaim) first = claim (self);
  g_autofree char *path = g_strdup (peerup_control_claim_get_path (first));

  g_clear_pointer (&first, peerup_control_claim_free);
  close (listen_at (path));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (peerup_control_socket_is_live (path, NULL));
  first = claim (self);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_other_files_are_not_removed (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupControlClaim) first = claim (self);
  g_autofree char *path = g_strdup (peerup_control_claim_get_path (first));
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&first, peerup_control_claim_free);
  g_assert_true (g_file_set_contents (path, "mine", -1, NULL));
  g_assert_null (peerup_control_claim (self->config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_unsafe_directory_is_passed_over (Fixture *self, gconstpointer data)
{
  g_autofree char *peerup = g_build_filename (self->runtime, "peerup", NULL);
  g_autoptr (PeerupControlClaim) first = NULL;

  g_assert_cmpint (g_mkdir (peerup, 0700), ==, 0);
  g_assert_cmpint (g_chmod (peerup, 0777), ==, 0);
  first = claim (self);
  g_assert_false (g_str_has_prefix (peerup_control_claim_get_path (first), peerup));
}

static void
test_long_paths_are_refused (Fixture *self, gconstpointer data)
{
  g_autofree char *deep = g_strnfill (120, 'x');
  g_autofree char *config = g_build_filename (self->directory, deep, "config.yaml", NULL);
  g_autoptr (GError) error = NULL;

  g_unsetenv ("XDG_RUNTIME_DIR");
  g_assert_null (peerup_control_claim (config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  g_assert_nonnull (strstr (error->message, "XDG_RUNTIME_DIR"));
}

/* What units of systemd name, whatever the environment says. */
static void
test_known_names (Fixture *self, gconstpointer data)
{
  const struct passwd *user = getpwuid (getuid ());
  g_autofree char *own = g_build_filename (user->pw_dir, ".config/peerup/config.yaml", NULL);
  g_autofree char *profile = g_build_filename (user->pw_dir, ".config/peerup/profiles/work/config.yaml", NULL);
  g_autofree char *other = g_build_filename (user->pw_dir, ".config/peerup/profiles/work/other.yaml", NULL);
  g_autofree char *no_name = g_build_filename (user->pw_dir, ".config/peerup/profiles/-x/config.yaml", NULL);
  const struct
  {
    const char *config;
    const char *name; /* NULL for a hash */
  } cases[] = {
    { "/etc/peerup/config.yaml", "default.sock" },
    { "/etc/peerup/profiles/work/config.yaml", "profile-work.sock" },
    { "/etc/peerup/relay-server.yaml", NULL },
    { own, "default.sock" },
    { profile, "profile-work.sock" },
    { other, NULL },
    { no_name, NULL },
    { self->config, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) candidates = peerup_control_socket_candidates (cases[i].config);
      g_autofree char *name = g_path_get_basename (candidates[0]);

      if (cases[i].name != NULL)
        g_assert_cmpstr (name, ==, cases[i].name);
      else
        g_assert_cmpuint (strlen (name), ==, strlen ("0123456789abcdef.sock"));
    }
}

/* One file, one daemon, whatever name leads to it. */
static void
test_links_lead_to_one_name (Fixture *self, gconstpointer data)
{
  g_autofree char *link = g_build_filename (self->directory, "link.yaml", NULL);
  g_auto (GStrv) direct = NULL;
  g_auto (GStrv) linked = NULL;

  g_assert_true (g_file_set_contents (self->config, "", 0, NULL));
  g_assert_cmpint (symlink (self->config, link), ==, 0);
  direct = peerup_control_socket_candidates (self->config);
  linked = peerup_control_socket_candidates (link);
  g_assert_cmpstr (direct[0], ==, linked[0]);
}

/* A socket whose maker takes nobody does not hold up who asks. */
static void
test_busy_socket (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->runtime, "busy", NULL);
  g_autofd int fd = listen_at (path);
  gint64 pid = -1;

  g_assert_cmpint (listen (fd, 0), ==, 0);
  for (guint i = 0; i < 64; i++)
    g_assert_true (peerup_control_socket_is_live (path, &pid));
}

static void
test_waiting_manager (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupControlClaim) first = claim (self);
  g_autofree char *path = g_strdup (peerup_control_claim_get_path (first));
  g_autoptr (GError) error = NULL;
  g_autofd int fd = -1;

  g_clear_pointer (&first, peerup_control_claim_free);
  fd = listen_at (path);
  g_assert_null (peerup_control_claim (self->config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "the service manager"));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/control-socket/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("candidates", test_candidates);
  ADD ("exclusive", test_claim_is_exclusive);
  ADD ("live", test_live_socket_names_its_process);
  ADD ("live-elsewhere", test_live_socket_at_the_other_place_counts);
  ADD ("stale", test_stale_socket_is_replaced);
  ADD ("other-files", test_other_files_are_not_removed);
  ADD ("unsafe-directory", test_unsafe_directory_is_passed_over);
  ADD ("long-paths", test_long_paths_are_refused);
  ADD ("known-names", test_known_names);
  ADD ("links", test_links_lead_to_one_name);
  ADD ("busy", test_busy_socket);
  ADD ("waiting-manager", test_waiting_manager);
  return g_test_run ();
}
