/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Services: who may use one, what happens to a stream, and how one ends. */

#include <string.h>
#include <unistd.h>

#include "sockets.h"
#include "tunnel/peerup-service-private.h"
#include "unit/protocols/fake-swarm.h"
#include "unit/protocols/spin.h"

#define PROTOCOL "/peerup/web/1.0.0"

typedef struct
{
  PeerupSwarm *near;
  PeerupSwarm *far; /* has the service */
  PeerupService *service;
  Server server;
  guint n_denied;
  guint n_failed;
  gboolean failed;
} Fixture;

static void
on_denied (Fixture *f, const char *peer_id)
{
  g_assert_cmpstr (peer_id, ==, peerup_peer_id_get_string (peerup_swarm_get_peer_id (f->near)));
  f->n_denied++;
}

static void
on_failed (Fixture *f, const char *peer_id, const char *reason)
{
  g_assert_cmpstr (peer_id, ==, peerup_peer_id_get_string (peerup_swarm_get_peer_id (f->near)));
  g_assert_cmpuint (strlen (reason), >, 0);
  f->n_failed++;
  f->failed = TRUE;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  server_start (&f->server);
  f->near = fake_swarm_new (1);
  f->far = fake_swarm_new (2);
  fake_swarm_join (f->near, f->far);
  f->service = peerup_service_new (f->far, "web", "127.0.0.1", peerup_listener_get_port (f->server.listener), &error);
  g_assert_no_error (error);
  g_signal_connect_swapped (f->service, "denied", G_CALLBACK (on_denied), f);
  g_signal_connect_swapped (f->service, "failed", G_CALLBACK (on_failed), f);
  peerup_service_set_enabled (f->service, TRUE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->service);
  fake_swarm_part (f->near);
  spin_idle ();
  g_assert_finalize_object (f->near);
  g_assert_finalize_object (f->far);
  server_stop (&f->server);
}

static void
expect (PeerupStream *stream, const char *text)
{
  gsize length = strlen (text);

  for (gsize n = 0; n < length;)
    {
      g_autoptr (GError) error = NULL;
      char buffer[64];
      gssize count = peerup_stream_read (stream, buffer, length - n, &error);

      if (count < 0)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      else
        {
          g_assert_cmpmem (buffer, count, text + n, count);
          n += count;
        }
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
expect_reset (PeerupStream *stream, guint32 code)
{
  g_autoptr (GError) error = NULL;
  char byte;

  while (!(peerup_stream_poll (stream) & G_IO_IN))
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_assert_cmpuint (peerup_stream_get_reset_code (stream), ==, code);
}

static void
test_names (void)
{
  static const char *const good[] = {
    "a", "0", "ssh", "a-b", "a--b", "0-9", "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
  };
  static const char *const bad[] = {
    "",      "-",    "-a",  "a-",   "A",
    "a_b",   "a.b",  "a b", "a/b",  "ä",
    "ssh\n", "\xff", "a%",  "../a", "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (peerup_service_name_is_valid (good[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_service_name_is_valid (bad[i]));
      g_assert_false (peerup_service_name_check (bad[i], &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
test_bad_targets (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *host;
    guint port;
  } bad[] = { { "", 80 }, { "a b", 80 }, { "http://a", 80 }, { "localhost", 0 }, { "localhost", 65536 } };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_service_set_target (f->service, bad[i].host, bad[i].port, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
    }
  g_assert_cmpstr (peerup_service_get_host (f->service), ==, "127.0.0.1");
}

static void
test_carries_both_ways (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PROTOCOL);
  int target = server_take (&f->server);
  guint64 in;
  guint64 out;

  g_assert_cmpuint (peerup_service_get_active (f->service), ==, 1);
  g_assert_cmpint (peerup_stream_write (stream, "hello", 5, NULL), ==, 5);
  client_expect (target, "hello");
  peerup_stream_close_write (stream);
  client_expect_end (target);
  client_send (target, "good day");
  expect (stream, "good day");
  peerup_service_get_bytes (f->service, &in, &out);
  g_assert_cmpuint (in, ==, 5);
  g_assert_cmpuint (out, ==, 8);

  close (target);
  while (peerup_service_get_active (f->service) > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (peerup_stream_read (stream, &in, 1, NULL), ==, 0);
  peerup_service_get_bytes (f->service, &in, &out);
  g_assert_cmpuint (in + out, ==, 13);
  g_assert_cmpuint (peerup_service_get_total (f->service), ==, 1);
  /* It has been there, whoever else has looked. */
  g_assert_cmpstr (peerup_service_get_health (f->service), ==, "answers");
  g_assert_cmpint (peerup_service_get_reached_at (f->service), >, 0);
}

/* The client's bytes may be there before the target is. */
static void
test_early_bytes (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PROTOCOL);
  int target;

  g_assert_cmpint (peerup_stream_write (stream, "early", 5, NULL), ==, 5);
  peerup_stream_close_write (stream);
  target = server_take (&f->server);
  client_expect (target, "early");
  client_expect_end (target);
  close (target);
}

static void
test_refused_target (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = NULL;

  g_assert_true (peerup_service_set_target (f->service, "127.0.0.1", sockets_unused_port (), NULL));
  stream = fake_swarm_open (f->near, PROTOCOL);
  expect_reset (stream, PEERUP_STREAM_CODE_NONE);
  g_assert_cmpuint (f->n_failed, ==, 1);
  g_assert_cmpuint (peerup_service_get_active (f->service), ==, 0);
  g_assert_cmpint (peerup_service_get_reached_at (f->service), ==, 0);
}

static void
test_unknown_host (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = NULL;

  g_assert_true (peerup_service_set_target (f->service, "no-such-host.invalid", 80, NULL));
  stream = fake_swarm_open (f->near, PROTOCOL);
  spin_until (&f->failed);
  expect_reset (stream, PEERUP_STREAM_CODE_NONE);
}

/* A stream that is dropped while its target is dialed. */
static void
test_closed_while_dialing (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PROTOCOL);

  peerup_service_set_enabled (f->service, FALSE);
  expect_reset (stream, PEERUP_STREAM_CODE_NONE);
  g_assert_cmpuint (peerup_service_get_active (f->service), ==, 0);
  spin_idle ();
}

static void
test_target_reset (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PROTOCOL);

  client_abort (server_take (&f->server));
  expect_reset (stream, PEERUP_STREAM_CODE_NONE);
}

static GPtrArray *
peer_list (PeerupPeerId *peer)
{
  GPtrArray *peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);

  if (peer != NULL)
    g_ptr_array_add (peers, peerup_peer_id_ref (peer));
  return peers;
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

/* Whoever shows a list hears of another one, and of nothing where it is the same again. */
static void
test_access_told (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) nobody = peer_list (NULL);
  g_autoptr (GPtrArray) far = peer_list (peerup_swarm_get_peer_id (f->far));
  g_autoptr (GPtrArray) again = peer_list (peerup_swarm_get_peer_id (f->far));
  g_autoptr (GPtrArray) near = peer_list (peerup_swarm_get_peer_id (f->near));
  gboolean restricted = TRUE;
  guint n = 0;

  g_signal_connect (f->service, "notify::restricted", G_CALLBACK (on_notify), &n);
  peerup_service_set_allowed_peers (f->service, NULL);
  g_assert_cmpuint (n, ==, 0);
  peerup_service_set_allowed_peers (f->service, far);
  g_assert_cmpuint (n, ==, 1);
  peerup_service_set_allowed_peers (f->service, again);
  g_assert_cmpuint (n, ==, 1);
  peerup_service_set_allowed_peers (f->service, near);
  g_assert_cmpuint (n, ==, 2);
  peerup_service_set_allowed_peers (f->service, nobody);
  g_assert_cmpuint (n, ==, 3);
  g_object_get (f->service, "restricted", &restricted, NULL);
  g_assert_true (restricted);
  peerup_service_set_allowed_peers (f->service, NULL);
  g_assert_cmpuint (n, ==, 4);
  g_object_get (f->service, "restricted", &restricted, NULL);
  g_assert_false (restricted);
}

/* No list: everybody. An empty one: nobody. */
static void
test_access_list (Fixture *f, gconstpointer data)
{
  PeerupPeerId *near = peerup_swarm_get_peer_id (f->near);
  g_autoptr (GPtrArray) nobody = peer_list (NULL);
  g_autoptr (GPtrArray) other = peer_list (peerup_swarm_get_peer_id (f->far));
  g_autoptr (GPtrArray) just_near = peer_list (near);

  g_assert_null (peerup_service_get_allowed_peers (f->service));
  g_assert_true (peerup_service_is_allowed (f->service, near));
  peerup_service_set_allowed_peers (f->service, nobody);
  g_assert_false (peerup_service_is_allowed (f->service, near));
  g_assert_cmpuint (peerup_service_get_allowed_peers (f->service)->len, ==, 0);
  peerup_service_set_allowed_peers (f->service, other);
  g_assert_false (peerup_service_is_allowed (f->service, near));
  peerup_service_set_allowed_peers (f->service, just_near);
  g_assert_true (peerup_service_is_allowed (f->service, near));
  peerup_service_set_allowed_peers (f->service, NULL);
  g_assert_true (peerup_service_is_allowed (f->service, near));
}

static void
test_denied_peer (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) nobody = peer_list (NULL);
  g_autoptr (PeerupStream) stream = NULL;

  peerup_service_set_allowed_peers (f->service, nobody);
  stream = fake_swarm_open (f->near, PROTOCOL);
  expect_reset (stream, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (f->n_denied, ==, 1);
  g_assert_cmpuint (peerup_service_get_total (f->service), ==, 0);
  spin_idle ();
  g_assert_true (g_queue_is_empty (&f->server.accepted));
}

static gboolean
admit (PeerupService *service, PeerupPeerId *peer, PeerupConnection *connection, gpointer data)
{
  return *(gboolean *) data;
}

/* Whoever the owner does not admit is refused, whatever the list says, from the next stream on; and those that are
 * open end when it is asked to look at them again. */
static void
test_admission (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) refused = NULL;
  g_autoptr (PeerupStream) taken = NULL;
  gboolean answer = FALSE;
  int target;

  peerup_service_set_admission (f->service, admit, &answer);
  refused = fake_swarm_open (f->near, PROTOCOL);
  expect_reset (refused, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (f->n_denied, ==, 1);
  answer = TRUE;
  taken = fake_swarm_open (f->near, PROTOCOL);
  target = server_take (&f->server);
  g_assert_cmpuint (f->n_denied, ==, 1);
  peerup_service_review (f->service);
  g_assert_cmpuint (peerup_service_get_active (f->service), ==, 1);
  answer = FALSE;
  peerup_service_review (f->service);
  expect_reset (taken, PEERUP_STREAM_CODE_GATED);
  client_expect_reset (target);
  close (target);
}

/* What a service is asked before it judges, each time for a new stream. */
typedef struct
{
  DexPromise *answer; /* nullable: not to be waited for */
  guint n_asked;
} Question;

static DexFuture *
ask (PeerupService *service, PeerupPeerId *peer, gpointer data)
{
  Question *question = data;

  question->n_asked++;
  return question->answer != NULL ? dex_ref (DEX_FUTURE (question->answer)) : NULL;
}

/* A stream waits, and nothing is dialed; then it is judged as it is then, whatever the answer was. */
static void
test_question (Fixture *f, gconstpointer data)
{
  Question question = { dex_promise_new (), 0 };
  g_autoptr (PeerupStream) refused = NULL;
  g_autoptr (PeerupStream) taken = NULL;
  gboolean allowed = FALSE;

  peerup_service_set_admission (f->service, admit, &allowed);
  peerup_service_set_question (f->service, ask, &question);
  taken = fake_swarm_open (f->near, PROTOCOL);
  spin_idle ();
  g_assert_cmpuint (question.n_asked, ==, 1);
  g_assert_cmpuint (f->n_denied, ==, 0);
  g_assert_true (g_queue_is_empty (&f->server.accepted));
  allowed = TRUE;
  dex_promise_reject (question.answer, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "no answer"));
  close (server_take (&f->server));
  dex_unref (question.answer);

  allowed = FALSE;
  question.answer = dex_promise_new ();
  refused = fake_swarm_open (f->near, PROTOCOL);
  spin_idle ();
  g_assert_cmpuint (f->n_denied, ==, 0);
  dex_promise_resolve_boolean (question.answer, TRUE);
  expect_reset (refused, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (f->n_denied, ==, 1);
  dex_clear (&question.answer);

  g_clear_object (&refused);
  refused = fake_swarm_open (f->near, PROTOCOL);
  expect_reset (refused, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (question.n_asked, ==, 3);
}

/* Those that wait end with the service, and an answer that comes later finds nobody. */
static void
test_question_of_disabled (Fixture *f, gconstpointer data)
{
  Question question = { dex_promise_new (), 0 };
  g_autoptr (PeerupStream) stream = NULL;

  peerup_service_set_question (f->service, ask, &question);
  stream = fake_swarm_open (f->near, PROTOCOL);
  spin_idle ();
  g_assert_cmpuint (question.n_asked, ==, 1);
  peerup_service_set_enabled (f->service, FALSE);
  expect_reset (stream, PEERUP_STREAM_CODE_NONE);
  dex_promise_resolve_boolean (question.answer, TRUE);
  spin_idle ();
  g_assert_true (g_queue_is_empty (&f->server.accepted));
  g_assert_cmpuint (peerup_service_get_total (f->service), ==, 0);
  dex_unref (question.answer);
}

/* A change of the list ends what it no longer allows, and nothing else. */
static void
test_access_withdrawn (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) just_near = peer_list (peerup_swarm_get_peer_id (f->near));
  g_autoptr (GPtrArray) nobody = peer_list (NULL);
  g_autoptr (PeerupStream) one = fake_swarm_open (f->near, PROTOCOL);
  g_autoptr (PeerupStream) two = fake_swarm_open (f->near, PROTOCOL);
  int target = server_take (&f->server);
  int other = server_take (&f->server);

  peerup_service_set_allowed_peers (f->service, just_near);
  g_assert_cmpuint (peerup_service_get_active (f->service), ==, 2);
  peerup_service_set_allowed_peers (f->service, nobody);
  expect_reset (one, PEERUP_STREAM_CODE_GATED);
  expect_reset (two, PEERUP_STREAM_CODE_GATED);
  client_expect_reset (target);
  client_expect_reset (other);
  close (target);
  close (other);
}

static void
test_disabled (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PROTOCOL);
  g_auto (GStrv) protocols = NULL;
  int target = server_take (&f->server);

  g_assert_cmpint (peerup_stream_write (stream, "x", 1, NULL), ==, 1);
  client_expect (target, "x");
  peerup_service_set_enabled (f->service, FALSE);
  expect_reset (stream, PEERUP_STREAM_CODE_NONE);
  client_expect_reset (target);
  protocols = peerup_swarm_dup_protocols (f->far);
  g_assert_false (g_strv_contains ((const char *const *) protocols, PROTOCOL));
  close (target);
}

static DexFuture *
on_done (DexFuture *future, gpointer data)
{
  g_assert_true (dex_future_is_resolved (future));
  *(gboolean *) data = TRUE;
  return dex_future_new_true ();
}

/* Draining: nothing new comes in, and what is open may finish. */
static void
test_drain (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PROTOCOL);
  g_autoptr (DexFuture) drained = NULL;
  int target = server_take (&f->server);
  gboolean done = FALSE;

  drained = dex_future_finally (peerup_service_drain (f->service, g_get_monotonic_time () + 60 * G_USEC_PER_SEC),
                                on_done, &done, NULL);
  g_assert_false (peerup_service_get_enabled (f->service));
  g_assert_cmpint (peerup_stream_write (stream, "last", 4, NULL), ==, 4);
  client_expect (target, "last");
  g_assert_false (done);
  peerup_stream_close (stream);
  client_expect_end (target);
  close (target);
  spin_until (&done);
  g_assert_cmpuint (peerup_stream_get_reset_code (stream), ==, 0);
}

static void
test_drain_deadline (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PROTOCOL);
  g_autoptr (DexFuture) drained = NULL;
  int target = server_take (&f->server);
  gboolean done = FALSE;

  drained =
    dex_future_finally (peerup_service_drain (f->service, g_get_monotonic_time () + 1000), on_done, &done, NULL);
  spin_until (&done);
  expect_reset (stream, PEERUP_STREAM_CODE_SHUTDOWN);
  client_expect_reset (target);
  close (target);
}

static void
test_drain_idle (Fixture *f, gconstpointer data)
{
  g_autoptr (DexFuture) drained = peerup_service_drain (f->service, 0);

  g_assert_true (dex_future_is_resolved (drained));
}

static void
test_peer_dies (Fixture *f, gconstpointer data)
{
  PeerupStream *stream = fake_swarm_open (f->near, PROTOCOL);
  int target = server_take (&f->server);

  g_object_unref (stream);
  client_expect_reset (target);
  close (target);
}

#define ADD(path, func) g_test_add ("/tunnel/service/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/tunnel/service/names", test_names);
  ADD ("bad-targets", test_bad_targets);
  ADD ("carries-both-ways", test_carries_both_ways);
  ADD ("early-bytes", test_early_bytes);
  ADD ("refused-target", test_refused_target);
  ADD ("unknown-host", test_unknown_host);
  ADD ("closed-while-dialing", test_closed_while_dialing);
  ADD ("target-reset", test_target_reset);
  ADD ("access-list", test_access_list);
  ADD ("access-told", test_access_told);
  ADD ("denied-peer", test_denied_peer);
  ADD ("admission", test_admission);
  ADD ("question", test_question);
  ADD ("question-of-disabled", test_question_of_disabled);
  ADD ("access-withdrawn", test_access_withdrawn);
  ADD ("disabled", test_disabled);
  ADD ("drain", test_drain);
  ADD ("drain-deadline", test_drain_deadline);
  ADD ("drain-idle", test_drain_idle);
  ADD ("peer-dies", test_peer_dies);
  return g_test_run ();
}
