/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Names that peers give themselves, made fit to be shown and to be written to files. What is taken out is what moves,
 * hides or breaks the text around it; markup stays, as the text that it is. */

#include "pairing/peerup-pairing-offer.h"

#include <string.h>

/* Letters and symbols that show nothing, though their kind says otherwise. */
static gboolean
is_blank (gunichar c)
{
  return c == 0x034f || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 || c == 0x2800 || c == 0x3164 ||
         c == 0xffa0;
}

static gboolean
is_space (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  /* GLib leaves out the vertical tab and the next line. */
  return g_unichar_isspace (c) || c == 0x0b || c == 0x85 || type == G_UNICODE_LINE_SEPARATOR ||
         type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_SPACE_SEPARATOR;
}

static gboolean
is_shown (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_PRIVATE_USE &&
         type != G_UNICODE_SURROGATE && type != G_UNICODE_UNASSIGNED && !is_blank (c);
}

/* Appends a character, with the space that is due before it, if both fit. */
static gboolean
append (GString *name, gunichar c, gboolean spaced)
{
  char text[6];
  gsize length = g_unichar_to_utf8 (c, text);

  spaced = spaced && name->len > 0;
  if (length + spaced > PEERUP_PAIRING_NAME_MAX - name->len)
    return FALSE;
  if (spaced)
    g_string_append_c (name, ' ');
  g_string_append_len (name, text, length);
  return TRUE;
}

char *
peerup_pairing_name_sanitize (const char *name, gsize length)
{
  g_autoptr (GString) clean = g_string_sized_new (PEERUP_PAIRING_NAME_MAX);
  gboolean spaced = FALSE;

  for (gsize i = 0; i < length;)
    {
      gunichar c = g_utf8_get_char_validated (name + i, MIN (length - i, 6));

      if (c == (gunichar) -1 || c == (gunichar) -2 || name[i] == '\0')
        {
          i++;
          continue;
        }
      i += g_unichar_to_utf8 (c, NULL);
      if (is_space (c))
        spaced = TRUE;
      else if (!is_shown (c) || (g_unichar_ismark (c) && (clean->len == 0 || spaced)))
        continue; /* a mark would sit on what is not the name's */
      else if (!append (clean, c, spaced))
        break;
      else
        spaced = FALSE;
    }
  return g_string_free (g_steal_pointer (&clean), FALSE);
}

static gboolean
is_config_character (char c)
{
  return g_ascii_isalnum (c) || c == '.' || c == '_' || c == '-';
}

char *
peerup_pairing_name_to_config (const char *name, PeerupPeerId *peer)
{
  g_autofree char *clean = peerup_pairing_name_sanitize (name, strlen (name));
  g_autofree char *ascii = g_str_to_ascii (clean, "C");
  g_autoptr (GString) config = g_string_new (NULL);
  const char *id = peerup_peer_id_get_string (peer);

  for (const char *c = ascii; *c != '\0' && config->len < PEERUP_PAIRING_NAME_MAX; c++)
    {
      /* No hyphen in front, where it would look like an option, and no two of them. */
      if ((*c == ' ' || *c == '-') && config->len > 0 && config->str[config->len - 1] != '-')
        g_string_append_c (config, '-');
      else if (is_config_character (*c) && *c != '-' && (*c != '.' || config->len > 0))
        g_string_append_c (config, *c);
    }
  while (config->len > 0 && strchr ("-.", config->str[config->len - 1]) != NULL)
    g_string_truncate (config, config->len - 1);
  if (config->len == 0)
    g_string_printf (config, "peer-%s", id + strlen (id) - MIN (strlen (id), 8));
  return g_string_free (g_steal_pointer (&config), FALSE);
}
