/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Words and tabs as the original's programs print them. Texts of peers stand in lines of their own kind: what would
 * break a line was refused or replaced where it came in, and here control characters become spaces all the same.
 */
#include "http/peerup-http-original-text.h"

/* How much of a peer ID is shown. */
#define SHORT_ID 16

static const char *
get_text (GVariant *dict, const char *key)
{
  const char *text = "";

  g_variant_lookup (dict, key, "&s", &text);
  return text;
}

static gint64
get_count (GVariant *dict, const char *key)
{
  gint64 count = 0;

  g_variant_lookup (dict, key, "x", &count);
  return count;
}

static double
get_number (GVariant *dict, const char *key)
{
  double number = 0;

  g_variant_lookup (dict, key, "d", &number);
  return number;
}

static const char *
get_truth (GVariant *dict, const char *key)
{
  gboolean flag = FALSE;

  g_variant_lookup (dict, key, "b", &flag);
  return flag ? "true" : "false";
}

static void
append_clean (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    g_string_append_c (out, (guchar) *p < ' ' || *p == 0x7f ? ' ' : *p);
}

static void
append_member (GString *out, const char *before, GVariant *dict, const char *key)
{
  g_string_append (out, before);
  append_clean (out, get_text (dict, key));
}

static void
append_short (GString *out, const char *peer_id)
{
  g_string_append_len (out, peer_id, (gssize) MIN (strlen (peer_id), SHORT_ID));
  if (strlen (peer_id) > SHORT_ID)
    g_string_append (out, "...");
}

/* "name: 2" and a line for each. */
static void
append_list (GString *out, GVariant *dict, const char *key)
{
  g_autoptr (GVariant) list = g_variant_lookup_value (dict, key, G_VARIANT_TYPE_STRING_ARRAY);
  gsize n = list != NULL ? g_variant_n_children (list) : 0;

  g_string_append_printf (out, "%s: %" G_GSIZE_FORMAT "\n", key, n);
  for (gsize i = 0; i < n; i++)
    {
      const char *text;

      g_variant_get_child (list, i, "&s", &text);
      g_string_append_printf (out, "  %s\n", text);
    }
}

static void
append_reach (GString *out, GVariant *data)
{
  g_autoptr (GVariant) reach = g_variant_lookup_value (data, "reachability", G_VARIANT_TYPE_VARDICT);

  if (reach != NULL)
    g_string_append_printf (out, "reachability: [%s] %s - %s\n", get_text (reach, "grade"), get_text (reach, "label"),
                            get_text (reach, "description"));
}

char *
peerup_http_original_status_text (GVariant *data)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GVariant) seen = g_variant_lookup_value (data, "stun_external_addrs", NULL);

  g_string_append_printf (out, "peer_id: %s\n", get_text (data, "peer_id"));
  g_string_append_printf (out, "version: %s\n", get_text (data, "version"));
  g_string_append_printf (out, "uptime: %" G_GINT64_FORMAT "s\n", get_count (data, "uptime_seconds"));
  g_string_append_printf (out, "connected_peers: %" G_GINT64_FORMAT "\n", get_count (data, "connected_peers"));
  g_string_append_printf (out, "services: %" G_GINT64_FORMAT "\n", get_count (data, "services_count"));
  g_string_append_printf (out, "global_ipv6: %s\n", get_truth (data, "has_global_ipv6"));
  g_string_append_printf (out, "global_ipv4: %s\n", get_truth (data, "has_global_ipv4"));
  g_string_append_printf (out, "is_relaying: %s\n", get_truth (data, "is_relaying"));
  append_reach (out, data);
  if (get_text (data, "nat_type")[0] != '\0')
    g_string_append_printf (out, "nat_type: %s\n", get_text (data, "nat_type"));
  if (seen != NULL)
    append_list (out, data, "stun_external_addrs");
  append_list (out, data, "listen_addresses");
  append_list (out, data, "relay_addresses");
  return g_string_free (out, FALSE);
}

/* A line for each of @list. */
static char *
write_lines (GVariant *list, void (*append) (GString *, GVariant *))
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) one = g_variant_get_child_value (list, i);

      append (out, one);
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}

static void
append_service (GString *out, GVariant *service)
{
  gboolean enabled = g_str_equal (get_truth (service, "enabled"), "true");

  append_member (out, "", service, "name");
  append_member (out, "\t", service, "local_address");
  append_member (out, "\t", service, "protocol");
  g_string_append (out, enabled ? "\tenabled" : "\tdisabled");
}

char *
peerup_http_original_services_text (GVariant *data)
{
  return write_lines (data, append_service);
}

static void
append_peer (GString *out, GVariant *peer)
{
  g_autoptr (GVariant) addresses = g_variant_lookup_value (peer, "addresses", G_VARIANT_TYPE_STRING_ARRAY);
  gsize n = addresses != NULL ? g_variant_n_children (addresses) : 0;

  append_short (out, get_text (peer, "id"));
  if (get_text (peer, "agent_version")[0] != '\0')
    append_member (out, "\t", peer, "agent_version");
  else
    g_string_append (out, "\tunknown");
  g_string_append_printf (out, "\t%" G_GSIZE_FORMAT " addrs", n);
}

char *
peerup_http_original_peers_text (GVariant *data)
{
  return write_lines (data, append_peer);
}

static void
append_path (GString *out, GVariant *path)
{
  double rtt = get_number (path, "last_rtt_ms");

  append_short (out, get_text (path, "peer_id"));
  append_member (out, "\t", path, "path_type");
  append_member (out, "\t", path, "transport");
  append_member (out, "\t", path, "ip_version");
  if (rtt > 0)
    g_string_append_printf (out, "\trtt=%.1fms", rtt);
  else
    g_string_append (out, "\trtt=-");
}

char *
peerup_http_original_paths_text (GVariant *data)
{
  return write_lines (data, append_path);
}

static void
append_authorized (GString *out, GVariant *peer)
{
  append_member (out, "", peer, "peer_id");
  if (get_text (peer, "comment")[0] != '\0')
    append_member (out, "\t# ", peer, "comment");
}

char *
peerup_http_original_auth_text (GVariant *data)
{
  return write_lines (data, append_authorized);
}

/* What somebody asked for, and whom it means. */
static void
append_title (GString *out, const char *word, const char *peer, const char *peer_id)
{
  g_string_append (out, word);
  append_clean (out, peer);
  g_string_append (out, " (");
  append_short (out, peer_id);
  g_string_append (out, "):\n");
}

static void
append_ping (GString *out, GVariant *ping)
{
  g_string_append_printf (out, "seq=%" G_GINT64_FORMAT, get_count (ping, "seq"));
  if (get_text (ping, "error")[0] != '\0')
    {
      append_member (out, " error=", ping, "error");
      return;
    }
  g_string_append_printf (out, " rtt=%.1fms", get_number (ping, "rtt_ms"));
  append_member (out, " path=[", ping, "path");
  g_string_append_c (out, ']');
}

char *
peerup_http_original_pings_text (const char *peer, const char *peer_id, GVariant *data)
{
  g_autoptr (GVariant) results = g_variant_lookup_value (data, "results", G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) stats = g_variant_lookup_value (data, "stats", G_VARIANT_TYPE_VARDICT);
  g_autofree char *lines = write_lines (results, append_ping);
  GString *out = g_string_new (NULL);

  append_title (out, "PING ", peer, peer_id);
  g_string_append (out, lines);
  g_string_append (out, "--- ");
  append_clean (out, peer);
  g_string_append (out, " ping statistics ---\n");
  g_string_append_printf (out, "%" G_GINT64_FORMAT " sent, %" G_GINT64_FORMAT " received, %.0f%% loss, ",
                          get_count (stats, "sent"), get_count (stats, "received"), get_number (stats, "loss_pct"));
  g_string_append_printf (out, "rtt min/avg/max = %.1f/%.1f/%.1f ms\n", get_number (stats, "min_ms"),
                          get_number (stats, "avg_ms"), get_number (stats, "max_ms"));
  return g_string_free (out, FALSE);
}

static void
append_hop (GString *out, GVariant *hop)
{
  gboolean failed = get_text (hop, "error")[0] != '\0';

  g_string_append_printf (out, " %" G_GINT64_FORMAT "  ", get_count (hop, "hop"));
  append_short (out, get_text (hop, "peer_id"));
  if (get_text (hop, "name")[0] != '\0' && !failed)
    {
      append_member (out, " (", hop, "name");
      g_string_append_c (out, ')');
    }
  append_member (out, "  ", hop, "address");
  if (failed)
    g_string_append (out, "  *");
  else
    g_string_append_printf (out, "  %.1fms", get_number (hop, "rtt_ms"));
}

char *
peerup_http_original_trace_text (GVariant *data)
{
  g_autoptr (GVariant) hops = g_variant_lookup_value (data, "hops", G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *lines = write_lines (hops, append_hop);
  GString *out = g_string_new (NULL);

  append_title (out, "traceroute to ", get_text (data, "target"), get_text (data, "target_id"));
  g_string_append (out, lines);
  append_member (out, "--- path: [", data, "path");
  g_string_append (out, "] ---\n");
  return g_string_free (out, FALSE);
}

char *
peerup_http_original_resolve_text (GVariant *data)
{
  GString *out = g_string_new (NULL);

  append_member (out, "", data, "name");
  append_member (out, " → ", data, "peer_id");
  append_member (out, " (source: ", data, "source");
  g_string_append (out, ")\n");
  return g_string_free (out, FALSE);
}

char *
peerup_http_original_fields_text (GVariant *data)
{
  GString *out = g_string_new (NULL);
  GVariantIter iter;
  GVariant *value;

  g_variant_iter_init (&iter, data);
  while (g_variant_iter_loop (&iter, "{&sv}", NULL, &value))
    {
      if (out->len > 0)
        g_string_append_c (out, '\t');
      append_clean (out, g_variant_get_string (value, NULL));
    }
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

/* Quoting */

/* As Go has it: of all white space, only the space. */
static gboolean
is_printable (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return c == ' ' || (g_unichar_isprint (c) && type != G_UNICODE_SPACE_SEPARATOR && type != G_UNICODE_LINE_SEPARATOR &&
                      type != G_UNICODE_PARAGRAPH_SEPARATOR);
}

static void
append_quoted (GString *out, gunichar c)
{
  static const char from[] = "\a\b\f\n\r\t\v\\\"";
  static const char to[] = "abfnrtv\\\"";
  const char *found = c < 0x80 ? memchr (from, (int) c, sizeof from - 1) : NULL;

  if (found != NULL)
    g_string_append_printf (out, "\\%c", to[found - from]);
  else if (is_printable (c))
    g_string_append_unichar (out, c);
  else if (c < ' ' || c == 0x7f)
    g_string_append_printf (out, "\\x%02x", c);
  else
    g_string_append_printf (out, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

char *
peerup_http_original_quote (const char *text)
{
  GString *out = g_string_new ("\"");

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    append_quoted (out, g_utf8_get_char (p));
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}
