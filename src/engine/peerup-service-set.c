/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Carries the services section of a configuration over to live PeerupService objects, and
 * writes what happens to them into the log. Lives as long as its engine. A service
 * that has no usable address is not made: the configuration refuses an enabled one.
 *
 * Services that a program exposes are there beside those of the configuration until they are
 * taken back. A configuration that comes to have one of the same name takes it over.
 */
#include "engine/peerup-service-set.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-arguments.h"
#include "engine/peerup-service-health.h"
#include "service/peerup-log.h"

#define SAY(self, level, ...) peerup_log ((level), &(const PeerupLogFields) { .profile = (self)->profile }, __VA_ARGS__)

struct _PeerupServiceSet
{
  GObject parent_instance;

  GListStore *store;
  GHashTable *exposed; /* names of those that are no part of the configuration */
  PeerupServiceAdmitFunc admit;
  PeerupServiceAskFunc ask;
  gpointer admit_data;
  PeerupConfig *config;
  char *profile; /* nullable */
};

G_DEFINE_FINAL_TYPE (PeerupServiceSet, peerup_service_set, G_TYPE_OBJECT)

GListModel *
peerup_service_set_get_model (PeerupServiceSet *self)
{
  return G_LIST_MODEL (self->store);
}

void
peerup_service_set_set_profile (PeerupServiceSet *self, const char *profile)
{
  g_set_str (&self->profile, profile);
}

static char *
describe (PeerupServiceSet *self, const char *peer_id)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (peer_id, NULL);

  g_assert (peer != NULL);
  return peerup_peer_describe (self->config, peer);
}

static void
on_failed (PeerupService *service, const char *peer_id, const char *reason, gpointer data)
{
  PeerupServiceSet *self = data;
  g_autofree char *who = describe (self, peer_id);

  peerup_service_health_doubt (service);
  peerup_log (G_LOG_LEVEL_MESSAGE,
              &(PeerupLogFields) {
                .profile = self->profile, .peer = peer_id, .service = peerup_service_get_name (service) },
              "Service %s could not serve %s: %s", peerup_service_get_name (service), who, reason);
}

static PeerupService *
dup_service (PeerupServiceSet *self, const char *name, guint *position)
{
  guint n_items = g_list_model_get_n_items (G_LIST_MODEL (self->store));

  for (*position = 0; *position < n_items; (*position)++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (G_LIST_MODEL (self->store), *position);

      if (g_str_equal (peerup_service_get_name (service), name))
        return g_steal_pointer (&service);
    }
  return NULL;
}

static void
add_service (PeerupServiceSet *self, PeerupService *service)
{
  peerup_service_set_admission (service, self->admit, self->admit_data);
  peerup_service_set_question (service, self->ask, self->admit_data);
  g_signal_connect_object (service, "failed", G_CALLBACK (on_failed), self, 0);
  g_list_store_append (self->store, service);
}

/* (nullable) (transfer full) */
static PeerupService *
make_service (PeerupServiceSet *self, PeerupSwarm *swarm, const PeerupConfigService *entry)
{
  g_autoptr (GError) error = NULL;
  PeerupService *service;

  service = peerup_service_new (swarm, entry->name, entry->host, entry->port, &error);
  if (service == NULL)
    {
      SAY (self, G_LOG_LEVEL_WARNING, "Service %s is not offered: %s", entry->name, error->message);
      return NULL;
    }
  add_service (self, service);
  return service;
}

static gboolean
same_target (PeerupService *service, const PeerupConfigService *entry)
{
  return g_str_equal (peerup_service_get_host (service), entry->host) &&
         peerup_service_get_port (service) == entry->port;
}

static void
apply_service (PeerupServiceSet *self, PeerupSwarm *swarm, const PeerupConfigService *entry)
{
  g_autoptr (PeerupService) service = NULL;
  g_autoptr (GError) error = NULL;
  guint position;

  service = dup_service (self, entry->name, &position);
  if (service == NULL)
    service = make_service (self, swarm, entry);
  else if (!same_target (service, entry) && !peerup_service_set_target (service, entry->host, entry->port, &error))
    SAY (self, G_LOG_LEVEL_WARNING, "Service %s keeps its old address: %s", entry->name, error->message);
  if (service == NULL)
    return;
  g_hash_table_remove (self->exposed, entry->name);
  /* The list first: a service must never be open to more peers than it should, even for a moment. */
  peerup_service_set_allowed_peers (service, entry->allowed_peers);
  (void) peerup_service_set_label (service, entry->kind, (const char *const *) entry->tags);
  if (peerup_service_get_enabled (service) == entry->enabled)
    return;
  peerup_service_set_enabled (service, entry->enabled);
  peerup_log (G_LOG_LEVEL_MESSAGE, &(PeerupLogFields) { .profile = self->profile, .service = entry->name },
              "Service %s (%s) is %s", entry->name, entry->local_address, entry->enabled ? "offered" : "not offered");
}

static void
remove_missing (PeerupServiceSet *self, PeerupConfig *config)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->store)); i > 0; i--)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (G_LIST_MODEL (self->store), i - 1);
      const PeerupConfigService *entry = peerup_config_find_service (config, peerup_service_get_name (service));

      if (entry != NULL && entry->host != NULL)
        {
          g_hash_table_remove (self->exposed, peerup_service_get_name (service));
          continue;
        }
      if (g_hash_table_contains (self->exposed, peerup_service_get_name (service)))
        continue;
      peerup_service_set_enabled (service, FALSE);
      g_list_store_remove (self->store, i - 1);
      SAY (self, G_LOG_LEVEL_MESSAGE, "Service %s is gone", peerup_service_get_name (service));
    }
}

void
peerup_service_set_apply (PeerupServiceSet *self, PeerupSwarm *swarm, PeerupConfig *config)
{
  GPtrArray *entries = peerup_config_get_services (config);

  g_clear_pointer (&self->config, peerup_config_unref);
  self->config = peerup_config_ref (config);
  remove_missing (self, config);
  for (guint i = 0; i < entries->len; i++)
    {
      const PeerupConfigService *entry = g_ptr_array_index (entries, i);

      if (entry->host != NULL)
        apply_service (self, swarm, entry);
    }
  peerup_service_health_look_all (G_LIST_MODEL (self->store));
}

gboolean
peerup_service_set_is_exposed (PeerupServiceSet *self, const char *name)
{
  return g_hash_table_contains (self->exposed, name);
}

PeerupService *
peerup_service_set_expose (PeerupServiceSet *self, PeerupSwarm *swarm, const char *name, const char *address,
                           GPtrArray *allowed_peers, GError **error)
{
  g_autoptr (PeerupService) service = NULL;
  g_autofree char *host = NULL;
  guint16 port;

  if (peerup_service_set_find (self, name) != NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                   _ ("there is a service %s already: choose another name, or take that one away first"), name);
      return NULL;
    }
  if (!peerup_config_parse_host_port (address, &host, &port, error))
    return NULL;
  service = peerup_service_new (swarm, name, host, port, error);
  if (service == NULL)
    return NULL;
  add_service (self, service);
  peerup_service_health_look (service);
  g_hash_table_add (self->exposed, g_strdup (name));
  peerup_service_set_allowed_peers (service, allowed_peers);
  peerup_service_set_enabled (service, TRUE);
  SAY (self, G_LOG_LEVEL_MESSAGE, "Service %s (%s) is offered until it is taken back", name, address);
  /* The list holds it. */
  return service;
}

gboolean
peerup_service_set_unexpose (PeerupServiceSet *self, const char *name, GError **error)
{
  guint position;
  g_autoptr (PeerupService) service = dup_service (self, name, &position);

  if (service == NULL || !g_hash_table_remove (self->exposed, name))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   service != NULL ? _ ("service %s is of the configuration: remove it there")
                                   : _ ("no service %s is exposed: see “peerup service list”"),
                   name);
      return FALSE;
    }
  peerup_service_set_enabled (service, FALSE);
  g_list_store_remove (self->store, position);
  SAY (self, G_LOG_LEVEL_MESSAGE, "Service %s is gone", name);
  return TRUE;
}

PeerupService *
peerup_service_set_find (PeerupServiceSet *self, const char *name)
{
  guint position;
  g_autoptr (PeerupService) service = dup_service (self, name, &position);

  /* The list holds it. */
  return service;
}

void
peerup_service_set_review (PeerupServiceSet *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->store)); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      peerup_service_review (service);
    }
}

DexFuture *
peerup_service_set_drain (PeerupServiceSet *self, gint64 deadline)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->store)); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      g_ptr_array_add (futures, peerup_service_drain (service, deadline));
    }
  if (futures->len == 0)
    return dex_future_new_true ();
  return dex_future_allv ((DexFuture **) futures->pdata, futures->len);
}

void
peerup_service_set_clear (PeerupServiceSet *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->store)); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      peerup_service_set_enabled (service, FALSE);
    }
  g_list_store_remove_all (self->store);
  g_hash_table_remove_all (self->exposed);
}

PeerupServiceSet *
peerup_service_set_new (PeerupServiceAdmitFunc admit, PeerupServiceAskFunc ask, gpointer data)
{
  PeerupServiceSet *self = g_object_new (PEERUP_TYPE_SERVICE_SET, NULL);

  self->admit = admit;
  self->ask = ask;
  self->admit_data = data;
  return self;
}

static void
peerup_service_set_finalize (GObject *object)
{
  PeerupServiceSet *self = PEERUP_SERVICE_SET (object);

  g_clear_object (&self->store);
  g_clear_pointer (&self->exposed, g_hash_table_unref);
  g_clear_pointer (&self->config, peerup_config_unref);
  g_free (self->profile);
  G_OBJECT_CLASS (peerup_service_set_parent_class)->finalize (object);
}

static void
peerup_service_set_class_init (PeerupServiceSetClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_service_set_finalize;
}

static void
peerup_service_set_init (PeerupServiceSet *self)
{
  self->store = g_list_store_new (PEERUP_TYPE_SERVICE);
  self->exposed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}
