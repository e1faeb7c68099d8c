/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The figures of the process, from files as the kernel writes them, and from the real ones. */
#include "observe/peerup-process.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *root;
  GPtrArray *files;
} Root;

static void
root_write (Root *root, const char *path, const char *text)
{
  char *full = g_strconcat (root->root, path, NULL);
  g_autofree char *directory = g_path_get_dirname (full);

  g_assert_no_errno (g_mkdir_with_parents (directory, 0700));
  g_assert_true (g_file_set_contents (full, text, -1, NULL));
  g_ptr_array_add (root->files, full);
}

static void
root_init (Root *root)
{
  root->root = g_dir_make_tmp ("peerup-process-XXXXXX", NULL);
  g_assert_nonnull (root->root);
  root->files = g_ptr_array_new_with_free_func (g_free);
}

static void
root_clear (Root *root)
{
  static const char *const directories[] = { "/proc/self/fd", "/proc/self", "/proc", "" };

  for (guint i = 0; i < root->files->len; i++)
    g_assert_no_errno (g_unlink (g_ptr_array_index (root->files, i)));
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      g_autofree char *path = g_strconcat (root->root, directories[i], NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        g_assert_no_errno (g_rmdir (path));
    }
  g_ptr_array_unref (root->files);
  g_free (root->root);
}

static char *
collect (const char *root)
{
  g_autoptr (PeerupMetrics) metrics = peerup_metrics_new ();
  g_autoptr (PeerupProcess) process = peerup_process_new (metrics, root);

  peerup_process_collect (process);
  return peerup_metrics_write (metrics, PEERUP_METRICS_TEXT);
}

static void
assert_line (const char *text, const char *line)
{
  g_autofree char *whole = g_strdup_printf ("\n%s\n", line);

  if (strstr (text, whole) == NULL)
    g_error ("no line “%s” in\n%s", line, text);
}

static void
test_written (void)
{
  Root root;
  g_autofree char *text = NULL;
  g_autofree char *cpu = g_strdup_printf ("process_cpu_seconds_total %.15g", 350.0 / sysconf (_SC_CLK_TCK));
  g_autofree char *start = g_strdup_printf ("process_start_time_seconds %.15g", 1000 + 500.0 / sysconf (_SC_CLK_TCK));
  g_autofree char *resident =
    g_strdup_printf ("process_resident_memory_bytes %" G_GUINT64_FORMAT, (guint64) 7 * sysconf (_SC_PAGESIZE));

  root_init (&root);
  /* A name may have spaces and parentheses. */
  root_write (&root, "/proc/self/stat",
              "42 (pe) er) S 1 42 42 0 -1 4194304 100 0 0 0 300 50 0 0 20 0 1 0 500 123456 7 18446744073709551615\n");
  root_write (&root, "/proc/stat", "cpu  1 2 3\nbtime 1000\nprocesses 5\n");
  root_write (&root, "/proc/self/limits", "Limit Soft Hard Units\nMax open files            1024     4096     files\n");
  root_write (&root, "/proc/self/fd/0", "");
  root_write (&root, "/proc/self/fd/1", "");
  root_write (&root, "/proc/self/fd/9", "");
  text = collect (root.root);
  assert_line (text, cpu);
  assert_line (text, start);
  assert_line (text, resident);
  assert_line (text, "process_virtual_memory_bytes 123456");
  assert_line (text, "process_open_fds 2");
  assert_line (text, "process_max_fds 1024");
  root_clear (&root);
}

/* Whatever stands there is left out rather than guessed. */
static void
test_unreadable (void)
{
  static const char *const stats[] = {
    "", "42", "42 (peerup)", "42 (peerup) S 1 2 3", "42 (peerup)S 1 2 3", "nonsense"
  };

  for (guint i = 0; i < G_N_ELEMENTS (stats); i++)
    {
      Root root;
      g_autofree char *text = NULL;

      root_init (&root);
      root_write (&root, "/proc/self/stat", stats[i]);
      root_write (&root, "/proc/stat", "cpu 1 2 3\n");
      root_write (&root, "/proc/self/limits", "Max open files            unlimited     unlimited     files\n");
      text = collect (root.root);
      g_assert_cmpstr (text, ==, "");
      root_clear (&root);
    }
}

static void
test_nothing_there (void)
{
  g_autofree char *text = collect ("/nonexistent");

  g_assert_cmpstr (text, ==, "");
}

static double
value_of (const char *text, const char *name)
{
  g_autofree char *head = g_strdup_printf ("\n%s ", name);
  const char *line = strstr (text, head);

  g_assert_nonnull (line);
  return g_ascii_strtod (line + strlen (head), NULL);
}

static void
test_real (void)
{
  g_autofree char *text = NULL;
  double now = g_get_real_time () / (double) G_USEC_PER_SEC;
  double before;
  double after;
  int fd;

  if (!g_file_test ("/proc/self/stat", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("there is no /proc");
      return;
    }
  text = collect ("");
  before = value_of (text, "process_open_fds");
  g_assert_cmpfloat (value_of (text, "process_resident_memory_bytes"), >, 100000);
  /* The kernel counts from a start in whole seconds. */
  g_assert_cmpfloat (value_of (text, "process_start_time_seconds"), <, now + 2);
  g_assert_cmpfloat (value_of (text, "process_start_time_seconds"), >, now - 600);
  fd = dup (0);
  g_assert_cmpint (fd, >=, 0);
  g_clear_pointer (&text, g_free);
  text = collect ("");
  after = value_of (text, "process_open_fds");
  close (fd);
  g_assert_cmpfloat (after, ==, before + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/observe/process/written", test_written);
  g_test_add_func ("/observe/process/unreadable", test_unreadable);
  g_test_add_func ("/observe/process/nothing-there", test_nothing_there);
  g_test_add_func ("/observe/process/real", test_real);
  return g_test_run ();
}
