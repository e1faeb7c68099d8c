/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "engine/peerup-machine.h"

#include <glib/gstdio.h>

#define GIB ((guint64) 1 << 30)
#define MIB ((guint64) 1 << 20)

static void
put (const char *root, const char *path, const char *text)
{
  g_autofree char *file = g_strconcat (root, path, NULL);
  g_autofree char *directory = g_path_get_dirname (file);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
}

static void
drop (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      drop (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static guint64
read_memory (const char *root)
{
  PeerupLimitsMachine machine;

  peerup_machine_read (root, &machine);
  return machine.memory;
}

static void
test_memory (void)
{
  g_autofree char *root = g_dir_make_tmp ("peerup-machine-XXXXXX", NULL);

  g_assert_cmpuint (read_memory (root), ==, GIB);
  put (root, "/proc/meminfo", "garbage\n");
  g_assert_cmpuint (read_memory (root), ==, GIB);
  put (root, "/proc/meminfo", "MemTotal:       16777216 kB\nMemFree:        1 kB\n");
  g_assert_cmpuint (read_memory (root), ==, 16 * GIB);
  drop (root);
}

static void
test_group (void)
{
  g_autofree char *root = g_dir_make_tmp ("peerup-machine-XXXXXX", NULL);

  put (root, "/proc/meminfo", "MemTotal:       16777216 kB\n");
  put (root, "/proc/self/cgroup", "1:name=systemd:/x\n0::/user.slice/peerup.service\n");
  g_assert_cmpuint (read_memory (root), ==, 16 * GIB);
  put (root, "/sys/fs/cgroup/user.slice/peerup.service/memory.max", "max\n");
  g_assert_cmpuint (read_memory (root), ==, 16 * GIB);
  put (root, "/sys/fs/cgroup/user.slice/memory.max", "2147483648\n");
  g_assert_cmpuint (read_memory (root), ==, 2 * GIB);
  put (root, "/sys/fs/cgroup/user.slice/peerup.service/memory.max", "268435456\n");
  g_assert_cmpuint (read_memory (root), ==, 256 * MIB);
  /* In a container the group is the root of what is seen. */
  put (root, "/proc/self/cgroup", "0::/\n");
  put (root, "/sys/fs/cgroup/memory.max", "536870912\n");
  g_assert_cmpuint (read_memory (root), ==, 512 * MIB);
  drop (root);
}

static void
test_here (void)
{
  PeerupLimitsMachine machine;

  peerup_machine_read ("", &machine);
  g_assert_cmpuint (machine.memory, >, 0);
  g_assert_cmpuint (machine.descriptors, >, 0);
  g_assert_cmpuint (machine.processors, >, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/machine/memory", test_memory);
  g_test_add_func ("/machine/group", test_group);
  g_test_add_func ("/machine/here", test_here);
  return g_test_run ();
}
