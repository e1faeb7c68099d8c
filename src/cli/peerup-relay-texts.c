/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files that "peerup relay setup" makes, out of those in data/, which are part of the
 * program. Text in, text out: nothing is written here.
 */
#include "cli/peerup-relay-texts.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-relay-resources.h"
#include "wire/peerup-error.h"

#define RESOURCES "/dev/peerup/PeerUp/relay/"
#define LINES_MAX 10

static GString *
load (const char *name)
{
  g_autofree char *path = g_strconcat (RESOURCES, name, NULL);
  g_autoptr (GBytes) bytes =
    g_resource_lookup_data (peerup_relay_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_assert (bytes != NULL);
  return g_string_new_len (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static gboolean
is_of (const char *text, const char *more)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr (more, *c) == NULL)
      return FALSE;
  return text[0] != '\0';
}

static gboolean
malformed (GError **error, const char *format, const char *what)
{
  g_autoptr (GString) text = g_string_new (format);

  g_string_replace (text, "WHAT", what, 1);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, text->str);
  return FALSE;
}

gboolean
peerup_relay_plan_check (const PeerupRelayPlan *self, GError **error)
{
  if (!is_of (self->user, "_-") || strlen (self->user) > 31 || g_ascii_isdigit (self->user[0]) || self->user[0] == '-')
    return malformed (error, /* TRANSLATORS: WHAT is replaced by what was given, here and below */
                      _ ("“WHAT” is no name for a user: use letters, digits, - and _"), self->user);
  if (!is_of (self->directory, "/._-+") || self->directory[0] != '/')
    return malformed (error,
                      _ ("the directory “WHAT” cannot be named in a unit of systemd: use letters, digits, . _ - +"),
                      self->directory);
  if (!is_of (self->program, "/._-+") || self->program[0] != '/')
    return malformed (error, _ ("the program “WHAT” cannot be named in a unit of systemd: install it elsewhere"),
                      self->program);
  for (guint i = 0; self->public_addresses != NULL && self->public_addresses[i] != NULL; i++)
    if (!g_hostname_is_ip_address (self->public_addresses[i]) || strchr (self->public_addresses[i], '%') != NULL)
      return malformed (error, _ ("--public-address “WHAT” is no IP address: write it as 203.0.113.7 or 2001:db8::7"),
                        self->public_addresses[i]);
  if (self->port == self->websocket_port)
    return malformed (error, _ ("--port and --websocket-port cannot be the same"), "");
  return TRUE;
}

gboolean
peerup_relay_plan_has_low_port (const PeerupRelayPlan *self)
{
  return self->port < 1024 || (self->websocket_port > 0 && self->websocket_port < 1024);
}

/* A list item for each way to @host, which is as a multiaddr has it. */
static void
append_addresses (GString *out, const char *indent, const char *host, const PeerupRelayPlan *plan)
{
  g_string_append_printf (out, "%s- \"%s/tcp/%u\"\n%s- \"%s/udp/%u/quic-v1\"\n", indent, host, plan->port, indent, host,
                          plan->port);
  if (plan->websocket_port > 0)
    g_string_append_printf (out, "%s- \"%s/tcp/%u/ws\"\n", indent, host, plan->websocket_port);
}

static char *
format_announced (const PeerupRelayPlan *self)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; self->public_addresses != NULL && self->public_addresses[i] != NULL; i++)
    {
      g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (self->public_addresses[i]);
      g_autofree char *literal = g_inet_address_to_string (inet);
      gboolean is_ip4 = g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV4;
      g_autofree char *host = g_strdup_printf ("/%s/%s", is_ip4 ? "ip4" : "ip6", literal);

      g_string_append (out, out->len == 0 ? "\n" : "");
      append_addresses (out, "    ", host, self);
    }
  if (out->len == 0)
    return g_strdup (" []");
  g_string_truncate (out, out->len - 1);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

char *
peerup_relay_text_config (const PeerupRelayPlan *self)
{
  g_autoptr (GString) text = load ("relay-server.yaml.in");
  g_autoptr (GString) listening = g_string_new (NULL);
  g_autofree char *announced = format_announced (self);

  append_addresses (listening, "    ", "/ip4/0.0.0.0", self);
  append_addresses (listening, "    ", "/ip6/::", self);
  g_string_replace (text, "@listen_addresses@", listening->str, 1);
  g_string_replace (text, "@announce@", announced, 1);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

char *
peerup_relay_text_authorized_keys (void)
{
  return g_strdup ("# Peers that may use this relay, one a line: PEER-ID  key=value  # comment\n"
                   "# Manage it with “peerup relay authorize”, or with an editor; changes count at once.\n");
}

char *
peerup_relay_text_nft (const PeerupRelayPlan *self)
{
  g_autoptr (GString) text = load ("relay.nft.in");
  g_autofree char *file = g_build_filename (self->directory, "relay.nft", NULL);
  g_autofree char *port = g_strdup_printf ("%u", self->port);
  g_autofree char *ports =
    self->websocket_port > 0 ? g_strdup_printf ("%u, %u", self->port, self->websocket_port) : g_strdup (port);

  g_string_replace (text, "@file@", file, 0);
  g_string_replace (text, "@tcp_ports@", ports, 0);
  g_string_replace (text, "@udp_port@", port, 0);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

char *
peerup_relay_text_unit (const PeerupRelayPlan *self)
{
  g_autoptr (GString) text = load ("peerup-relay.service.in");
  g_autofree char *directory = g_strconcat (self->directory, "/", NULL);
  g_autofree char *user = g_strdup_printf ("\nUser=%s\nGroup=%s\n", self->user, self->user);

  g_string_replace (text, "@bindir@/peerup", self->program, 0);
  g_string_replace (text, "/etc/peerup/", directory, 0);
  g_string_replace (text, "\nUser=peerup\nGroup=peerup\n", user, 1);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

char *
peerup_relay_text_drop_in (void)
{
  return g_string_free_and_steal (load ("low-ports.conf"));
}

/* Comparing */

static void
append_lines (GString *out, const char *sign, char **lines, guint start, guint end)
{
  for (guint i = start; i < end && i < start + LINES_MAX; i++)
    g_string_append_printf (out, "%s%s%s", out->len > 0 ? "\n" : "", sign, lines[i]);
  if (end > start + LINES_MAX)
    g_string_append_printf (out, /* TRANSLATORS: "+ " or "- " stands in front */ _ ("\n%s… and %u lines more"), sign,
                            end - start - LINES_MAX);
}

char *
peerup_relay_text_compare (const char *present, const char *wanted)
{
  g_auto (GStrv) old = g_strsplit (present, "\n", -1);
  g_auto (GStrv) new = g_strsplit (wanted, "\n", -1);
  guint old_end = g_strv_length (old), new_end = g_strv_length (new), start = 0;
  g_autoptr (GString) out = NULL;

  if (g_str_equal (present, wanted))
    return NULL;
  while (start < old_end && start < new_end && g_str_equal (old[start], new[start]))
    start++;
  while (old_end > start && new_end > start && g_str_equal (old[old_end - 1], new[new_end - 1]))
    {
      old_end--;
      new_end--;
    }
  out = g_string_new (NULL);
  append_lines (out, "- ", old, start, old_end);
  append_lines (out, "+ ", new, start, new_end);
  return g_string_free_and_steal (g_steal_pointer (&out));
}
