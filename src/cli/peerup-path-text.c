/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The facts and figures of paths as a person reads them: units that fit, and “not known”
 * where the transport does not tell. For programs there is --json.
 */
#include "cli/peerup-path-text.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-cli.h"

/* Characters of an ID that stay at each end: all IDs of our kind begin with the same eight. */
#define ID_END 8

char *
peerup_path_text_peer (GVariant *dict, const char *id_key)
{
  const char *name = peerup_answer_get_string (dict, "name");
  const char *id = peerup_answer_get_string (dict, id_key);
  gsize length = strlen (id);

  if (name[0] != '\0')
    return g_strdup (name);
  if (length <= 2 * ID_END + 1)
    return g_strdup (id);
  return g_strdup_printf ("%.*s…%s", ID_END, id, id + length - ID_END);
}

char *
peerup_path_text_path (GVariant *dict)
{
  const char *path = peerup_cli_word (peerup_answer_get_string (dict, "path"));
  const char *transport = peerup_answer_get_string (dict, "transport");

  if (g_str_equal (transport, "relay") || transport[0] == '\0')
    return g_strdup (path);
  if (g_str_equal (transport, "quic-v1"))
    return g_strdup_printf ("%s, QUIC", path);
  if (g_str_equal (transport, "tcp"))
    return g_strdup_printf ("%s, TCP", path);
  if (g_str_equal (transport, "websocket"))
    return g_strdup_printf ("%s, WebSocket", path);
  return g_strdup_printf ("%s, %s", path, transport);
}

static char *
format_streams_count (guint64 n)
{
  if (n == 0)
    return g_strdup (_ ("no streams"));
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%" PRIu64 " stream", "%" PRIu64 " streams", (gulong) n), n);
}

char *
peerup_path_text_state (GVariant *peer)
{
  const char *state = peerup_answer_get_string (peer, "state");
  guint64 n_connections = peerup_answer_get_number (peer, "connections");
  g_autofree char *path = peerup_path_text_path (peer);
  g_autofree char *streams = format_streams_count (peerup_answer_get_number (peer, "streams"));
  g_autoptr (GString) text = g_string_new (path);
  guint64 rtt;

  if (!g_str_equal (state, "connected"))
    return g_strdup (g_str_equal (state, "connecting") ? _ ("connecting…") : _ ("not connected"));
  if (peerup_answer_lookup_number (peer, "rtt_us", &rtt))
    {
      g_autofree char *round_trip = peerup_cli_format_rtt (rtt);

      g_string_append_printf (text, ", %s", round_trip);
    }
  g_string_append_printf (text, ", %s", streams);
  if (n_connections > 1)
    g_string_append_printf (text,
                            g_dngettext (GETTEXT_PACKAGE, ", %" PRIu64 " connection", ", %" PRIu64 " connections",
                                         (gulong) n_connections),
                            n_connections);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

static char *
format_time (GVariant *dict, const char *key)
{
  guint64 microseconds;

  return peerup_answer_lookup_number (dict, key, &microseconds) ? peerup_cli_format_rtt (microseconds)
                                                                : g_strdup (_ ("not known"));
}

static char *
format_bytes (GVariant *dict, const char *key)
{
  return peerup_cli_format_bytes (peerup_answer_get_number (dict, key));
}

static char *
format_age (GVariant *dict)
{
  return peerup_cli_format_duration (peerup_answer_get_number (dict, "age_us") / G_USEC_PER_SEC);
}

static char *
format_round_trip (GVariant *connection)
{
  g_autofree char *smoothed = format_time (connection, "rtt_us");
  g_autofree char *least = format_time (connection, "rtt_min_us");
  g_autofree char *variation = format_time (connection, "rtt_variation_us");

  if (!g_variant_lookup (connection, "rtt_min_us", "x", NULL))
    return g_steal_pointer (&smoothed);
  return g_strdup_printf (_ ("%s; %s at best, %s of variation"), smoothed, least, variation);
}

static char *
format_sent (GVariant *connection)
{
  g_autofree char *bytes = format_bytes (connection, "bytes_sent");
  guint64 lost = peerup_answer_get_number (connection, "packets_lost"), packets;

  if (!peerup_answer_lookup_number (connection, "packets_sent", &packets) || packets == 0)
    return g_steal_pointer (&bytes);
  return g_strdup_printf (_ ("%s in %" PRIu64 " packets, %" PRIu64 " lost (%.2f %%)"), bytes, packets, lost,
                          100.0 * lost / packets);
}

static char *
format_in_flight (GVariant *connection)
{
  g_autofree char *in_flight = format_bytes (connection, "bytes_in_flight");
  g_autofree char *window = format_bytes (connection, "congestion_window");

  if (!g_variant_lookup (connection, "congestion_window", "t", NULL))
    return g_strdup (_ ("not known"));
  return g_strdup_printf (_ ("%s, with a congestion window of %s"), in_flight, window);
}

static char *
format_mtu (GVariant *connection)
{
  guint64 mtu;

  if (!peerup_answer_lookup_number (connection, "path_mtu", &mtu))
    return g_strdup (_ ("not known"));
  return g_strdup_printf (_ ("%" PRIu64 " bytes of payload"), mtu);
}

static char *
format_rate (GVariant *connection)
{
  guint64 rate;

  if (!peerup_answer_lookup_number (connection, "delivery_rate", &rate))
    return g_strdup (_ ("not known"));
  return peerup_cli_format_rate (rate);
}

static const char *
or_unknown (const char *text)
{
  return text[0] != '\0' ? text : _ ("not known");
}

static char *
format_figures (GVariant *connection)
{
  PeerupTable *table = peerup_table_new ("  ", 2);
  g_autofree char *security =
    g_strdup_printf (_ ("%s, streams by %s"), peerup_answer_get_string (connection, "security"),
                     peerup_answer_get_string (connection, "muxer"));
  g_autofree char *round_trip = format_round_trip (connection);
  g_autofree char *received = format_bytes (connection, "bytes_received");
  g_autofree char *sent = format_sent (connection);
  g_autofree char *in_flight = format_in_flight (connection);
  g_autofree char *rate = format_rate (connection);
  g_autofree char *mtu = format_mtu (connection);

  peerup_table_add (table, _ ("peer ID"), peerup_answer_get_string (connection, "peer_id"));
  peerup_table_add (table, _ ("this end"), or_unknown (peerup_answer_get_string (connection, "local_address")));
  peerup_table_add (table, _ ("other end"), or_unknown (peerup_answer_get_string (connection, "remote_address")));
  peerup_table_add (table, _ ("security"), security);
  peerup_table_add (table, _ ("round trip"), round_trip);
  peerup_table_add (table, _ ("received"), received);
  peerup_table_add (table, _ ("sent"), sent);
  peerup_table_add (table, _ ("in flight"), in_flight);
  peerup_table_add (table, _ ("delivery rate"), rate);
  peerup_table_add (table, _ ("path MTU"), mtu);
  return peerup_table_end (table);
}

static char *
format_streams (GVariant *connection)
{
  g_autoptr (GVariant) streams = peerup_answer_get_list (connection, "streams");
  PeerupTable *table = peerup_table_new ("    ", 4);

  for (gsize i = 0; i < g_variant_n_children (streams); i++)
    {
      g_autoptr (GVariant) stream = g_variant_get_child_value (streams, i);
      const char *protocol = peerup_answer_get_string (stream, "protocol");
      g_autofree char *in = format_bytes (stream, "bytes_received");
      g_autofree char *out = format_bytes (stream, "bytes_sent");
      g_autofree char *age = format_age (stream);
      g_autofree char *received = g_strdup_printf (_ ("%s received"), in);
      g_autofree char *sent = g_strdup_printf (_ ("%s sent"), out);
      g_autofree char *open = g_strdup_printf (_ ("open for %s"), age);

      peerup_table_add (table, protocol[0] != '\0' ? protocol : _ ("(being negotiated)"), received, sent, open);
    }
  return peerup_table_end (table);
}

static void
append_connection (GString *out, GVariant *connection)
{
  g_autofree char *peer = peerup_path_text_peer (connection, "peer_id");
  g_autofree char *path = peerup_path_text_path (connection);
  g_autofree char *age = format_age (connection);
  g_autofree char *figures = format_figures (connection);
  g_autofree char *streams = format_streams (connection);
  g_autofree char *count = format_streams_count (peerup_answer_get_number (connection, "n_streams"));

  g_string_append_printf (out, "%s%s: %s, ", out->len > 0 ? "\n" : "", peer, path);
  g_string_append_printf (out,
                          peerup_answer_get_flag (connection, "outbound") ? _ ("dialed from here %s ago")
                                                                          : _ ("dialed by the peer %s ago"),
                          age);
  g_string_append_printf (out, "%s\n",
                          peerup_answer_get_flag (connection, "limited") ? _ (", limited by the relay") : "");
  g_string_append_printf (out, "%s  %s\n%s", figures, count, streams);
}

char *
peerup_path_text_connections (GVariant *connections)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (connections); i++)
    {
      g_autoptr (GVariant) connection = g_variant_get_child_value (connections, i);

      append_connection (out, connection);
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}

/* What is said of a relay that has a reservation of ours. */
static char *
format_reserved (GVariant *relay)
{
  GString *text =
    g_string_new (peerup_answer_get_flag (relay, "silent") ? _ ("does not answer for now")
                                                           : _ ("peers can reach this device through it"));
  guint64 rtt;

  if (peerup_answer_lookup_number (relay, "rtt_us", &rtt))
    {
      g_autofree char *time = peerup_cli_format_rtt (rtt);

      g_string_append_printf (text, ", %s", time);
    }
  if (peerup_answer_get_flag (relay, "preferred"))
    g_string_append (text, _ (", preferred"));
  if (peerup_answer_get_flag (relay, "limited"))
    g_string_append (text, _ (", within its limits"));
  return g_string_free_and_steal (text);
}

char *
peerup_path_text_relay (GVariant *relay)
{
  const char *state = peerup_answer_get_string (relay, "state");
  const char *error = peerup_answer_get_string (relay, "error");
  const char *whose = g_str_equal (peerup_answer_get_string (relay, "origin"), "peer") ? _ ("a peer; ") : "";

  if (g_str_equal (state, "reserved"))
    {
      g_autofree char *reserved = format_reserved (relay);

      return g_strconcat (whose, reserved, NULL);
    }
  if (error[0] == '\0')
    return g_strconcat (whose, peerup_cli_word (state), NULL);
  return g_strdup_printf ("%s%s: %s", whose,
                          g_str_equal (state, "waiting") ? _ ("tried again soon") : peerup_cli_word (state), error);
}
