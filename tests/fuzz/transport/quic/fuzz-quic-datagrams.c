/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Datagrams at a listening machine and at one that dials: any bytes, from a few addresses, some
 * behind a connection ID that means something, and time between them. Nobody proves an
 * address, so no more than three times of what came may leave, and nothing may stay. */

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
  return 0;
}

/* The first ID that @side has given out, in place of the one in @bytes. */
static void
set_id (Side *side, guint8 *bytes, gsize length)
{
  ngtcp2_cid cid;
  gsize at = (bytes[0] & 0x80) != 0 ? 6 : 1;

  if (side->links->len == 0)
    return;
  cid = g_array_index (((Link *) side->links->pdata[0])->conn->cids, ngtcp2_cid, 0);
  if (length < at + cid.datalen)
    return;
  memcpy (bytes + at, cid.data, cid.datalen);
  if (at > 1)
    bytes[at - 1] = cid.datalen;
}

/* One byte says who gets it, from whom, and whether it is to be padded; two how long it is. */
static gsize
step (const uint8_t *data, size_t size)
{
  static const char *const hosts[] = { "192.0.2.1", "198.51.100.1", "203.0.113.9", "2001:db8::1" };
  Side *to = data[0] & 1 ? &world->client : &world->server;
  gsize length = MIN ((gsize) (data[1] | data[2] << 8), size - 3);
  gsize padded = data[0] & 2 ? MAX (length, 1200) : length;
  g_autofree guint8 *bytes = g_malloc0 (padded + 1);
  PeerupSocketAddress from;

  memcpy (bytes, data + 3, length);
  if (data[0] & 4)
    set_id (to, bytes, padded);
  peerup_socket_address_set (&from, hosts[data[0] >> 3 & 3], data[0] & 32 ? 4002 : 4001);
  world_inject (world, to, &from, bytes, padded);
  if (data[0] & 64)
    world_run (world, world->now + (data[0] & 128 ? 700 : 20) * 1000);
  return 3 + length;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  world_restart (world);
  world->server.bytes_sent = world->server.bytes_received = 0;
  if (size == 0)
    return 0;
  world->server.options.retry_from = data[0] & 1 ? 0 : 100;
  world->filter = forge_lose_all;
  if (data[0] & 2)
    world_dial (world);
  for (gsize at = 1; at + 3 <= size;)
    at += step (data + at, size - at);
  world_run (world, world->now + 12 * G_USEC_PER_SEC);
  g_assert_cmpuint (world->server.bytes_sent, <=, 3 * world->server.bytes_received);
  forge_assert_nothing_left (world);
  return 0;
}
