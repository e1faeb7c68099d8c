/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What somebody typed, pasted or opened as a link, as characters that know where they stood. Takes away what is around
 * a code (quotes, the scheme of a link, percent-encodings) and knows what people put between its characters. Never
 * guesses at a character, and never quotes the text, which may be secret and may be anything.
 */
#include "code/peerup-code-private.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

PeerupCodeBytes *
peerup_code_bytes_new (gsize size)
{
  return g_byte_array_sized_new ((guint) size);
}

void
peerup_code_bytes_free (PeerupCodeBytes *self)
{
  if (self->len > 0)
    sodium_memzero (self->data, self->len);
  g_byte_array_unref (self);
}

typedef struct
{
  gsize length;
  guint8 data[];
} Secret;

static void
free_secret (gpointer data)
{
  Secret *self = data;

  sodium_memzero (self->data, self->length);
  g_free (self);
}

GBytes *
peerup_code_secret_new (gconstpointer data, gsize length)
{
  Secret *self = g_malloc (sizeof *self + length);

  self->length = length;
  memcpy (self->data, data, length);
  return g_bytes_new_with_free_func (self->data, length, free_secret, self);
}

void
peerup_code_symbols_from_bytes (GByteArray *symbols, const guint8 *bytes, gsize length)
{
  guint pending = 0, n_pending = 0;

  for (gsize i = 0; i < length; i++)
    {
      pending = (pending << 8 | bytes[i]) & 0xfff;
      for (n_pending += 8; n_pending >= 5;)
        {
          n_pending -= 5;
          g_byte_array_append (symbols, &(guint8) { (pending >> n_pending) & 31 }, 1);
        }
    }
  if (n_pending > 0)
    g_byte_array_append (symbols, &(guint8) { (pending << (5 - n_pending)) & 31 }, 1);
}

guint
peerup_code_symbols_to_bytes (const guint8 *symbols, gsize n, GByteArray *bytes, guint *n_spare)
{
  guint pending = 0, n_pending = 0;

  for (gsize i = 0; i < n; i++)
    {
      pending = (pending << 5 | symbols[i]) & 0xfff;
      n_pending += 5;
      if (n_pending >= 8)
        {
          n_pending -= 8;
          g_byte_array_append (bytes, &(guint8) { (guint8) (pending >> n_pending) }, 1);
        }
    }
  *n_spare = n_pending;
  return pending & ((1u << n_pending) - 1);
}

gboolean
peerup_code_fail_at (PeerupCodeMistake *mistake, guint first, guint last, gsize offset, GError **error,
                     const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (mistake != NULL)
    *mistake = (PeerupCodeMistake) { .known = TRUE, .character = first, .last = last, .offset = offset };
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, message);
  return FALSE;
}

static gboolean
fail (PeerupError code, GError **error, const char *message)
{
  g_set_error_literal (error, PEERUP_ERROR, (int) code, message);
  return FALSE;
}

void
peerup_typed_free (PeerupTyped *self)
{
  sodium_memzero (self->data, self->len * sizeof (PeerupTypedCharacter));
  g_array_unref (self);
}

gboolean
peerup_typed_is_separator (gunichar character)
{
  GUnicodeType type = g_unichar_type (character);

  /* U+2212 is the minus sign, which is no dash by its type. */
  return g_unichar_isspace (character) || type == G_UNICODE_SPACE_SEPARATOR || type == G_UNICODE_LINE_SEPARATOR ||
         type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_DASH_PUNCTUATION || type == G_UNICODE_FORMAT ||
         character == 0x2212 || character == '_';
}

/* What messages, shells and mail programs put around a code. */
static gboolean
is_wrapping (gunichar character)
{
  GUnicodeType type = g_unichar_type (character);

  return peerup_typed_is_separator (character) || type == G_UNICODE_INITIAL_PUNCTUATION ||
         type == G_UNICODE_FINAL_PUNCTUATION || type == G_UNICODE_OPEN_PUNCTUATION ||
         type == G_UNICODE_CLOSE_PUNCTUATION || (character < 128 && strchr ("\"'`<>.,;", (int) character) != NULL);
}

static gboolean
is_wrapping_at (PeerupTyped *typed, guint index)
{
  return is_wrapping (g_array_index (typed, PeerupTypedCharacter, index).character);
}

static void
trim (PeerupTyped *typed)
{
  guint start = 0;

  while (typed->len > 0 && is_wrapping_at (typed, typed->len - 1))
    g_array_set_size (typed, typed->len - 1);
  while (start < typed->len && is_wrapping_at (typed, start))
    start++;
  if (start > 0)
    g_array_remove_range (typed, 0, start);
}

/* How many characters @word takes at @index, in any case; 0 if something else is there. */
static guint
take (PeerupTyped *typed, guint index, const char *word)
{
  guint n = 0;

  for (; word[n] != '\0'; n++)
    {
      if (index >= typed->len || n >= typed->len - index ||
          g_unichar_tolower (g_array_index (typed, PeerupTypedCharacter, index + n).character) != (guchar) word[n])
        return 0;
    }
  return n;
}

static void
append_characters (PeerupTyped *typed, const char *utf8, const gsize *offsets)
{
  for (const char *p = utf8; *p != '\0'; p = g_utf8_next_char (p))
    {
      gsize at = (gsize) (p - utf8);
      PeerupTypedCharacter typed_character = { g_utf8_get_char (p), offsets != NULL ? offsets[at] : at };

      g_array_append_val (typed, typed_character);
    }
}

/* Two hexadecimal digits at @index. */
static int
read_hex (PeerupTyped *typed, guint index)
{
  int value = 0;

  if (typed->len - index < 2)
    return -1;
  for (guint i = index; i < index + 2; i++)
    {
      gunichar c = g_array_index (typed, PeerupTypedCharacter, i).character;

      if (c >= 128 || !g_ascii_isxdigit ((char) c))
        return -1;
      value = value * 16 + g_ascii_xdigit_value ((char) c);
    }
  return value;
}

/* One part of a query: percent-encodings become bytes, the bytes characters again. */
static PeerupTyped *
decode_part (PeerupTyped *typed, guint start, guint end, PeerupCodeMistake *mistake, GError **error)
{
  g_autoptr (GString) utf8 = g_string_sized_new (PEERUP_CODE_TEXT_MAX);
  g_autoptr (GArray) offsets = g_array_sized_new (FALSE, FALSE, sizeof (gsize), PEERUP_CODE_TEXT_MAX);
  g_autoptr (PeerupTyped) decoded = g_array_sized_new (FALSE, FALSE, sizeof (PeerupTypedCharacter), end - start);
  const char *bad;

  for (guint i = start; i < end; i++)
    {
      PeerupTypedCharacter c = g_array_index (typed, PeerupTypedCharacter, i);

      if (c.character == '%')
        {
          int byte = read_hex (typed, i + 1);

          if (byte <= 0)
            {
              peerup_code_fail_at (mistake, 0, 0, c.offset, error,
                                   _ ("The link has a “%%” without two digits behind it"));
              return NULL;
            }
          g_string_append_c (utf8, (char) byte);
          i += 2;
        }
      else
        g_string_append_unichar (utf8, c.character == '+' ? ' ' : c.character);
      while (offsets->len < utf8->len)
        g_array_append_val (offsets, c.offset);
    }
  if (!g_utf8_validate_len (utf8->str, utf8->len, &bad))
    {
      peerup_code_fail_at (mistake, 0, 0, g_array_index (offsets, gsize, bad - utf8->str), error,
                           _ ("The link has bytes in it that are no text"));
      return NULL;
    }
  append_characters (decoded, utf8->str, (const gsize *) (gpointer) offsets->data);
  sodium_memzero (utf8->str, utf8->len);
  return g_steal_pointer (&decoded);
}

static guint
find (PeerupTyped *typed, guint start, guint end, const char *any)
{
  for (guint i = start; i < end; i++)
    {
      gunichar c = g_array_index (typed, PeerupTypedCharacter, i).character;

      if (c < 128 && strchr (any, (int) c) != NULL)
        return i;
    }
  return end;
}

/* The query's one part that is no "name=value"; other parts are for programs that know them. */
static PeerupTyped *
read_query (PeerupTyped *typed, guint start, PeerupCodeMistake *mistake, GError **error)
{
  guint end = find (typed, start, typed->len, "#");
  guint code_start = end, code_end = end;

  for (guint from = start, to; from < end; from = to + 1)
    {
      to = find (typed, from, end, "&");
      if (to == from || find (typed, from, to, "=") < to)
        continue;
      if (code_start < end)
        {
          fail (PEERUP_ERROR_MALFORMED, error, _ ("The link has two codes in it"));
          return NULL;
        }
      code_start = from;
      code_end = to;
    }
  if (code_start == end)
    {
      fail (PEERUP_ERROR_MALFORMED, error, _ ("The link has no code in it: “peerup:join?” and the code is what opens"));
      return NULL;
    }
  return decode_part (typed, code_start, code_end, mistake, error);
}

/* Some programs write slashes around "join" when they pass a link on. */
static PeerupTyped *
read_link (PeerupTyped *typed, guint index, PeerupCodeMistake *mistake, GError **error)
{
  guint join;

  index += MAX (take (typed, index, "//"), take (typed, index, "/"));
  join = take (typed, index, "join");
  index += join + take (typed, index + join, "/");
  if (join > 0 && take (typed, index, "?") > 0)
    return read_query (typed, index + 1, mistake, error);
  if (join > 0 && index == typed->len)
    fail (PEERUP_ERROR_MALFORMED, error, _ ("The link has no code in it: “peerup:join?” and the code is what opens"));
  else
    fail (
      PEERUP_ERROR_UNSUPPORTED, error,
      _ ("The link is no invite that this version of Peer-Up knows: an invite begins with “peerup:join?”. Perhaps an "
         "update knows it"));
  return NULL;
}

static gboolean
check_text (const char *text, PeerupCodeMistake *mistake, GError **error)
{
  gsize length = strnlen (text, PEERUP_CODE_TEXT_MAX + 1);
  const char *bad;

  if (length > PEERUP_CODE_TEXT_MAX)
    return fail (PEERUP_ERROR_TOO_LARGE, error, _ ("This is far too long for a code"));
  if (!g_utf8_validate_len (text, length, &bad))
    return peerup_code_fail_at (mistake, 0, 0, (gsize) (bad - text), error,
                                _ ("There are bytes in the code that are no text"));
  return TRUE;
}

PeerupTyped *
peerup_typed_read (const char *text, PeerupCodeMistake *mistake, GError **error)
{
  g_autoptr (PeerupTyped) typed = NULL;
  guint scheme;

  if (!check_text (text, mistake, error))
    return NULL;
  typed = g_array_sized_new (FALSE, FALSE, sizeof (PeerupTypedCharacter), (guint) strlen (text));
  append_characters (typed, text, NULL);
  trim (typed);
  if (typed->len == 0)
    {
      fail (PEERUP_ERROR_MALFORMED, error, _ ("There is no code"));
      return NULL;
    }
  if (take (typed, 0, "http:") > 0 || take (typed, 0, "https:") > 0)
    {
      fail (PEERUP_ERROR_MALFORMED, error,
            _ ("This is the address of a web page, which no invite is: an invite begins with “peerup:join?”"));
      return NULL;
    }
  scheme = take (typed, 0, "peerup:");
  if (scheme > 0)
    {
      PeerupTyped *code = read_link (typed, scheme, mistake, error);

      if (code != NULL)
        trim (code);
      return code;
    }
  return g_steal_pointer (&typed);
}

static gboolean
fail_character (gunichar character, guint n, gsize offset, PeerupCodeMistake *mistake, GError **error)
{
  if (character < 128 && g_ascii_isgraph ((char) character))
    return peerup_code_fail_at (mistake, n, n, offset, error,
                                _ ("Character %u of the code, “%c”, is none that codes have"), n, (char) character);
  return peerup_code_fail_at (mistake, n, n, offset, error, _ ("Character %u of the code is none that codes have"), n);
}

GByteArray *
peerup_typed_read_symbols (PeerupTyped *typed, PeerupSymbolFunc func, GArray **offsets, PeerupCodeMistake *mistake,
                           GError **error)
{
  g_autoptr (PeerupCodeBytes) symbols = peerup_code_bytes_new (typed->len);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (guint i = 0; i < typed->len; i++)
    {
      PeerupTypedCharacter c = g_array_index (typed, PeerupTypedCharacter, i);
      int symbol = c.character < 128 ? func ((char) c.character) : -1;

      if (peerup_typed_is_separator (c.character))
        continue;
      if (symbol < 0)
        {
          fail_character (c.character, symbols->len + 1, c.offset, mistake, error);
          return NULL;
        }
      g_byte_array_append (symbols, &(guint8) { (guint8) symbol }, 1);
      g_array_append_val (found, c.offset);
    }
  *offsets = g_steal_pointer (&found);
  return g_steal_pointer (&symbols);
}
