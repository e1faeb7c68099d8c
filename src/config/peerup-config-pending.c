/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The record of a configuration that waits to be confirmed: written, read, and how long it still may. Times are given;
 * peerup_config_now_read() alone looks at a clock. Stateless. Writes no file: peerup-config-store.c does.
 */
#include "config/peerup-config-pending.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <time.h>

#include "identity/peerup-atomic-file.h"

#define MAX_SIZE (16 * 1024)
#define BOOT_ID  "/proc/sys/kernel/random/boot_id"

void
peerup_config_now_read (PeerupConfigNow *self)
{
  struct timespec boot = { 0 };

  self->real = g_get_real_time ();
  if (clock_gettime (CLOCK_BOOTTIME, &boot) != 0)
    clock_gettime (CLOCK_MONOTONIC, &boot);
  self->boot = (gint64) boot.tv_sec * G_USEC_PER_SEC + boot.tv_nsec / 1000;
  if (g_file_get_contents (BOOT_ID, &self->boot_id, NULL, NULL))
    g_strstrip (self->boot_id);
  else
    self->boot_id = g_strdup ("");
}

void
peerup_config_now_clear (PeerupConfigNow *self)
{
  g_clear_pointer (&self->boot_id, g_free);
}

PeerupConfigPending *
peerup_config_pending_new (const PeerupConfigNow *now, gint64 timeout, const char *backup, const char *text,
                           gsize length)
{
  PeerupConfigPending *self;

  g_return_val_if_fail (timeout >= PEERUP_CONFIG_CONFIRM_MIN && timeout <= PEERUP_CONFIG_CONFIRM_MAX, NULL);

  self = g_new0 (PeerupConfigPending, 1);
  self->deadline = now->real + timeout;
  self->backup = g_strdup (backup);
  self->boot_id = now->boot_id[0] != '\0' ? g_strdup (now->boot_id) : NULL;
  self->boot_deadline = now->boot + timeout;
  self->timeout = timeout;
  self->hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, length);
  return self;
}

void
peerup_config_pending_free (PeerupConfigPending *self)
{
  g_free (self->backup);
  g_free (self->boot_id);
  g_free (self->hash);
  g_free (self);
}

/* (nullable) (transfer none): a member that is text. */
static const char *
get_text (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node)
           : NULL;
}

static gint64
get_number (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64
           ? json_node_get_int (node)
           : 0;
}

static gboolean
is_plain_name (const char *name)
{
  return name != NULL && *name != '\0' && strchr (name, '/') == NULL && strcmp (name, ".") != 0 &&
         strcmp (name, "..") != 0;
}

PeerupConfigPending *
peerup_config_pending_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (PeerupConfigPending) self = g_new0 (PeerupConfigPending, 1);
  g_autoptr (GDateTime) deadline = NULL;
  JsonNode *root = NULL;
  JsonObject *object;

  if (length <= MAX_SIZE && json_parser_load_from_data (parser, text, length, NULL))
    root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("the record is no JSON object"));
      return NULL;
    }
  object = json_node_get_object (root);
  if (get_text (object, "deadline") != NULL)
    deadline = g_date_time_new_from_iso8601 (get_text (object, "deadline"), NULL);
  if (deadline == NULL || !is_plain_name (get_text (object, "backup")))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           _ ("the record lacks a deadline, or the name of a file beside it"));
      return NULL;
    }
  self->deadline = g_date_time_to_unix (deadline) * G_USEC_PER_SEC + g_date_time_get_microsecond (deadline);
  self->backup = g_strdup (get_text (object, "backup"));
  self->boot_id = g_strdup (get_text (object, "boot_id"));
  self->boot_deadline = MAX (get_number (object, "boot_deadline"), 0);
  self->timeout = CLAMP (get_number (object, "timeout"), 0, PEERUP_CONFIG_CONFIRM_MAX);
  self->hash = g_strdup (get_text (object, "sha256"));
  return g_steal_pointer (&self);
}

char *
peerup_config_pending_to_json (const PeerupConfigPending *self)
{
  g_autoptr (GDateTime) deadline = g_date_time_new_from_unix_utc (self->deadline / G_USEC_PER_SEC);
  g_autofree char *text = g_date_time_format (deadline, "%Y-%m-%dT%H:%M:%SZ");
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *json = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "deadline");
  json_builder_add_string_value (builder, text);
  json_builder_set_member_name (builder, "backup");
  json_builder_add_string_value (builder, self->backup);
  if (self->boot_id != NULL)
    {
      json_builder_set_member_name (builder, "boot_id");
      json_builder_add_string_value (builder, self->boot_id);
    }
  json_builder_set_member_name (builder, "boot_deadline");
  json_builder_add_int_value (builder, self->boot_deadline);
  json_builder_set_member_name (builder, "timeout");
  json_builder_add_int_value (builder, self->timeout);
  if (self->hash != NULL)
    {
      json_builder_set_member_name (builder, "sha256");
      json_builder_add_string_value (builder, self->hash);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  json = json_to_string (root, FALSE);
  return g_strconcat (json, "\n", NULL);
}

gint64
peerup_config_pending_get_remaining (const PeerupConfigPending *self, const PeerupConfigNow *now)
{
  gint64 longest = self->timeout > 0 ? self->timeout : PEERUP_CONFIG_CONFIRM_MAX;

  if (self->boot_id == NULL || now->boot_id[0] == '\0')
    return CLAMP (self->deadline - now->real, 0, longest);
  if (strcmp (self->boot_id, now->boot_id) != 0)
    return 0;
  /* Of the same start none can be so far away: it would begin anew whenever it is read, and never end. */
  if (self->boot_deadline - now->boot > longest + PEERUP_CONFIG_CONFIRM_MAX)
    return 0;
  return CLAMP (self->boot_deadline - now->boot, 0, longest);
}

char *
peerup_config_side_file (const char *path, const char *kind, gboolean extension)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  const char *dot = strrchr (name, '.');
  /* A name that begins with its only dot has no extension. */
  int stem = dot != NULL && dot != name ? (int) (dot - name) : (int) strlen (name);

  return g_strdup_printf ("%s/.%.*s.%s%s", directory, stem, name, kind, extension ? name + stem : "");
}

PeerupConfigPending *
peerup_config_pending_load (const char *path, GError **error)
{
  g_autofree char *file = peerup_config_side_file (path, "pending", FALSE);
  g_autoptr (GError) reason = NULL;
  g_autoptr (GBytes) bytes = peerup_own_file_read (file, MAX_SIZE, &reason);
  PeerupConfigPending *self;
  const char *text;
  gsize length;

  if (bytes == NULL)
    {
      if (!g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
        g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  text = g_bytes_get_data (bytes, &length);
  self = peerup_config_pending_parse (text, length, error);
  if (self == NULL)
    g_prefix_error (error, "%s: ", file);
  return self;
}

gboolean
peerup_config_pending_check_none (const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupConfigPending) pending = peerup_config_pending_load (path, &reason);
  g_autoptr (GDateTime) deadline = NULL;
  g_autofree char *until = NULL;

  /* Its own sentence says what to do. */
  if (g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_PERMISSION))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                   _ ("whether the last change of %s waits to be confirmed cannot be told: %s"), path, reason->message);
      return FALSE;
    }
  if (pending == NULL && reason == NULL)
    return TRUE;
  if (pending != NULL)
    deadline = g_date_time_new_from_unix_local (pending->deadline / G_USEC_PER_SEC);
  until = deadline != NULL ? g_date_time_format (deadline, " until %H:%M:%S on %Y-%m-%d") : g_strdup ("");
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
               _ (
                 "the last change of %s waits to be confirmed%s; keep it by “peerup config confirm” or take it back by "
                 "“peerup config rollback” first"),
               path, until);
  return FALSE;
}
