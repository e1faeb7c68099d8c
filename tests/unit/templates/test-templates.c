/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* All templates: those that are shipped, and directories over them. */
#include "templates/peerup-templates.h"

#include <glib/gstdio.h>

#define DOMAIN "peerup-templates"

static void
write_file (const char *directory, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* It was changed at another time. */
static void
touch (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_assert_true (g_file_set_attribute_uint64 (file, G_FILE_ATTRIBUTE_TIME_MODIFIED, 1000000000, 0, NULL, NULL));
}

static void
remove_directory (char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  g_free (directory);
}

static PeerupTemplates *
load (const char *one, const char *other)
{
  const char *directories[] = { one, other, NULL };

  return peerup_templates_load_from (directories);
}

/* Each of them, whole: a kind that is known, lines that can be filled, and a probe unless it is for everything. */
static void
test_shipped (void)
{
  static const struct
  {
    const char *id, *name, *kind;
    guint16 port;
    PeerupProbeType probe;
    const char *use;
  } shipped[] = {
    { "generic", "Other service", "tcp", 0, PEERUP_PROBE_NONE, "localhost:1" },
    { "grafana", "Grafana", "http", 3000, PEERUP_PROBE_HTTP, "http://localhost:1/" },
    { "home-assistant", "Home Assistant", "http", 8123, PEERUP_PROBE_HTTP, "http://localhost:1/" },
    { "jellyfin", "Jellyfin", "http", 8096, PEERUP_PROBE_HTTP, "http://localhost:1/" },
    { "minecraft", "Minecraft", "minecraft", 25565, PEERUP_PROBE_MINECRAFT, "localhost:1" },
    { "ollama", "Ollama", "http", 11434, PEERUP_PROBE_HTTP, "OLLAMA_HOST=localhost:1 ollama list" },
    { "plex", "Plex", "http", 32400, PEERUP_PROBE_HTTP, "http://localhost:1/web" },
    { "postgresql", "PostgreSQL", "postgresql", 5432, PEERUP_PROBE_EXCHANGE, "psql -h localhost -p 1" },
    { "rdp", "Remote Desktop", "rdp", 3389, PEERUP_PROBE_EXCHANGE, "xfreerdp3 /v:localhost:1" },
    { "smb", "Windows Share", "smb", 445, PEERUP_PROBE_EXCHANGE, "smbclient -p 1 -L //localhost" },
    { "ssh", "SSH", "ssh", 22, PEERUP_PROBE_BANNER, "ssh -p 1 localhost" },
    { "syncthing", "Syncthing", "http", 8384, PEERUP_PROBE_HTTP, "http://localhost:1/" },
    { "vllm", "vLLM", "http", 8000, PEERUP_PROBE_HTTP, "curl http://localhost:1/v1/models" },
    { "vnc", "VNC", "vnc", 5900, PEERUP_PROBE_BANNER, "vncviewer localhost::1" },
    { "web", "Web page", "http", 0, PEERUP_PROBE_HTTP, "http://localhost:1/" },
  };
  g_autoptr (PeerupTemplates) templates = load (NULL, NULL);

  g_assert_cmpuint (peerup_templates_get_n (templates), ==, G_N_ELEMENTS (shipped));
  for (guint i = 0; i < G_N_ELEMENTS (shipped); i++)
    {
      const PeerupTemplate *template = peerup_templates_get (templates, i);
      g_autofree char *use = peerup_template_fill (template->use, "localhost", 1);

      g_assert_cmpstr (template->id, ==, shipped[i].id);
      g_assert_cmpstr (template->name, ==, shipped[i].name);
      g_assert_cmpstr (template->kind, ==, shipped[i].kind);
      g_assert_cmpint (template->probe, ==, shipped[i].probe);
      g_assert_cmpstr (use, ==, shipped[i].use);
      g_assert_true (g_str_has_suffix (template->icon, "-symbolic"));
      g_assert_true (peerup_templates_find (templates, shipped[i].id) == template);
      if (shipped[i].port > 0)
        g_assert_true (peerup_templates_find_by_port (templates, shipped[i].port) == template);
    }
  g_assert_cmpstr (peerup_templates_find_by_kind (templates, "ssh")->id, ==, "ssh");
  /* An ID first, and what a web server of any sort is. */
  g_assert_cmpstr (peerup_templates_find_by_kind (templates, "jellyfin")->id, ==, "jellyfin");
  g_assert_cmpstr (peerup_templates_find_by_kind (templates, "http")->id, ==, "web");
  g_assert_cmpstr (peerup_templates_find_by_kind (templates, "tcp")->id, ==, "generic");
  g_assert_null (peerup_templates_find (templates, "no"));
  g_assert_null (peerup_templates_find_by_kind (templates, "no"));
  g_assert_null (peerup_templates_find_by_port (templates, 1));
}

static void
test_directories (void)
{
  char *system = g_dir_make_tmp (NULL, NULL), *user = g_dir_make_tmp (NULL, NULL);
  g_autoptr (PeerupTemplates) templates = NULL;

  write_file (system, "ssh.ini", "[Service]\nName=System\nUse=x\n");
  write_file (system, "mine.ini", "[Service]\nName=Mine\nPorts=7\nUse=x\n");
  write_file (system, "README", "not a template");
  write_file (user, "ssh.ini", "[Service]\nName=User\nPorts=2022\nUse=x\n");
  write_file (user, "plex.ini", "[Service]\nHidden=true\n");
  templates = load (system, user);
  g_assert_cmpuint (peerup_templates_get_n (templates), ==, 15);
  g_assert_cmpstr (peerup_templates_find (templates, "ssh")->name, ==, "User");
  g_assert_cmpstr (peerup_templates_find_by_port (templates, 2022)->id, ==, "ssh");
  g_assert_cmpstr (peerup_templates_find (templates, "mine")->name, ==, "Mine");
  g_assert_null (peerup_templates_find (templates, "plex"));
  g_assert_null (peerup_templates_find_by_port (templates, 22));
  remove_directory (system);
  remove_directory (user);
}

/* One that is wrong is told, and what is there stays. */
static void
test_malformed (void)
{
  char *directory = g_dir_make_tmp (NULL, NULL);
  g_autoptr (PeerupTemplates) templates = NULL;
  g_autofree char *folder = g_build_filename (directory, "folder.ini", NULL);

  write_file (directory, "ssh.ini", "[Service]\nName=Broken\nPorts=x\nUse=y\n");
  g_test_expect_message (DOMAIN, G_LOG_LEVEL_WARNING, "*ssh.ini:3: “x” is no port*");
  templates = load (directory, NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (peerup_templates_find (templates, "ssh")->name, ==, "SSH");
  g_clear_pointer (&templates, peerup_templates_unref);
  /* Once: another warning would end the test. And again when it was touched. */
  templates = load (directory, NULL);
  g_clear_pointer (&templates, peerup_templates_unref);
  touch (directory, "ssh.ini");
  g_test_expect_message (DOMAIN, G_LOG_LEVEL_WARNING, "*ssh.ini:3: “x” is no port*");
  templates = load (directory, NULL);
  g_test_assert_expected_messages ();
  g_clear_pointer (&templates, peerup_templates_unref);

  write_file (directory, "ssh.ini", "[Service]\nName=Fine\nUse=y\n");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_test_expect_message (DOMAIN, G_LOG_LEVEL_WARNING, "*folder.ini cannot be read*");
  templates = load (directory, NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (peerup_templates_find (templates, "ssh")->name, ==, "Fine");
  g_clear_pointer (&templates, peerup_templates_unref);
  g_assert_cmpint (g_rmdir (folder), ==, 0);

  write_file (directory, "ssh.ini", "[Service]\nHidden=true\n");
  write_file (directory, "generic.ini", "[Service]\nHidden=true\n");
  g_test_expect_message (DOMAIN, G_LOG_LEVEL_WARNING, "*generic.ini:1: This one cannot be hidden*");
  templates = load (directory, NULL);
  g_test_assert_expected_messages ();
  g_assert_null (peerup_templates_find (templates, "ssh"));
  g_assert_nonnull (peerup_templates_find (templates, PEERUP_TEMPLATE_GENERIC));
  remove_directory (directory);
}

/* The directories of this machine, where a person has written one. */
static void
test_own (void)
{
  char *data = g_dir_make_tmp (NULL, NULL);
  g_autofree char *peerup = g_build_filename (data, "peerup", NULL);
  char *services = g_build_filename (peerup, "services", NULL);
  g_autoptr (PeerupTemplates) templates = NULL;
  g_autoptr (DexFuture) future = NULL;

  g_assert_cmpint (g_mkdir_with_parents (services, 0700), ==, 0);
  write_file (services, "mine.ini", "[Service]\nName=Mine\nUse=x\n");
  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_setenv ("XDG_DATA_DIRS", data, TRUE);
  templates = peerup_templates_load ();
  g_assert_nonnull (peerup_templates_find (templates, "mine"));
  future = peerup_templates_load_async ();
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (peerup_templates_find (g_value_get_boxed (dex_future_get_value (future, NULL)), "mine"));
  remove_directory (services);
  g_assert_cmpint (g_rmdir (peerup), ==, 0);
  remove_directory (data);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/templates/templates/own", test_own);
  g_test_add_func ("/templates/templates/shipped", test_shipped);
  g_test_add_func ("/templates/templates/directories", test_directories);
  g_test_add_func ("/templates/templates/malformed", test_malformed);
  return g_test_run ();
}
