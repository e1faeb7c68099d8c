/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Pairing as the callers of the interface see it: what is refused before anything is done, and verification.
 */
#include "client/peerup-client.h"

#include <string.h>

#include "../engine/home.h"
#include "control/peerup-control-options.h"

#define OTHER "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

static DexPromise *
promise_new (void)
{
  return dex_promise_new ();
}

static gboolean
create (PeerupDBusEngine1 *proxy, const char *options, GError **error)
{
  DexPromise *promise = promise_new ();
  GVariant *parsed = g_variant_parse (G_VARIANT_TYPE_VARDICT, options, NULL, NULL, NULL);
  g_autoptr (GVariant) owned = parsed;
  g_autoptr (GVariant) invite = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_create_invite (proxy, parsed, NULL, peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  return peerup_dbus_engine1_call_create_invite_finish (proxy, &invite, result, error);
}

static gboolean
join (PeerupDBusEngine1 *proxy, const char *code, const char *options, GError **error)
{
  DexPromise *promise = promise_new ();
  g_autoptr (GVariant) parsed = g_variant_parse (G_VARIANT_TYPE_VARDICT, options, NULL, NULL, NULL);
  g_autoptr (GVariant) pairing = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_join (proxy, code, parsed, NULL, peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  return peerup_dbus_engine1_call_join_finish (proxy, &pairing, result, error);
}

static GVariant *
get_verification (PeerupDBusEngine1 *proxy, const char *peer, GError **error)
{
  DexPromise *promise = promise_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GVariant *verification = NULL;

  peerup_dbus_engine1_call_get_verification (proxy, peer, NULL, peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  peerup_dbus_engine1_call_get_verification_finish (proxy, &verification, result, error);
  return verification;
}

static gboolean
set_verified (PeerupDBusEngine1 *proxy, const char *peer, gboolean verified, GError **error)
{
  DexPromise *promise = promise_new ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_set_verified (proxy, peer, verified, NULL, peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  return peerup_dbus_engine1_call_set_verified_finish (proxy, result, error);
}

typedef void (*Body) (PeerupDBusEngine1 *proxy, Home *home, Home *other);

typedef struct
{
  Body body;
  Home *home, *other;
} Run;

static DexFuture *
run_fiber (gpointer data)
{
  const Run *run = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client =
    dex_await_object (peerup_client_embed (run->home->config, PEERUP_ENGINE_DEFAULT), &error);

  g_assert_no_error (error);
  run->body (peerup_client_get_proxy (client), run->home, run->other);
  g_assert_true (dex_await (peerup_client_close (client, NULL), NULL));
  return dex_future_new_true ();
}

static void
run_test (gconstpointer body)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (Home) other = home_new ();
  Run run = { body, home, other };

  home_authorize (home, other);
  g_assert_true (await_true (dex_scheduler_spawn (NULL, 512 * 1024, run_fiber, &run, NULL), NULL));
}

static void
body_refused_invites (PeerupDBusEngine1 *proxy, Home *home, Home *other)
{
  static const char *const options[] = { "{'ttl': <int64 -1>}",        "{'ttl': <int64 2592001>}",
                                         "{'grant_time': <int64 -1>}", "{'ttl': <5>}",
                                         "{'colour': <'red'>}",        "{'services': <'ssh'>}",
                                         "{'services': <['absent']>}" };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (create (proxy, options[i], &error));
      g_assert_nonnull (error);
    }
}

static void
body_refused_codes (PeerupDBusEngine1 *proxy, Home *home, Home *other)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (join (proxy, "no code at all", "{}", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (join (proxy, "no code at all", "{'haste': <true>}", &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
body_verification (PeerupDBusEngine1 *proxy, Home *home, Home *other)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) before = get_verification (proxy, home_get_id (other), &error);
  g_autoptr (GVariant) after = NULL;
  gboolean verified = TRUE;
  const char *digits;

  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (before, "verified", "b", &verified) && !verified);
  g_assert_true (g_variant_lookup (before, "digits", "&s", &digits) && strlen (digits) == 7);
  g_assert_false (g_variant_lookup (before, "transcript_digits", "&s", &digits));
  g_assert_true (set_verified (proxy, home_get_id (other), TRUE, &error));
  g_assert_no_error (error);
  after = get_verification (proxy, home_get_id (other), &error);
  g_assert_true (g_variant_lookup (after, "verified", "b", &verified) && verified);
  g_assert_null (get_verification (proxy, OTHER, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (set_verified (proxy, "nobody", TRUE, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

static void
test_options (void)
{
  const char *text = NULL;
  gboolean flag = FALSE;
  gint64 number = 7;
  g_autofree const char **list = NULL;
  const PeerupControlOption known[] = {
    { "text", "s", &text }, { "flag", "b", &flag }, { "number", "x", &number }, { "list", "as", &list }
  };
  g_autoptr (GVariant) some = g_variant_ref_sink (
    g_variant_new_parsed ("{'text': <'a'>, 'flag': <true>, 'list': <['x']>, 'list': <['y', 'z']>}"));
  g_autoptr (GVariant) typed = g_variant_ref_sink (g_variant_new_parsed ("{'number': <'7'>}"));
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_control_read_options (some, known, G_N_ELEMENTS (known), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "a");
  g_assert_true (flag);
  g_assert_cmpint (number, ==, 7);
  g_assert_cmpuint (g_strv_length ((char **) list), ==, 2);
  g_assert_false (peerup_control_read_options (typed, known, G_N_ELEMENTS (known), &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/control/pairing/options", test_options);
  g_test_add_data_func ("/control/pairing/refused-invites", body_refused_invites, run_test);
  g_test_add_data_func ("/control/pairing/refused-codes", body_refused_codes, run_test);
  g_test_add_data_func ("/control/pairing/verification", body_verification, run_test);
  return g_test_run ();
}
