/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A gateway that says anything, at times of its choice: each of its datagrams begins with its length and the seconds
 * before it. What is held has an end, and what is sent stays within the rate. */

#include "nat/peerup-port-mapper.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint8 nonce[PEERUP_PORT_MAPPING_NONCE_SIZE] = "abcdefghijkl";
  g_autoptr (PeerupPortMapper) mapper = NULL;
  guint8 request[PEERUP_PORT_MAPPING_REQUEST_SIZE];
  PeerupSocketAddress client;
  PeerupPortMapped port;
  gint64 now = G_USEC_PER_SEC;
  guint n_sent = 0;

  g_assert_true (peerup_socket_address_set (&client, "192.168.1.2", 0));
  mapper = peerup_port_mapper_new (&client, nonce);
  peerup_port_mapper_add (mapper, IPPROTO_UDP, 7777, now);
  while (size >= 2)
    {
      gsize length = MIN (data[0], size - 2);
      g_autofree guint8 *exact = g_memdup2 (data + 2, length);

      now += data[1] * (gint64) G_USEC_PER_SEC;
      peerup_port_mapper_advance (mapper, now);
      while (peerup_port_mapper_next (mapper, now, request) > 0)
        n_sent++;
      peerup_port_mapper_take (mapper, exact, length, now);
      peerup_port_mapper_get_port (mapper, 0, &port);
      g_assert_true (!port.is_held ||
                     port.expires_at <= now + PEERUP_PORT_MAPPER_LIFETIME_MAX * (gint64) G_USEC_PER_SEC);
      data += 2 + length;
      size -= 2 + length;
    }
  g_assert_cmpuint (n_sent, <=,
                    PEERUP_PORT_MAPPER_PACKETS_MAX + now / (60 * G_USEC_PER_SEC / PEERUP_PORT_MAPPER_PACKETS_MAX));
  return 0;
}
