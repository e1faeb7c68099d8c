/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What may go to a terminal, and how wide it is there. Holds nothing but what --color said.
 */
#include "cli/peerup-cli-text.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "wire/peerup-error.h"

#define PLAIN       "\033[0m"
#define REPLACEMENT "\xef\xbf\xbd"

typedef enum
{
  AUTO,
  ALWAYS,
  NEVER,
} When;

static When when;

gboolean
peerup_cli_set_colour (const char *text, GError **error)
{
  if (g_str_equal (text, "auto"))
    when = AUTO;
  else if (g_str_equal (text, "always"))
    when = ALWAYS;
  else if (g_str_equal (text, "never"))
    when = NEVER;
  else
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("--color is auto, always or never, not “%s”"), text);
      return FALSE;
    }
  return TRUE;
}

gboolean
peerup_cli_has_colour (void)
{
  const char *refusal = g_getenv ("NO_COLOR");

  if (when != AUTO)
    return when == ALWAYS;
  return (refusal == NULL || refusal[0] == '\0') && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0 &&
         isatty (STDOUT_FILENO);
}

char *
peerup_cli_paint (PeerupCliStyle style, const char *text)
{
  static const char *const codes[] = {
    [PEERUP_CLI_STYLE_TITLE] = "\033[1m",
    [PEERUP_CLI_STYLE_GOOD] = "\033[32m",
    [PEERUP_CLI_STYLE_NOTE] = "\033[33m",
    [PEERUP_CLI_STYLE_BAD] = "\033[1;31m",
  };

  return g_strconcat (codes[style], text, PLAIN, NULL);
}

/* The bytes of "ESC [ 1 ; 31 m" at @text; 0 if it does not begin so. */
static gsize
measure_colour (const char *text)
{
  gsize length;

  if (text[0] != '\033' || text[1] != '[')
    return 0;
  length = 2 + strspn (text + 2, "0123456789;");
  return text[length] == 'm' ? length + 1 : 0;
}

static gboolean
is_safe (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_SURROGATE &&
         type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *
peerup_cli_make_safe (const char *text, gboolean lines, gboolean colours)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *p = valid; p[0] != '\0';)
    {
      gsize colour = measure_colour (p);
      gunichar c = g_utf8_get_char (p);
      const char *next = colour > 0 ? p + colour : g_utf8_next_char (p);

      if (colour > 0 ? colours : is_safe (c) || (lines && (c == '\n' || c == '\t')))
        g_string_append_len (out, p, next - p);
      else if (colour == 0)
        g_string_append (out, REPLACEMENT);
      p = next;
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}

static guint
width_of (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

guint
peerup_cli_text_width (const char *text)
{
  guint width = 0;

  for (const char *p = text; p[0] != '\0';)
    {
      gsize colour = measure_colour (p);

      if (colour == 0)
        width += width_of (g_utf8_get_char (p));
      p = colour > 0 ? p + colour : g_utf8_next_char (p);
    }
  return width;
}

/* An ID of a peer differs in its end; its beginning is that of most others. */
static gboolean
is_id (const char *text)
{
  return strlen (text) > 40 &&
         (g_str_has_prefix (text, "12D3KooW") || g_str_has_prefix (text, "16Uiu2HA") || g_str_has_prefix (text, "Qm"));
}

/* The first characters of @text that take @width columns at most. */
static char *
cut (const char *text, guint width)
{
  const char *p = text;

  for (guint taken = 0; p[0] != '\0' && taken + width_of (g_utf8_get_char (p)) <= width; p = g_utf8_next_char (p))
    taken += width_of (g_utf8_get_char (p));
  return g_strndup (text, p - text);
}

char *
peerup_cli_shorten (const char *text, guint width)
{
  g_autofree char *bare = NULL;
  g_autofree char *start = NULL;

  if (peerup_cli_text_width (text) <= width)
    return g_strdup (text);
  bare = peerup_cli_make_safe (text, FALSE, FALSE);
  if (is_id (bare) && width >= 10)
    {
      guint end = MIN (8, (width - 1) / 2);

      start = cut (bare, width - 1 - end);
      return g_strdup_printf ("%s…%s", start, bare + strlen (bare) - end);
    }
  start = cut (bare, width - 1);
  return g_strdup_printf ("%s…", g_strchomp (start));
}

const char *
peerup_cli_word (const char *word)
{
  static const char *const words[] = {
    /* TRANSLATORS: states: of the daemon, */
    N_ ("stopped"),
    N_ ("starting"),
    N_ ("running"),
    N_ ("stopping"),
    /* TRANSLATORS: of a device, */
    N_ ("connected"),
    N_ ("connecting"),
    N_ ("disconnected"),
    /* TRANSLATORS: of a path: "punched" is direct through NATs that both sides opened, */
    N_ ("direct"),
    N_ ("punched"),
    N_ ("relayed"),
    /* TRANSLATORS: of a relay, */
    N_ ("reserved"),
    N_ ("waiting"),
    /* TRANSLATORS: of an invite: "claimed" is that somebody has proven to know the code, "dead" that it was guessed at
     * too often, */
    N_ ("open"),
    N_ ("claimed"),
    N_ ("used"),
    N_ ("expired"),
    N_ ("cancelled"),
    N_ ("dead"),
    /* TRANSLATORS: of a pairing. */
    N_ ("prepared"),
    N_ ("committed"),
    N_ ("complete"),
    /* TRANSLATORS: what there is a limit of: "3 of 100 connections". */
    N_ ("connections"),
    N_ ("handshakes"),
    N_ ("streams"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i]))
      return _ (words[i]);
  return word;
}
