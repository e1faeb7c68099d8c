/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The configuration, at the start and whenever it changes. Nothing
 * here cuts a stream that a change is not about. What cannot be taken over while the
 * engine runs becomes a problem that names the restart.
 */
#include "engine/peerup-engine-private.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-machine.h"
#include "protocols/peerup-text-ping.h"
#include "transport/peerup-fiber.h"

void
peerup_engine_serve (PeerupEngine *self, PeerupConfig *config)
{
  const char *old = peerup_config_get_ping_pong_id (self->config);
  const char *new = peerup_config_get_ping_pong_id (config);

  peerup_ping_serve (self->swarm);
  if (self->config != config && old != NULL)
    peerup_swarm_remove_protocol (self->swarm, old);
  if (peerup_config_get_ping_pong_enabled (config))
    peerup_text_ping_serve (self->swarm, new);
  peerup_service_set_apply (self->services, self->swarm, config);
  peerup_engine_prompts_touch (self->prompts);
}

void
peerup_engine_apply_limits (PeerupEngine *self, PeerupConfig *config)
{
  PeerupLimitsMachine machine;
  PeerupLimitsSettings settings;

  peerup_machine_read ("", &machine);
  if (config != NULL)
    peerup_config_get_limits (config, &machine, &settings);
  else
    peerup_limits_settings_init (&settings, &machine);
  peerup_limits_set_settings (peerup_swarm_get_limits (self->swarm), &settings);
}

static gboolean
has_address (PeerupConfig *config, PeerupMultiaddr *address)
{
  GPtrArray *addresses = config != NULL ? peerup_config_get_listen_addresses (config) : NULL;

  return addresses != NULL && g_ptr_array_find_with_equal_func (addresses, address, peerup_multiaddr_equal, NULL);
}

typedef struct
{
  PeerupEngine *engine;
  PeerupSwarm *swarm; /* the engine may be stopped meanwhile */
  PeerupConfig *old;
  PeerupConfig *config;
} Listen;

static void
listen_free (gpointer data)
{
  Listen *listen = data;

  g_object_unref (listen->engine);
  g_object_unref (listen->swarm);
  g_clear_pointer (&listen->old, peerup_config_unref);
  peerup_config_unref (listen->config);
  g_free (listen);
}

/* A transport that this version does not have is no trouble a person could end. */
static void
report_listen_error (PeerupEngine *self, PeerupMultiaddr *address, const GError *error)
{
  const char *where = peerup_multiaddr_get_string (address);
  g_autofree char *key = g_strconcat ("listen ", where, NULL);
  g_autofree char *text = NULL;

  g_hash_table_replace (self->listen_errors, g_strdup (where), g_strdup (error->message));
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED))
    {
      peerup_engine_say (self, G_LOG_LEVEL_MESSAGE, "Not listening on %s", error->message);
      return;
    }
  text = g_strdup_printf (_ ("Not listening on %s (network.listen_addresses in %s): %s"), where, self->config_path,
                          error->message);
  peerup_engine_set_problem (self, key, text);
}

static void
forget_listen_error (PeerupEngine *self, PeerupMultiaddr *address)
{
  g_autofree char *key = g_strconcat ("listen ", peerup_multiaddr_get_string (address), NULL);

  g_hash_table_remove (self->listen_errors, peerup_multiaddr_get_string (address));
  peerup_engine_set_problem (self, key, NULL);
}

/* How many of @addresses are listened on, once all have been tried. Each is tried by the time the swarm answers, so no
 * other fiber comes between the choice of what to try and the word of what came of it: nothing is tried twice. */
static guint
listen_on (PeerupEngine *self, PeerupSwarm *swarm, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  guint n_good = 0;

  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (futures, peerup_swarm_listen (swarm, g_ptr_array_index (addresses, i)));
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (GError) error = NULL;

      if (!dex_await (dex_ref (g_ptr_array_index (futures, i)), &error))
        {
          report_listen_error (self, g_ptr_array_index (addresses, i), error);
          continue;
        }
      forget_listen_error (self, g_ptr_array_index (addresses, i));
      n_good++;
    }
  return n_good;
}

static DexFuture *
listen_fiber (gpointer data)
{
  const Listen *listen = data;
  GPtrArray *configured = peerup_config_get_listen_addresses (listen->config);
  g_autoptr (GPtrArray) fresh = g_ptr_array_new ();

  for (guint i = 0; i < configured->len; i++)
    if (!has_address (listen->old, g_ptr_array_index (configured, i)) ||
        peerup_engine_get_listen_error (listen->engine, g_ptr_array_index (configured, i)) != NULL)
      g_ptr_array_add (fresh, g_ptr_array_index (configured, i));
  if (listen_on (listen->engine, listen->swarm, fresh) > 0 || listen->old != NULL)
    return dex_future_new_true ();
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                                _ ("no address of network.listen_addresses in %s can be listened on"),
                                peerup_config_get_path (listen->config));
}

/* What listens already has a certificate and keeps it where there is no better one; what does not may have one now. */
static void
renew_certificate (PeerupEngine *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!peerup_swarm_renew_websocket_certificate (self->swarm, &error))
    text = g_strdup_printf (_ ("WebSockets keep their old certificate (network.websocket in %s): %s"),
                            self->config_path, error->message);
  peerup_engine_set_problem (self, "certificate", text);
}

static void
on_certificate_changed (gpointer data)
{
  PeerupEngine *self = data;

  if (self->state != PEERUP_ENGINE_RUNNING)
    return;
  renew_certificate (self);
  /* It cannot fail with an old configuration; what went wrong is among the problems. */
  dex_future_disown (peerup_engine_listen (self, self->config, self->config));
}

void
peerup_engine_listen_again (PeerupEngine *self)
{
  if (self->state == PEERUP_ENGINE_RUNNING && self->config != NULL && g_hash_table_size (self->listen_errors) > 0)
    /* It cannot fail with an old configuration; what went wrong is among the problems. */
    dex_future_disown (peerup_engine_listen (self, self->config, self->config));
}

void
peerup_engine_apply_certificate (PeerupEngine *self, PeerupConfig *config)
{
  const char *files[] = {
    config != NULL ? peerup_config_get_websocket_certificate_file (config) : NULL,
    config != NULL ? peerup_config_get_websocket_key_file (config) : NULL,
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_clear_pointer (&self->certificate_watches[i], peerup_file_watch_free);
      if (files[i] != NULL && !(self->flags & PEERUP_ENGINE_DIAL_ONLY))
        self->certificate_watches[i] = peerup_file_watch_new (files[i], on_certificate_changed, self);
    }
  if (self->swarm == NULL)
    return;
  peerup_swarm_set_websocket_certificate (self->swarm, files[0], files[1]);
  renew_certificate (self);
}

void
peerup_engine_apply_congestion (PeerupEngine *self, PeerupConfig *config)
{
  peerup_swarm_set_congestion (self->swarm, peerup_config_get_congestion (config) == PEERUP_CONFIG_CUBIC
                                              ? PEERUP_QUIC_CUBIC
                                              : PEERUP_QUIC_BBR);
}

DexFuture *
peerup_engine_listen (PeerupEngine *self, PeerupConfig *old, PeerupConfig *config)
{
  Listen *listen = g_new (Listen, 1);

  listen->engine = g_object_ref (self);
  listen->swarm = g_object_ref (self->swarm);
  listen->old = old != NULL ? peerup_config_ref (old) : NULL;
  listen->config = peerup_config_ref (config);
  return peerup_fiber_spawn (listen_fiber, listen, listen_free);
}

/* What listens where it no longer should takes nothing new; connections that came in there stay. */
static void
leave_listen_addresses (PeerupEngine *self, PeerupConfig *config)
{
  GPtrArray *old = peerup_config_get_listen_addresses (self->config);

  for (guint i = 0; i < old->len; i++)
    {
      PeerupMultiaddr *address = g_ptr_array_index (old, i);

      if (has_address (config, address))
        continue;
      if (peerup_swarm_unlisten (self->swarm, address))
        peerup_engine_say (self, G_LOG_LEVEL_MESSAGE, "No longer listening on %s",
                           peerup_multiaddr_get_string (address));
      forget_listen_error (self, address);
    }
}

void
peerup_engine_tell_idle_keys (PeerupEngine *self, PeerupConfig *config)
{
  g_auto (GStrv) keys = peerup_config_dup_idle_keys (config);
  g_autofree char *list = g_strjoinv (", ", keys);

  if (keys[0] != NULL)
    peerup_engine_say (self, G_LOG_LEVEL_INFO, "Read for files of the original, and without effect here: %s", list);
}

/* Who changes it is told now what the next start would say. */
static void
report_identity (PeerupEngine *self, PeerupConfig *config)
{
  const char *path = peerup_config_get_key_file (config);
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!g_str_equal (self->identity_file, path))
    {
      key = peerup_key_file_load (path, &error);
      if (key == NULL)
        text =
          g_strdup_printf (_ ("identity.key_file was changed, and no start could use the new one: %s; mend that, or "
                              "take the change back by “peerup config rollback”"),
                           error->message);
      else
        text = g_strdup_printf (_ ("identity.key_file was changed: the new identity (%s) is used when the daemon is "
                                   "restarted"),
                                peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)));
    }
  else
    text = peerup_engine_identity_dup_trouble (self->identity_store, config, NULL);
  peerup_engine_set_problem (self, "identity", text);
}

static gboolean
has_same_names (PeerupConfig *a, PeerupConfig *b)
{
  GPtrArray *first = peerup_config_get_names (a), *second = peerup_config_get_names (b);
  guint n = 0;

  while (n < first->len && n < second->len)
    {
      const PeerupConfigName *one = first->pdata[n], *other = second->pdata[n];

      if (!g_str_equal (one->name, other->name) || !peerup_peer_id_equal (one->peer, other->peer))
        return FALSE;
      n++;
    }
  return first->len == second->len;
}

static gboolean
has_same_relays (PeerupConfig *a, PeerupConfig *b)
{
  GPtrArray *first = peerup_config_get_relay_addresses (a), *second = peerup_config_get_relay_addresses (b);
  guint n = 0;

  while (n < first->len && n < second->len && peerup_multiaddr_equal (first->pdata[n], second->pdata[n]))
    n++;
  return n == first->len && n == second->len;
}

static void
on_config_changed (PeerupConfigMonitor *monitor, PeerupConfig *config, GStrv warnings, gpointer data)
{
  PeerupEngine *self = data;
  gboolean same_devices = has_same_names (self->config, config) && has_same_relays (self->config, config);
  g_autoptr (GHashTable) told = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *trouble = NULL;

  /* What it would change is being taken down, some of it already. */
  if (self->state == PEERUP_ENGINE_STOPPING)
    return;
  peerup_engine_say (self, G_LOG_LEVEL_MESSAGE, "%s was read again", self->config_path);
  for (guint i = 0; warnings != NULL && warnings[i] != NULL; i++)
    peerup_engine_say (self, G_LOG_LEVEL_MESSAGE, "%s", warnings[i]);
  peerup_engine_tell_idle_keys (self, config);
  told = peerup_engine_peer_services_look (self->peer_services);
  /* Trust first: what follows must not be open to whom the new file no longer admits. */
  if (!peerup_engine_trust_apply (self->trust, config, &error))
    trouble = g_strdup_printf (_ ("%s; the old authorizations stay in force"), error->message);
  self->keys_refused = trouble != NULL;
  peerup_engine_set_problem (self, "authorized_keys", trouble);
  peerup_engine_serve (self, config);
  (void) peerup_engine_peer_services_show (self->peer_services, told);
  peerup_engine_apply_limits (self, config);
  peerup_engine_apply_congestion (self, config);
  leave_listen_addresses (self, config);
  peerup_engine_apply_certificate (self, config);
  /* It cannot fail with an old configuration; what went wrong is among the problems. */
  dex_future_disown (peerup_engine_listen (self, self->config, config));
  peerup_relay_client_set_relays (self->relays, peerup_config_get_relay_addresses (config));
  peerup_engine_relay_apply (self->relay, config);
  peerup_engine_observe (self, config);
  report_identity (self, config);
  peerup_engine_set_problem (self, "config", NULL);
  peerup_peer_list_set_names (self->peers, config);
  peerup_config_ref (config);
  g_clear_pointer (&self->config, peerup_config_unref);
  self->config = config;
  peerup_engine_notify_identity_store (self);
  peerup_engine_peer_relay_apply (self->peer_relay, config);
  peerup_engine_relay_choice_review (self->relay_choice);
  peerup_engine_nat_apply (self->nat, config);
  peerup_engine_lan_apply (self->lan, config);
  /* Half pairings that are carried out at the start may have changed the file. */
  if (self->pairing != NULL)
    peerup_engine_pairing_follow (self->pairing, config);
  peerup_engine_store_took (self->store);
  if (!same_devices)
    peerup_engine_devices_touch (self->devices, NULL);
}

static void
on_config_problem (PeerupConfigMonitor *monitor, const char *message, gpointer data)
{
  g_autofree char *text = g_strdup_printf (_ ("%s; the old configuration stays in force"), message);

  peerup_engine_set_problem (data, "config", text);
}

gboolean
peerup_engine_watch_config (PeerupEngine *self, GError **error)
{
  self->monitor = peerup_config_monitor_new (self->config, error);
  if (self->monitor == NULL)
    return FALSE;
  g_signal_connect_object (self->monitor, "changed", G_CALLBACK (on_config_changed), self, 0);
  g_signal_connect_object (self->monitor, "problem", G_CALLBACK (on_config_problem), self, 0);
  return TRUE;
}
