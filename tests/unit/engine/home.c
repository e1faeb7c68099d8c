/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Devices for the tests of the engine and of what stands on it. Each lives for one test.
 */
#include "home.h"

#include <glib/gstdio.h>

#include "trust/peerup-authorized-keys-file.h"

#define LISTEN "/ip4/127.0.0.1/tcp/0"

static void
write_config (Home *home, const char *listen, const char *network, const char *more)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  text = g_strdup_printf ("version: 1\n"
                          "identity: {key_file: identity.key}\n"
                          "network: {listen_addresses: [%s], port_mapping: false%s}\n"
                          "discovery: {mdns: false}\n"
                          "security: {enable_connection_gating: true, authorized_keys_file: authorized_keys}\n"
                          "%s",
                          listen, network, more);
  g_file_set_contents_full (home->config, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

void
home_configure (Home *home, const char *more)
{
  write_config (home, LISTEN, "", more);
}

void
home_limit (Home *home, const char *limits)
{
  g_autofree char *network = g_strdup_printf (", limits: {%s}", limits);

  write_config (home, LISTEN, network, "");
}

void
home_listen (Home *home, const char *addresses)
{
  write_config (home, addresses, "", "");
}

void
home_listen_and (Home *home, const char *addresses, const char *more)
{
  write_config (home, addresses, "", more);
}

void
home_listen_with (Home *home, const char *addresses, const char *certificate_file, const char *key_file)
{
  g_autofree char *network =
    g_strdup_printf (", websocket: {certificate_file: %s, key_file: %s}", certificate_file, key_file);

  write_config (home, addresses, network, "");
}

static void
authorize (Home *home, const PeerupPeerId *peer)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_authorized_keys_file_add (home->authorized_keys, peer, NULL, PEERUP_EXPIRES_NEVER, &error));
  g_assert_no_error (error);
}

Home *
home_new (void)
{
  Home *home = g_new0 (Home, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *key_file = NULL;

  home->directory = g_dir_make_tmp ("peerup-XXXXXX", &error);
  g_assert_no_error (error);
  home->config = g_build_filename (home->directory, "config.yaml", NULL);
  home->authorized_keys = g_build_filename (home->directory, "authorized_keys", NULL);
  key_file = g_build_filename (home->directory, "identity.key", NULL);
  home->key = peerup_private_key_generate (&error);
  g_assert_no_error (error);
  g_assert_true (peerup_key_file_create (key_file, home->key, &error));
  authorize (home, peerup_private_key_get_peer_id (home->key));
  home_configure (home, "");
  return home;
}

static void
remove_all (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        remove_all (path);
      else
        g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

void
home_free (Home *home)
{
  remove_all (home->directory);
  g_free (home->directory);
  g_free (home->config);
  g_free (home->authorized_keys);
  peerup_private_key_unref (home->key);
  g_free (home);
}

void
home_be_private (Home *home)
{
  write_config (home, LISTEN, ", force_private_reachability: true", "");
}

const char *
home_get_id (Home *home)
{
  return peerup_peer_id_get_string (peerup_private_key_get_peer_id (home->key));
}

void
home_authorize (Home *home, Home *other)
{
  authorize (home, peerup_private_key_get_peer_id (other->key));
}

static gboolean
is_done (gpointer future)
{
  return !dex_future_is_pending (future);
}

static gboolean
out_of_time (gpointer data)
{
  g_error ("The test waited for a minute");
  return G_SOURCE_REMOVE;
}

void
spin_while_not (Condition condition, gpointer data)
{
  guint guard = g_timeout_add_seconds (60, out_of_time, NULL);

  while (!condition (data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static const GValue *
await_value (DexFuture *future, GError **error)
{
  spin_while_not (is_done, future);
  return dex_future_get_value (future, error);
}

gboolean
await_true (DexFuture *future, GError **error)
{
  g_autoptr (DexFuture) owned = future;

  return await_value (owned, error) != NULL;
}

gint64
await_int64 (DexFuture *future, GError **error)
{
  g_autoptr (DexFuture) owned = future;
  const GValue *value = await_value (owned, error);

  return value != NULL ? g_value_get_int64 (value) : -1;
}

gpointer
await_object (DexFuture *future, GError **error)
{
  g_autoptr (DexFuture) owned = future;
  const GValue *value = await_value (owned, error);

  return value != NULL ? g_value_dup_object (value) : NULL;
}

static gboolean
is_gone (gpointer weak)
{
  return *(gpointer *) weak == NULL;
}

void
home_drop_engine (gpointer engine)
{
  gpointer weak = engine;

  g_object_add_weak_pointer (engine, &weak);
  g_object_unref (engine);
  spin_while_not (is_gone, &weak);
}
