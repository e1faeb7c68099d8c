/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One line of authorized_keys: "PEER-ID  key=value  # comment". Bytes only; lives as long as
 * the document that holds it. White space is what Go's strings.Fields takes for it, so that
 * no attribute means one thing there and another here. An expiry that cannot be read counts
 * as past; an edited line is parsed again, so an edit cannot make what a reader would not take.
 */
#include "trust/peerup-authorized-line.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SHOWN_ID_MAX 64

static const char *const attribute_order[] = { "service", "expires", "verified", "group", "hmac_proof" };

static gboolean
is_space (gunichar c)
{
  return g_unichar_isspace (c) || c == '\v' || c == 0x85;
}

/* The character at @text; bytes that are not UTF-8 count one by one and are no space. */
static gunichar
next_char (const char *text, const char *end, gsize *size)
{
  gunichar c = g_utf8_get_char_validated (text, end - text);

  *size = 1;
  if (c == (gunichar) -1 || c == (gunichar) -2)
    return 0xfffd;
  *size = g_unichar_to_utf8 (c, NULL);
  return c;
}

static GPtrArray *
split_words (const char *text, const char *end)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  const char *word = NULL;
  gsize size;

  for (; text < end; text += size)
    {
      gboolean space = is_space (next_char (text, end, &size));

      if (!space && word == NULL)
        word = text;
      if (space && word != NULL)
        {
          g_ptr_array_add (words, g_strndup (word, text - word));
          word = NULL;
        }
    }
  if (word != NULL)
    g_ptr_array_add (words, g_strndup (word, end - word));
  return words;
}

/* Characters that end a line, hide, or reorder what a person sees. */
static gboolean
is_unfit (gunichar c)
{
  return g_unichar_iscntrl (c) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* NULL if nothing is left. */
static char *
sanitise (const char *text, gsize length, gsize max)
{
  g_autofree char *valid = g_utf8_make_valid (text, length);
  GString *clean = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gsize size = g_utf8_next_char (at) - at;

      if (is_unfit (g_utf8_get_char (at)))
        continue;
      if (clean->len + size > max)
        break;
      g_string_append_len (clean, at, size);
    }
  g_strstrip (clean->str);
  if (clean->str[0] == '\0')
    return g_string_free (clean, TRUE);
  return g_string_free (clean, FALSE);
}

char *
peerup_trust_clean_text (const char *text, gsize max)
{
  return sanitise (text, strlen (text), max);
}

static gboolean
word_has_key (const char *word, const char *key)
{
  gsize length = strlen (key);

  return strncmp (word, key, length) == 0 && (word[length] == '=' || word[length] == '\0');
}

static gint64
read_expires (GPtrArray *words)
{
  gint64 earliest = PEERUP_EXPIRES_NEVER;

  for (guint i = 0; i < words->len; i++)
    {
      const char *word = words->pdata[i];
      const char *value = strchr (word, '=');
      gint64 seconds = PEERUP_EXPIRES_MALFORMED;

      if (!word_has_key (word, "expires"))
        continue;
      if (value == NULL || !peerup_expires_parse (value + 1, &seconds))
        return PEERUP_EXPIRES_MALFORMED;
      earliest = MIN (earliest, seconds);
    }
  return earliest;
}

static void
read_entry (PeerupAuthorizedLine *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;

  self->id = g_ptr_array_steal_index (self->words, 0);
  self->expires = read_expires (self->words);
  self->peer = peerup_peer_id_new_from_string (self->id, &error);
  if (self->peer != NULL)
    return;
  if (strlen (self->id) > SHOWN_ID_MAX)
    {
      g_autofree char *head = g_strndup (self->id, SHOWN_ID_MAX);

      shown = g_strescape (head, NULL);
      self->problem = g_strdup_printf (_ ("\"%s…\" is not a peer ID"), shown);
      return;
    }
  shown = g_strescape (self->id, NULL);
  self->problem = g_strdup_printf (_ ("\"%s\" is not a peer ID: %s"), shown, error->message);
}

PeerupAuthorizedLine *
peerup_authorized_line_parse (const char *text, gsize length)
{
  PeerupAuthorizedLine *self = g_new0 (PeerupAuthorizedLine, 1);
  const char *end, *hash;

  self->text = g_malloc (length + 1);
  if (length > 0)
    memcpy (self->text, text, length);
  self->text[length] = '\0';
  self->length = length;
  self->expires = PEERUP_EXPIRES_NEVER;
  if (length > PEERUP_AUTHORIZED_LINE_MAX)
    self->problem = g_strdup_printf (_ ("longer than %d bytes"), PEERUP_AUTHORIZED_LINE_MAX);
  else if (memchr (self->text, '\0', length) != NULL)
    self->problem = g_strdup (_ ("has a NUL byte"));
  if (self->problem != NULL)
    return self;

  end = self->text + length;
  if (length > 0 && end[-1] == '\r')
    end--;
  hash = memchr (self->text, '#', end - self->text);
  self->words = split_words (self->text, hash != NULL ? hash : end);
  if (hash != NULL)
    {
      self->raw_comment = g_strndup (hash + 1, end - hash - 1);
      self->comment = sanitise (hash + 1, end - hash - 1, G_MAXSIZE);
    }
  if (self->words->len > 0)
    read_entry (self);
  return self;
}

void
peerup_authorized_line_free (PeerupAuthorizedLine *self)
{
  g_free (self->text);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self->problem);
  g_free (self->id);
  g_clear_pointer (&self->words, g_ptr_array_unref);
  g_free (self->raw_comment);
  g_free (self->comment);
  g_free (self);
}

PeerupAuthorizedLine *
peerup_authorized_line_new (const PeerupPeerId *peer, const char *comment)
{
  g_autofree char *clean = NULL;
  g_autofree char *text = NULL;

  if (comment != NULL)
    clean = sanitise (comment, strlen (comment), PEERUP_AUTHORIZED_COMMENT_MAX);
  text = g_strconcat (peerup_peer_id_get_string (peer), clean != NULL ? "  # " : NULL, clean, NULL);
  return peerup_authorized_line_parse (text, strlen (text));
}

static guint
word_rank (const char *word)
{
  guint rank = 0;

  while (rank < G_N_ELEMENTS (attribute_order) && !word_has_key (word, attribute_order[rank]))
    rank++;
  return rank;
}

static int
compare_words (gconstpointer a, gconstpointer b)
{
  return (int) word_rank (a) - (int) word_rank (b);
}

PeerupAuthorizedLine *
peerup_authorized_line_with (const PeerupAuthorizedLine *self, const char *key, const char *value)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) text = NULL;

  g_assert (self->peer != NULL);
  for (guint i = 0; i < self->words->len; i++)
    if (!word_has_key (self->words->pdata[i], key))
      g_ptr_array_add (words, g_strdup (self->words->pdata[i]));
  if (value != NULL)
    g_ptr_array_add (words, g_strconcat (key, "=", value, NULL));
  /* Stable: words of one rank stay as they stood. */
  g_ptr_array_sort_values (words, compare_words);

  text = g_string_new (self->id);
  for (guint i = 0; i < words->len; i++)
    g_string_append_printf (text, "  %s", (const char *) words->pdata[i]);
  if (self->raw_comment != NULL)
    g_string_append_printf (text, "  #%s", self->raw_comment);
  if (self->length > 0 && self->text[self->length - 1] == '\r')
    g_string_append_c (text, '\r');
  if (text->len > PEERUP_AUTHORIZED_LINE_MAX)
    return NULL;
  return peerup_authorized_line_parse (text->str, text->len);
}

const char *
peerup_authorized_line_get_attribute (const PeerupAuthorizedLine *self, const char *key)
{
  for (guint i = 0; self->words != NULL && i < self->words->len; i++)
    {
      const char *word = self->words->pdata[i];

      if (word_has_key (word, key) && word[strlen (key)] == '=')
        return word + strlen (key) + 1;
    }
  return NULL;
}
