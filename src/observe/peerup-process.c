/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Figures of the process from /proc, read when they are asked for and never before. A system
 * without /proc has none of them.
 */
#include "observe/peerup-process.h"

#include <string.h>
#include <unistd.h>

/* Fields of /proc/self/stat after the name, which ends with the last parenthesis; see proc(5). */
enum
{
  STAT_UTIME = 11,
  STAT_STIME = 12,
  STAT_STARTTIME = 19,
  STAT_VSIZE = 20,
  STAT_RSS = 21,
};

struct _PeerupProcess
{
  char *root;
  PeerupMetricFamily *cpu;
  PeerupMetricFamily *start;
  PeerupMetricFamily *virtual_memory;
  PeerupMetricFamily *resident_memory;
  PeerupMetricFamily *open_fds;
  PeerupMetricFamily *max_fds;
};

PeerupProcess *
peerup_process_new (PeerupMetrics *metrics, const char *root)
{
  PeerupProcess *self = g_new0 (PeerupProcess, 1);

  self->root = g_strdup (root);
  self->cpu = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "process_cpu_seconds_total",
                                  "Time on a processor, for the program and for the kernel on its behalf.", NULL);
  self->start = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "process_start_time_seconds",
                                    "When the process began, in seconds since 1970.", NULL);
  self->virtual_memory = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "process_virtual_memory_bytes",
                                             "Address space that is in use.", NULL);
  self->resident_memory =
    peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "process_resident_memory_bytes", "Memory that is in use.", NULL);
  self->open_fds =
    peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "process_open_fds", "File descriptors that are open.", NULL);
  self->max_fds = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "process_max_fds",
                                      "File descriptors that may be open at a time.", NULL);
  return self;
}

void
peerup_process_free (PeerupProcess *self)
{
  g_return_if_fail (self != NULL);

  g_free (self->root);
  g_free (self);
}

/* (nullable) */
static char *
read_file (PeerupProcess *self, const char *path)
{
  g_autofree char *full = g_strconcat (self->root, path, NULL);
  char *text = NULL;

  return g_file_get_contents (full, &text, NULL, NULL) ? text : NULL;
}

static void
set (PeerupMetricFamily *family, double value)
{
  peerup_metric_set (peerup_metric_family_get (family, NULL), value);
}

/* The line of /proc/stat that says when the system began, in seconds since 1970; 0 if it has none. */
static guint64
read_boot_time (PeerupProcess *self)
{
  g_autofree char *text = read_file (self, "/proc/stat");
  const char *line = text != NULL ? strstr (text, "\nbtime ") : NULL;

  return line != NULL ? g_ascii_strtoull (line + strlen ("\nbtime "), NULL, 10) : 0;
}

static void
collect_stat (PeerupProcess *self)
{
  g_autofree char *text = read_file (self, "/proc/self/stat");
  const char *rest = text != NULL ? strrchr (text, ')') : NULL;
  g_auto (GStrv) fields = rest != NULL && rest[1] == ' ' ? g_strsplit (rest + 2, " ", -1) : NULL;
  double tick = 1.0 / sysconf (_SC_CLK_TCK);
  guint64 boot;

  if (fields == NULL || g_strv_length (fields) <= STAT_RSS)
    return;
  set (self->cpu,
       (g_ascii_strtoull (fields[STAT_UTIME], NULL, 10) + g_ascii_strtoull (fields[STAT_STIME], NULL, 10)) * tick);
  set (self->virtual_memory, g_ascii_strtoull (fields[STAT_VSIZE], NULL, 10));
  set (self->resident_memory, (double) g_ascii_strtoull (fields[STAT_RSS], NULL, 10) * sysconf (_SC_PAGESIZE));
  boot = read_boot_time (self);
  if (boot > 0)
    set (self->start, boot + g_ascii_strtoull (fields[STAT_STARTTIME], NULL, 10) * tick);
}

static void
collect_fds (PeerupProcess *self)
{
  g_autofree char *path = g_strconcat (self->root, "/proc/self/fd", NULL);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  guint n = 0;

  if (directory == NULL)
    return;
  while (g_dir_read_name (directory) != NULL)
    n++;
  /* The directory itself is open too, and only for this. */
  set (self->open_fds, n > 0 ? n - 1 : 0);
}

static void
collect_max_fds (PeerupProcess *self)
{
  g_autofree char *text = read_file (self, "/proc/self/limits");
  const char *line = text != NULL ? strstr (text, "\nMax open files ") : NULL;
  const char *number = line != NULL ? line + strlen ("\nMax open files ") : NULL;
  guint64 limit = number != NULL ? g_ascii_strtoull (number, NULL, 10) : 0;

  /* "unlimited" is no number. */
  if (limit > 0)
    set (self->max_fds, limit);
}

void
peerup_process_collect (PeerupProcess *self)
{
  g_return_if_fail (self != NULL);

  collect_stat (self);
  collect_fds (self);
  collect_max_fds (self);
}
