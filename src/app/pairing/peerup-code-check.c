/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A code while it is typed: whether it is whole, may go on, or cannot become one any more. A mistake that is at the end
 * of what there is is none yet. */
#include "app/pairing/peerup-code-check.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
is_blank (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isspace (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

static void
set_place (PeerupCodeCheck *self, const char *text, const PeerupCodeMistake *mistake)
{
  gsize length = strlen (text);

  if (!mistake->known || mistake->offset > length)
    return;
  self->first = (int) g_utf8_strlen (text, (gssize) mistake->offset);
  self->last = self->first + (int) (mistake->last - mistake->character);
}

static gsize
find_end (const char *text)
{
  gsize end = strlen (text);

  while (end > 0 && g_ascii_isspace (text[end - 1]))
    end--;
  return end;
}

/* What is wrong with the end will be another thing when more was typed. */
static PeerupCodeCheckState
judge (const char *text, const PeerupCodeMistake *mistake, const GError *error)
{
  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED))
    return PEERUP_CODE_CHECK_FOREIGN;
  if (!mistake->known || mistake->offset + (mistake->last - mistake->character) + 1 >= find_end (text))
    return PEERUP_CODE_CHECK_INCOMPLETE;
  return PEERUP_CODE_CHECK_MISTYPED;
}

PeerupCodeCheck *
peerup_code_check_new (const char *text)
{
  PeerupCodeCheck *self = g_new0 (PeerupCodeCheck, 1);
  PeerupCodeMistake mistake = { 0 };
  g_autoptr (GError) error = NULL;

  self->first = self->last = -1;
  if (!g_utf8_validate (text, -1, NULL))
    {
      self->state = PEERUP_CODE_CHECK_FOREIGN;
      self->text = g_strdup (_ ("This is no code: it is no text"));
      return self;
    }
  if (is_blank (text))
    return self;
  self->code = peerup_invite_code_parse (text, &mistake, &error);
  self->state = self->code != NULL ? PEERUP_CODE_CHECK_COMPLETE : judge (text, &mistake, error);
  if (self->code != NULL)
    return self;
  self->text = g_strdup (error->message);
  set_place (self, text, &mistake);
  return self;
}

void
peerup_code_check_free (PeerupCodeCheck *self)
{
  g_clear_pointer (&self->code, peerup_invite_code_free);
  g_free (self->text);
  g_free (self);
}

gboolean
peerup_code_check_is_code (const char *text)
{
  g_autoptr (PeerupCodeCheck) check = peerup_code_check_new (text);

  return check->state == PEERUP_CODE_CHECK_COMPLETE;
}
