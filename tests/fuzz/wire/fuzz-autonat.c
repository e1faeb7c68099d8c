/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * AutoNAT messages: the first byte says which stream; a message that decodes, and that we could send, must
 * survive being written and read again.
 */
#include "wire/peerup-autonat-message.h"

static void
check_message (PeerupAutonatMessage *message)
{
  g_autoptr (PeerupAutonatMessage) again = NULL;
  g_autoptr (GBytes) encoded = NULL;
  const guint8 *data;
  gsize length, n_prefix;

  if (message->type == PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE && message->n_bytes > PEERUP_AUTONAT_DATA_MAX)
    return;
  while (message->addresses != NULL && g_ptr_array_remove (message->addresses, NULL))
    continue;
  encoded = peerup_autonat_message_encode (message);
  data = g_bytes_get_data (encoded, &length);
  n_prefix = length < 129 ? 1 : 2;
  again = peerup_autonat_message_decode (data + n_prefix, length - n_prefix, NULL);
  g_assert_nonnull (again);
  g_assert_true (again->type == message->type && again->nonce == message->nonce && again->index == message->index &&
                 again->status == message->status && again->n_bytes == message->n_bytes);
}

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupAutonatMessage) message = NULL;
  guint64 nonce;

  if (size == 0)
    return 0;
  if (data[0] % 3 == 1)
    peerup_autonat_dial_back_decode (data + 1, size - 1, &nonce, NULL);
  else if (data[0] % 3 == 2)
    peerup_autonat_dial_back_response_decode (data + 1, size - 1, NULL);
  else if ((message = peerup_autonat_message_decode (data + 1, size - 1, NULL)) != NULL)
    check_message (message);
  return 0;
}
