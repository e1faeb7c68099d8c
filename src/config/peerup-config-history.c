/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The last good configurations, a file each in one directory, mode 0600. Stateless. Does not judge what is good, and
 * does not lock: peerup-config-store.c does both. What somebody else has put there is left alone.
 */
#include "config/peerup-config-history.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "identity/peerup-atomic-file.h"

/* "SEQUENCE.TIME.WHO.CAUSE.EXTENSION"; a file system takes 255 bytes, and a temporary name is 14 longer. */
#define WHO_MAX   30
#define CAUSE_MAX 150

void
peerup_config_entry_free (PeerupConfigEntry *self)
{
  g_free (self->file);
  g_free (self->who);
  g_free (self->cause);
  g_free (self);
}

/* At most @max bytes of ASCII letters, digits, "_", "-" and %XX; cut between characters. */
static char *
escape (const char *text, gsize max)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) escaped = g_string_new (NULL);

  for (const char *next, *p = valid; *p != '\0'; p = next)
    {
      gsize before = escaped->len;

      next = g_utf8_next_char (p);
      for (; p < next; p++)
        if (g_ascii_isalnum (*p) || *p == '_' || *p == '-')
          g_string_append_c (escaped, *p);
        else
          g_string_append_printf (escaped, "%%%02X", (guint8) *p);
      if (escaped->len > max)
        {
          g_string_truncate (escaped, before);
          break;
        }
    }
  return g_string_free (g_steal_pointer (&escaped), FALSE);
}

char *
peerup_config_entry_name (guint sequence, gint64 time, const char *who, const char *cause, const char *extension)
{
  g_autofree char *who_part = escape (who, WHO_MAX);
  g_autofree char *cause_part = escape (cause, CAUSE_MAX);

  return g_strdup_printf ("%08u.%" G_GINT64_FORMAT ".%s.%s%s", sequence, time, who_part, cause_part,
                          strlen (extension) <= 16 ? extension : "");
}

PeerupConfigEntry *
peerup_config_entry_parse (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, ".", 5);
  g_autoptr (PeerupConfigEntry) self = NULL;
  guint64 sequence;
  gint64 time;

  if (g_strv_length (parts) < 4 || !g_ascii_string_to_unsigned (parts[0], 10, 1, G_MAXUINT, &sequence, NULL) ||
      !g_ascii_string_to_signed (parts[1], 10, 0, G_MAXINT32 * G_GINT64_CONSTANT (1000), &time, NULL) ||
      g_str_has_suffix (name, ".tmp"))
    return NULL;
  self = g_new0 (PeerupConfigEntry, 1);
  self->file = g_strdup (name);
  self->sequence = sequence;
  self->time = time;
  self->who = g_uri_unescape_string (parts[2], NULL);
  self->cause = g_uri_unescape_string (parts[3], NULL);
  if (self->who == NULL || self->cause == NULL || !g_utf8_validate (self->who, -1, NULL) ||
      !g_utf8_validate (self->cause, -1, NULL))
    return NULL;
  return g_steal_pointer (&self);
}

static int
compare_latest_first (gconstpointer a, gconstpointer b)
{
  const PeerupConfigEntry *x = *(PeerupConfigEntry *const *) a;
  const PeerupConfigEntry *y = *(PeerupConfigEntry *const *) b;

  return (x->sequence < y->sequence) - (x->sequence > y->sequence);
}

GPtrArray *
peerup_config_history_list (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_config_entry_free);
  g_autoptr (GError) reason = NULL;
  g_autoptr (GDir) dir = g_dir_open (directory, 0, &reason);
  const char *name;

  if (dir == NULL && !g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, _ ("cannot look for earlier configurations: %s"),
                   reason->message);
      return NULL;
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      PeerupConfigEntry *entry = peerup_config_entry_parse (name);

      if (entry != NULL)
        g_ptr_array_add (entries, entry);
    }
  g_ptr_array_sort (entries, compare_latest_first);
  return g_steal_pointer (&entries);
}

char *
peerup_config_history_read (const char *directory, const PeerupConfigEntry *entry, gsize *length, GError **error)
{
  g_autofree char *path = g_build_filename (directory, entry->file, NULL);
  g_autoptr (GBytes) bytes = peerup_own_file_read (path, PEERUP_CONFIG_MAX_SIZE, error);
  const char *data;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, length);
  return g_strndup (data != NULL ? data : "", *length);
}

static gboolean
is_of_text (const char *directory, const PeerupConfigEntry *entry, const char *text, gsize length)
{
  g_autofree char *present = NULL;
  gsize present_length;

  present = peerup_config_history_read (directory, entry, &present_length, NULL);
  return present != NULL && present_length == length && memcmp (present, text, length) == 0;
}

/* What a crash has left: the caller's lock means that nobody is writing there. Best effort. */
static void
sweep (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, ".") && g_str_has_suffix (name, ".tmp"))
      {
        g_autofree char *path = g_build_filename (directory, name, NULL);

        (void) g_unlink (path);
      }
}

/* Who follows the file may have been quicker than who has changed it, and knows only that somebody did. Best effort. */
static void
name_cause (const char *directory, const PeerupConfigEntry *entry, const char *who, const char *cause,
            const char *extension)
{
  g_autofree char *name = peerup_config_entry_name (entry->sequence, entry->time, who, cause, extension);
  g_autofree char *from = g_build_filename (directory, entry->file, NULL);
  g_autofree char *to = g_build_filename (directory, name, NULL);

  if (strcmp (entry->who, "file") == 0 && strcmp (who, "file") != 0 && strcmp (who, "daemon") != 0 &&
      g_rename (from, to) != 0)
    g_debug ("%s keeps its name", from);
}

gboolean
peerup_config_history_add (const char *directory, const char *text, gsize length, gint64 time, const char *who,
                           const char *cause, const char *extension, GError **error)
{
  g_autoptr (GPtrArray) entries = peerup_config_history_list (directory, error);
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;
  guint kept = 0;

  if (entries == NULL)
    return FALSE;
  if (entries->len > 0 && is_of_text (directory, entries->pdata[0], text, length))
    {
      name_cause (directory, entries->pdata[0], who, cause, extension);
      return TRUE;
    }
  name = peerup_config_entry_name (entries->len > 0 ? ((PeerupConfigEntry *) entries->pdata[0])->sequence + 1 : 1, time,
                                   who, cause, extension);
  path = g_build_filename (directory, name, NULL);
  /* The number is new. What root writes belongs to the owner of the directory, who is to read it. */
  if (!peerup_own_file_replace (path, text, length, error))
    return FALSE;
  sweep (directory);
  for (guint i = 0; i < entries->len; i++)
    {
      g_autofree char *old = g_build_filename (directory, ((PeerupConfigEntry *) entries->pdata[i])->file, NULL);

      if (kept >= PEERUP_CONFIG_HISTORY_KEPT || is_of_text (directory, entries->pdata[i], text, length))
        (void) g_unlink (old);
      else
        kept++;
    }
  return TRUE;
}
