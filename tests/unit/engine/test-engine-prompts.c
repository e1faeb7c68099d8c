/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What an engine asks of whom: a peer that is on no list, with and without somebody who watches, with gating off, and
 * what ends a question. One process; nobody connects, as who may ask is decided by who it is.
 */
#include "device.h"
#include "engine/peerup-engine-private.h"
#include "trust/peerup-authorized-keys-file.h"

#define SERVICES                                                                 \
  "services:\n"                                                                  \
  "  listed: {enabled: true, local_address: 'localhost:9', allowed_peers: []}\n" \
  "  web: {enabled: true, local_address: 'localhost:9'}\n"                       \
  "  off: {enabled: false, local_address: 'localhost:9', allowed_peers: []}\n"

/* Longer than a busy machine needs from one line to the next. */
#define LEASE (3 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  Home *friend, *guest, *stranger;
  Device host;
  PeerupEnginePrompts *prompts;
  GListModel *model;
} Fixture;

static PeerupPeerId *
id_of (Home *home)
{
  return peerup_private_key_get_peer_id (home->key);
}

/* The engine warns of that, which ends a test else. */
static void
switch_gating_off (Home *home)
{
  g_autofree char *text = NULL;
  g_autoptr (GString) changed = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (home->config, &text, NULL, &error));
  changed = g_string_new (text);
  g_assert_cmpuint (g_string_replace (changed, "enable_connection_gating: true", "enable_connection_gating: false", 0),
                    ==, 1);
  g_assert_true (
    g_file_set_contents_full (home->config, changed->str, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error));
  g_assert_no_error (error);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
}

static void
set_up (Fixture *f, gconstpointer open)
{
  Home *host = home_new ();
  g_autoptr (GError) error = NULL;

  f->friend = home_new ();
  f->guest = home_new ();
  f->stranger = home_new ();
  home_configure (host, SERVICES);
  if (open != NULL)
    switch_gating_off (host);
  home_authorize (host, f->friend);
  home_authorize (host, f->guest);
  g_assert_true (peerup_authorized_keys_file_set (host->authorized_keys, id_of (f->guest), PEERUP_AUTHORIZED_KEYS_ROLE,
                                                  PEERUP_AUTHORIZED_KEYS_GUEST, &error));
  g_assert_no_error (error);
  f->host = device_start (host, PEERUP_ENGINE_DEFAULT);
  f->prompts = f->host.engine->prompts;
  f->model = peerup_engine_prompts_get_model (f->prompts);
}

static void
tear_down (Fixture *f, gconstpointer open)
{
  device_stop (&f->host);
  home_free (f->friend);
  home_free (f->guest);
  home_free (f->stranger);
}

/* (nullable): what a stream waits for. */
static DexFuture *
ask (Fixture *f, Home *peer, const char *service)
{
  return peerup_engine_prompts_ask_access (f->prompts, id_of (peer), service);
}

static gboolean
asks (Fixture *f, Home *peer, const char *service)
{
  g_autoptr (DexFuture) future = ask (f, peer, service);

  return future != NULL;
}

static guint
count (Fixture *f)
{
  return g_list_model_get_n_items (f->model);
}

static guint
last_number (Fixture *f)
{
  g_autoptr (PeerupPrompt) prompt = g_list_model_get_item (f->model, count (f) - 1);

  return peerup_prompt_get_number (prompt);
}

static gboolean
is_empty (gpointer model)
{
  return g_list_model_get_n_items (model) == 0;
}

static void
test_whom (Fixture *f, gconstpointer data)
{
  g_assert_false (asks (f, f->friend, "listed"));
  peerup_engine_prompts_watch (f->prompts);
  /* It may already, there is none, it is off, it is nobody's, and it is a secret. */
  g_assert_false (asks (f, f->friend, "web"));
  g_assert_false (asks (f, f->friend, "none"));
  g_assert_false (asks (f, f->friend, "off"));
  g_assert_false (asks (f, f->stranger, "listed"));
  g_assert_false (asks (f, f->guest, "listed"));
  g_assert_false (asks (f, f->guest, "web"));
  g_assert_cmpuint (count (f), ==, 0);
  g_assert_true (asks (f, f->friend, "listed"));
  g_assert_true (asks (f, f->friend, "listed"));
  g_assert_cmpuint (count (f), ==, 1);
  peerup_engine_prompts_unwatch (f->prompts);
  g_assert_cmpuint (count (f), ==, 0);
  g_assert_false (asks (f, f->friend, "listed"));
}

/* Who cannot say that he leaves has left when his time is over; it is too short for the question to expire. */
static void
test_lease (Fixture *f, gconstpointer data)
{
  g_autoptr (DexFuture) waits = NULL;
  g_autoptr (GError) error = NULL;

  peerup_engine_prompts_watch_until (f->prompts, g_get_monotonic_time () + LEASE);
  waits = ask (f, f->friend, "listed");
  g_assert_nonnull (waits);
  spin_while_not (is_empty, f->model);
  g_assert_null (dex_future_get_value (waits, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (asks (f, f->friend, "listed"));
}

/* Everybody may connect then, and nobody is authorized. */
static void
test_open (Fixture *f, gconstpointer data)
{
  peerup_engine_prompts_watch (f->prompts);
  g_assert_false (asks (f, f->friend, "listed"));
  g_assert_false (asks (f, f->stranger, "listed"));
  peerup_engine_prompts_unwatch (f->prompts);
}

static void
test_allow (Fixture *f, gconstpointer data)
{
  g_autoptr (DexFuture) waits = NULL;
  g_autoptr (GPtrArray) grants = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  guint number;

  peerup_engine_prompts_watch (f->prompts);
  waits = ask (f, f->friend, "listed");
  number = last_number (f);
  g_assert_false (peerup_engine_prompts_answer (f->prompts, number, "differ", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_true (dex_future_is_pending (waits));
  g_assert_true (peerup_engine_prompts_answer (f->prompts, number, "allow", &error));
  g_assert_no_error (error);
  g_assert_false (dex_future_is_pending (waits));
  grants = peerup_engine_trust_dup_grants (f->host.engine->trust);
  g_assert_cmpuint (grants->len, ==, 1);
  g_assert_cmpint (((PeerupGrant *) grants->pdata[0])->until, >=, now + PEERUP_PROMPT_GRANT_TIME);
  g_assert_cmpint (((PeerupGrant *) grants->pdata[0])->until, <=, now + PEERUP_PROMPT_GRANT_TIME + 60);
  g_assert_true (peerup_engine_trust_sees (f->host.engine->trust, id_of (f->friend), "listed"));
  g_assert_false (peerup_engine_prompts_answer (f->prompts, number, "allow", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  peerup_engine_prompts_unwatch (f->prompts);
}

/* Asked for before it was allowed otherwise, or gone: neither can be answered, and both end soon by themselves. */
static void
test_moot (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint number;

  peerup_engine_prompts_watch (f->prompts);
  g_assert_true (asks (f, f->friend, "listed"));
  number = last_number (f);
  g_assert_true (
    peerup_engine_trust_grant (f->host.engine->trust, id_of (f->friend), "listed", PEERUP_EXPIRES_NEVER, &error));
  g_assert_false (peerup_engine_prompts_answer (f->prompts, number, "deny", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (peerup_engine_trust_revoke (f->host.engine->trust, id_of (f->friend), NULL, &error));
  g_assert_true (asks (f, f->friend, "listed"));
  g_assert_true (peerup_authorized_keys_file_remove (f->host.home->authorized_keys, id_of (f->friend), &error));
  g_assert_true (peerup_engine_trust_reload (f->host.engine->trust, &error));
  g_assert_no_error (error);
  spin_while_not (is_empty, f->model);
  peerup_engine_prompts_unwatch (f->prompts);
}

static void
test_verify (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPrompt) prompt = NULL;
  g_autoptr (GError) error = NULL;

  /* Nobody has to watch; and of who is not authorized nothing is to be compared. */
  peerup_engine_prompts_ask_verify (f->prompts, id_of (f->stranger));
  g_assert_cmpuint (count (f), ==, 0);
  peerup_engine_prompts_ask_verify (f->prompts, id_of (f->friend));
  prompt = g_list_model_get_item (f->model, 0);
  g_assert_cmpuint (count (f), ==, 1);
  g_assert_cmpstr (peerup_prompt_get_digits (prompt), !=, "");
  g_assert_true (peerup_engine_prompts_answer (f->prompts, last_number (f), "match", &error));
  g_assert_no_error (error);
  /* Verified already. */
  peerup_engine_prompts_ask_verify (f->prompts, id_of (f->friend));
  g_assert_cmpuint (count (f), ==, 0);
  /* Said by other means. */
  peerup_engine_prompts_ask_verify (f->prompts, id_of (f->guest));
  g_assert_cmpuint (count (f), ==, 1);
  g_assert_true (peerup_engine_set_verified (f->host.engine, id_of (f->guest), TRUE, &error));
  g_assert_no_error (error);
  spin_while_not (is_empty, f->model);
}

#define ADD(name, open, test) g_test_add ("/engine/prompts/" name, Fixture, open, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  ADD ("whom", NULL, test_whom);
  ADD ("lease", NULL, test_lease);
  ADD ("allow", NULL, test_allow);
  ADD ("moot", NULL, test_moot);
  ADD ("verify", NULL, test_verify);
  /* Last, as it changes what ends the process. */
  ADD ("open", "open", test_open);
  return g_test_run ();
}
