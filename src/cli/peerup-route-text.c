/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the engine tells of ways and addresses, for people and, where the first Peer-Up had names for it, for scripts
 * that know those. It asks nobody.
 */
#include "cli/peerup-route-text.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli.h"
#include "cli/peerup-path-text.h"

#define WIDTH 80
/* Of what happened to a peer's paths. */
#define EVENTS_SHOWN 5

static char *
format_time (GVariant *dict, const char *key)
{
  guint64 microseconds;

  return peerup_answer_lookup_number (dict, key, &microseconds) ? peerup_cli_format_rtt (microseconds) : NULL;
}

static void
append_wrapped (GString *out, const char *text, const char *indent)
{
  g_autofree char *wrapped = text[0] != '\0' ? peerup_cli_wrap (text, indent, WIDTH) : NULL;

  if (wrapped != NULL)
    g_string_append (out, wrapped);
}

/* Trace */

static char *
format_leg (GVariant *hop, gsize index)
{
  g_autofree char *total = format_time (hop, "rtt_us");
  g_autofree char *leg = format_time (hop, "leg_us");

  if (total == NULL)
    return g_strdup (_ ("no answer"));
  if (index == 0 || leg == NULL)
    return g_steal_pointer (&total);
  return g_strdup_printf (_ ("%s, of which this leg %s"), total, leg);
}

static void
add_hop (PeerupTable *table, GVariant *hop, gsize index)
{
  g_autofree char *number = g_strdup_printf ("%" G_GSIZE_FORMAT, index + 1);
  g_autofree char *peer = peerup_path_text_peer (hop, "peer_id");
  g_autofree char *time = format_leg (hop, index);
  const char *address = peerup_answer_get_string (hop, "address");

  peerup_table_add (table, number, peer, time, address[0] != '\0' ? address : NULL);
}

static const char *
path_phrase (GVariant *trace)
{
  const char *path = peerup_answer_get_string (trace, "path");

  if (g_str_equal (path, "relayed"))
    return _ ("through a relay");
  return g_str_equal (path, "punched") ? _ ("direct, through NATs that both sides opened") : _ ("direct");
}

char *
peerup_route_text_trace (GVariant *trace, const char *target)
{
  g_autoptr (GVariant) hops = peerup_answer_get_list (trace, "hops");
  PeerupTable *table = peerup_table_new ("  ", 4);
  GString *out = g_string_new (NULL);
  g_autofree char *rows = NULL;

  for (gsize i = 0; i < g_variant_n_children (hops); i++)
    {
      g_autoptr (GVariant) hop = g_variant_get_child_value (hops, i);

      add_hop (table, hop, i);
    }
  rows = peerup_table_end (table);
  g_string_append_printf (out, "%s (%s): %s\n%s", target, peerup_answer_get_string (trace, "peer_id"),
                          path_phrase (trace), rows);
  append_wrapped (out, peerup_answer_get_string (trace, "explanation"), "");
  return g_string_free_and_steal (out);
}

static void
copy_string (GVariantDict *dict, const char *key, GVariant *from, const char *from_key)
{
  const char *text = peerup_answer_get_string (from, from_key);

  if (text[0] != '\0')
    g_variant_dict_insert (dict, key, "s", text);
}

static void
copy_milliseconds (GVariantDict *dict, const char *key, GVariant *from, const char *from_key)
{
  guint64 microseconds;

  if (peerup_answer_lookup_number (from, from_key, &microseconds))
    g_variant_dict_insert (dict, key, "d", microseconds / 1000.0);
}

static GVariant *
describe_hop (GVariant *hop, guint number)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "hop", "u", number);
  copy_string (&dict, "peer_id", hop, "peer_id");
  copy_string (&dict, "name", hop, "name");
  copy_string (&dict, "address", hop, "address");
  copy_string (&dict, "transport", hop, "transport");
  copy_milliseconds (&dict, "rtt_ms", hop, "rtt_us");
  copy_milliseconds (&dict, "leg_ms", hop, "leg_us");
  return g_variant_dict_end (&dict);
}

GVariant *
peerup_route_describe_trace (GVariant *trace, const char *target)
{
  g_autoptr (GVariant) hops = peerup_answer_get_list (trace, "hops");
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  for (gsize i = 0; i < g_variant_n_children (hops); i++)
    {
      g_autoptr (GVariant) hop = g_variant_get_child_value (hops, i);

      g_variant_builder_add_value (&builder, describe_hop (hop, i + 1));
    }
  g_variant_dict_insert (&dict, "target", "s", target);
  copy_string (&dict, "target_id", trace, "peer_id");
  copy_string (&dict, "path", trace, "path");
  copy_string (&dict, "explanation", trace, "explanation");
  g_variant_dict_insert_value (&dict, "hops", g_variant_builder_end (&builder));
  return g_variant_dict_end (&dict);
}

/* Resolve */

char *
peerup_route_text_resolve (GVariant *answer, const char *name)
{
  GString *out = g_string_new (NULL);
  const char *known_as = peerup_answer_get_string (answer, "name");
  g_autofree const char **addresses = NULL;
  g_autoptr (GVariant) list = g_variant_lookup_value (answer, "addresses", G_VARIANT_TYPE_STRING_ARRAY);

  if (list != NULL)
    addresses = g_variant_get_strv (list, NULL);
  g_string_append_printf (out, "%s\n", peerup_answer_get_string (answer, "peer_id"));
  if (known_as[0] != '\0' && !g_str_equal (known_as, name))
    g_string_append_printf (out, _ ("  called %s in the configuration\n"), known_as);
  g_string_append_printf (out, "  %s\n",
                          peerup_answer_get_flag (answer, "connected") ? _ ("connected") : _ ("not connected"));
  for (gsize i = 0; addresses != NULL && addresses[i] != NULL; i++)
    g_string_append_printf (out, "  %s\n", addresses[i]);
  if (addresses == NULL || addresses[0] == NULL)
    g_string_append (out, _ ("  no address is known: add a relay that you share, or give one that ends in /p2p/ID\n"));
  return g_string_free_and_steal (out);
}

GVariant *
peerup_route_describe_resolve (GVariant *answer, const char *name)
{
  g_autoptr (GVariant) addresses = g_variant_lookup_value (answer, "addresses", G_VARIANT_TYPE_STRING_ARRAY);
  const char *source = peerup_answer_get_string (answer, "source");
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "name", "s", name);
  copy_string (&dict, "peer_id", answer, "peer_id");
  g_variant_dict_insert (&dict, "source", "s", g_str_equal (source, "name") ? "local_config" : source);
  g_variant_dict_insert (&dict, "connected", "b", peerup_answer_get_flag (answer, "connected"));
  if (addresses != NULL)
    g_variant_dict_insert_value (&dict, "addresses", addresses);
  return g_variant_dict_end (&dict);
}

/* ListPaths */

static void
append_path (GString *out, GVariant *path)
{
  g_autofree char *what = peerup_path_text_path (path);
  g_autofree char *rtt = format_time (path, "rtt_us");
  g_autofree char *received = peerup_cli_format_bytes (peerup_answer_get_number (path, "bytes_received"));
  g_autofree char *sent = peerup_cli_format_bytes (peerup_answer_get_number (path, "bytes_sent"));
  g_autofree char *age = peerup_cli_format_duration (peerup_answer_get_number (path, "age_us") / G_USEC_PER_SEC);
  guint64 packets, lost = peerup_answer_get_number (path, "packets_lost");

  g_string_append_printf (out, "    %s", what);
  if (peerup_answer_get_flag (path, "silent"))
    g_string_append (out, _ (", gives no answer"));
  else if (rtt != NULL)
    g_string_append_printf (out, ", %s", rtt);
  if (peerup_answer_lookup_number (path, "packets_sent", &packets) && packets > 0)
    g_string_append_printf (out, _ (", %.1f %% lost"), 100.0 * lost / packets);
  g_string_append_printf (out, _ (", %s in, %s out, for %s\n"), received, sent, age);
}

static void
append_event (GString *out, GVariant *event, gint64 now)
{
  static const char *const types[] = { "opened", "closed", "silent", "heard", "moved" };
  static const char *const words[] = { N_ ("new path: "), N_ ("path ended: "), N_ ("no answer any more: "),
                                       N_ ("answers again: "), N_ ("path moved: ") };
  const char *type = peerup_answer_get_string (event, "type");
  const char *word = "";
  gint64 at = 0;
  g_autofree char *age = NULL;
  g_autofree char *line = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (type, types[i]))
      word = _ (words[i]);
  g_variant_lookup (event, "at_us", "x", &at);
  age = peerup_cli_format_duration (MAX (now - at, 0) / G_USEC_PER_SEC);
  line = g_strdup_printf (/* TRANSLATORS: how long ago, and what was: "new path: …" */ _ ("%s ago: %s%s"), age, word,
                          peerup_answer_get_string (event, "text"));
  append_wrapped (out, line, "    ");
}

char *
peerup_route_text_paths (GVariant *paths, gint64 now)
{
  g_autoptr (GVariant) list = peerup_answer_get_list (paths, "paths");
  g_autoptr (GVariant) events = peerup_answer_get_list (paths, "events");
  gsize n_events = g_variant_n_children (events);
  GString *out = g_string_new (NULL);

  append_wrapped (out, peerup_answer_get_string (paths, "explanation"), "    ");
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) path = g_variant_get_child_value (list, i);

      append_path (out, path);
    }
  for (gsize i = n_events - MIN (n_events, EVENTS_SHOWN); i < n_events; i++)
    {
      g_autoptr (GVariant) event = g_variant_get_child_value (events, i);

      append_event (out, event, now);
    }
  return g_string_free_and_steal (out);
}
