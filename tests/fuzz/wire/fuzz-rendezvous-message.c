/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Rendezvous messages: the first byte says which kind; what decodes must survive being
 * written and read again.
 */
#include "wire/peerup-rendezvous-message.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupRendezvousRequest) request = NULL;
  g_autoptr (PeerupRendezvousAnswer) answer = NULL;
  g_autoptr (PeerupRendezvousKept) kept = NULL, again = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (size == 0)
    return 0;
  if (data[0] % 3 == 0 && (request = peerup_rendezvous_request_decode (data + 1, size - 1, NULL)) != NULL)
    bytes = peerup_rendezvous_request_encode (request);
  else if (data[0] % 3 == 1 && (answer = peerup_rendezvous_answer_decode (data + 1, size - 1, NULL)) != NULL)
    bytes = peerup_rendezvous_answer_encode (answer);
  else if (data[0] % 3 == 2 && (kept = peerup_rendezvous_kept_decode (data + 1, size - 1, NULL)) != NULL)
    {
      bytes = peerup_rendezvous_kept_encode (kept);
      again = peerup_rendezvous_kept_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
      g_assert_true (again != NULL && again->number == kept->number && again->left->len == kept->left->len);
    }
  return 0;
}
