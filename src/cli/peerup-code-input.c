/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where a code comes from. What is read goes to the caller, and is neither said nor logged here.
 */
#include "cli/peerup-code-input.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "code/peerup-invite-code.h"
#include "wire/peerup-error.h"

/* A code that is pasted with its line breaks comes as several lines, one right behind the other. */
#define PASTE_PAUSE_MS 50

static gboolean
has_more (void)
{
  struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

  return poll (&input, 1, PASTE_PAUSE_MS) == 1;
}

/* Byte for byte: what follows the line is somebody else's. FALSE at the end of the input. */
static gboolean
read_line (GString *out)
{
  char byte;
  gssize n;

  while (out->len <= PEERUP_CODE_TEXT_MAX)
    {
      n = read (STDIN_FILENO, &byte, 1);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      if (byte == '\n')
        return TRUE;
      g_string_append_c (out, byte);
    }
  return TRUE;
}

static gboolean
is_blank (const GString *text)
{
  return strspn (text->str, " \t\r") == text->len;
}

static char *
read_input (GError **error)
{
  gboolean terminal = isatty (STDIN_FILENO), more;
  g_autoptr (GString) text = g_string_new (NULL);

  if (terminal)
    g_printerr ("%s", _ ("Code of the other device: "));
  do
    {
      more = read_line (text);
      g_string_append_c (text, ' ');
    }
  while (more && text->len <= PEERUP_CODE_TEXT_MAX && (is_blank (text) || (terminal && has_more ())));
  g_strstrip (text->str);
  if (strlen (text->str) > PEERUP_CODE_TEXT_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("this is no code: it is longer than %d characters"),
                   PEERUP_CODE_TEXT_MAX);
      return NULL;
    }
  if (text->str[0] != '\0')
    return g_string_free_and_steal (g_steal_pointer (&text));
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                       _ ("there is no code: give it as argument, in PEERUP_INVITE_CODE or on standard input; “peerup "
                          "invite” on the other device makes one"));
  return NULL;
}

char *
peerup_code_input_read (char **arguments, GError **error)
{
  const char *environment = g_getenv ("PEERUP_INVITE_CODE");

  if (arguments[0] != NULL)
    return g_strjoinv (" ", arguments);
  if (environment != NULL && environment[0] != '\0')
    return g_strdup (environment);
  return read_input (error);
}
