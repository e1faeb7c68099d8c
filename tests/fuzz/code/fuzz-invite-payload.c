/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What is inside of a code, in text that is right: ours with its check characters, or the original's, by the first
 * byte. What is taken is written as it was read, but for the bits to spare in a code of the original's.
 */
#include "code/peerup-code-private.h"

#include <string.h>

static char *
write_symbols (const GByteArray *symbols, const char *alphabet)
{
  GString *text = g_string_sized_new (symbols->len + 1);

  for (guint i = 0; i < symbols->len; i++)
    g_string_append_c (text, alphabet[symbols->data[i]]);
  return g_string_free_and_steal (text);
}

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gboolean original = size > 0 && data[0] % 2;
  g_autoptr (PeerupCodeBytes) symbols = NULL;
  g_autoptr (PeerupInviteCode) code = NULL;
  g_autofree char *text = NULL;
  g_autofree char *link = NULL;

  if (size == 0 || size > PEERUP_CODE_FRAME_PAYLOAD_MAX)
    return 0;
  symbols = original ? peerup_code_bytes_new (2 * size) : peerup_code_frame_write (data + 1, size - 1);
  if (original)
    peerup_code_symbols_from_bytes (symbols, data + 1, size - 1);
  text = write_symbols (symbols, original ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" : "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
  code = peerup_invite_code_parse (text, NULL, NULL);
  link = code != NULL ? peerup_invite_code_to_link (code, NULL) : NULL;
  g_assert_true (code == NULL || code->kind == PEERUP_CODE_SPOKEN || g_str_has_suffix (link, text));
  return 0;
}
