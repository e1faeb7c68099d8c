/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Circuits whose target has stopped reading while the source goes on: what a relay keeps of them. */

#include <malloc.h>

#include "relay-lines.h"
#include "relay-peers.h"

#include "transport/quic/peerup-quic.h"
#include "transport/yamux/peerup-yamux.h"

#define N_CIRCUITS 8
/* So much is offered, on all circuits together. */
#define OFFERED (64 * 1024 * 1024)
#define EACH    (OFFERED / N_CIRCUITS)
#define CHUNK   (64 * 1024)

/* Bytes that a lean stream takes beyond what the peer's window lets out. */
#define LEAN_UNSENT (64 * 1024)

typedef struct
{
  Node relay;
  RelayPeer source, target;
  PeerupRelayServer *server;
  DelayLine lines[2];
  guint n_lines;
  PeerupStream *near[N_CIRCUITS], *far[N_CIRCUITS];
  guint64 accepted[N_CIRCUITS]; /* bytes of the source */
  gboolean ready;
} World;

static void
world_init (World *self, NodeListens listens)
{
  PeerupRelaySettings settings;

  node_init (&self->relay, 1, listens);
  relay_peer_init (&self->source, 2);
  relay_peer_init (&self->target, 3);
  peerup_relay_settings_init (&settings);
  settings.limit = (PeerupCircuitLimit) { 0, 0 };
  self->server = peerup_relay_server_new (self->relay.swarm, &settings);
}

static gboolean
are_all_closed (gpointer data)
{
  World *self = data;

  return self->relay.opened == self->relay.closed && self->source.node.opened == self->source.node.closed &&
         self->target.node.opened == self->target.node.closed;
}

static void
world_clear (World *self)
{
  PeerupSwarm *swarms[] = { self->source.node.swarm, self->target.node.swarm, self->relay.swarm };

  for (guint i = 0; i < N_CIRCUITS; i++)
    {
      g_clear_object (&self->near[i]);
      g_clear_object (&self->far[i]);
    }
  g_clear_object (&self->server);
  for (guint i = 0; i < G_N_ELEMENTS (swarms); i++)
    dex_future_disown (peerup_swarm_close (swarms[i]));
  if (self->n_lines > 0)
    delay_lines_cross (self->lines, self->n_lines, are_all_closed, self);
  for (guint i = 0; i < self->n_lines; i++)
    delay_line_clear (&self->lines[i]);
  relay_peer_clear (&self->source);
  relay_peer_clear (&self->target);
  node_clear (&self->relay);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static DexFuture *
open_fiber (gpointer data)
{
  World *self = data;

  relay_peer_reserve (&self->target, &self->relay);
  for (guint i = 0; i < N_CIRCUITS; i++)
    relay_peer_connect (&self->source, &self->target, &self->relay, &self->near[i], &self->far[i]);
  self->ready = TRUE;
  return NULL;
}

/* Whatever the source gets rid of now; returns how much. */
static guint64
world_offer (World *self)
{
  static const guint8 bytes[CHUNK];
  guint64 total = 0;

  for (guint i = 0; i < N_CIRCUITS; i++)
    {
      gssize n = 1;

      while (self->accepted[i] < EACH && n > 0)
        {
          n = peerup_stream_write (self->near[i], bytes, MIN (CHUNK, EACH - self->accepted[i]), NULL);
          self->accepted[i] += MAX (n, 0);
          total += MAX (n, 0);
        }
    }
  return total;
}

/* The same of the target. */
static void
world_take (World *self)
{
  g_autofree guint8 *bytes = g_malloc (CHUNK);

  for (guint i = 0; i < N_CIRCUITS; i++)
    while (peerup_stream_read (self->far[i], bytes, CHUNK, NULL) > 0)
      continue;
}

static guint64
world_get_memory (World *self)
{
  PeerupLimitsUsage usage;

  peerup_limits_get_usage (peerup_swarm_get_limits (self->relay.swarm), &usage);
  return usage.memory;
}

static guint64
world_get_passed (World *self)
{
  PeerupRelayFigures figures;

  peerup_relay_server_get_figures (self->server, &figures);
  return figures.bytes;
}

/* A fast target on a long way, which would have the windows grow to 16 MiB, and then it stops. What the
 * relay counts is beyond 256 KiB for each connection, and in steps of that. */

static gboolean
is_ready (gpointer data)
{
  return ((World *) data)->ready;
}

static gboolean
has_flowed (gpointer data)
{
  World *self = data;

  world_take (self);
  world_offer (self);
  return world_get_passed (self) >= OFFERED / 2;
}

typedef struct
{
  World *world;
  guint n_idle; /* crossings without a byte */
} Stall;

static gboolean
is_stalled (gpointer data)
{
  Stall *self = data;

  self->n_idle = world_offer (self->world) > 0 ? 0 : self->n_idle + 1;
  return self->n_idle > 20;
}

static void
test_after_a_flow (void)
{
  g_auto (World) world = { .n_lines = 2 };
  Stall stall = { &world, 0 };
  DexFuture *fiber;

  world_init (&world, NODE_SILENT);
  delay_line_init (&world.lines[0]);
  delay_line_init (&world.lines[1]);
  connect_along (&world.source.node, &world.relay, &world.lines[0]);
  connect_along (&world.target.node, &world.relay, &world.lines[1]);
  fiber = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, open_fiber, &world, NULL);
  delay_lines_cross (world.lines, 2, is_ready, &world);
  dex_unref (test_finish (fiber));

  delay_lines_cross (world.lines, 2, has_flowed, &world);
  memset (world.accepted, 0, sizeof world.accepted);
  delay_lines_cross (world.lines, 2, is_stalled, &stall);
  g_test_message ("The relay counts %" G_GUINT64_FORMAT " bytes", world_get_memory (&world));
  g_assert_cmpuint (world_get_memory (&world), <=, N_CIRCUITS * PEERUP_YAMUX_LEAN_WINDOW_MAX);
}

/* Over sockets, for ever, from the first byte on. */

typedef struct
{
  World *world;
  PeerupConnection *source, *target; /* the relay's ends */
  gsize window;                      /* what each reader's first window is */
} Offer;

static PeerupConnection *
relay_connection (World *self, RelayPeer *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->relay.swarm, node_id (&peer->node));

  g_assert_cmpuint (list->len, ==, 1);
  return g_object_ref (list->pdata[0]);
}

/* What was sent before has come when the answers to these have. */
static void
ping_both (Offer *self)
{
  g_autoptr (GError) error = NULL;

  dex_await_int64 (peerup_connection_ping (self->source), &error);
  g_assert_no_error (error);
  dex_await_int64 (peerup_connection_ping (self->target), &error);
  g_assert_no_error (error);
}

/* Until the target's windows are full, but for what was said before the circuit, and for some time after that. */
static DexFuture *
offer_fiber (gpointer data)
{
  Offer *self = data;
  guint n_idle = 0;

  while (n_idle < 50)
    {
      guint64 before = world_get_passed (self->world);
      guint64 offered = world_offer (self->world);

      ping_both (self);
      if (offered > 0 || world_get_passed (self->world) > before || before < N_CIRCUITS * (self->window - 1024))
        n_idle = 0;
      else
        n_idle++;
    }
  return NULL;
}

static void
world_stall (World *self, gsize window)
{
  /* What the source's side, which is none of the relay's, and the target's keep, and the buffers of two connections. */
  const guint64 bound = N_CIRCUITS * (2 * window + 2 * 512 * 1024) + 4 * 1024 * 1024;
  g_autoptr (PeerupConnection) source = relay_connection (self, &self->source);
  g_autoptr (PeerupConnection) target = relay_connection (self, &self->target);
  Offer offer = { self, source, target, window };
  struct mallinfo2 before = mallinfo2 (), after;
  guint64 accepted = 0;

  test_run_fiber (offer_fiber, &offer);
  after = mallinfo2 ();
  for (guint i = 0; i < N_CIRCUITS; i++)
    accepted += self->accepted[i];
  g_test_message ("Of %u bytes the source has sent %" G_GUINT64_FORMAT " and the relay passed on %" G_GUINT64_FORMAT
                  "; it counts %" G_GUINT64_FORMAT "; the heap has grown by %zd",
                  OFFERED, accepted, world_get_passed (self), world_get_memory (self),
                  (gssize) (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd));
  /* What the relay took of its own for each circuit, over the target's window. */
  g_assert_cmpuint (world_get_passed (self), <=, N_CIRCUITS * (window + LEAN_UNSENT));
  g_assert_cmpuint (world_get_memory (self), <=, N_CIRCUITS * window);
  g_assert_cmpuint (accepted, <=, bound);
  /* Nothing under a sanitizer, which has an allocator of its own. */
  g_assert_cmpuint (after.uordblks + after.hblkhd, <=, before.uordblks + before.hblkhd + bound);
}

static void
test_stalled (gconstpointer data)
{
  NodeListens listens = GPOINTER_TO_UINT (data);
  g_auto (World) world = { .n_lines = 0 };

  world_init (&world, listens);
  test_run_fiber (open_fiber, &world);
  world_stall (&world, listens == NODE_TCP ? PEERUP_YAMUX_INITIAL_WINDOW : PEERUP_QUIC_STREAM_WINDOW);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/stalled-circuits/after-a-flow", test_after_a_flow);
  g_test_add_data_func ("/stalled-circuits/tcp", GUINT_TO_POINTER (NODE_TCP), test_stalled);
  g_test_add_data_func ("/stalled-circuits/quic", GUINT_TO_POINTER (NODE_QUIC), test_stalled);

  return g_test_run ();
}
