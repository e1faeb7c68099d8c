/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "config/peerup-yaml.h"

G_BEGIN_DECLS

/* Filled by peerup-config-reader.c, read-only from then on. */
struct _PeerupConfig
{
  gatomicrefcount ref_count;
  char *path;
  guint version;
  char *key_file;
  PeerupConfigKeyStore key_store;
  PeerupPeerId *identity_peer; /* nullable */
  GPtrArray *listen_addresses;
  gboolean force_private_reachability;
  gboolean port_mapping;
  PeerupConfigCongestion congestion;
  gboolean resource_limits_enabled;
  guint64 limits[PEERUP_N_LIMITS]; /* 0: not written */
  char *websocket_certificate_file;
  char *websocket_key_file;
  GPtrArray *relay_addresses;
  gint64 reservation_interval;
  gboolean relay_serve;
  gboolean relay_serve_peers;
  gboolean relay_sponsor;
  gint64 relay_drain_time;
  GPtrArray *relay_announce;
  PeerupConfigResources resources;
  char *rendezvous;
  char *network;
  gboolean mdns;
  GPtrArray *bootstrap_peers;
  char *authorized_keys_file;
  gboolean connection_gating;
  gboolean ping_pong_enabled;
  char *ping_pong_id;
  GPtrArray *services;
  GHashTable *services_by_name; /* borrows from services */
  GPtrArray *names;
  GHashTable *names_by_name; /* borrows from names */
  gboolean metrics_enabled;
  char *metrics_address;
  gboolean audit_enabled;
  char *audit_file;
  guint64 audit_max_size;
  guint audit_keep;
  gboolean health_enabled;
  char *health_address;
};

/* The words of PeerupConfigCongestion, in its order, NULL at the end. */
extern const char *const peerup_config_congestions[];

/* An object with empty lists that is not valid yet. */
PeerupConfig *peerup_config_new_blank (const char *path) G_GNUC_WARN_UNUSED_RESULT;
/* Fills a blank @config from @document, checking everything. On failure it is unfit for use. */
gboolean peerup_config_read (PeerupConfig *config, const PeerupYamlDocument *document, GPtrArray *warnings,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
