/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A datagram with a right length is read in every way there is, and answered: what is answered
 * can be read, and is not much longer. */

#include <string.h>

#include "stun/peerup-stun-server.h"
#include "wire/peerup-bytes.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupStunServer) server = peerup_stun_server_new (1, 1, 0);
  g_autofree guint8 *copy = g_memdup2 (data, size);
  guint8 answer[PEERUP_STUN_SERVER_SIZE_MAX];
  PeerupStunMessage message, answered;
  PeerupStunOther other = { .has_host = TRUE };
  PeerupSocketAddress address;
  PeerupStunWay way;

  if (size < PEERUP_STUN_HEADER_SIZE)
    return 0;
  peerup_store_be16 (copy + 2, size - PEERUP_STUN_HEADER_SIZE);
  if (!peerup_stun_message_parse (&message, copy, size, NULL))
    return 0;
  for (guint16 type = 0; type < 0x40; type++)
    if (peerup_stun_message_get_address (&message, type, &address))
      g_assert_true (address.any.sa_family == AF_INET || address.any.sa_family == AF_INET6);
  g_assert_cmpuint (peerup_stun_message_get_error_code (&message), <, 700);
  for (guint i = 0; i < 2; i++)
    g_assert_false (peerup_stun_message_check_integrity (
      &message, i == 0 ? PEERUP_STUN_MESSAGE_INTEGRITY : PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, answer, 0));

  g_assert_true (peerup_socket_address_set (&address, "192.0.2.1", 1));
  other.address = address;
  size = peerup_stun_server_answer (server, &message, &address, size % 2 ? &other : NULL, 0, answer, &way);
  if (size == 0)
    return 0;
  g_assert_cmpuint (size, <=, message.length + PEERUP_STUN_SERVER_GROWTH_MAX);
  g_assert_cmphex (way.remote.ip4.sin_addr.s_addr, ==, address.ip4.sin_addr.s_addr);
  g_assert_true (peerup_stun_message_parse (&answered, answer, size, NULL));
  g_assert_true (answered.has_fingerprint == message.has_fingerprint);
  g_assert_cmpuint (peerup_stun_message_find_unknown (&answered, NULL, 0), ==, 0);
  return 0;
}
