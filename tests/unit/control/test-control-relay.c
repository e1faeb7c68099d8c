/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A relay as the callers of the interface see it: what it tells, and how it is drained.
 */
#include "client/peerup-client.h"

#include <string.h>

#include "../engine/home.h"
#include "engine/peerup-engine-private.h"

#define SERVE "relay: {serve: true, announce: [/ip4/203.0.113.7/tcp/7777]}\nresources: {session_duration: 77s}\n"

typedef void (*Body) (PeerupDBusEngine1 *proxy, Home *home);

typedef struct
{
  Body body;
  const char *config;
} Case;

typedef struct
{
  const Case *test;
  Home *home;
} Run;

static DexFuture *
run_fiber (gpointer data)
{
  const Run *run = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client =
    dex_await_object (peerup_client_embed (run->home->config, PEERUP_ENGINE_DEFAULT), &error);

  g_assert_no_error (error);
  run->test->body (peerup_client_get_proxy (client), run->home);
  g_assert_true (dex_await (peerup_client_close (client, NULL), NULL));
  return dex_future_new_true ();
}

static void
run_test (gconstpointer data)
{
  g_autoptr (Home) home = home_new ();
  Run run = { data, home };

  home_configure (home, run.test->config);
  g_assert_true (await_true (dex_scheduler_spawn (NULL, 512 * 1024, run_fiber, &run, NULL), NULL));
}

static GAsyncResult *
await_result (DexPromise *promise)
{
  return dex_await_object (DEX_FUTURE (promise), NULL);
}

static GVariant *
get_service (PeerupDBusEngine1 *proxy)
{
  DexPromise *promise = dex_promise_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *service = NULL;

  peerup_dbus_engine1_call_get_relay_service (proxy, NULL, peerup_client_ready, dex_ref (promise));
  result = await_result (promise);
  peerup_dbus_engine1_call_get_relay_service_finish (proxy, &service, result, &error);
  g_assert_no_error (error);
  return service;
}

static gboolean
drain (PeerupDBusEngine1 *proxy, GError **error)
{
  DexPromise *promise = dex_promise_new ();
  g_autoptr (GAsyncResult) result = NULL;
  gboolean drained = FALSE;

  peerup_dbus_engine1_call_drain_relay (proxy, 0, NULL, peerup_client_ready, dex_ref (promise));
  result = await_result (promise);
  return peerup_dbus_engine1_call_drain_relay_finish (proxy, &drained, result, error) && drained;
}

static gboolean
resume (PeerupDBusEngine1 *proxy, GError **error)
{
  DexPromise *promise = dex_promise_new ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_resume_relay (proxy, NULL, peerup_client_ready, dex_ref (promise));
  result = await_result (promise);
  return peerup_dbus_engine1_call_resume_relay_finish (proxy, result, error);
}

static void
on_state (PeerupDBusEngine1 *proxy, GParamSpec *pspec, gpointer promise)
{
  if (dex_future_is_pending (promise))
    dex_promise_resolve_boolean (promise, TRUE);
}

/* Changes of properties come when the main loop is idle. */
static void
await_state (PeerupDBusEngine1 *proxy, const char *state)
{
  while (g_strcmp0 (peerup_dbus_engine1_get_relay_state (proxy), state) != 0)
    {
      g_autoptr (DexPromise) promise = dex_promise_new ();
      gulong id = g_signal_connect (proxy, "notify::relay-state", G_CALLBACK (on_state), promise);

      g_assert_true (dex_await (dex_ref (DEX_FUTURE (promise)), NULL));
      g_signal_handler_disconnect (proxy, id);
    }
}

static guint64
get_limit (GVariant *service, const char *key)
{
  g_autoptr (GVariant) limits = g_variant_lookup_value (service, "limits", G_VARIANT_TYPE_VARDICT);
  guint64 value;

  g_assert_true (g_variant_lookup (limits, key, "t", &value));
  return value;
}

static void
body_service (PeerupDBusEngine1 *proxy, Home *home)
{
  g_autoptr (GVariant) service = get_service (proxy);
  g_autofree const char **addresses = NULL;
  g_autofree char *expected = g_strdup_printf ("/ip4/203.0.113.7/tcp/7777/p2p/%s", home_get_id (home));
  const char *state;
  gboolean for_peers;
  gint64 since;
  guint number;
  guint64 figure;

  g_assert_cmpstr (peerup_dbus_engine1_get_relay_state (proxy), ==, "serving");
  g_assert_true (g_variant_lookup (service, "state", "&s", &state));
  g_assert_cmpstr (state, ==, "serving");
  g_assert_true (g_variant_lookup (service, "for_peers", "b", &for_peers) && !for_peers);
  g_assert_true (g_variant_lookup (service, "since", "x", &since) && since > 0);
  g_assert_true (g_variant_lookup (service, "reservations", "u", &number) && number == 0);
  g_assert_true (g_variant_lookup (service, "circuits", "u", &number) && number == 0);
  g_assert_true (g_variant_lookup (service, "invites", "u", &number) && number == 0);
  for (guint i = 0; i < 10; i++)
    {
      static const char *const keys[] = {
        "reservations_granted", "reservations_refused", "circuits_opened", "circuits_refused", "bytes",
        "stun_answered",        "stun_limited",         "passes_shown",    "passes_wrong",     "sponsored"
      };

      g_assert_true (g_variant_lookup (service, keys[i], "t", &figure) && figure == 0);
    }
  g_assert_cmpuint (get_limit (service, "session_duration"), ==, 77);
  g_assert_cmpuint (get_limit (service, "session_data_limit"), ==, 64 << 20);
  g_assert_cmpuint (get_limit (service, "max_reservations_per_asn"), ==, 32);
  g_assert_true (g_variant_lookup (service, "addresses", "^a&s", &addresses));
  g_assert_cmpuint (g_strv_length ((char **) addresses), ==, 1);
  g_assert_cmpstr (addresses[0], ==, expected);
}

/* The properties follow, and the answer comes when it is over. */
static void
body_drain (PeerupDBusEngine1 *proxy, Home *home)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (drain (proxy, &error));
  g_assert_no_error (error);
  await_state (proxy, "drained");
  /* Twice is once. */
  g_assert_true (drain (proxy, &error));
  g_assert_true (resume (proxy, &error));
  g_assert_no_error (error);
  await_state (proxy, "serving");
}

static void
body_no_relay (PeerupDBusEngine1 *proxy, Home *home)
{
  g_autoptr (GVariant) service = get_service (proxy);
  g_autoptr (GError) error = NULL;
  const char *state;

  g_assert_true (g_variant_lookup (service, "state", "&s", &state));
  g_assert_cmpstr (state, ==, "off");
  g_assert_false (drain (proxy, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_nonnull (strstr (error->message, "set relay.serve to true in"));
  g_clear_error (&error);
  g_assert_false (resume (proxy, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

static const Case service = { body_service, SERVE };
static const Case draining = { body_drain, SERVE };
static const Case no_relay = { body_no_relay, "" };

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_data_func ("/control/relay/service", &service, run_test);
  g_test_add_data_func ("/control/relay/drain", &draining, run_test);
  g_test_add_data_func ("/control/relay/none", &no_relay, run_test);
  return g_test_run ();
}
