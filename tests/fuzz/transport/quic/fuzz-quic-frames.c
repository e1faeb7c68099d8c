/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Frames of a peer who has shaken hands: any bytes, sealed with the connection's keys, with calls
 * of our own side in between. The connection may end; nothing may grow without bound. */

#include <stdint.h>
#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static World *world;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  world = world_new ();
  world->server.options.streams_max = 8;
  return 0;
}

static void
act (Link *link, guint choice)
{
  PeerupSocketAddress other;
  Flow *flow = link->flows->len > 0 ? link->flows->pdata[choice % link->flows->len] : NULL;

  switch (choice % 8)
    {
    case 0:
      flow = link->flows->len < 8 ? flow_open (link) : NULL;
      if (flow == NULL)
        break;
      g_ptr_array_add (link->flows, flow);
      flow_send_text (flow, "hello", choice & 8);
      break;
    case 1:
      if (flow != NULL)
        peerup_quic_channel_reset (flow->channel, choice);
      break;
    case 2:
      if (flow != NULL)
        peerup_quic_channel_close_read (flow->channel);
      break;
    case 3:
      if (flow != NULL)
        peerup_quic_channel_close_write (flow->channel);
      break;
    case 4:
      peerup_quic_conn_update_keys (link->conn, world->now);
      break;
    case 5:
      peerup_socket_address_set (&other, "192.0.2.77", choice);
      peerup_quic_conn_migrate (link->conn, &other, choice & 8, world->now);
      break;
    case 6:
      peerup_quic_conn_probe (link->conn, world->now);
      break;
    default:
      world_run (world, world->now + 10 * 1000 * (choice >> 3));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (Forge) forge = NULL;
  Side *as;
  Link *client, *link;

  if (size < 2)
    return 0;
  world_restart (world);
  world->client.is_puppet = world->server.is_puppet = FALSE;
  world->server.echo = (data[0] & 2) != 0;
  client = world_dial (world);
  forge = forge_new (client);
  if (!world_run_until (world, &client->established))
    g_assert_not_reached ();
  world_run (world, world->now + 100 * 1000);
  as = data[0] & 1 ? &world->server : &world->client;
  link = data[0] & 1 ? client : world_accepted (world);
  for (gsize at = 1; at + 2 <= size && link->error == NULL;)
    {
      gsize length = MIN (data[at + 1], size - at - 2);

      if (data[at] >= 64)
        act (link, data[at]);
      /* It may have ended with that. */
      if (link->error == NULL)
        forge_send (forge, as, data + at + 2, length);
      at += 2 + length;
      g_assert_cmpuint (link->conn->cids->len, <=, 32);
      g_assert_cmpuint (peerup_quic_conn_get_n_channels (link->conn), <=, PEERUP_QUIC_STREAMS_MAX + 8);
    }
  world_run (world, world->now + G_USEC_PER_SEC);
  return 0;
}
