/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A relay's rendezvous over connections of the loopback: what peers that it knows are answered. */

#include "rendezvous-world.h"

#include "relay/peerup-rendezvous-rates.h"

static PeerupRendezvousFound *
find (World *self, Node *joiner, guint number, Node *inviter)
{
  g_autoptr (GError) error = NULL;
  PeerupRendezvousFound *found =
    dex_await_boxed (peerup_rendezvous_find (joiner->swarm, node_id (&self->relay), number,
                                             inviter != NULL ? node_id (inviter) : NULL,
                                             g_get_monotonic_time () + 30 * G_USEC_PER_SEC),
                     &error);

  g_assert_no_error (error);
  return found;
}

static gboolean
is_without_a (World *self)
{
  return node_n_connections (&self->relay, &self->a) == 0;
}

static DexFuture *
test_register_and_find (gpointer data)
{
  World *self = data;
  g_autoptr (PeerupRendezvousFound) found = NULL;
  g_autoptr (PeerupRendezvousFound) away = NULL;

  world_find (self, &self->b, 42, NULL, PEERUP_ERROR_NOT_FOUND);
  world_register (self, &self->a, 42, 0, 0, -1);
  found = find (self, &self->b, 42, NULL);
  g_assert_true (peerup_peer_id_equal (found->inviter, node_id (&self->a)));
  g_assert_true (found->here);
  g_assert_null (found->sealed);
  peerup_swarm_disconnect (self->a.swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  world_await (is_without_a, self);
  away = find (self, &self->b, 42, &self->a);
  g_assert_false (away->here);
  world_find (self, &self->b, 42, &self->b, PEERUP_ERROR_NOT_FOUND);
  g_assert_cmpuint (part_count_files (self->directory), ==, 0);
  return NULL;
}

static DexFuture *
unregister (World *self, Node *inviter, guint number, Node *joined, gint64 until, const char *name)
{
  return peerup_rendezvous_unregister (inviter->swarm, node_id (&self->relay), number,
                                       joined != NULL ? node_id (joined) : NULL, until, name,
                                       g_get_monotonic_time () + 30 * G_USEC_PER_SEC);
}

static DexFuture *
test_unregister (gpointer data)
{
  World *self = data;

  world_register (self, &self->a, 42, 0, 0, -1);
  /* Nobody takes away what is somebody else's. */
  world_expect (unregister (self, &self->b, 42, NULL, 0, NULL), -1);
  world_find (self, &self->b, 42, NULL, -1);
  world_expect (unregister (self, &self->a, 42, NULL, 0, NULL), -1);
  world_expect (unregister (self, &self->a, 42, NULL, 0, NULL), -1);
  world_find (self, &self->b, 42, NULL, PEERUP_ERROR_NOT_FOUND);
  return NULL;
}

static DexFuture *
test_taken (gpointer data)
{
  World *self = data;
  g_autoptr (PeerupRendezvousFound) first = NULL;
  g_autoptr (PeerupRendezvousFound) second = NULL;

  world_register (self, &self->a, 42, 0, 0, -1);
  world_register (self, &self->b, 42, 0, 0, PEERUP_ERROR_EXISTS);
  world_register (self, &self->a, 42, 0, 0, -1);
  first = find (self, &self->b, 42, NULL);
  second = find (self, &self->a, 42, &self->b);
  g_assert_true (peerup_peer_id_equal (first->inviter, node_id (&self->a)));
  g_assert_true (peerup_peer_id_equal (second->inviter, node_id (&self->b)));
  return NULL;
}

static DexFuture *
test_limits (gpointer data)
{
  World *self = data;
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  PeerupPeerId *relay = node_id (&self->relay);

  for (guint i = 1; i <= PEERUP_RENDEZVOUS_OF_PEER_MAX; i++)
    world_register (self, &self->a, i, 0, 0, -1);
  world_register (self, &self->a, 100, 0, 0, PEERUP_ERROR_LIMIT);
  world_register (self, &self->b, 100, 0, 0, -1);
  /* What is over, and what is too far off. */
  world_expect (peerup_rendezvous_register (self->b.swarm, relay, 7, world_in (0), NULL, NULL, deadline),
                PEERUP_ERROR_LIMIT);
  world_expect (peerup_rendezvous_register (self->b.swarm, relay, 7, world_in (PEERUP_RENDEZVOUS_TTL_MAX + 10), NULL,
                                            NULL, deadline),
                PEERUP_ERROR_LIMIT);
  return NULL;
}

static DexFuture *
test_leave_and_fetch (gpointer data)
{
  World *self = data;
  g_autoptr (PeerupRendezvousFound) found = NULL;
  g_autoptr (PeerupRendezvousAnswers) none = NULL;
  g_autoptr (PeerupRendezvousAnswers) answers = NULL;
  g_autoptr (PeerupRendezvousAnswers) again = NULL;
  g_autoptr (GBytes) expected = part_sealed (8, 100);

  world_register (self, &self->a, 42, 0, PEERUP_RENDEZVOUS_SEALED_MAX, -1);
  found = find (self, &self->b, 42, NULL);
  g_assert_cmpuint (g_bytes_get_size (found->sealed), ==, PEERUP_RENDEZVOUS_SEALED_MAX);
  none = world_fetch (self, &self->a, 42);
  g_assert_cmpuint (none->joiners->len, ==, 0);
  world_leave (self, &self->b, 42, &self->a, 8, -1);
  answers = world_fetch (self, &self->a, 42);
  g_assert_cmpuint (answers->joiners->len, ==, 1);
  g_assert_true (peerup_peer_id_equal (answers->joiners->pdata[0], node_id (&self->b)));
  g_assert_true (g_bytes_equal (answers->sealed->pdata[0], expected));
  again = world_fetch (self, &self->a, 42);
  g_assert_cmpuint (again->joiners->len, ==, 1);
  /* It is nobody else's. */
  world_expect (peerup_rendezvous_fetch (self->b.swarm, node_id (&self->relay), 42,
                                         g_get_monotonic_time () + 30 * G_USEC_PER_SEC),
                PEERUP_ERROR_NOT_FOUND);
  world_leave (self, &self->b, 43, &self->a, 8, PEERUP_ERROR_NOT_FOUND);
  g_assert_cmpuint (part_count_files (self->directory), ==, 1);
  world_expect (unregister (self, &self->a, 42, NULL, 0, NULL), -1);
  g_assert_cmpuint (part_count_files (self->directory), ==, 0);
  return NULL;
}

/* What was left outlives the relay, with the answers and the pass; numbers alone do not. */
static DexFuture *
test_restart (gpointer data)
{
  World *self = data;
  g_autoptr (PeerupRendezvousAnswers) answers = NULL;

  world_register (self, &self->a, 42, 5, 200, -1);
  world_register (self, &self->a, 43, 5, 0, -1);
  world_leave (self, &self->b, 42, &self->a, 8, -1);
  world_restart (self);
  world_find (self, &self->b, 43, NULL, PEERUP_ERROR_NOT_FOUND);
  world_find (self, &self->b, 42, NULL, -1);
  answers = world_fetch (self, &self->a, 42);
  g_assert_cmpuint (answers->joiners->len, ==, 1);
  world_show (self, &self->stranger, 42, &self->a, 5, -1);
  world_find (self, &self->stranger, 42, &self->a, -1);
  return NULL;
}

static DexFuture *
test_drain (gpointer data)
{
  World *self = data;

  world_register (self, &self->a, 42, 5, 0, -1);
  peerup_rendezvous_server_set_draining (self->server, TRUE);
  world_register (self, &self->a, 43, 0, 0, PEERUP_ERROR_UNREACHABLE);
  world_find (self, &self->b, 42, NULL, -1);
  world_show (self, &self->stranger, 42, &self->a, 5, PEERUP_ERROR_DENIED);
  peerup_rendezvous_server_set_draining (self->server, FALSE);
  world_register (self, &self->a, 43, 0, 0, -1);
  world_show (self, &self->stranger, 42, &self->a, 5, -1);
  return NULL;
}

/* A disk that takes nothing: the inviter is told, and the number is as it was. */
static DexFuture *
test_disk (gpointer data)
{
  World *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (self->directory, "in the way", -1, &error));
  world_register (self, &self->a, 42, 0, 200, PEERUP_ERROR_UNREACHABLE);
  world_find (self, &self->b, 42, NULL, PEERUP_ERROR_NOT_FOUND);
  world_register (self, &self->a, 42, 0, 0, -1);
  world_register (self, &self->a, 42, 0, 200, PEERUP_ERROR_UNREACHABLE);
  world_find (self, &self->b, 42, NULL, -1);
  return NULL;
}

/* All at once, so that no slow machine gives them time. */
static DexFuture *
test_flood (gpointer data)
{
  World *self = data;
  DexFuture *answers[PEERUP_RENDEZVOUS_REQUESTS_AT_ONCE * 2];
  guint n_refused = 0;

  world_find (self, &self->b, 1, NULL, PEERUP_ERROR_NOT_FOUND);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    answers[i] = peerup_rendezvous_find (self->b.swarm, node_id (&self->relay), 1, NULL, test_deadline ());
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (dex_await (answers[i], &error));
      n_refused += g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
      if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT))
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
    }
  g_assert_cmpuint (n_refused, >, 0);
  g_assert_cmpuint (n_refused, <, PEERUP_RENDEZVOUS_REQUESTS_AT_ONCE + 2);
  world_find (self, &self->a, 1, NULL, PEERUP_ERROR_NOT_FOUND);
  return NULL;
}

/* Bad bytes */

static PeerupStream *
open_stream (World *self, Node *node)
{
  static const char *const protocols[] = { PEERUP_RENDEZVOUS_PROTOCOL, NULL };
  g_autoptr (GError) error = NULL;
  PeerupStream *stream =
    dex_await_object (peerup_swarm_open_stream (node->swarm, node_id (&self->relay), protocols, test_deadline ()),
                      &error);

  g_assert_no_error (error);
  return stream;
}

static void
assert_refused (World *self, const char *bytes, gsize length)
{
  g_autoptr (PeerupStream) stream = open_stream (self, &self->b);
  g_autoptr (PeerupRendezvousAnswer) answer = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GError) error = NULL;

  peerup_stream_await_write_all (stream, bytes, length, test_deadline (), &error);
  g_assert_no_error (error);
  message = peerup_stream_await_message (stream, PEERUP_RENDEZVOUS_ANSWER_MAX, test_deadline (), &error);
  g_assert_no_error (error);
  answer = peerup_rendezvous_answer_decode (g_bytes_get_data (message, NULL), g_bytes_get_size (message), &error);
  g_assert_no_error (error);
  g_assert_cmpint (answer->status, ==, PEERUP_RENDEZVOUS_MALFORMED);
}

static void
assert_reset (World *self, const char *bytes, gsize length)
{
  g_autoptr (PeerupStream) stream = open_stream (self, &self->b);
  g_autoptr (GError) error = NULL;
  guint8 byte;

  peerup_stream_await_write_all (stream, bytes, length, test_deadline (), &error);
  g_assert_no_error (error);
  peerup_stream_close_write (stream);
  g_assert_cmpint (peerup_stream_await_read (stream, &byte, 1, test_deadline (), &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
}

/* No message, no type, one that is not known, a number out of range, PASS of nothing; then a length of 1 GiB, one above
 * the cap, one that is not minimal, nothing at all, and half a message. */
static DexFuture *
test_malformed (gpointer data)
{
  World *self = data;

  assert_refused (self, "\x02\xff\xff", 3);
  assert_refused (self, "\x00", 1);
  assert_refused (self, "\x04\x08\x07\x10\x01", 5);
  assert_refused (self, "\x05\x08\x03\x10\x90\x4e", 6);
  assert_refused (self, "\x04\x08\x04\x10\x01", 5);
  assert_reset (self, "\x80\x80\x80\x80\x04", 5);
  assert_reset (self, "\x81\x26", 2);
  assert_reset (self, "\x82\x00", 2);
  assert_reset (self, "", 0);
  assert_reset (self, "\x04\x08\x03", 3);
  world_find (self, &self->b, 1, NULL, PEERUP_ERROR_NOT_FOUND);
  return NULL;
}

/* A peer that says nothing, while the server goes. */
static DexFuture *
test_server_goes (gpointer data)
{
  World *self = data;
  g_autoptr (PeerupStream) stream = open_stream (self, &self->b);
  g_autoptr (GError) error = NULL;
  guint8 byte;

  peerup_stream_await_write_all (stream, "\x04\x08\x03", 3, test_deadline (), &error);
  g_assert_no_error (error);
  world_find (self, &self->b, 1, NULL, PEERUP_ERROR_NOT_FOUND);
  g_clear_pointer (&self->server, peerup_rendezvous_server_free);
  peerup_stream_await_write_all (stream, "\x10\x01", 2, test_deadline (), &error);
  g_assert_no_error (error);
  g_assert_cmpint (peerup_stream_await_read (stream, &byte, 1, test_deadline (), &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  world_find (self, &self->b, 1, NULL, PEERUP_ERROR_NEGOTIATION);
  return NULL;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  WORLD_ADD ("/relay/rendezvous/register-and-find", test_register_and_find);
  WORLD_ADD ("/relay/rendezvous/unregister", test_unregister);
  WORLD_ADD ("/relay/rendezvous/taken", test_taken);
  WORLD_ADD ("/relay/rendezvous/limits", test_limits);
  WORLD_ADD ("/relay/rendezvous/leave-and-fetch", test_leave_and_fetch);
  WORLD_ADD ("/relay/rendezvous/restart", test_restart);
  WORLD_ADD ("/relay/rendezvous/drain", test_drain);
  WORLD_ADD ("/relay/rendezvous/disk", test_disk);
  WORLD_ADD ("/relay/rendezvous/flood", test_flood);
  WORLD_ADD ("/relay/rendezvous/malformed", test_malformed);
  WORLD_ADD ("/relay/rendezvous/server-goes", test_server_goes);
  return g_test_run ();
}
