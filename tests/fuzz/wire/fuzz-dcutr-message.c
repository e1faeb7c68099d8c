/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Messages of direct connection upgrade: what decodes must survive being written and read again.
 */
#include "wire/peerup-dcutr-message.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupDcutrMessage) message = peerup_dcutr_message_decode (data, size, NULL);
  g_autoptr (PeerupDcutrMessage) again = NULL;
  g_autoptr (GBytes) encoded = NULL;
  const guint8 *bytes;
  gsize length, n_prefix;

  if (message == NULL)
    return 0;
  encoded = peerup_dcutr_message_encode (message->type, message->addresses);
  bytes = g_bytes_get_data (encoded, &length);
  n_prefix = length < 129 ? 1 : 2;
  again = peerup_dcutr_message_decode (bytes + n_prefix, length - n_prefix, NULL);
  g_assert_nonnull (again);
  g_assert_cmpint (again->type, ==, message->type);
  g_assert_cmpuint (again->addresses->len, <=, message->addresses->len);
  for (guint i = 0; i < again->addresses->len; i++)
    g_assert_true (peerup_multiaddr_equal (again->addresses->pdata[i], message->addresses->pdata[i]));
  return 0;
}
