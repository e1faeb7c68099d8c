/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * ICE messages: what decodes must survive being written and read again.
 */
#include "wire/peerup-ice-message.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupIceMessage) message = peerup_ice_message_decode (data, size, NULL);
  g_autoptr (PeerupIceMessage) again = NULL;
  g_autoptr (GBytes) encoded = NULL;
  const guint8 *bytes;
  gsize length, n_prefix;

  if (message == NULL)
    return 0;
  encoded = peerup_ice_message_encode (message);
  bytes = g_bytes_get_data (encoded, &length);
  n_prefix = length < 129 ? 1 : 2;
  again = peerup_ice_message_decode (bytes + n_prefix, length - n_prefix, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->type, ==, message->type);
  g_assert_cmpuint (again->n_candidates, ==, message->n_candidates);
  g_assert_cmpint (again->has_pair, ==, message->has_pair);
  g_assert_cmpstr (again->ufrag, ==, message->ufrag);
  return 0;
}
