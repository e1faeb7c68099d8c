/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * How often bytes cross a path before the first byte of a service's answer is there, from a raw
 * stream on. TCP needs one round trip more, for itself. */

#include "delay-line.h"

#include "transport/peerup-upgrade.h"

#define PROTOCOL "/test/banner/1.0.0"

static const char *const tls_only[] = { PEERUP_SECURITY_TLS, NULL };
static const char *const noise_only[] = { PEERUP_SECURITY_NOISE, NULL };

typedef struct
{
  PeerupPrivateKey *identity;
  PeerupCertificate *certificate;
  PeerupConnection *connection;
} Side;

typedef struct
{
  DelayLine line;
  Side side[2]; /* 0 dials */
  PeerupStream *stream;
} World;

static void
world_init (World *self)
{
  delay_line_init (&self->line);
  for (guint i = 0; i < 2; i++)
    {
      guint8 seed[32];

      memset (seed, i + 1, sizeof seed);
      self->side[i].identity = peerup_private_key_new_from_seed (seed, NULL);
      self->side[i].certificate = peerup_certificate_new (self->side[i].identity, NULL);
    }
}

static void
world_clear (World *self)
{
  g_clear_object (&self->stream);
  for (guint i = 0; i < 2; i++)
    {
      peerup_connection_close (self->side[i].connection, PEERUP_CONNECTION_CODE_NONE);
      g_clear_object (&self->side[i].connection);
      peerup_private_key_unref (self->side[i].identity);
      peerup_certificate_unref (self->side[i].certificate);
    }
  delay_line_clear (&self->line);
  test_spin ();
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static DexFuture *
world_upgrade (World *self, guint i, const char *const *securities, const char *guess)
{
  const PeerupUpgradeOptions options = {
    .identity = self->side[i].identity,
    .certificate = self->side[i].certificate,
    .outbound = i == 0,
    .expected_peer = i == 0 ? peerup_private_key_get_peer_id (self->side[1].identity) : NULL,
    .transport = "memory",
    .securities = securities,
    .guess = guess,
    .deadline = test_deadline (),
  };

  return peerup_upgrade (self->line.end[i], &options);
}

/* The service: it speaks first, as SSH does. */

static gboolean
is_banner (const char *protocol, gpointer data)
{
  return g_str_equal (protocol, PROTOCOL);
}

static DexFuture *
banner_fiber (gpointer stream)
{
  g_assert_nonnull (peerup_negotiate_listen (stream, is_banner, NULL, test_deadline (), NULL));
  test_assert_writes (stream, "S");
  peerup_stream_close (stream);
  return dex_future_new_true ();
}

static void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  dex_future_disown (
    dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, banner_fiber, g_object_ref (stream), g_object_unref));
}

static DexFuture *
listen_fiber (gpointer data)
{
  World *self = data;

  self->side[1].connection = dex_await_object (world_upgrade (self, 1, NULL, NULL), NULL);
  g_assert_nonnull (self->side[1].connection);
  peerup_connection_set_stream_func (self->side[1].connection, on_stream, NULL);
  return dex_future_new_true ();
}

typedef struct
{
  World *world;
  const char *const *securities;
  const char *guess;
  gboolean answered;
} Dial;

static DexFuture *
dial_fiber (gpointer data)
{
  static const char *const protocols[] = { PROTOCOL, NULL };
  Dial *self = data;
  World *world = self->world;
  g_autoptr (GError) error = NULL;
  char byte;

  world->side[0].connection = dex_await_object (world_upgrade (world, 0, self->securities, self->guess), &error);
  g_assert_no_error (error);
  world->stream = dex_await_object (peerup_connection_open_stream (world->side[0].connection), &error);
  g_assert_no_error (error);
  peerup_negotiate_dial (world->stream, protocols, test_deadline (), &error);
  g_assert_no_error (error);
  peerup_stream_await_read_exact (world->stream, &byte, 1, test_deadline (), &error);
  g_assert_no_error (error);
  self->answered = TRUE;
  return dex_future_new_true ();
}

static gboolean
is_answered (gpointer data)
{
  return ((Dial *) data)->answered;
}

static void
assert_crossings (const char *const *securities, const char *guess, guint expected)
{
  g_auto (World) world = { 0 };
  g_autoptr (DexFuture) listener = NULL;
  g_autoptr (DexFuture) dialer = NULL;
  Dial dial = { &world, securities, guess, FALSE };

  world_init (&world);
  listener = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, listen_fiber, &world, NULL);
  dialer = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, dial_fiber, &dial, NULL);
  g_assert_cmpuint (delay_lines_cross (&world.line, 1, is_answered, &dial), ==, expected);
  g_assert_cmpstr (peerup_connection_get_info (world.side[0].connection)->security, ==, securities[0]);
  test_spin ();
}

/* One round trip each for the security protocol's name, its handshake (of which the client's last
 * message goes with the first of the stream) and the stream. */
static void
test_first_meeting (gconstpointer securities)
{
  assert_crossings (securities, NULL, 6);
}

static void
test_guess (gconstpointer securities)
{
  const char *const *names = securities;

  assert_crossings (securities, names[0], 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_data_func ("/round-trips/tls", tls_only, test_first_meeting);
  g_test_add_data_func ("/round-trips/noise", noise_only, test_first_meeting);
  g_test_add_data_func ("/round-trips/tls-guessed", tls_only, test_guess);
  g_test_add_data_func ("/round-trips/noise-guessed", noise_only, test_guess);

  return g_test_run ();
}
