/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One template, read from its file once and never changed. It refuses what it does not know, so that a mistyped key is
 * told instead of being without effect.
 */
#include "templates/peerup-template.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-error.h"

#define SERVICE "Service"
#define PROBE   "Probe"

#define ID_MAX    63
#define WORD_MAX  64
#define TEXT_MAX  256
#define LIST_MAX  16
#define BYTES_MAX 512

typedef struct
{
  const char *file;
  const char *text;
  GKeyFile *keys;
  GError **error;
} Reader;

static const char *const known_service[] = { "Name", "Kind", "Icon", "Ports", "Tags", "Use", "Open", "Hidden", NULL };
static const char *const known_probe[] = { "Type",     "Begins", "Path",   "Header", "Body", "Detail",
                                           "Evidence", "Send",   "Answer", "Size",   NULL };

/* Where things stand */

static gboolean
is_key (const char *line, const char *key)
{
  gsize length = strlen (key);

  if (strncmp (line, key, length) != 0)
    return FALSE;
  line += length;
  line += strspn (line, " \t");
  return *line == '=' || *line == '[';
}

/* From 1; of the group's line where it has no such key, and 1 where there is no such group. @key: nullable. */
static guint
find_line (const char *text, const char *group, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *head = g_strdup_printf ("[%s]", group);
  guint found = 1;
  gboolean inside = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strchug (lines[i]);

      if (line[0] == '[')
        {
          inside = g_str_has_prefix (line, head);
          if (inside)
            found = i + 1;
        }
      else if (inside && key != NULL && is_key (line, key))
        return i + 1;
    }
  return found;
}

/* The first line that is no part of a key file; 1 if all are. */
static guint
find_odd_line (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (line[0] != '\0' && line[0] != '#' && !(line[0] == '[' && g_str_has_suffix (line, "]")) &&
          strchr (line, '=') == NULL)
        return i + 1;
    }
  return 1;
}

static gboolean
  G_GNUC_PRINTF (4, 5) fail (const Reader *self, const char *group, const char *key, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (self->error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s:%u: %s", self->file,
               find_line (self->text, group, key), what);
  return FALSE;
}

/* Texts */

static gboolean
is_odd_char (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
         type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_SURROGATE;
}

static gboolean
is_plain (const char *text)
{
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    if (is_odd_char (g_utf8_get_char (c)))
      return FALSE;
  return TRUE;
}

char *
peerup_template_clean_text (const char *bytes, gsize length, guint max)
{
  g_autofree char *valid = g_utf8_make_valid (bytes, length);
  GString *text = g_string_new (NULL);
  guint n = 0;

  for (const char *c = valid; *c != '\0' && n < max; c = g_utf8_next_char (c))
    {
      gunichar rune = g_utf8_get_char (c);

      if (is_odd_char (rune) || g_unichar_isspace (rune))
        rune = ' ';
      if (rune == ' ' && (text->len == 0 || text->str[text->len - 1] == ' '))
        continue;
      g_string_append_unichar (text, rune);
      n++;
    }
  return g_strchomp (g_string_free (text, FALSE));
}

/* Letters, digits and dashes, as in the names of services and icons. */
static gboolean
is_word (const char *text, gsize max)
{
  gsize length = strlen (text);

  if (length == 0 || length > max || text[0] == '-' || text[length - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (text[i]) && !g_ascii_isdigit (text[i]) && text[i] != '-')
      return FALSE;
  return TRUE;
}

/* Reading */

/* FALSE: @value is there and wrong. It stays NULL where there is none. */
static gboolean
read_text (const Reader *self, const char *group, const char *key, gsize max, char **value)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_key_file_has_key (self->keys, group, key, NULL))
    return TRUE;
  if (g_str_equal (key, "Name"))
    text = g_key_file_get_locale_string (self->keys, group, key, NULL, &error);
  else
    text = g_key_file_get_string (self->keys, group, key, &error);
  if (text == NULL)
    return fail (self, group, key, "%s: %s", key, error->message);
  if (text[0] == '\0')
    return fail (self, group, key, _ ("%s is empty: write a value, or leave the line out"), key);
  if (strlen (text) > max)
    return fail (self, group, key, _ ("%s has %zu bytes, and %zu are the limit"), key, strlen (text), max);
  if (!is_plain (text))
    return fail (self, group, key, _ ("%s has a control character"), key);
  *value = g_steal_pointer (&text);
  return TRUE;
}

static gboolean
read_required (const Reader *self, const char *key, gsize max, char **value)
{
  if (!read_text (self, SERVICE, key, max, value))
    return FALSE;
  return *value != NULL || fail (self, SERVICE, NULL, _ ("[%s] has no %s="), SERVICE, key);
}

static gboolean
read_word (const Reader *self, const char *key, char **value)
{
  if (!read_text (self, SERVICE, key, WORD_MAX, value))
    return FALSE;
  return *value == NULL || is_word (*value, WORD_MAX) ||
         fail (self, SERVICE, key, _ ("%s is “%s”: write it with small letters, digits and dashes"), key, *value);
}

/* (nullable) (transfer full): NULL also where there is none. */
static gboolean
read_list (const Reader *self, const char *group, const char *key, char ***list)
{
  g_auto (GStrv) values = NULL;
  gsize n;

  if (!g_key_file_has_key (self->keys, group, key, NULL))
    return TRUE;
  values = g_key_file_get_string_list (self->keys, group, key, &n, NULL);
  if (values == NULL || n == 0)
    return fail (self, group, key, _ ("%s is empty or not UTF-8: write values with ; between them"), key);
  if (n > LIST_MAX)
    return fail (self, group, key, _ ("%s has %zu values, and %d are the limit"), key, n, LIST_MAX);
  for (gsize i = 0; i < n; i++)
    if (values[i][0] == '\0' || strlen (values[i]) > TEXT_MAX || !is_plain (values[i]))
      return fail (self, group, key, _ ("Value %zu of %s is empty, too long or has a control character"), i + 1, key);
  *list = g_steal_pointer (&values);
  return TRUE;
}

static gboolean
read_ports (const Reader *self, PeerupTemplate *template)
{
  g_auto (GStrv) values = NULL;

  template->ports = g_array_new (FALSE, FALSE, sizeof (guint16));
  if (!read_list (self, SERVICE, "Ports", &values))
    return FALSE;
  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    {
      guint64 number;
      guint16 port;

      if (!g_ascii_string_to_unsigned (g_strstrip (values[i]), 10, 1, G_MAXUINT16, &number, NULL))
        return fail (self, SERVICE, "Ports", _ ("“%s” is no port: write numbers from 1 to 65535 with ; between them"),
                     values[i]);
      port = (guint16) number;
      g_array_append_val (template->ports, port);
    }
  return TRUE;
}

static gboolean
read_tags (const Reader *self, PeerupTemplate *template)
{
  if (!read_list (self, SERVICE, "Tags", &template->tags))
    return FALSE;
  for (guint i = 0; template->tags != NULL && template->tags[i] != NULL; i++)
    if (!is_word (template->tags[i], WORD_MAX))
      return fail (self, SERVICE, "Tags", _ ("The tag “%s”: write it with small letters, digits and dashes"),
                   template->tags[i]);
  if (template->tags == NULL)
    template->tags = g_new0 (char *, 1);
  return TRUE;
}

/* What follows @brace, which stands at one, if that is a place to be filled. */
static const char *
skip_place (const char *brace)
{
  if (g_str_has_prefix (brace, "{host}"))
    return brace + strlen ("{host}");
  if (g_str_has_prefix (brace, "{port}"))
    return brace + strlen ("{port}");
  return NULL;
}

static gboolean
check_places (const Reader *self, const char *key, const char *line)
{
  while ((line = strpbrk (line, "{}")) != NULL)
    if ((line = skip_place (line)) == NULL)
      return fail (self, SERVICE, key, _ ("%s has a brace that is no part of {host} or {port}"), key);
  return TRUE;
}

static gboolean
read_lines (const Reader *self, PeerupTemplate *template)
{
  if (!read_required (self, "Use", TEXT_MAX, &template->use) || !check_places (self, "Use", template->use) ||
      !read_text (self, SERVICE, "Open", TEXT_MAX, &template->open))
    return FALSE;
  if (template->open == NULL)
    return TRUE;
  if (g_uri_peek_scheme (template->open) == NULL)
    return fail (self, SERVICE, "Open", _ ("“%s” is no URI: write it like http://{host}:{port}/"), template->open);
  return check_places (self, "Open", template->open);
}

static gboolean
read_service (const Reader *self, PeerupTemplate *template)
{
  g_autoptr (GError) error = NULL;

  if (!g_key_file_has_group (self->keys, SERVICE))
    return fail (self, SERVICE, NULL, _ ("There is no group [%s]"), SERVICE);
  template->hidden = g_key_file_get_boolean (self->keys, SERVICE, "Hidden", &error);
  if (g_error_matches (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE))
    return fail (self, SERVICE, "Hidden", _ ("Hidden is neither true nor false"));
  if (template->hidden)
    return TRUE;
  if (!read_required (self, "Name", WORD_MAX, &template->name) || !read_word (self, "Kind", &template->kind) ||
      !read_word (self, "Icon", &template->icon) || !read_ports (self, template) || !read_tags (self, template))
    return FALSE;
  if (template->kind == NULL)
    template->kind = g_strdup ("tcp");
  if (template->icon == NULL)
    template->icon = g_strdup ("network-server-symbolic");
  return read_lines (self, template);
}

/* Bytes as hexadecimal numbers with spaces between them: (transfer full) of guint16; NULL if it is none. */
static GArray *
parse_bytes (const char *text)
{
  g_autoptr (GArray) bytes = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      guint64 number = PEERUP_PROBE_ANY_BYTE;
      guint16 byte;

      if (words[i][0] == '\0')
        continue;
      if (strlen (words[i]) != 2 ||
          (!g_str_equal (words[i], "??") && !g_ascii_string_to_unsigned (words[i], 16, 0, G_MAXUINT8, &number, NULL)))
        return NULL;
      byte = (guint16) number;
      g_array_append_val (bytes, byte);
    }
  return bytes->len > 0 && bytes->len <= BYTES_MAX ? g_steal_pointer (&bytes) : NULL;
}

static gboolean
read_send (const Reader *self, PeerupTemplate *template)
{
  g_autofree char *text = NULL;
  g_autoptr (GArray) bytes = NULL;
  g_autoptr (GByteArray) send = g_byte_array_new ();

  if (!read_text (self, PROBE, "Send", BYTES_MAX * 3, &text))
    return FALSE;
  bytes = text != NULL ? parse_bytes (text) : NULL;
  for (guint i = 0; bytes != NULL && i < bytes->len; i++)
    {
      guint8 byte = (guint8) g_array_index (bytes, guint16, i);

      if (g_array_index (bytes, guint16, i) == PEERUP_PROBE_ANY_BYTE)
        return fail (self, PROBE, "Send", _ ("Send has ??, which only Answer may have"));
      g_byte_array_append (send, &byte, 1);
    }
  if (bytes == NULL)
    return fail (self, PROBE, "Send", _ ("An exchange needs Send= with bytes like 03 00 ff, %d at most"), BYTES_MAX);
  template->send = g_byte_array_free_to_bytes (g_steal_pointer (&send));
  return TRUE;
}

static gboolean
read_exchange (const Reader *self, PeerupTemplate *template)
{
  g_auto (GStrv) values = NULL;
  g_autoptr (GError) error = NULL;
  int size;

  if (!read_send (self, template) || !read_list (self, PROBE, "Answer", &values))
    return FALSE;
  template->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    {
      GArray *answer = parse_bytes (values[i]);

      if (answer == NULL)
        return fail (self, PROBE, "Answer", _ ("“%s” are no bytes: write them like 03 ?? ff"), values[i]);
      g_ptr_array_add (template->answers, answer);
    }
  if (template->answers->len == 0)
    return fail (self, PROBE, "Answer", _ ("An exchange needs Answer= with the bytes it begins with, like 03 ?? ff"));
  size = g_key_file_get_integer (self->keys, PROBE, "Size", &error);
  if (size < 0 || g_error_matches (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE))
    return fail (self, PROBE, "Size", _ ("Size is no number of bytes"));
  template->size = (guint) size;
  return TRUE;
}

static gboolean
read_http (const Reader *self, PeerupTemplate *template)
{
  g_autofree char *header = NULL;
  char *colon;

  if (!read_text (self, PROBE, "Path", TEXT_MAX, &template->path) ||
      !read_text (self, PROBE, "Header", TEXT_MAX, &header) || !read_list (self, PROBE, "Body", &template->body))
    return FALSE;
  if (template->path == NULL)
    template->path = g_strdup ("/");
  if (template->path[0] != '/' || strpbrk (template->path, " #") != NULL)
    return fail (self, PROBE, "Path", _ ("Path is “%s”: write it like /api/health"), template->path);
  if (header == NULL)
    return TRUE;
  colon = strchr (header, ':');
  if (colon == NULL || colon == header)
    return fail (self, PROBE, "Header", _ ("Header is “%s”: write it like Server: nginx"), header);
  *colon = '\0';
  template->header = g_strdup (header);
  template->header_text = g_strdup (g_strstrip (colon + 1));
  return TRUE;
}

static gboolean
read_banner (const Reader *self, PeerupTemplate *template)
{
  if (!read_text (self, PROBE, "Begins", TEXT_MAX, &template->begins))
    return FALSE;
  return template->begins != NULL ||
         fail (self, PROBE, NULL, _ ("A banner needs Begins= with the text it begins with"));
}

static gboolean
read_type (const Reader *self, PeerupTemplate *template)
{
  static const char *const types[] = { "none", "banner", "http", "tls-http", "exchange", "minecraft" };
  g_autofree char *type = NULL;

  if (!read_text (self, PROBE, "Type", WORD_MAX, &type))
    return FALSE;
  for (guint i = 0; type != NULL && i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i], type))
      {
        template->probe = i;
        return TRUE;
      }
  return fail (self, PROBE, "Type", _ ("Type is “%s”: write none, banner, http, tls-http, exchange or minecraft"),
               type != NULL ? type : "");
}

static gboolean
read_probe (const Reader *self, PeerupTemplate *template)
{
  if (template->hidden || !g_key_file_has_group (self->keys, PROBE))
    return TRUE;
  if (!read_type (self, template) || !read_text (self, PROBE, "Detail", WORD_MAX, &template->detail) ||
      !read_text (self, PROBE, "Evidence", WORD_MAX, &template->evidence))
    return FALSE;
  if (template->evidence != NULL && strstr (template->evidence, "{detail}") == NULL)
    return fail (self, PROBE, "Evidence", _ ("Evidence has no {detail}: write it like Grafana {detail}"));
  switch (template->probe)
    {
    case PEERUP_PROBE_BANNER:
      return read_banner (self, template);
    case PEERUP_PROBE_HTTP:
    case PEERUP_PROBE_TLS_HTTP:
      return read_http (self, template);
    case PEERUP_PROBE_EXCHANGE:
      return read_exchange (self, template);
    case PEERUP_PROBE_NONE:
    case PEERUP_PROBE_MINECRAFT:
    default:
      return TRUE;
    }
}

static gboolean
check_keys (const Reader *self)
{
  g_auto (GStrv) groups = g_key_file_get_groups (self->keys, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) keys = g_key_file_get_keys (self->keys, groups[i], NULL, NULL);
      const char *const *known = g_str_equal (groups[i], SERVICE) ? known_service
                                 : g_str_equal (groups[i], PROBE) ? known_probe
                                                                  : NULL;

      if (known == NULL)
        return fail (self, groups[i], NULL, _ ("The group [%s] is neither [%s] nor [%s]"), groups[i], SERVICE, PROBE);
      for (guint j = 0; keys[j] != NULL; j++)
        if (!g_strv_contains (known, keys[j]) && !g_str_has_prefix (keys[j], "Name["))
          return fail (self, groups[i], keys[j], _ ("%s is no key of [%s]"), keys[j], groups[i]);
    }
  return TRUE;
}

static void
template_clear (gpointer data)
{
  PeerupTemplate *self = data;

  g_free (self->id);
  g_free (self->name);
  g_free (self->kind);
  g_free (self->icon);
  g_clear_pointer (&self->ports, g_array_unref);
  g_strfreev (self->tags);
  g_free (self->use);
  g_free (self->open);
  g_free (self->begins);
  g_free (self->path);
  g_free (self->header);
  g_free (self->header_text);
  g_strfreev (self->body);
  g_free (self->detail);
  g_free (self->evidence);
  g_clear_pointer (&self->send, g_bytes_unref);
  g_clear_pointer (&self->answers, g_ptr_array_unref);
}

PeerupTemplate *
peerup_template_parse (const char *id, const char *file, const char *text, gsize length, GError **error)
{
  g_autoptr (PeerupTemplate) self = NULL;
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (GError) cause = NULL;
  g_autofree char *copy = NULL;
  Reader reader = { file, NULL, keys, error };

  if (length > PEERUP_TEMPLATE_FILE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("%s: It has more than %d bytes"), file,
                   PEERUP_TEMPLATE_FILE_MAX);
      return NULL;
    }
  copy = g_strndup (text, length);
  reader.text = copy;
  if (!is_word (id, ID_MAX))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("%s:1: The file's name is the template's: write it with small letters, digits and dashes"), file);
      return NULL;
    }
  if (strlen (copy) < length)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("%s:1: It has a NUL, so it is no text"), file);
      return NULL;
    }
  if (!g_key_file_load_from_data (keys, copy, strlen (copy), G_KEY_FILE_KEEP_TRANSLATIONS, &cause))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s:%u: %s", file, find_odd_line (copy),
                   cause->message);
      return NULL;
    }
  self = g_atomic_rc_box_new0 (PeerupTemplate);
  self->id = g_strdup (id);
  if (!check_keys (&reader) || !read_service (&reader, self) || !read_probe (&reader, self))
    return NULL;
  return g_steal_pointer (&self);
}

PeerupTemplate *
peerup_template_ref (PeerupTemplate *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
peerup_template_unref (PeerupTemplate *self)
{
  g_atomic_rc_box_release_full (self, template_clear);
}

/* Use */

gboolean
peerup_template_has_port (const PeerupTemplate *self, guint16 port)
{
  for (guint i = 0; i < self->ports->len; i++)
    if (g_array_index (self->ports, guint16, i) == port)
      return TRUE;
  return FALSE;
}

static gboolean
is_safe_host (const char *host)
{
  if (g_hostname_is_ip_address (host))
    return strchr (host, '%') == NULL;
  if (!g_ascii_isalnum (host[0]))
    return FALSE;
  for (const char *c = host; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '.' && *c != '-' && *c != '_')
      return FALSE;
  return TRUE;
}

char *
peerup_template_fill (const char *line, const char *host, guint16 port)
{
  GString *text;

  if (line == NULL || !is_safe_host (host))
    return NULL;
  text = g_string_new (NULL);
  while (*line != '\0')
    if (g_str_has_prefix (line, "{host}"))
      {
        line += strlen ("{host}");
        /* Before a colon or a slash, the colons of an IPv6 address would be taken for something else. */
        g_string_append_printf (text, strchr (host, ':') != NULL && (*line == ':' || *line == '/') ? "[%s]" : "%s",
                                host);
      }
    else if (g_str_has_prefix (line, "{port}"))
      {
        line += strlen ("{port}");
        g_string_append_printf (text, "%u", port);
      }
    else
      g_string_append_c (text, *line++);
  return g_string_free (text, FALSE);
}
