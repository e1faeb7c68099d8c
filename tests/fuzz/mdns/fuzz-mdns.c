/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Messages of anybody on the LAN, each with a length of two bytes before it, to a node that has something to say. What
 * it answers can be read again, and its bounds hold. */

#include "mdns/peerup-mdns-machine.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint8 id[34] = { 0x12, 32 };
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_bytes (id, sizeof id, NULL);
  g_autoptr (PeerupMdnsMachine) machine =
    peerup_mdns_machine_new (peerup_mdns_own_new (peer, "abcdefghijklmnopqrstuvwxyz23456712345678"), 1);
  g_autoptr (PeerupMdnsInterface) interface = peerup_mdns_interface_new (2, "eth0");
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  PeerupSocketAddress source;
  PeerupMdnsPacket packet;
  PeerupMdnsMessage message;
  PeerupMdnsTopic topic;
  gint64 now = G_USEC_PER_SEC;

  g_assert_true (peerup_socket_address_set (&source, "192.168.7.3", size & 1 ? 5353 : 40000));
  peerup_mdns_interface_add (interface, &source, 24);
  g_ptr_array_add (addresses, peerup_multiaddr_new_from_string ("/ip4/192.168.7.2/tcp/4001", NULL));
  peerup_mdns_machine_set_addresses (machine, addresses, now);
  peerup_mdns_machine_set_announcing (machine, TRUE, now);
  peerup_mdns_machine_add_number (machine, 417, now);
  for (peerup_mdns_machine_set_link (machine, interface, AF_INET, now); size > 2; now += 50000)
    {
      gsize length = MIN (size - 2, (gsize) data[0] << 8 | data[1]);
      g_autofree guint8 *exact = g_memdup2 (data + 2, length);
      g_autoptr (GPtrArray) claims = peerup_mdns_machine_take (machine, 2, &source, exact, length, now, &topic);

      g_assert_true (claims == NULL || (claims->len > 0 && claims->len <= PEERUP_MDNS_CLAIMS_MAX));
      while (peerup_mdns_machine_next (machine, now, &packet))
        g_assert_true (peerup_mdns_message_parse (&message, packet.data, packet.length, NULL));
      data += length + 2;
      size -= length + 2;
    }
  return 0;
}
