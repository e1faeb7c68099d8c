/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* From the dictionaries of operations to those of the original: values in, values out; no clock, nothing is asked.
 * What is empty becomes an empty list, never null, and NAT types are those that were measured with one socket.
 */
#include "http/peerup-http-original-data.h"

#include "net/peerup-ip-global.h"
#include "http/peerup-http-original-reach.h"

/* Reading */

static const char *
get_text (GVariant *dict, const char *key)
{
  const char *text = "";

  g_variant_lookup (dict, key, "&s", &text);
  return text;
}

static gboolean
get_flag (GVariant *dict, const char *key)
{
  gboolean flag = FALSE;

  g_variant_lookup (dict, key, "b", &flag);
  return flag;
}

/* -1 if it is not there. */
static gint64
get_number (GVariant *dict, const char *key)
{
  gint64 number = -1;

  g_variant_lookup (dict, key, "x", &number);
  return number;
}

/* (nullable) (transfer full) */
static GVariant *
get_list (GVariant *dict, const char *key, const char *type)
{
  return g_variant_lookup_value (dict, key, G_VARIANT_TYPE (type));
}

static gboolean
is_connected (GVariant *peer)
{
  return g_str_equal (get_text (peer, "state"), "connected");
}

/* Writing */

static void
add (GVariantBuilder *members, const char *name, GVariant *value)
{
  g_variant_builder_add (members, "{sv}", name, value);
}

static void
add_text (GVariantBuilder *members, const char *name, const char *text)
{
  add (members, name, g_variant_new_string (text));
}

/* Left out where it is empty. */
static void
add_text_if_any (GVariantBuilder *members, const char *name, const char *text)
{
  if (text[0] != '\0')
    add_text (members, name, text);
}

static void
add_count (GVariantBuilder *members, const char *name, gint64 count)
{
  add (members, name, g_variant_new_int64 (count));
}

static void
add_flag (GVariantBuilder *members, const char *name, gboolean flag)
{
  add (members, name, g_variant_new_boolean (flag));
}

static void
add_number (GVariantBuilder *members, const char *name, double number)
{
  add (members, name, g_variant_new_double (number));
}

/* RFC 3339, in UTC. Left out if @seconds are no time. */
static void
add_time (GVariantBuilder *members, const char *name, gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  if (text != NULL)
    add_text (members, name, text);
}

static double
to_milliseconds (gint64 microseconds)
{
  return (double) microseconds / 1000.0;
}

static const char *
get_path_type (const char *path)
{
  if (path[0] == '\0')
    return "";
  return g_str_equal (path, "relayed") ? "RELAYED" : "DIRECT";
}

/* The original's addresses do not repeat whose they are. */
static char *
without_peer_id (const char *address, const char *peer_id)
{
  g_autofree char *tail = g_strconcat ("/p2p/", peer_id, NULL);

  if (!g_str_has_suffix (address, tail))
    return g_strdup (address);
  return g_strndup (address, strlen (address) - strlen (tail));
}

static gboolean
is_circuit (const char *address)
{
  return strstr (address, "/p2p-circuit") != NULL;
}

/* Status */

static guint
count_connected (GVariant *peers)
{
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (peers); i++)
    {
      g_autoptr (GVariant) peer = g_variant_get_child_value (peers, i);

      n += is_connected (peer) ? 1 : 0;
    }
  return n;
}

/* Of those of this device, the circuits or the others. */
static GVariant *
choose_addresses (GVariant *properties, gboolean circuits)
{
  g_autoptr (GVariant) addresses = get_list (properties, "ListenAddresses", "as");
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  for (gsize i = 0; addresses != NULL && i < g_variant_n_children (addresses); i++)
    {
      g_autofree char *plain = NULL;
      const char *address;

      g_variant_get_child (addresses, i, "&s", &address);
      plain = without_peer_id (address, get_text (properties, "PeerId"));
      if (is_circuit (plain) == circuits)
        g_variant_builder_add (&builder, "s", plain);
    }
  return g_variant_builder_end (&builder);
}

static gboolean
is_global (const char *text, GSocketFamily family)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL && g_inet_address_get_family (address) == family &&
         peerup_ip_is_global (g_inet_address_to_bytes (address), g_inet_address_get_native_size (address));
}

/* An address of the internet on any interface that is up. */
static gboolean
has_global (GVariant *network, GSocketFamily family)
{
  g_autoptr (GVariant) interfaces = get_list (network, "interfaces", "aa{sv}");

  for (gsize i = 0; interfaces != NULL && i < g_variant_n_children (interfaces); i++)
    {
      g_autoptr (GVariant) interface = g_variant_get_child_value (interfaces, i);
      g_autoptr (GVariant) addresses = get_list (interface, "addresses", "as");

      for (gsize j = 0; addresses != NULL && get_flag (interface, "up") && j < g_variant_n_children (addresses); j++)
        {
          const char *address;

          g_variant_get_child (addresses, j, "&s", &address);
          if (is_global (address, family))
            return TRUE;
        }
    }
  return FALSE;
}

static gboolean
has_interface (GVariant *network)
{
  g_autoptr (GVariant) interfaces = get_list (network, "interfaces", "aa{sv}");

  for (gsize i = 0; interfaces != NULL && i < g_variant_n_children (interfaces); i++)
    {
      g_autoptr (GVariant) interface = g_variant_get_child_value (interfaces, i);

      if (get_flag (interface, "up"))
        return TRUE;
    }
  return FALSE;
}

/* What servers told of us, by the first family of which something is known: the original asks by IPv4 alone. */
static void
add_nat (GVariantBuilder *members, GVariant *network)
{
  g_autoptr (GVariant) nat = get_list (network, "nat", "aa{sv}");
  g_auto (GVariantBuilder) seen = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  const char *type = "";
  gboolean any = FALSE;

  for (gsize i = 0; nat != NULL && i < g_variant_n_children (nat); i++)
    {
      g_autoptr (GVariant) facts = g_variant_get_child_value (nat, i);
      const char *mapped = get_text (facts, "mapped");

      if (type[0] == '\0')
        type = get_text (facts, "nat_type");
      if (mapped[0] == '\0')
        continue;
      g_variant_builder_add (&seen, "s", mapped);
      any = TRUE;
    }
  add_text_if_any (members, "nat_type", type);
  if (any)
    add (members, "stun_external_addrs", g_variant_builder_end (&seen));
}

static GVariant *
describe_reach (GVariant *network)
{
  PeerupHttpOriginalReach reach;
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  peerup_http_original_reach (get_text (network, "grade"), get_text (network, "sentence"),
                              has_global (network, G_SOCKET_FAMILY_IPV6), has_global (network, G_SOCKET_FAMILY_IPV4),
                              has_interface (network), &reach);
  add_text (&members, "grade", reach.grade);
  add_text (&members, "label", reach.label);
  add_text (&members, "description", reach.description);
  return g_variant_builder_end (&members);
}

GVariant *
peerup_http_original_status (GVariant *properties, GVariant *peers, GVariant *services, GVariant *network, gint64 now)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  gint64 started_at = get_number (properties, "StartedAt");

  add_text (&members, "peer_id", get_text (properties, "PeerId"));
  add_text (&members, "version", get_text (properties, "Version"));
  add_count (&members, "uptime_seconds", started_at > 0 ? MAX (now - started_at, 0) : 0);
  add_count (&members, "connected_peers", count_connected (peers));
  add (&members, "listen_addresses", choose_addresses (properties, FALSE));
  add (&members, "relay_addresses", choose_addresses (properties, TRUE));
  add_count (&members, "services_count", g_variant_n_children (services));
  add_flag (&members, "has_global_ipv6", has_global (network, G_SOCKET_FAMILY_IPV6));
  add_flag (&members, "has_global_ipv4", has_global (network, G_SOCKET_FAMILY_IPV4));
  add_nat (&members, network);
  add_flag (&members, "is_relaying", g_str_equal (get_text (properties, "RelayState"), "serving"));
  add (&members, "reachability", describe_reach (network));
  return g_variant_builder_end (&members);
}

/* Services */

static GVariant *
describe_service (GVariant *service)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const char *name = get_text (service, "name");
  g_autofree char *protocol = g_strdup_printf ("/peerup/%s/1.0.0", name);

  add_text (&members, "name", name);
  add_text (&members, "protocol", protocol);
  add_text (&members, "local_address", get_text (service, "address"));
  add_flag (&members, "enabled", get_flag (service, "enabled"));
  return g_variant_builder_end (&members);
}

/* One of each of @all. */
static GVariant *
describe_each (GVariant *all, GVariant *(*describe) (GVariant *) )
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < g_variant_n_children (all); i++)
    {
      g_autoptr (GVariant) one = g_variant_get_child_value (all, i);

      g_variant_builder_add_value (&builder, describe (one));
    }
  return g_variant_builder_end (&builder);
}

GVariant *
peerup_http_original_services (GVariant *services)
{
  return describe_each (services, describe_service);
}

/* Peers */

static GVariant *
list_addresses (GVariant *peer, GVariant *addresses)
{
  g_autoptr (GVariant) known = get_list (addresses, get_text (peer, "id"), "as");
  const char *current = get_text (peer, "address");
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  gsize n = known != NULL ? g_variant_n_children (known) : 0;

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *plain = NULL;
      const char *address;

      g_variant_get_child (known, i, "&s", &address);
      plain = without_peer_id (address, get_text (peer, "id"));
      g_variant_builder_add (&builder, "s", plain);
    }
  if (n == 0 && current[0] != '\0')
    g_variant_builder_add (&builder, "s", current);
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_peer (GVariant *peer, GVariant *addresses)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add_text (&members, "id", get_text (peer, "id"));
  add (&members, "addresses", list_addresses (peer, addresses));
  add_text_if_any (&members, "agent_version", get_text (peer, "agent"));
  return g_variant_builder_end (&members);
}

static gboolean
is_of_peerup (GVariant *peer)
{
  const char *agent = get_text (peer, "agent");

  return g_str_has_prefix (agent, "peerup/") || g_str_has_prefix (agent, "relay-server/");
}

GVariant *
peerup_http_original_peers (GVariant *peers, GVariant *addresses, gboolean all)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < g_variant_n_children (peers); i++)
    {
      g_autoptr (GVariant) peer = g_variant_get_child_value (peers, i);

      if (is_connected (peer) && (all || is_of_peerup (peer)))
        g_variant_builder_add_value (&builder, describe_peer (peer, addresses));
    }
  return g_variant_builder_end (&builder);
}

/* Paths */

static const char *
find_transport (const char *address, const char *transport)
{
  if (strstr (address, "/quic") != NULL || g_str_equal (transport, "quic-v1"))
    return "quic";
  if (strstr (address, "/ws") != NULL || g_str_equal (transport, "websocket"))
    return "websocket";
  if (strstr (address, "/tcp") != NULL || g_str_equal (transport, "tcp"))
    return "tcp";
  return "unknown";
}

static const char *
find_ip_version (const char *address)
{
  if (strstr (address, "/ip6/") != NULL)
    return "ipv6";
  return strstr (address, "/ip4/") != NULL ? "ipv4" : "unknown";
}

static GVariant *
describe_path (GVariant *peer)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const char *address = get_text (peer, "address");
  gint64 rtt = get_number (peer, "rtt_us");

  add_text (&members, "peer_id", get_text (peer, "id"));
  add_text (&members, "path_type", get_path_type (get_text (peer, "path")));
  add_text (&members, "address", address);
  add_time (&members, "connected_at", get_number (peer, "connected_at"));
  add_text (&members, "transport", find_transport (address, get_text (peer, "transport")));
  add_text (&members, "ip_version", find_ip_version (address));
  if (rtt > 0)
    add_number (&members, "last_rtt_ms", to_milliseconds (rtt));
  return g_variant_builder_end (&members);
}

GVariant *
peerup_http_original_paths (GVariant *peers)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < g_variant_n_children (peers); i++)
    {
      g_autoptr (GVariant) peer = g_variant_get_child_value (peers, i);

      if (is_connected (peer))
        g_variant_builder_add_value (&builder, describe_path (peer));
    }
  return g_variant_builder_end (&builder);
}

/* Authorized peers */

static GVariant *
describe_authorized (GVariant *peer)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  gint64 expires_at = get_number (peer, "expires_at");

  add_text (&members, "peer_id", get_text (peer, "peer_id"));
  add_text_if_any (&members, "comment", get_text (peer, "comment"));
  add_text_if_any (&members, "verified", get_text (peer, "fingerprint"));
  if (expires_at > 0)
    add_time (&members, "expires_at", expires_at);
  add_text_if_any (&members, "group", get_text (peer, "group"));
  return g_variant_builder_end (&members);
}

GVariant *
peerup_http_original_auth (GVariant *authorized)
{
  return describe_each (authorized, describe_authorized);
}

/* Diagnosis */

/* A relayed peer's address is the circuit, of which only the relay's part may be known. */
static char *
find_hop_address (GVariant *hop, GVariant *before)
{
  const char *address = get_text (hop, "address");
  const char *relay = before != NULL ? get_text (before, "address") : "";

  if (address[0] != '\0' || relay[0] == '\0')
    return g_strdup (address);
  return g_strconcat (relay, "/p2p/", get_text (before, "peer_id"), "/p2p-circuit", NULL);
}

static GVariant *
describe_hop (guint number, GVariant *hop, GVariant *before)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *address = find_hop_address (hop, before);
  gint64 rtt = get_number (hop, "rtt_us");

  add_count (&members, "hop", number);
  add_text (&members, "peer_id", get_text (hop, "peer_id"));
  add_text_if_any (&members, "name", get_text (hop, "name"));
  add_text_if_any (&members, "address", address);
  add_number (&members, "rtt_ms", MAX (to_milliseconds (rtt), 0.0));
  if (rtt < 0)
    add_text (&members, "error", "it did not answer by itself");
  return g_variant_builder_end (&members);
}

static GVariant *
describe_hops (GVariant *trace)
{
  g_autoptr (GVariant) hops = get_list (trace, "hops", "aa{sv}");
  g_autoptr (GVariant) before = NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; hops != NULL && i < g_variant_n_children (hops); i++)
    {
      g_autoptr (GVariant) hop = g_variant_get_child_value (hops, i);

      g_variant_builder_add_value (&builder, describe_hop ((guint) i + 1, hop, before));
      g_clear_pointer (&before, g_variant_unref);
      before = g_steal_pointer (&hop);
    }
  return g_variant_builder_end (&builder);
}

GVariant *
peerup_http_original_trace (const char *target, GVariant *trace)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add_text (&members, "target", target);
  add_text (&members, "target_id", get_text (trace, "peer_id"));
  add_text (&members, "path", get_path_type (get_text (trace, "path")));
  add (&members, "hops", describe_hops (trace));
  return g_variant_builder_end (&members);
}

GVariant *
peerup_http_original_resolve (const char *name, GVariant *answer)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const char *source = get_text (answer, "source");

  add_text (&members, "name", name);
  add_text (&members, "peer_id", get_text (answer, "peer_id"));
  add_text (&members, "source", g_str_equal (source, "name") ? "local_config" : source);
  return g_variant_builder_end (&members);
}

GVariant *
peerup_http_original_ping (guint seq, const char *peer_id, guint64 rtt, const char *path, const char *error)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add_count (&members, "seq", seq);
  add_text (&members, "peer_id", peer_id);
  add_number (&members, "rtt_ms", to_milliseconds ((gint64) rtt));
  add_text (&members, "path", get_path_type (path));
  add_text (&members, "error", error != NULL ? error : "");
  return g_variant_builder_end (&members);
}

typedef struct
{
  guint received;
  double sum, min, max;
} Times;

static Times
read_times (GVariant *results)
{
  Times times = { 0 };

  for (gsize i = 0; i < g_variant_n_children (results); i++)
    {
      g_autoptr (GVariant) result = g_variant_get_child_value (results, i);
      double rtt = 0;

      if (get_text (result, "error")[0] != '\0')
        continue;
      g_variant_lookup (result, "rtt_ms", "d", &rtt);
      times.sum += rtt;
      times.min = times.received == 0 ? rtt : MIN (times.min, rtt);
      times.max = MAX (times.max, rtt);
      times.received++;
    }
  return times;
}

static GVariant *
describe_stats (GVariant *results)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint sent = (guint) g_variant_n_children (results);
  Times times = read_times (results);
  guint lost = sent - times.received;

  add_count (&members, "sent", sent);
  add_count (&members, "received", times.received);
  add_count (&members, "lost", lost);
  add_number (&members, "loss_pct", sent > 0 ? (double) lost / sent * 100 : 0);
  add_number (&members, "min_ms", times.min);
  add_number (&members, "avg_ms", times.received > 0 ? times.sum / times.received : 0);
  add_number (&members, "max_ms", times.max);
  return g_variant_builder_end (&members);
}

GVariant *
peerup_http_original_pings (GVariant *results)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add (&members, "results", results);
  add (&members, "stats", describe_stats (results));
  return g_variant_builder_end (&members);
}
