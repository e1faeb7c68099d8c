/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Two honest sides, and in between the input: it delivers their messages, changes them, or says something of its own.
 */

#include "pairing-pair.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Whether what @message was made of it is as it was said. */
static gboolean
tamper (GByteArray *message, const guint8 *data, gsize size)
{
  guint8 old;

  if (message->len == 0 || size < 2 || data[1] == 0)
    return TRUE;
  old = message->data[data[0] % message->len];
  message->data[data[0] % message->len] ^= data[1];
  return message->data[data[0] % message->len] == old;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_auto (Pair) pair = { 0 };
  gboolean honest = TRUE;
  const guint8 pairing[PEERUP_PAIRING_ID_LENGTH] = { 0 };

  pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
  if (size > 0 && data[0] & 1)
    {
      pair_clear (&pair);
      pair.joiner = peerup_pairing_machine_new_resume (pairing);
      pair.inviter = peerup_pairing_machine_new_resumed (pairing);
    }
  for (gsize i = 1; i < size;)
    {
      PeerupPairingMachine *from = data[i] & 1 ? pair.joiner : pair.inviter,
                           *to = data[i] & 1 ? pair.inviter : pair.joiner;
      gboolean own = (data[i] & 0xc0) == 0xc0;
      gsize length = MIN (data[i] >> 1 & 31, size - i - 1);
      g_autoptr (GByteArray) message = g_byte_array_new ();
      g_autoptr (GBytes) said = NULL, given = NULL;

      if (pair_needs (from) && !own)
        peerup_pairing_machine_go_on (from);
      said = own ? g_bytes_new (data + i + 1, length) : peerup_pairing_machine_take_output (from);
      if (said != NULL)
        g_byte_array_append (message, g_bytes_get_data (said, NULL), g_bytes_get_size (said));
      honest = honest && !own && (!(data[i] & 0x80) || tamper (message, data + i + 1, size - i - 1));
      given = g_bytes_new (message->data, message->len);
      if (said != NULL && !pair_receive (to, given, NULL))
        g_assert_false (pair_needs (to));
      i += 1 + (own || data[i] & 0x80 ? MAX (length, 2) : 0);
      g_assert_true (honest || data[0] & 1 || peerup_pairing_machine_get_state (pair.inviter) != PEERUP_PAIRING_DONE ||
                     peerup_pairing_machine_get_state (pair.joiner) == PEERUP_PAIRING_DONE);
    }
  return 0;
}
