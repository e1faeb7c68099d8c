/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Negotiation with the dialer's first bytes right behind it. */

#include "transport-test.h"

#include <sys/socket.h>
#include <unistd.h>

#include "transport/peerup-upgrade.h"

#define PROPOSAL "\x13/multistream/1.0.0\n\x0c/test/1.0.0\n"
#define REFUSAL  "\x13/multistream/1.0.0\n\x03na\n"

typedef struct
{
  PeerupStream *ours, *theirs; /* the stream, and its far end */
  PeerupStream *early;
  int client; /* the local client's end of @early */
} Setting;

static void
setting_init (Setting *self)
{
  int fds[2];

  peerup_pipe_stream_new_pair (65536, &self->ours, &self->theirs);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  self->early = peerup_socket_stream_new (fds[0], NULL);
  self->client = fds[1];
}

static void
setting_clear (Setting *self)
{
  close (self->client);
  g_object_unref (self->early);
  g_object_unref (self->ours);
  g_object_unref (self->theirs);
}

static DexFuture *
dial_fiber (gpointer data)
{
  Setting *self = data;
  GError *error = NULL;
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  if (peerup_negotiate_dial_early (self->ours, "/test/1.0.0", PEERUP_SOCKET_STREAM (self->early), deadline, &error) ==
      NULL)
    return dex_future_new_for_error (error);
  return dex_future_new_for_boolean (TRUE);
}

static DexFuture *
dial (Setting *self)
{
  return dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, dial_fiber, self, NULL);
}

static void
say (Setting *self, const char *text)
{
  g_assert_cmpint (write (self->client, text, strlen (text)), ==, strlen (text));
}

/* What the far end has by now, nothing having been answered. */
static void
assert_far (Setting *self, const char *expected)
{
  char got[256];
  gssize n;

  for (guint i = 0; i < 10; i++)
    test_spin ();
  n = peerup_stream_read (self->theirs, got, sizeof got, NULL);
  g_assert_cmpmem (got, MAX (n, 0), expected, strlen (expected));
}

static void
test_goes_along (gconstpointer later)
{
  Setting self;
  DexFuture *future;
  char rest[16];

  setting_init (&self);
  if (!GPOINTER_TO_INT (later))
    say (&self, "GET /");
  future = dial (&self);
  if (GPOINTER_TO_INT (later))
    {
      assert_far (&self, PROPOSAL);
      say (&self, "GET /");
      assert_far (&self, "GET /");
    }
  else
    assert_far (&self, PROPOSAL "GET /");
  say (&self, " more");
  g_assert_cmpint (peerup_stream_write (self.theirs, PROPOSAL, strlen (PROPOSAL), NULL), ==, strlen (PROPOSAL));
  dex_unref (test_finish (dex_ref (future)));
  g_assert_true (dex_future_is_resolved (future));
  dex_unref (future);
  g_assert_cmpuint (peerup_socket_stream_get_shown (PEERUP_SOCKET_STREAM (self.early)), ==, 5);
  g_assert_cmpuint (peerup_socket_stream_take_shown (PEERUP_SOCKET_STREAM (self.early)), ==, 5);
  g_assert_cmpint (peerup_stream_read (self.early, rest, sizeof rest, NULL), ==, 5);
  g_assert_cmpmem (rest, 5, " more", 5);
  setting_clear (&self);
}

/* A client that waits for the other side, or ends at once, holds nothing up. */
static void
test_silent (gconstpointer ended)
{
  Setting self;
  DexFuture *future;
  char byte;

  setting_init (&self);
  if (GPOINTER_TO_INT (ended))
    shutdown (self.client, SHUT_WR);
  future = dial (&self);
  assert_far (&self, PROPOSAL);
  g_assert_cmpint (peerup_stream_write (self.theirs, PROPOSAL, strlen (PROPOSAL), NULL), ==, strlen (PROPOSAL));
  dex_unref (test_finish (dex_ref (future)));
  g_assert_true (dex_future_is_resolved (future));
  dex_unref (future);
  g_assert_cmpuint (peerup_socket_stream_get_shown (PEERUP_SOCKET_STREAM (self.early)), ==, 0);
  if (GPOINTER_TO_INT (ended))
    g_assert_cmpint (peerup_stream_read (self.early, &byte, 1, NULL), ==, 0);
  setting_clear (&self);
}

/* A refusal takes nothing from the client. */
static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;
  Setting self;
  DexFuture *future;
  char rest[16];

  setting_init (&self);
  say (&self, "hello");
  future = dial (&self);
  assert_far (&self, PROPOSAL "hello");
  g_assert_cmpint (peerup_stream_write (self.theirs, REFUSAL, strlen (REFUSAL), NULL), ==, strlen (REFUSAL));
  error = test_take_error (future);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  g_assert_cmpuint (peerup_socket_stream_get_shown (PEERUP_SOCKET_STREAM (self.early)), ==, 5);
  g_assert_cmpint (peerup_stream_read (self.early, rest, sizeof rest, NULL), ==, 5);
  setting_clear (&self);
}

static DexFuture *
dial_with_fiber (gpointer data)
{
  Setting *self = data;
  GError *error = NULL;
  g_autoptr (GBytes) message = g_bytes_new_static ("hello", 5);

  if (peerup_negotiate_dial_with (self->ours, "/test/1.0.0", message, test_deadline (), &error) == NULL)
    return dex_future_new_for_error (error);
  return dex_future_new_for_boolean (TRUE);
}

/* A message of our own goes along, and what follows the answer is left to be read. */
static void
test_message (gconstpointer refused)
{
  const char *answer = GPOINTER_TO_INT (refused) ? REFUSAL : PROPOSAL "yes";
  g_autoptr (DexFuture) future = NULL;
  Setting self;

  setting_init (&self);
  future = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, dial_with_fiber, &self, NULL);
  assert_far (&self, PROPOSAL "hello");
  test_assert_writes (self.theirs, answer);
  dex_unref (test_finish (dex_ref (future)));
  g_assert_true (dex_future_is_resolved (future) == !GPOINTER_TO_INT (refused));
  if (GPOINTER_TO_INT (refused))
    test_assert_fails (self.theirs, PEERUP_ERROR_RESET);
  else
    test_assert_reads (self.ours, "yes");
  setting_clear (&self);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/negotiate/early/at-once", GINT_TO_POINTER (FALSE), test_goes_along);
  g_test_add_data_func ("/negotiate/early/later", GINT_TO_POINTER (TRUE), test_goes_along);
  g_test_add_data_func ("/negotiate/early/silent", GINT_TO_POINTER (FALSE), test_silent);
  g_test_add_data_func ("/negotiate/early/ended", GINT_TO_POINTER (TRUE), test_silent);
  g_test_add_func ("/negotiate/early/refused", test_refused);
  g_test_add_data_func ("/negotiate/message/taken", GINT_TO_POINTER (FALSE), test_message);
  g_test_add_data_func ("/negotiate/message/refused", GINT_TO_POINTER (TRUE), test_message);
  return g_test_run ();
}
