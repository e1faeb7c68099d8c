/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The spoken code: a number that everybody may know and three words that are secret, "417-otter-violin-maple". Pure
 * functions. A word that is none is answered with the one that comes nearest, which gives nothing away, as the words
 * are known; whether the three are right only a run of the pairing tells.
 */
#include "code/peerup-code-private.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

#define N_WORDS 3
/* Letters and digits that a spoken code can have, with something over; parts that are looked at. */
#define CHARACTERS_MAX 48
#define TOKENS_MAX     8

GBytes *
peerup_code_choose_words (const guint8 *random)
{
  const char *words[N_WORDS];
  char text[N_WORDS * (PEERUP_CODE_WORD_MAX + 1)];
  GBytes *secret;
  int length;

  for (guint i = 0; i < N_WORDS; i++)
    words[i] = peerup_code_words[(random[2 * i] << 8 | random[2 * i + 1]) % PEERUP_CODE_N_WORDS];
  length = g_snprintf (text, sizeof text, "%s %s %s", words[0], words[1], words[2]);
  secret = peerup_code_secret_new (text, (gsize) length);
  sodium_memzero (text, sizeof text);
  return secret;
}

/* Whether @secret is three words with a space between each. */
static gboolean
is_secret (GBytes *secret)
{
  gsize length = g_bytes_get_size (secret);
  g_autofree char *text = g_strndup (g_bytes_get_data (secret, NULL), length);
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  if (strlen (text) != length || g_strv_length (words) != N_WORDS)
    return FALSE;
  for (guint i = 0; i < N_WORDS; i++)
    {
      if (g_strcmp0 (peerup_code_find_word (words[i]), words[i]) != 0)
        return FALSE;
    }
  return TRUE;
}

char *
peerup_code_spoken_write (const PeerupInviteCode *code, GError **error)
{
  GString *text;

  g_return_val_if_fail (code->number >= 1 && code->number <= PEERUP_CODE_NUMBER_MAX, NULL);
  g_return_val_if_fail (code->secret != NULL && is_secret (code->secret), NULL);

  text = g_string_new (NULL);
  g_string_printf (text, "%u-%.*s", code->number, (int) g_bytes_get_size (code->secret),
                   (const char *) g_bytes_get_data (code->secret, NULL));
  for (char *p = text->str; *p != '\0'; p++)
    *p = *p == ' ' ? '-' : *p;
  return g_string_free_and_steal (text);
}

/* A number or a word, as it was typed. */
typedef struct
{
  char text[CHARACTERS_MAX + 1]; /* lower case; what is no ASCII is a "?" */
  guint length;
  guint first; /* its first character, from 1 */
  gsize offset;
  gsize last; /* of its last character */
  gboolean is_number;
} Token;

typedef struct
{
  Token tokens[TOKENS_MAX];
  guint n, n_numbers, n_known;
  guint n_characters;
  gboolean split; /* the last was not on its own */
} Tokens;

static void
append (Tokens *self, PeerupTypedCharacter c, gboolean begin)
{
  gboolean digit = c.character < 128 && g_ascii_isdigit ((char) c.character);
  Token *token;

  self->n_characters++;
  if (begin)
    self->tokens[self->n++] = (Token) { .first = self->n_characters, .offset = c.offset, .is_number = TRUE };
  token = &self->tokens[self->n - 1];
  token->is_number = token->is_number && digit;
  token->last = c.offset;
  token->text[token->length++] = c.character < 128 ? g_ascii_tolower ((char) c.character) : '?';
}

/* Whether a number ends or begins between two characters: "417otter". A word with a digit in it stays one. */
static gboolean
is_border (const Tokens *self, gunichar character)
{
  const Token *token = &self->tokens[self->n - 1];

  return token->is_number && g_unichar_isalpha (character);
}

/* "maple417": the digits at the very end are a number. */
static void
split_last (Tokens *self)
{
  Token *token, *number;
  guint n = 0;

  if (self->n == 0 || self->n == TOKENS_MAX)
    return;
  token = &self->tokens[self->n - 1];
  while (n < token->length && g_ascii_isdigit (token->text[token->length - n - 1]))
    n++;
  if (n == 0 || n == token->length)
    return;
  number = &self->tokens[self->n++];
  *number = (Token) { .length = n, .first = token->first + token->length - n, .is_number = TRUE };
  self->split = TRUE;
  number->last = token->last;
  number->offset = token->last - (n - 1);
  token->length -= n;
  memcpy (number->text, token->text + token->length, n);
  memset (token->text + token->length, 0, n);
}

/* FALSE for what is far too much for a spoken code. */
static gboolean
read_tokens (PeerupTyped *typed, Tokens *self)
{
  gboolean inside = FALSE;

  *self = (Tokens) { 0 };
  for (guint i = 0; i < typed->len; i++)
    {
      PeerupTypedCharacter c = g_array_index (typed, PeerupTypedCharacter, i);
      gboolean begin = !inside;

      inside = g_unichar_isalnum (c.character);
      if (!inside)
        continue;
      begin = begin || is_border (self, c.character);
      if (self->n_characters >= CHARACTERS_MAX || (begin && self->n >= TOKENS_MAX))
        return FALSE;
      append (self, c, begin);
    }
  split_last (self);
  for (guint i = 0; i < self->n; i++)
    {
      self->n_numbers += self->tokens[i].is_number;
      self->n_known += peerup_code_find_word (self->tokens[i].text) != NULL;
    }
  return TRUE;
}

/* Letters alone, of any alphabet. */
static gboolean
is_plain (const Token *token)
{
  return strpbrk (token->text, "0123456789") == NULL;
}

/* One word of the list is enough. Without any, a number on its own, first or last, among words that could be meant for
 * some; groups of other codes mix digits and letters. */
gboolean
peerup_code_spoken_is_meant (PeerupTyped *typed)
{
  Tokens tokens;

  if (!read_tokens (typed, &tokens) || tokens.n == 0 || tokens.n_known > 0)
    return tokens.n_known > 0;
  if (tokens.n_numbers != 1 || tokens.n > N_WORDS + 2)
    return FALSE;
  for (guint i = 0; i < tokens.n; i++)
    {
      if (!tokens.tokens[i].is_number && !is_plain (&tokens.tokens[i]))
        return FALSE;
    }
  return tokens.tokens[0].is_number || (tokens.n > 2 && !tokens.split && tokens.tokens[tokens.n - 1].is_number);
}

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, message);
  return FALSE;
}

static gboolean
fail_word (const Token *token, guint ordinal, PeerupCodeMistake *mistake, GError **error)
{
  static const char *const ordinals[] = { "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth" };
  guint distance;
  const char *nearest = peerup_code_nearest_word (token->text, &distance);

  if (distance <= PEERUP_CODE_WORD_MIN)
    return peerup_code_fail_at (mistake, token->first, token->first + token->length - 1, token->offset, error,
                                _ ("The %s word is none that codes are made of: did you mean “%s”?"), ordinals[ordinal],
                                nearest);
  return peerup_code_fail_at (mistake, token->first, token->first + token->length - 1, token->offset, error,
                              _ ("The %s word is none that codes are made of"), ordinals[ordinal]);
}

static gboolean
read_words (const Tokens *tokens, GString *secret, PeerupCodeMistake *mistake, GError **error)
{
  guint n = 0;

  for (guint i = 0; i < tokens->n; i++)
    {
      const Token *token = &tokens->tokens[i];
      const char *word = peerup_code_find_word (token->text);

      if (token->is_number)
        continue;
      if (word == NULL)
        return fail_word (token, n, mistake, error);
      g_string_append_printf (secret, "%s%s", n++ > 0 ? " " : "", word);
    }
  if (n == N_WORDS)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               _ ("A spoken code has a number and three words, and here %s %u"), n == 1 ? "is" : "are", n);
  return FALSE;
}

static gboolean
read_number (const Tokens *tokens, guint *number, PeerupCodeMistake *mistake, GError **error)
{
  const Token *token = tokens->tokens[0].is_number ? &tokens->tokens[0] : &tokens->tokens[tokens->n - 1];
  guint64 value;

  if (tokens->n_numbers == 0)
    return fail (error, _ ("The number is missing: a spoken code has a number and three words"));
  if (tokens->n_numbers > 1)
    return fail (error, _ ("There is more than one number: a spoken code has a number and three words"));
  if (!token->is_number)
    return fail (error, _ ("The number comes before the three words, or after them"));
  if (!g_ascii_string_to_unsigned (token->text, 10, 1, PEERUP_CODE_NUMBER_MAX, &value, NULL))
    return peerup_code_fail_at (mistake, token->first, token->first + token->length - 1, token->offset, error,
                                _ ("The number of a code is one from 1 to %d"), PEERUP_CODE_NUMBER_MAX);
  *number = (guint) value;
  return TRUE;
}

PeerupInviteCode *
peerup_code_spoken_read (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error)
{
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_new (PEERUP_CODE_SPOKEN);
  g_autoptr (GString) secret = g_string_sized_new (CHARACTERS_MAX);
  Tokens tokens;
  gboolean fits = read_tokens (typed, &tokens);

  g_assert (fits);
  if (!read_words (&tokens, secret, mistake, error) || !read_number (&tokens, &code->number, mistake, error))
    return NULL;
  code->secret = peerup_code_secret_new (secret->str, secret->len);
  sodium_memzero (secret->str, secret->len);
  sodium_memzero (&tokens, sizeof tokens);
  return g_steal_pointer (&code);
}
