/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the command says: results to stdout, the rest to stderr, log lines, and the forms
 * of numbers. Holds no state but the level of the log.
 */
#include "cli/peerup-cli.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/peerup-cli-text.h"
#include "config/peerup-go-duration.h"
#include "config/peerup-profile.h"
#include "control/peerup-control-errors.h"
#include "service/peerup-log.h"

static GLogLevelFlags log_level = G_LOG_LEVEL_MESSAGE;
static gboolean log_json;
static gboolean say_json;

guint
peerup_cli_get_width (void)
{
  const char *columns = g_getenv ("COLUMNS");
  struct winsize size = { 0 };
  guint64 width;

  if (columns != NULL && g_ascii_string_to_unsigned (columns, 10, 1, 10000, &width, NULL))
    return (guint) width;
  return isatty (STDOUT_FILENO) && ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void
peerup_cli_print (const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *safe = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  safe = peerup_cli_make_safe (text, TRUE, peerup_cli_has_colour ());
  peerup_cli_print_raw (safe);
}

void
peerup_cli_print_raw (const char *text)
{
  fputs (text, stdout);
  fflush (stdout);
}

void
peerup_cli_print_json (JsonNode *root)
{
  g_autofree char *text = json_to_string (root, TRUE);

  peerup_cli_print ("%s\n", text);
  json_node_unref (root);
}

void
peerup_cli_print_variant (GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);

  peerup_cli_print_json (json_gvariant_serialize (owned));
}

void
peerup_cli_print_variant_line (GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autoptr (JsonNode) root = json_gvariant_serialize (owned);
  g_autofree char *text = json_to_string (root, FALSE);

  peerup_cli_print ("%s\n", text);
}

void
peerup_cli_set_json (gboolean json)
{
  say_json = json;
}

/* (transfer floating): an object, on one line of stderr. */
static void
say_variant (GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autoptr (JsonNode) root = json_gvariant_serialize (owned);
  g_autofree char *text = json_to_string (root, FALSE);

  fprintf (stderr, "%s\n", text);
}

static void
say_text (const char *text)
{
  g_autofree char *safe = say_json ? NULL : peerup_cli_make_safe (text, TRUE, FALSE);

  if (say_json)
    say_variant (g_variant_new_parsed ("{'message': <%s>}", text));
  else
    fprintf (stderr, "%s\n", safe);
}

void
peerup_cli_say (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  say_text (text);
}

/* "not-found" for dev.peerup.PeerUp.Error.NotFound. */
static char *
get_error_code (const GError *error)
{
  g_autofree char *name = NULL;
  g_autoptr (GString) code = g_string_new (NULL);
  const char *last;

  if (error->domain == G_OPTION_ERROR)
    return g_strdup ("usage");
  peerup_control_register_errors ();
  name = g_dbus_error_encode_gerror (error);
  last = strrchr (name, '.') + 1;
  if (strstr (name, "UnmappedGError") != NULL)
    return g_strdup ("failed");
  for (const char *p = last; p[0] != '\0'; p++)
    g_string_append_printf (code, "%s%c", p > last && g_ascii_isupper (p[0]) ? "-" : "", g_ascii_tolower (p[0]));
  return g_string_free_and_steal (g_steal_pointer (&code));
}

/* @place: "peerup" or "peerup COMMAND". */
static int
fail (const GError *error, const char *place, int status)
{
  g_autofree char *code = get_error_code (error);

  if (say_json)
    say_variant (g_variant_new_parsed ("{'error': <{'code': <%s>, 'message': <%s>, 'exit_status': <%i>}>}", code,
                                       error->message, status));
  else
    peerup_cli_say ("%s: %s", place, error->message);
  return status;
}

int
peerup_cli_fail (const GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);

  g_dbus_error_strip_remote_error (copy);
  return fail (copy, "peerup", PEERUP_CLI_FAILED);
}

int
peerup_cli_fail_text (PeerupError code, const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  error = g_error_new_valist (PEERUP_ERROR, (int) code, format, arguments);
  va_end (arguments);
  return peerup_cli_fail (error);
}

int
peerup_cli_fail_parse (const GError *error)
{
  return fail (error, "peerup", PEERUP_CLI_USAGE);
}

int
peerup_cli_fail_usage (PeerupCli *self, const char *format, ...)
{
  g_autofree char *place = g_strdup_printf ("peerup %s", self->command->name);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  error = g_error_new (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s; usage: peerup %s %s"), text,
                       self->command->name, self->command->arguments);
  return fail (error, place, PEERUP_CLI_USAGE);
}

char *
peerup_cli_find_config (PeerupCli *self, GError **error)
{
  g_autofree char *path = NULL;

  if (self->profiles == NULL || self->profiles[0] == NULL)
    return peerup_config_find (self->config, error);
  path = peerup_profile_dup_config (self->profiles[0]);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  g_set_error (
    error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
    _ ("there is no profile “%s” (%s): make it with “peerup init --profile %s”, or see “peerup profile list”"),
    self->profiles[0], path, self->profiles[0]);
  return NULL;
}

PeerupConfig *
peerup_cli_load_config (PeerupCli *self, GError **error)
{
  g_autofree char *path = peerup_cli_find_config (self, error);
  g_autoptr (GPtrArray) warnings = NULL;
  PeerupConfig *config;

  if (path == NULL)
    return NULL;
  config = peerup_config_load (path, &warnings, error);
  for (guint i = 0; config != NULL && warnings != NULL && i < warnings->len; i++)
    peerup_cli_say ("%s", (const char *) g_ptr_array_index (warnings, i));
  return config;
}

PeerupConfigEdit *
peerup_cli_edit_open (const char *path, const char *operation, const char *object, GError **error)
{
  PeerupConfigEdit *edit = peerup_config_edit_open (path, error);
  g_autofree char *cause = g_strdup_printf ("%s %s", operation, object);

  if (edit != NULL)
    peerup_config_edit_set_cause (edit, cause);
  return edit;
}

char *
peerup_cli_format_rtt (gint64 microseconds)
{
  double ms = microseconds / 1000.0;

  return g_strdup_printf (ms < 10 ? "%.2f ms" : ms < 100 ? "%.1f ms" : "%.0f ms", ms);
}

/* The smaller unit is left out where there is nothing of it. */
static char *
format_two (int large, const char *large_unit, int small, const char *small_unit)
{
  if (small == 0)
    return g_strdup_printf ("%d %s", large, large_unit);
  return g_strdup_printf ("%d %s %d %s", large, large_unit, small, small_unit);
}

char *
peerup_cli_format_duration (gint64 seconds)
{
  int days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;

  if (days > 0)
    return format_two (days, g_dngettext (GETTEXT_PACKAGE, "day", "days", days), hours, "h");
  if (hours > 0)
    return format_two (hours, "h", minutes, "min");
  if (minutes > 0)
    return format_two (minutes, "min", (int) (seconds % 60), "s");
  return g_strdup_printf ("%d s", (int) MAX (seconds, 0));
}

/* 3 digits at most: a unit ends at 999.5, where the next one says it as well. */
static char *
format_quantity (double number, double step, const char *const *units, guint n_units)
{
  guint unit = 0;

  while (number >= 999.5 && unit < n_units - 1)
    {
      number /= step;
      unit++;
    }
  return g_strdup_printf (unit > 0 && number < 9.95 ? "%.1f %s" : "%.0f %s", number, units[unit]);
}

char *
peerup_cli_format_bytes (guint64 bytes)
{
  static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

  return format_quantity (bytes, 1024, units, G_N_ELEMENTS (units));
}

char *
peerup_cli_format_rate (guint64 bytes)
{
  static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };

  return format_quantity (bytes * 8.0, 1000, units, G_N_ELEMENTS (units));
}

static void
append_wrapped (GString *out, const char *line, const char *indent, guint width)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  guint column = 0;

  g_string_append (out, indent);
  for (guint i = 0; words[i] != NULL; i++)
    {
      guint length = g_utf8_strlen (words[i], -1);

      if (i > 0 && column + 1 + length > width)
        {
          g_string_append_printf (out, "\n%s", indent);
          column = 0;
        }
      else if (i > 0)
        {
          g_string_append_c (out, ' ');
          column++;
        }
      g_string_append (out, words[i]);
      column += length;
    }
  g_string_append_c (out, '\n');
}

char *
peerup_cli_wrap (const char *text, const char *indent, guint width)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);

  /* g_strsplit() takes an empty text for no line. */
  if (lines[0] == NULL)
    append_wrapped (out, "", indent, width);
  for (guint i = 0; lines[i] != NULL; i++)
    append_wrapped (out, lines[i], indent, width);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

char *
peerup_cli_complete_address (const char *text)
{
  guint64 port;

  if (g_ascii_string_to_unsigned (text, 10, 1, 65535, &port, NULL))
    return g_strdup_printf ("localhost:%" G_GUINT64_FORMAT, port);
  return g_strdup (text);
}

/* "7d" or "0.5"; FALSE for anything else. */
static gboolean
parse_plain_number (const char *text, double *seconds)
{
  char *end;
  double number = g_ascii_strtod (text, &end);

  if (end == text || !g_ascii_isdigit (text[0]) || strpbrk (text, "xXpPeE") != NULL || !isfinite (number) ||
      number > 1e9)
    return FALSE;
  *seconds = g_str_equal (end, "d") ? number * 86400 : number;
  return end[0] == '\0' || g_str_equal (end, "d");
}

gboolean
peerup_cli_parse_duration (const char *text, gint64 *microseconds, GError **error)
{
  gint64 nanoseconds = 0;
  double seconds;

  if (parse_plain_number (text, &seconds))
    *microseconds = (gint64) (seconds * G_USEC_PER_SEC);
  else if (peerup_go_duration_parse (text, &nanoseconds, NULL))
    *microseconds = nanoseconds / 1000;
  else
    *microseconds = 0;
  if (*microseconds > 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               _ ("“%s” is no duration above zero: write it as 1s, 500ms, 1h30m or 7d"), text);
  return FALSE;
}

/* As they were called before levels could be set. */
static const char *
json_level (GLogLevelFlags level)
{
  const char *word = peerup_log_level_to_string (level);

  if (g_str_equal (word, "error"))
    return "critical";
  return g_str_equal (word, "message") ? "notice" : word;
}

static char *
format_json_line (GLogLevelFlags level, const char *domain, const char *time, const char *message,
                  const PeerupLogFields *fields)
{
  const struct
  {
    const char *name;
    const char *value;
  } members[] = {
    { "time", time },         { "level", json_level (level) }, { "message", message },   { "domain", domain },
    { "peer", fields->peer }, { "service", fields->service },  { "path", fields->path }, { "profile", fields->profile },
  };
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (members[i].value != NULL)
      {
        json_builder_set_member_name (builder, members[i].name);
        json_builder_add_string_value (builder, members[i].value);
      }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

/* What the journal takes as priorities at the start of a line, where its own protocol failed. */
static char
priority (GLogLevelFlags level)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return '3';
  if (level & G_LOG_LEVEL_WARNING)
    return '4';
  if (level & G_LOG_LEVEL_DEBUG)
    return '7';
  return level & G_LOG_LEVEL_INFO ? '6' : '5';
}

static void
print_log (GLogLevelFlags level, const char *domain, const char *message, const PeerupLogFields *fields)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  g_autofree char *whose = fields->profile != NULL ? g_strconcat (fields->profile, ": ", NULL) : g_strdup ("");
  g_autofree char *line = NULL;
  const char *word = "";

  if (level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR))
    word = "Warning: ";
  else if (level & G_LOG_LEVEL_DEBUG)
    word = "Debug: ";
  if (log_json || say_json)
    line = format_json_line (level, domain, time, message, fields);
  else if (peerup_log_is_journal ())
    line = g_strdup_printf ("<%c>%s%s%s", priority (level), whose, word, message);
  else if (log_level <= G_LOG_LEVEL_MESSAGE)
    line = g_strdup_printf ("peerup: %s%s%s", whose, word, message);
  else
    line = g_strdup_printf ("%.19s %s%s%s", time, whose, word, message);
  fprintf (stderr, "%s\n", line);
}

void
peerup_cli_set_log (GLogLevelFlags level, gboolean json)
{
  static gboolean installed;
  const char *wanted = g_getenv (PEERUP_LOG_ENVIRONMENT);

  log_level = level;
  log_json = json;
  if (!installed)
    peerup_log_install (print_log);
  installed = TRUE;
  peerup_log_set_all (level);
  /* What is wrong with it peerup_cli_main() has said. */
  if (wanted != NULL)
    (void) peerup_log_set_from_text (wanted, NULL);
}
