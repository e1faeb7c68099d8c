/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The steps of changing a configuration, in an order in which a crash between any two of them leaves something that can
 * be told from everything else. Holds names alone. Puts nothing in force and keeps no time: whoever runs by the file
 * does, peerup-engine-store.c in the daemon.
 */
#include "config/peerup-config-store-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "config/peerup-config-diff.h"
#include "identity/peerup-atomic-file.h"

PeerupConfigStore *
peerup_config_store_new (const char *path)
{
  PeerupConfigStore *self;
  g_autofree char *name = NULL;
  const char *dot;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_new0 (PeerupConfigStore, 1);
  self->path = g_canonicalize_filename (path, NULL);
  self->history = peerup_config_side_file (self->path, "history", FALSE);
  self->pending = peerup_config_side_file (self->path, "pending", FALSE);
  self->backup = peerup_config_side_file (self->path, "pre-confirmed", TRUE);
  self->last_good = peerup_config_side_file (self->path, "last-good", TRUE);
  self->replaced = peerup_config_side_file (self->path, "replaced", TRUE);
  name = g_path_get_basename (self->path);
  dot = strrchr (name, '.');
  self->extension = g_strdup (dot != NULL && dot != name ? dot : "");
  return self;
}

void
peerup_config_store_free (PeerupConfigStore *self)
{
  g_free (self->path);
  g_free (self->history);
  g_free (self->pending);
  g_free (self->backup);
  g_free (self->last_good);
  g_free (self->replaced);
  g_free (self->extension);
  g_free (self);
}

const char *
peerup_config_store_get_path (PeerupConfigStore *self)
{
  return self->path;
}

/* Texts */

gboolean
peerup_config_store_holds (PeerupConfigStore *self, const char *text, gsize length, GError **error)
{
  g_autoptr (PeerupConfig) config = peerup_config_new_from_data (text, length, self->path, NULL, error);

  return config != NULL;
}

static gboolean
is_text (const PeerupConfigFile *file, const char *text, gsize length)
{
  return file != NULL && file->length == length && memcmp (file->text, text, length) == 0;
}

/* Of the last good one that still holds. NULL without an error if there is none. */
static char *
dup_last_good (PeerupConfigStore *self, gsize *length)
{
  g_autoptr (GPtrArray) entries = peerup_config_history_list (self->history, NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      g_autofree char *text = peerup_config_history_read (self->history, entries->pdata[i], length, NULL);

      if (text != NULL && peerup_config_store_holds (self, text, *length, NULL))
        return g_steal_pointer (&text);
    }
  return NULL;
}

/* Writing */

/* (transfer full): @reason. FALSE if there is one. */
static gboolean
pass_on (GError *reason, GError **error)
{
  if (reason == NULL)
    return TRUE;
  if (reason->domain == PEERUP_ERROR)
    {
      g_propagate_error (error, reason);
      return FALSE;
    }
  g_set_error (error, PEERUP_ERROR,
               g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_ACCES) ||
                   g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_PERM) ||
                   g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_ROFS)
                 ? PEERUP_ERROR_PERMISSION
                 : PEERUP_ERROR_CONFIG,
               _ ("%s; the configuration stays as it is"), reason->message);
  g_error_free (reason);
  return FALSE;
}

gboolean
peerup_config_store_write (const char *path, const char *text, gsize length, GError **error)
{
  GError *reason = NULL;

  return peerup_atomic_file_replace (path, text, length, &reason) || pass_on (reason, error);
}

gboolean
peerup_config_store_write_side (const char *path, const char *text, gsize length, GError **error)
{
  GError *reason = NULL;

  return peerup_own_file_replace (path, text, length, &reason) || pass_on (reason, error);
}

/* In the place of the configuration. */
static gboolean
install (PeerupConfigStore *self, PeerupConfigLock *lock, const char *text, gsize length, GError **error)
{
  if (lock->file != NULL)
    return peerup_config_file_replace (lock->file, text, length, error);
  return peerup_config_store_write (self->path, text, length, error);
}

static gboolean
is_last_good (PeerupConfigStore *self, const char *text, gsize length)
{
  g_autoptr (GBytes) bytes = peerup_own_file_read (self->last_good, PEERUP_CONFIG_MAX_SIZE, NULL);

  return bytes != NULL && g_bytes_get_size (bytes) == length &&
         (length == 0 || memcmp (g_bytes_get_data (bytes, NULL), text, length) == 0);
}

gboolean
peerup_config_store_keep (PeerupConfigStore *self, const char *text, gsize length, const char *who, const char *cause,
                          GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (peerup_config_history_add (self->history, text, length, g_get_real_time () / G_USEC_PER_SEC, who, cause,
                                 self->extension, &reason))
    return is_last_good (self, text, length) || peerup_config_store_write_side (self->last_good, text, length, error);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("cannot archive the configuration %s: %s"), self->path,
               reason->message);
  return FALSE;
}

/* Best effort: a text that never was in force, or not for long. */
void
peerup_config_store_save_replaced (PeerupConfigStore *self, PeerupConfigLock *lock)
{
  g_autoptr (GError) error = NULL;

  if (lock->file != NULL &&
      !peerup_config_store_write_side (self->replaced, lock->file->text, lock->file->length, &error))
    g_message ("What %s was is not kept: %s", self->path, error->message);
}

/* What is there goes, if it was good to the archive, else beside. */
static gboolean
keep_present (PeerupConfigStore *self, PeerupConfigLock *lock, GError **error)
{
  if (lock->file == NULL)
    return TRUE;
  if (peerup_config_store_holds (self, lock->file->text, lock->file->length, NULL))
    return peerup_config_store_keep (self, lock->file->text, lock->file->length, "file", "", error);
  peerup_config_store_save_replaced (self, lock);
  return TRUE;
}

/* Apply */

/* What a change that is not confirmed goes back to. */
static char *
dup_before (PeerupConfigStore *self, PeerupConfigLock *lock, const char *in_force, gsize *length, GError **error)
{
  char *text = NULL;

  if (lock->file != NULL && peerup_config_store_holds (self, lock->file->text, lock->file->length, NULL))
    {
      *length = lock->file->length;
      return g_strdup (lock->file->text);
    }
  if (in_force != NULL)
    {
      *length = strlen (in_force);
      return g_strdup (in_force);
    }
  text = dup_last_good (self, length);
  if (text == NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                 _ ("there is no good configuration in %s to go back to; apply it without --confirm-timeout"),
                 self->path);
  return text;
}

static gboolean
begin_waiting (PeerupConfigStore *self, PeerupConfigLock *lock, const char *text, gsize length,
               const PeerupConfigChange *change, GError **error)
{
  gsize before_length = 0;
  g_autofree char *before = dup_before (self, lock, change->in_force, &before_length, error);
  g_autofree char *name = g_path_get_basename (self->backup);
  g_autoptr (PeerupConfigPending) pending = NULL;
  g_auto (PeerupConfigNow) now = { 0 };
  g_autofree char *json = NULL;

  if (before == NULL || !peerup_config_store_write_side (self->backup, before, before_length, error))
    return FALSE;
  peerup_config_now_read (&now);
  pending = peerup_config_pending_new (&now, change->confirm_timeout, name, text, length);
  json = peerup_config_pending_to_json (pending);
  if (peerup_config_store_write_side (self->pending, json, strlen (json), error) &&
      install (self, lock, text, length, error))
    return TRUE;
  peerup_config_store_end_waiting (self);
  return FALSE;
}

/* The record first: a file to go back to without one is nothing. */
void
peerup_config_store_end_waiting (PeerupConfigStore *self)
{
  peerup_config_store_remove (self->pending);
  peerup_config_store_remove (self->backup);
}

static gboolean
check_timeout (gint64 timeout, GError **error)
{
  if (timeout == 0 || (timeout >= PEERUP_CONFIG_CONFIRM_MIN && timeout <= PEERUP_CONFIG_CONFIRM_MAX))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       _ ("a change can wait from 1 second to 24 hours to be confirmed; give 5m, for example"));
  return FALSE;
}

gboolean
peerup_config_store_apply (PeerupConfigStore *self, const char *text, gsize length, const PeerupConfigChange *change,
                           gboolean *changed, GError **error)
{
  g_auto (PeerupConfigLock) lock = PEERUP_CONFIG_LOCK_INIT;
  g_autoptr (GError) reason = NULL;
  gboolean same;

  g_return_val_if_fail (self != NULL && text != NULL && change != NULL, FALSE);

  if (!check_timeout (change->confirm_timeout, error) || !peerup_config_store_holds (self, text, length, error) ||
      !peerup_config_store_lock (self, &lock, error) || !peerup_config_pending_check_none (self->path, error))
    return FALSE;
  same = is_text (lock.file, text, length);
  if (changed != NULL)
    *changed = !same;
  if (!keep_present (self, &lock, error))
    return FALSE;
  if (change->confirm_timeout > 0)
    return begin_waiting (self, &lock, text, length, change, error);
  if (!same && !install (self, &lock, text, length, error))
    return FALSE;
  /* It is in place: that it is not archived is no reason to say that it failed. */
  if (!same && !peerup_config_store_keep (self, text, length, change->who, change->cause, &reason))
    g_message ("%s", reason->message);
  return TRUE;
}

static gboolean
means_the_same (PeerupConfigStore *self, const PeerupConfigFile *file, const char *text)
{
  g_autoptr (PeerupConfig) present = peerup_config_new_from_data (file->text, file->length, self->path, NULL, NULL);
  g_autoptr (PeerupConfig) other = peerup_config_new_from_data (text, strlen (text), self->path, NULL, NULL);
  g_autofree char *a = present != NULL ? peerup_config_to_yaml (present) : NULL;
  g_autofree char *b = other != NULL ? peerup_config_to_yaml (other) : NULL;

  return a != NULL && g_strcmp0 (a, b) == 0;
}

gboolean
peerup_config_store_archive (PeerupConfigStore *self, const char *in_force, const char *who, const char *cause,
                             GError **error)
{
  g_auto (PeerupConfigLock) lock = PEERUP_CONFIG_LOCK_INIT;

  g_return_val_if_fail (self != NULL, FALSE);

  if (!peerup_config_store_lock (self, &lock, error))
    return FALSE;
  if (lock.file == NULL || !peerup_config_pending_check_none (self->path, NULL) ||
      !peerup_config_store_holds (self, lock.file->text, lock.file->length, NULL) ||
      (in_force != NULL && !means_the_same (self, lock.file, in_force)))
    return FALSE;
  return peerup_config_store_keep (self, lock.file->text, lock.file->length, who, cause, error);
}

static gboolean
is_latest (PeerupConfigStore *self, const char *text, gsize length)
{
  g_autoptr (GPtrArray) entries = peerup_config_history_list (self->history, NULL);
  g_autofree char *latest = NULL;
  gsize latest_length = 0;

  if (entries != NULL && entries->len > 0)
    latest = peerup_config_history_read (self->history, entries->pdata[0], &latest_length, NULL);
  return latest != NULL && latest_length == length && memcmp (latest, text, length) == 0;
}

gboolean
peerup_config_store_note (PeerupConfigStore *self, const char *before, gsize before_length, const char *text,
                          gsize length, const char *who, const char *cause, GError **error)
{
  g_auto (PeerupConfigLock) lock = PEERUP_CONFIG_LOCK_INIT;

  g_return_val_if_fail (self != NULL && before != NULL && text != NULL, FALSE);

  if (!peerup_config_store_lock (self, &lock, error))
    return FALSE;
  if (!is_text (lock.file, text, length) || !peerup_config_pending_check_none (self->path, NULL) ||
      !peerup_config_store_holds (self, text, length, NULL))
    return FALSE;
  if (!is_latest (self, text, length) && peerup_config_store_holds (self, before, before_length, NULL) &&
      !peerup_config_store_keep (self, before, before_length, "file", "", error))
    return FALSE;
  return peerup_config_store_keep (self, text, length, who, cause, error);
}

static gboolean
waits (PeerupConfigStore *self, GError **error)
{
  if (!peerup_config_pending_check_none (self->path, NULL))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("no change of %s waits to be confirmed"), self->path);
  return FALSE;
}

gboolean
peerup_config_store_confirm (PeerupConfigStore *self, const PeerupConfigChange *change, GError **error)
{
  g_auto (PeerupConfigLock) lock = PEERUP_CONFIG_LOCK_INIT;
  g_autoptr (GError) reason = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;

  g_return_val_if_fail (self != NULL && change != NULL, FALSE);

  if (!peerup_config_store_lock (self, &lock, error) || !waits (self, error))
    return FALSE;
  if (lock.file != NULL)
    text = g_strdup (lock.file->text);
  else if (change->in_force != NULL)
    text = g_strdup (change->in_force);
  if (text == NULL)
    {
      g_set_error (
        error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
        _ ("%s is gone, so there is nothing to keep; “peerup config rollback” brings back what was there before"),
        self->path);
      return FALSE;
    }
  length = lock.file != NULL ? lock.file->length : strlen (text);
  /* Who confirms what no start could read would be locked out by the next one. */
  if (!peerup_config_store_holds (self, text, length, error) ||
      (lock.file == NULL && !peerup_config_store_write (self->path, text, length, error)))
    return FALSE;
  peerup_config_store_end_waiting (self);
  if (!waits (self, NULL))
    {
      if (!peerup_config_store_keep (self, text, length, change->who, change->cause, &reason))
        g_message ("%s", reason->message);
      return TRUE;
    }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               _ ("cannot remove %s: the change is not confirmed; make its directory writable and try again"),
               self->pending);
  return FALSE;
}

/* Back */

gboolean
peerup_config_store_revert (PeerupConfigStore *self, GError **error)
{
  g_auto (PeerupConfigLock) lock = PEERUP_CONFIG_LOCK_INIT;

  g_return_val_if_fail (self != NULL, FALSE);

  return peerup_config_store_lock (self, &lock, error) && waits (self, error) &&
         peerup_config_store_go_back (self, &lock, error);
}

/* (nullable) (transfer none): of @entries, as peerup_config_store_list() numbers them. */
static PeerupConfigEntry *
find_number (PeerupConfigStore *self, GPtrArray *entries, const char *text, gsize text_length, guint number)
{
  guint index = MAX (number, 1) - 1;

  if (entries->len > 0 && text != NULL)
    {
      gsize length;
      g_autofree char *latest = peerup_config_history_read (self->history, entries->pdata[0], &length, NULL);

      if (latest != NULL && length == text_length && memcmp (latest, text, length) == 0)
        index++;
    }
  return index < entries->len ? entries->pdata[index] : NULL;
}

static char *
dup_numbered (PeerupConfigStore *self, const char *present, gsize present_length, guint number, gsize *length,
              gint64 *time, GError **error)
{
  g_autoptr (GPtrArray) entries = peerup_config_history_list (self->history, error);
  const PeerupConfigEntry *entry;

  if (entries == NULL)
    return NULL;
  entry = find_number (self, entries, present, present_length, number);
  if (entry == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   _ (
                     "there is no good configuration number %u before this one; “peerup config list” shows those there "
                     "are"),
                   MAX (number, 1));
      return NULL;
    }
  *time = entry->time;
  return peerup_config_history_read (self->history, entry, length, error);
}

gboolean
peerup_config_store_rollback (PeerupConfigStore *self, guint number, const PeerupConfigChange *change, GError **error)
{
  g_auto (PeerupConfigLock) lock = PEERUP_CONFIG_LOCK_INIT;
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;
  gsize length = 0;
  gint64 time;

  g_return_val_if_fail (self != NULL && change != NULL, FALSE);

  if (!peerup_config_store_lock (self, &lock, error))
    return FALSE;
  if (number <= 1 && waits (self, NULL))
    return peerup_config_store_go_back (self, &lock, error);
  if (!peerup_config_pending_check_none (self->path, error))
    return FALSE;
  text = dup_numbered (self, lock.file != NULL ? lock.file->text : NULL, lock.file != NULL ? lock.file->length : 0,
                       number, &length, &time, error);
  if (text == NULL || !peerup_config_store_holds (self, text, length, error) || !keep_present (self, &lock, error) ||
      !install (self, &lock, text, length, error))
    return FALSE;
  if (!peerup_config_store_keep (self, text, length, change->who, change->cause, &reason))
    g_message ("%s", reason->message);
  return TRUE;
}

/* Looking */

static void
listed_free (gpointer data)
{
  PeerupConfigListed *listed = data;

  peerup_config_entry_free (listed->entry);
  g_free (listed->hash);
  g_free (listed);
}

char *
peerup_config_store_dup_text (PeerupConfigStore *self, GError **error)
{
  g_autoptr (PeerupConfigFile) file = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  file = peerup_config_file_read (self->path, error);
  return file != NULL ? g_steal_pointer (&file->text) : NULL;
}

GPtrArray *
peerup_config_store_list (PeerupConfigStore *self, GError **error)
{
  g_autoptr (PeerupConfigFile) file = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (listed_free);
  guint number = 1;

  g_return_val_if_fail (self != NULL, NULL);

  entries = peerup_config_history_list (self->history, error);
  if (entries == NULL)
    return NULL;
  file = peerup_config_file_read (self->path, NULL);
  g_ptr_array_set_free_func (entries, NULL);
  for (guint i = 0; i < entries->len; i++)
    {
      PeerupConfigListed *listed = g_new0 (PeerupConfigListed, 1);
      g_autofree char *text = NULL;

      listed->entry = entries->pdata[i];
      text = peerup_config_history_read (self->history, listed->entry, &listed->bytes, NULL);
      if (i == 0 && text != NULL && is_text (file, text, listed->bytes))
        number = 0;
      listed->number = number++;
      listed->hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text != NULL ? text : "", listed->bytes);
      g_ptr_array_add (list, listed);
    }
  return g_steal_pointer (&list);
}

char *
peerup_config_store_diff (PeerupConfigStore *self, guint number, GError **error)
{
  g_autoptr (PeerupConfigFile) file = NULL;
  g_autofree char *old = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GDateTime) at = NULL;
  gsize length = 0;
  gint64 time = 0;

  g_return_val_if_fail (self != NULL, NULL);

  file = peerup_config_file_read (self->path, error);
  if (file == NULL)
    return NULL;
  if (number <= 1 && waits (self, NULL))
    {
      g_autoptr (GBytes) backup = peerup_own_file_read (self->backup, PEERUP_CONFIG_MAX_SIZE, error);

      if (backup == NULL)
        return NULL;
      old = g_strndup (g_bytes_get_data (backup, NULL), g_bytes_get_size (backup));
      return peerup_config_diff (old, self->backup, file->text, self->path);
    }
  old = dup_numbered (self, file->text, file->length, number, &length, &time, error);
  if (old == NULL)
    return NULL;
  at = g_date_time_new_from_unix_local (time);
  name = g_date_time_format (at, "good since %Y-%m-%d %H:%M:%S");
  return peerup_config_diff (old, name, file->text, self->path);
}
