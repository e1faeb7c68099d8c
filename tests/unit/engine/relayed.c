/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A relay and its devices for the tests of pairings by the original's protocols. Each lives for one test.
 */
#include "relayed.h"

#include <glib/gstdio.h>
#include <string.h>

#include "engine/peerup-engine-paths-private.h"
#include "transport/peerup-fiber.h"
#include "trust/peerup-authorized-keys-file.h"

#define DEADLINE (g_get_monotonic_time () + 50 * G_USEC_PER_SEC)

static DexFuture *
stay_relayed (PeerupConnection *carrier, gint64 deadline, gpointer data)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "The test wants no direct path");
}

Device
relayed_relay (const char *more)
{
  Home *home = home_new ();
  g_autofree char *text = g_strconcat ("relay: {serve: true, drain_time: 0s}\n", more, NULL);

  home_configure (home, text);
  return device_start (home, PEERUP_ENGINE_DEFAULT);
}

static gboolean
is_reserved (gpointer engine)
{
  PeerupEngine *self = engine;
  PeerupRelayInfo info;

  if (peerup_relay_client_get_n_relays (self->relays) == 0)
    return FALSE;
  peerup_relay_client_get_info (self->relays, 0, &info);
  return info.state == PEERUP_RELAY_RESERVED;
}

void
relayed_await_reservation (Device *device)
{
  spin_while_not (is_reserved, device->engine);
}

Device
relayed_device (Home *home, Device *relay, gboolean known)
{
  Device device;

  if (relay != NULL)
    {
      g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (relay->engine);
      g_autofree char *more = g_strdup_printf ("relay: {addresses: [%s]}\n", addresses[0]);

      if (known)
        home_authorize (relay->home, home);
      if (known)
        g_assert_true (peerup_engine_trust_reload (relay->engine->trust, NULL));
      home_configure (home, more);
    }
  device = device_start (home, PEERUP_ENGINE_DEFAULT);
  peerup_engine_paths_set_climb_func (device.engine->paths, stay_relayed, NULL);
  if (relay != NULL && known)
    relayed_await_reservation (&device);
  return device;
}

static void
remove_records (Home *home)
{
  g_autofree char *path = g_build_filename (home->directory, "pairings", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_assert_cmpint (g_unlink (file), ==, 0);
    }
  g_rmdir (path);
}

void
relayed_stop (Device *device)
{
  g_autoptr (GError) error = NULL;

  if (device->engine == NULL)
    return;
  g_assert_true (await_true (peerup_engine_stop (device->engine, NULL), &error));
  g_assert_no_error (error);
  remove_records (device->home);
  device_stop (device);
}

char *
relayed_read_keys (Device *device)
{
  char *text;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (device->home->authorized_keys, &text, NULL, &error));
  g_assert_no_error (error);
  return text;
}

PeerupPeerId *
relayed_get_id (Device *device)
{
  return peerup_private_key_get_peer_id (device->home->key);
}

gboolean
relayed_knows (Device *device, Device *other)
{
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_file_load (device->home->authorized_keys, NULL);

  return peerup_authorized_keys_lookup (keys, relayed_get_id (other), 0, NULL) == PEERUP_AUTHORIZATION_VALID;
}

typedef struct
{
  Device *one, *other;
} Two;

static gboolean
knows (gpointer data)
{
  const Two *two = data;

  return relayed_knows (two->one, two->other);
}

/* Files are looked at again when something happens; a tick is something. */
static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
relayed_await_knows (Device *device, Device *other)
{
  Two two = { device, other };
  guint ticks = g_timeout_add (10, tick, NULL);

  spin_while_not (knows, &two);
  g_source_remove (ticks);
}

PeerupStream *
relayed_open (Device *from, Device *to, const char *protocol, GError **error)
{
  const char *protocols[] = { protocol, NULL };

  return await_object (peerup_swarm_open_stream (from->engine->swarm, relayed_get_id (to), protocols, DEADLINE), error);
}

typedef struct
{
  PeerupStream *stream;
  GBytes *bytes;
} Saying;

static DexFuture *
say_fiber (gpointer data)
{
  Saying *saying = data;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (saying->bytes, &length);
  g_autoptr (GBytes) answer = NULL;

  if (length > 0 && !peerup_stream_await_write_all (saying->stream, bytes, length, DEADLINE, NULL))
    return dex_future_new_take_boxed (G_TYPE_BYTES, NULL);
  peerup_stream_close_write (saying->stream);
  answer = peerup_stream_await_rest (saying->stream, 100000, DEADLINE, NULL);
  return dex_future_new_take_boxed (G_TYPE_BYTES, g_steal_pointer (&answer));
}

static gboolean
is_done (gpointer future)
{
  return !dex_future_is_pending (future);
}

GBytes *
relayed_say (PeerupStream *stream, gconstpointer bytes, gsize length)
{
  g_autoptr (GBytes) text = g_bytes_new (bytes, length);
  Saying saying = { stream, text };
  g_autoptr (DexFuture) future = peerup_fiber_spawn (say_fiber, &saying, NULL);

  spin_while_not (is_done, future);
  return g_value_dup_boxed (dex_future_get_value (future, NULL));
}
