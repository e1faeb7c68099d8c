/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Two machines, and a script of what their users and the network do: streams are opened, written,
 * ended and reset, datagrams lost, repeated, held back and changed, addresses moved, time goes on.
 * What is read is a beginning of what was written, and no figure goes back. */

#include <stdint.h>
#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

enum
{
  MAX_FLOWS = 12,
  MAX_BYTES = 300 * 1000,
};

/* What its writer has written so far comes first in this. */
static GBytes *pattern;
static World *world;

typedef struct
{
  const uint8_t *data;
  size_t size;
  GPtrArray *flows; /* that the script opened, of both sides */
  PeerupQuicFigures last[2];
} Run;

static guint
next (Run *run)
{
  if (run->size == 0)
    return 0;
  run->size--;
  return *run->data++;
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  world = world_new ();
  world->server.options.streams_max = world->client.options.streams_max = 5;
  pattern = make_pattern (MAX_BYTES);
  return 0;
}

/* What becomes of a datagram is the script's next byte, while it has any. */
static gboolean
weather (World *self, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Run *run = data;
  guint choice = next (run);

  switch (choice % 16)
    {
    case 1:
      return FALSE;
    case 2:
      world_repeat (self, from, datagram, *delay + choice * 1000);
      return TRUE;
    case 3:
      *delay += choice * 1000;
      return TRUE;
    case 4:
      datagram->ecn = choice >> 4 & 3;
      return TRUE;
    case 5:
      if (from == &self->client)
        peerup_socket_address_set (&datagram->local, "203.0.113.7", 1 + choice);
      return TRUE;
    default:
      return TRUE;
    }
}

static Flow *
pick (Run *run)
{
  return run->flows->len > 0 ? run->flows->pdata[next (run) % run->flows->len] : NULL;
}

static void
open_flow (Run *run)
{
  GPtrArray *links = next (run) & 1 ? world->server.links : world->client.links;
  Link *link = links->len > 0 ? links->pdata[0] : NULL;
  Flow *flow;

  if (link == NULL || link->error != NULL || run->flows->len >= MAX_FLOWS)
    return;
  flow = flow_open (link);
  if (flow != NULL)
    g_ptr_array_add (run->flows, flow);
}

static void
write_flow (Run *run)
{
  Flow *flow = pick (run);
  guint choice = next (run);
  gsize length = MIN (MAX_BYTES, (gsize) (choice >> 1) * (choice & 1 ? 1 : 2000));

  if (flow == NULL || flow->sending != NULL)
    return;
  flow->sending = g_bytes_new_from_bytes (pattern, 0, length);
  flow->fin = choice >= 128;
}

static void
end_flow (Run *run)
{
  Flow *flow = pick (run);

  if (flow == NULL)
    return;
  switch (next (run) % 5)
    {
    case 0:
      peerup_quic_channel_reset (flow->channel, run->size);
      break;
    case 1:
      peerup_quic_channel_close_read (flow->channel);
      break;
    case 2:
      peerup_quic_channel_close_write (flow->channel);
      break;
    case 3:
      flow->no_reading = !flow->no_reading;
      break;
    default:
      g_ptr_array_remove_fast (run->flows, flow);
    }
}

/* As a process ends that is killed, with what it held. */
static void
restart_server (Run *run)
{
  for (guint i = run->flows->len; i > 0; i--)
    if (((Flow *) run->flows->pdata[i - 1])->link->side == &world->server)
      g_ptr_array_remove_index_fast (run->flows, i - 1);
  world_restart_side (world, &world->server);
  world->server.n_admitted = world->server.n_released = 0;
  run->last[1] = (PeerupQuicFigures) { 0 };
}

static void
use_connection (Run *run)
{
  Link *link = world->client.links->pdata[0];
  PeerupSocketAddress address;
  guint choice = next (run);

  switch (choice % 8)
    {
    case 0:
      peerup_socket_address_set (&address, "192.0.2.50", 1 + choice);
      peerup_quic_conn_migrate (link->conn, &address, choice & 8, world->now);
      break;
    case 1:
      peerup_quic_conn_update_keys (link->conn, world->now);
      break;
    case 2:
      peerup_quic_conn_probe (link->conn, world->now);
      break;
    case 3:
      peerup_quic_conn_set_keep_alive (link->conn, choice & 8);
      break;
    case 4:
      world->server.echo = !world->server.echo;
      break;
    case 5:
      if (choice >= 0xc0)
        peerup_quic_conn_close (link->conn, choice, NULL, world->now);
      break;
    case 6:
      world->mtu = 1200 + choice;
      break;
    default:
      if (choice >= 0xe0)
        restart_server (run);
    }
}

static void
check_prefix (Flow *flow)
{
  if (flow->received == NULL || flow->received->len == 0)
    return;
  g_assert_cmpuint (flow->received->len, <=, MAX_BYTES);
  if (memcmp (flow->received->data, g_bytes_get_data (pattern, NULL), flow->received->len) != 0)
    g_assert_not_reached ();
}

static void
check_figures (Run *run, Side *side, guint i)
{
  PeerupQuicFigures figures;

  if (side->links->len == 0 || ((Link *) side->links->pdata[0])->error != NULL)
    {
      run->last[i] = (PeerupQuicFigures) { 0 };
      return;
    }
  peerup_quic_conn_get_figures (((Link *) side->links->pdata[0])->conn, &figures);
  g_assert_cmpuint (figures.bytes_received, >=, run->last[i].bytes_received);
  g_assert_cmpuint (figures.bytes_sent, >=, run->last[i].bytes_sent);
  g_assert_cmpuint (figures.packets_received, >=, run->last[i].packets_received);
  g_assert_cmpuint (figures.packets_sent, >=, run->last[i].packets_sent);
  g_assert_cmpuint (figures.packets_lost, >=, run->last[i].packets_lost);
  g_assert_cmpuint (figures.path_mtu, >=, 1200);
  run->last[i] = figures;
}

static void
check (Run *run)
{
  for (guint i = 0; i < run->flows->len; i++)
    check_prefix (run->flows->pdata[i]);
  for (guint side = 0; side < 2; side++)
    {
      Side *of = side == 0 ? &world->client : &world->server;

      for (guint i = 0; i < of->links->len; i++)
        g_ptr_array_foreach (((Link *) of->links->pdata[i])->flows, (GFunc) check_prefix, NULL);
      check_figures (run, of, side);
    }
}

static void
step (Run *run)
{
  guint choice = next (run);

  switch (choice % 6)
    {
    case 0:
      open_flow (run);
      break;
    case 1:
      write_flow (run);
      break;
    case 2:
      end_flow (run);
      break;
    case 3:
      use_connection (run);
      break;
    default:
      world_run (world, world->now + (choice < 250 ? choice * 1000 : choice * 100 * 1000));
      check (run);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Run run = { .data = data, .size = MIN (size, 4096) };

  run.flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);
  world_restart (world);
  world->server.n_admitted = world->server.n_released = 0;
  world->server.echo = FALSE;
  world->mtu = 1472;
  world->filter = weather;
  world->filter_data = &run;
  world_dial (world);
  if (next (&run) & 1)
    world_run (world, world->now + 100 * 1000);
  while (run.size > 0)
    step (&run);
  world->filter = NULL;
  world_run (world, world->now + G_USEC_PER_SEC);
  check (&run);
  g_ptr_array_unref (run.flows);
  /* All that is left goes by itself. */
  world_run (world, world->now + 90 * G_USEC_PER_SEC);
  g_assert_cmpuint (world->server.n_admitted, ==, world->server.n_released);
  return 0;
}
