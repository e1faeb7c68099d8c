/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the limits are scaled to. Asked when an engine starts and when its limits change; it
 * keeps nothing.
 */
#include "engine/peerup-machine.h"

#include <string.h>
#include <sys/resource.h>

#define MEMORY_UNKNOWN (G_GUINT64_CONSTANT (1) << 30)

/* The number that stands after @label in the file, or at its start without one; 0 if none does. */
static guint64
read_number (const char *path, const char *label)
{
  g_autofree char *text = NULL;
  const char *at;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  at = label != NULL ? strstr (text, label) : text;
  return at != NULL ? g_ascii_strtoull (at + (label != NULL ? strlen (label) : 0), NULL, 10) : 0;
}

/* (nullable): "/user.slice/…" of the line "0::/user.slice/…" (cgroups(7), version 2). */
static char *
read_group (const char *root)
{
  g_autofree char *path = g_strconcat (root, "/proc/self/cgroup", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "0::/"))
      return g_strdup (lines[i] + strlen ("0::"));
  return NULL;
}

/* The least of what the group and those around it may have. */
static guint64
read_group_memory (const char *root, guint64 memory)
{
  g_autofree char *group = read_group (root);

  while (group != NULL)
    {
      g_autofree char *path = g_strconcat (root, "/sys/fs/cgroup", group, "/memory.max", NULL);
      /* "max" is no number. */
      guint64 max = read_number (path, NULL);
      char *end = strrchr (group, '/');

      if (max > 0)
        memory = MIN (memory, max);
      if (end == NULL)
        break;
      *end = '\0';
    }
  return memory;
}

void
peerup_machine_read (const char *root, PeerupLimitsMachine *machine)
{
  g_autofree char *meminfo = g_strconcat (root, "/proc/meminfo", NULL);
  guint64 total = read_number (meminfo, "MemTotal:") * 1024;
  struct rlimit descriptors;

  machine->memory = read_group_memory (root, total > 0 ? total : MEMORY_UNKNOWN);
  /* It cannot fail with these arguments. */
  machine->descriptors = getrlimit (RLIMIT_NOFILE, &descriptors) == 0 ? descriptors.rlim_cur : 0;
  machine->processors = g_get_num_processors ();
}
