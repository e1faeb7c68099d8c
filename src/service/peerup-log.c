/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Levels by domain, and the way of a message to the journal or to whoever prints it. Lives as long as the process.
 * What GLib is told of the domains that want debug messages lets the others' cost nothing: see peerup-log-cost.h.
 */
#include "service/peerup-log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peerup-config.h"
#include "wire/peerup-error.h"

#define PREFIX "peerup-"
/* A level for each domain of a program; a caller does not make the table grow for ever. */
#define DOMAINS_MAX 64

static GMutex mutex;
static GHashTable *levels; /* short name → GLogLevelFlags, without PEERUP_LOG_ALL */
static GLogLevelFlags all_level = G_LOG_LEVEL_MESSAGE;
static gboolean all_libraries; /* G_MESSAGES_DEBUG=all */
static PeerupLogPrint printer;
static const char *usual_profile; /* nullable, interned; atomic */
static GPrivate pending;          /* of the message that this thread logs just now: const PeerupLogFields */

static const struct
{
  const char *name;
  GLogLevelFlags level;
} names[] = {
  { "error", G_LOG_LEVEL_CRITICAL }, { "warning", G_LOG_LEVEL_WARNING }, { "message", G_LOG_LEVEL_MESSAGE },
  { "info", G_LOG_LEVEL_INFO },      { "debug", G_LOG_LEVEL_DEBUG },
};

const char *
peerup_log_level_to_string (GLogLevelFlags level)
{
  level &= G_LOG_LEVEL_MASK;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (level <= names[i].level)
      return names[i].name;
  return "debug";
}

/* 0 if @text is no level. */
static GLogLevelFlags
level_from_string (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (text, names[i].name))
      return names[i].level;
  /* As some call it. */
  return g_str_equal (text, "notice") ? G_LOG_LEVEL_MESSAGE : 0;
}

/* Domains */

static gboolean
is_all (const char *domain)
{
  return g_str_equal (domain, PEERUP_LOG_ALL) || g_str_equal (domain, "all") || g_str_equal (domain, "peerup");
}

/* "swarm" of "peerup-swarm"; others as they are. */
static const char *
short_name (const char *domain)
{
  return g_str_has_prefix (domain, PREFIX) ? domain + strlen (PREFIX) : domain;
}

static char **
list_rooms (void)
{
  return g_strsplit (PEERUP_LOG_DOMAINS, " ", -1);
}

static gboolean
is_room (const char *name)
{
  g_auto (GStrv) rooms = list_rooms ();

  return g_strv_contains ((const char *const *) rooms, name);
}

/* The libraries that have something to say when a connection is looked into. */
static gboolean
is_library (const char *name)
{
  static const char *const beginnings[] = { "GLib", "Dex", "libdex", "libsoup", "libnice", "gupnp", "gssdp" };

  for (guint i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (g_str_has_prefix (name, beginnings[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_own (const char *domain)
{
  return domain == NULL || g_str_has_prefix (domain, PREFIX) || g_str_equal (domain, "peerup");
}

/* With the mutex held. */
static GLogLevelFlags
level_of (const char *domain)
{
  gpointer level = NULL;

  if (levels != NULL && domain != NULL && g_hash_table_lookup_extended (levels, short_name (domain), NULL, &level))
    return GPOINTER_TO_UINT (level);
  return is_own (domain) || all_libraries ? all_level : MIN (all_level, G_LOG_LEVEL_INFO);
}

gboolean
peerup_log_wants (const char *domain, GLogLevelFlags level)
{
  gboolean wanted;

  g_mutex_lock (&mutex);
  wanted = (level & G_LOG_LEVEL_MASK) <= level_of (domain);
  g_mutex_unlock (&mutex);
  return wanted;
}

/* Tells GLib whose debug messages are worth their text. With the mutex held. */
static void
tell_glib (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) rooms = list_rooms ();
  g_auto (GStrv) domains = NULL;
  GHashTableIter iter;
  gpointer name, level;

  if (all_level >= G_LOG_LEVEL_DEBUG)
    g_strv_builder_add (builder, all_libraries ? "all" : "peerup");
  for (guint i = 0; rooms[i] != NULL; i++)
    if (!g_hash_table_contains (levels, rooms[i]) && all_level >= G_LOG_LEVEL_DEBUG)
      g_strv_builder_take (builder, g_strconcat (PREFIX, rooms[i], NULL));
  g_hash_table_iter_init (&iter, levels);
  while (g_hash_table_iter_next (&iter, &name, &level))
    if (GPOINTER_TO_UINT (level) >= G_LOG_LEVEL_DEBUG)
      g_strv_builder_take (builder, g_strconcat (is_room (name) ? PREFIX : "", name, NULL));
  domains = g_strv_builder_end (builder);
  g_log_writer_default_set_debug_domains ((const char *const *) domains);
}

static void
ensure_levels (void)
{
  if (levels == NULL)
    levels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

gboolean
peerup_log_check (const char *domain, const char *level, GError **error)
{
  const char *name = short_name (domain);

  if (!is_all (domain) && !is_room (name) && !is_library (name))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   "there is no log domain “%s”: there is all, %s, and what libraries call themselves (GLib-GIO)",
                   domain, PEERUP_LOG_DOMAINS);
      return FALSE;
    }
  if (level_from_string (level) != 0 || (level[0] == '\0' && !is_all (domain)))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               "“%s” is no level for the log of %s: there is error, warning, message, info and debug%s", level, domain,
               is_all (domain) ? "" : ", or nothing to take it back");
  return FALSE;
}

gboolean
peerup_log_set (const char *domain, const char *level, GError **error)
{
  gboolean full;

  if (!peerup_log_check (domain, level, error))
    return FALSE;
  g_mutex_lock (&mutex);
  ensure_levels ();
  full = !is_all (domain) && level[0] != '\0' && g_hash_table_size (levels) >= DOMAINS_MAX &&
         !g_hash_table_contains (levels, short_name (domain));
  if (is_all (domain))
    all_level = level_from_string (level);
  else if (level[0] == '\0')
    g_hash_table_remove (levels, short_name (domain));
  else if (!full)
    g_hash_table_replace (levels, g_strdup (short_name (domain)), GUINT_TO_POINTER (level_from_string (level)));
  tell_glib ();
  g_mutex_unlock (&mutex);
  if (full)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "no more than %d log domains have a level of their own",
                 DOMAINS_MAX);
  return !full;
}

void
peerup_log_set_all (GLogLevelFlags level)
{
  g_mutex_lock (&mutex);
  ensure_levels ();
  all_level = level;
  tell_glib ();
  g_mutex_unlock (&mutex);
}

/* "swarm=debug" as {swarm, debug}; NULL with MALFORMED. */
static char **
split_level (const char *word, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (word, "=", 2);

  if (g_strv_length (parts) != 2)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   "“%s” sets no level of the log: write it as swarm=debug, or all=info", word);
      return NULL;
    }
  g_strstrip (parts[0]);
  g_strstrip (parts[1]);
  return peerup_log_check (parts[0], parts[1], error) ? g_steal_pointer (&parts) : NULL;
}

gboolean
peerup_log_set_from_text (const char *text, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_auto (GStrv) words = g_strsplit_set (text, ",;", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      char **level;

      if (g_strstrip (words[i])[0] == '\0')
        continue;
      level = split_level (words[i], error);
      if (level == NULL)
        return FALSE;
      g_ptr_array_add (list, level);
    }
  for (guint i = 0; i < list->len; i++)
    {
      char **level = g_ptr_array_index (list, i);

      if (!peerup_log_set (level[0], level[1], error))
        return FALSE;
    }
  return TRUE;
}

GHashTable *
peerup_log_dup_levels (void)
{
  GHashTable *copy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer name, level;

  g_mutex_lock (&mutex);
  ensure_levels ();
  g_hash_table_iter_init (&iter, levels);
  while (g_hash_table_iter_next (&iter, &name, &level))
    g_hash_table_insert (copy, g_strdup (name), (gpointer) peerup_log_level_to_string (GPOINTER_TO_UINT (level)));
  g_hash_table_insert (copy, g_strdup (PEERUP_LOG_ALL), (gpointer) peerup_log_level_to_string (all_level));
  g_mutex_unlock (&mutex);
  return copy;
}

/* Messages */

gboolean
peerup_log_is_journal (void)
{
  const char *stream = g_getenv ("JOURNAL_STREAM");
  g_auto (GStrv) parts = NULL;
  guint64 device, inode;
  struct stat info;

  if (stream == NULL || fstat (STDERR_FILENO, &info) != 0)
    return FALSE;
  parts = g_strsplit (stream, ":", 2);
  return g_strv_length (parts) == 2 && g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXUINT64, &device, NULL) &&
         g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT64, &inode, NULL) && device == info.st_dev &&
         inode == info.st_ino;
}

void
peerup_log_set_profile (const char *name)
{
  g_atomic_pointer_set (&usual_profile, g_intern_string (name));
}

static void
add_field (GArray *fields, const char *key, const char *value)
{
  const GLogField field = { .key = key, .value = value, .length = -1 };

  if (value != NULL)
    g_array_append_val (fields, field);
}

static gboolean
send_to_journal (GLogLevelFlags level, const GLogField *fields, gsize n_fields, const char *message,
                 const PeerupLogFields *more)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (GLogField));
  g_autofree char *named = NULL;

  for (gsize i = 0; i < n_fields; i++)
    if (!g_str_equal (fields[i].key, "GLIB_OLD_LOG_API") && !g_str_equal (fields[i].key, "MESSAGE"))
      g_array_append_val (all, fields[i]);
  /* In the text too: what journalctl shows of an entry is that alone. */
  if (more->profile != NULL)
    message = named = g_strconcat (more->profile, ": ", message, NULL);
  add_field (all, "MESSAGE", message);
  add_field (all, "SYSLOG_IDENTIFIER", "peerup");
  add_field (all, "MESSAGE_ID", more->message_id);
  add_field (all, "PEERUP_PEER", more->peer);
  add_field (all, "PEERUP_SERVICE", more->service);
  add_field (all, "PEERUP_PATH", more->path);
  add_field (all, "PEERUP_PROFILE", more->profile);
  return g_log_writer_journald (level, (const GLogField *) (gconstpointer) all->data, all->len, NULL) ==
         G_LOG_WRITER_HANDLED;
}

static GLogWriterOutput
write_message (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  const PeerupLogFields *given = g_private_get (&pending);
  PeerupLogFields more = { 0 };
  const char *message = NULL, *domain = NULL;
  g_autofree char *text = NULL;

  for (gsize i = 0; i < n_fields; i++)
    {
      if (g_str_equal (fields[i].key, "MESSAGE"))
        message = fields[i].value;
      else if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
        domain = fields[i].value;
    }
  if (message == NULL)
    return G_LOG_WRITER_UNHANDLED;
  if (given != NULL)
    more = *given;
  if (more.profile == NULL)
    more.profile = g_atomic_pointer_get (&usual_profile);
  if (!peerup_log_wants (domain, level))
    return G_LOG_WRITER_HANDLED;
  if (peerup_log_is_journal () && send_to_journal (level, fields, n_fields, message, &more))
    return G_LOG_WRITER_HANDLED;
  text = g_strdelimit (g_strdup (message), "\r\n", ' ');
  printer (level, domain, text, &more);
  return G_LOG_WRITER_HANDLED;
}

/* What every program with GLib understands: words are domains, or all. */
static void
take_glib_environment (void)
{
  const char *wanted = g_getenv ("G_MESSAGES_DEBUG");
  g_auto (GStrv) words = g_strsplit_set (wanted != NULL ? wanted : "", " ,", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (g_str_equal (words[i], "all"))
        all_libraries = TRUE;
      if (words[i][0] != '\0' && peerup_log_check (words[i], "debug", NULL))
        (void) peerup_log_set (words[i], "debug", NULL);
    }
}

void
peerup_log_install (PeerupLogPrint print)
{
  g_return_if_fail (print != NULL && printer == NULL);

  printer = print;
  take_glib_environment ();
  g_log_set_writer_func (write_message, NULL, NULL);
}

void
peerup_log_with (const char *domain, GLogLevelFlags level, const PeerupLogFields *fields, const char *format, ...)
{
  gpointer outer = g_private_get (&pending);
  va_list arguments;

  if (printer != NULL && !peerup_log_wants (domain, level))
    return;
  /* Taken from here by the writer, in this thread and before g_logv() returns. */
  g_private_set (&pending, (gpointer) fields);
  va_start (arguments, format);
  g_logv (domain, level, format, arguments);
  va_end (arguments);
  g_private_set (&pending, outer);
}
