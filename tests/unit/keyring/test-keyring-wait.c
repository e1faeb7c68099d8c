/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Waiting for calls that return later: until they do, a time is over, or somebody cancels from another thread. */
#include "keyring/peerup-keyring-wait.h"

#include <string.h>

#include "wire/peerup-error.h"

#define LONG (600 * (gint64) G_USEC_PER_SEC)

static gboolean
on_cancelled (GCancellable *cancellable, gpointer task)
{
  g_assert_true (g_task_return_error_if_cancelled (task));
  return G_SOURCE_REMOVE;
}

/* A call that returns when it is cancelled, and never before. */
static void
never_async (PeerupKeyringWait *wait)
{
  GTask *task = g_task_new (NULL, wait->cancellable, peerup_keyring_wait_ready, wait);
  g_autoptr (GSource) source = g_cancellable_source_new (wait->cancellable);

  g_source_set_callback (source, G_SOURCE_FUNC (on_cancelled), task, g_object_unref);
  g_source_attach (source, wait->context);
}

static GError *
await_never (PeerupKeyringWait *wait)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  never_async (wait);
  result = peerup_keyring_wait_result (wait);
  g_assert_false (g_task_propagate_boolean (G_TASK (result), &error));
  peerup_keyring_wait_explain (wait, "the login keyring", &error);
  return error;
}

static void
test_time_is_over (void)
{
  g_auto (PeerupKeyringWait) wait = { 0 };
  g_autoptr (GError) error = NULL;

  peerup_keyring_wait_begin (&wait, NULL, 1000);
  error = await_never (&wait);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpstr (error->message, ==, "the login keyring did not answer in time; try again");
}

static gpointer
cancel (gpointer data)
{
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancelled_elsewhere (void)
{
  g_autoptr (GCancellable) outer = g_cancellable_new ();
  g_auto (PeerupKeyringWait) wait = { 0 };
  g_autoptr (GError) error = NULL;
  GThread *thread;
  gboolean flag = FALSE;

  peerup_keyring_wait_begin (&wait, outer, LONG);
  thread = g_thread_new ("canceller", cancel, outer);
  error = await_never (&wait);
  g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (peerup_keyring_wait_flag (&wait, &flag));
  flag = TRUE;
  g_assert_true (peerup_keyring_wait_flag (&wait, &flag));
}

/* Before it begins, too. */
static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) outer = g_cancellable_new ();
  g_auto (PeerupKeyringWait) wait = { 0 };
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (outer);
  peerup_keyring_wait_begin (&wait, outer, LONG);
  error = await_never (&wait);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_words (void)
{
  static const struct
  {
    int code;
    const char *words;
  } cases[] = {
    { G_DBUS_ERROR_SERVICE_UNKNOWN, "no program keeps the login keyring here" },
    { G_DBUS_ERROR_SPAWN_CHILD_EXITED, "no program keeps the login keyring here" },
    { G_DBUS_ERROR_NO_REPLY, "is gone: no such luck" },
    { G_DBUS_ERROR_ACCESS_DENIED, "the login keyring refuses: no such luck" },
  };
  g_auto (PeerupKeyringWait) wait = { 0 };

  peerup_keyring_wait_begin (&wait, NULL, LONG);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (G_DBUS_ERROR, cases[i].code, "no such luck");

      peerup_keyring_wait_explain (&wait, "the login keyring", &error);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
      g_assert_nonnull (strstr (error->message, cases[i].words));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keyring/wait/time-is-over", test_time_is_over);
  g_test_add_func ("/keyring/wait/cancelled-elsewhere", test_cancelled_elsewhere);
  g_test_add_func ("/keyring/wait/cancelled-before", test_cancelled_before);
  g_test_add_func ("/keyring/wait/words", test_words);
  return g_test_run ();
}
