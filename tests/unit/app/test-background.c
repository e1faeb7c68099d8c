/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The two settings and what they lead to, in a sandbox and outside of one. */
#include "app/background/peerup-background.h"

#include <glib/gstdio.h>

#include "app/background/peerup-autostart.h"
#include "app/model/peerup-settings.h"
#include "mock-portal.h"

#define ID "dev.peerup.PeerUp"

static const char *const argv[] = { "/opt/peer up/peerup-gtk", "--hidden", NULL };

typedef struct
{
  MockPortal portal;
  GSettings *settings;
  PeerupBackground *background;
  char *directory;
  guint refusals;
  char *said;
} Fixture;

static void
on_refused (PeerupBackground *background, const char *text, gpointer data)
{
  Fixture *self = data;

  self->refusals++;
  g_free (self->said);
  self->said = g_strdup (text);
}

static void
set_up (Fixture *self, gboolean sandboxed)
{
  g_autoptr (GError) error = NULL;

  mock_portal_up (&self->portal);
  self->directory = g_dir_make_tmp ("peerup-background-XXXXXX", &error);
  g_assert_no_error (error);
  self->settings = peerup_settings_new ();
  g_assert_nonnull (self->settings);
  g_settings_reset (self->settings, "run-in-background");
  g_settings_reset (self->settings, "start-at-login");
  self->background = peerup_background_new (self->portal.client, self->settings, ID, argv);
  peerup_background_set_place (self->background, sandboxed, self->directory);
  g_signal_connect (self->background, "refused", G_CALLBACK (on_refused), self);
}

static void
tear_down (Fixture *self)
{
  g_autofree char *path = g_build_filename (self->directory, ID ".desktop", NULL);

  g_object_run_dispose (G_OBJECT (self->background));
  mock_portal_sync (&self->portal);
  g_object_unref (self->background);
  g_object_unref (self->settings);
  mock_portal_down (&self->portal);
  g_unlink (path);
  g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self->said);
}

static gboolean
get (Fixture *self, const char *key)
{
  return g_settings_get_boolean (self->settings, key);
}

/* In a sandbox */

static void
test_allowed (void)
{
  Fixture self = { .portal.answer = ANSWER_ALLOWED };

  set_up (&self, TRUE);
  mock_portal_own (&self.portal);
  peerup_background_start (self.background);
  mock_portal_wait_count (&self.portal.requests, 1);
  g_assert_false (self.portal.autostart);
  mock_portal_sync (&self.portal);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  mock_portal_wait_count (&self.portal.requests, 2);
  g_assert_true (self.portal.autostart);
  g_assert_cmpstrv (self.portal.command, argv);
  mock_portal_sync (&self.portal);
  g_assert_cmpuint (self.refusals, ==, 0);
  g_assert_true (get (&self, "start-at-login") && get (&self, "run-in-background"));
  /* No file of ours: the portal has one. */
  g_assert_false (peerup_autostart_is_on (self.directory, ID));
  tear_down (&self);
}

/* What is refused at the start, or when it was switched on, is off again, and said. */
static void
test_refused (void)
{
  Fixture self = { .portal.answer = ANSWER_NOTHING };

  set_up (&self, TRUE);
  mock_portal_own (&self.portal);
  peerup_background_start (self.background);
  mock_portal_wait_count (&self.refusals, 1);
  g_assert_false (get (&self, "run-in-background"));
  g_assert_nonnull (g_strstr_len (self.said, -1, "run in the background"));
  self.portal.answer = ANSWER_CANCELLED;
  g_settings_set_boolean (self.settings, "run-in-background", TRUE);
  mock_portal_wait_count (&self.refusals, 2);
  g_assert_false (get (&self, "run-in-background"));
  tear_down (&self);
}

/* The background stays, as it is asked for without the rest. */
static void
test_login_refused (void)
{
  Fixture self = { .portal.answer = ANSWER_NO_AUTOSTART };

  set_up (&self, TRUE);
  mock_portal_own (&self.portal);
  peerup_background_start (self.background);
  mock_portal_wait_count (&self.portal.requests, 1);
  mock_portal_sync (&self.portal);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  mock_portal_wait_count (&self.refusals, 1);
  g_assert_false (get (&self, "start-at-login"));
  g_assert_nonnull (g_strstr_len (self.said, -1, "when you log in"));
  mock_portal_wait_count (&self.portal.requests, 3);
  g_assert_false (self.portal.autostart);
  mock_portal_sync (&self.portal);
  g_assert_true (get (&self, "run-in-background"));
  g_assert_cmpuint (self.refusals, ==, 1);
  tear_down (&self);
}

/* Nobody to ask: it runs all the same, but nothing starts it. */
static void
test_absent (void)
{
  Fixture self = { 0 };

  set_up (&self, TRUE);
  peerup_background_start (self.background);
  mock_portal_sync (&self.portal);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  mock_portal_wait_count (&self.refusals, 1);
  g_assert_false (get (&self, "start-at-login"));
  g_assert_true (get (&self, "run-in-background"));
  tear_down (&self);
}

/* A portal that is late at the start has forbidden nothing; who has just chosen something is told. */
static void
test_late (void)
{
  Fixture self = { .portal.answer = ANSWER_LATE };

  set_up (&self, TRUE);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  mock_portal_own (&self.portal);
  peerup_background_set_patience (self.background, 1);
  peerup_background_start (self.background);
  mock_portal_wait_count (&self.portal.closed, 1);
  mock_portal_sync (&self.portal);
  g_assert_cmpuint (self.refusals, ==, 0);
  g_assert_true (get (&self, "start-at-login") && get (&self, "run-in-background"));
  g_settings_set_boolean (self.settings, "start-at-login", FALSE);
  mock_portal_wait_count (&self.refusals, 1);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  mock_portal_wait_count (&self.refusals, 2);
  g_assert_false (get (&self, "start-at-login"));
  g_assert_true (get (&self, "run-in-background"));
  tear_down (&self);
}

/* While one request is under way, the next waits, and the last choice counts. */
static void
test_changes_of_mind (void)
{
  Fixture self = { .portal.answer = ANSWER_ALLOWED };

  set_up (&self, TRUE);
  mock_portal_own (&self.portal);
  peerup_background_start (self.background);
  for (guint i = 0; i < 7; i++)
    g_settings_set_boolean (self.settings, "start-at-login", i % 2 == 0);
  mock_portal_wait_count (&self.portal.requests, 2);
  mock_portal_sync (&self.portal);
  g_assert_cmpuint (self.portal.requests, ==, 2);
  g_assert_true (self.portal.autostart);
  tear_down (&self);
}

static void
test_gone_while_asking (void)
{
  Fixture self = { .portal.answer = ANSWER_LATE };

  set_up (&self, TRUE);
  mock_portal_own (&self.portal);
  peerup_background_start (self.background);
  mock_portal_wait_count (&self.portal.requests, 1);
  tear_down (&self);
  g_assert_cmpuint (self.refusals, ==, 0);
}

static void
test_status (void)
{
  Fixture self = { 0 };
  g_autofree char *text = g_strnfill (200, 'a');

  set_up (&self, TRUE);
  mock_portal_own (&self.portal);
  peerup_background_set_status (self.background, "3 devices connected, 1 relayed");
  peerup_background_set_status (self.background, "3 devices connected, 1 relayed");
  mock_portal_sync (&self.portal);
  g_assert_cmpuint (self.portal.statuses, ==, 1);
  g_assert_cmpstr (self.portal.status, ==, "3 devices connected, 1 relayed");
  peerup_background_set_status (self.background, text);
  mock_portal_sync (&self.portal);
  g_assert_cmpuint (self.portal.statuses, ==, 2);
  g_assert_cmpuint (g_utf8_strlen (self.portal.status, -1), <, 96);
  tear_down (&self);
}

/* Outside of one */

static void
test_file (void)
{
  Fixture self = { 0 };

  set_up (&self, FALSE);
  mock_portal_own (&self.portal);
  peerup_background_start (self.background);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  mock_portal_sync (&self.portal);
  g_assert_true (peerup_autostart_is_on (self.directory, ID));
  g_settings_set_boolean (self.settings, "start-at-login", FALSE);
  mock_portal_sync (&self.portal);
  g_assert_false (peerup_autostart_is_on (self.directory, ID));
  peerup_background_set_status (self.background, "nobody takes it");
  mock_portal_sync (&self.portal);
  g_assert_cmpuint (self.portal.requests + self.portal.statuses, ==, 0);
  tear_down (&self);
}

/* Somebody else has switched it on, or off. */
static void
test_file_is_the_truth (void)
{
  Fixture self = { 0 };
  g_autoptr (GError) error = NULL;

  set_up (&self, FALSE);
  g_assert_true (peerup_autostart_set (self.directory, ID, argv, &error));
  peerup_background_start (self.background);
  g_assert_true (get (&self, "start-at-login"));
  tear_down (&self);
  set_up (&self, FALSE);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  peerup_background_start (self.background);
  g_assert_false (get (&self, "start-at-login"));
  tear_down (&self);
}

static void
test_unwritable (void)
{
  Fixture self = { 0 };
  g_autofree char *directory = NULL;
  g_autofree char *parent = NULL;

  set_up (&self, FALSE);
  /* A file where there should be a directory stops root, too. */
  directory = g_build_filename (self.directory, ID ".desktop", "autostart", NULL);
  parent = g_path_get_dirname (directory);
  g_assert_true (g_file_set_contents (parent, "", 0, NULL));
  peerup_background_set_place (self.background, FALSE, directory);
  peerup_background_start (self.background);
  g_settings_set_boolean (self.settings, "start-at-login", TRUE);
  mock_portal_wait_count (&self.refusals, 1);
  g_assert_false (get (&self, "start-at-login"));
  g_assert_nonnull (g_strstr_len (self.said, -1, "Cannot write"));
  tear_down (&self);
}

static void
test_register (void)
{
  MockPortal portal = { 0 };

  mock_portal_up (&portal);
  /* Where there is none, nothing comes of it. */
  peerup_background_register (portal.client, ID);
  mock_portal_sync (&portal);
  mock_portal_own (&portal);
  peerup_background_register (portal.client, ID);
  mock_portal_sync (&portal);
  g_assert_cmpstr (portal.registered, ==, ID);
  mock_portal_down (&portal);
}

int
main (int argc, char **args)
{
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_test_init (&argc, &args, NULL);
  g_test_add_func ("/background/sandbox/allowed", test_allowed);
  g_test_add_func ("/background/sandbox/refused", test_refused);
  g_test_add_func ("/background/sandbox/login-refused", test_login_refused);
  g_test_add_func ("/background/sandbox/absent", test_absent);
  g_test_add_func ("/background/sandbox/late", test_late);
  g_test_add_func ("/background/sandbox/changes-of-mind", test_changes_of_mind);
  g_test_add_func ("/background/sandbox/gone-while-asking", test_gone_while_asking);
  g_test_add_func ("/background/sandbox/status", test_status);
  g_test_add_func ("/background/outside/file", test_file);
  g_test_add_func ("/background/outside/file-is-the-truth", test_file_is_the_truth);
  g_test_add_func ("/background/outside/unwritable", test_unwritable);
  g_test_add_func ("/background/outside/register", test_register);
  return g_test_run ();
}
