/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One request to a portal, by every way in which it may end. */
#include "app/background/peerup-portal-request.h"

#include "mock-portal.h"

#define METHOD "org.freedesktop.portal.Background.RequestBackground"

typedef struct
{
  gboolean done;
  GVariant *results;
  GError *error;
} Outcome;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  g_assert_false (outcome->done);
  outcome->results = peerup_portal_request_finish (result, &outcome->error);
  outcome->done = TRUE;
}

static void
begin (MockPortal *portal, guint seconds, GCancellable *cancellable, Outcome *outcome)
{
  const char *const command[] = { "peerup-gtk", "--hidden", NULL };
  g_auto (GVariantDict) options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "autostart", "b", TRUE);
  g_variant_dict_insert (&options, "commandline", "^as", command);
  peerup_portal_request_async (portal->client, METHOD, g_variant_new ("(s)", ""), g_variant_dict_end (&options),
                               seconds, cancellable, on_done, outcome);
}

static void
outcome_clear (Outcome *outcome)
{
  g_clear_pointer (&outcome->results, g_variant_unref);
  g_clear_error (&outcome->error);
}

/* @code: -1: it succeeds. */
static void
check (Answer answer, guint seconds, int code)
{
  MockPortal portal = { .answer = answer };
  Outcome outcome = { 0 };
  gboolean background;

  mock_portal_up (&portal);
  mock_portal_own (&portal);
  begin (&portal, seconds, NULL, &outcome);
  mock_portal_wait (&outcome.done);
  if (code < 0)
    {
      g_assert_no_error (outcome.error);
      g_assert_true (g_variant_lookup (outcome.results, "background", "b", &background));
    }
  else
    {
      g_assert_error (outcome.error, G_IO_ERROR, code);
      g_assert_null (outcome.results);
    }
  g_assert_cmpuint (portal.requests, ==, 1);
  /* What is still on its way finds nobody, and harms nobody. */
  mock_portal_sync (&portal);
  g_assert_cmpuint (portal.closed, ==, answer == ANSWER_LATE);
  outcome_clear (&outcome);
  mock_portal_down (&portal);
}

static void
test_answers (void)
{
  check (ANSWER_ALLOWED, 60, -1);
  check (ANSWER_NOTHING, 60, -1);
  check (ANSWER_EARLY, 60, -1);
  check (ANSWER_CANCELLED, 60, G_IO_ERROR_PERMISSION_DENIED);
  check (ANSWER_NOT_ALLOWED, 60, G_IO_ERROR_PERMISSION_DENIED);
  check (ANSWER_FAILED, 60, G_IO_ERROR_FAILED);
}

static void
test_elsewhere (void)
{
  MockPortal portal = { .answer = ANSWER_LATE };
  Outcome outcome = { 0 };
  g_autofree char *client = NULL;
  g_autofree char *handle = NULL;

  mock_portal_up (&portal);
  mock_portal_own (&portal);
  portal.answer = ANSWER_ELSEWHERE;
  client = g_strdelimit (g_strdup (g_dbus_connection_get_unique_name (portal.client) + 1), ".", '_');
  handle = g_strconcat (PEERUP_PORTAL_PATH "/request/", client, "/elsewhere", NULL);
  begin (&portal, 60, NULL, &outcome);
  mock_portal_wait_count (&portal.requests, 1);
  /* Portals that choose a path answer when the caller has had the time to listen there. */
  mock_portal_sync (&portal);
  while (!outcome.done)
    {
      g_dbus_connection_emit_signal (portal.server, NULL, handle, "org.freedesktop.portal.Request", "Response",
                                     g_variant_new ("(ua{sv})", 0, NULL), NULL);
      mock_portal_sync (&portal);
    }
  g_assert_no_error (outcome.error);
  outcome_clear (&outcome);
  mock_portal_down (&portal);
}

static void
test_no_answer (void)
{
  check (ANSWER_LATE, 1, G_IO_ERROR_TIMED_OUT);
  check (ANSWER_NEVER, 1, G_IO_ERROR_TIMED_OUT);
}

static void
test_absent (void)
{
  MockPortal portal = { 0 };
  Outcome outcome = { 0 };

  mock_portal_up (&portal);
  begin (&portal, 60, NULL, &outcome);
  mock_portal_wait (&outcome.done);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  outcome_clear (&outcome);
  mock_portal_down (&portal);
}

/* Before the call, while it is under way, and afterwards. */
static void
test_cancel (void)
{
  MockPortal portal = { .answer = ANSWER_LATE };
  Outcome outcomes[3] = { 0 };
  g_autoptr (GCancellable) before = g_cancellable_new ();
  g_autoptr (GCancellable) during = g_cancellable_new ();
  g_autoptr (GCancellable) after = g_cancellable_new ();

  mock_portal_up (&portal);
  mock_portal_own (&portal);
  g_cancellable_cancel (before);
  begin (&portal, 60, before, &outcomes[0]);
  mock_portal_wait (&outcomes[0].done);
  begin (&portal, 60, during, &outcomes[1]);
  mock_portal_wait_count (&portal.requests, 2);
  mock_portal_sync (&portal);
  g_cancellable_cancel (during);
  mock_portal_wait (&outcomes[1].done);
  mock_portal_wait_count (&portal.closed, 1);
  for (guint i = 0; i < 2; i++)
    g_assert_error (outcomes[i].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  portal.answer = ANSWER_ALLOWED;
  begin (&portal, 60, after, &outcomes[2]);
  mock_portal_wait (&outcomes[2].done);
  g_cancellable_cancel (after);
  mock_portal_sync (&portal);
  g_assert_no_error (outcomes[2].error);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    outcome_clear (&outcomes[i]);
  mock_portal_down (&portal);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/background/portal/answers", test_answers);
  g_test_add_func ("/background/portal/elsewhere", test_elsewhere);
  g_test_add_func ("/background/portal/no-answer", test_no_answer);
  g_test_add_func ("/background/portal/absent", test_absent);
  g_test_add_func ("/background/portal/cancel", test_cancel);
  return g_test_run ();
}
