/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A peer that holds the key and says what it likes when it likes: each 4 bytes are a kind, a port or socket, a time,
 * and whether it answers the last packet. Datagrams of no form come in between. The bounds hold, whatever it says. */

#include <string.h>

#include "punch/peerup-port-search-machine.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PeerupPortSearchOptions options = { .many_sockets = size & 1,
                                      .controlling = size >> 1 & 1,
                                      .port_step = size >> 2 & 3 };
  guint8 bytes[PEERUP_PUNCH_MESSAGE_SIZE_MAX], seed[PEERUP_PORT_SEARCH_SEED_SIZE] = { 0 };
  g_autoptr (PeerupPortSearchMachine) machine = NULL;
  PeerupPortSearchPacket packet = { 0 };
  PeerupPortSearchFigures figures;
  gint64 now = 1000000;

  g_assert_true (peerup_socket_address_set (&options.remote, "1.2.3.4", 7000));
  machine = peerup_port_search_machine_new (&options, seed, now);
  for (; size >= 4; data += 4, size -= 4)
    {
      PeerupPunchMessage message = { .kind = data[0] % 4, .transaction = { data[3] } };
      guint socket = options.many_sockets ? data[1] : 0;
      PeerupSocketAddress remote = data[3] & 1 ? packet.remote : options.remote;
      gsize length;

      if (packet.length > 0 && data[3] & 1)
        memcpy (message.transaction, packet.data + 8, sizeof message.transaction);
      if (!options.many_sockets && !(data[3] & 1))
        peerup_socket_address_set_port (&remote, data[1]);
      length = peerup_punch_message_write (&message, message.kind == PEERUP_PUNCH_ANSWER ? &options.remote : NULL,
                                           options.key, !options.controlling, bytes);
      peerup_port_search_machine_take (machine, data[3] & 1 ? packet.socket : socket, &remote, bytes, length, now);
      peerup_port_search_machine_take (machine, socket, &options.remote, data, size, now);
      for (now += data[2] * 256; peerup_port_search_machine_next (machine, now, &packet);)
        g_assert_cmpuint (packet.length, <=, sizeof bytes);
      if (peerup_port_search_machine_advance (machine, now) < PEERUP_PORT_SEARCH_FOUND)
        g_assert_cmpint (peerup_port_search_machine_get_deadline (machine), >, now);
    }
  peerup_port_search_machine_get_figures (machine, &figures);
  g_assert_cmpuint (figures.n_sent, <=, PEERUP_PORT_SEARCH_PROBES);
  g_assert_cmpuint (figures.n_sent - figures.n_probes, <=, PEERUP_PORT_SEARCH_RESERVE);
  return 0;
}
