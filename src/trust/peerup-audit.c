/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The audit's file. Opened when there is something to write, and anew when somebody has moved it away; rotated by
 * renames before a line would make it too large. A file that cannot be written to is tried again with each
 * later line, at most once a second, and how many lines were lost is the first thing that is written then.
 */
#include "trust/peerup-audit.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "trust/peerup-authorized-line.h"

struct _PeerupAudit
{
  PeerupAuditProblem problem;
  gpointer data;
  gboolean enabled;
  char *file;
  guint64 max_size;
  guint keep;
  int fd;           /* -1: not open */
  char *told;       /* the problem, as it was told */
  gint64 second;    /* of the last denial */
  guint n_denials;  /* in it */
  guint64 left_out; /* denials that were too many */
  guint64 lost;     /* lines that could not be written */
  gint64 failed_at; /* microseconds since 1970 */
};

/* The file */

static void
audit_close (PeerupAudit *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static void
audit_tell (PeerupAudit *self, const char *text)
{
  if (!g_set_str (&self->told, text) || self->problem == NULL)
    return;
  self->problem (text, self->data);
}

static gboolean
audit_fail (PeerupAudit *self, const char *what, int code, gint64 now)
{
  g_autofree char *text = g_strdup_printf ("The audit cannot be written: %s %s: %s (telemetry.audit.file); it is tried "
                                           "again",
                                           what, self->file != NULL ? self->file : "stderr", g_strerror (code));

  self->failed_at = now;
  audit_close (self);
  audit_tell (self, text);
  return FALSE;
}

/* Whether what is open is still what has the name. */
static gboolean
is_in_place (PeerupAudit *self)
{
  struct stat opened, named;

  return fstat (self->fd, &opened) == 0 && lstat (self->file, &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

static gboolean
audit_open (PeerupAudit *self, gint64 now)
{
  struct stat info;

  if (self->fd >= 0 && is_in_place (self))
    return TRUE;
  audit_close (self);
  /* Not blocking, for what turns out to be a pipe. */
  self->fd = open (self->file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
  if (self->fd < 0)
    return audit_fail (self, "opening", errno, now);
  if (fstat (self->fd, &info) != 0)
    return audit_fail (self, "opening", errno, now);
  if (!S_ISREG (info.st_mode))
    return audit_fail (self, "opening", EINVAL, now);
  if ((info.st_mode & 0077) != 0 && fchmod (self->fd, 0600) != 0)
    return audit_fail (self, "taking others' access from", errno, now);
  return TRUE;
}

static char *
dup_rotated (PeerupAudit *self, guint number)
{
  return number == 0 ? g_strdup (self->file) : g_strdup_printf ("%s.%u", self->file, number);
}

static gboolean
audit_rotate (PeerupAudit *self, gint64 now)
{
  if (self->keep == 0 && g_unlink (self->file) != 0)
    return audit_fail (self, "beginning anew", errno, now);
  for (guint i = self->keep; i > 0; i--)
    {
      g_autofree char *from = dup_rotated (self, i - 1);
      g_autofree char *to = dup_rotated (self, i);

      if (g_rename (from, to) != 0 && errno != ENOENT)
        return audit_fail (self, "rotating", errno, now);
    }
  return audit_open (self, now);
}

static gboolean
audit_make_room (PeerupAudit *self, gsize length, gint64 now)
{
  struct stat info;

  if (fstat (self->fd, &info) != 0)
    return audit_fail (self, "looking at", errno, now);
  if (info.st_size == 0 || (guint64) info.st_size + length <= self->max_size)
    return TRUE;
  return audit_rotate (self, now);
}

/* A line that went in only in part is taken back, so that all that stands there is whole. */
static gboolean
audit_put (PeerupAudit *self, const char *text, gsize length, gint64 now)
{
  int fd = self->file != NULL ? self->fd : STDERR_FILENO;
  ssize_t n;

  do
    n = write (fd, text, length);
  while (n < 0 && errno == EINTR);
  if (n == (ssize_t) length)
    return TRUE;
  if (n < 0)
    return audit_fail (self, "writing to", errno, now);
  if (self->file != NULL)
    {
      struct stat info;

      if (fstat (fd, &info) == 0 && info.st_size >= n && ftruncate (fd, info.st_size - n) != 0)
        g_debug ("half a line stays in %s: %s", self->file, g_strerror (errno));
    }
  return audit_fail (self, "writing to", ENOSPC, now);
}

static gboolean
audit_write_text (PeerupAudit *self, const char *text, gint64 now)
{
  gsize length = strlen (text);

  if (self->file != NULL && (!audit_open (self, now) || !audit_make_room (self, length, now)))
    return FALSE;
  if (!audit_put (self, text, length, now))
    return FALSE;
  audit_tell (self, NULL);
  return TRUE;
}

/* Lines */

static void
add_field (JsonBuilder *builder, const char *name, const char *value)
{
  g_autofree char *clean = NULL;

  if (value == NULL)
    return;
  clean = peerup_trust_clean_text (value, PEERUP_AUDIT_FIELD_MAX);
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, clean != NULL ? clean : "");
}

static char *
format_time (gint64 now)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (now / G_USEC_PER_SEC);
  g_autofree char *seconds = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%S") : g_strdup ("");

  return g_strdup_printf ("%s.%03dZ", seconds, (int) (now % G_USEC_PER_SEC / 1000));
}

/* @count: 0: none. */
static char *
format_line (const PeerupAuditLine *line, guint64 count, gint64 now)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *time = format_time (now);
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  add_field (builder, "time", time);
  add_field (builder, "event", line->event);
  add_field (builder, "peer", line->peer);
  add_field (builder, "name", line->name);
  add_field (builder, "service", line->service);
  add_field (builder, "path", line->path);
  add_field (builder, "decision", line->decision);
  add_field (builder, "reason", line->reason);
  if (count > 0)
    {
      json_builder_set_member_name (builder, "count");
      json_builder_add_int_value (builder, (gint64) count);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  return g_strconcat (text, "\n", NULL);
}

/* FALSE: it is still to be told. */
static gboolean
audit_tell_count (PeerupAudit *self, guint64 *count, const char *reason, gint64 now)
{
  const PeerupAuditLine line = { .event = "left-out", .reason = reason };
  g_autofree char *text = NULL;

  if (*count == 0)
    return TRUE;
  text = format_line (&line, *count, now);
  if (!audit_write_text (self, text, now))
    return FALSE;
  *count = 0;
  return TRUE;
}

static gboolean
is_denial (const PeerupAuditLine *line)
{
  return g_strcmp0 (line->decision, "deny") == 0;
}

/* TRUE: it is one too many. */
static gboolean
audit_bounds (PeerupAudit *self, const PeerupAuditLine *line, gint64 now)
{
  if (!is_denial (line))
    return FALSE;
  if (now / G_USEC_PER_SEC != self->second)
    self->n_denials = 0;
  self->second = now / G_USEC_PER_SEC;
  return ++self->n_denials > PEERUP_AUDIT_DENIALS_MAX;
}

static gboolean
is_too_early (PeerupAudit *self, gint64 now)
{
  return self->told != NULL && now >= self->failed_at && now - self->failed_at < G_USEC_PER_SEC;
}

void
peerup_audit_write (PeerupAudit *self, const PeerupAuditLine *line, gint64 now)
{
  g_autofree char *text = NULL;

  g_return_if_fail (self != NULL && line != NULL && line->event != NULL);

  if (!self->enabled)
    return;
  if (self->left_out > 0 && now / G_USEC_PER_SEC != self->second)
    peerup_audit_flush (self, now);
  if (audit_bounds (self, line, now))
    {
      self->left_out++;
      return;
    }
  text = format_line (line, 0, now);
  if (is_too_early (self, now) || !audit_tell_count (self, &self->lost, "not-writable", now) ||
      !audit_write_text (self, text, now))
    self->lost++;
}

gboolean
peerup_audit_is_pending (PeerupAudit *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->enabled && (self->left_out > 0 || self->lost > 0);
}

void
peerup_audit_flush (PeerupAudit *self, gint64 now)
{
  g_return_if_fail (self != NULL);

  if (!peerup_audit_is_pending (self) || is_too_early (self, now))
    return;
  if (audit_tell_count (self, &self->lost, "not-writable", now))
    (void) audit_tell_count (self, &self->left_out, "too-many", now);
}

/* Life */

PeerupAudit *
peerup_audit_new (PeerupAuditProblem problem, gpointer data)
{
  PeerupAudit *self = g_new0 (PeerupAudit, 1);

  self->problem = problem;
  self->data = data;
  self->fd = -1;
  return self;
}

void
peerup_audit_set_settings (PeerupAudit *self, const PeerupAuditSettings *settings)
{
  g_return_if_fail (self != NULL && settings != NULL);

  self->enabled = settings->enabled;
  self->max_size = settings->max_size;
  self->keep = settings->keep;
  if (!g_set_str (&self->file, settings->file) && self->enabled)
    return;
  audit_close (self);
  audit_tell (self, NULL);
}

void
peerup_audit_free (PeerupAudit *self)
{
  g_return_if_fail (self != NULL);

  audit_close (self);
  g_free (self->file);
  g_free (self->told);
  g_free (self);
}
