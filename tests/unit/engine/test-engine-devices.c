/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* When devices were connected last, over the runs of an engine.
 */
#include <string.h>

#include "device.h"
#include "engine/peerup-last-seen.h"

typedef struct
{
  Device host, friend; /* they know each other */
  PeerupPeerId *friend_id;
  char *path; /* of the host's file */
} World;

static void
world_init (World *self)
{
  Home *host = home_new (), *friend = home_new ();

  home_authorize (host, friend);
  home_authorize (friend, host);
  self->friend_id = peerup_private_key_get_peer_id (friend->key);
  self->path = peerup_last_seen_path (host->config);
  self->host = device_start (host, PEERUP_ENGINE_DEFAULT);
  self->friend = device_start (friend, PEERUP_ENGINE_DEFAULT);
}

static void
world_clear (World *self)
{
  device_stop (&self->friend);
  device_stop (&self->host);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static gint64
get_seen (World *self)
{
  return peerup_engine_devices_get_last_seen (self->host.engine->devices, self->friend_id);
}

static gboolean
is_seen (gpointer data)
{
  return get_seen (data) > 0;
}

static void
connect_to_host (World *self)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (self->host.engine);
  g_autoptr (PeerupPeer) peer = NULL;
  g_autoptr (GError) error = NULL;

  peer = await_object (peerup_engine_connect (self->friend.engine, addresses[0]), &error);
  g_assert_no_error (error);
  spin_while_not (is_seen, self);
}

static void
stop_host (World *self)
{
  g_assert_true (await_true (peerup_engine_stop (self->host.engine, NULL), NULL));
}

static void
start_host (World *self)
{
  g_assert_true (await_true (peerup_engine_start (self->host.engine), NULL));
}

static gboolean
file_has (World *self, const char *text)
{
  g_autofree char *content = NULL;

  return g_file_get_contents (self->path, &content, NULL, NULL) && strstr (content, text) != NULL;
}

static void
test_kept (void)
{
  g_auto (World) world = { 0 };
  gint64 before = g_get_real_time () / G_USEC_PER_SEC, seen;

  world_init (&world);
  g_assert_cmpint (get_seen (&world), ==, 0);
  connect_to_host (&world);
  seen = get_seen (&world);
  g_assert_cmpint (seen, >=, before);
  stop_host (&world);
  g_assert_true (file_has (&world, peerup_peer_id_get_string (world.friend_id)));
  g_assert_cmpint (get_seen (&world), ==, 0);
  start_host (&world);
  g_assert_cmpint (get_seen (&world), >=, seen);
}

static gboolean
is_written (gpointer data)
{
  World *self = data;

  return file_has (self, peerup_peer_id_get_string (self->friend_id));
}

/* A crash takes no more than what has just happened. */
static void
test_written_meanwhile (void)
{
  g_auto (World) world = { 0 };

  world_init (&world);
  connect_to_host (&world);
  spin_while_not (is_written, &world);
  g_assert_cmpint (peerup_engine_get_state (world.host.engine), ==, PEERUP_ENGINE_RUNNING);
}

static void
on_changed (PeerupEngineDevices *devices, PeerupPeerId *peer, gpointer data)
{
  (*(guint *) data)++;
}

static void
set_list (World *self, const char *text)
{
  g_assert_true (
    g_file_set_contents_full (self->host.home->authorized_keys, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  g_assert_true (peerup_engine_trust_reload (self->host.engine->trust, NULL));
}

/* An editor may write the file twice. */
static void
test_list_without_it_for_a_moment (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *list = NULL;
  g_autofree char *nobody = NULL;
  gint64 seen;

  world_init (&world);
  connect_to_host (&world);
  g_assert_true (g_file_get_contents (world.host.home->authorized_keys, &list, NULL, NULL));
  g_assert_true (await_true (peerup_engine_stop (world.friend.engine, NULL), NULL));
  spin_while_not (is_written, &world);
  seen = get_seen (&world);
  nobody = g_strconcat (home_get_id (world.host.home), "\n", NULL);
  set_list (&world, nobody);
  g_assert_cmpint (get_seen (&world), ==, 0);
  set_list (&world, list);
  g_assert_cmpint (get_seen (&world), >=, seen);
  stop_host (&world);
  g_assert_true (is_written (&world));
}

/* Who is taken out of authorized_keys is forgotten, and who was never in it is not noted. */
static void
test_forgotten (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *nobody = NULL;
  guint n_told = 0;

  world_init (&world);
  connect_to_host (&world);
  g_signal_connect (world.host.engine->devices, "changed", G_CALLBACK (on_changed), &n_told);
  nobody = g_strconcat (home_get_id (world.host.home), "\n", NULL);
  set_list (&world, nobody);
  g_assert_cmpuint (n_told, >, 0);
  g_assert_cmpint (get_seen (&world), ==, 0);
  stop_host (&world);
  g_assert_true (file_has (&world, "# When devices"));
  g_assert_false (file_has (&world, peerup_peer_id_get_string (world.friend_id)));
  g_signal_handlers_disconnect_by_data (world.host.engine->devices, &n_told);
}

/* One that becomes a device while it is here was seen now. */
static void
test_known_later (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *nobody = NULL;
  g_auto (GStrv) addresses = NULL;
  g_autoptr (PeerupPeer) peer = NULL;

  world_init (&world);
  nobody = g_strconcat (home_get_id (world.host.home), "\n", NULL);
  g_assert_true (g_file_set_contents_full (world.host.home->authorized_keys, nobody, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                           0600, NULL));
  g_assert_true (peerup_engine_trust_reload (world.host.engine->trust, NULL));
  addresses = peerup_engine_dup_listen_addresses (world.friend.engine);
  peer = await_object (peerup_engine_connect (world.host.engine, addresses[0]), NULL);
  g_assert_nonnull (peer);
  g_assert_cmpint (get_seen (&world), ==, 0);
  home_authorize (world.host.home, world.friend.home);
  g_assert_true (peerup_engine_trust_reload (world.host.engine->trust, NULL));
  g_assert_cmpint (get_seen (&world), >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/engine/devices/kept", test_kept);
  g_test_add_func ("/engine/devices/written-meanwhile", test_written_meanwhile);
  g_test_add_func ("/engine/devices/forgotten", test_forgotten);
  g_test_add_func ("/engine/devices/list-without-it-for-a-moment", test_list_without_it_for_a_moment);
  g_test_add_func ("/engine/devices/known-later", test_known_later);
  return g_test_run ();
}
