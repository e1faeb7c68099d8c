/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* An engine that decides: what a guest and other peers see, get and lose, with streams that are open. One process,
 * loopback; a grant that is to end is given an end that is near.
 */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "device.h"
#include "echo.h"
#include "engine/peerup-engine-trust-private.h"
#include "trust/peerup-authorized-keys-file.h"

#define SSH    "/peerup/ssh/1.0.0"
#define WEB    "/peerup/web/1.0.0"
#define LISTED "/peerup/listed/1.0.0"
#define AUDIT  "telemetry: {audit: {enabled: true, file: audit.json}}\n"

/* A device with three services, all the same echo: ssh and web for everybody, listed for nobody. One guest, and one
 * who is none. */
typedef struct
{
  GSocketService *echo;
  Device host, guest, friend;
  PeerupPeerId *host_id, *guest_id, *friend_id;
  char *grants;
} World;

static void
authorize_guest (Home *home, Home *guest)
{
  g_autoptr (GError) error = NULL;

  home_authorize (home, guest);
  g_assert_true (peerup_authorized_keys_file_set (home->authorized_keys, peerup_private_key_get_peer_id (guest->key),
                                                  PEERUP_AUTHORIZED_KEYS_ROLE, PEERUP_AUTHORIZED_KEYS_GUEST, &error));
  g_assert_no_error (error);
}

static void
world_init (World *self)
{
  Home *host = home_new (), *guest = home_new (), *friend = home_new ();
  g_autofree char *config = NULL;
  guint16 port;

  self->echo = echo_start (&port);
  config = g_strdup_printf ("services:\n"
                            "  ssh: {enabled: true, local_address: '127.0.0.1:%u'}\n"
                            "  web: {enabled: true, local_address: '127.0.0.1:%u'}\n"
                            "  listed: {enabled: true, local_address: '127.0.0.1:%u', allowed_peers: []}\n" AUDIT,
                            port, port, port);
  home_configure (host, config);
  authorize_guest (host, guest);
  home_authorize (host, friend);
  self->grants = peerup_grants_path (host->authorized_keys);
  self->host_id = peerup_private_key_get_peer_id (host->key);
  self->guest_id = peerup_private_key_get_peer_id (guest->key);
  self->friend_id = peerup_private_key_get_peer_id (friend->key);
  self->host = device_start (host, PEERUP_ENGINE_DEFAULT);
  self->guest = device_start (guest, PEERUP_ENGINE_DIAL_ONLY);
  self->friend = device_start (friend, PEERUP_ENGINE_DIAL_ONLY);
}

static void
world_clear (World *self)
{
  device_stop (&self->guest);
  device_stop (&self->friend);
  device_stop (&self->host);
  g_socket_service_stop (self->echo);
  g_object_unref (self->echo);
  g_free (self->grants);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static gint64
now_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
connect_to_host (World *self, Device *device)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (self->host.engine);
  g_autoptr (PeerupPeer) peer = NULL;
  g_autoptr (GError) error = NULL;

  peer = await_object (peerup_engine_connect (device->engine, addresses[0]), &error);
  g_assert_no_error (error);
}

static PeerupStream *
open_stream (World *self, Device *device, const char *protocol, GError **error)
{
  const char *const protocols[] = { protocol, NULL };

  return await_object (peerup_swarm_open_stream (device->engine->swarm, self->host_id, protocols,
                                                 g_get_monotonic_time () + 30 * G_USEC_PER_SEC),
                       error);
}

static PeerupStream *
open_and_use (World *self, Device *device, const char *protocol)
{
  g_autoptr (GError) error = NULL;
  PeerupStream *stream = open_stream (self, device, protocol, &error);

  g_assert_no_error (error);
  echo_assert (G_IO_STREAM (stream), "here");
  return stream;
}

static void
expect_refused (World *self, Device *device, const char *protocol, PeerupError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream = open_stream (self, device, protocol, &error);
  char byte;

  /* It may be told after the protocol was taken. */
  if (stream != NULL)
    {
      g_assert_cmpint (code, ==, PEERUP_ERROR_DENIED);
      g_assert_false (
        await_true (dex_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (stream)), &byte, 1, 0), &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
      g_assert_cmpuint (peerup_stream_get_reset_code (stream), ==, PEERUP_STREAM_CODE_GATED);
      return;
    }
  g_assert_error (error, PEERUP_ERROR, (int) code);
}

static gboolean
has_ended (gpointer stream)
{
  char byte;
  gssize n = peerup_stream_read (stream, &byte, 1, NULL);

  g_assert_cmpint (n, !=, 1);
  return n < 0 && (peerup_stream_poll (stream) & G_IO_IN) != 0;
}

static void
expect_cut (PeerupStream *stream)
{
  spin_while_not (has_ended, stream);
  g_assert_cmpuint (peerup_stream_get_reset_code (stream), ==, PEERUP_STREAM_CODE_GATED);
}

/* What identify has told @device of the host. */
typedef struct
{
  World *world;
  Device *device;
  const char *protocol;
} Sight;

static gboolean
sees (gpointer data)
{
  const Sight *sight = data;
  g_autoptr (PeerupPeerInfo) info = peerup_identify_dup_info (sight->device->engine->identify, sight->world->host_id);

  return info != NULL && peerup_peer_info_has_protocol (info, sight->protocol);
}

static gboolean
sees_not (gpointer data)
{
  return !sees (data);
}

static void
wait_to_see (World *world, Device *device, const char *protocol, gboolean there)
{
  Sight sight = { world, device, protocol };

  spin_while_not (there ? sees : sees_not, &sight);
}

static void
grant (World *self, PeerupPeerId *peer, const char *service, gint64 until)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_engine_trust_grant (self->host.engine->trust, peer, service, until, &error));
  g_assert_no_error (error);
}

static void
take_away (World *self, PeerupPeerId *peer, const char *service)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_engine_trust_revoke (self->host.engine->trust, peer, service, &error));
  g_assert_no_error (error);
}

/* (transfer full) of JsonObject. */
static GPtrArray *
read_audit (World *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autofree char *path = g_build_filename (self->host.home->directory, "audit.json", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) parts = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  parts = g_strsplit (text, "\n", -1);
  for (guint i = 0; parts[i + 1] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = json_from_string (parts[i], &error);

      g_assert_no_error (error);
      g_ptr_array_add (lines, json_object_ref (json_node_get_object (node)));
    }
  return lines;
}

static const char *
get_field (JsonObject *line, const char *name)
{
  return json_object_has_member (line, name) ? json_object_get_string_member (line, name) : NULL;
}

static guint
count_audit (World *self, const char *event, const char *service, const char *reason)
{
  g_autoptr (GPtrArray) lines = read_audit (self);
  guint n = 0;

  for (guint i = 0; i < lines->len; i++)
    n += g_strcmp0 (get_field (lines->pdata[i], "event"), event) == 0 &&
         g_strcmp0 (get_field (lines->pdata[i], "service"), service) == 0 &&
         (reason == NULL || g_strcmp0 (get_field (lines->pdata[i], "reason"), reason) == 0);
  return n;
}

/* A guest learns of nothing that it was not granted, and what it asks for all the same is not there; with a grant it
 * is, and is told of at once, and only to it. */
static void
test_guest_sees_what_it_was_granted (void)
{
  g_auto (World) world = { NULL };
  g_autoptr (PeerupStream) stream = NULL;

  world_init (&world);
  connect_to_host (&world, &world.guest);
  wait_to_see (&world, &world.guest, PEERUP_PING_PROTOCOL, TRUE);
  wait_to_see (&world, &world.guest, SSH, FALSE);
  wait_to_see (&world, &world.guest, WEB, FALSE);
  wait_to_see (&world, &world.guest, "/libp2p/autonat/2/dial-request", FALSE);
  expect_refused (&world, &world.guest, SSH, PEERUP_ERROR_NEGOTIATION);
  expect_refused (&world, &world.guest, "/peerup/there-is-none/1.0.0", PEERUP_ERROR_NEGOTIATION);
  g_assert_cmpuint (count_audit (&world, "service", "ssh", "not-granted"), ==, 1);
  grant (&world, world.guest_id, "ssh", PEERUP_EXPIRES_NEVER);
  wait_to_see (&world, &world.guest, SSH, TRUE);
  wait_to_see (&world, &world.guest, WEB, FALSE);
  stream = open_and_use (&world, &world.guest, SSH);
  expect_refused (&world, &world.guest, WEB, PEERUP_ERROR_NEGOTIATION);
  take_away (&world, world.guest_id, "ssh");
  expect_cut (stream);
  wait_to_see (&world, &world.guest, SSH, FALSE);
  expect_refused (&world, &world.guest, SSH, PEERUP_ERROR_NEGOTIATION);
  g_assert_cmpuint (count_audit (&world, "service", "ssh", "granted"), ==, 1);
  g_assert_cmpuint (count_audit (&world, "grant-added", "ssh", "forever"), ==, 1);
  g_assert_cmpuint (count_audit (&world, "grant-revoked", "ssh", NULL), ==, 1);
}

/* No address of ours that the internet does not know is told to a guest; this host has no other. */
static void
test_guest_learns_no_local_address (void)
{
  g_auto (World) world = { NULL };
  g_autoptr (PeerupPeerInfo) to_guest = NULL;
  g_autoptr (PeerupPeerInfo) to_friend = NULL;

  world_init (&world);
  connect_to_host (&world, &world.guest);
  connect_to_host (&world, &world.friend);
  wait_to_see (&world, &world.guest, PEERUP_PING_PROTOCOL, TRUE);
  wait_to_see (&world, &world.friend, PEERUP_PING_PROTOCOL, TRUE);
  to_guest = peerup_identify_dup_info (world.guest.engine->identify, world.host_id);
  to_friend = peerup_identify_dup_info (world.friend.engine->identify, world.host_id);
  g_assert_cmpuint (to_guest->addresses->len, ==, 0);
  g_assert_cmpuint (to_friend->addresses->len, ==, 1);
  g_assert_true (to_friend->addresses_signed);
}

/* Other peers see what is for them; a service whose list they are not on says no, and a grant opens it. */
static void
test_others (void)
{
  g_auto (World) world = { NULL };
  g_autoptr (PeerupStream) ssh = NULL;
  g_autoptr (PeerupStream) listed = NULL;

  world_init (&world);
  connect_to_host (&world, &world.friend);
  wait_to_see (&world, &world.friend, SSH, TRUE);
  wait_to_see (&world, &world.friend, LISTED, FALSE);
  ssh = open_and_use (&world, &world.friend, SSH);
  expect_refused (&world, &world.friend, LISTED, PEERUP_ERROR_DENIED);
  grant (&world, world.friend_id, "listed", PEERUP_EXPIRES_NEVER);
  wait_to_see (&world, &world.friend, LISTED, TRUE);
  listed = open_and_use (&world, &world.friend, LISTED);
  take_away (&world, world.friend_id, NULL);
  expect_cut (listed);
  echo_assert (G_IO_STREAM (ssh), "still");
  g_assert_cmpuint (count_audit (&world, "service", "listed", "not-listed"), ==, 1);
  g_assert_cmpuint (count_audit (&world, "service", "ssh", "authorized"), ==, 1);
}

static gboolean
is_out_of_file (gpointer data)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (data, &text, NULL, NULL) && strstr (text, "service=ssh") == NULL;
}

static void
on_ending (PeerupEngine *engine, const char *peer_id, const char *name, const char *service, gint64 until,
           gpointer data)
{
  g_string_append_printf (data, "%s ", service);
}

/* At the second, and not before: the streams of that service to that peer, and no others. The grant is gone from its
 * file soon after. */
static void
test_grant_ends (void)
{
  g_auto (World) world = { NULL };
  g_autoptr (PeerupStream) ssh = NULL;
  g_autoptr (PeerupStream) web = NULL;
  g_autoptr (PeerupStream) others = NULL;
  g_autoptr (GString) warned = g_string_new (NULL);
  gint64 until = now_seconds () + 2;

  world_init (&world);
  g_signal_connect (world.host.engine, "grant-ending", G_CALLBACK (on_ending), warned);
  grant (&world, world.guest_id, "ssh", until);
  grant (&world, world.guest_id, "web", until + 3600);
  g_assert_cmpstr (warned->str, ==, "ssh ");
  connect_to_host (&world, &world.guest);
  connect_to_host (&world, &world.friend);
  ssh = open_and_use (&world, &world.guest, SSH);
  web = open_and_use (&world, &world.guest, WEB);
  others = open_and_use (&world, &world.friend, SSH);
  expect_cut (ssh);
  g_assert_cmpint (g_get_real_time (), >=, until * G_USEC_PER_SEC);
  g_test_message ("cut %.3f s after its end", (g_get_real_time () - until * G_USEC_PER_SEC) / 1e6);
  echo_assert (G_IO_STREAM (web), "still");
  echo_assert (G_IO_STREAM (others), "still");
  expect_refused (&world, &world.guest, SSH, PEERUP_ERROR_NEGOTIATION);
  g_assert_cmpuint (count_audit (&world, "service", "ssh", "grant-ended"), ==, 1);
  g_assert_cmpuint (count_audit (&world, "grant-ended", "ssh", NULL), ==, 1);
  g_assert_cmpuint (count_audit (&world, "grant-ending", "ssh", NULL), ==, 1);
  spin_while_not (is_out_of_file, world.grants);
}

/* An end that is moved away counts no longer. */
static void
test_extend (void)
{
  g_auto (World) world = { NULL };
  g_autoptr (PeerupStream) ssh = NULL;
  g_autoptr (PeerupStream) web = NULL;
  g_autoptr (GError) error = NULL;
  gint64 until = now_seconds () + 2;

  world_init (&world);
  grant (&world, world.guest_id, "web", until);
  grant (&world, world.guest_id, "ssh", until);
  connect_to_host (&world, &world.guest);
  ssh = open_and_use (&world, &world.guest, SSH);
  web = open_and_use (&world, &world.guest, WEB);
  g_assert_true (peerup_engine_trust_extend (world.host.engine->trust, world.guest_id, "web", until + 3600, &error));
  g_assert_no_error (error);
  expect_cut (ssh);
  spin_while_not (is_out_of_file, world.grants);
  echo_assert (G_IO_STREAM (web), "still");
  g_assert_cmpuint (count_audit (&world, "grant-extended", "web", NULL), ==, 1);
  g_assert_false (peerup_engine_trust_extend (world.host.engine->trust, world.guest_id, "ssh", until + 9, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

/* Whoever edits the files, they are followed: a grant that is written, one that cannot be read, a role that changes. */
static void
test_files_are_followed (void)
{
  g_auto (World) world = { NULL };
  g_autoptr (PeerupStream) ssh = NULL;
  g_autoptr (PeerupStream) others = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  connect_to_host (&world, &world.guest);
  connect_to_host (&world, &world.friend);
  g_assert_true (peerup_grants_file_add (world.grants, world.guest_id, "ssh", PEERUP_EXPIRES_NEVER, NULL, &error));
  g_assert_no_error (error);
  wait_to_see (&world, &world.guest, SSH, TRUE);
  ssh = open_and_use (&world, &world.guest, SSH);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "*not a peer ID*stay in force*");
  g_assert_true (g_file_set_contents (world.grants, "nonsense\n", -1, NULL));
  g_assert_false (peerup_engine_trust_load_grants (world.host.engine->trust, TRUE, NULL));
  g_test_assert_expected_messages ();
  echo_assert (G_IO_STREAM (ssh), "still");
  others = open_and_use (&world, &world.friend, WEB);
  g_assert_true (peerup_authorized_keys_file_set (world.host.home->authorized_keys, world.friend_id,
                                                  PEERUP_AUTHORIZED_KEYS_ROLE, PEERUP_AUTHORIZED_KEYS_GUEST, &error));
  expect_cut (others);
  wait_to_see (&world, &world.friend, WEB, FALSE);
  g_assert_true (g_file_set_contents_full (world.grants, "", 0, 0, 0600, NULL));
  expect_cut (ssh);
  g_assert_cmpuint (count_audit (&world, "peer-changed", NULL, "guest"), ==, 1);
}

/* So is the list of a service, and who is put on it is told. */
static void
test_lists_are_followed (void)
{
  g_auto (World) world = { NULL };
  g_autofree char *text = NULL;
  g_auto (GStrv) parts = NULL;
  g_autofree char *allowed = NULL;
  g_autofree char *edited = NULL;
  g_autoptr (PeerupStream) stream = NULL;

  world_init (&world);
  connect_to_host (&world, &world.friend);
  wait_to_see (&world, &world.friend, SSH, TRUE);
  wait_to_see (&world, &world.friend, LISTED, FALSE);
  g_assert_true (g_file_get_contents (world.host.home->config, &text, NULL, NULL));
  parts = g_strsplit (text, "allowed_peers: []", 2);
  allowed = g_strdup_printf ("allowed_peers: [%s]", home_get_id (world.friend.home));
  edited = g_strjoinv (allowed, parts);
  g_assert_true (
    g_file_set_contents_full (world.host.home->config, edited, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  wait_to_see (&world, &world.friend, LISTED, TRUE);
  stream = open_and_use (&world, &world.friend, LISTED);
}

/* A line whose end cannot be read grants nothing, and is a problem that is shown. */
static void
test_unreadable_end (void)
{
  g_auto (World) world = { NULL };
  g_autofree char *line = NULL;
  g_auto (GStrv) problems = NULL;

  world_init (&world);
  line = g_strdup_printf ("%s service=ssh expires=soon\n", peerup_peer_id_get_string (world.guest_id));
  g_assert_true (g_file_set_contents_full (world.grants, line, -1, 0, 0600, NULL));
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "*cannot be read*");
  g_assert_true (peerup_engine_trust_load_grants (world.host.engine->trust, TRUE, NULL));
  g_test_assert_expected_messages ();
  connect_to_host (&world, &world.guest);
  expect_refused (&world, &world.guest, SSH, PEERUP_ERROR_NEGOTIATION);
  problems = peerup_engine_dup_problems (world.host.engine);
  g_assert_cmpuint (g_strv_length (problems), ==, 1);
  g_assert_nonnull (strstr (problems[0], "cannot be read"));
}

static gboolean
has_no_connection (gpointer engine)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (PEERUP_ENGINE (engine)->swarm, NULL);

  return connections->len == 0;
}

/* A pass lets in who is not listed, for nothing but to be there, and ends with its connections. */
static void
test_pass (void)
{
  g_auto (World) world = { NULL };
  PeerupEngineTrust *trust;

  world_init (&world);
  trust = world.host.engine->trust;
  g_assert_true (peerup_authorized_keys_file_remove (world.host.home->authorized_keys, world.friend_id, NULL));
  g_assert_true (peerup_engine_trust_reload (trust, NULL));
  g_assert_false (peerup_engine_admits (world.friend_id, world.host.engine));
  peerup_engine_trust_admit_until (trust, world.friend_id, now_seconds () + 3600);
  g_assert_true (peerup_engine_admits (world.friend_id, world.host.engine));
  g_assert_false (peerup_engine_authorizes (world.host.engine, world.friend_id));
  connect_to_host (&world, &world.friend);
  wait_to_see (&world, &world.friend, PEERUP_PING_PROTOCOL, TRUE);
  wait_to_see (&world, &world.friend, SSH, FALSE);
  expect_refused (&world, &world.friend, SSH, PEERUP_ERROR_DENIED);
  peerup_engine_trust_admit_until (trust, world.friend_id, 0);
  spin_while_not (has_no_connection, world.host.engine);
  g_assert_cmpuint (count_audit (&world, "connect", NULL, "admitted"), ==, 1);
}

/* Who is authorized until a moment is disconnected then; a guest has no say in what we do for other peers. */
static void
test_authorization_ends (void)
{
  g_auto (World) world = { NULL };
  gint64 until = now_seconds () + 2;
  g_autofree char *text = peerup_expires_format (until);

  world_init (&world);
  g_assert_false (peerup_engine_authorizes (world.host.engine, world.guest_id));
  g_assert_true (peerup_engine_authorizes (world.host.engine, world.friend_id));
  g_assert_true (
    peerup_authorized_keys_file_set (world.host.home->authorized_keys, world.friend_id, "expires", text, NULL));
  g_assert_true (peerup_engine_trust_reload (world.host.engine->trust, NULL));
  connect_to_host (&world, &world.friend);
  spin_while_not (has_no_connection, world.friend.engine);
  g_assert_cmpint (now_seconds (), >=, until);
  g_assert_cmpuint (count_audit (&world, "peer-ended", NULL, "expired"), ==, 1);
}

/* The clock is told to have been set: what has ended by it ends without waiting for a timer. Told twice it is the same.
 */
static void
test_clock_changed (void)
{
  g_auto (World) world = { NULL };

  world_init (&world);
  grant (&world, world.guest_id, "ssh", PEERUP_EXPIRES_NEVER);
  peerup_engine_trust_clock_changed (world.host.engine->trust);
  peerup_engine_trust_clock_changed (world.host.engine->trust);
  g_assert_true (peerup_engine_trust_sees (world.host.engine->trust, world.guest_id, "ssh"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/trust/guest-sees-what-it-was-granted", test_guest_sees_what_it_was_granted);
  g_test_add_func ("/engine/trust/guest-learns-no-local-address", test_guest_learns_no_local_address);
  g_test_add_func ("/engine/trust/others", test_others);
  g_test_add_func ("/engine/trust/grant-ends", test_grant_ends);
  g_test_add_func ("/engine/trust/extend", test_extend);
  g_test_add_func ("/engine/trust/files-are-followed", test_files_are_followed);
  g_test_add_func ("/engine/trust/lists-are-followed", test_lists_are_followed);
  g_test_add_func ("/engine/trust/unreadable-end", test_unreadable_end);
  g_test_add_func ("/engine/trust/pass", test_pass);
  g_test_add_func ("/engine/trust/authorization-ends", test_authorization_ends);
  g_test_add_func ("/engine/trust/clock-changed", test_clock_changed);
  return g_test_run ();
}
