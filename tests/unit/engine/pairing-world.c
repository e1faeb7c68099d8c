/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Devices that pair. Each lives for one test.
 */
#include "pairing-world.h"

#include "engine/peerup-arguments.h"
#include "trust/peerup-authorized-keys-file.h"

static PeerupPeerId *
id_of (Device *device)
{
  return peerup_private_key_get_peer_id (device->home->key);
}

Device
pairing_start_one (const char *more)
{
  Home *home = home_new ();

  home_configure (home, more);
  return device_start (home, PEERUP_ENGINE_DEFAULT);
}

void
pairing_start (Device *inviter, Device *joiner)
{
  *inviter = pairing_start_one ("");
  *joiner = pairing_start_one ("");
}

static gboolean
is_reserved (gpointer device)
{
  PeerupRelayClient *relays = ((Device *) device)->engine->relays;
  PeerupRelayInfo info;

  peerup_relay_client_get_info (relays, 0, &info);
  return info.state == PEERUP_RELAY_RESERVED;
}

void
pairing_start_relayed (Device *relay, Device *inviter, Device *joiner, gboolean both)
{
  Home *homes[] = { home_new (), home_new (), home_new () };
  g_auto (GStrv) addresses = NULL;
  g_autofree char *more = NULL;

  home_authorize (homes[0], homes[1]);
  if (both)
    home_authorize (homes[0], homes[2]);
  home_configure (homes[0], "relay: {serve: true}\n");
  *relay = device_start (homes[0], PEERUP_ENGINE_DEFAULT);
  addresses = peerup_engine_dup_listen_addresses (relay->engine);
  more = g_strdup_printf ("relay: {addresses: [%s]}\n", addresses[0]);
  home_configure (homes[1], more);
  *inviter = device_start (homes[1], PEERUP_ENGINE_DEFAULT);
  if (both)
    home_configure (homes[2], more);
  *joiner = device_start (homes[2], PEERUP_ENGINE_DEFAULT);
  spin_while_not (is_reserved, inviter);
  if (both)
    spin_while_not (is_reserved, joiner);
}

char *
pairing_code_without_addresses (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (text, NULL, &error);
  char *bare;

  g_assert_no_error (error);
  g_ptr_array_set_size (code->addresses, 0);
  bare = peerup_invite_code_to_text (code, &error);
  g_assert_no_error (error);
  return bare;
}

char *
pairing_wrong_code (const char *text)
{
  static const guint8 wrong[PEERUP_CODE_SECRET_LENGTH] = { 1, 2, 3 };
  static const guint8 random[PEERUP_CODE_WORDS_RANDOM] = { 7, 7, 7 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (text, NULL, &error);
  char *changed;

  g_assert_no_error (error);
  g_bytes_unref (code->secret);
  code->secret =
    code->kind == PEERUP_CODE_SPOKEN ? peerup_code_choose_words (random) : g_bytes_new (wrong, sizeof wrong);
  changed = peerup_invite_code_to_text (code, &error);
  g_assert_no_error (error);
  return changed;
}

/* One clock for all: what tells it has no data. */
static gint64 clock_wall, clock_boot;

static void
tell_time (PeerupPairingNow *now)
{
  peerup_pairing_now (now);
  now->wall += clock_wall;
  now->boot += clock_boot;
}

void
pairing_set_clock (Device *device, gint64 wall_offset, gint64 boot_offset)
{
  clock_wall = wall_offset;
  clock_boot = boot_offset;
  device->engine->pairing->now = tell_time;
}

static gboolean
is_whole (gpointer data)
{
  Device **devices = data;

  return pairing_n_half (devices[0]) == 0 && pairing_n_half (devices[1]) == 0;
}

void
pairing_await_whole (Device *one, Device *other)
{
  Device *devices[] = { one, other };

  spin_while_not (is_whole, devices);
}

void
pairing_halt (Device *device)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (await_true (peerup_engine_stop (device->engine, NULL), &error));
  g_assert_no_error (error);
  home_drop_engine (g_steal_pointer (&device->engine));
}

void
pairing_run (Device *device)
{
  *device = device_start (device->home, PEERUP_ENGINE_DEFAULT);
}

void
pairing_restart (Device *device)
{
  pairing_halt (device);
  pairing_run (device);
}

void
pairing_restart_at (Device *device, Device *other)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (other->engine->swarm);

  pairing_restart (device);
  peerup_swarm_add_addresses (device->engine->swarm, id_of (other), addresses);
  peerup_swarm_network_changed (device->engine->swarm);
}

static gboolean
is_calm (gpointer device)
{
  return ((Device *) device)->engine->pairing->sessions->len == 0;
}

void
pairing_await_calm (Device *device)
{
  spin_while_not (is_calm, device);
}

PeerupInvite *
pairing_invite (Device *device, const PeerupInviteOptions *options)
{
  const PeerupInviteOptions defaults = { .name = "desktop" };
  g_autoptr (GError) error = NULL;
  PeerupInvite *invite;

  invite = await_object (peerup_engine_pairing_invite (device->engine->pairing, options != NULL ? options : &defaults),
                         &error);
  g_assert_no_error (error);
  return invite;
}

static gboolean
is_done (gpointer future)
{
  return !dex_future_is_pending (future);
}

PeerupPairingRecord *
pairing_await_record (DexFuture *future, GError **error)
{
  g_autoptr (DexFuture) owned = future;
  const GValue *value;

  spin_while_not (is_done, owned);
  value = dex_future_get_value (owned, error);
  return value != NULL ? g_value_dup_boxed (value) : NULL;
}

PeerupPairingRecord *
pairing_join_with (Device *device, const char *code, const PeerupJoinOptions *options, GError **error)
{
  return pairing_await_record (peerup_engine_pairing_join (device->engine->pairing, code, options, NULL, NULL), error);
}

PeerupPairingRecord *
pairing_join (Device *device, const char *code, GError **error)
{
  const PeerupJoinOptions options = { .name = "laptop" };

  return pairing_join_with (device, code, &options, error);
}

/* Files */

gboolean
pairing_has (Device *device, Device *other)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_file_load (device->home->authorized_keys, &error);

  g_assert_no_error (error);
  return peerup_authorized_keys_lookup (keys, id_of (other), 0, NULL) != PEERUP_AUTHORIZATION_NONE;
}

char *
pairing_attribute (Device *device, Device *other, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_file_load (device->home->authorized_keys, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), id_of (other)))
      return g_strdup (peerup_authorized_keys_get_attribute (keys, i, key));
  return NULL;
}

char *
pairing_name (Device *device, Device *other)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfig) config = peerup_config_load (device->home->config, NULL, &error);

  g_assert_no_error (error);
  return g_strdup (peerup_config_name_of_peer (config, id_of (other)));
}

guint
pairing_n_files (Device *device, const char *suffix)
{
  g_autofree char *directory = g_build_filename (device->home->directory, "pairings", NULL);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_suffix (name, suffix) ? 1 : 0;
  return n;
}

guint
pairing_n_half (Device *device)
{
  g_autoptr (GPtrArray) half = peerup_engine_pairing_dup_half (device->engine->pairing);

  return half->len;
}

static void
assert_has (Device *device, Device *other)
{
  g_autofree char *name = pairing_name (device, other);

  g_assert_true (pairing_has (device, other));
  g_assert_nonnull (name);
  g_assert_cmpuint (pairing_n_half (device), ==, 0);
}

void
pairing_assert_paired (Device *one, Device *other)
{
  g_autofree char *ones = pairing_attribute (one, other, "pairing");
  g_autofree char *others = pairing_attribute (other, one, "pairing");

  assert_has (one, other);
  assert_has (other, one);
  g_assert_nonnull (ones);
  g_assert_cmpstr (ones, ==, others);
}

static void
assert_has_not (Device *device, Device *other)
{
  g_autofree char *name = pairing_name (device, other);

  g_assert_false (pairing_has (device, other));
  g_assert_null (name);
  g_assert_cmpuint (pairing_n_half (device), ==, 0);
}

void
pairing_assert_strangers (Device *one, Device *other)
{
  assert_has_not (one, other);
  assert_has_not (other, one);
}
