/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Any text as a code. What is taken must survive being written and read again, as text and as a link.
 */
#include "code/peerup-invite-code.h"

#include <string.h>

static void
check_again (const char *text, const PeerupInviteCode *code)
{
  g_autoptr (PeerupInviteCode) again = peerup_invite_code_parse (text, NULL, NULL);

  g_assert_nonnull (again);
  g_assert_cmpint (again->kind, ==, code->kind);
  g_assert_cmpuint (again->number, ==, code->number);
  g_assert_true (g_bytes_equal (again->secret, code->secret));
  g_assert_cmpuint (again->relays->len, ==, code->relays->len);
}

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *typed = g_strndup ((const char *) data, size);
  PeerupCodeMistake mistake;
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (typed, &mistake, NULL);
  g_autofree char *text = NULL;
  g_autofree char *link = NULL;

  g_assert_true (!mistake.known || mistake.offset <= strlen (typed));
  if (code == NULL)
    return 0;
  text = peerup_invite_code_to_text (code, NULL);
  link = peerup_invite_code_to_link (code, NULL);
  g_assert_true (text != NULL && link != NULL);
  check_again (text, code);
  check_again (link, code);
  return 0;
}
