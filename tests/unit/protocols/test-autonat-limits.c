/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Each bound of an AutoNAT server, with literal times on both sides of it. */

#include "protocols/peerup-autonat-limits.h"

#include <string.h>

#define NOW    (5000 * (gint64) G_USEC_PER_SEC)
#define WINDOW PEERUP_AUTONAT_LIMITS_WINDOW

typedef struct
{
  PeerupAutonatLimits *limits;
  PeerupPeerId *peers[100];
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->limits = peerup_autonat_limits_new ();
  for (guint8 i = 0; i < G_N_ELEMENTS (self->peers); i++)
    {
      /* The identity multihash of a key of 36 bytes. */
      guint8 bytes[38] = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20, i };
      g_autoptr (GError) error = NULL;

      self->peers[i] = peerup_peer_id_new_from_bytes (bytes, sizeof bytes, &error);
      g_assert_no_error (error);
    }
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->peers); i++)
    peerup_peer_id_unref (self->peers[i]);
  peerup_autonat_limits_free (self->limits);
}

/* One that is over at once. */
static gboolean
request (Fixture *self, guint peer, guint64 host, gint64 now)
{
  if (!peerup_autonat_limits_begin (self->limits, self->peers[peer], host, now))
    return FALSE;
  peerup_autonat_limits_end (self->limits, self->peers[peer]);
  return TRUE;
}

static void
test_of_peer (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < PEERUP_AUTONAT_LIMITS_OF_PEER; i++)
    g_assert_true (request (self, 0, i, NOW + i));
  g_assert_false (request (self, 0, 99, NOW + 50));
  g_assert_true (request (self, 1, 99, NOW + 50));
  g_assert_false (request (self, 0, 99, NOW + WINDOW - 1));
  /* The first one is a minute ago, the second not yet. */
  g_assert_true (request (self, 0, 99, NOW + WINDOW));
  g_assert_false (request (self, 0, 99, NOW + WINDOW));
}

static void
test_in_all (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < PEERUP_AUTONAT_LIMITS_REQUESTS; i++)
    g_assert_true (request (self, i, i, NOW));
  g_assert_false (request (self, 99, 99, NOW + WINDOW - 1));
  g_assert_true (request (self, 99, 99, NOW + WINDOW));
}

/* Many identities on one host are one host. */
static void
test_from_host (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < PEERUP_AUTONAT_LIMITS_FROM_HOST; i++)
    g_assert_true (request (self, i, 7, NOW));
  g_assert_false (request (self, 99, 7, NOW));
  g_assert_true (request (self, 99, 8, NOW));
}

static void
test_at_once (Fixture *self, gconstpointer data)
{
  g_assert_true (peerup_autonat_limits_begin (self->limits, self->peers[0], 1, NOW));
  g_assert_true (peerup_autonat_limits_begin (self->limits, self->peers[0], 1, NOW));
  /* However long they last. */
  g_assert_false (peerup_autonat_limits_begin (self->limits, self->peers[0], 1, NOW + 10 * WINDOW));
  g_assert_true (request (self, 1, 1, NOW + 10 * WINDOW));
  peerup_autonat_limits_end (self->limits, self->peers[0]);
  g_assert_true (request (self, 0, 1, NOW + 10 * WINDOW));
  peerup_autonat_limits_end (self->limits, self->peers[0]);
}

static void
test_data (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < PEERUP_AUTONAT_LIMITS_WITH_DATA; i++)
    g_assert_true (peerup_autonat_limits_take_data (self->limits, NOW));
  g_assert_false (peerup_autonat_limits_take_data (self->limits, NOW + WINDOW - 1));
  g_assert_true (peerup_autonat_limits_take_data (self->limits, NOW + WINDOW));
}

/* Nobody is dialed often, whoever asks for it. */
static void
test_to_host (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < PEERUP_AUTONAT_LIMITS_TO_HOST; i++)
    g_assert_true (peerup_autonat_limits_take_dial (self->limits, 1, NOW));
  g_assert_false (peerup_autonat_limits_take_dial (self->limits, 1, NOW + WINDOW - 1));
  g_assert_true (peerup_autonat_limits_take_dial (self->limits, 2, NOW));
  g_assert_true (peerup_autonat_limits_take_dial (self->limits, 1, NOW + WINDOW));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/protocols/autonat-limits/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("of-peer", test_of_peer);
  ADD ("in-all", test_in_all);
  ADD ("from-host", test_from_host);
  ADD ("at-once", test_at_once);
  ADD ("data", test_data);
  ADD ("to-host", test_to_host);
  return g_test_run ();
}
