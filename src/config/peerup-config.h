/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <json-glib/json-glib.h>

#include "limits/peerup-limits.h"
#include "wire/peerup-error.h"
#include "wire/peerup-multiaddr.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* A file above this many bytes is refused before it is parsed. */
#define PEERUP_CONFIG_MAX_SIZE (1024 * 1024)

/* How QUIC finds out how fast it may send. */
typedef enum
{
  PEERUP_CONFIG_BBR, /* the default */
  PEERUP_CONFIG_CUBIC,
} PeerupConfigCongestion;

/* Where the identity's private key is. */
typedef enum
{
  PEERUP_CONFIG_KEY_STORE_FILE, /* the default */
  PEERUP_CONFIG_KEY_STORE_KEYRING,
} PeerupConfigKeyStore;

/* The node's configuration: one YAML file, read whole and checked whole, so that
 * an existing PeerupConfig is a valid one. Immutable, reference counted (atomic):
 * it may be passed between threads. Everything a getter returns is borrowed. */
typedef struct _PeerupConfig PeerupConfig;

#define PEERUP_TYPE_CONFIG (peerup_config_get_type ())
GType peerup_config_get_type (void);

/**
 * PeerupConfigService:
 * @name: a DNS label in lower case
 * @enabled: whether it is offered
 * @local_address: the address as it is written, NULL if there is none (then not enabled)
 * @host: name or IP address (without brackets) of @local_address, NULL if there is no
 *   usable one (then not enabled)
 * @port: 1 to 65535, 0 where @host is NULL
 * @kind: (nullable): a label, as PeerupDiscoveryService has it
 * @tags: what people tell it by; of the form and number that PeerupDiscoveryService has, never NULL
 * @allowed_peers: (nullable) (element-type PeerupPeerId): NULL for everyone who passed
 *   the gate; otherwise exactly these, and nobody where it is empty
 */
typedef struct
{
  char *name;
  gboolean enabled;
  char *local_address;
  char *host;
  guint16 port;
  char *kind;
  char **tags;
  GPtrArray *allowed_peers;
} PeerupConfigService;

typedef struct
{
  char *name;
  PeerupPeerId *peer;
} PeerupConfigName;

/**
 * PeerupConfigResources:
 * @max_reservations: in all
 * @max_circuits: of one peer, whichever end of them it is
 * @max_circuits_total: in all
 * @max_reservations_per_ip: of one IPv4 address or IPv6 /64
 * @max_reservations_per_asn: of one IPv4 /16 or IPv6 /32, which stand for a network's number:
 *   there is no table of those
 * @buffer_size: bytes that a circuit may hold each way
 * @reservation_ttl: µs, in whole seconds as the durations below
 * @session_duration: µs of a circuit; 0: no limit
 * @session_data_limit: bytes of a circuit, each way; 0: no limit
 * @authorized_session_duration: of a circuit between two peers in authorized_keys
 * @authorized_session_data_limit: likewise
 *
 * What a relay grants: the section resources, in the original's names. Numbers are at least one.
 */
typedef struct
{
  guint max_reservations;
  guint max_circuits;
  guint max_circuits_total;
  guint max_reservations_per_ip;
  guint max_reservations_per_asn;
  guint64 buffer_size;
  gint64 reservation_ttl;
  gint64 session_duration;
  guint64 session_data_limit;
  gint64 authorized_session_duration;
  guint64 authorized_session_data_limit;
} PeerupConfigResources;

/**
 * peerup_config_load:
 * @path: the file; symbolic links are followed
 * @warnings: (out) (optional) (transfer full) (element-type utf8): what the file says that
 *   has no effect, each "FILE:LINE:COLUMN: text": unknown keys, peers that do not parse
 *
 * Blocking, one small file. Relative paths in the file are taken from @path's directory.
 *
 * Errors: PEERUP_ERROR_NOT_FOUND; PEERUP_ERROR_PERMISSION when group or others have any
 * permission, with the chmod to run, or when it cannot be read; PEERUP_ERROR_TOO_LARGE;
 * PEERUP_ERROR_CONFIG as "FILE:LINE:COLUMN: what is wrong; what to write instead", lines
 * and columns counted from 1, columns in characters.
 */
PeerupConfig *peerup_config_load (const char *path, GPtrArray **warnings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for @length bytes of text (no NUL needed) as if they stood in @path, which
 * need not exist: it serves messages, and relative paths are taken from its directory. */
PeerupConfig *peerup_config_new_from_data (const char *text, gsize length, const char *path, GPtrArray **warnings,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/**
 * peerup_config_find:
 * @explicit_path: (nullable): what the user asked for; nothing else is tried then
 *
 * The first that exists of ./peerup.yaml, $XDG_CONFIG_HOME/peerup/config.yaml (by default
 * ~/.config) and /etc/peerup/config.yaml, as an absolute path; if none does, the first that is gone but has an
 * archive, or a change that waits to be confirmed, beside it. PEERUP_ERROR_NOT_FOUND
 * lists where it looked and what to do.
 */
char *peerup_config_find (const char *explicit_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupConfig *peerup_config_ref (PeerupConfig *self);
void peerup_config_unref (PeerupConfig *self);

/* Absolute. */
const char *peerup_config_get_path (PeerupConfig *self);
guint peerup_config_get_version (PeerupConfig *self);
/* Absolute. */
const char *peerup_config_get_key_file (PeerupConfig *self);
PeerupConfigKeyStore peerup_config_get_key_store (PeerupConfig *self);
/* (nullable): whose key one from the login keyring has to be. */
PeerupPeerId *peerup_config_get_identity_peer (PeerupConfig *self);
/* (element-type PeerupMultiaddr): at least one. They parse, but their transport may be
 * one that this build does not have: whoever listens skips and reports those. */
GPtrArray *peerup_config_get_listen_addresses (PeerupConfig *self);
gboolean peerup_config_get_force_private_reachability (PeerupConfig *self);
/* Whether the router is asked to let others in to the ports we listen on. */
gboolean peerup_config_get_port_mapping (PeerupConfig *self);
PeerupConfigCongestion peerup_config_get_congestion (PeerupConfig *self);
/* FALSE only where the file says so: of the defaults those are left that protect the machine. */
gboolean peerup_config_get_resource_limits_enabled (PeerupConfig *self);
/* The limits in force on @machine: what network.limits says, and for the rest
 * peerup_limits_settings_init(), or _init_relaxed() without resource_limits_enabled. */
void peerup_config_get_limits (PeerupConfig *self, const PeerupLimitsMachine *machine, PeerupLimitsSettings *settings);
/* (nullable): absolute; what /wss listen addresses show, whose files are not looked at here. */
const char *peerup_config_get_websocket_certificate_file (PeerupConfig *self);
const char *peerup_config_get_websocket_key_file (PeerupConfig *self);
/* (element-type PeerupMultiaddr): may be empty; each ends in /p2p/ID. */
GPtrArray *peerup_config_get_relay_addresses (PeerupConfig *self);
/* Microseconds, at least one second. */
gint64 peerup_config_get_reservation_interval (PeerupConfig *self);
/* Whether others may use this node as a relay, within the resources. */
gboolean peerup_config_get_relay_serve (PeerupConfig *self);
/* Whether it may relay for authorized peers while it has a public address, without relay.serve. */
gboolean peerup_config_get_relay_serve_peers (PeerupConfig *self);
/* Whether an authorized peer's word takes who has joined by its invite up into authorized_keys. */
gboolean peerup_config_get_relay_sponsor (PeerupConfig *self);
/* Microseconds that circuits may go on when the relay is about to end; 0 to a day. */
gint64 peerup_config_get_relay_drain_time (PeerupConfig *self);
/* (element-type PeerupMultiaddr): told in reservations; empty: what is found out. With or without /p2p/ID. */
GPtrArray *peerup_config_get_relay_announce (PeerupConfig *self);
const PeerupConfigResources *peerup_config_get_resources (PeerupConfig *self);
const char *peerup_config_get_rendezvous (PeerupConfig *self);
/* (nullable): the namespace of the DHT; NULL for the common one. */
const char *peerup_config_get_network (PeerupConfig *self);
/* Whether the networks that this machine is on are told of it, and asked for its peers. */
gboolean peerup_config_get_mdns (PeerupConfig *self);
/* (element-type PeerupMultiaddr): may be empty (the relays serve then); each ends in /p2p/ID. */
GPtrArray *peerup_config_get_bootstrap_peers (PeerupConfig *self);
/* Absolute; (nullable) only where gating is off. */
const char *peerup_config_get_authorized_keys_file (PeerupConfig *self);
gboolean peerup_config_get_connection_gating (PeerupConfig *self);
gboolean peerup_config_get_ping_pong_enabled (PeerupConfig *self);
const char *peerup_config_get_ping_pong_id (PeerupConfig *self);
/* (element-type PeerupConfigService), in the order of the file. */
GPtrArray *peerup_config_get_services (PeerupConfig *self);
/* (nullable) */
const PeerupConfigService *peerup_config_find_service (PeerupConfig *self, const char *name);
/* (element-type PeerupConfigName), in the order of the file. */
GPtrArray *peerup_config_get_names (PeerupConfig *self);
/* (nullable) */
PeerupPeerId *peerup_config_lookup_name (PeerupConfig *self, const char *name);
gboolean peerup_config_get_metrics_enabled (PeerupConfig *self);
/* "HOST:PORT" */
const char *peerup_config_get_metrics_address (PeerupConfig *self);
gboolean peerup_config_get_audit_enabled (PeerupConfig *self);
/* Absolute; (nullable): stderr. */
const char *peerup_config_get_audit_file (PeerupConfig *self);
/* Bytes, after which the file is renamed. */
guint64 peerup_config_get_audit_max_size (PeerupConfig *self);
/* How many renamed files are kept. */
guint peerup_config_get_audit_keep (PeerupConfig *self);
gboolean peerup_config_get_health_enabled (PeerupConfig *self);
/* "HOST:PORT" */
const char *peerup_config_get_health_address (PeerupConfig *self);

/* What is in force, defaults filled in, paths absolute, in the file's own structure. Holds
 * no secret: the file has none. allowed_peers is left out where everyone may use a service, and
 * limits that are not written, which depend on the machine. */
JsonNode *peerup_config_to_json (PeerupConfig *self) G_GNUC_WARN_UNUSED_RESULT;
/* The same as YAML that peerup_config_new_from_data() reads back to an equal configuration. */
char *peerup_config_to_yaml (PeerupConfig *self) G_GNUC_WARN_UNUSED_RESULT;

/* The keys that have no effect (PEERUP_CONFIG_EFFECT_NONE) and are set to something else than their default, but those
 * of a service, of which the warnings tell. (transfer full) */
char **peerup_config_dup_idle_keys (PeerupConfig *self) G_GNUC_WARN_UNUSED_RESULT;

/* "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": the names of services and networks. */
gboolean peerup_config_is_service_name (const char *text);
/* "host:22", "192.0.2.1:22", "[::1]:22" or ":22" (this machine). PEERUP_ERROR_MALFORMED.
 * @host comes without brackets. */
gboolean
peerup_config_parse_host_port (const char *text, char **host, guint16 *port, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupConfig, peerup_config_unref)

G_END_DECLS
